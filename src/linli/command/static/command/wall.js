// The wall: figures that renew themselves, boards that take turns, and the truth about how old they are.
// It remembers nothing between addresses. What it keeps for a lost network (the page, its parts, the last figures) lies in
// two stores that signing out empties. Sentences come from #board-config.

import { makeMap } from "../site/map.js";
import { addHeaps, addHeat } from "./cells.js";

const config = JSON.parse(document.getElementById("board-config").textContent);
const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const root = document.documentElement, page = document.body.dataset;
const SHELL = "wall-shell", DATA = "wall-data", KEPT = "caches" in window; // without HTTPS a browser gives no stores
const LATE_MS = 150000; // figures that came every minute and are older than this are old

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name]);
const put = (selector, text, where = document) => { const cell = one(selector, where); if (cell && cell.textContent !== String(text)) cell.textContent = text; };
const two = (n) => String(n).padStart(2, "0");

// --- the figures ------------------------------------------------------------------------------------------------
let shown = null; // {body, kept}: what stands there and when this device heard it
let skew = 0, loading = null, again = 0, failed = false;

function accept(body, kept) {
  if (config.revision !== body.revision && kept === undefined) { location.reload(); return; } // the house was renewed
  shown = { body, kept: kept ?? Date.now() };
  if (kept === undefined) skew = body.now - Date.now() / 1000;
  if (body.live && kept === undefined) page.liveToken = body.live;
  for (const [key, [value, hint]] of Object.entries(body.counts.six)) {
    const box = one(`[data-number="${key}"]`);
    if (!box) continue;
    put("[data-value]", value, box);
    put("[data-hint]", hint, box);
  }
  for (const [key, n] of Object.entries(body.counts.legend)) put(`[data-legend="${key}"]`, n.toLocaleString("en-US"));
  put("[data-say]", body.counts.say);
  for (const [key, html] of Object.entries(body.parts)) write(key, html);
  for (const [key, told] of Object.entries(body.data)) one(`[data-board="${key}"]`)?.dispatchEvent(new CustomEvent("linli:board", { detail: told }));
  drawMap(body);
}

const written = new Map();
function write(key, html) {
  if (written.get(key) === html) return;
  written.set(key, html);
  const box = one(`[data-part="${key}"]`) ?? one(`[data-board="${key}"]`);
  if (box) box.innerHTML = html; // written and escaped by the server, as the page itself
}

async function load() {
  clearTimeout(again);
  loading ??= (async () => {
    try {
      const answer = await fetch(config.data, { cache: "no-store", headers: { Accept: "application/json" }, signal: AbortSignal.timeout(15000) });
      if (answer.redirected || answer.status === 401 || answer.status === 403) { await forget(); location.reload(); return; } // signed out
      if (!answer.ok) throw new Error(String(answer.status));
      const body = await answer.json();
      failed = false;
      accept(body);
      keep();
    } catch {
      failed = true;
      again = setTimeout(load, 5000);
    }
    say();
  })();
  await loading;
  loading = null;
}

let waiting = false;
document.addEventListener("linli:changes", async () => {
  if (waiting) return; // one load answers for all that happens meanwhile
  waiting = true;
  await loading;
  await load();
  setTimeout(() => { waiting = false; }, 1000);
});

// --- how old they are ----------------------------------------------------------------------------------------------
let live = "wait", told = "";
document.addEventListener("linli:live", ({ detail }) => { const back = live === "lost" && detail === "live"; live = detail; if (back) load(); say(); });

function heard() {
  const polled = failed ? 0 : Number(page.liveHeard || 0);
  return Math.max(shown?.kept ?? 0, shown && !shown.old ? polled : 0);
}

function span(ms) {
  const w = config.words, s = Math.max(0, Math.round(ms / 1000)), m = Math.floor(s / 60), h = Math.floor(m / 60), d = Math.floor(h / 24);
  const counted = ([singular, plural], n) => fill(n === 1 ? singular : plural, { n });
  const parts = d ? [counted(w.day, d), h % 24 && counted(w.hour, h % 24)] : h ? [counted(w.hour, h), m % 60 && counted(w.minute, m % 60)] : [m ? counted(w.minute, m) : counted(w.second, s)];
  return parts.filter(Boolean).join(" ");
}

function say() {
  const old = shown && Date.now() - shown.kept > LATE_MS;
  const lost = Boolean(shown) && (live === "lost" || (failed && Date.now() - heard() > 8000) || old);
  const was = root.hasAttribute("data-lost");
  root.toggleAttribute("data-lost", lost);
  const band = one("[data-lost]:not(html)");
  band.hidden = !lost;
  if (lost) {
    const day = shown.body.day === clock().slice(0, 5) ? "" : `${shown.body.day} `;
    const words = fill(config.words.lost, { span: span(Date.now() - heard()), at: day + shown.body.at });
    put("[data-lost-text]", words);
    if (!was) told = words;
  } else if (was) told = config.words.back;
  put("[data-lost-say]", told); // a reader hears it once, not every second
}

// --- what is kept ------------------------------------------------------------------------------------------------------
const KEEP = { "Content-Type": "application/json" };
async function keep() {
  if (!KEPT) return;
  try {
    const store = await caches.open(DATA);
    await store.put(config.data, new Response(JSON.stringify({ kept: shown.kept, skew, body: shown.body }), { headers: KEEP }));
    await keepShell();
  } catch { /* no room: the wall goes on without */ }
}

