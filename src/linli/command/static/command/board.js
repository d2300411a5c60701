// A board lives: cases arrive, move and grow late without a reload. The server counts, this page only shows.
// Sentences come from #board-config; rows from <template>; nothing here is written in any language.

import { makeMap } from "../site/map.js";
import { startView } from "./view.js";

const config = JSON.parse(document.getElementById("board-config").textContent);
const one = (selector, root = document) => root.querySelector(selector);
const canvas = document.getElementById("map"), list = one("[data-queue]"), status = one("[data-fresh]");
const cases = new Map();
const first = innerWidth < 1101 ? 6 : config.first; // a phone shows the six most urgent; the rest on request
let sizes = {}, cut = false; // how many there are in all: with very many only the most urgent are told one by one
const view = startView(config);
let tab = config.tab, showing = first, skew = 0, chosen = null, loading = null, again = false;

const now = () => Date.now() / 1000 + skew;
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name]);

// --- words that grow with the clock ---------------------------------------------------------------------
const counted = (pair, n) => fill(n === 1 ? pair[0] : pair[1], { n });

function span(seconds) {
  const minutes = Math.floor(Math.abs(seconds) / 60), days = Math.floor(minutes / 1440), hours = Math.floor((minutes % 1440) / 60), rest = minutes % 60;
  const w = config.words, parts = [];
  if (days) parts.push(counted(w.day, days));
  if (hours) parts.push(counted(w.hour, hours));
  if (rest && !days) parts.push(counted(w.minute, rest));
  return parts.slice(0, 2).join(" ") || w.less;
}

function kindOf(c) {
  if (c.closed) return "done";
  if (!c.due) return "ok";
  const left = c.due - now();
  return left < 0 ? "late" : left <= 4 * 3600 ? "soon" : "ok";
}

function timeOf(c) {
  if (c.closed) return config.words.done;
  if (!c.due) return config.words.none;
  const left = c.due - now();
  return fill(left < 0 ? config.words.late : config.words.left, { span: span(left) });
}

// --- the queue -------------------------------------------------------------------------------------------
const BELONGS = { late: (c) => c.kind === "late", soon: (c) => c.kind === "soon", pressed: (c) => c.pressed && !c.closed, all: () => true };
const belongs = (c) => (BELONGS[tab] ?? ((x) => x.stage === tab))(c);
const byUrgency = (a, b) => a.closed - b.closed || (a.due || Infinity) - (b.due || Infinity) || a.id - b.id;

function write(item, c) {
  const row = item.firstElementChild;
  if (row.dataset.kind !== c.kind) {
    row.dataset.kind = c.kind;
    row.className = `row case ${c.kind}`;
    one(".icon", row)?.remove();
    row.prepend(one(`template[data-icon="${c.kind}"]`).content.firstElementChild.cloneNode(true));
  }
  if (row.localName === "a") row.href = c.url;
  const put = (selector, text) => { const cell = one(selector, row); if (cell.textContent !== text) cell.textContent = text; };
  put("b", c.title);
  put(".t", timeOf(c));
  put(".p", c.place);
  const press = tab === "pressed" && presses.get(c.id);
  put(".s", press ? press[1] : config.stages[c.stage] ?? c.stage);
  let line = one(".press", row);
  if (!press) { line?.remove(); return; }
  if (!line) row.append(line = Object.assign(document.createElement("span"), { className: "press" }));
  if (line.textContent !== press[0]) line.textContent = press[0];
}

// Who pressed what, and how long ago: asked for only while that list is open.
const presses = new Map();
let asked = null;
async function loadPresses() {
  if (tab !== "pressed" || asked) return;
  asked = fetch(config.pressed, { cache: "no-store", headers: { Accept: "application/json" }, signal: AbortSignal.timeout(15000) });
  try {
    const answer = await asked;
    if (answer.ok) {
      presses.clear();
      for (const [id, said] of Object.entries((await answer.json()).said)) presses.set(Number(id), said);
      showQueue();
    }
  } catch { /* the rows stay without */ }
  asked = null;
}

