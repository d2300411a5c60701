// The field page: photographs, place, and drafts that are kept first and sent then. Without this file the form still works.

import { drafts, newKey, sentences, whileTyping } from "../site/drafts.js";
import { say } from "../site/shell.js";

const page = document.querySelector("[data-field]"), form = document.getElementById("field");
const $ = (id) => document.getElementById(id), $$ = (query) => [...form.querySelectorAll(query)];
const words = document.querySelector("[data-words]").dataset, result = document.querySelector("[data-result]");
const fill = (sentence, n) => sentence.replace("{n}", String(n));
// The page that is kept for when there is no network names nobody: whoever was here last on this phone writes it.
if (page.dataset.owner) localStorage.setItem("linli-field-owner", page.dataset.owner);
const box = drafts("field", { url: page.dataset.send, owner: page.dataset.owner || localStorage.getItem("linli-field-owner") || "", signs: true, headers: () => ({ "X-CSRFToken": cookie("csrftoken") }) });
let key = newKey();

if ("serviceWorker" in navigator) navigator.serviceWorker.register(page.dataset.worker, { scope: location.pathname.replace(/field\/.*/, "field/") }).catch(() => {});

// --- photographs -----------------------------------------------------------------------------------------------
const touched = () => form.dispatchEvent(new CustomEvent("linli:files"));
/** The photographs of one box: what was shot, shown with a way to remove each. */
function shots(photos) {
  const thumbs = photos.querySelector("[data-thumbs]"), held = { files: [], put };
  function put(files) {
    held.files = files;
    for (const img of thumbs.querySelectorAll("img")) URL.revokeObjectURL(img.src);
    thumbs.replaceChildren(...files.map((file, i) => {
      const li = $("thumb").content.firstElementChild.cloneNode(true);
      li.querySelector("img").src = URL.createObjectURL(file);
      const button = li.querySelector("button");
      button.setAttribute("aria-label", `${photos.dataset.remove} ${i + 1}`);
      button.addEventListener("click", () => { put(held.files.filter((f) => f !== file)); touched(); });
      return li;
    }));
  }
  for (const input of photos.querySelectorAll("[data-shoot]")) input.addEventListener("change", () => {
    const most = Number(photos.dataset.max), all = [...held.files, ...input.files];
    if (all.length > most) say(photos.dataset.full);
    input.value = "";
    put(all.slice(0, most));
  });
  return held;
}
const before = shots(form.querySelector("[data-photos]:not([data-after])")), after = shots(form.querySelector("[data-after]"));

// --- mended on the spot: offered where the class allows it -------------------------------------------------------
const spot = form.querySelector("[data-onspot]"), mendable = new Set(spot.dataset.codes.split(" ")), mended = form.elements.mended;
const chosen = () => $("id_class_code").value || form.querySelector("input[name=class_pick]:checked")?.value || "";
const offer = () => { spot.hidden = !mendable.has(chosen()); };
const isMended = () => mended.checked && !spot.hidden;
form.addEventListener("change", offer);
form.addEventListener("linli:choose", () => setTimeout(offer));
offer();

// --- place -------------------------------------------------------------------------------------------------------
const place = $("id_place_q"), lon = $("id_lon"), lat = $("id_lat"), source = $("id_place_source");
const said = form.querySelector("[data-place-said]"), here = form.querySelector("[data-here]"), mapBox = form.querySelector("[data-map]");
let held = null, quiet = false;

async function put(x, y, how, more = "") {
  [lon.value, lat.value, source.value] = [x, y, how];
  touched();
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
function row() {
  const fields = Object.fromEntries([...new FormData(form)].filter(([name, value]) => typeof value === "string" && !["csrfmiddlewaretoken", "client_key"].includes(name)));
  if (!isMended()) { delete fields.mended; delete fields.result; }
  return { key, fields, files: before.files, more: { after: isMended() ? after.files : [] }, label: className(), place: said.textContent };
}
const written = ({ fields, files: some }) => some.length > 0 || Object.values(fields).some((value) => value.trim());
const typing = whileTyping(form, () => { const now = row(); (written(now) ? box.type(now) : box.forgetWriting()).catch(() => {}); });

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const missing = !code.value && !search.value && !form.querySelector("input[name=class_pick]:checked") ? words.needClass
    : !lon.value && !place.value.trim() ? words.needPlace
    : isMended() && !(before.files.length && after.files.length) ? words.needBoth
    : isMended() && !$("id_result").value.trim() ? words.needResult
    : !before.files.length && !$("id_description").value.trim() ? words.needWords : "";
  if (missing) { say(missing, 5000, "bad"); ({ [words.needClass]: search, [words.needPlace]: place, [words.needBoth]: mended, [words.needResult]: $("id_result") })[missing]?.focus() ?? $("id_description").focus(); return; }
  typing.stop();
  try {
    await box.keep(row());
  } catch {
    say(words.storage, 8000, "bad");
    return;
  }
  clear();
  result.replaceChildren();
  const { stopped } = await box.flush();
  if (stopped) note({ offline: "kept-note", sign_in: "sign-note" }[stopped] ?? "later-note");
});

