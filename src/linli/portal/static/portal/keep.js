// The steps without a network: the last one is kept and sent later, the others go on at the offline page.

import * as store from "./store.js";
import { flush, show } from "./outbox.js";

export function start(form) {
  const note = form.querySelector("[data-offline-note]"), box = document.querySelector("[data-unsent]");
  const tell = () => { if (note) note.hidden = navigator.onLine; };
  addEventListener("online", tell);
  addEventListener("offline", tell);
  tell();
  if (!store.supported) return;

  form.addEventListener("submit", async (event) => {
    const go = event.submitter?.value;
    if (navigator.onLine || (go !== "next" && go !== "send")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const said = JSON.parse(document.getElementById("said").textContent), typed = new FormData(form);
    const fields = {};
    for (const name of ["lon", "lat", "source", "class_code", "description", "address", "phone", "name", "agreed", "consent", "division"]) {
      const value = typed.get(name) || said[name] || "";
      if (value !== "" && value !== null) fields[name] = String(value);
    }
    const last = go === "send";
    const row = { key: said.key, fields, photo: typed.getAll("photo").length ? typed.getAll("photo") : said.photo, files: [], token: form.dataset.pageToken, at: Date.now(), state: last ? "waiting" : "look", problem: [] };
    await store.put(row);
    if (!last) { location.assign(`${box.dataset.offline}?draft=${encodeURIComponent(said.key)}`); return; }
    await show();
    if (note) { note.hidden = false; note.lastElementChild.textContent = box.dataset.saved; }
    form.classList.add("kept");
    addEventListener("online", flush, { once: true });
  }, true);
}
