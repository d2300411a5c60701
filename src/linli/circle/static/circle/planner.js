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

const page = { item: config.item, pace: config.pace, edits: config.edits ?? [], history: [], undone: [], feet: [], rows: [], complete: null, base: null, metres: null, view: "now", adding: false };
let ground = null, drawn = null, frame = 0, pendingDrag = null, serverTurn = 0, itemTurn = 0;

const fetchJson = async (url, options) => {
  const answer = await fetch(url, { headers: { Accept: "application/json", ...(options?.body && { "Content-Type": "application/json", "X-CSRFToken": config.csrf }) }, ...options });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.message || config.words.failed);
  return body;
};
const tell = (text, kind = "") => { const box = one("[data-status]"); box.textContent = text; box.dataset.kind = kind; };
const cap = () => page.cap;

async function load() {
  try {
    tell(config.words.loading);
    const pace = config.paces.find((p) => p.code === page.pace);
    const answer = await fetch(pace.ground);
    if (!answer.ok) throw new Error(config.words.failed);
    ground = Ground.read(await answer.arrayBuffer());
    ground.placed = new Map();
    drawn ??= await drawMap(document.getElementById("map"), { homes: homesOf(), boundaries: config.urls.boundaries, draggable: config.mayPlan, onDrag, onDrop, onCancel, onHome, onFacility: choose, onPoint: add });
    await chooseItem(page.item);
  } catch (error) { tell(error.message, "late"); }
}

const homesOf = () => Array.from(ground.homeX, (x, h) => { const [lon, lat] = ground.lonLat(x, ground.homeY[h]); return { lon, lat }; });

async function chooseItem(code) {
  const turn = ++itemTurn;
  page.item = code;
  const url = new URL(config.urls.item, location.origin);
  for (const [k, v] of Object.entries({ item: code, pace: page.pace, on: config.on, catalogue: config.catalogue })) url.searchParams.set(k, v);
  const answer = await fetchJson(url);
  if (turn !== itemTurn) return; // another item was chosen meanwhile
  page.rows = answer.facilities.map((f) => { const [x, y] = ground.xy(f.lon, f.lat); return { ...f, x, y }; });
  page.complete = answer.complete;
  page.cap = answer.cap;
  page.base = count(feetOf([]));
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
    if (e.kind === "add") { if (e.items.some(isPart)) rows.push({ id: `new${n}`, edit: n, name: e.name, lon: e.lon, lat: e.lat, kind: "add" }); continue; }
    const row = at.get(e.facility);
    if (!row) continue;
    if (e.kind === "remove") row.kind = "remove";
    else Object.assign(row, { kind: "move", lon: e.lon, lat: e.lat });
    row.edit = n;
  }
  return rows;
}
// What gives an item gives the item above it, too.
function isPart(code) {
  for (let at = code; at; at = config.parents[at]) if (at === page.item) return true;
  return false;
}
// Each network (with steps, without) has feet of its own.
function footAt(lon, lat) {
  const key = `${lon},${lat}`;
  if (!ground.placed.has(key)) ground.placed.set(key, ground.place(lon, lat));
  return ground.placed.get(key);
}
const footOf = (row) => (row.kind === "keep" ? row : footAt(row.lon, row.lat));
const feetOf = (edits) => rowsAfter(edits).filter((r) => r.kind !== "remove").map(footOf).filter((f) => f && f.arc >= 0);

function count(feet) {
  const began = performance.now(), metres = ground.nearest(feet, cap(), new Float32Array(ground.homes)), share = ground.shares(metres, config.communities.length);
  return { metres, share, feet: feet.length, ms: performance.now() - began };
}

function compute() {
  page.now = count(feetOf(page.edits));
  show();
}

function stateOf(share, c) {
  if (share >= config.least - 1e-9) return "yes";
  return page.complete?.[c] && Number.isFinite(share) ? "no" : "missing";
}

