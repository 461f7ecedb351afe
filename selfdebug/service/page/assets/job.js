// One job: what it is, how it stands, and its turns as they arrive.

import { cancel, download, follow, get, Failure } from "./api.js";
import { announce, h, redraw, replace, visible } from "./dom.js";
import { empty, fold, settle, verdict } from "./fold.js";
import { codeBlock } from "./highlight.js";
import { turnCard } from "./turn.js";
import { count, duration, number, pill, statusName, TERMINAL } from "./words.js";

const CASES = 20; // of a problem that are shown

export function showJob(main, id, changed) {
  const view = { id, job: null, solve: empty(), cards: [], stop: new AbortController(), started: null, error: "", ending: false, behind: true };
  const parts = { head: h("header", { class: "job-head" }), problem: h("section", { class: "problem", "aria-label": "Problem" }), turns: h("section", { class: "turns", "aria-label": "Turns" }), foot: h("div", { class: "working" }) };
  replace(main, parts.head, parts.problem, parts.turns, parts.foot);
  const drawAll = () => { drawHead(view, parts.head, changed); drawFoot(view, parts); };
  drawAll();
  const timer = setInterval(() => drawClock(view, parts), 1000);
  start();

  async function start() {
    try {
      view.job = await get(path(view));
    } catch (error) {
      if (!view.stop.signal.aborted) failed(error);
      if (error instanceof Failure) return;
    }
    drawAll();
    document.title = `${view.job?.problem ?? "Job"} – selfdebug`;
    await follow(id, { signal: view.stop.signal, onMessage: message, onState: connection });
  }

  function failed(error) {
    view.error = error.message;
    view.missing = error.status === 404;
    drawAll();
  }

  function message({ name, data }) {
    let event;
    try { event = JSON.parse(data); } catch { return false; }
    if (typeof event.kind !== "string" || name === "end") {
      ended(event);
      return true;
    }
    const before = view.solve.turns.length;
    const turn = fold(view.solve, event);
    if (event.kind === "submitted") drawProblem(view, parts.problem);
    if (view.job && view.job.status === "queued") { view.job = { ...view.job, status: "running" }; changed(); }
    if (view.solve.turns.length > before && before) card(before);
    if (turn) card(turn);
    queueDraw();
    return false;
  }

  // Events of a long job arrive hundreds at once: one drawing a frame is enough.
  const dirty = new Set();
  let drawing = 0;
  function card(turn) { dirty.add(turn); }
  function queueDraw() {
    if (drawing) return;
    drawing = requestAnimationFrame(() => {
      drawing = 0;
      if (view.stop.signal.aborted) return;
      for (const number of [...dirty].sort((a, b) => a - b)) drawCard(number);
      dirty.clear();
      drawAll();
    });
  }

  function drawCard(number) {
    const turn = view.solve.turns[number - 1];
    if (!turn) return;
    let shown = view.cards[number - 1];
    if (!shown) {
      shown = turnCard();
      view.cards[number - 1] = shown;
      for (const earlier of view.cards.slice(0, number - 1)) earlier?.calm();
      parts.turns.append(shown.element);
    }
    const parent = view.solve.turns[turn.parent - 1];
    const previous = parent?.repeats ? view.solve.turns[parent.repeats - 1] : parent;
    shown.update(view.solve, turn, previous, { newest: number === view.solve.turns.length, over: over(view), best: view.job?.best?.turn === number && over(view), solved: view.job?.status === "solved" });
    if (number === view.solve.turns.length && !view.behind) announce(`Turn ${number}: ${verdict(view.solve, turn, over(view)).text}`);
  }

  async function ended(event) {
    if (view.job && event.status) view.job = { ...view.job, status: event.status, reason: event.reason ?? view.job.reason };
    try { view.job = await get(path(view)); } catch { /* what the event told is shown */ }
    if (view.stop.signal.aborted) return;
    finish();
  }

  function finish() {
    const newest = view.solve.turns.at(-1);
    if (newest && !newest.execution && !view.solve.stopped) settle(view.solve, newest);
    view.solve.turns.forEach((turn) => card(turn.number));
    queueDraw();
    announce(`The job has ended: ${statusName(view.job?.status ?? "")}.`);
    changed();
  }

  function connection(state, detail) {
    const notice = document.getElementById("notice");
    if (state === "open") {
      if (!notice.hidden && notice.dataset.job === id) show(notice, "Connected again.", "good", 2500);
      setTimeout(() => { view.behind = false; }, 500);
      if (!view.job) get(path(view)).then((job) => { view.job = job; view.error = ""; drawAll(); }, () => {});
    } else if (state === "lost" && !over(view)) {
      notice.dataset.job = id;
      show(notice, `The connection is lost. Trying again${detail > 1 ? ` in ${Math.ceil(detail)} s` : ""}; the job goes on meanwhile.`, "warn");
    } else if (state === "failed") failed(detail);
  }

  return () => {
    view.stop.abort();
    clearInterval(timer);
    cancelAnimationFrame(drawing);
    const notice = document.getElementById("notice");
    notice.hidden = true;
    document.title = "selfdebug";
  };
}