let shelled = 0;
async function keepShell() {
  const store = await caches.open(SHELL);
  const there = await store.match(location.href, { ignoreVary: true });
  if (there && Date.now() - shelled < 3600e3) return;
  shelled = Date.now();
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok || answer.redirected) return;
  const headers = new Headers(answer.headers);
  headers.set("X-Kept", String(Date.now()));
  for (const name of ["Content-Encoding", "Content-Length", "Set-Cookie"]) headers.delete(name);
  await store.put(location.href, new Response(await answer.blob(), { headers }));
  const parts = new Set(performance.getEntriesByType("resource").map((r) => r.name).filter((name) => /^\/(static|tiles)\//.test(new URL(name).pathname)));
  const known = new Set((await store.keys()).map((r) => r.url));
  await Promise.all([...parts].filter((name) => !known.has(name)).map((name) => store.add(name).catch(() => {})));
}

async function forget() {
  if (KEPT) for (const name of [SHELL, DATA]) await caches.delete(name);
}

async function recall() {
  if (!KEPT || shown) return;
  const kept = await (await caches.open(DATA)).match(config.data);
  if (!kept || shown) return;
  const { kept: when, skew: then, body } = await kept.json();
  skew = then;
  accept(body, when);
  shown.old = true;
  say();
}

// --- the map ------------------------------------------------------------------------------------------------------------
const canvas = document.getElementById("map"), mapbox = one("[data-mapbox]");
let drawn = null, cells = null, marks = null; // a map is made once, when a board with a place for it is first seen
const rem = () => parseFloat(getComputedStyle(root).fontSize) / 16;

function startMap() {
  if (!canvas || !mapbox.parentElement.hasAttribute("data-map-slot") || drawn) return;
  const scale = 1.9 * rem();
  drawn = makeMap(canvas, { scale, interactive: false, controls: false, compact: false });
  if (!drawn) return;
  drawn.choose(canvas.dataset.outline);
  if (config.heat) cells = addHeat(drawn, { scale: 1.5 * rem() });
  else {
    cells = addHeaps(drawn, { scale });
    marks = drawn.addMatters({ id: "urgent", scale });
  }
  drawn.ready.then(() => { root.dataset.board = "ready"; });
  if (shown) drawMap(shown.body);
}

let mapped = "";
function drawMap(body) {
  const told = JSON.stringify([body.cells, body.marks]);
  if (!cells || told === mapped) return; // drawing costs more than all the rest
  mapped = told;
  const single = config.heat ? body.marks.map(([lon, lat, kind]) => [lon, lat, 0, Number(kind === "soon"), Number(kind === "late")]) : [];
  cells.set([...body.cells, ...single]);
  marks?.set(body.marks.map(([lon, lat, u], id) => ({ type: "Feature", properties: { id, u }, geometry: { type: "Point", coordinates: [lon, lat] } })));
}

function placeMap(section) {
  const slot = one("[data-map-slot]", section);
  if (!mapbox || !slot) return;
  slot.append(mapbox);
  startMap();
  if (!drawn) return;
  drawn.map.resize();
  const [w, s, e, n] = canvas.dataset.bounds.split(",").map(Number);
  drawn.map.fitBounds([[w, s], [e, n]], { padding: 24 * rem(), animate: false });
}

// --- turns ---------------------------------------------------------------------------------------------------------------
const turns = config.turns;
let at = 0, since = Date.now(), paused = false;

function turn(to) {
  at = (to + turns.length) % turns.length;
  since = Date.now();
  for (const section of all("[data-board]")) section.hidden = section.dataset.board !== turns[at].key;
  for (const button of all("[data-turn]")) {
    if (button.dataset.turn === turns[at].key) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    button.style.setProperty("--done", "0");
  }
  put("[data-name]", turns[at].label);
  placeMap(one(`[data-board="${turns[at].key}"]`));
}

function pause(next) {
  if (turns.length < 2) return;
  const gone = Date.now() - since;
  paused = next;
  pause.gone = paused ? gone : pause.gone;
  if (!paused) since = Date.now() - (pause.gone ?? 0);
  one("[data-paused]").hidden = !paused;
  root.toggleAttribute("data-stopped", paused);
}

function step() {
  if (paused || turns.length < 2) return;
  const done = (Date.now() - since) / (turns[at].seconds * 1000);
  if (done >= 1) turn(at + 1);
  else one(`[data-turn="${turns[at].key}"]`).style.setProperty("--done", Math.min(1, done + 1 / turns[at].seconds).toFixed(3));
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") location.assign(config.leave);
  else if (turns.length < 2) return;
  else if (event.key === " ") { event.preventDefault(); pause(!paused); }
  else if (event.key === "ArrowRight" || event.key === "PageDown") turn(at + 1);
  else if (event.key === "ArrowLeft" || event.key === "PageUp") turn(at - 1);
});
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-turn]") : null;
  if (button) turn(turns.findIndex((t) => t.key === button.dataset.turn));
  else pause(!paused);
});

// --- the clock -------------------------------------------------------------------------------------------------------------
function clock() {
  const local = new Date(Date.now() + skew * 1000 + 8 * 3600e3); // the district's wall clock
  return `${two(local.getUTCMonth() + 1)}-${two(local.getUTCDate())} ${config.days[local.getUTCDay()]} ${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`;
}

function tick() {
  put("[data-clock]", clock());
  say();
  step();
}

turn(0);
if (KEPT && "serviceWorker" in navigator) navigator.serviceWorker.register(config.worker, { scope: config.scope }).catch(() => {});
load().then(() => { if (failed) recall(); });
addEventListener("resize", () => { if (drawn) placeMap(one("[data-board]:not([hidden])")); });
setInterval(tick, 1000);
setInterval(load, 60000);