function showQueue(fresh = new Set()) {
  const wanted = [...cases.values()].filter(belongs).sort(byUrgency);
  const shown = wanted.slice(0, showing);
  const old = new Map([...list.children].map((item) => [Number(item.dataset.matter), item]));
  shown.forEach((c, place) => {
    let item = old.get(c.id);
    if (!item) {
      item = document.getElementById("row").content.firstElementChild.cloneNode(true);
      item.dataset.matter = c.id;
    }
    old.delete(c.id);
    write(item, c);
    item.firstElementChild.classList.toggle("new", fresh.has(c.id) || (c.seen > Date.now()));
    if (c.id === chosen) item.firstElementChild.setAttribute("aria-current", "true");
    else item.firstElementChild.removeAttribute("aria-current");
    if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
  });
  for (const item of old.values()) item.remove();
  const empty = one("[data-empty]");
  empty.hidden = shown.length > 0;
  [one("b", empty).textContent, one("p", empty).textContent] = config.empty[tab];
  const say = one("[data-shown]"), more = one("[data-more]");
  const all = cut ? Math.max(sizes[tab] ?? 0, wanted.length) : wanted.length;
  if (say) say.textContent = shown.length ? fill(config.words.shown, { n: shown.length, all }) : "";
  if (more) more.hidden = shown.length >= wanted.length;
}

// --- the map ----------------------------------------------------------------------------------------------
let urgent = null, calm = null, drawn = null, heaped = false;
const feature = (c) => ({ type: "Feature", properties: { id: c.id, u: c.kind }, geometry: { type: "Point", coordinates: [c.lon, c.lat] } });
const isUrgent = (c) => c.kind === "late" || c.kind === "soon";
const onCalm = (c) => (heaped ? c.kind !== "done" : !isUrgent(c)); // in a heap only what is open counts

function startMap() {
  drawn = makeMap(canvas, { cooperative: matchMedia("(pointer: coarse)").matches, controls: true, compact: innerWidth < 1101 });
  if (!drawn) return;
  drawn.choose(canvas.dataset.outline);
  // What is late or soon late is seen one by one, the others are heaped when far away; where even the urgent would lie
  // on one another (more than 300 in sight of a district), all are heaped together and a heap says how many are late.
  const all = [...cases.values()];
  heaped = all.filter(isUrgent).length > 300;
  calm = drawn.addMatters({ id: "calm", features: all.filter((c) => onCalm(c)).map(feature), cluster: true,
    clusterMaxZoom: heaped ? 15 : all.length > 900 ? 13 : 10, clusterRadius: heaped ? 52 : 44 });
  urgent = drawn.addMatters({ id: "urgent", features: all.filter((c) => !onCalm(c) && isUrgent(c)).map(feature) });
  for (const set of [calm, urgent]) set.onPick((properties) => pick(Number(properties.id)));
  view.attach(drawn);
  drawn.ready.then(() => { view.show(); document.documentElement.dataset.board = "ready"; });
}

function redrawMap(changed, removed) {
  if (!calm) return;
  const here = changed.filter((c) => !onCalm(c) && isUrgent(c)), there = changed.filter(onCalm);
  const gone = (others) => [...removed, ...others.map((c) => c.id)];
  if (removed.length || changed.length) {
    const done = changed.filter((c) => !here.includes(c) && !there.includes(c));
    if (!heaped) urgent.update(here.map(feature), gone([...there, ...done]));
    calm.update(there.map(feature), gone([...here, ...done]));
  }
}

function light(id) {
  urgent?.highlight(id !== null && cases.has(id) && !onCalm(cases.get(id)) ? id : null);
  calm?.highlight(id !== null && cases.has(id) && onCalm(cases.get(id)) ? id : null);
}

// Marks may lie on one another: one click is one choice, the urgent one. The first click points at the row, the second opens it.
let picked = [];
function pick(id) {
  picked.push(id);
  if (picked.length === 1) queueMicrotask(() => {
    const last = picked.at(-1), open = picked.includes(chosen) && cases.get(chosen)?.url;
    picked = [];
    if (open) location.assign(open);
    else {
      choose(last, true);
      one(`[data-matter="${last}"] a`, list)?.focus({ preventScroll: true }); // Enter opens it too
    }
  });
}