let hiding = 0;
function show(notice, text, tone, milliseconds = 0) {
  clearTimeout(hiding);
  notice.textContent = text;
  notice.className = `notice is-${tone}`;
  notice.hidden = false;
  if (milliseconds) hiding = setTimeout(() => { notice.hidden = true; }, milliseconds);
}

function path(view) { return `/v1/jobs/${encodeURIComponent(view.id)}`; }

function over(view) { return Boolean(view.job && TERMINAL.has(view.job.status)); }

function seconds(view) {
  const job = view.job;
  if (!job?.started_at) return view.solve.atS;
  const end = job.finished_at ? Date.parse(job.finished_at) : over(view) ? NaN : Date.now();
  return Number.isNaN(end) ? view.solve.atS : Math.max(0, (end - Date.parse(job.started_at)) / 1000);
}

function drawClock(view, parts) {
  const clock = parts.head.querySelector(".clock");
  if (clock && view.job && !over(view)) clock.textContent = duration(seconds(view));
}

function fact(name, value, extra = "") { return h("div", { class: "fact" }, h("dt", {}, name), h("dd", { class: extra }, value)); }

function drawHead(view, head, changed) {
  const { job, solve } = view;
  if (!job) {
    const text = view.missing ? "There is no such job, or it belongs to another key." : view.error;
    redraw(head, text ? h("div", { class: "trouble" }, h("p", {}, text), h("a", { href: "#/" }, "Submit a problem")) : h("p", { class: "empty" }, "Loading…"));
    return;
  }
  const turns = solve.options?.budget?.turns;
  const done = Math.max(solve.turns.length, 0);
  const facts = h("dl", { class: "facts" },
    fact("Turns", turns ? `${done} of ${turns}` : String(done)),
    fact("Tokens", number(solve.promptTokens + solve.completionTokens)),
    fact("Time", job.status === "queued" ? "–" : duration(seconds(view)), "clock"),
    fact("Model", h("bdi", {}, visible(job.model || solve.options?.model || "–"))),
    solve.options ? fact("Strategy", solve.options.strategy) : null,
    solve.options ? fact("Feedback", solve.options.feedback.join(" + ")) : null);
  redraw(head,
    h("div", { class: "title-row" }, h("h1", {}, h("bdi", {}, visible(job.problem || "Job"))), pill(job.status)),
    job.reason ? h("p", { class: "reason" }, visible(job.reason)) : null,
    facts, actions(view, head, changed), view.error ? h("p", { class: "trouble", role: "alert" }, visible(view.error)) : null);
}

