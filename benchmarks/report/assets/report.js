// The list of problems, and one problem's trajectory at a time. `h`, `visible`, `roving`, `codeBlock` and `diffBlock`
// come from the files before this one. Text only ever becomes text nodes.

const { problems, outcomes } = JSON.parse(document.getElementById("data").textContent);
const byId = new Map(problems.map((problem) => [problem.id, problem]));
const list = document.getElementById("list"), pane = document.getElementById("solve"), told = document.getElementById("said");
const search = document.getElementById("search"), outcome = document.getElementById("outcome"), faultOf = document.getElementById("fault");
const TONES = { first: ["✓", "good"], repaired: ["✓", "good"], fooled: ["✗", "bad"], broken: ["✗", "bad"], unsolved: ["✗", "bad"], error: ["!", "warn"] };
const SAID = { passed: "passes", failed: "wrong value", error: "exception", timeout: "time-out", "": "not run" };
const REASONS = { passed: "The visible tests pass.", judged: "The model calls it right.", turns: "The turns of its budget are used up.", tokens: "The tokens of its budget are used up.", seconds: "The seconds of its budget are used up.", executions: "The executions of its budget are used up.", cancelled: "It was cancelled." };
const TALKS = { explain: "The model explains its program", trace: "The model traces its program", blocks: "The model judges what really happened", judge: "The model judges its program", inputs: "The model writes calls that may tell programs apart", choose: "The model says which of two programs is right in a call" };
let shown = problems, current = null;

const number = (value) => value.toLocaleString("en");
const count = (value, one) => `${number(value)} ${value === 1 ? one : `${one}s`}`;
const address = (id) => `#p=${encodeURIComponent(wellFormed(id))}`;
const wellFormed = (text) => text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");

function mark(problem) {
  const [sign, tone] = TONES[problem.outcome];
  return h("span", { class: `mark is-${tone}`, "aria-hidden": "true" }, sign);
}

const texts = new Map();
function textOf(problem) {
  if (!texts.has(problem)) texts.set(problem, JSON.stringify(Object.values(problem)).toLowerCase());
  return texts.get(problem);
}

function matches(problem) {
  const words = search.value.trim().toLowerCase();
  if (outcome.value && problem.outcome !== outcome.value) return false;
  if (faultOf.value && !(problem.turns ?? []).some((turn) => turn.fault === faultOf.value)) return false;
  if (!words || problem.id.toLowerCase().includes(words)) return true;
  return textOf(problem).includes(JSON.stringify(words).slice(1, -1));
}

function drawList() {
  shown = problems.filter(matches);
  const at = shown.includes(current) ? current : shown[0];
  list.replaceChildren(...shown.map((problem) => h("a", {
    href: address(problem.id), tabindex: problem === at ? "0" : "-1", "aria-current": problem === current ? "true" : null,
  }, mark(problem), h("span", { class: "row-id" }, visible(problem.id)), h("span", { class: "unseen" }, `, ${outcomes[problem.outcome]}`),
  h("span", { class: "row-facts" }, count((problem.turns ?? []).length, "turn")))));
  if (!shown.length) list.append(h("p", { class: "empty" }, "No problem matches."));
  told.textContent = `${number(shown.length)} of ${count(problems.length, "problem")}`;
}

