// From a trajectory's events to what is shown: the same fold as the loop's own, as far as a reader needs it.

const TALKS = new Set(["explain", "trace", "blocks", "judge", "inputs", "choose"]); // completions that are no candidates

export function empty() {
  return { problem: null, options: null, turns: [], hidden: new Map(), promptTokens: 0, completionTokens: 0, executions: 0, atS: 0, waiting: "model", stopped: "", notes: [] };
}

// Takes one event in; returns the number of the turn that changed, or 0.
export function fold(solve, event) {
  const seconds = Math.max(0, (event.at_s ?? 0) - solve.atS);
  solve.atS = Math.max(solve.atS, event.at_s ?? 0);
  switch (event.kind) {
    case "submitted":
      solve.problem = event.problem;
      solve.options = event.options;
      return 0;
    case "completed": return completed(solve, event, seconds);
    case "executed": return executed(solve, event, seconds);
    case "observed": return observed(solve, event);
    case "graded":
      solve.hidden.set(event.turn, event.executions);
      return event.turn;
    case "timed_out":
    case "cancelled":
      solve.promptTokens += event.prompt_tokens ?? 0; // of requests that were cut off
      solve.completionTokens += event.completion_tokens ?? 0;
      solve.stopped = event.kind;
      solve.waiting = "";
      return solve.turns.length;
    default: return 0;
  }
}

function completed(solve, event, seconds) {
  const completion = event.completion;
  const spent = { prompt: completion.prompt_tokens, completion: completion.completion_tokens };
  solve.promptTokens += spent.prompt;
  solve.completionTokens += spent.completion;
  if (TALKS.has(event.purpose)) {
    const about = solve.turns[event.turn - 1];
    if (!about) return 0;
    about.explanation = [about.explanation, completion.texts[0].trim()].filter(Boolean).join("\n\n");
    about.judge = event.purpose === "judge";
    add(about, spent, seconds);
    solve.waiting = "model";
    return about.number;
  }
  passOver(solve, event.parent + 1);
  completion.texts.forEach((text, index) => {
    const turn = {
      number: event.turn + index, parent: event.parent, reply: text, program: codeOf(text), final: false,
      execution: null, repeats: 0, explanation: "", judge: false, prompt: 0, completion: 0, seconds: 0, skipped: "",
      messages: event.request?.messages ?? [], cut: completion.finish_reasons?.[index] === "length",
      estimated: completion.estimated === true, dropped: completion.dropped_turns ?? [],
    };
    solve.turns[turn.number - 1] = turn;
    recognise(solve, turn);
  });
  add(solve.turns[event.turn - 1], spent, seconds);
  solve.waiting = solve.turns.some((turn) => !turn.execution && !turn.skipped) ? "sandbox" : "model";
  return event.turn;
}

function observed(solve, event) {
  solve.executions += event.executions;
  solve.waiting = "model";
  return 0;
}

function executed(solve, event, seconds) {
  const turn = solve.turns[event.turn - 1];
  if (!turn) return 0;
  if (event.probe) { // it was run to be told from others that pass
    solve.executions += 1;
    return 0;
  }
  passOver(solve, event.turn);
  turn.program = event.program;
  turn.final = true;
  turn.execution = event.execution;
  turn.skipped = "";
  turn.repeats = 0;
  turn.seconds += seconds;
  solve.executions += 1;
  solve.waiting = solve.turns.some((each) => !each.execution && !each.skipped) ? "sandbox" : "model";
  return turn.number;
}

// Turns are run in their order, before they are repaired: one that was not repeats another, whatever its text looks like.
function passOver(solve, number) {
  for (const turn of solve.turns) if (turn.number < number && !turn.execution && !turn.skipped) turn.skipped = "repeats";
}

function add(turn, spent, seconds) {
  turn.prompt += spent.prompt;
  turn.completion += spent.completion;
  turn.seconds += seconds;
}

// What can be told of a turn before it is run: that it holds no code, or repeats an earlier one. Then it is not run.
function recognise(solve, turn) {
  const program = normal(turn.program);
  const same = program && solve.turns.find((other) => other.number < turn.number && other.final && normal(other.program) === program);
  if (program && !same) return;
  turn.skipped = same ? "repeats" : "no-code";
  if (!same) return;
  turn.repeats = same.number;
  turn.execution = same.execution;
  turn.program = same.program;
  turn.final = true;
}

// The newest turn, once the job has ended: what was not run will not be.
export function settle(solve, turn) {
  if (!turn.execution && !turn.skipped) turn.skipped = "not-run";
}

// The code block of a reply, until the service says which program it took from it.
function codeOf(reply) {
  const blocks = [...reply.matchAll(/^[ \t]*(?:```|~~~)[^\n]*\n([^]*?)(?:^[ \t]*(?:```|~~~)[ \t]*$|$(?![^]))/gm)].map((found) => found[1]);
  return (blocks.find((block) => /^\s*(?:def|class|import|from|async)\b/m.test(block)) ?? blocks[0] ?? "").trimEnd();
}

function normal(program) {
  return program.replace(/#[^\n]*/g, "").replace(/^assert\b.*$/gm, "").replace(/\s+/g, "");
}

// What became of a turn: a mark, a word for its colour, and words.
export function verdict(solve, turn, over) {
  const execution = turn.execution;
  if (turn.skipped === "no-code") return { tone: "bad", text: "No code in the answer" };
  if (turn.skipped === "repeats") return { tone: "warn", text: turn.repeats ? `The same program as turn ${turn.repeats}` : "The same program as an earlier one" };
  if (turn.skipped === "not-run") return { tone: "warn", text: "Not run" };
  if (!execution) return over ? { tone: "warn", text: "Not run" } : { tone: "busy", text: "Running the tests…" };
  const total = execution.tests.length, passed = execution.tests.filter((test) => test.status === "passed").length;
  if (execution.exception && execution.tests.every((test) => !test.ran)) return { tone: "bad", text: `Does not load: ${execution.exception.type}` };
  if (!solve.problem?.visible) return { tone: execution.status === "passed" ? "neutral" : "bad", text: execution.status === "passed" ? "Loads; there are no tests" : words(execution.status) };
  if (execution.status === "passed") return { tone: "good", text: total === 1 ? "The test passes" : `All ${total} tests pass` };
  return { tone: "bad", text: total ? `${passed} of ${total} tests pass` : words(execution.status) };
}

export function words(status) {
  const known = { error: "raised an exception", timeout: "took too long", crashed: "the process died", tampered: "tampered with the tests", output_limit: "printed too much", memory_limit: "used too much memory" };
  return known[status] ?? status.replaceAll("_", " ");
}