function choose(id, fromMap) {
  chosen = id;
  light(id);
  if (!fromMap || !cases.has(id)) return;
  if (!belongs(cases.get(id))) openTab("all");
  const place = [...cases.values()].filter(belongs).sort(byUrgency).findIndex((c) => c.id === id);
  showing = Math.max(showing, Math.ceil((place + 1) / 50) * 50);
  showQueue();
  one(`[data-matter="${id}"]`, list)?.scrollIntoView({ block: "nearest" });
}

function rowAt(event) {
  const item = event.target instanceof Element ? event.target.closest("[data-matter]") : null;
  return item ? Number(item.dataset.matter) : null;
}

// --- the counts --------------------------------------------------------------------------------------------
function put(selector, text, root = document) {
  const cell = one(selector, root);
  if (cell && cell.textContent !== String(text)) cell.textContent = text;
}

const SVG = "http://www.w3.org/2000/svg";
function bar(svg, parts, longest) {
  let x = 0;
  svg.replaceChildren(...["late", "soon", "ok"].flatMap((name, i) => {
    if (!parts[i] || !longest) return [];
    const rect = document.createElementNS(SVG, "rect"), width = Math.max(1, (74 * parts[i]) / longest);
    for (const [key, value] of Object.entries({ class: name, x: x.toFixed(1), width: width.toFixed(1), height: 10 })) rect.setAttribute(key, value);
    x += width;
    return [rect];
  }));
}

function showCounts(counts) {
  if (!counts) return;
  for (const [key, [value, hint, url]] of Object.entries(counts.six)) {
    const box = one(`[data-number="${key}"]`);
    if (!box) continue;
    put("[data-value]", value, box);
    put("[data-hint]", hint, box);
    if (box.localName === "a") box.href = url;
  }
  sizes = counts.tabs;
  for (const [key, n] of Object.entries(counts.legend)) put(`[data-legend="${key}"]`, n);
  for (const [key, n] of Object.entries(counts.tabs)) put(`[data-tab="${key}"] [data-count]`, n);
  put("[data-say]", counts.say);
  const league = one("[data-league]");
  if (league) {
    const rows = new Map([...league.rows].map((r) => [r.dataset.code, r]));
    for (const [code, late, soon, ok] of counts.league) {
      const r = rows.get(code);
      if (!r) continue;
      r.cells[1].textContent = late + soon + ok;
      r.cells[2].textContent = late;
      r.cells[2].classList.toggle("bad", late > 0);
      bar(one("svg", r), [late, soon, ok], counts.longest);
      if (!league.contains(document.activeElement)) league.append(r);
    }
  }
  const chart = one("[data-chart]");
  if (chart) {
    chart.setAttribute("aria-label", counts.chart.say);
    [...chart.querySelectorAll(".today rect")].forEach((rect, h) => { const [, y, , height] = counts.chart.bars[h]; rect.setAttribute("y", y); rect.setAttribute("height", height); });
    one(".before", chart).setAttribute("d", counts.chart.line);
    const [texts, lines] = [chart.querySelectorAll(".grid text"), chart.querySelectorAll(".grid line")];
    counts.chart.ticks.forEach(([y, n], i) => { texts[i].textContent = n; texts[i].setAttribute("y", y); lines[i].setAttribute("y1", y); lines[i].setAttribute("y2", y); });
  }
}

function showLegend() {
  if (cut) return; // the server has counted them
  const n = { late: 0, soon: 0, ok: 0, done: 0 };
  for (const c of cases.values()) n[c.kind] += 1;
  for (const [kind, count] of Object.entries(n)) put(`[data-legend="${kind}"]`, count);
}

