// The steps of a case: long lists are searched by typing, the parts of a split come one by one, keys for what is pressed often.

import { pick } from "./picker.js";

const words = document.querySelector("[data-verbs]")?.dataset ?? {};
const held = document.getElementById("initials");
const initials = held ? JSON.parse(held.textContent) : {};
const LONG = 12;

// --- parts of a split: two stand there, more come with the button -------------------------------------------
const split = document.querySelector("#do-split .field:has([name^=parts_])");
if (split) {
  const controls = [...split.querySelectorAll("[name^=parts_]")], rows = [];
  for (let i = 0; i < controls.length; i += 2) {
    const row = Object.assign(document.createElement("div"), { className: "part" });
    controls[i].before(row);
    controls[i].setAttribute("aria-label", `${words.part.replace("{n}", i / 2 + 1)} ${words.partClass}`);
    controls[i + 1].setAttribute("aria-label", `${words.part.replace("{n}", i / 2 + 1)} ${words.partText}`);
    controls[i + 1].placeholder = words.partText;
    row.append(controls[i], controls[i + 1]);
    row.hidden = i > 2 && !controls[i].value && !controls[i + 1].value;
    rows.push(row);
  }
  const more = Object.assign(document.createElement("button"), { type: "button", className: "btn small", textContent: words.more });
  more.addEventListener("click", () => {
    const next = rows.find((row) => row.hidden);
    if (next) { next.hidden = false; next.querySelector("input").focus(); }
    more.hidden = !rows.some((row) => row.hidden);
  });
  more.hidden = !rows.some((row) => row.hidden);
  split.append(more);
}

for (const select of document.querySelectorAll(".verb select")) {
  if (select.options.length > LONG || select.multiple) pick(select, { words: { search: select.name.startsWith("parts_") ? words.partClass : words.search, none: words.none, remove: words.remove }, initials: /body|joint|bodies/.test(select.name) ? initials : {} });
}

// --- keys -------------------------------------------------------------------------------------------------------
const typing = (el) => el instanceof HTMLElement && (el.matches("input:not([type=checkbox]):not([type=radio]), textarea, select") || el.isContentEditable);
const keys = document.getElementById("keys"), single = document.querySelector("[data-single]");
if (single) {
  single.checked = localStorage.getItem("linli-single-keys") !== "off";
  single.addEventListener("change", () => localStorage.setItem("linli-single-keys", single.checked ? "on" : "off"));
}

function unfold(details) {
  if (!details) return;
  for (let el = details; el; el = el.parentElement?.closest("details")) el.open = true;
  (details.querySelector("form :is(textarea, select:not([hidden]), input:not([type=hidden]):not([hidden]))") ?? details.querySelector("summary")).focus();
  details.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || document.querySelector("dialog[open]")) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const form = event.target instanceof Element ? event.target.closest(".verb form") : null;
    if (form) { event.preventDefault(); form.requestSubmit(); }
    return;
  }
  if (!single?.checked || typing(event.target) || event.altKey || event.ctrlKey || event.metaKey || event.target.closest?.("#map")) return;
  const act = {
    d: () => unfold(document.querySelector(".verbs > .verb.lead") ?? document.querySelector(".verbs > .verb")),
    n: () => unfold(document.getElementById("do-note")),
    o: () => { const others = document.querySelector(".others"); if (others) { others.open = !others.open; others.querySelector("summary").focus(); } },
    m: () => (document.querySelector(".alike button") ?? document.querySelector("#do-merge summary"))?.focus(),
    c: () => document.querySelector("[data-copy=number]")?.click(),
    p: () => print(),
    "?": () => keys?.showModal(),
  }[event.key];
  if (act) { event.preventDefault(); act(); }
});
