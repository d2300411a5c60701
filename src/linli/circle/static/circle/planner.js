// The planner: choose an item, drag a facility, the whole district answers before the next frame.
//
// The browser counts with the server's own network (reach.js); every number that is saved, printed or exported is asked
// of the server, and the page says when the two are not yet the same. Sentences come from #planner-config.

import { Ground } from "./reach.js";
import { drawMap } from "./planner-map.js";

const config = JSON.parse(document.getElementById("planner-config").textContent);
const one = (selector, root = document) => root.querySelector(selector), all = (selector) => [...document.querySelectorAll(selector)];
const say = (text, values = {}) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "");
const number = (n) => new Intl.NumberFormat(config.language).format(n);
const percent = (x) => (Number.isFinite(x) ? `${(100 * x).toFixed(1)}%` : "—");

const page = { item: config.item, pace: config.pace, reading: config.reading, parts: [], edits: config.edits ?? [], history: [], undone: [], feet: [], rows: [], base: null, view: "now", adding: false };
let ground = null, drawn = null, frame = 0, pendingDrag = null, serverTurn = 0, itemTurn = 0;

const fetchJson = async (url, options) => {
  const answer = await fetch(url, { headers: { Accept: "application/json", ...(options?.body && { "Content-Type": "application/json", "X-CSRFToken": config.csrf }) }, ...options });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.message || config.words.failed);
  return body;
};
const tell = (text, kind = "") => { const box = one("[data-status]"); box.textContent = text; box.dataset.kind = kind; };

async function load() {
  try {
    tell(config.words.loading);
    const pace = config.paces.find((p) => p.code === page.pace);
    const answer = await fetch(pace.ground);
    if (!answer.ok) throw new Error(config.words.failed);
    const read = await answer.arrayBuffer();
    if (pace.code !== page.pace) return; // another pace was chosen meanwhile
    ground = Object.assign(Ground.read(read), { placed: new Map() });
    drawn ??= await drawMap(document.getElementById("map"), { homes: homesOf(), boundaries: config.urls.boundaries, draggable: config.mayPlan, onDrag, onDrop, onCancel, onHome, onFacility: choose, onPoint: add });
    await chooseItem(page.item);
  } catch (error) { tell(error.message, "late"); }
}

const homesOf = () => Array.from(ground.homeX, (x, h) => { const [lon, lat] = ground.lonLat(x, ground.homeY[h]); return { lon, lat }; });

async function chooseItem(code) {
  const turn = ++itemTurn, url = new URL(config.urls.item, location.origin);
  page.item = code;
  for (const [k, v] of Object.entries({ item: code, pace: page.pace, on: config.on, catalogue: config.catalogue })) url.searchParams.set(k, v);
  const answer = await fetchJson(url);
  if (turn !== itemTurn) return; // another item was chosen meanwhile
  page.rows = answer.facilities.map((f) => { const [x, y] = ground.xy(f.lon, f.lat); return { ...f, x, y }; });
  page.parts = answer.parts;
  page.base = count([]);
  for (const box of all("[data-readings]")) box.hidden = page.parts.length < 2;
  page.picked = null;
  if (filter) filter.value = "";
  after();
  remember();
  one("[data-item-name]").textContent = answer.name;
  one("[data-item-note]").textContent = answer.note;
  one("[data-unplaced]").textContent = answer.unplaced ? say(config.words.unplaced, { n: number(answer.unplaced) }) : "";
}

