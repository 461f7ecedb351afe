// A new job: a form, or JSON in any format that the service reads.

import { get, post } from "./api.js";
import { h, redraw, replace, roving, uid, visible } from "./dom.js";
import { EXAMPLES } from "./examples.js";
import { asserts, problemOf, readJson, toForm } from "./problem.js";

// Outlives the view, so that nothing that was typed is lost by looking at a job.
const draft = { mode: "form", name: "", statement: "", entryPoint: "", kind: "asserts", asserts: "", pytest: "", cases: [{ stdin: "", stdout: "" }], json: "", model: "", strategy: "adaptive", feedback: { "unit-test": true, explanation: true }, turns: "10", tokens: "", seconds: "" };
let models = null;

export function showSubmit(main, changed) {
  const form = h("form", { class: "submit", novalidate: true, onsubmit: (event) => { event.preventDefault(); submit(); } });
  const flaws = h("div", { class: "flaws", tabindex: "-1", role: "alert", hidden: true });
  const button = h("button", { type: "submit", class: "primary" }, "Submit");
  let gone = false, key = null;
  replace(main, h("h1", {}, "New job"), h("p", { class: "lead" }, "Give a problem and its tests. A model writes a program, sees how the tests end, and repairs it, turn by turn."), form);
  draw();
  // Only the list is filled in: the rest of the form may be in use by now.
  if (!models) get("/v1/models").then((answer) => { models = answer.models; fill(form.elements.model); }, () => {});

  function draw() {
    redraw(form, source(draw), flaws, draft.mode === "form" ? fields(draw) : json(), options(), h("div", { class: "actions" }, button, h("span", { class: "hint keys" }, "or Ctrl + Enter")));
  }

  form.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); submit(); } });

  async function submit() {
    if (button.disabled) return;
    tell([]);
    const read = draft.mode === "form" ? problemOf(draft) : readJson(draft.json);
    if (read.flaws.length) { tell(read.flaws); return; }
    const bodies = read.jobs.map((job) => (job.problem ? { options: chosen(), ...job } : job));
    const body = bodies.length === 1 ? bodies[0] : { jobs: bodies };
    button.disabled = true;
    button.textContent = "Submitting…";
    // The same key when the same body is sent again after a lost answer: the service then makes no second job.
    const text = JSON.stringify(body);
    if (key?.text !== text) key = { text, value: [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("") };
    try {
      const answer = await post(bodies.length === 1 ? "/v1/jobs" : "/v1/jobs:batch", body, { "Idempotency-Key": key.value });
      key = null;
      changed();
      if (!gone) location.hash = bodies.length === 1 ? `#/jobs/${encodeURIComponent(answer.id)}` : "#/jobs";
    } catch (error) {
      tell(error.fields?.length ? error.fields.map(flaw) : [{ text: error.message }]);
    }
    button.disabled = false;
    button.textContent = "Submit";
  }

  // `found`: each { text, field } with the name of a field of this form, if it is one's fault.
  function tell(found) {
    for (const marked of form.querySelectorAll("[aria-invalid]")) { marked.removeAttribute("aria-invalid"); marked.removeAttribute("aria-describedby"); }
    flaws.hidden = !found.length;
    if (!flaws.id) flaws.id = uid("flaws");
    replace(flaws, h("p", {}, found.length === 1 ? "This has to be mended first:" : "These have to be mended first:"), h("ul", {}, found.map(({ text }) => h("li", {}, visible(text)))));
    let target = null;
    for (const { field } of found) {
      const input = field && form.querySelector(`[name="${field}"]`);
      if (!input) continue;
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", flaws.id);
      target ??= input;
    }
    if (found.length) (target ?? flaws).focus();
  }

  return () => { gone = true; };
}

