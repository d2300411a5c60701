// The field page: photographs, place, and drafts that are kept first and sent then. Without this file the form still works.

import { drafts } from "../site/drafts.js";
import { say } from "../site/shell.js";

const page = document.querySelector("[data-field]"), form = document.getElementById("field");
const $ = (id) => document.getElementById(id), $$ = (query) => [...form.querySelectorAll(query)];
const words = document.querySelector("[data-words]").dataset, result = document.querySelector("[data-result]");
const fill = (sentence, n) => sentence.replace("{n}", String(n));
const box = drafts("field");
let editing = "", wake = 0;

if ("serviceWorker" in navigator) navigator.serviceWorker.register(page.dataset.worker, { scope: location.pathname.replace(/field\/.*/, "field/") }).catch(() => {});

// --- photographs -----------------------------------------------------------------------------------------------
const photos = form.querySelector("[data-photos]"), thumbs = photos.querySelector("[data-thumbs]");
let files = [];

function showFiles() {
  for (const img of thumbs.querySelectorAll("img")) URL.revokeObjectURL(img.src);
  thumbs.replaceChildren(...files.map((file, i) => {
    const li = $("thumb").content.firstElementChild.cloneNode(true);
    li.querySelector("img").src = URL.createObjectURL(file);
    const button = li.querySelector("button");
    button.setAttribute("aria-label", `${photos.dataset.remove} ${i + 1}`);
    button.addEventListener("click", () => { files = files.filter((f) => f !== file); showFiles(); });
    return li;
  }));
}
for (const input of photos.querySelectorAll("[data-shoot]")) input.addEventListener("change", () => {
  const most = Number(photos.dataset.max), all = [...files, ...input.files];
  if (all.length > most) say(photos.dataset.full);
  files = all.slice(0, most);
  input.value = "";
  showFiles();
});

// --- place -------------------------------------------------------------------------------------------------------
const place = $("id_place_q"), lon = $("id_lon"), lat = $("id_lat"), source = $("id_place_source");
const said = form.querySelector("[data-place-said]"), here = form.querySelector("[data-here]"), mapBox = form.querySelector("[data-map]");
let held = null, quiet = false;

async function put(x, y, how, more = "") {
  [lon.value, lat.value, source.value] = [x, y, how];
  $$("input[name=pick]").forEach((radio) => { radio.checked = false; });
  if (held && how !== "map") { quiet = true; held.map.jumpTo({ center: [x, y], zoom: 17 }); quiet = false; }
  try {
    const answer = await fetch(`${said.dataset.locate}?lon=${x}&lat=${y}`, { headers: { Accept: "application/json" } });
    const body = await answer.json();
    if (x !== lon.value && String(x) !== lon.value) return;
    said.textContent = answer.ok ? [body.text, more].filter(Boolean).join(" · ") : body.message || here.dataset.outside;
  } catch {
    said.textContent = [here.dataset.offline, more].filter(Boolean).join(" ");
  }
}

here.addEventListener("click", () => {
  const label = here.querySelector("span"), usual = label.textContent;
  if (!navigator.geolocation) { said.textContent = here.dataset.refused; return; }
  label.textContent = here.dataset.busyText;
  here.setAttribute("aria-busy", "true");
  const done = () => { label.textContent = usual; here.removeAttribute("aria-busy"); };
  navigator.geolocation.getCurrentPosition(({ coords }) => {
    done();
    place.value = here.dataset.device;
    put(coords.longitude.toFixed(6), coords.latitude.toFixed(6), "device", fill(here.dataset.accuracy, Math.round(coords.accuracy)));
  }, () => { done(); said.textContent = here.dataset.refused; }, { enableHighAccuracy: true, timeout: 12000, maximumAge: 15000 });
});
place.addEventListener("linli:choose", ({ detail }) => put(detail.lon.toFixed(6), detail.lat.toFixed(6), "search"));
place.addEventListener("input", () => { lon.value = lat.value = source.value = ""; said.textContent = ""; });

form.querySelector("[data-map-open]").addEventListener("click", async () => {
  mapBox.hidden = !mapBox.hidden;
  if (held || mapBox.hidden) return;
  const { makeMap, centerPicker } = await import("../site/map.js");
  held = makeMap($("map"), { zoom: lon.value ? 17 : 12.5, ...(lon.value && { center: [Number(lon.value), Number(lat.value)] }), cooperative: false });
  if (!held) return;
  let touched = false;
  for (const name of ["dragstart", "zoomstart"]) held.map.on(name, (event) => { if (event.originalEvent) touched = true; });
  $("map").addEventListener("keydown", () => { touched = true; });
  centerPicker(held.map, (at, final) => {
    if (quiet || !final || !touched) return;
    place.value = here.dataset.picked;
    put(at.lon.toFixed(6), at.lat.toFixed(6), "map");
  });
});

