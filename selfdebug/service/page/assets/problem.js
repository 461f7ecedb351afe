// Between the form's fields and problems in the project's own format.

// Tests from text: each begins with `assert` at the start of a line; what stands before the first is set-up.
export function asserts(text) {
  const setup = [], found = [];
  for (const line of text.replace(/\r\n?/g, "\n").split("\n")) {
    if (/^assert\b/.test(line)) found.push([line]);
    else if (found.length) found.at(-1).push(line);
    else setup.push(line);
  }
  return { setup: setup.join("\n").trim(), asserts: found.map((lines) => lines.join("\n").trimEnd()) };
}

export function problemOf(draft) {
  const flaws = [];
  const problem = { statement: draft.statement };
  if (!draft.statement.trim()) flaws.push({ field: "statement", text: "Statement: say what the program is to do." });
  if (draft.name.trim()) problem.id = draft.name.trim();
  if (draft.entryPoint.trim() && draft.kind !== "stdio") problem.entry_point = draft.entryPoint.trim();
  if (draft.kind === "asserts") {
    const found = asserts(draft.asserts);
    if (!found.asserts.length) flaws.push({ field: "asserts", text: "Asserts: give at least one line that begins with assert, or choose “No tests”." });
    problem.tests = { asserts: found.asserts, ...(found.setup ? { setup: found.setup } : {}) };
  } else if (draft.kind === "pytest") {
    if (!draft.pytest.trim()) flaws.push({ field: "pytest", text: "Test file: give at least one test function, or choose “No tests”." });
    problem.tests = { pytest: draft.pytest };
  } else if (draft.kind === "stdio") {
    if (draft.cases.every((pair) => !pair.stdin && !pair.stdout)) flaws.push({ field: "stdin-0", text: "Cases: say what the program reads and what it must print." });
    problem.tests = { stdio: draft.cases.map(({ stdin, stdout }) => ({ stdin, stdout })) };
  }
  return { flaws, jobs: [{ problem }] };
}

export function readJson(text) {
  const bad = (said) => ({ flaws: [{ field: "json", text: said }], jobs: [] });
  if (!text.trim()) return bad("Problem as JSON: paste a problem, or open a file.");
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const rows = text.split("\n").filter((line) => line.trim());
    if (rows.length < 2 || !rows.every((row) => row.trim().startsWith("{"))) return bad(`Problem as JSON: ${error.message}`);
    value = [];
    for (const [index, row] of rows.entries()) {
      try { value.push(JSON.parse(row)); } catch (inner) { return bad(`Problem as JSON: line ${index + 1}: ${inner.message}`); }
    }
  }
  const list = Array.isArray(value) ? value : [value];
  const object = (one) => one !== null && typeof one === "object" && !Array.isArray(one);
  if (!list.length || !list.every(object)) return bad("Problem as JSON: expected an object, or a list of objects.");
  return { flaws: [], jobs: list.map((one) => (object(one.problem) ? one : { problem: one })) };
}

// A problem in the form's fields.
export function toForm(problem) {
  const tests = problem.tests;
  return {
    name: problem.id ?? "", statement: problem.statement, entryPoint: problem.entry_point ?? "",
    kind: !tests ? "none" : Object.keys(tests)[0],
    asserts: [tests?.setup, ...(tests?.asserts ?? [])].filter(Boolean).join("\n"),
    pytest: tests?.pytest ?? "",
    cases: (tests?.stdio ?? [{ stdin: "", stdout: "" }]).map((pair) => ({ ...pair })),
  };
}
