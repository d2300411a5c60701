// A day played back. The server tells every move once; this page only asks where on the day it stands.
// Sentences come from #playback-config; nothing here is written in any language.

import { makeMap } from "../site/map.js";

const config = JSON.parse(document.getElementById("playback-config").textContent);
const one = (selector, root = document) => root.querySelector(selector);
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name]);
const two = (n) => String(n).padStart(2, "0");
const clockOf = (second) => `${two(Math.floor(second / 3600))}:${two(Math.floor((second % 3600) / 60))}`;
const seek = one("[data-seek]"), play = one("[data-play]"), speed = one("[data-speed]"), list = one("[data-minutes]");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const SHOWN = 80, FRESH_S = 3600;

let day = null, at = 0, playing = false, last = 0, chosen = null, drawnAt = -1, listedAt = -1;

// --- what had happened by a moment ------------------------------------------------------------------------
function before(rows, second, of = (row) => row[0]) { // how many rows lie at or before it
  let low = 0, high = rows.length;
  while (low < high) { const mid = (low + high) >> 1; if (of(rows[mid]) <= second) low = mid + 1; else high = mid; }
  return low;
}

let sums = null; // running counts after each line
function prepare() {
  const run = { opened: 0, sent: 0, back: 0, closed: 0 };
  sums = day.lines.map(([, , verb]) => { const sort = day.verbs[verb][1]; if (sort in run) run[sort] += 1; return { ...run }; });
}

function showCounts() {
  const n = before(day.lines, at), run = n ? sums[n - 1] : { opened: 0, sent: 0, back: 0, closed: 0 };
  const k = before(day.steps, at), [open, late] = k ? day.steps[k - 1].slice(1) : [day.open, day.late];
  for (const [key, value] of Object.entries({ ...run, open, late })) one(`[data-count="${key}"]`).textContent = value.toLocaleString("en");
  const word = clockOf(at);
  one("[data-moment]").textContent = word;
  seek.value = Math.floor(at / 60);
  seek.setAttribute("aria-valuetext", word);
}

// --- the list: newest minute first -------------------------------------------------------------------------
const titleOf = (c) => day.names[c[3]];
const placeOf = (c) => (day.names[c[5]] ? fill(config.words.near, { place: day.names[c[4]], near: day.names[c[5]] }) : day.names[c[4]]);

function row(index) {
  const [second, c, verb] = day.lines[index], item = document.createElement("li"), press = document.createElement("button"), link = document.createElement("a");
  const spot = day.cases[c], [word, sort] = day.verbs[verb];
  item.dataset.line = index;
  press.type = "button";
  press.dataset.case = c;
  press.dataset.second = second;
  const mark = drawing(sort), bold = document.createElement("b"), rest = document.createElement("span");
  bold.textContent = word;
  rest.textContent = `${titleOf(spot)} · ${placeOf(spot)}`;
  press.append(mark, bold, rest);
  link.href = config.case.replace("{number}", spot[0]);
  link.className = "num";
  link.textContent = spot[0];
  link.setAttribute("aria-label", fill(config.words.open, { number: spot[0] }));
  item.append(press, link);
  return item;
}

function showList(force) {
  const n = before(day.lines, at);
  if (!force && n === listedAt) return;
  listedAt = n;
  const first = Math.max(0, n - SHOWN), groups = [];
  for (let i = n - 1; i >= first; i -= 1) {
    const minute = Math.floor(day.lines[i][0] / 60);
    if (groups.at(-1)?.minute !== minute) groups.push({ minute, rows: [], tally: new Map() });
    const group = groups.at(-1), word = day.verbs[day.lines[i][2]][0];
    group.rows.push(i);
    group.tally.set(word, (group.tally.get(word) ?? 0) + 1);
  }
  const held = document.activeElement?.closest?.("[data-line]")?.dataset.line;
  list.replaceChildren(...groups.map((group) => {
    const item = document.createElement("li"), head = document.createElement("h3"), time = document.createElement("time"), said = document.createElement("span"), rows = document.createElement("ul");
    time.textContent = clockOf(group.minute * 60);
    said.textContent = [...group.tally].map(([verb, count]) => fill(config.words.group, { verb, n: count })).join(" · ");
    head.append(time, said);
    rows.append(...group.rows.map(row));
    item.append(head, rows);
    return item;
  }));
  if (first > 0) { const item = document.createElement("li"); item.className = "more small muted"; item.textContent = fill(config.words.more, { n: SHOWN }); list.append(item); }
  one("[data-so-far]").textContent = `${n.toLocaleString("en")} / ${day.lines.length.toLocaleString("en")}`;
  const quiet = one("[data-quiet]");
  quiet.hidden = n > 0;
  if (!n && day.lines.length) { one("b", quiet).textContent = fill(config.words.quiet, { time: clockOf(at) }); one("p", quiet).textContent = ""; }
  mark();
  if (held !== undefined) list.querySelector(`[data-line="${held}"] button`)?.focus({ preventScroll: true });
}