const PLACES = [[/^#\/problem\/statement/, "statement"], [/^#\/problem\/entry_point/, "entryPoint"], [/^#\/problem\/tests\/asserts/, "asserts"], [/^#\/problem\/tests\/pytest/, "pytest"], [/^#\/problem\/tests\/stdio/, "stdin-0"], [/^#\/problem\/id/, "name"], [/^#\/options\/model/, "model"], [/^#\/options\/strategy/, "strategy"], [/^#\/options\/budget\/(\w+)/, null], [/^#\/options\/feedback/, "unit-test"]];

function flaw({ detail, pointer, parameter, header }) {
  let field = "";
  for (const [pattern, name] of PLACES) {
    const found = pattern.exec(pointer ?? "");
    if (found) field = name ?? found[1];
  }
  const place = pointer ? pointer.replace(/^#\/?/, "").replaceAll("/", " › ") : parameter ?? header ?? "";
  return { text: place ? `${place}: ${detail}` : detail, field: draft.mode === "json" && /^#\/(?:problem|jobs)/.test(pointer ?? "#/problem") ? "json" : field };
}

function chosen() {
  const feedback = Object.keys(draft.feedback).filter((kind) => draft.feedback[kind]).join("+") || "simple";
  const budget = {};
  for (const name of ["turns", "tokens", "seconds"]) if (draft[name].trim() !== "") budget[name] = numeric(draft[name]);
  return { ...(draft.model ? { model: draft.model } : {}), strategy: draft.strategy, feedback, budget };
}

// What is no number is sent as it was typed: the service names the field, and says what it expected.
function numeric(text) { const value = Number(text); return Number.isFinite(value) ? value : text; }

function bound(name, tag, attributes, target = draft, key = name) {
  const input = h(tag, { name, ...attributes, "data-focus": `field-${name}`, oninput: () => { target[key] = input.value; } });
  input.value = target[key];
  return input;
}

function field(label, input, hint = "") {
  const id = uid("field");
  input.id = id;
  return h("div", { class: "field" }, h("label", { class: "label", for: id }, label), hint ? h("span", { class: "hint" }, hint) : null, input);
}

const PLAIN = { spellcheck: "false", autocapitalize: "off", autocomplete: "off" };
const CODE = { ...PLAIN, class: "mono" };

function source(draw) {
  const example = h("select", { "data-focus": "example", onchange: () => {
    const problem = EXAMPLES[Number(example.value)]?.[1];
    if (!problem) return;
    Object.assign(draft, toForm(problem), { json: JSON.stringify(problem, null, 2) });
    draw();
  } }, h("option", { value: "" }, "Pick one…"), EXAMPLES.map(([name], index) => h("option", { value: String(index) }, name)));
  const mode = (name, label) => h("label", { class: "choice" }, h("input", { type: "radio", name: "mode", value: name, checked: draft.mode === name, "data-focus": `mode-${name}`, onchange: () => { draft.mode = name; draw(); } }), h("span", {}, label));
  return h("div", { class: "source" },
    h("fieldset", { class: "segments" }, h("legend", { class: "unseen" }, "How to give the problem"), mode("form", "Form"), mode("json", "JSON")),
    h("label", { class: "inline" }, h("span", { class: "label" }, "Example"), example));
}

const KINDS = { asserts: "Assert statements", pytest: "A pytest file", stdio: "Input and output", none: "No tests" };

function fields(draw) {
  const kind = h("select", { name: "kind", "data-focus": "kind", onchange: () => { draft.kind = kind.value; draw(); } }, Object.entries(KINDS).map(([value, label]) => h("option", { value, selected: draft.kind === value }, label)));
  const program = draft.kind === "stdio";
  return [
    field("Statement", bound("statement", "textarea", { rows: "5", required: true }), "What to do, in words. The model sees it."),
    h("div", { class: "columns" },
      program ? null : field("Entry point", bound("entryPoint", "input", { ...CODE, placeholder: "group_anagrams" }), "The function or class to define."),
      field("Name", bound("name", "input", { ...PLAIN, placeholder: "anagrams" }), "Of the job, for the list.")),
    h("fieldset", { class: "group" }, h("legend", {}, "Tests"), field("Kind", kind), tests(draw)),
  ];
}

function tests(draw) {
  if (draft.kind === "none") return h("p", { class: "hint" }, "The model judges its own program. Nothing else can be said of it then.");
  if (draft.kind === "pytest") return field("Test file", bound("pytest", "textarea", { ...CODE, rows: "10", placeholder: "from solution import add\n\n\ndef test_add():\n    assert add(1, 2) == 3" }), "It imports the program as solution.");
  if (draft.kind === "stdio") return stdio(draw);
  const input = bound("asserts", "textarea", { ...CODE, rows: "6", placeholder: "assert add(1, 2) == 3\nassert add(-1, 1) == 0" });
  const told = h("span", { class: "hint", role: "status" });
  const count = () => { const found = asserts(draft.asserts).asserts.length; told.textContent = found ? `${found} ${found === 1 ? "test" : "tests"}` : ""; };
  input.addEventListener("input", count);
  count();
  return [field("Asserts", input, "One test each. Lines before the first one run once, as set-up."), told];
}

function stdio(draw) {
  const rows = draft.cases.map((pair, index) => h("fieldset", { class: "case" }, h("legend", {}, `Case ${index + 1}`),
    h("div", { class: "columns" },
      field("Reads", bound(`stdin-${index}`, "textarea", { ...CODE, rows: "3" }, pair, "stdin")),
      field("Prints", bound(`stdout-${index}`, "textarea", { ...CODE, rows: "3" }, pair, "stdout"))),
    draft.cases.length > 1 ? h("button", { type: "button", class: "link", "data-focus": `remove-${index}`, onclick: () => { draft.cases.splice(index, 1); draw(); } }, `Remove case ${index + 1}`) : null));
  return [rows, h("button", { type: "button", "data-focus": "add-case", onclick: () => { draft.cases.push({ stdin: "", stdout: "" }); draw(); } }, "Add a case")];
}

function json() {
  const input = bound("json", "textarea", { ...CODE, rows: "16", placeholder: '{"statement": "…", "tests": {"asserts": ["assert …"]}}' });
  const file = h("input", { type: "file", accept: ".json,.jsonl,application/json", class: "file", "aria-label": "Open a file", onchange: async () => {
    if (!file.files.length) return;
    draft.json = await file.files[0].text();
    input.value = draft.json;
    file.value = "";
    input.focus();
  } });
  input.addEventListener("dragover", (event) => event.preventDefault());
  input.addEventListener("drop", async (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    draft.json = input.value = await event.dataTransfer.files[0].text();
  });
  return [field("Problem as JSON", input, "The project's own format, a HumanEval row or an MBPP row; several as a list or one a line; or a whole request with problem and options."), file];
}

function fill(select) {
  replace(select, (models ?? [{ name: "", default: true }]).map(({ name, default: standard }) => h("option", { value: standard ? "" : name, selected: draft.model === (standard ? "" : name) }, name ? `${name}${standard ? " (default)" : ""}` : "The default")));
}

const STRATEGIES = { adaptive: "write others or repair one, whichever is likelier to pay", linear: "repair the last program", resample: "write another, told nothing", rounds: "write several, repair each twice, again", tree: "search over all programs so far" };

function options() {
  const model = h("select", { name: "model", "data-focus": "model", onchange: () => { draft.model = model.value; } });
  fill(model);
  const strategy = h("select", { name: "strategy", "data-focus": "strategy", onchange: () => { draft.strategy = strategy.value; } },
    Object.entries(STRATEGIES).map(([name, does]) => h("option", { value: name, selected: draft.strategy === name }, `${name}: ${does}`)));
  const box = (kind, label, hint) => h("label", { class: "choice" }, h("input", { type: "checkbox", name: kind, checked: draft.feedback[kind], "data-focus": `feedback-${kind}`, onchange: (event) => { draft.feedback[kind] = event.target.checked; } }), h("span", {}, label, h("span", { class: "hint" }, hint)));
  const amount = (name, label, hint) => field(label, bound(name, "input", { inputmode: "numeric", placeholder: "no limit", autocomplete: "off" }), hint);
  return h("fieldset", { class: "group" }, h("legend", {}, "How to solve it"),
    field("Model", model),
    field("Strategy", strategy),
    h("div", { class: "checks", role: "group", "aria-label": "Feedback to the model" }, box("unit-test", "Failing tests", "what was called, expected and came instead"), box("explanation", "Explanation", "the model explains its program line by line first"), box("runtime-trace", "What happened", "the model judges the real values in a failing test, block by block"), box("static", "Linter", "names that are not defined, calls that do not fit")),
    h("div", { class: "columns three" }, amount("turns", "Turns", "at most"), amount("tokens", "Tokens", "at most"), amount("seconds", "Seconds", "at most")));
}
