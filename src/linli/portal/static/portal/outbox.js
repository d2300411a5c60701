// What waits on this device is sent by the box of drafts; this says on every residents' page how much still waits.

import { drafts, supported } from "../site/drafts.js";

const shown = document.querySelector("[data-unsent]"), words = shown?.dataset ?? {};
export const box = supported && shown ? drafts("report", { url: words.send, files: "files", headers: (row) => ({ "X-Page-Token": row.token }) }) : null;

/** `2026-11-29` as the reader's month and day, in Beijing. */
export const day = (at) => new Date(at).toLocaleDateString(document.documentElement.lang, { month: "long", day: "numeric", timeZone: "Asia/Shanghai" });

function line(text, ...more) {
  const p = document.createElement("p");
  p.append(Object.assign(document.createElement("b"), { textContent: text }), ...more);
  return p;
}

function show(rows) {
  const of = (state) => rows.filter((r) => r.state === state);
  const lines = [], here = location.pathname === words.offline || document.getElementById("offline");
  const link = () => (here ? [] : [Object.assign(document.createElement("a"), { href: words.offline, textContent: words.open })]);
  if (of("waiting").length) lines.push(line(words.waiting.replace("{n}", String(of("waiting").length)), ...link()));
  if (of("look").length) lines.push(line(words.look.replace("{n}", String(of("look").length)), ...link()));
  for (const row of of("sent")) {
    const open = Object.assign(document.createElement("a"), { href: row.url, textContent: row.number, className: "num" });
    const forget = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: words.forget });
    forget.addEventListener("click", () => box.remove(row.key));
    lines.push(line(words.sent, open, forget));
  }
  shown.replaceChildren(...lines);
  shown.setAttribute("role", "status");
  shown.hidden = !lines.length;
}

if (box) {
  document.addEventListener("linli:drafts", ({ detail }) => { if (detail.room === "report") show(detail.rows); });
  if (new URLSearchParams(location.search).has("new")) box.forgetWriting().catch(() => {}); // the three steps have arrived
  box.watch().catch(() => { /* a private window may keep nothing */ });
  if ("serviceWorker" in navigator && isSecureContext) navigator.serviceWorker.register(words.worker).catch(() => {});
}
