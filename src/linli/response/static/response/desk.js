// The desk: shortcuts, live duplicates and the small map. Without this file the form still works.

import { say } from "../site/shell.js";

const page = document.querySelector("[data-desk]");
const $ = (id) => document.getElementById(id);
const form = $("desk"), words = $("id_class_q"), place = $("id_place_q"), lon = $("id_lon"), lat = $("id_lat"), source = $("id_place_source"), code = $("id_class_code");
const placeSaid = document.querySelector("[data-place-said]"), classSaid = document.querySelector("[data-class-said]");
const list = document.querySelector("[data-near]"), none = document.querySelector("[data-near-none]"), item = $("near-item");
let held = null, dots = null, moving = false, asked = 0, timer = 0;

const json = async (url) => {
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  return { ok: answer.ok, body: await answer.json() };
};

// --- a question: the answers come as one types; one of them chosen, the form is that of an answer ----------------
const question = $("id_question"), article = $("id_article"), said = $("id_said"), link = page.querySelector("[data-answer-link]");
const answering = (on) => { if (on) form.dataset.mode = "answer"; else delete form.dataset.mode; };

question.addEventListener("linli:choose", ({ detail }) => {
  article.name = "article";
  article.value = detail.version;
  said.value = detail.spoken;
  link.href = detail.url;
  link.hidden = false;
  page.querySelector("[data-answer-detail]").textContent = detail.detail;
  page.querySelector("[data-answer-provisional]").hidden = !detail.provisional;
  page.querySelector("[data-answer-stale]").hidden = !detail.note;
  $("id_question_class").value = detail.class_code;
  answering(true);
  said.focus();
  said.setSelectionRange(0, 0);
});

/** Back to a matter: what was asked stays as the beginning of the description. */
function noAnswer() {
  article.value = said.value = "";
  answering(false);
}
question.addEventListener("input", noAnswer); // other words are another question
page.querySelector("[data-ask-clear]").addEventListener("click", toMatter);
function toMatter() {
  noAnswer();
  words.focus();
}
form.addEventListener("submit", () => { if (form.dataset.mode !== "answer") article.value = ""; });

// --- class and place --------------------------------------------------------------------------------------
words.addEventListener("linli:choose", ({ detail }) => {
  const tag = Object.assign(document.createElement("span"), { className: "tag", textContent: detail.note });
  classSaid.replaceChildren(tag, ` ${detail.due}`, ...(detail.provisional ? [$("provisional").content.cloneNode(true)] : []));
  forget("class_pick");
  near();
  place.focus();
});
words.addEventListener("input", () => classSaid.replaceChildren());
const forget = (name) => { for (const radio of form.querySelectorAll(`input[type=radio][name="${name}"]`)) radio.checked = false; };

place.addEventListener("linli:choose", ({ detail }) => {
  put(detail.lon, detail.lat, "search");
  forget("pick");
  $("id_address").focus();
});
// Other words than those that were chosen are another place.
place.addEventListener("input", () => { lon.value = lat.value = source.value = ""; placeSaid.textContent = ""; pin(false); show([], none.dataset.first); });

function put(x, y, how) {
  [lon.value, lat.value, source.value] = [x, y, how];
  pin(true);
  if (held && how !== "map") { moving = true; held.map.jumpTo({ center: [x, y], zoom: Math.max(held.map.getZoom(), 16) }); moving = false; }
  look();
}

const pin = (on) => page.querySelector(".map .pin").toggleAttribute("hidden", !on);

/** The line of the place and what is known near it. */
async function look() {
  const turn = ++asked, x = lon.value, y = lat.value;
  if (!x) return;
  near();
  try {
    const { ok, body } = await json(`${page.dataset.locate}?lon=${x}&lat=${y}`);
    if (turn === asked) placeSaid.textContent = ok ? body.text : body.message || placeSaid.dataset.outside;
  } catch { /* the words stay as they were; sending says what is wrong */ }
}

async function near() {
  const x = lon.value, y = lat.value;
  if (!x) return;
  try {
    const { ok, body } = await json(`${page.dataset.nearby}?lon=${x}&lat=${y}&class=${encodeURIComponent(code.value)}`);
    if (x === lon.value && y === lat.value) show(ok ? body.results : [], none.dataset.none);
  } catch { /* a hint that does not come stops nobody */ }
}