// --- the facilities as the edits leave them ----------------------------------------------------------------
function rowsAfter(edits) {
  const rows = page.rows.map((f) => ({ ...f, kind: "keep" }));
  const at = new Map(rows.map((f) => [f.id, f]));
  for (const [n, e] of edits.entries()) {
    if (e.kind === "add") { if (e.items.some((c) => gives(c, page.item))) rows.push({ id: `new${n}`, edit: n, name: e.name, lon: e.lon, lat: e.lat, parts: partsOf(e.items), kind: "add" }); continue; }
    const row = at.get(e.facility);
    if (!row) continue;
    if (e.kind === "remove") row.kind = "remove";
    else Object.assign(row, { kind: "move", lon: e.lon, lat: e.lat });
    row.edit = n;
  }
  return rows;
}
// What gives an item gives the item above it, and all that lies below it.
const under = (code, top) => { for (let at = code; at; at = config.parents[at]) if (at === top) return true; return false; };
const gives = (code, item) => under(code, item) || under(item, code);
const partsOf = (items) => page.parts.flatMap((p, k) => (items.some((c) => gives(c, p.code)) ? [k] : []));
// Each network (with steps, without) has feet of its own.
function footAt(lon, lat) {
  const key = `${lon},${lat}`;
  if (!ground.placed.has(key)) ground.placed.set(key, ground.place(lon, lat));
  return ground.placed.get(key);
}
const footOf = (row) => (row.kind === "keep" ? row : footAt(row.lon, row.lat));
// Every item below the chosen row is counted by itself; what no edit touches is as it was.
function count(edits) {
  const began = performance.now(), rows = rowsAfter(edits), touched = new Set(rows.filter((r) => r.kind !== "keep").flatMap((r) => r.parts));
  const parts = page.parts.map((part, k) => {
    if (edits.length && !touched.has(k) && page.base) return page.base.parts[k];
    const feet = rows.filter((r) => r.kind !== "remove" && r.parts.includes(k)).map(footOf).filter((f) => f && f.arc >= 0);
    const metres = ground.nearest(feet, part.cap, new Float32Array(ground.homes));
    return { metres, share: ground.shares(metres, config.communities.length) };
  });
  return { parts, ...asOne(parts), ms: performance.now() - began };
}

// Several items read as one, by the rule of the server (rules.together): states of communities, homes, the share that belongs to it.
function asOne(parts) {
  const read = (yes, missing, n) => {
    if (page.reading === "all") return yes + missing < n ? "no" : missing ? "missing" : "yes";
    if (page.reading === "any") return yes ? "yes" : missing ? "missing" : "no";
    return yes / n >= config.least - 1e-9 ? "yes" : (yes + missing) / n < config.least - 1e-9 ? "no" : "missing";
  };
  const states = [], share = [];
  for (let c = 0; c < config.communities.length; c++) {
    const found = parts.map((p, k) => stateOf(p.share[c], page.parts[k].complete[c])), known = parts.map((p) => p.share[c]).filter(Number.isFinite);
    const yes = found.filter((s) => s === "yes").length, missing = found.filter((s) => s === "missing").length;
    states.push(read(yes, missing, parts.length));
    share.push(!known.length ? NaN : page.reading === "share" ? yes / parts.length : Math[page.reading === "any" ? "max" : "min"](...known));
  }
  const reached = Array.from({ length: ground.homes }, (_x, h) => read(parts.reduce((n, p) => n + Number.isFinite(p.metres[h]), 0), 0, parts.length) === "yes");
  return { states, share, reached };
}

function stateOf(share, complete) {
  if (share >= config.least - 1e-9) return "yes";
  return complete && Number.isFinite(share) ? "no" : "missing";
}

function compute() {
  page.now = count(page.edits);
  show();
}

