// Sends what waits on this phone, once each, and says how much still waits. Photographs go only after 201.

import * as store from "./store.js";

const box = document.querySelector("[data-unsent]"), words = box?.dataset ?? {};
const RETRY_MS = 60000;
let timer = 0;

/** Send every waiting draft. One tab at a time; the key makes a repeated sending harmless. */
export async function flush() {
  if (!store.supported || !box) return;
  const work = async () => {
    for (const row of await store.all()) {
      if (row.state !== "waiting") continue;
      if (!(await send(row))) break;
    }
  };
  if (navigator.locks) await navigator.locks.request("linli-outbox", { ifAvailable: true }, async (lock) => { if (lock) await work(); });
  else await work();
  await show();
}

/** True when the next one may be tried. */
async function send(row) {
  const body = new FormData();
  for (const [name, value] of Object.entries(row.fields)) if (value !== "" && value !== null && value !== undefined) body.append(name, value);
  for (const token of row.photo || []) body.append("photo", token);
  for (const file of row.files || []) body.append("files", file, file.name || "photo.jpg");
  let answer, told;
  try {
    answer = await fetch(words.send, { method: "POST", body, headers: { "Idempotency-Key": row.key, "X-Page-Token": row.token, Accept: "application/json" } });
    told = await answer.json();
  } catch { return false; }
  if (answer.status === 201) await store.put({ key: row.key, state: "sent", number: told.number, url: told.url, at: Date.now(), fields: {} });
  else if ([400, 403, 409, 413, 422].includes(answer.status)) {
    const problem = Object.values(told.fields || {}).flat();
    await store.put({ ...row, state: "look", problem: problem.length ? problem : [told.message], said: told.fields || {} });
  } else return false; // too many, or the server rests: later
  return true;
}

function line(text, ...more) {
  const p = document.createElement("p");
  p.append(Object.assign(document.createElement("b"), { textContent: text }), ...more);
  return p;
}

export async function show() {
  if (!box || !store.supported) return;
  const rows = await store.all();
  const of = (state) => rows.filter((r) => r.state === state);
  const lines = [];
  const here = location.pathname === words.offline;
  const link = () => Object.assign(document.createElement("a"), { href: words.offline, textContent: words.open });
  if (of("waiting").length) lines.push(line(words.waiting.replace("{n}", String(of("waiting").length)), ...(here ? [] : [link()])));
  if (of("look").length) lines.push(line(words.look.replace("{n}", String(of("look").length)), ...(here ? [] : [link()])));
  for (const row of of("sent")) {
    const open = Object.assign(document.createElement("a"), { href: row.url, textContent: row.number, className: "num" });
    const forget = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: words.forget });
    forget.addEventListener("click", async () => { await store.remove(row.key); await show(); });
    lines.push(line(words.sent, open, forget));
  }
  box.replaceChildren(...lines);
  box.setAttribute("role", "status");
  box.hidden = !lines.length;
  clearTimeout(timer);
  if (of("waiting").length) timer = setTimeout(flush, RETRY_MS);
  document.dispatchEvent(new CustomEvent("linli:drafts", { detail: rows }));
}

if (box && store.supported) {
  addEventListener("online", flush);
  show().then(() => { if (navigator.onLine) flush(); }).catch(() => { /* a private window may keep nothing */ });
  if ("serviceWorker" in navigator && isSecureContext) navigator.serviceWorker.register(words.worker).catch(() => {});
}