function show() {
  const { metres, share, ms } = page.now, base = page.base, reached = Array.from(metres, Number.isFinite), before = Array.from(base.metres, Number.isFinite);
  const change = reached.map((x, h) => (ground.homeCommunity[h] < 0 ? 0 : Number(x) - Number(before[h])));
  const inside = (list) => list.reduce((n, x, h) => n + (x && ground.homeCommunity[h] >= 0 ? 1 : 0), 0);
  const homes = ground.homeCommunity.reduce((n, c) => n + (c >= 0), 0), here = inside(reached), there = inside(before);
  const states = config.communities.map((c, k) => ({ code: c.code, share: Number.isFinite(share[k]) ? share[k] : 0, state: Number.isFinite(share[k]) ? stateOf(share[k], k) : "missing" }));
  const tally = (list) => ({ yes: list.filter((s) => s === "yes").length, no: list.filter((s) => s === "no").length, missing: list.filter((s) => s === "missing").length });
  const now = tally(states.map((s) => s.state)), was = tally(config.communities.map((_c, k) => (Number.isFinite(base.share[k]) ? stateOf(base.share[k], k) : "missing")));
  put("[data-homes]", percent(homes ? here / homes : NaN), diff(here - there, config.words.homes));
  put("[data-yes]", number(now.yes), diff(now.yes - was.yes, ""));
  put("[data-no]", number(now.no), diff(now.no - was.no, ""));
  put("[data-missing]", number(now.missing), diff(now.missing - was.missing, ""));
  one("[data-ms]").textContent = say(config.words.ms, { n: ms.toFixed(1) });
  drawn?.communities(states);
  drawn?.homes(reached, page.edits.length ? change : null);
  if (pendingDrag === null) { drawn?.facilities(rowsAfter(page.edits)); list(); table(states, base.share); }
}
const diff = (n, unit) => (n ? `${n > 0 ? "+" : "−"}${number(Math.abs(n))}${unit ? ` ${unit}` : ""}` : "");
function put(selector, value, change) {
  const box = one(selector);
  box.querySelector("b").textContent = value;
  const d = box.querySelector("i");
  d.textContent = change;
  d.dataset.sign = change.startsWith("+") ? "up" : change ? "down" : "";
}

// --- edits -------------------------------------------------------------------------------------------------
function onDrag(at, lon, lat) {
  const row = rowsAfter(page.edits)[at];
  if (!row || !config.mayPlan) return;
  pendingDrag ??= { edits: page.edits, row };
  page.edits = withMove(pendingDrag.edits, pendingDrag.row, lon, lat);
  if (frame) return;
  frame = requestAnimationFrame(() => { frame = 0; page.now = count(feetOf(page.edits)); show(); drawn.facilities(rowsAfter(page.edits)); });
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
  commit([...page.edits, { kind: "add", name: say(config.words.newName, { n }), items: [page.item], ...place }]);
  setAdding(false);
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
      const off = Object.assign(document.createElement("button"), { type: "button", className: "btn small quiet", textContent: row.kind === "keep" ? config.words.remove : config.words.restore });
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
    tr.append(th, cell(known ? percent(share) : "—", "n"), cell(change ? `${change > 0 ? "+" : "−"}${percent(Math.abs(change))}` : "", "n"), cell(config.words.states[state]));
    return tr;
  }));
}

// --- the server's answer -----------------------------------------------------------------------------------
const body = (more = {}) => JSON.stringify({ catalogue: config.catalogue, item: page.item, pace: page.pace, on: config.on, edits: page.edits, ...more });

async function ask() {
  const turn = ++serverTurn;
  if (!page.edits.length) { one("[data-checked]").textContent = ""; return; }
  one("[data-checked]").textContent = config.words.checking;
  try {
    const answer = await fetchJson(config.urls.answer, { method: "POST", body: body() });
    if (turn !== serverTurn) return;
    const here = page.now.metres.reduce((n, m, h) => n + (Number.isFinite(m) && ground.homeCommunity[h] >= 0 ? 1 : 0), 0);
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

async function site() {
  const n = Number(one("[data-site-n]").value);
  try {
    tell(config.words.siting);
    const answer = await fetchJson(config.urls.site, { method: "POST", body: body({ n, aim: one("[data-site-aim]").value }) });
    commit([...page.edits, ...answer.chosen.map((p, i) => ({ kind: "add", name: say(config.words.newName, { n: page.edits.filter((e) => e.kind === "add").length + i + 1 }), items: [page.item], lon: p.lon, lat: p.lat }))]);
    tell(answer.said, answer.proven ? "done" : "soon");
  } catch (error) { tell(error.message, "late"); }
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
function remember() {
  const url = new URL(location.href);
  for (const [k, v] of Object.entries({ item: page.item, pace: page.pace })) url.searchParams.set(k, v);
  history.replaceState(null, "", url);
  for (const link of all("[data-export]")) { const to = new URL(link.href); to.searchParams.set("item", page.item); to.searchParams.set("pace", page.pace); link.href = to; }
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
