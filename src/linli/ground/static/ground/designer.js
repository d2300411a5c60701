// The designer: choose cells, split, merge, move borders and corners. The server checks and reckons every edit and answers
// what changed; of two who edit at once the second is told and keeps what was chosen. Sentences come from #designer-config.

import { drawMap, SCALES, STOPS } from "./designer-map.js";
import { theme } from "../site/map.js";

const config = JSON.parse(document.getElementById("designer-config").textContent), words = config.words;
const one = (selector) => document.querySelector(selector), all = (selector) => [...document.querySelectorAll(selector)];
const say = (text, values = {}) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "");
const number = (n) => new Intl.NumberFormat(config.language).format(n);
const may = config.may && innerWidth > 800, SNAP = 9;
const page = { cells: new Map(), chosen: new Set(), mode: "select", line: [], version: config.version, edits: config.edits, top: config.top, busy: false, drag: null };
let drawn = null;

const put = (selector, text) => { const box = one(selector); if (box) box.textContent = text; };
const tell = (text) => { put("[data-said]", text); put("[data-error]", ""); };
function oops(text, at) { put("[data-said]", ""); put("[data-error]", text); drawn?.oops(at, text); }
const collection = () => ({ type: "FeatureCollection", features: [...page.cells.values()] });

async function load() {
  tell(words.loading);
  try {
    const answer = await fetch(config.urls.cells);
    if (!answer.ok) throw new Error();
    const read = await answer.json();
    page.cells = new Map(read.cells.features.map((f) => [f.properties.code, f]));
    taken(read);
    for (const code of page.chosen) if (!page.cells.has(code)) page.chosen.delete(code);
    if (drawn) drawn.cells(collection());
    tell("");
    show();
    return true;
  } catch { oops(words.failed); return false; }
}
function taken(answer) {
  [page.version, page.edits, page.top] = [answer.version, answer.edits, answer.top];
  for (const box of all("[data-version]")) box.value = page.version;
}

