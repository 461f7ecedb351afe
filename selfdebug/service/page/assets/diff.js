// What changed between two programs, line by line.

import { h, visible } from "./dom.js";
import { drawn, lines } from "./highlight.js";

const CELLS = 4e6; // more than that is not compared line by line, but shown as replaced
const CONTEXT = 3;
const SHOWN = 600;

// Rows of [sign, old line number, new line number]; numbers from 0.
export function compare(before, after) {
  const rows = [];
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  for (let index = 0; index < start; index += 1) rows.push([" ", index, index]);
  rows.push(...middle(before, after, start, before.length - end, after.length - end));
  for (let index = end; index > 0; index -= 1) rows.push([" ", before.length - index, after.length - index]);
  return rows;
}

// The longest common subsequence between the common ends.
function middle(before, after, start, beforeEnd, afterEnd) {
  const rows = [], height = beforeEnd - start, width = afterEnd - start;
  let old = start, fresh = start;
  if (height * width <= CELLS) {
    const table = new Uint32Array((height + 1) * (width + 1)), across = width + 1;
    for (let i = height - 1; i >= 0; i -= 1) {
      for (let j = width - 1; j >= 0; j -= 1) {
        table[i * across + j] = before[start + i] === after[start + j] ? table[(i + 1) * across + j + 1] + 1 : Math.max(table[(i + 1) * across + j], table[i * across + j + 1]);
      }
    }
    while (old < beforeEnd && fresh < afterEnd) {
      const i = old - start, j = fresh - start;
      if (before[old] === after[fresh]) rows.push([" ", old++, fresh++]);
      else if (table[(i + 1) * across + j] >= table[i * across + j + 1]) rows.push(["-", old++, -1]);
      else rows.push(["+", -1, fresh++]);
    }
  }
  while (old < beforeEnd) rows.push(["-", old++, -1]);
  while (fresh < afterEnd) rows.push(["+", -1, fresh++]);
  return rows;
}

const NAMES = { "+": "added", "-": "removed" };

export function diffBlock(before, after, label) {
  const split = (text) => text.replace(/\r\n?/g, "\n").replace(/\n+$/, "").split("\n");
  const rows = compare(split(before), split(after));
  const added = rows.filter((row) => row[0] === "+").length, removed = rows.filter((row) => row[0] === "-").length;
  if (!added && !removed) return h("p", { class: "empty" }, "Nothing has changed.");
  const colours = { old: lines(before.replace(/\r\n?/g, "\n")), fresh: lines(after.replace(/\r\n?/g, "\n")) };
  const shown = (index) => rows.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some((row) => row[0] !== " ");
  const body = h("code", { class: "diff" });
  let hidden = 0, count = 0;
  const gap = () => { if (hidden) body.append(h("span", { class: "line gap" }, `  ${hidden} unchanged ${hidden === 1 ? "line" : "lines"}\n`)); hidden = 0; };
  for (const [index, row] of rows.entries()) {
    if (row[0] === " " && !shown(index)) { hidden += 1; continue; }
    gap();
    count += 1;
    if (count > SHOWN) break;
    const [sign, old, fresh] = row;
    const line = sign === "-" ? colours.old[old] : colours.fresh[fresh];
    body.append(h("span", { class: `line ${NAMES[sign] ?? "same"}` }, h("span", { class: "sign" }, `${sign} `), line ? drawn(line) : visible(""), "\n"));
  }
  gap();
  const summary = h("p", { class: "hint" }, `${added} added, ${removed} removed${count > SHOWN ? `; the first ${SHOWN} of them shown` : ""}`);
  return h("div", {}, summary, h("pre", { class: "code", tabindex: "0", role: "region", "aria-label": label }, body));
}
