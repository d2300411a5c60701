// The map: background from our own vector tiles, labels drawn in the browser (no glyphs, no network), marks of four shapes.
// Words come from the element's data attributes, written by the tag {% map_data %}.

import * as maplibre from "./vendor/maplibre-gl.mjs";

export { maplibre };

export const FONT = ["PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif"];
const DISTRICT = [[116.321, 39.868], [116.401, 39.974]];

export const PALETTE = {
  light: { in: "#f1f3f1", out: "#e6e9ea", green: "#d5e8cc", road: ["", "#f5c983", "#f8dcab", "#fff", "#fff", "#fff", "#fbfbfa"], casing: "#d9dee5",
    community: "#a3adbd", subdistrict: "#33578c", label: "#2a4a7d", label2: "#5a6780", halo: "#fff", street: "#6d6551", chosen: "#0b57a4", focus: "#ffb000" },
  dark: { in: "#0d1b2d", out: "#0a1524", green: "#13302c", road: ["", "#5a4a2c", "#43402f", "#22364f", "#22364f", "#1b2d44", "#17283d"], casing: "#0d1b2d",
    community: "#2c4767", subdistrict: "#5b8fd0", label: "#cfe2fb", label2: "#93a9c4", halo: "#0d1b2d", street: "#a99d7c", chosen: "#6cb2ff", focus: "#ffb000" },
};
export const MARK = { late: ["#b3161b", "triangle"], soon: ["#e08a00", "square"], ok: ["#0b57a4", "disc"], done: ["#6b7788", "ring"] };

/** "light" or "dark", as the page is now. */
export function theme() {
  return document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

/** The background style. `tiles` is the address with {z}/{x}/{y}; `scale` enlarges the labels (wall mode). */
export function style(tiles, { name = theme(), scale = 1, minzoom = 9, maxzoom = 14, bounds } = {}) {
  const c = PALETTE[name];
  const of = (layer) => ({ source: "base", "source-layer": layer });
  const width = { 1: 5, 2: 4, 3: 3.2, 4: 2.4, 5: 1.3, 6: .8 };
  const road = (k, casing) => ({
    id: `${casing ? "casing" : "road"}-${k}`, type: "line", ...of("roads"), filter: ["all", ["==", ["get", "c"], k], ["!", ["has", "l"]]],
    layout: { "line-cap": casing ? "butt" : "round", "line-join": "round" },
    paint: { "line-color": casing ? c.casing : c.road[k],
      "line-width": ["interpolate", ["exponential", 1.5], ["zoom"], 10, width[k] * .3 + (casing ? .6 : 0), 14, width[k] + (casing ? 1.4 : 0), 17, width[k] * 4 + (casing ? 2 : 0)] },
  });
  const label = (id, layer, field, size, colour, more, layout = {}) => ({
    id, type: "symbol", ...of(layer), ...more,
    layout: { "text-field": field, "text-font": FONT, "text-size": size, ...layout },
    paint: { "text-color": colour, "text-halo-color": c.halo, "text-halo-width": 1.6 },
  });
  const classes = [6, 5, 4, 3, 2, 1];
  return {
    version: 8,
    sources: { base: { type: "vector", tiles: [new URL(tiles, location.origin).href.replaceAll("%7B", "{").replaceAll("%7D", "}")], minzoom, maxzoom, ...(bounds && { bounds }) } },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": c.out } },
      { id: "district-fill", type: "fill", ...of("district"), paint: { "fill-color": c.in } },
      { id: "green", type: "fill", ...of("green"), paint: { "fill-color": c.green } },
      ...classes.map((k) => road(k, true)), ...classes.map((k) => road(k, false)),
      { id: "communities", type: "line", ...of("communities"), minzoom: 12.5, paint: { "line-color": c.community, "line-width": 1, "line-dasharray": [2, 2] } },
      { id: "subdistricts", type: "line", ...of("subdistricts"), paint: { "line-color": c.subdistrict, "line-width": 1.2, "line-opacity": .75 } },
      { id: "district", type: "line", ...of("district"), paint: { "line-color": c.subdistrict, "line-width": 2.4 } },
      { id: "chosen-community", type: "line", ...of("communities"), filter: ["==", ["get", "code"], ""], paint: { "line-color": c.chosen, "line-width": 3 } },
      { id: "chosen-subdistrict", type: "line", ...of("subdistricts"), filter: ["==", ["get", "code"], ""], paint: { "line-color": c.chosen, "line-width": 3.5 } },
      { id: "facilities", type: "circle", ...of("facilities"), minzoom: 15, paint: { "circle-radius": 2.5, "circle-color": c.label2, "circle-opacity": .7 } },
      label("streets", "roads", ["get", "n"], 11.5 * scale, c.street, { minzoom: 13.4, filter: ["<=", ["get", "c"], 5] }, { "symbol-placement": "line", "symbol-spacing": 420 }),
      label("facility-names", "facilities", ["coalesce", ["get", "name"], ["get", "n"], ""], 11.5 * scale, c.label2, { minzoom: 16 }, { "text-anchor": "top", "text-offset": [0, .4], "text-max-width": 8 }),
      label("community-names", "communities_label", ["coalesce", ["get", "short"], ["get", "name"]], 11.5 * scale, c.label2, { minzoom: 13.6 }, { "text-max-width": 7 }),
      label("subdistrict-names", "subdistricts_label", ["get", "name"], ["interpolate", ["linear"], ["zoom"], 11, 12.5 * scale, 14, 17 * scale], c.label, { maxzoom: 15 }, { "text-letter-spacing": .06 }),
    ],
  };
}