async function send(asked) {
  if (page.busy || !may) return null;
  page.busy = true;
  drawn?.oops();
  tell(words.working);
  try {
    const answer = await fetch(config.urls.edit, { method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": config.csrf }, body: JSON.stringify({ ...asked, version: page.version }) });
    const body = await answer.json().catch(() => ({}));
    if (answer.status === 409 && !body.code?.startsWith("nothing_to")) { await load(); oops(body.code === "wrong_stage" ? body.message : words.conflict); return null; }
    if (!answer.ok) { oops(body.message || words.failed, body.details?.at); return null; }
    const before = new Set(page.cells.keys()), changed = body.cells.features;
    for (const code of body.gone) { page.cells.delete(code); page.chosen.delete(code); }
    for (const f of changed) page.cells.set(f.properties.code, f);
    taken(body);
    drawn?.update(collection(), changed, body.gone.filter((code) => before.has(code)));
    for (const f of changed) if (!before.has(f.properties.code)) page.chosen.add(f.properties.code);
    tell(asked.kind === "undo" ? words.undone : asked.kind === "redo" ? words.redone : say(words.done, { n: number(changed.length) }));
    show();
    return body;
  } catch { oops(words.offline); return null; } finally { page.busy = false; }
}

// --- what is shown ---------------------------------------------------------------------------------------------
function show() {
  drawn?.choose(page.chosen);
  const chosen = [...page.chosen].map((code) => page.cells.get(code)).filter(Boolean);
  put("[data-count]", number(page.cells.size));
  put("[data-chosen-count]", chosen.length ? say(words.chosen, { n: number(chosen.length), m2: number(chosen.reduce((sum, f) => sum + f.properties.a, 0)) }) : words.none);
  one("[data-chosen]")?.replaceChildren(...chosen.slice(0, 40).map((f) => {
    const li = document.createElement("li"), off = Object.assign(document.createElement("button"), { type: "button", textContent: `${f.properties.code} ×` });
    off.setAttribute("aria-label", `${words.remove} ${f.properties.code}`);
    off.addEventListener("click", () => toggle(f.properties.code));
    li.append(off);
    return li;
  }));
  for (const [name, off] of [["undo", !page.edits], ["redo", page.edits >= page.top]]) one(`[data-${name}]`)?.setAttribute("aria-disabled", String(off));
  table();
  corners();
}
const deviation = (f) => Math.abs(Math.log(f.properties.a / config.target));
function table() {
  const body = one("[data-rows]");
  if (!body) return;
  const wanted = one("[data-find]").value.trim(), order = one("[data-order]").value;
  let rows = [...page.cells.values()].filter((f) => !wanted || f.properties.code.endsWith(wanted) || f.properties.code.startsWith(wanted));
  const rank = { chosen: (f) => (page.chosen.has(f.properties.code) ? 0 : 1), deviation: (f) => -deviation(f), compact: (f) => f.properties.k, changed: (f) => ({ new: 0, reshaped: 1 })[f.properties.o] ?? 2 }[order];
  rows = rows.sort((a, b) => rank(a) - rank(b) || a.properties.code.localeCompare(b.properties.code));
  body.replaceChildren(...rows.slice(0, config.shown).map((f) => {
    const tr = document.createElement("tr"), th = document.createElement("th"), go = Object.assign(document.createElement("button"), { type: "button", className: "link num", textContent: f.properties.code }), on = page.chosen.has(f.properties.code);
    th.scope = "row";
    go.setAttribute("aria-pressed", String(on));
    go.addEventListener("click", (event) => { toggle(f.properties.code); look(f); one(`[data-rows] [data-code="${f.properties.code}"] button`)?.focus(); event.preventDefault(); });
    th.append(go);
    tr.dataset.code = f.properties.code;
    if (on) tr.dataset.on = "";
    tr.append(th, ...[number(f.properties.a), `${Math.round((100 * f.properties.a) / config.target)}%`, f.properties.k.toFixed(2)].map((text) => Object.assign(document.createElement("td"), { className: "n", textContent: text })), Object.assign(document.createElement("td"), { textContent: config.origins[f.properties.o] }));
    return tr;
  }));
  put("[data-more]", rows.length > config.shown ? say(words.more, { n: number(rows.length - config.shown) }) : rows.length ? "" : words.notfound);
}
function toggle(code, alone = false) {
  if (alone) { const only = page.chosen.size === 1 && page.chosen.has(code); page.chosen = new Set(only ? [] : [code]); } else if (!page.chosen.delete(code)) page.chosen.add(code);
  show();
}
const rings = (f) => (f.geometry.type === "Polygon" ? [f.geometry.coordinates] : f.geometry.coordinates).flat();
function look(f) {
  const at = rings(f).flat(), xs = at.map((p) => p[0]), ys = at.map((p) => p[1]);
  drawn?.look([[Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]]);
}
function colours() {
  const by = one("[data-colour]")?.value ?? "o", c = SCALES[theme()];
  drawn?.colour(by);
  const labels = by === "o" ? Object.entries(config.origins).map(([key, label]) => [c.o[key], label]) : STOPS[by].map((stop, i) => [c[by][i], by === "a" ? `${Math.round(stop * 100)}%` : stop.toFixed(2)]);
  one("[data-legend]").replaceChildren(...labels.map(([colour, text]) => {
    const li = document.createElement("li"), box = document.createElement("i");
    box.className = "swatch";
    box.style.backgroundColor = colour; // the rule against inline style is about markup: this is the object model
    li.append(box, text);
    return li;
  }));
}

// --- corners ---------------------------------------------------------------------------------------------------
const key = (p) => p.join(","), edgeKey = (a, b) => [key(a), key(b)].sort().join("|");
/** Corners of the chosen cells. What lies on the border of their community is fixed. */
function corners() {
  if (page.mode !== "corner" || !may) { drawn?.corners([]); return; }
  const communities = new Set([...page.chosen].map((code) => code.slice(0, 12))), count = new Map();
  for (const f of page.cells.values()) {
    if (!communities.has(f.properties.code.slice(0, 12))) continue;
    for (const ring of rings(f)) for (let i = 1; i < ring.length; i++) { const k = edgeKey(ring[i - 1], ring[i]); count.set(k, [(count.get(k)?.[0] ?? 0) + 1, ring[i - 1], ring[i]]); }
  }
  const fixed = new Set();
  for (const [n, a, b] of count.values()) if (n === 1) { fixed.add(key(a)); fixed.add(key(b)); }
  const seen = new Set(), features = [], point = (at, properties) => features.push({ type: "Feature", properties, geometry: { type: "Point", coordinates: at } });
  for (const code of [...page.chosen].slice(0, 30)) {
    for (const ring of rings(page.cells.get(code))) for (let i = 1; i < ring.length; i++) {
      const [a, b] = [ring[i - 1], ring[i]], k = edgeKey(a, b);
      if (!seen.has(key(b))) { seen.add(key(b)); point(b, { is: fixed.has(key(b)) ? "fixed" : "corner", at: JSON.stringify([b]) }); }
      if (count.get(k)?.[0] === 2 && !seen.has(k)) { seen.add(k); point([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], { is: "middle", at: JSON.stringify([a, b]) }); }
    }
  }
  drawn?.corners(features);
}

// --- on the map ------------------------------------------------------------------------------------------------
const round = (lngLat) => [Number(lngLat.lng.toFixed(7)), Number(lngLat.lat.toFixed(7))];
function snapped(event) {
  const { map } = drawn, near = event.originalEvent.altKey ? [] : map.queryRenderedFeatures([[event.point.x - 20, event.point.y - 20], [event.point.x + 20, event.point.y + 20]], { layers: ["cells"] });
  let best = null, least = SNAP;
  for (const { properties } of near) for (const p of rings(page.cells.get(properties.code) ?? { geometry: { type: "Polygon", coordinates: [] } }).flat()) {
    const q = map.project(p), d = Math.hypot(q.x - event.point.x, q.y - event.point.y);
    if (d < least) [best, least] = [p, d];
  }
  return best ?? round(event.lngLat);
}
function setMode(mode) {
  page.mode = mode;
  page.line = [];
  drawn?.draw([]);
  drawn?.oops();
  const canvas = document.getElementById("map");
  canvas.dataset.mode = mode;
  for (const b of all("[data-mode]")) if (b !== canvas) b.setAttribute("aria-pressed", String(b.dataset.mode === mode));
  put("[data-hint]", words[mode]);
  corners();
}
async function finishLine() {
  const line = page.line.filter((p, i, list) => !i || key(p) !== key(list[i - 1]));
  page.line = [];
  drawn.draw([]);
  if (line.length > 1) await cut(page.mode, line);
}
function cut(kind, line) {
  const codes = [...page.chosen];
  if (kind === "split" && codes.length !== 1) { oops(words.one); return null; }
  if (kind === "border" && codes.length !== 2) { oops(words.two); return null; }
  return send({ kind, codes, line });
}
function wire() {
  const { map } = drawn, canvas = document.getElementById("map");
  let box = null;
  map.on("click", (event) => {
    if (page.mode === "split" || page.mode === "border") {
      if (event.originalEvent.detail > 1) return; // the second of a double click ends the line
      page.line.push(snapped(event));
      drawn.draw(page.line);
      return;
    }
    if (page.drag?.moved || box?.moved) return;
    const found = map.queryRenderedFeatures(event.point, { layers: ["cells"] })[0];
    if (found) toggle(found.properties.code, !(event.originalEvent.shiftKey || event.originalEvent.ctrlKey));
  });
  map.on("dblclick", () => { if (page.line.length > 1) finishLine(); });
  map.on("mousemove", (event) => {
    if (page.drag) {
      page.drag.moved = true;
      page.drag.to = snapped(event);
      drawn.draw(page.drag.ends, null);
      drawn.draw([page.drag.at[0], page.drag.to, ...page.drag.at.slice(1)]);
    } else if (box) {
      box.moved = true;
      const a = box.from, b = event.lngLat;
      drawn.draw([[a.lng, a.lat], [b.lng, a.lat], [b.lng, b.lat], [a.lng, b.lat], [a.lng, a.lat]]);
    } else if (page.line.length) drawn.draw(page.line, snapped(event));
  });
  map.on("mousedown", (event) => {
    if (page.mode === "corner" && may) {
      const r = 8, hit = map.queryRenderedFeatures([[event.point.x - r, event.point.y - r], [event.point.x + r, event.point.y + r]], { layers: ["corners"] }).sort((a, b) => (a.properties.is === "corner" ? 0 : 1) - (b.properties.is === "corner" ? 0 : 1)).find((f) => f.properties.is !== "fixed");
      if (hit) { event.preventDefault(); page.drag = { at: JSON.parse(hit.properties.at), to: null, moved: false, ends: [] }; canvas.classList.add("grab"); return; }
    }
    if (event.originalEvent.shiftKey && page.mode === "select") { event.preventDefault(); box = { from: event.lngLat, start: event.point, moved: false }; }
  });
  map.on("mouseup", async (event) => {
    if (page.drag) {
      const { at, to, moved } = page.drag;
      canvas.classList.remove("grab");
      setTimeout(() => { page.drag = null; });
      drawn.draw([]);
      if (moved && to) await send({ kind: at.length === 1 ? "corner" : "bend", at, to: [to] });
    } else if (box) {
      const was = box;
      setTimeout(() => { box = null; });
      drawn.draw([]);
      if (was.moved) { for (const f of map.queryRenderedFeatures([was.start, event.point], { layers: ["cells"] })) page.chosen.add(f.properties.code); show(); }
    }
  });
  addEventListener("keydown", (event) => {
    const typing = event.target.matches?.("input, select, textarea");
    if (event.key === "Escape") { if (page.line.length) { page.line = []; drawn.draw([]); } drawn.oops(); } else if (event.key === "Enter" && page.line.length > 1 && !typing) { event.preventDefault(); finishLine(); } else if (event.key === "Backspace" && page.line.length && !typing) { page.line.pop(); drawn.draw(page.line); } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !typing && may) { event.preventDefault(); send({ kind: event.shiftKey ? "redo" : "undo" }); } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "y" && !typing && may) { event.preventDefault(); send({ kind: "redo" }); }
  });
}