function actions(view, head, changed) {
  const { job, id } = view;
  const act = (work) => async () => {
    view.error = "";
    try { await work(); } catch (error) { view.error = error.message; }
    drawHead(view, head, changed);
  };
  const name = (job.problem || id).replace(/[^\w.-]+/g, "-").slice(0, 60);
  const buttons = [];
  if (!over(view)) {
    buttons.push(h("button", { type: "button", class: "danger", "data-focus": "cancel", "aria-disabled": view.ending ? "true" : null, onclick: act(async () => {
      if (view.ending) return;
      view.ending = true;
      drawHead(view, head, changed);
      try { await cancel(id); } finally { view.ending = false; }
      changed();
    }) }, view.ending ? "Cancelling…" : "Cancel"));
  } else if (job.best) {
    buttons.push(h("button", { type: "button", class: "primary", "data-focus": "solution", onclick: act(() => download(`${path(view)}/solution`, `${name}.py`, "text/x-python")) }, job.status === "solved" ? "Download solution" : "Download best attempt"));
  }
  buttons.push(h("button", { type: "button", "data-focus": "trajectory", onclick: act(() => download(`${path(view)}/trajectory`, `${name}.jsonl`, "application/x-ndjson")) }, "Download trajectory"));
  return h("div", { class: "actions" }, buttons);
}

function drawProblem(view, section) {
  const problem = view.solve.problem;
  const suite = problem.visible;
  const hidden = problem.hidden.length;
  const tests = !suite ? "no visible tests" : suite.kind === "asserts" ? count(suite.asserts.length, "test") : suite.kind === "stdio" ? count(suite.cases.length, "case") : "a test file";
  const long = problem.statement.length > 600;
  const name = problem.entry_point ? ["defines ", h("code", {}, visible(problem.entry_point)), ", "] : "";
  replace(section, h("details", { open: !long },
    h("summary", {}, h("span", { class: "summary-title" }, "Problem"), h("span", { class: "muted" }, name, tests, hidden ? " and hidden ones" : "")),
    h("div", { class: "problem-body" }, h("div", { class: "statement" }, visible(problem.statement)), testsOf(suite))));
}

function testsOf(suite) {
  if (!suite) return null;
  const shown = suite.kind === "stdio"
    ? suite.cases.slice(0, CASES).map((pair, index) => h("div", { class: "pair" }, h("h3", {}, `Case ${index + 1}`), h("dl", { class: "values" }, h("dt", {}, "Reads"), h("dd", {}, h("pre", { class: "value" }, visible(pair.stdin))), h("dt", {}, "Prints"), h("dd", {}, h("pre", { class: "value" }, visible(pair.stdout))))))
    : codeBlock(suite.kind === "asserts" ? [suite.setup, ...suite.asserts].filter(Boolean).join("\n") : suite.source, { label: "The visible tests" });
  const more = suite.kind === "stdio" && suite.cases.length > CASES ? h("p", { class: "hint" }, `and ${count(suite.cases.length - CASES, "more case")}; the trajectory has them all`) : null;
  return h("details", { class: "inner" }, h("summary", {}, "Tests"), h("div", { class: "inner-body" }, shown, more));
}

const TALKED = new Set(["explanation", "trace", "runtime-trace"]);
const WORKING = { model: (turns) => (turns ? `The model works on turn ${turns + 1}…` : "The model writes its first program…"), sandbox: () => "The tests run…", "": () => "" };

function drawFoot(view, parts) {
  const { job, solve } = view;
  let content = [];
  if (job && !over(view)) {
    const newest = solve.turns.at(-1);
    const speaks = solve.options?.feedback?.some((kind) => TALKED.has(kind));
    const explains = solve.waiting === "model" && newest?.execution && speaks && !newest.explanation && !newest.skipped && newest.execution.status !== "passed";
    const text = job.status === "queued" ? "Waiting for its turn in the queue." : explains ? `The model explains turn ${newest.number}…` : (WORKING[solve.waiting] ?? WORKING.model)(solve.turns.length);
    content = [h("span", { class: "spinner", "aria-hidden": "true" }), text];
  } else if (job && !solve.turns.length) content = ["It ended before the model had written anything."];
  parts.foot.hidden = !content.length;
  if (parts.foot.textContent !== content.filter((part) => typeof part === "string").join("")) replace(parts.foot, content);
}