function show(problem, focus) {
  current = problem;
  for (const link of list.querySelectorAll("a")) {
    const chosen = link.hash === address(problem.id);
    link.removeAttribute("aria-current");
    link.tabIndex = chosen ? 0 : -1;
    if (!chosen) continue;
    link.setAttribute("aria-current", "true");
    // Not scrollIntoView: that would scroll the page too.
    const top = link.offsetTop;
    if (top < list.scrollTop || top + link.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = top - list.clientHeight / 2;
  }
  pane.replaceChildren(...heading(problem), ...(problem.turns ?? []).map((turn) => card(problem, turn)));
  if (focus) { pane.focus({ preventScroll: true }); pane.scrollIntoView({ block: "start" }); }
}

function heading(problem) {
  const [, tone] = TONES[problem.outcome];
  const turns = problem.turns ?? [], at = shown.indexOf(problem);
  const step = (by, name) => h("button", { type: "button", disabled: at < 0 || !shown[at + by], onclick: () => { location.hash = address(shown[at + by].id); } }, name);
  const facts = [count(turns.length, "turn"), `${problem.estimated ? "about " : ""}${count(problem.tokens ?? 0, "token")}`, `${(problem.seconds ?? 0).toFixed(1)} s`];
  return [
    h("div", { class: "solve-head" },
      h("div", { class: "title-row" }, h("h3", {}, visible(problem.id)), h("span", { class: `pill is-${tone}` }, mark(problem), " ", outcomes[problem.outcome])),
      h("p", { class: "hint" }, facts.join(" · "), problem.reason ? ` · ${REASONS[problem.reason] ?? problem.reason}` : null),
      h("div", { class: "steps" }, step(-1, "Previous"), step(1, "Next"), h("a", { class: "back", href: "#problems" }, "To the list"))),
    problem.error ? h("p", { class: "notice" }, visible(problem.error)) : "",
    problem.trouble ? h("p", { class: "notice" }, visible(problem.trouble)) : "",
    problem.request ? h("details", { class: "request" }, h("summary", {}, "What was asked"), h("pre", { class: "text", tabindex: "0", role: "region", "aria-label": "What was asked" }, visible(problem.request))) : "",
  ];
}

function card(problem, turn) {
  const tests = turn.tests ?? [], passing = tests.filter((status) => status === "passed").length;
  const same = turn.repeats ? problem.turns[turn.repeats - 1] : null;
  const said = verdict(turn, tests, passing);
  const facts = [turn.parent ? `from turn ${turn.parent}` : turn.n > 1 ? "written afresh" : "", count(turn.tokens ?? 0, "token")].filter(Boolean);
  return h("details", { class: "turn", open: true, id: `turn-${turn.n}` },
    h("summary", {},
      h("span", { class: "turn-number" }, `Turn ${turn.n}`), h("span", { class: `verdict is-${said[1]}` }, said[0]),
      problem.best === turn.n ? h("span", { class: "chosen" }, "The answer") : null,
      h("span", { class: "turn-facts" }, facts.join(" · "))),
    h("div", { class: "turn-body" },
      feedback(turn), program(problem, turn, same), results(turn, tests, passing), hiddenTests(turn),
      (turn.talks ?? []).map((talk) => part(TALKS[talk.purpose] ?? "The model says", prose(talk.text))),
      turn.judged === undefined ? null : h("p", { class: "hint" }, turn.judged ? "Its verdict: correct." : "Its verdict: wrong."),
      (turn.notes ?? []).length ? h("p", { class: "hint" }, "Taken from the reply: ", visible(turn.notes.join("; "))) : null));
}

function verdict(turn, tests, passing) {
  if (turn.repeats) return [`The same program as turn ${turn.repeats}`, "warn"];
  if (turn.fault === "no code" || turn.fault === "not run") return [turn.fault === "no code" ? "No code in the reply" : "Not run", "warn"];
  if (turn.fault) return [visible(tests.length ? `${turn.fault}, ${passing} of ${tests.length} tests pass` : turn.fault), "bad"];
  if (!tests.length) return ["Loads", "neutral"];
  return [tests.length === 1 ? "The visible test passes" : `All ${tests.length} visible tests pass`, "good"];
}

function part(title, ...content) { return h("section", { class: "part" }, h("h4", {}, title), ...content); }

function feedback(turn) {
  if (!turn.told) return turn.n > 1 && !turn.parent ? h("p", { class: "hint" }, "Asked as at first, with nothing told.") : null;
  const before = turn.earlier ? `, after ${count(turn.earlier, "earlier message")}` : "";
  return part(`What the model was told${before}`, h("pre", { class: "text", tabindex: "0", role: "region", "aria-label": `Feedback before turn ${turn.n}` }, visible(turn.told)));
}

function program(problem, turn, same) {
  if (!turn.program) return turn.reply ? part("The reply, which holds no program", h("pre", { class: "text", tabindex: "0", role: "region", "aria-label": "Reply" }, visible(turn.reply))) : null;
  if (same) return null;
  const line = (turn.details ?? []).find((detail) => detail.line)?.line ?? 0;
  const whole = () => codeBlock(turn.program, { label: `Program of turn ${turn.n}`, mark: line });
  const parent = turn.parent ? problem.turns[turn.parent - 1] : null;
  if (!parent?.program) return part("Program", whole());
  const rest = h("details", { class: "inner" }, h("summary", {}, "The whole program"));
  rest.addEventListener("toggle", () => { if (rest.open && rest.childElementCount === 1) rest.append(whole()); });
  return part(`Changes since turn ${parent.n}`, diffBlock(parent.program, turn.program, `Changes since turn ${parent.n}`), rest);
}

function results(turn, tests, passing) {
  if (turn.repeats) return null;
  const content = [];
  if (tests.length) {
    content.push(h("ol", { class: "marks", "aria-label": `${passing} of ${tests.length} visible tests pass` }, tests.map((status, index) => {
      const said = SAID[status] ?? status.replaceAll("_", " ");
      const tone = status === "passed" ? "good" : status ? "bad" : "idle";
      return h("li", { class: `test is-${tone}`, title: `Test ${index + 1}: ${said}` }, h("span", { "aria-hidden": "true" }, status === "passed" ? "✓" : status ? "✗" : "·"), h("span", { class: "unseen" }, `Test ${index + 1}: ${said}`));
    })));
  }
  if (turn.raised) content.push(h("pre", { class: "text is-bad", tabindex: "0", role: "region", "aria-label": "Exception" }, visible(turn.raised)));
  const [first, ...others] = turn.details ?? [];
  if (first) content.push(detail(first));
  if (others.length) content.push(h("details", { class: "inner" }, h("summary", {}, count(others.length, "more failing test")), others.map(detail)));
  if (turn.unverified) content.push(h("p", { class: "hint" }, visible(turn.unverified)));
  return content.length ? part("Visible tests", content) : null;
}

function detail(test) {
  const rows = [["Call", test.call], ["Expected", test.expected], ["Actual", test.actual], ["Raised", test.raised && `${test.raised}${test.line ? ` (line ${test.line})` : ""}`], ["Note", test.message], ["Printed", test.stdout]];
  return h("dl", { class: "values" }, h("dt", {}, "Test"), h("dd", {}, `${test.at}: ${SAID[test.status] ?? test.status.replaceAll("_", " ")}`),
    rows.filter(([, value]) => value).map(([name, value]) => [h("dt", {}, name), h("dd", {}, h("code", {}, visible(value)))]));
}

function hiddenTests(turn) {
  if (!turn.hidden) return null;
  const { passed, right = 0, all = 0 } = turn.hidden;
  const counts = all > 1 ? ` (${right} of ${all})` : "";
  return h("p", { class: `hidden-tests is-${passed ? "good" : "bad"}` }, h("span", { "aria-hidden": "true" }, passed ? "✓ " : "✗ "), passed ? "The hidden tests pass" : `The hidden tests fail${counts}`);
}

// What a model wrote: paragraphs as they are, fenced code as code. Nothing else of its markup is interpreted.
function prose(text) {
  const pieces = text.split(/^[ \t]*(?:```|~~~)[^\n`]*$/m);
  return h("div", { class: "prose" }, pieces.map((piece, index) => {
    const trimmed = piece.replace(/^\n+|\s+$/g, "");
    if (!trimmed) return null;
    return index % 2 ? codeBlock(trimmed, { label: "Code in the text", numbers: false }) : h("p", {}, visible(trimmed));
  }));
}

function follow(focus) {
  const wanted = /^#p=(.*)$/.exec(location.hash);
  if (!wanted) return;
  let id = "";
  try { id = decodeURIComponent(wanted[1]); } catch { return; }
  const problem = byId.get(id) ?? problems.find((each) => wellFormed(each.id) === id);
  if (!problem) return;
  if (!matches(problem)) { document.getElementById("filters").reset(); current = problem; drawList(); }
  show(problem, focus);
}

document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());
for (const field of [search, outcome, faultOf]) field.addEventListener("input", () => {
  drawList();
  if (current && !shown.includes(current)) current = null;
  if (!current && shown.length) show(shown[0], false);
  else if (current) show(current, false);
  else pane.replaceChildren();
});
roving(list, "a");
addEventListener("hashchange", () => follow(true));
drawList();
if (problems.length) show(problems[0], false);
follow(true);
