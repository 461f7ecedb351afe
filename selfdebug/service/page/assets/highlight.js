// Python in colour: one pass over the text, no backtracking, so that hostile text costs no more than any other.

import { h, visible } from "./dom.js";

const KEYWORDS = new Set("and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return try while with yield".split(" "));
const CONSTANTS = new Set(["None", "True", "False", "self", "cls", "Ellipsis", "NotImplemented"]);
const BUILTINS = new Set("abs all any bin bool bytes callable chr classmethod complex dict dir divmod enumerate eval filter float format frozenset getattr hasattr hash hex id input int isinstance issubclass iter len list map max min next object oct open ord pow print property range repr reversed round set setattr slice sorted staticmethod str sum super tuple type vars zip".split(" "));
const NAME = /[\p{L}_][\p{L}\p{N}_]*/uy;
const NUMBER = /(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?|\.\d[\d_]*(?:[eE][+-]?\d+)?)[jJ]?/y;

// The lines of a program, each a list of [kind, text].
export function lines(program) {
  const all = [[]];
  const put = (kind, text) => {
    text.split("\n").forEach((part, index) => {
      if (index) all.push([]);
      if (part) all.at(-1).push([kind, part]);
    });
  };
  let at = 0, before = "";
  const match = (pattern) => { pattern.lastIndex = at; return pattern.exec(program)?.[0] ?? ""; };
  while (at < program.length) {
    const char = program[at];
    let kind = "", end = at + 1;
    if (char === "#") {
      kind = "comment";
      end = program.indexOf("\n", at);
      if (end < 0) end = program.length;
    } else if (char === '"' || char === "'") {
      kind = "string";
      end = stringEnd(program, at);
    } else if (/[\d]/.test(char) || (char === "." && /\d/.test(program[at + 1] ?? ""))) {
      kind = "number";
      end = at + match(NUMBER).length;
    } else if (char === "@" && /(?:^|\n)[ \t]*$/.test(program.slice(Math.max(0, at - 80), at))) {
      kind = "decorator";
      at += 1;
      const name = match(NAME);
      at -= 1;
      end = at + 1 + name.length;
    } else {
      const name = match(NAME);
      if (name) {
        end = at + name.length;
        if (/^[rbuf]{1,2}$/i.test(name) && (program[end] === '"' || program[end] === "'")) {
          kind = "string";
          end = stringEnd(program, end);
        } else if (before === "def" || before === "class") kind = "definition";
        else if (KEYWORDS.has(name)) kind = "keyword";
        else if (CONSTANTS.has(name)) kind = "constant";
        else if (BUILTINS.has(name)) kind = "builtin";
        before = name;
      }
    }
    const text = program.slice(at, end);
    const tail = all.at(-1).at(-1);
    if (!kind && tail && tail[0] === "" && !text.includes("\n")) tail[1] += text;
    else put(kind, text);
    if (text.trim() && !/^[\p{L}_]/u.test(text)) before = "";
    at = end;
  }
  return all;
}

function stringEnd(program, at) {
  const quote = program[at];
  const long = program.startsWith(quote.repeat(3), at);
  let next = at + (long ? 3 : 1);
  while (next < program.length) {
    const char = program[next];
    if (char === "\\") next += 2;
    else if (long && program.startsWith(quote.repeat(3), next)) return next + 3;
    else if (!long && char === quote) return next + 1;
    else if (!long && char === "\n") return next;
    else next += 1;
  }
  return program.length;
}

export function drawn(line) {
  return line.map(([kind, text]) => (kind ? h("span", { class: `t-${kind}` }, visible(text)) : visible(text)));
}

const FIRST = 300;

// A program as a scrolling block with line numbers; `mark`: a line to point at. Long ones are shown in part at first.
export function codeBlock(program, { label = "Program", mark = 0, numbers = true } = {}) {
  const all = lines(program.replace(/\r\n?/g, "\n").replace(/\n+$/, ""));
  const body = h("code", { class: numbers ? "numbered" : "" });
  const row = (line, index) => h("span", { class: index + 1 === mark ? "line marked" : "line" }, drawn(line), "\n");
  const block = h("pre", { class: "code", tabindex: "0", role: "region", "aria-label": label }, body);
  body.append(...all.slice(0, FIRST).map(row));
  if (all.length <= FIRST) return block;
  const more = h("button", { type: "button", class: "more", onclick: () => {
    body.append(...all.slice(FIRST).map((line, index) => row(line, index + FIRST)));
    more.remove();
    block.focus();
  } }, `Show all ${all.length.toLocaleString("en")} lines`);
  return h("div", {}, block, more);
}
