// The steps: what is typed survives a reload; without a network the last one is kept and sent later, the others go on
// at the offline page.

import { whileTyping } from "../site/drafts.js";
import { box } from "./outbox.js";

const NAMES = ["lon", "lat", "source", "class_code", "description", "address", "phone", "name", "agreed", "consent", "division"];

export async function start(form) {
  const note = form.querySelector("[data-offline-note]"), told = document.querySelector("[data-unsent]");
  const tell = () => { if (note) note.hidden = navigator.onLine; };
  addEventListener("online", tell);
  addEventListener("offline", tell);
  tell();
  if (!box) return;
  const said = JSON.parse(document.getElementById("said").textContent), step = form.dataset.report;
  const photos = () => [...form.querySelectorAll("[data-photo-list] .photo")].map((card) => ({ token: card.querySelector("input").value, small: card.dataset.small || card.querySelector("img").getAttribute("src") })).filter((p) => p.token);

  function row() {
    const typed = new FormData(form), fields = {};
    for (const name of NAMES) {
      // What stands on this step counts, also when it was emptied; the rest was said on the steps before.
      const value = form.elements.namedItem(name) ? typed.get(name) || (["description", "address", "phone", "name", "agreed"].includes(name) ? "" : said[name]) : said[name];
      if (value) fields[name] = value === true ? "on" : String(value);
    }
    const cards = photos();
    return { key: said.key, fields, photo: step === "what" ? cards.map((p) => p.token) : said.photo, shown: cards, label: (fields.description || "").slice(0, 40), token: form.dataset.pageToken };
  }

  // Another report begins: the one this tab left half written is not wanted any more.
  await box.forgetWriting(said.key).catch(() => {});
  const typing = whileTyping(form, () => { if (step !== "place" && !form.classList.contains("kept")) box.type(row()).catch(() => {}); });

  form.addEventListener("submit", async (event) => {
    const go = event.submitter?.value;
    if (navigator.onLine || (go !== "next" && go !== "send")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    typing.stop();
    if (go === "next") {
      await box.type(row(), "look");
      location.assign(`${told.dataset.offline}?draft=${encodeURIComponent(said.key)}`);
      return;
    }
    await box.keep(row());
    if (note) { note.hidden = false; note.lastElementChild.textContent = told.dataset.saved; }
    form.classList.add("kept");
  }, true);

  const before = await box.get(said.key).catch(() => undefined);
  if (before?.state === "typing") restore(form, before);
}

/** Fills what the page came without; what the server wrote is newer or the same. */
function restore(form, row) {
  for (const name of ["class_code", "description", "address", "phone", "name", "agreed"]) {
    const control = form.elements.namedItem(name), value = row.fields[name];
    if (!control || !value) continue;
    if (control instanceof RadioNodeList) {
      if (control.value) continue;
      const radio = [...control].find((r) => r.value === value);
      if (radio) { radio.checked = true; radio.dispatchEvent(new Event("change", { bubbles: true })); }
    } else if (control.type === "checkbox") control.checked ||= value === "on";
    else if (!control.value) { control.value = value; control.dispatchEvent(new Event("input", { bubbles: true })); }
  }
  const list = form.querySelector("[data-photo-list]");
  if (!list || list.querySelector(".photo")) return;
  for (const { token, small } of row.shown ?? []) {
    if (!small || small.startsWith("blob:")) continue;
    const card = form.querySelector("[data-photo-template]").content.firstElementChild.cloneNode(true);
    card.dataset.small = card.querySelector("img").src = small;
    card.querySelector("input").value = token;
    list.insertBefore(card, list.querySelector("[data-photo-add]"));
  }
  list.dispatchEvent(new CustomEvent("linli:files", { bubbles: true }));
}