// --- what comes in -------------------------------------------------------------------------------------------
function accept(body) {
  const same = cases.size > 0, before = new Set(cases.keys());
  skew = body.now - Date.now() / 1000;
  cut = !body.full;
  if (body.live) document.body.dataset.liveToken = body.live;
  const next = body.points.map(([id, number, lon, lat, stage, due, closed, cls, place, near, pressed]) => {
    const c = { id, number, lon, lat, stage, due, closed, pressed, title: body.classes[cls], place: near ? fill(config.words.near, { place: body.places[place], near }) : body.places[place], url: config.case.replace("{number}", number), seen: cases.get(id)?.seen ?? 0 };
    c.kind = kindOf(c);
    return c;
  });
  const fresh = same ? next.filter((c) => !before.has(c.id)) : [];
  for (const c of fresh) c.seen = Date.now() + 8000;
  const moved = next.filter((c) => { const o = cases.get(c.id); return !o || o.kind !== c.kind || o.lon !== c.lon || o.lat !== c.lat; });
  cases.clear();
  for (const c of next) { cases.set(c.id, c); before.delete(c.id); }
  if (same) redrawMap(moved, [...before]);
  one("[data-cut]").hidden = body.full;
  showCounts(body.counts);
  showLegend();
  showQueue();
  announce(fresh);
  loadPresses();
  view.fresh();
}

function announce(fresh) {
  if (!fresh.length || !status) return;
  status.textContent = fresh.length === 1 ? fill(config.words.fresh, fresh[0]) : fill(config.words.many, { n: fresh.length });
}

async function load() {
  if (loading) { again = true; return loading; }
  loading = (async () => {
    try {
      const answer = await fetch(config.data, { cache: "no-store", headers: { Accept: "application/json" }, signal: AbortSignal.timeout(15000) });
      if (answer.ok) accept(await answer.json());
    } catch { /* the live chip grows older and says so; what is shown stays */ }
  })();
  await loading;
  loading = null;
  if (again) { again = false; setTimeout(load, 3000); }
}

document.addEventListener("linli:changes", ({ detail }) => {
  if (detail.many || !detail.changed || !cases.size) { load(); return; }
  const changed = detail.changed.map((c) => {
    const known = cases.get(c.id);
    const next = { ...c, closed: Number(c.closed), seen: known ? known.seen : Date.now() + 8000 };
    next.kind = kindOf(next);
    return next;
  });
  const fresh = changed.filter((c) => !cases.has(c.id));
  for (const id of detail.removed) cases.delete(id);
  for (const c of changed) cases.set(c.id, c);
  redrawMap(changed, detail.removed);
  showCounts(detail.counts);
  showLegend();
  showQueue();
  announce(fresh);
  loadPresses();
  view.fresh();
});

// --- the hand ---------------------------------------------------------------------------------------------------
function openTab(key) {
  tab = key;
  showing = first;
  list.parentElement.scrollTop = 0;
  for (const link of document.querySelectorAll("[data-tab]")) {
    if (link.dataset.tab !== key) { link.removeAttribute("aria-current"); continue; }
    link.setAttribute("aria-current", "true");
  }
  view.keep("tab", key);
  one("[data-list]")?.setAttribute("href", config.lists[key]);
  showQueue();
  loadPresses();
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const link = target?.closest("[data-tab]");
  if (link && cases.size && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
    event.preventDefault();
    openTab(link.dataset.tab);
  }
  if (target?.closest("[data-more]")) { showing += 50; showQueue(); }
});
list.addEventListener("pointerover", (event) => light(rowAt(event) ?? chosen));
list.addEventListener("focusin", (event) => light(rowAt(event) ?? chosen));
list.addEventListener("pointerleave", () => light(chosen));

// --- the clock ----------------------------------------------------------------------------------------------------
function tick() {
  const local = new Date(now() * 1000 + 8 * 3600e3), two = (n) => String(n).padStart(2, "0"); // the district's wall clock
  put("[data-clock]", `${two(local.getUTCMonth() + 1)}-${two(local.getUTCDate())} ${config.days[local.getUTCDay()]} ${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`);
}

function minute() {
  const turned = [];
  for (const c of cases.values()) { const kind = kindOf(c); if (kind !== c.kind) { c.kind = kind; turned.push(c); } }
  redrawMap(turned, []);
  if (cases.size) { showLegend(); showQueue(); }
  load();
}

one(".queue").classList.add("open");
load().then(startMap);
setInterval(tick, 1000);
setInterval(minute, 60000);