// --- beside the map --------------------------------------------------------------------------------------------
for (const b of all("button[data-mode]")) b.addEventListener("click", () => setMode(b.dataset.mode));
for (const name of ["undo", "redo"]) one(`[data-${name}]`)?.addEventListener("click", () => send({ kind: name }));
const ways = {
  halve() { return page.chosen.size === 1 ? send({ kind: "split", codes: [...page.chosen] }) : oops(words.one); },
  merge() { return page.chosen.size > 1 ? send({ kind: "merge", codes: [...page.chosen] }) : oops(words.several); },
  clear() { page.chosen.clear(); show(); },
};
for (const b of all("[data-do]")) b.addEventListener("click", () => ways[b.dataset.do]());
one("[data-line]")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const line = one("#line").value.trim().split(/[\s;；]+/).map((pair) => pair.split(/[,，]/).map(Number));
  if (line.length < 2 || line.some((p) => p.length !== 2 || p.some((v) => !Number.isFinite(v)))) { oops(words.badline); return; }
  await cut(event.submitter?.value || "split", line);
});
one("[data-find]")?.addEventListener("input", table);
one("[data-order]")?.addEventListener("change", table);
one("[data-colour]")?.addEventListener("change", colours);
document.addEventListener("linli:theme", () => setTimeout(colours));
for (const b of all("[data-look]")) b.addEventListener("click", () => { const f = page.cells.get(b.dataset.look); if (!f) { oops(words.notfound); return; } page.chosen = new Set([b.dataset.look]); show(); look(f); });
one("[data-png]")?.addEventListener("click", async () => {
  const blob = await drawn.picture(), a = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: `grid-${config.draft}.png` });
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 5000);
});

await load();
drawn = await drawMap(document.getElementById("map"), config.target);
if (drawn) { drawn.cells(collection()); wire(); }
colours();
setMode("select");
show();
document.documentElement.dataset.designer = "ready";
