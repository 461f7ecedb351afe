// The page's frame: which view the address asks for, the key, and what is said about the connection.

import { forgetKey } from "./api.js";
import { replace, h } from "./dom.js";
import { showJob } from "./job.js";
import { startQueue } from "./queue.js";
import { showSubmit } from "./submit.js";

const main = document.getElementById("main");
const page = document.getElementById("page");
let leave = () => {};
let first = true;

const queue = startQueue(document.getElementById("side"));

function route() {
  const path = location.hash.replace(/^#/, "") || "/";
  if (path === "main") return;
  leave();
  const job = /^\/jobs\/([^/]+)$/.exec(path);
  page.dataset.view = job ? "job" : path === "/jobs" ? "jobs" : "new";
  for (const link of document.querySelectorAll("[data-page]")) {
    if (link.dataset.page === page.dataset.view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  let id = "";
  if (job) {
    try { id = decodeURIComponent(job[1]); } catch { id = job[1]; }
    leave = showJob(main, id, queue.refresh);
  } else if (path === "/" || path === "/jobs") leave = showSubmit(main, queue.refresh);
  else { replace(main, h("p", { class: "empty" }, "There is nothing here. ", h("a", { href: "#/" }, "Submit a problem"), ".")); leave = () => {}; }
  queue.select(id);
  if (!first) { main.focus({ preventScroll: true }); window.scrollTo(0, 0); }
  first = false;
}

document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); main.focus(); main.scrollIntoView(); });
document.getElementById("forget-key").addEventListener("click", () => { forgetKey(); location.hash = "#/"; location.reload(); });
window.addEventListener("hashchange", route);
route();
