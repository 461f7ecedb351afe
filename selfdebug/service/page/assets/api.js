// The service's REST API: requests, problem documents, the key, and the stream of a job's events.

const KEY = "selfdebug.key";
const SILENCE_MS = 60000; // a stream without a word, keep-alives included, is dead
let asking = null;

export class Failure extends Error {
  constructor(status, document) {
    super(document.detail || document.title || `The server answered ${status}.`);
    this.status = status;
    this.fields = Array.isArray(document.errors) ? document.errors : [];
  }
}

export class Unreachable extends Error {
  constructor() { super("The server can't be reached."); }
}

export function hasKey() { return sessionStorage.getItem(KEY) !== null; }

export function forgetKey() {
  sessionStorage.removeItem(KEY);
  shown();
}

function shown() { document.getElementById("forget-key").hidden = !hasKey(); }

// Asks for a key, once for all requests that need one. False if none was given.
function askForKey(reason) {
  asking ??= new Promise((resolve) => {
    const dialog = document.getElementById("key-dialog");
    const input = document.getElementById("key-input");
    const form = document.getElementById("key-form");
    let given = "";
    document.getElementById("key-reason").textContent = reason;
    input.value = "";
    form.onsubmit = () => { given = input.value.trim(); };
    document.getElementById("key-cancel").onclick = () => dialog.close();
    dialog.onclose = () => {
      asking = null;
      input.value = "";
      if (given) sessionStorage.setItem(KEY, given);
      shown();
      resolve(given !== "");
    };
    dialog.showModal();
    input.focus();
  });
  return asking;
}

async function send(path, options, anew = true) {
  const key = sessionStorage.getItem(KEY);
  const headers = { Accept: "application/json", ...options.headers };
  // A header holds Latin-1 only; what is no key at all must still reach the server, which says so.
  if (key !== null) headers.Authorization = `Bearer ${encodeURI(key)}`;
  let response;
  try {
    response = await fetch(path, { cache: "no-store", ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unreachable();
  }
  if (response.ok || response.status === 304) return response;
  const problem = await response.json().catch(() => ({}));
  if (response.status === 401 && anew) {
    if (sessionStorage.getItem(KEY) !== key) return send(path, options);
    if (await askForKey(problem.detail || "This server asks for an API key.")) return send(path, options);
  }
  throw new Failure(response.status, problem && typeof problem === "object" ? problem : {});
}

export async function get(path, options = {}) {
  return (await send(path, options)).json();
}

export async function post(path, body, headers = {}) {
  const content = { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...headers } };
  return (await send(path, content)).json();
}

export async function cancel(job) {
  await send(`/v1/jobs/${encodeURIComponent(job)}`, { method: "DELETE" });
}

// Fetched rather than linked to, because a link can't carry the key.
export async function download(path, name, accept) {
  const response = await send(path, { headers: { Accept: accept } });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// Server-sent events, read by hand, because EventSource can't send a key.
async function read(response, touched, onMessage) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "", id, name = "", data = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    touched();
    buffer += value;
    const lines = buffer.split(/\r\n|\n|\r(?!$)/);
    buffer = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (data.length) onMessage({ id, name: name || "message", data: data.join("\n") });
        name = "";
        data = [];
        continue;
      }
      const [, field, text] = /^([^:]*):? ?([^]*)$/.exec(line);
      if (field === "id") id = text;
      else if (field === "event") name = text;
      else if (field === "data") data.push(text);
    }
  }
}

// Follows a job until its terminal event or until the signal. `onState`: "open", "lost" with seconds, or "failed".
export async function follow(job, { signal, after = -1, onMessage, onState }) {
  let last = after, failures = 0, over = false;
  while (!signal.aborted && !over) {
    const attempt = new AbortController();
    const stop = () => attempt.abort();
    signal.addEventListener("abort", stop);
    let timer;
    const touched = () => { clearTimeout(timer); timer = setTimeout(stop, SILENCE_MS); };
    try {
      const headers = { Accept: "text/event-stream" };
      if (last >= 0) headers["Last-Event-ID"] = String(last);
      touched();
      const response = await send(`/v1/jobs/${encodeURIComponent(job)}/events`, { headers, signal: attempt.signal });
      onState("open");
      if (response.status === 204) return;
      await read(response, touched, (message) => {
        failures = 0;
        const sequence = Number(message.id);
        if (message.id !== undefined && message.id !== "" && Number.isInteger(sequence)) {
          if (sequence <= last) return;
          last = sequence;
        }
        over = onMessage(message) === true || over;
      });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Failure && error.status < 500 && error.status !== 429) { onState("failed", error); return; }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
    if (over || signal.aborted) return;
    failures += 1;
    const wait = Math.min(10, 0.5 * 2 ** (failures - 1)) * (0.75 + Math.random() / 2);
    onState("lost", wait);
    await pause(wait * 1000, signal);
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const done = () => { clearTimeout(timer); window.removeEventListener("online", done); signal.removeEventListener("abort", done); resolve(); };
    const timer = setTimeout(done, milliseconds);
    window.addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}

shown();
