// How numbers, times and statuses are said.

import { h } from "./dom.js";

export const TERMINAL = new Set(["solved", "unsolved", "failed", "cancelled"]);

const STATUS = {
  queued: ["…", "Waiting"], running: ["●", "Running"], solved: ["✓", "Solved"],
  unsolved: ["✗", "Unsolved"], failed: ["!", "Failed"], cancelled: ["–", "Cancelled"],
};

export const STATUSES = Object.entries(STATUS).map(([status, [, name]]) => [status, name]);

export function pill(status) {
  const [mark, name] = STATUS[status] ?? ["?", status];
  return h("span", { class: `pill is-${status in STATUS ? status : "queued"}` }, h("span", { class: "mark", "aria-hidden": "true" }, mark), name);
}

export function statusName(status) { return (STATUS[status] ?? ["", status])[1]; }

export function number(value) { return value.toLocaleString("en"); }

export function count(value, one, many = `${one}s`) { return `${number(value)} ${value === 1 ? one : many}`; }

export function duration(seconds) {
  if (seconds < 0.0095) return "under 10 ms";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds), minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function ago(time) {
  const seconds = Math.max(0, (Date.now() - Date.parse(time)) / 1000);
  if (seconds < 45) return "just now";
  if (seconds < 3570) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 84600) return `${Math.round(seconds / 3600)} h ago`;
  return new Date(time).toLocaleDateString();
}

export function when(time) {
  return h("time", { datetime: time, title: new Date(time).toLocaleString() }, ago(time));
}
