// The planner's map: communities coloured by share and hatched where data is missing, homes as dots, facilities to drag.
//
// const drawn = await drawMap(canvas, {homes, draggable, onDrag, onDrop, onCancel, onHome, onFacility, onPoint})
// drawn.communities(states)   [{code, state: yes|no|missing|apart, share}]     drawn.homes(reached, changed)
// drawn.facilities(list)      [{id, lon, lat, kind, name}]                     drawn.circle(geojson or null)

import { makeMap, theme } from "../site/map.js";

const COLOURS = {
  light: { ramp: ["#f7ded6", "#f4c9a8", "#e9dfa6", "#a9d0c0", "#2f8f83"], no: "#c2410c", missing: "#8a94a3", reached: "#14776b", beyond: "#c2410c", gained: "#0b57a4", lost: "#8f1239", ink: "#0d1b2d", kept: "#0b57a4", added: "#7a2fb0", moved: "#b46a00", removed: "#8a94a3", halo: "#fff" },
  dark: { ramp: ["#4a2418", "#5c3a1c", "#57521f", "#24594f", "#2fa596"], no: "#ff8a5c", missing: "#7f90a8", reached: "#45c4b3", beyond: "#ff8a5c", gained: "#6cb2ff", lost: "#ff7a99", ink: "#e8f0fa", kept: "#6cb2ff", added: "#c79bff", moved: "#ffbe55", removed: "#7f90a8", halo: "#0d1b2d" },
};

function hatch(colour) {
  const size = 16, canvas = Object.assign(document.createElement("canvas"), { width: size, height: size }), g = canvas.getContext("2d");
  g.strokeStyle = colour;
  g.lineWidth = 2.4;
  for (const o of [-size, 0, size]) { g.beginPath(); g.moveTo(o - 2, size + 2); g.lineTo(o + size + 2, -2); g.stroke(); }
  return g.getImageData(0, 0, size, size);
}

const points = (list) => ({ type: "FeatureCollection", features: list.map((p, i) => ({ type: "Feature", id: p.id ?? i, properties: { ...p, at: i }, geometry: { type: "Point", coordinates: [p.lon, p.lat] } })) });

// Thousands of facilities leave the district to be seen: those that stand are small from afar, the edited ones are not.
const CROWD = 600;
function sizes(n) {
  const many = n > CROWD, of = (few, crowd) => (many ? ["match", ["get", "kind"], "keep", crowd, few] : few);
  return {
    "circle-radius": ["interpolate", ["linear"], ["zoom"], 11, of(4, 1.6), 14, of(7, 4.5), 17, 11],
    "circle-stroke-width": ["interpolate", ["linear"], ["zoom"], 11, of(2.2, 0.4), 15, 2.2],
  };
}