function show() {
  const { reached, share, states: now, ms } = page.now, { reached: before, states: was } = page.base;
  const change = reached.map((x, h) => (ground.homeCommunity[h] < 0 ? 0 : Number(x) - Number(before[h])));
  const inside = (list) => list.reduce((n, x, h) => n + (x && ground.homeCommunity[h] >= 0 ? 1 : 0), 0);
  const homes = ground.homeCommunity.reduce((n, c) => n + (c >= 0), 0), here = inside(reached), there = inside(before);
  const states = config.communities.map((c, k) => ({ code: c.code, share: Number.isFinite(share[k]) ? share[k] : 0, state: now[k] }));
  const tally = (list, state) => list.filter((s) => s === state).length, missing = tally(now, "missing"), total = percent(homes ? here / homes : NaN);
  put("[data-homes]", missing ? say(config.words.atLeast, { p: total }) : total, diff(here - there, config.words.homes));
  for (const state of ["yes", "no", "missing"]) put(`[data-${state}]`, number(tally(now, state)), diff(tally(now, state) - tally(was, state), ""));
  one("[data-floor]").textContent = missing ? say(config.words.floor, { n: number(missing) }) : "";
  one("[data-ms]").textContent = say(config.words.ms, { n: ms.toFixed(1) });
  drawn?.communities(states);
  drawn?.homes(reached, page.edits.length ? change : null);
  if (pendingDrag === null) { drawn?.facilities(rowsAfter(page.edits)); list(); table(states, page.base.share); }
}
const diff = (n, unit) => (n ? `${n > 0 ? "+" : "−"}${number(Math.abs(n))}${unit ? ` ${unit}` : ""}` : "");
function put(selector, value, change) {
  const box = one(selector);
  one("b", box).textContent = value;
  const d = Object.assign(one(":scope > i", box), { textContent: change }); // the first one in it is the map's key
  const better = change.startsWith("+") === ["[data-homes]", "[data-yes]"].includes(selector); // fewer without is better
  d.dataset.sign = change && (better ? "up" : "down");
}

// --- edits -------------------------------------------------------------------------------------------------
function onDrag(at, lon, lat) {
  const row = rowsAfter(page.edits)[at];
  if (!row || !config.mayPlan) return;
  pendingDrag ??= { edits: page.edits, row };
  page.edits = withMove(pendingDrag.edits, pendingDrag.row, lon, lat);
  if (frame) return;
  frame = requestAnimationFrame(() => { frame = 0; compute(); drawn.facilities(rowsAfter(page.edits)); });
}
function withMove(edits, row, lon, lat) {
  const place = { lon: Number(lon.toFixed(6)), lat: Number(lat.toFixed(6)) };
  if (row.edit !== undefined) return edits.map((e, n) => (n === row.edit ? { ...e, kind: e.kind === "remove" ? "move" : e.kind, ...place } : e));
  return [...edits, { kind: "move", facility: row.id, name: row.name, ...place }];
}
function onDrop(at, lon, lat) {
  if (!pendingDrag) return;
  const before = pendingDrag;
  pendingDrag = null;
  commit(withMove(before.edits, before.row, lon, lat), before.edits);
}
function onCancel() {
  if (!pendingDrag) return;
  page.edits = pendingDrag.edits;
  pendingDrag = null;
  compute();
}
function commit(edits, before = page.edits) {
  if (edits.length > config.mostEdits) { page.edits = before; compute(); tell(say(config.words.tooMany, { n: number(config.mostEdits) }), "late"); return; }
  page.history.push(before);
  page.undone = [];
  page.edits = edits;
  after();
}
function after() {
  compute();
  one("[data-undo]").disabled = !page.history.length;
  one("[data-redo]").disabled = !page.undone.length;
  const off = rowsAfter(page.edits).some((r) => (r.kind === "add" || r.kind === "move") && !footOf(r));
  tell(off ? config.words.offNetwork : rowsAfter(page.edits).length ? "" : config.words.noFacilities, "soon");
  ask();
}
function add(lon, lat) {
  const n = page.edits.filter((e) => e.kind === "add").length + 1;
  const place = { lon: Number(lon.toFixed(6)), lat: Number(lat.toFixed(6)) };
  commit([...page.edits, { kind: "add", name: nameOf(n), items: [page.item], ...place }]);
  setAdding(false);
}
// On a row with several items a new place is one that has them all, and is called so.
function nameOf(n) {
  const name = say(config.words.newName, { n });
  return page.parts.length > 1 ? say(config.words.addAll, { name }) : name;
}
function setAdding(on) { page.adding = on; drawn?.adding(on); one("[data-add]").setAttribute("aria-pressed", String(on)); tell(on ? config.words.tapToAdd : ""); }
function undo() { if (!page.history.length) return; page.undone.push(page.edits); page.edits = page.history.pop(); after(); }
function redo() { if (!page.undone.length) return; page.history.push(page.edits); page.edits = page.undone.pop(); after(); }
function choose(at) {
  const row = rowsAfter(page.edits)[at];
  if (row) { page.picked = row.id; list(); drawn.look(row.lon, row.lat); one(`[data-row="${CSS.escape(String(row.id))}"]`)?.querySelector("button")?.focus(); }
}
function removeRow(row) {
  if (row.kind === "add") commit(page.edits.filter((_e, n) => n !== row.edit));
  else if (row.edit !== undefined) commit(page.edits.filter((_e, n) => n !== row.edit)); // a moved or removed one stands again
  else commit([...page.edits, { kind: "remove", facility: row.id, name: row.name }]);
}
const STEP_M = 25;
function nudge(row, dx, dy) {
  const [x, y] = ground.xy(row.lon, row.lat), [lon, lat] = ground.lonLat(x + dx * STEP_M, y + dy * STEP_M);
  commit(withMove(page.edits, row, lon, lat));
  one(`[data-row="${CSS.escape(String(row.id))}"] button`)?.focus();
}