/** The pixels of a mark, drawn at twice its size: the shape tells as much as the colour. */
export function mark(kind, px = 22) {
  const [colour, shape] = MARK[kind], ratio = 2, half = px / 2;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = px * ratio;
  const g = canvas.getContext("2d");
  g.scale(ratio, ratio);
  Object.assign(g, { lineWidth: 2, strokeStyle: "#fff", fillStyle: colour, lineJoin: "round" });
  g.beginPath();
  if (shape === "triangle") { g.moveTo(half, 2); g.lineTo(px - 1.5, px - 3); g.lineTo(1.5, px - 3); g.closePath(); }
  else if (shape === "square") g.rect(4, 4, px - 8, px - 8);
  else g.arc(half, half, half - (shape === "disc" ? 6 : 7.5), 0, 7);
  if (shape === "ring") {
    g.lineWidth = 3.5; g.stroke(); g.fillStyle = "#fff"; g.fill();
    g.strokeStyle = colour; g.lineWidth = 1.8; g.stroke();
  } else { g.stroke(); g.fill(); }
  if (shape === "triangle") { g.fillStyle = "#fff"; g.fillRect(half - 1, px * .36, 2, px * .24); g.fillRect(half - 1, px * .68, 2, 2.2); }
  return g.getImageData(0, 0, px * ratio, px * ratio);
}

const numbers = (text) => text?.split(",").map(Number);

/**
 * Make a map in `el` (the .canvas inside .map). Returns {map, ready, add, addMatters, addNumbered, choose, remove}; null if the
 * browser cannot draw one: then the sentence data-failed stands in its place and the page's list still serves. `add` takes a
 * set of a page's own: {draw()} is called whenever the style is new.
 * opts: center, zoom, bounds, scale, compact, controls, cooperative, interactive, onFail; data-* of `el` are the defaults.
 */
