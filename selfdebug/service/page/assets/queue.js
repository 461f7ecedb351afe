// The list of jobs beside everything else: newest first, kept fresh while the page is looked at.

import { get } from "./api.js";
import { h, redraw, visible } from "./dom.js";
import { count, pill, STATUSES, when } from "./words.js";

const FRESH_MS = 4000;
const PAGE = 30;

export function startQueue(side) {
  const state = { jobs: null, next: null, status: "", error: "", pages: 1, selected: "", busy: false, again: false };
  const list = h("div", { class: "queue-list" });
  const filter = h("select", { "aria-label": "Show", onchange: () => { state.status = filter.value; state.pages = 1; state.jobs = null; draw(); refresh(); } },
    h("option", { value: "" }, "All"), STATUSES.map(([status, name]) => h("option", { value: status }, name)));
  side.replaceChildren(h("div", { class: "side-head" }, h("h2", {}, "Jobs"), filter), list);
  let timer = 0;

  async function load() {
    const jobs = [];
    let cursor = null;
    for (let index = 0; index < state.pages; index += 1) {
      const query = new URLSearchParams({ limit: String(PAGE) });
      if (state.status) query.set("status", state.status);
      if (cursor) query.set("cursor", cursor);
      const answer = await get(`/v1/jobs?${query}`);
      jobs.push(...answer.jobs);
      cursor = answer.next;
      if (!cursor) break;
    }
    return { jobs, next: cursor };
  }

  async function refresh() {
    if (state.busy) { state.again = true; return; }
    state.busy = true;
    clearTimeout(timer);
    const asked = state.status;
    try {
      const answer = await load();
      if (asked === state.status) Object.assign(state, answer, { error: "" });
    } catch (error) {
      state.error = error.message;
      state.denied = error.status === 401;
    }
    state.busy = false;
    draw();
    if (state.again) { state.again = false; refresh(); } else if (!state.denied) timer = setTimeout(tick, FRESH_MS * (state.error ? 3 : 1));
  }

  function tick() { if (document.visibilityState === "visible") refresh(); }

  function row(job) {
    const parts = [when(job.created_at)];
    if (job.turns) parts.push(count(job.turns, "turn"));
    if (job.best && job.best.tests_total) parts.push(`${job.best.tests_passed}/${job.best.tests_total} tests`);
    const link = h("a", { href: `#/jobs/${encodeURIComponent(job.id)}`, "data-focus": job.id, "aria-current": job.id === state.selected ? "true" : null },
      h("span", { class: "row-top" }, h("span", { class: "row-name" }, h("bdi", {}, visible(job.problem || job.id))), pill(job.status)),
      h("span", { class: "row-facts" }, parts.flatMap((part, index) => (index ? [" · ", part] : [part]))));
    return h("li", {}, link);
  }

  function draw() {
    const parts = [];
    if (state.error) parts.push(h("p", { class: "trouble" }, `${state.error} `, h("button", { type: "button", class: "link", "data-focus": "retry", onclick: () => { state.denied = false; refresh(); } }, "Try again")));
    if (state.jobs === null) { if (!state.error) parts.push(h("p", { class: "empty" }, "Loading…")); }
    else if (!state.jobs.length) parts.push(h("p", { class: "empty" }, state.status ? "No such job." : "No job yet. What you submit appears here."));
    else parts.push(h("ul", { class: "rows" }, state.jobs.map(row)));
    if (state.next) parts.push(h("button", { type: "button", class: "more", "data-focus": "older", onclick: () => { state.pages += 1; refresh(); } }, "Older jobs"));
    redraw(list, parts);
  }

  document.addEventListener("visibilitychange", tick);
  draw();
  refresh();
  return { refresh: () => { state.denied = false; refresh(); }, select(id) { state.selected = id; draw(); } };
}