// --- lists -------------------------------------------------------------------------------------------------
function list() {
  const rows = rowsAfter(page.edits), edited = rows.filter((r) => r.kind !== "keep"), wanted = filter?.value.trim().toLowerCase() ?? "";
  const named = rows.filter((r) => r.kind === "keep" && (!wanted || r.name.toLowerCase().includes(wanted)));
  const kept = [...named.filter((r) => r.id === page.picked), ...named.filter((r) => r.id !== page.picked)];
  if (filter) filter.closest("label").hidden = rows.length <= config.shown;
  one("[data-facility-count]").textContent = number(rows.filter((r) => r.kind !== "remove").length);
  const words = { add: config.words.added, move: config.words.moved, remove: config.words.removed };
  one("[data-facilities]").replaceChildren(...[...edited, ...kept.slice(0, config.shown)].map((row) => {
    const li = document.createElement("li"), go = Object.assign(document.createElement("button"), { type: "button", className: "go", textContent: row.name });
    li.dataset.row = row.id;
    go.addEventListener("click", () => drawn.look(row.lon, row.lat));
    if (config.mayPlan) go.addEventListener("keydown", (event) => {
      const way = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
      if (way && row.kind !== "remove") { event.preventDefault(); nudge(row, ...way); }
      else if (event.key === "Delete") { event.preventDefault(); removeRow(row); }
    });
    li.append(go);
    if (row.kind !== "keep") li.append(Object.assign(document.createElement("span"), { className: `tag ${row.kind}`, textContent: words[row.kind] }));
    if (config.mayPlan) {
      const off = Object.assign(document.createElement("button"), { type: "button", className: "btn small quiet", textContent: row.kind === "keep" || row.kind === "add" ? config.words.remove : config.words.restore });
      off.setAttribute("aria-label", `${off.textContent} ${row.name}`);
      off.addEventListener("click", () => removeRow(row));
      li.append(off);
    }
    return li;
  }));
  if (!rows.length) one("[data-facilities]").replaceChildren(Object.assign(document.createElement("li"), { className: "muted small", textContent: config.words.noFacilities }));
  one("[data-more]").textContent = kept.length > config.shown ? say(config.words.more, { n: number(kept.length - config.shown) }) : "";
}

