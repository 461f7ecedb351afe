// Elements from plain data. Text only ever becomes text nodes: no string given here is read as markup.

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function replace(parent, ...children) {
  parent.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
}

// Draws anew, and gives the focus back to the element of the same `data-focus`.
export function redraw(parent, ...children) {
  const active = parent.contains(document.activeElement) ? document.activeElement : null;
  const key = active && active.closest("[data-focus]") ? active.closest("[data-focus]").dataset.focus : null;
  replace(parent, ...children);
  if (key === null) return;
  for (const candidate of parent.querySelectorAll("[data-focus]")) {
    if (candidate.dataset.focus === key) { candidate.focus({ preventScroll: true }); return; }
  }
  // What had the focus is gone: its neighbours are nearer than the top of the page.
  parent.querySelector("[data-focus]")?.focus({ preventScroll: true });
}

// Characters that hide or reorder text: controls, bidirectional marks, zero-width ones, halves of surrogate pairs.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

// The text with such characters shown by their code points.
export function visible(text) {
  const source = String(text).replace(/\r\n/g, "\n");
  const pieces = [];
  let done = 0;
  for (const found of source.matchAll(HIDDEN)) {
    if (found.index > done) pieces.push(source.slice(done, found.index));
    const point = found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    pieces.push(h("span", { class: "hidden-character", title: "An invisible character" }, `U+${point}`));
    done = found.index + found[0].length;
  }
  if (done < source.length) pieces.push(source.slice(done));
  return pieces;
}

let counter = 0;
export function uid(prefix) {
  counter += 1;
  return `${prefix}-${counter}`;
}

// One tab stop for a row of buttons; the arrow keys move in it.
export function roving(container, selector) {
  container.addEventListener("keydown", (event) => {
    const items = [...container.querySelectorAll(selector)];
    const at = items.indexOf(event.target);
    if (at < 0) return;
    const step = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = items[Math.max(0, Math.min(items.length - 1, step))];
    for (const item of items) item.tabIndex = item === next ? 0 : -1;
    next.focus();
  });
}

export function announce(text) {
  document.getElementById("said").textContent = text;
}
