// One turn as a card: its tests as a row of marks, the failing one opened, the program, what changed, the explanation.

import { diffBlock } from "./diff.js";
import { h, redraw, roving, uid, visible } from "./dom.js";
import { verdict, words } from "./fold.js";
import { codeBlock } from "./highlight.js";
import { count, duration, number } from "./words.js";

const MARKS = { passed: ["✓", "good"], failed: ["✗", "bad"], timeout: ["◷", "bad"] };

export function turnCard() {
  const ui = { open: true, touched: false, tab: "", test: -1, chosen: false, drawnAt: "" };
  const summary = h("summary", {});
  const body = h("div", { class: "turn-body" });
  const element = h("details", { class: "turn", open: true }, summary, body);
  let last = null;
  summary.addEventListener("click", () => { ui.touched = true; });
  element.addEventListener("toggle", () => { ui.open = element.open; if (ui.open && last) draw(); });

  function update(solve, turn, previous, facts) {
    last = { solve, turn, previous, facts };
    element.id = `turn-${turn.number}`;
    if (!ui.chosen) ui.test = turn.execution ? turn.execution.tests.findIndex((test) => test.status !== "passed") : -1;
    redraw(summary, heading(solve, turn, facts));
    const fingerprint = JSON.stringify([turn.program, turn.execution?.status, turn.execution?.tests.length, turn.skipped, turn.explanation, turn.final, solve.hidden.has(turn.number), facts.over]);
    if (ui.open && fingerprint !== ui.drawnAt) draw();
    ui.drawnAt = fingerprint;
  }

  function draw() {
    const { solve, turn, previous, facts } = last;
    redraw(body, tests(solve, turn, ui, draw), hiddenTests(solve, turn), panels(solve, turn, previous, facts, ui, draw));
  }

  // A newer turn has come: fold this one, unless the reader has opened it.
  function calm() { if (!ui.touched) { element.open = false; ui.open = false; } }

  return { element, update, calm };
}

function heading(solve, turn, facts) {
  const told = verdict(solve, turn, facts.over);
  const mark = { good: "✓", bad: "✗", warn: "–", neutral: "○", busy: "" }[told.tone];
  return [
    h("span", { class: "turn-number" }, `Turn ${turn.number}`),
    h("span", { class: `verdict is-${told.tone}` }, mark ? h("span", { class: "mark", "aria-hidden": "true" }, mark) : null, told.text),
    facts.best ? h("span", { class: told.tone === "good" ? "chosen is-good" : "chosen" }, facts.solved ? "The answer" : "Best attempt") : null,
    h("span", { class: "turn-facts" }, h("span", { title: `${number(turn.prompt)} read, ${number(turn.completion)} written` }, `${turn.estimated ? "about " : ""}${count(turn.prompt + turn.completion, "token")}`), " · ", duration(turn.seconds)),
  ];
}

function outcome(test) {
  if (!test.ran) return ["·", "idle", "not run"];
  const [mark, tone] = MARKS[test.status] ?? ["!", "bad"];
  return [mark, tone, words(test.status)];
}

function tests(solve, turn, ui, draw) {
  const execution = turn.execution;
  if (!execution) return [];
  const parts = [];
  if (execution.exception && execution.tests.every((test) => !test.ran)) parts.push(exceptionBlock("The program does not load", execution.exception));
  const marks = execution.tests.map((test, index) => {
    const [mark, tone, said] = outcome(test);
    return h("button", {
      type: "button", class: `test is-${tone}`, "data-focus": `test-${index}`, tabindex: index === Math.max(0, ui.test) ? "0" : "-1", "aria-pressed": index === ui.test ? "true" : "false",
      "aria-label": `Test ${index + 1}: ${said}`, title: `Test ${index + 1}: ${said}`, onclick: () => { ui.chosen = true; ui.test = ui.test === index ? -1 : index; draw(); },
    }, h("span", { "aria-hidden": "true" }, mark));
  });
  if (marks.length) {
    const group = h("div", { class: marks.length > 60 ? "marks dense" : "marks", role: "group", "aria-label": `Tests of turn ${turn.number}` }, marks);
    roving(group, ".test");
    parts.push(group);
  }
  const shown = execution.tests[ui.test];
  if (shown) parts.push(testBlock(solve, shown, ui.test, execution.tests.length));
  if (execution.unverified) parts.push(h("p", { class: "hint" }, visible(execution.unverified)));
  return h("div", { class: "tests" }, parts);
}

function testBlock(solve, test, index, total) {
  const said = outcome(test)[2];
  const rows = [];
  const row = (name, value, tone = "") => rows.push(h("dt", {}, name), h("dd", { class: tone }, value));
  const suite = solve.problem?.visible;
  const input = suite?.kind === "stdio" ? suite.cases[index]?.stdin : undefined;
  const code = (text) => text === "" ? h("span", { class: "hint" }, "nothing") : h("pre", { class: "value", tabindex: "0", role: "region", "aria-label": "Value" }, visible(shorten(text)));
  if (test.call) row("Call", code(test.call));
  else if (input !== undefined) row("Reads", code(input));
  else row("Test", code(test.name));
  if (test.expected !== null && test.expected !== undefined) row("Expected", code(test.expected));
  if (test.actual !== null && test.actual !== undefined) row("Actual", code(test.actual), test.status === "passed" ? "" : "is-bad");
  if (test.exception && test.ran) row("Raised", code(`${test.exception.type}${test.exception.message ? `: ${test.exception.message}` : ""}`), "is-bad");
  if (test.exception?.traceback.trim() && test.ran) row("Where", code(test.exception.traceback.replace(/\n+$/, "")));
  if (test.message) row("Note", h("p", { class: "note" }, visible(shorten(test.message))));
  if (test.stdout.trim()) row("Printed", code(test.stdout));
  return h("section", { class: `test-detail is-${outcome(test)[1]}`, "aria-label": `Test ${index + 1}` },
    h("h3", {}, `Test ${index + 1} of ${total}: `, h("span", {}, said)), h("dl", { class: "values" }, rows));
}