function table(states, base) {
  const wanted = states.map((s, k) => ({ ...s, k })).filter((s) => s.state !== "yes").sort((a, b) => a.share - b.share).slice(0, 40);
  one("[data-table]").replaceChildren(...wanted.map(({ k, share, state }) => {
    const tr = document.createElement("tr"), c = config.communities[k], known = Number.isFinite(page.now.share[k]);
    const th = Object.assign(document.createElement("th"), { scope: "row" }), link = Object.assign(document.createElement("a"), { href: say(config.urls.community, { code: c.code }), textContent: c.name });
    th.append(link);
    const cell = (text, cls = "") => Object.assign(document.createElement("td"), { textContent: text, className: cls });
    const change = known && page.edits.length ? share - (Number.isFinite(base[k]) ? base[k] : 0) : 0;
    tr.append(th, cell(!known || (state === "missing" && !share) ? "—" : state === "missing" ? say(config.words.atLeast, { p: percent(share) }) : percent(share), "n"), cell(change ? `${change > 0 ? "+" : "−"}${percent(Math.abs(change))}` : "", "n"), cell(config.words.states[state]));
    return tr;
  }));
}

// --- the server's answer -----------------------------------------------------------------------------------
const body = (more = {}) => JSON.stringify({ catalogue: config.catalogue, item: page.item, pace: page.pace, reading: page.reading, on: config.on, edits: page.edits, ...more });

async function ask() {
  const turn = ++serverTurn;
  if (!page.edits.length) { one("[data-checked]").textContent = ""; return; }
  one("[data-checked]").textContent = config.words.checking;
  try {
    const answer = await fetchJson(config.urls.answer, { method: "POST", body: body() });
    if (turn !== serverTurn) return;
    const here = page.now.reached.reduce((n, x, h) => n + (x && ground.homeCommunity[h] >= 0 ? 1 : 0), 0);
    one("[data-checked]").textContent = say(answer.homes === here ? config.words.same : config.words.differs, { n: number(answer.homes), ms: answer.ms });
    one("[data-checked]").dataset.kind = answer.homes === here ? "done" : "soon";
  } catch (error) { if (turn === serverTurn) tell(error.message, "late"); }
}

async function onHome(h) {
  try {
    tell(config.words.loading);
    const answer = await fetchJson(config.urls.home, { method: "POST", body: body({ home: h }) });
    drawn.circle(answer.circle);
    const box = one("[data-home]");
    box.hidden = false;
    one("[data-home-name]").textContent = answer.name;
    one("[data-home-items]").replaceChildren(...answer.items.map((i) => {
      const li = document.createElement("li");
      li.append(Object.assign(document.createElement("span"), { textContent: i.name }), Object.assign(document.createElement("em"), { textContent: i.said }));
      li.className = i.state;
      return li;
    }));
    tell("");
    box.scrollIntoView({ block: "nearest" });
  } catch (error) { tell(error.message, "late"); }
}

// The search is a job of the server: asked for once, then asked how far it is, until it ends or somebody stops it.
async function site() {
  if (page.parts.length > 1 && page.reading !== "any") { tell(config.words.siteAny, "soon"); return; }
  const n = Number(one("[data-site-n]").value), item = page.item, begin = one("[data-site]"), stop = one("[data-site-stop]");
  let stopping = false;
  const onStop = () => { stopping = true; stop.disabled = true; };
  begin.disabled = true;
  try {
    tell(config.words.siting);
    let answer = await fetchJson(config.urls.site, { method: "POST", body: body({ n, aim: one("[data-site-aim]").value }) });
    stop.addEventListener("click", onStop);
    stop.hidden = stop.disabled = false;
    while (answer.open) {
      tell(answer.said);
      await new Promise((done) => setTimeout(done, 400));
      const ask = stopping;
      stopping = false;
      answer = await (ask ? fetchJson(answer.stop, { method: "POST", body: "{}" }) : fetchJson(answer.poll));
    }
    if (answer.chosen) commit([...page.edits, ...answer.chosen.map((p, i) => ({ kind: "add", name: nameOf(page.edits.filter((e) => e.kind === "add").length + i + 1), items: [item], lon: p.lon, lat: p.lat }))]);
    tell(answer.said, answer.proven ? "done" : answer.chosen ? "soon" : "late");
  } catch (error) { tell(error.message, "late"); }
  stop.removeEventListener("click", onStop);
  stop.hidden = true;
  begin.disabled = false;
}