export function makeMap(el, opts = {}) {
  const d = el.dataset, small = innerWidth < 800;
  const scale = opts.scale ?? (document.documentElement.hasAttribute("data-wall") ? 1.9 : 1);
  const tiles = opts.tiles ?? d.tiles;
  const draw = () => style(tiles, { scale, bounds: numbers(d.tileBounds) });
  const center = opts.center ?? numbers(d.center), bounds = opts.bounds ?? numbers(d.bounds);
  const view = center ? { center, zoom: opts.zoom ?? Number(d.zoom || 15.5) } : { bounds: bounds ?? DISTRICT, fitBoundsOptions: { padding: { top: 14, bottom: 14, left: 10, right: 44 } } };
  let map;
  try {
    map = new maplibre.Map({
      container: el, style: draw(), ...view, minZoom: 9, maxZoom: 18.5, fadeDuration: 0, attributionControl: false,
      dragRotate: false, pitchWithRotate: false, touchPitch: false, interactive: opts.interactive ?? true,
      cooperativeGestures: opts.cooperative ?? false,
      locale: { "Map.Title": d.title, "NavigationControl.ZoomIn": d.zoomIn, "NavigationControl.ZoomOut": d.zoomOut, "AttributionControl.ToggleAttribution": d.attributionToggle,
        "CooperativeGesturesHandler.WindowsHelpText": d.gestureWindows, "CooperativeGesturesHandler.MacHelpText": d.gestureMac, "CooperativeGesturesHandler.MobileHelpText": d.gestureMobile, "Popup.Close": d.close },
    });
  } catch (error) {
    fail(el, opts, error);
    return null;
  }
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  if (opts.controls ?? !small) map.addControl(new maplibre.NavigationControl({ showCompass: false }), opts.controlsAt ?? "top-right");
  map.addControl(new maplibre.AttributionControl({ compact: opts.compact ?? small, customAttribution: d.attribution }), opts.attributionAt ?? "bottom-right");
  map.on("error", (event) => { if (event.error?.status !== 404) console.warn("map:", event.error?.message); });

  const sets = [], chosen = { code: "" };
  let styled = false;
  const restore = () => { styled = true; for (const set of sets) set.draw(); choose(chosen.code); };
  map.on("style.load", restore);
  const repaint = () => { styled = false; map.setStyle(draw(), { diff: false }); };
  document.addEventListener("linli:theme", repaint);
  const system = matchMedia("(prefers-color-scheme: dark)");
  const bySystem = () => { if (!document.documentElement.dataset.theme) repaint(); };
  system.addEventListener("change", bySystem);
  const ready = new Promise((done) => map.once("load", () => { el.dataset.ready = "1"; done(map); }));

  /** Outline one division by its code ("" for none). */
  function choose(code) {
    chosen.code = code || "";
    if (!map.getLayer("chosen-subdistrict")) return;
    map.setFilter("chosen-subdistrict", ["==", ["get", "code"], chosen.code]);
    map.setFilter("chosen-community", ["==", ["get", "code"], chosen.code]);
  }

  const add = (set) => { sets.push(set); if (styled) set.draw(); return set; };
  return {
    map, ready, choose, add,
    addMatters: (o = {}) => add(matters(map, { scale, ...o })),
    addNumbered: (o = {}) => add(numbered(map, o)),
    remove() { document.removeEventListener("linli:theme", repaint); system.removeEventListener("change", bySystem); map.remove(); },
  };
}

function fail(el, opts, error) {
  console.warn("map:", error?.message);
  const box = document.createElement("p");
  box.className = "failed";
  box.textContent = el.dataset.failed || "";
  el.append(box);
  opts.onFail?.(error);
}

/**
 * Matters as marks. Features: {type:"Feature", properties:{id, u: late|soon|ok|done, …}, geometry: Point}.
 * Returns {set(features), update(features, removedIds), highlight(id), onPick(fn), link(listElement), size}.
 * opts: id, features, cluster (numbers instead of heaps, up to zoom clusterMaxZoom or 13), hideDone, onPick.
 */