function clear() {
  key = newKey();
  before.put([]);
  after.put([]);
  form.reset();
  for (const input of [code, lon, lat, source]) input.value = "";
  said.textContent = "";
  offer();
}

function cookie(name) { return document.cookie.split("; ").find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1) ?? ""; }
function note(id) {
  const copy = $(id).content.firstElementChild.cloneNode(true);
  result.append(copy);
  result.scrollIntoView({ block: "center" });
  return copy;
}

// --- what waits -----------------------------------------------------------------------------------------------------------
const card = document.querySelector("[data-drafts]"), list = card.querySelector("[data-drafts-list]"), sendNow = card.querySelector("[data-send-now]"), dropping = $("drop-draft");
const clockOf = (at) => new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "Asia/Shanghai" });
const dayOf = (at) => new Date(at).toLocaleDateString(document.documentElement.lang, { month: "long", day: "numeric", timeZone: "Asia/Shanghai" });

const shotsOf = (draft) => draft.files.length + (draft.more?.after?.length ?? 0);
function show(rows) {
  for (const { key: done, number, url, said: told } of rows.filter((r) => r.state === "sent" && box.mine(r))) {
    if (result.querySelector(`a[href="${CSS.escape(url)}"]`)) continue;
    const copy = note("sent-note"), link = copy.querySelector("[data-link]");
    if (told) copy.querySelector("[data-said]").textContent = told;
    [link.href, link.textContent] = [url, number];
    box.remove(done); // told once; the case itself says the rest
  }
  const waiting = rows.filter((r) => r.state !== "sent");
  card.hidden = !waiting.length;
  card.querySelector("[data-drafts-count]").textContent = fill(words.count, waiting.length);
  sendNow.hidden = !waiting.some((r) => r.state === "waiting" && box.mine(r));
  list.replaceChildren(...waiting.map((draft) => {
    const li = $("draft-row").content.firstElementChild.cloneNode(true), mine = box.mine(draft), look = mine && draft.state === "look";
    li.querySelector("[data-name]").textContent = mine ? draft.label : words.other;
    li.querySelector("[data-waiting]").hidden = look;
    li.querySelector("[data-look]").hidden = !look;
    const problem = li.querySelector("[data-problem]"), more = li.querySelector("[data-more]");
    problem.hidden = !look;
    problem.textContent = sentences(draft.problem).join(" ");
    more.textContent = [...(mine ? [draft.place, shotsOf(draft) ? fill(more.dataset.photos, shotsOf(draft)) : "", clockOf(draft.at)] : []), words.until.replace("{day}", dayOf(draft.until))].filter(Boolean).join(" · ");
    const opener = li.querySelector("[data-open]"), remover = li.querySelector("[data-remove]");
    opener.hidden = remover.hidden = !mine;
    opener.addEventListener("click", () => open(draft.key));
    remover.addEventListener("click", () => { dropping.dataset.key = draft.key; dropping.showModal(); });
    return li;
  }));
}
dropping.querySelector("[data-drop]").addEventListener("click", async () => {
  await box.remove(dropping.dataset.key);
  if (dropping.dataset.key === key) clear();
  dropping.close();
});

/** Back into the form: sent again under the same key, so that it can never become two. */
async function open(wanted) {
  const draft = await box.hold(wanted);
  if (!draft) return;
  clear();
  key = draft.key;
  before.put([...draft.files]);
  after.put([...(draft.more?.after ?? [])]);
  for (const [name, value] of Object.entries(draft.fields)) {
    const field = form.elements.namedItem(name);
    if (!field) continue;
    if (name === "class_pick") { const radio = $$("input[name=class_pick]").find((r) => r.value === value); if (radio) radio.checked = true; }
    else if (field.type === "checkbox") field.checked = true;
    else field.value = value;
  }
  offer();
  said.textContent = draft.place ?? "";
  if (draft.state === "typing") return;
  form.scrollIntoView({ block: "start" });
  $("id_place_q").focus();
}

document.addEventListener("linli:drafts", ({ detail }) => { if (detail.room === "field") show(detail.rows); });
sendNow.addEventListener("click", async () => {
  result.replaceChildren();
  const { stopped } = await box.flush();
  if (stopped) note({ offline: "kept-note", sign_in: "sign-note" }[stopped] ?? "later-note");
});
try {
  const left = await box.writing();
  if (left) { await open(left.key); say(words.restored); }
  await box.watch();
} catch { /* a private window may keep nothing: the form itself still sends */ }