export async function drawMap(canvas, { homes, boundaries, draggable, onDrag, onDrop, onCancel, onHome, onFacility, onPoint }) {
  const made = makeMap(canvas);
  if (!made) return null;
  const { map, ready } = made;
  await ready;
  const none = { type: "FeatureCollection", features: [] };
  const now = { communities: [], reached: null, changed: null, facilities: [], circle: none };
  let adding = false;

  function layers() {
    const c = COLOURS[theme()], below = "casing-6";
    const state = ["coalesce", ["feature-state", "state"], "none"], share = ["coalesce", ["feature-state", "share"], 0];
    if (!map.hasImage("hatch")) map.addImage("hatch", hatch(c.missing), { pixelRatio: 2 });
    map.addSource("cover", { type: "geojson", data: boundaries, promoteId: "code" });
    const base = { source: "cover" };
    map.addLayer({ id: "cover", type: "fill", ...base, paint: {
      "fill-color": ["interpolate", ["linear"], share, 0, c.ramp[0], 0.25, c.ramp[1], 0.5, c.ramp[2], 0.75, c.ramp[3], 1, c.ramp[4]],
      "fill-opacity": ["match", state, "yes", 0.82, "no", 0.82, "missing", ["+", 0.12, ["*", 0.5, share]], 0] } }, below);
    map.addLayer({ id: "cover-missing", type: "fill", ...base, paint: { "fill-pattern": "hatch", "fill-opacity": ["match", state, "missing", 0.85, 0] } }, below);
    map.addLayer({ id: "cover-no", type: "line", ...base, paint: { "line-color": c.no, "line-width": ["match", state, "no", 2, 0] } });
    map.addSource("circle", { type: "geojson", data: now.circle });
    map.addLayer({ id: "plan-circle-fill", type: "fill", source: "circle", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": c.gained, "fill-opacity": 0.14 } });
    map.addLayer({ id: "plan-circle-line", type: "line", source: "circle", paint: { "line-color": c.gained, "line-width": ["match", ["geometry-type"], "LineString", 2.2, 1.6], "line-opacity": 0.9 } });
    map.addSource("homes", { type: "geojson", data: points(homes), promoteId: "at" });
    map.addLayer({ id: "plan-homes", type: "circle", source: "homes", paint: {
      "circle-radius": ["interpolate", ["linear"], ["zoom"], 11, 1.6, 14, 3.4, 17, 7],
      "circle-color": ["match", ["coalesce", ["feature-state", "is"], "beyond"], "reached", c.reached, "gained", c.gained, "lost", c.lost, c.beyond],
      "circle-stroke-color": c.halo, "circle-stroke-width": ["interpolate", ["linear"], ["zoom"], 12, 0.4, 16, 1.4] } });
    map.addSource("chosen", { type: "geojson", data: points(now.facilities) });
    map.addLayer({ id: "plan-facility", type: "circle", source: "chosen", paint: {
      ...sizes(now.facilities.length),
      "circle-color": ["match", ["get", "kind"], "add", c.added, "move", c.moved, "remove", "rgba(0,0,0,0)", c.kept],
      "circle-stroke-color": ["match", ["get", "kind"], "remove", c.removed, c.halo] } });
    map.addLayer({ id: "plan-facility-names", type: "symbol", source: "chosen", minzoom: 14.2, layout: { "text-field": ["get", "name"], "text-font": ["PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif"], "text-size": 12, "text-anchor": "top", "text-offset": [0, 0.8], "text-max-width": 9 }, paint: { "text-color": c.ink, "text-halo-color": c.halo, "text-halo-width": 1.5 } });
    paint();
    paintHomes();
  }

  const paint = () => { for (const { code, state, share } of now.communities) map.setFeatureState({ source: "cover", id: code }, { state, share }); };
  const paintHomes = () => {
    if (!now.reached) return;
    for (let i = 0; i < homes.length; i++) map.setFeatureState({ source: "homes", id: i }, { is: isOf(i) });
  };
  const isOf = (i) => (now.changed?.[i] > 0 ? "gained" : now.changed?.[i] < 0 ? "lost" : now.reached[i] ? "reached" : "beyond");

  layers();
  map.on("style.load", layers); // a change of theme draws anew

  // A facility is held from the press on; it moves once the pointer has gone further than a hand trembles.
  let held = null, moved = false, from = null, last = null;
  const reach = (event) => (event.originalEvent.touches ? 18 : 5), trembles = (event) => (event.originalEvent.touches ? 9 : 4);
  function at({ point, originalEvent }) {
    const r = reach({ originalEvent }), found = map.queryRenderedFeatures([[point.x - r, point.y - r], [point.x + r, point.y + r]], { layers: ["plan-facility"] });
    const away = (f) => { const q = map.project(f.geometry.coordinates); return Math.hypot(q.x - point.x, q.y - point.y); };
    return found.sort((a, b) => away(a) - away(b))[0];
  }
  const hold = (event) => {
    moved = false;
    const f = adding || (event.originalEvent.touches?.length ?? 1) > 1 || (event.originalEvent.button ?? 0) > 0 ? null : at(event);
    if (!f) { release(); return; }
    if (!draggable) return;
    event.preventDefault(); // the map stays where it is
    held = f.properties.at;
    [from, last] = [event.point, event.lngLat];
    canvas.classList.add("dragging");
  };
  const drag = (event) => {
    if (held === null) return;
    last = event.lngLat;
    if (!moved && Math.hypot(event.point.x - from.x, event.point.y - from.y) < trembles(event)) return;
    moved = true;
    onDrag(held, last.lng, last.lat);
  };
  const drop = () => {
    if (held === null) return;
    const which = held;
    held = null;
    canvas.classList.remove("dragging");
    if (moved) onDrop(which, last.lng, last.lat);
    else onFacility(which);
  };
  const release = () => {
    if (held === null) return;
    held = null;
    canvas.classList.remove("dragging");
    onCancel();
  };
  for (const [down, move, up] of [["mousedown", "mousemove", "mouseup"], ["touchstart", "touchmove", "touchend"]]) { map.on(down, hold); map.on(move, drag); map.on(up, drop); }
  map.on("touchcancel", release);
  addEventListener("mouseup", drop); // let go beside the map
  addEventListener("keydown", (event) => { if (event.key === "Escape") release(); });
  map.on("mouseenter", "plan-facility", () => { map.getCanvas().style.cursor = draggable ? "grab" : "pointer"; });
  map.on("mouseleave", "plan-facility", () => { map.getCanvas().style.cursor = ""; });
  map.on("click", (event) => {
    if (moved) { moved = false; return; }
    if (adding) { onPoint(event.lngLat.lng, event.lngLat.lat); return; }
    const facility = at(event);
    if (facility) { if (!draggable) onFacility(facility.properties.at); return; }
    const { x, y } = event.point, home = map.queryRenderedFeatures([[x - 8, y - 8], [x + 8, y + 8]], { layers: ["plan-homes"] })[0];
    if (home) onHome(home.properties.at);
  });

  return {
    map,
    communities(list) { now.communities = list; paint(); },
    homes(reached, changed) {
      const before = now.reached && Array.from({ length: homes.length }, (_x, i) => isOf(i));
      now.reached = reached;
      now.changed = changed;
      for (let i = 0; i < homes.length; i++) {
        const is = isOf(i);
        if (!before || before[i] !== is) map.setFeatureState({ source: "homes", id: i }, { is });
      }
    },
    facilities(list) {
      const was = now.facilities.length > CROWD;
      now.facilities = list;
      map.getSource("chosen")?.setData(points(list));
      if (map.getLayer("plan-facility") && was !== list.length > CROWD) for (const [name, value] of Object.entries(sizes(list.length))) map.setPaintProperty("plan-facility", name, value);
    },
    circle(data) { now.circle = data ?? none; map.getSource("circle")?.setData(now.circle); },
    adding(on) { adding = on; canvas.classList.toggle("adding", on); },
    look(lon, lat) { map.easeTo({ center: [lon, lat], zoom: Math.max(map.getZoom(), 14.5), duration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 350 }); },
    picture() { return new Promise((done) => { map.once("render", () => map.getCanvas().toBlob(done, "image/png")); map.triggerRepaint(); }); },
  };
}