async function save(event) {
  event.preventDefault();
  const form = event.target, data = Object.fromEntries(new FormData(form));
  try {
    const answer = await fetchJson(config.urls.save, { method: "POST", body: body({ name: data.name, note: data.note, plan: config.plan?.id, version: config.plan?.version }) });
    page.saved = true;
    location.assign(answer.url);
  } catch (error) { tell(error.message, "late"); form.querySelector("[role=alert]").textContent = error.message; }
}

// The address says what is shown: a reload or a friend sees the same.
const asked = () => ({ item: page.item, pace: page.pace, ...((page.parts.length > 1 || config.reading !== "all") && { reading: page.reading }) });
function remember() {
  const url = new URL(location.href);
  for (const [k, v] of Object.entries(asked())) url.searchParams.set(k, v);
  history.replaceState(null, "", url);
  for (const link of all("[data-export]")) { const to = new URL(link.href); for (const [k, v] of Object.entries(asked())) to.searchParams.set(k, v); link.href = to; }
}

// What is exported is what is shown: with edits that are not saved, they go along in the body.
function exportNow(event) {
  if (!page.history.length && config.saved) return;
  event.preventDefault();
  const form = Object.assign(document.createElement("form"), { method: "post", action: event.currentTarget.href, hidden: true });
  for (const [name, value] of Object.entries({ csrfmiddlewaretoken: config.csrf, body: body() })) form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  document.body.append(form);
  page.leaving = true;
  form.submit();
  form.remove();
  setTimeout(() => { page.leaving = false; }, 1000);
}

const item = document.getElementById("item"), filter = one("[data-filter]");
filter?.addEventListener("input", list);
for (const link of all("[data-export]")) link.addEventListener("click", exportNow);
item.addEventListener("change", () => { chooseItem(item.value).catch((e) => tell(e.message, "late")); });
for (const b of all("[data-pace]")) b.addEventListener("click", () => {
  page.pace = b.dataset.pace;
  for (const other of all("[data-pace]")) other.setAttribute("aria-pressed", String(other === b));
  load();
});
for (const b of all("[data-reading]")) b.addEventListener("click", () => {
  page.reading = b.dataset.reading;
  for (const other of all("[data-reading]")) other.setAttribute("aria-pressed", String(other === b));
  if (!page.base) return;
  Object.assign(page.base, asOne(page.base.parts));
  after();
  remember();
});
document.getElementById("on")?.addEventListener("change", (event) => {
  if (!event.target.value || !event.target.checkValidity()) return;
  const url = new URL(location.href);
  url.searchParams.set("on", event.target.value);
  location.assign(url);
});
one("[data-undo]").addEventListener("click", undo);
one("[data-redo]").addEventListener("click", redo);
one("[data-add]")?.addEventListener("click", () => setAdding(!page.adding));
one("[data-site]")?.addEventListener("click", site);
one("[data-save]")?.addEventListener("submit", save);
one("[data-home-close]").addEventListener("click", () => { one("[data-home]").hidden = true; drawn.circle(null); });
one("[data-png]").addEventListener("click", async () => {
  const blob = await drawn.picture(), a = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: `${page.item}-${config.on}.png` });
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 1000);
});
document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select") || !(event.ctrlKey || event.metaKey)) return;
  if (event.key === "z" && !event.shiftKey) { event.preventDefault(); undo(); }
  else if (event.key === "y" || (event.key === "z" && event.shiftKey)) { event.preventDefault(); redo(); }
});
addEventListener("beforeunload", (event) => { if (page.history.length && !page.saved && !page.leaving) event.preventDefault(); });
load();