function matters(map, opts) {
  const id = opts.id ?? "matters", scale = opts.scale ?? 1, known = new Map(), picks = [];
  let lit = null;
  for (const f of opts.features ?? []) known.set(String(f.properties.id), f);
  const all = () => ({ type: "FeatureCollection", features: [...known.values()] });
  const shown = opts.hideDone ? ["!=", ["get", "u"], "done"] : ["literal", true];
  const set = {
    draw() {
      if (map.getSource(id)) return;
      const c = PALETTE[theme()];
      for (const kind of Object.keys(MARK)) if (!map.hasImage(kind)) map.addImage(kind, mark(kind, Math.round((kind === "late" ? 22 : 20) * (scale > 1 ? 1.4 : 1))), { pixelRatio: 2 });
      map.addSource(id, { type: "geojson", data: all(), promoteId: "id", ...(opts.cluster && { cluster: true, clusterMaxZoom: opts.clusterMaxZoom ?? 13, clusterRadius: opts.clusterRadius ?? 44, clusterMinPoints: 4, clusterProperties: { late: ["+", ["case", ["==", ["get", "u"], "late"], 1, 0]] } }) });
      const single = opts.cluster ? ["all", ["!", ["has", "point_count"]], shown] : shown;
      map.addLayer({ id: `${id}-lit`, type: "circle", source: id, filter: single, paint: { "circle-radius": 15 * scale, "circle-color": c.focus, "circle-stroke-color": "#16202e", "circle-stroke-width": 1.5,
        "circle-opacity": ["case", ["boolean", ["feature-state", "lit"], false], .85, 0], "circle-stroke-opacity": ["case", ["boolean", ["feature-state", "lit"], false], 1, 0] } });
      map.addLayer({ id, type: "symbol", source: id, filter: single, layout: { "icon-image": ["get", "u"], "icon-allow-overlap": true, "icon-ignore-placement": true,
        "icon-size": ["interpolate", ["linear"], ["zoom"], 11, .78, 15, 1.3], "symbol-sort-key": ["match", ["get", "u"], "late", 3, "soon", 2, "ok", 1, 0] } });
      if (opts.cluster) {
        const size = scale > 1 ? 1.5 : 1;
        map.addLayer({ id: `${id}-heap`, type: "circle", source: id, filter: ["has", "point_count"], paint: { "circle-color": MARK.ok[0], "circle-opacity": .92, "circle-radius": ["step", ["get", "point_count"], 13 * size, 20, 17 * size, 100, 22 * size],
          "circle-stroke-width": ["case", [">", ["get", "late"], 0], 4, 1.5], "circle-stroke-color": ["case", [">", ["get", "late"], 0], MARK.late[0], "#fff"] } });
        map.addLayer({ id: `${id}-count`, type: "symbol", source: id, filter: ["has", "point_count"], layout: { "text-field": ["get", "point_count"], "text-font": FONT, "text-size": 12.5 * size, "text-allow-overlap": true }, paint: { "text-color": "#fff" } });
        // how many of a heap are late stands on it in red
        const late = ["all", ["has", "point_count"], [">", ["get", "late"], 0]], up = [18 * size, -18 * size];
        map.addLayer({ id: `${id}-late`, type: "circle", source: id, filter: late, paint: { "circle-color": MARK.late[0], "circle-radius": ["step", ["get", "late"], 9 * size, 10, 11 * size, 100, 14 * size], "circle-stroke-color": "#fff", "circle-stroke-width": 1.5, "circle-translate": up } });
        map.addLayer({ id: `${id}-late-count`, type: "symbol", source: id, filter: late, layout: { "text-field": ["get", "late"], "text-font": FONT, "text-size": 12.5 * size, "text-allow-overlap": true, "text-ignore-placement": true }, paint: { "text-color": "#fff", "text-translate": up } });
      }
      if (lit !== null) map.setFeatureState({ source: id, id: lit }, { lit: true });
    },
    set(features) { known.clear(); for (const f of features) known.set(String(f.properties.id), f); map.getSource(id)?.setData(all()); },
    update(features = [], removed = []) {
      for (const key of removed) known.delete(String(key));
      for (const f of features) known.set(String(f.properties.id), f);
      // A clustered source is made again; a plain one is only told the difference.
      const source = map.getSource(id);
      if (!source) return;
      if (opts.cluster) source.setData(all());
      else source.updateData({ remove: [...removed, ...features.map((f) => f.properties.id)], add: features });
    },
    highlight(key) {
      if (!map.getSource(id)) { lit = key; return; }
      if (lit !== null) map.setFeatureState({ source: id, id: lit }, { lit: false });
      lit = key ?? null;
      if (lit !== null) map.setFeatureState({ source: id, id: lit }, { lit: true });
    },
    onPick(fn) { picks.push(fn); },
    /** Tie a list to the marks: rows carry data-matter="id"; pointing at one lights the other. */
    link(list) {
      const at = (event) => (event.target instanceof Element ? event.target.closest("[data-matter]") : null);
      const light = (event) => { const row = at(event); if (row) set.highlight(keyOf(row.dataset.matter)); };
      list.addEventListener("pointerover", light);
      list.addEventListener("focusin", light);
      list.addEventListener("pointerleave", () => set.highlight(null));
      picks.push((properties) => {
        for (const row of list.querySelectorAll("[data-matter][aria-current]")) row.removeAttribute("aria-current");
        const row = list.querySelector(`[data-matter="${CSS.escape(String(properties.id))}"]`);
        row?.setAttribute("aria-current", "true");
        row?.scrollIntoView({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
      });
    },
    get size() { return known.size; },
  };
  const keyOf = (text) => known.get(String(text))?.properties.id ?? text;
  map.on("click", id, (event) => {
    const feature = event.features[0];
    set.highlight(keyOf(feature.properties.id));
    for (const fn of picks) fn(feature.properties, feature);
  });
  map.on("click", `${id}-heap`, async (event) => {
    const feature = event.features[0];
    map.easeTo({ center: feature.geometry.coordinates, zoom: await map.getSource(id).getClusterExpansionZoom(feature.properties.cluster_id) });
  });
  for (const layer of [id, `${id}-heap`]) {
    map.on("mouseenter", layer, () => { map.getCanvas().style.cursor = "pointer"; });
    map.on("mouseleave", layer, () => { map.getCanvas().style.cursor = ""; });
  }
  if (opts.onPick) picks.push(opts.onPick);
  return set;
}

/** A few numbered discs (the near matters of a report). set([{n, lon, lat}]). */
function numbered(map, opts) {
  const id = opts.id ?? "numbered";
  let points = opts.points ?? [];
  const data = () => ({ type: "FeatureCollection", features: points.map((p) => ({ type: "Feature", properties: { n: String(p.n) }, geometry: { type: "Point", coordinates: [p.lon, p.lat] } })) });
  return {
    draw() {
      if (map.getSource(id)) return;
      map.addSource(id, { type: "geojson", data: data() });
      map.addLayer({ id, type: "circle", source: id, paint: { "circle-radius": 10, "circle-color": MARK.ok[0], "circle-stroke-color": "#fff", "circle-stroke-width": 2 } });
      map.addLayer({ id: `${id}-n`, type: "symbol", source: id, layout: { "text-field": ["get", "n"], "text-font": FONT, "text-size": 12.5, "text-allow-overlap": true }, paint: { "text-color": "#fff" } });
    },
    set(next) { points = next; map.getSource(id)?.setData(data()); },
  };
}

/** The pin stays and the map moves: `onMove({lon, lat}, final)` while and after moving, at most every 120 ms. */
export function centerPicker(map, onMove) {
  let last = 0;
  const tell = (final) => { const c = map.getCenter(); last = performance.now(); onMove({ lon: c.lng, lat: c.lat }, final); };
  map.on("move", (event) => { if (event.originalEvent !== undefined && performance.now() - last > 120) tell(false); });
  map.on("moveend", () => tell(true));
}

/** The map of `el` writes its middle into the fields lon and lat of its form, and goes where somebody types. */
export function pinFields(el) {
  const form = el.closest("form"), lon = form.elements.namedItem("lon"), lat = form.elements.namedItem("lat");
  const made = makeMap(el);
  if (!made) return;
  let typed = false, moved = false;
  for (const kind of ["mousedown", "touchstart", "wheel", "keydown"]) el.addEventListener(kind, () => { moved = true; }, { passive: true });
  centerPicker(made.map, (at) => {
    if (typed || !moved) { typed = false; return; }
    lon.value = at.lon.toFixed(6);
    lat.value = at.lat.toFixed(6);
  });
  for (const field of [lon, lat]) {
    field.addEventListener("change", () => {
      const x = Number(lon.value), y = Number(lat.value);
      if (lon.value && lat.value && Math.abs(x) <= 180 && Math.abs(y) <= 85) { typed = true; made.map.jumpTo({ center: [x, y], zoom: Math.max(made.map.getZoom(), 15.5) }); }
    });
  }
}