function mark() {
  for (const button of list.querySelectorAll("button[data-case]")) {
    if (Number(button.dataset.case) === chosen) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

// --- the marks: told apart by shape as well ------------------------------------------------------------------
const SVG = "http://www.w3.org/2000/svg";
const SHAPES = { opened: ["M10 2.500 17.500 10 10 17.500 2.500 10z", "#0b57a4"], sent: ["M4 3 17 10 4 17z", "#8a5300"], back: ["M3.500 3.500h13v13h-13z", "#7a4a96"], closed: ["M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14z", "#2d6a3e"], moved: ["M10 6.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7z", "#5a6678"] };
function drawing(sort) {
  const svg = document.createElementNS(SVG, "svg"), path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", `icon k-${sort}`);
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", SHAPES[sort][0]);
  path.setAttribute("fill", "currentColor");
  svg.append(path);
  return svg;
}
for (const svg of document.querySelectorAll("svg[data-mark]")) { const made = drawing(svg.dataset.mark); svg.classList.add(`k-${svg.dataset.mark}`); svg.append(...made.children); }

function image(sort) {
  const size = 40, canvas = document.createElement("canvas"), c = canvas.getContext("2d");
  canvas.width = canvas.height = size;
  c.scale(2, 2);
  const shape = new Path2D(SHAPES[sort][0]);
  c.fillStyle = SHAPES[sort][1];
  c.strokeStyle = "#fff";
  c.lineWidth = 2.2;
  c.lineJoin = "round";
  c.stroke(shape);
  c.fill(shape);
  return c.getImageData(0, 0, size, size);
}

// --- the map --------------------------------------------------------------------------------------------------
const canvas = document.getElementById("map");
let drawn = null;
function features() {
  const n = before(day.lines, at), latest = new Map();
  for (let i = 0; i < n; i += 1) { latest.delete(day.lines[i][1]); latest.set(day.lines[i][1], i); } // the last moved lies on top
  return [...latest].map(([c, i]) => {
    const [second, , verb] = day.lines[i];
    return { type: "Feature", id: c, properties: { c, sort: day.verbs[verb][1], fresh: at - second <= FRESH_S ? 1 : 0, lit: c === chosen ? 1 : 0 }, geometry: { type: "Point", coordinates: [day.cases[c][1], day.cases[c][2]] } };
  });
}
const collection = () => ({ type: "FeatureCollection", features: day ? features() : [] });

function layers() {
  const { map } = drawn;
  if (map.getSource("moves")) return;
  for (const sort of Object.keys(SHAPES)) if (!map.hasImage(`move-${sort}`)) map.addImage(`move-${sort}`, image(sort), { pixelRatio: 2 });
  map.addSource("moves", { type: "geojson", data: collection() });
  map.addLayer({ id: "moves-lit", type: "circle", source: "moves", filter: ["==", ["get", "lit"], 1], paint: { "circle-radius": 15, "circle-color": "#ffb000", "circle-opacity": 0.85, "circle-stroke-color": "#16202e", "circle-stroke-width": 1.5 } });
  map.addLayer({ id: "moves", type: "symbol", source: "moves", layout: { "icon-image": ["concat", "move-", ["get", "sort"]], "icon-allow-overlap": true, "icon-ignore-placement": true, "icon-size": ["interpolate", ["linear"], ["zoom"], 11, ["case", ["==", ["get", "fresh"], 1], 0.9, 0.6], 15, ["case", ["==", ["get", "fresh"], 1], 1.35, 1]], "symbol-sort-key": ["+", ["get", "fresh"], ["*", 2, ["get", "lit"]]] }, paint: { "icon-opacity": ["case", ["any", ["==", ["get", "fresh"], 1], ["==", ["get", "lit"], 1]], 1, 0.4] } });
}

function showMap(force) {
  if (!drawn || (!force && Math.abs(at - drawnAt) < 30)) return;
  drawnAt = at;
  drawn.map.getSource("moves")?.setData(collection());
}

function startMap() {
  drawn = makeMap(canvas, { cooperative: matchMedia("(pointer: coarse)").matches, compact: innerWidth < 1101 });
  if (!drawn) return;
  drawn.choose(canvas.dataset.outline);
  drawn.map.on("style.load", layers);
  if (drawn.map.isStyleLoaded()) layers();
  drawn.map.on("click", "moves", (event) => choose(Number(event.features[0].properties.c), true));
  drawn.map.on("mouseenter", "moves", () => { drawn.map.getCanvas().style.cursor = "pointer"; });
  drawn.map.on("mouseleave", "moves", () => { drawn.map.getCanvas().style.cursor = ""; });
  drawn.ready.then(() => { layers(); showMap(true); document.documentElement.dataset.playback = "ready"; });
}

// --- one case chosen, on either side ------------------------------------------------------------------------------
function choose(c, fromMap) {
  chosen = c;
  pause();
  const n = before(day.lines, at);
  let index = -1;
  for (let i = n - 1; i >= 0; i -= 1) if (day.lines[i][1] === c) { index = i; break; }
  if (fromMap && index >= 0 && n - index > SHOWN) { at = day.lines[index][0]; show(); } // its row is not listed any more: go to its moment
  mark();
  showMap(true);
  const spot = day.cases[c], button = list.querySelector(`button[data-case="${c}"]`);
  if (index >= 0) one("[data-chosen]").textContent = fill(config.words.chosen, { time: clockOf(day.lines[index][0]), verb: day.verbs[day.lines[index][2]][0], title: titleOf(spot), place: placeOf(spot) });
  if (fromMap) { button?.scrollIntoView({ block: "nearest", behavior: calm.matches ? "auto" : "smooth" }); button?.focus({ preventScroll: true }); }
  else if (drawn && !drawn.map.getBounds().contains([spot[1], spot[2]])) drawn.map.easeTo({ center: [spot[1], spot[2]], animate: !calm.matches });
}
list.addEventListener("click", (event) => { const button = event.target.closest("button[data-case]"); if (button) choose(Number(button.dataset.case), false); });

// --- the hand -------------------------------------------------------------------------------------------------------
function show(force) { showCounts(); showList(force); showMap(force); }
function face() {
  one("[data-icon-play]").toggleAttribute("hidden", playing);
  one("[data-icon-pause]").toggleAttribute("hidden", !playing);
  one("[data-play-word]").textContent = playing ? config.words.pause : at >= day.last ? config.words.again : config.words.play;
  document.documentElement.dataset.playing = playing ? "1" : "0";
}
function pause() { playing = false; face(); }
function toggle() {
  if (!day) return;
  if (playing) return pause();
  if (at >= day.last) at = 0;
  playing = true;
  last = performance.now();
  face();
  requestAnimationFrame(frame);
}
function go(second, stop = true) { at = Math.max(0, Math.min(day.last, second)); if (stop) pause(); show(); face(); }
function frame(now) {
  if (!playing) return;
  if (now - last >= 100) { // ten pictures a second say enough of a day
    at = Math.min(day.last, at + ((now - last) / 1000) * Number(speed.value) * 60);
    last = now;
    show();
    if (at >= day.last) return pause();
  }
  requestAnimationFrame(frame);
}
function step(way) {
  const moments = day.lines, n = before(moments, at);
  if (way > 0) go(n < moments.length ? moments[n][0] : day.last);
  else { const here = n ? moments[n - 1][0] : 0, k = before(moments, here < at ? at - 1 : here - 1); go(here < at ? here : k ? moments[k - 1][0] : 0); }
}
play.addEventListener("click", toggle);
seek.addEventListener("input", () => go(Number(seek.value) * 60 + (Number(seek.value) === 1440 ? 0 : 59)));
seek.addEventListener("keydown", (event) => { if (event.key === "PageUp" || event.key === "PageDown") { event.preventDefault(); go(Math.floor(at / 60) * 60 + 59 + (event.key === "PageUp" ? 3600 : -3600)); } });
for (const button of document.querySelectorAll("[data-step]")) button.addEventListener("click", () => step(Number(button.dataset.step)));
document.addEventListener("keydown", (event) => {
  if (!day || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("select, textarea, input:not([type=range]), [contenteditable]")) return;
  if (event.key === "[" || event.key === "]") { event.preventDefault(); step(event.key === "]" ? 1 : -1); }
  if (event.key === " " && !event.target.closest("button, a, summary, .scroll")) { event.preventDefault(); toggle(); }
});
document.addEventListener("visibilitychange", () => { if (document.hidden && day) pause(); });

const answer = await fetch(config.data, { headers: { Accept: "application/json" } });
if (answer.ok) {
  day = await answer.json();
  prepare();
  seek.max = Math.ceil(day.last / 60);
  at = day.last; // a day is shown whole first, as the numbers beside it say
  face();
  show(true);
  startMap();
}