function show(results, sentence) {
  list.replaceChildren(...results.map((n, i) => {
    const li = item.content.firstElementChild.cloneNode(true), open = li.querySelector("[data-open]");
    li.querySelector("[data-n]").textContent = i + 1;
    li.querySelector("[data-name]").textContent = n.name;
    li.querySelector("[data-same]").hidden = !n.same;
    li.querySelector("[data-more]").textContent = [n.distance, n.stage, n.age].join(" · ");
    if (n.url) open.href = n.url; else open.remove();
    const merge = li.querySelector("[data-merge]");
    if (n.merge) merge.value = n.number; else merge.remove();
    return li;
  }));
  none.hidden = results.length > 0;
  none.textContent = sentence;
  dots?.set(results.map((n, i) => ({ n: i + 1, lon: n.lon, lat: n.lat })));
}

// --- the map: it moves, the pin stays ------------------------------------------------------------------------
const canvas = $("map");
import("../site/map.js").then(({ makeMap, centerPicker }) => {
  held = makeMap(canvas, { zoom: 16, cooperative: true, compact: true });
  if (!held) return;
  dots = held.addNumbered();
  let dragged = false;
  held.map.on("dragstart", () => { dragged = true; });
  centerPicker(held.map, (at, final) => {
    const same = lon.value && Math.hypot(at.lon - lon.value, at.lat - lat.value) < 2e-6; // only the zoom changed
    if (moving || !final || same || !(dragged || canvas.contains(document.activeElement))) return;
    dragged = false;
    place.value = placeSaid.dataset.moved;
    put(at.lon.toFixed(6), at.lat.toFixed(6), "map");
  });
  if (lon.value) look();
});
if (canvas && lon.value) pin(true);

// --- keys ------------------------------------------------------------------------------------------------------
const ALT = { KeyQ: question, KeyC: words, KeyP: place, KeyA: $("id_address"), KeyN: $("id_description"), KeyL: $("id_phone"), KeyR: $("id_number") };
const typing = (el) => el instanceof HTMLElement && (el.matches("input:not([type=checkbox]):not([type=radio]), textarea, select") || el.isContentEditable);
const single = document.querySelector("[data-single]");
single.checked = localStorage.getItem("linli-single-keys") !== "off";
single.addEventListener("change", () => localStorage.setItem("linli-single-keys", single.checked ? "on" : "off"));

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || document.querySelector("dialog[open]")) return;
  const at = event.target;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.altKey) {
    event.preventDefault();
    const go = form.dataset.mode === "answer" ? "answer" : event.shiftKey ? "accept" : "report";
    form.requestSubmit(form.querySelector(`button[name=go][value="${go}"]`));
  } else if (event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey && ALT[event.code]) {
    event.preventDefault();
    if (ALT[event.code].closest(".matter")) answering(false); // to a field of a matter: no answer then
    ALT[event.code].focus();
    ALT[event.code].select?.();
  } else if (event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey && (event.code === "KeyM" || event.code === "KeyX")) {
    event.preventDefault();
    if (event.code === "KeyX") toMatter();
    else list.querySelector("button[name=merge]")?.focus();
  } else if (event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.code === "KeyW") {
    event.preventDefault();
    const other = form.querySelector("input[name=channel]:not(:checked)");
    if (other) { other.checked = true; say(other.parentElement.textContent.trim(), 1500); }
  } else if (single.checked && !typing(at) && !canvas?.contains(at) && !event.altKey && !event.ctrlKey && !event.metaKey) {
    if (event.key === "/") { event.preventDefault(); answering(false); words.focus(); words.select(); }
    else if (event.key === "?") { event.preventDefault(); $("keys").showModal(); }
    else if (/^[1-6]$/.test(event.key)) list.children[event.key - 1]?.querySelector("a")?.click();
  }
});

// Enter goes on to the next field; only Ctrl+Enter or a button sends. suggest.js has taken its own Enter before.
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || !(event.target instanceof HTMLInputElement)) return;
  event.preventDefault();
  const stops = [...form.querySelectorAll("select, input:not([type=hidden]):not([type=radio]), textarea, button")].filter((el) => !el.disabled && el.offsetParent);
  stops[stops.indexOf(event.target) + 1]?.focus();
});

// --- a receipt that the caller reads out ---------------------------------------------------------------------------
const lookup = $("lookup");
lookup.addEventListener("submit", async (event) => {
  event.preventDefault();
  const found = lookup.querySelector("[data-found]");
  try {
    const answer = await fetch(lookup.action, { method: "POST", body: new FormData(lookup), headers: { "X-Fragment": "1", Accept: "text/html" } });
    const text = await answer.text();
    if (answer.ok || answer.status === 404) {
      found.innerHTML = text; // our own template, escaped by the server
      found.querySelector(".earlier")?.focus();
      return;
    }
  } catch { /* below */ }
  lookup.submit();
});