function exceptionBlock(title, exception) {
  return h("section", { class: "test-detail is-bad" }, h("h3", {}, title),
    h("pre", { class: "value", tabindex: "0", role: "region", "aria-label": "Exception" }, visible(shorten(`${exception.traceback.trim() ? `${exception.traceback.replace(/\n+$/, "")}\n` : ""}${exception.type}${exception.message ? `: ${exception.message}` : ""}`))));
}

function shorten(text) { return text.length > 20000 ? `${text.slice(0, 20000)}\n… ${number(text.length - 20000)} more characters` : text; }

function hiddenTests(solve, turn) {
  const executions = solve.hidden.get(turn.number);
  if (!executions) return [];
  const all = executions.flatMap((execution) => execution.tests);
  const passed = all.filter((test) => test.status === "passed").length;
  const good = executions.every((execution) => execution.status === "passed");
  return h("p", { class: `hidden-tests is-${good ? "good" : "bad"}` }, h("span", { class: "mark", "aria-hidden": "true" }, good ? "✓" : "✗"),
    all.length ? `Hidden tests: ${passed} of ${all.length} pass` : good ? "The hidden tests pass" : "The hidden tests fail");
}

function panels(solve, turn, previous, facts, ui, draw) {
  const tabs = [];
  if (turn.program && turn.skipped !== "repeats" && previous?.program) tabs.push(["changes", `Changes since turn ${previous.number}`, () => diffBlock(previous.program, turn.program, `Changes since turn ${previous.number}`)]);
  if (turn.program) tabs.push(["program", "Program", () => codeBlock(turn.program, { label: `Program of turn ${turn.number}`, mark: errorLine(turn, ui) })]);
  if (turn.explanation) tabs.push(["explanation", turn.judge ? "The model's verdict" : "Explanation", () => prose(turn.explanation)]);
  tabs.push(["reply", "Answer", () => reply(turn)]);
  if (turn.messages.length) tabs.push(["prompt", "Prompt", () => turn.messages.map((message) => h("section", { class: "message" }, h("h3", {}, message.role), prose(message.content)))]);
  const wanted = ui.tab || (turn.program ? "program" : "reply");
  const [key, , content] = tabs.find(([name]) => name === wanted) ?? tabs[0];
  const panel = uid("panel");
  const list = h("div", { class: "tabs", role: "tablist", "aria-label": `Turn ${turn.number}` }, tabs.map(([name, label]) => h("button", {
    type: "button", role: "tab", id: `${panel}-${name}`, "aria-selected": name === key ? "true" : "false", "aria-controls": panel, tabindex: name === key ? "0" : "-1", "data-focus": `tab-${name}`,
    onclick: () => { ui.tab = name; draw(); },
  }, label)));
  roving(list, '[role="tab"]');
  return [list, h("div", { id: panel, role: "tabpanel", class: "panel", "aria-labelledby": `${panel}-${key}` }, content())];
}

function errorLine(turn, ui) {
  const execution = turn.execution;
  if (!execution || turn.skipped) return 0;
  return execution.tests[ui.test]?.exception?.line || execution.exception?.line || 0;
}

function reply(turn) {
  const notes = [];
  if (turn.cut) notes.push("The answer was cut at the limit of tokens.");
  if (turn.dropped.length) notes.push(`To fit the model's context, the prompt left out ${turn.dropped.length === 1 ? "turn" : "turns"} ${turn.dropped.join(", ")}.`);
  return [notes.map((note) => h("p", { class: "hint" }, note)), prose(turn.reply)];
}

// What a model wrote: paragraphs as they are, fenced code as code. Nothing else of its markup is interpreted.
function prose(text) {
  if (!text.trim()) return h("p", { class: "empty" }, "The answer is empty.");
  const parts = shorten(text).split(/^[ \t]*(?:```|~~~)([^\n`]*)$/m);
  const blocks = [];
  for (let index = 0, fenced = false; index < parts.length; index += 2, fenced = !fenced) {
    const part = parts[index].replace(/^\n+|\s+$/g, "");
    if (part && fenced) blocks.push(codeBlock(part, { label: "Code in the text", numbers: false }));
    else if (part) blocks.push(h("p", { class: "prose" }, inline(part)));
  }
  return h("div", { class: "answer", dir: "auto" }, blocks);
}

function inline(text) {
  return text.split(/(`[^`\n]+`)/).map((part, index) => (index % 2 ? h("code", {}, visible(part.slice(1, -1))) : visible(part)));
}