// --- class: chips, search and list agree -----------------------------------------------------------------------------
const code = $("id_class_code"), search = $("id_class_q");
form.addEventListener("change", ({ target }) => {
  if (target.name !== "class_pick") return;
  code.value = search.value = "";
});
search.addEventListener("linli:choose", () => $$("input[name=class_pick]").forEach((radio) => { radio.checked = false; }));
const className = () => search.value || form.querySelector("input[name=class_pick]:checked")?.parentElement.textContent.trim() || "";

// --- send: kept first, then tried --------------------------------------------------------------------------------------
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const missing = !code.value && !search.value && !form.querySelector("input[name=class_pick]:checked") ? words.needClass
    : !lon.value && !place.value.trim() ? words.needPlace
    : !files.length && !$("id_description").value.trim() ? words.needWords : "";
  if (missing) { say(missing, 5000, "bad"); ({ [words.needClass]: search, [words.needPlace]: place })[missing]?.focus() ?? $("id_description").focus(); return; }
  const fields = Object.fromEntries([...new FormData(form)].filter(([name, value]) => typeof value === "string" && !["csrfmiddlewaretoken", "client_key"].includes(name)));
  const key = editing || crypto.randomUUID();
  try {
    await box.put({ key, fields, files, label: className(), place: said.textContent });
  } catch {
    say(words.storage, 8000, "bad");
    return;
  }
  clear();
  await send(key);
});

function clear() {
  editing = "";
  files = [];
  showFiles();
  form.reset();
  for (const input of [code, lon, lat, source]) input.value = "";
  said.textContent = "";
}

const cookie = (name) => document.cookie.split("; ").find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
const note = (id) => { const copy = $(id).content.firstElementChild.cloneNode(true); result.replaceChildren(copy); result.scrollIntoView({ block: "center" }); return copy; };

async function send(mine = "") {
  clearTimeout(wake);
  const { sent, stopped } = await box.send({ url: page.dataset.send, headers: () => ({ "X-CSRFToken": cookie("csrftoken") }) });
  for (const { answer } of sent) {
    const link = note("sent-note").querySelector("[data-link]");
    link.href = answer.url;
    link.textContent = answer.number;
  }
  if (mine && stopped) note({ offline: "kept-note", sign_in: "sign-note" }[stopped] ?? "later-note");
  else if (stopped === "sign_in") note("sign-note");
  if (stopped === "later") wake = setTimeout(send, 20000);
}

// --- what waits -----------------------------------------------------------------------------------------------------------
const card = document.querySelector("[data-drafts]"), list = card.querySelector("[data-drafts-list]"), dropping = $("drop-draft");

async function show() {
  const rows = await box.all();
  card.hidden = !rows.length;
  card.querySelector("[data-drafts-count]").textContent = fill(words.count, rows.length);
  list.replaceChildren(...rows.map((draft) => {
    const li = $("draft-row").content.firstElementChild.cloneNode(true), look = draft.state === "look";
    li.querySelector("[data-name]").textContent = draft.label;
    li.querySelector("[data-waiting]").hidden = look;
    li.querySelector("[data-look]").hidden = !look;
    const problem = li.querySelector("[data-problem]"), more = li.querySelector("[data-more]");
    problem.hidden = !look;
    problem.textContent = [...new Set([draft.problem?.message, ...Object.values(draft.problem?.fields ?? {}).flat()])].filter(Boolean).join(" ");
    more.textContent = [draft.place, draft.files.length ? fill(more.dataset.photos, draft.files.length) : "", new Date(draft.at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Shanghai" })].filter(Boolean).join(" · ");
    li.querySelector("[data-open]").addEventListener("click", () => open(draft));
    li.querySelector("[data-remove]").addEventListener("click", () => { dropping.dataset.key = draft.key; dropping.showModal(); });
    return li;
  }));
}
dropping.querySelector("[data-drop]").addEventListener("click", async () => { await box.remove(dropping.dataset.key); dropping.close(); });

/** Back into the form: sent again under the same key, so that it can never become two. */
function open(draft) {
  clear();
  editing = draft.key;
  files = [...draft.files];
  showFiles();
  for (const [name, value] of Object.entries(draft.fields)) {
    const field = form.elements.namedItem(name);
    if (!field) continue;
    if (name === "class_pick") { const radio = $$("input[name=class_pick]").find((r) => r.value === value); if (radio) radio.checked = true; }
    else field.value = value;
  }
  said.textContent = draft.place ?? "";
  form.scrollIntoView({ block: "start" });
  $("id_place_q").focus();
}

document.addEventListener("linli:drafts", show);
document.querySelector("[data-send-now]").addEventListener("click", () => send("now"));
addEventListener("online", () => send());
document.addEventListener("visibilitychange", () => { if (!document.hidden) send(); });
await show();
if (navigator.onLine) send();
