// The map of a topic or a campaign tied to its list, and a pin that says where.

import { centerPicker, makeMap, theme } from "../site/map.js";
import "./lists.js";

const COLOUR = { light: "#0b57a4", dark: "#6cb2ff" };

/** The disc of a topic: 64 corners are a circle to the eye. */
function disc(map, lon, lat, radius) {
  const north = radius / 111195, east = north / Math.cos((lat * Math.PI) / 180);
  const ring = Array.from({ length: 65 }, (_x, i) => [lon + east * Math.cos((i * Math.PI) / 32), lat + north * Math.sin((i * Math.PI) / 32)]);
  const draw = () => {
    if (map.getSource("disc")) return;
    map.addSource("disc", { type: "geojson", data: { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring] } } });
    map.addLayer({ id: "disc", type: "fill", source: "disc", paint: { "fill-color": COLOUR[theme()], "fill-opacity": .12 } });
    map.addLayer({ id: "disc-edge", type: "line", source: "disc", paint: { "line-color": COLOUR[theme()], "line-width": 2, "line-dasharray": [3, 2] } });
  };
  map.on("style.load", draw);
  if (map.isStyleLoaded()) draw();
}

function shown(el) {
  const features = JSON.parse(document.getElementById("features")?.textContent || "[]");
  const [lon, lat, radius] = (el.dataset.topic || "").split(",").map(Number);
  const points = features.map((f) => f.geometry.coordinates);
  if (el.dataset.topic) points.push([lon, lat]);
  const pad = el.dataset.topic ? Math.max(radius || 300, 120) / 90000 : .002;
  const box = points.reduce((b, [x, y]) => [Math.min(b[0], x - pad), Math.min(b[1], y - pad), Math.max(b[2], x + pad), Math.max(b[3], y + pad)], [180, 90, -180, -90]);
  const made = makeMap(el, points.length ? { bounds: box, cooperative: true, compact: true } : { cooperative: true, compact: true });
  if (!made) return;
  if (radius) disc(made.map, lon, lat, radius);
  const set = made.addMatters({ features, cluster: !el.dataset.topic });
  const list = document.querySelector("[data-cases]");
  if (list) set.link(list);
}

function point(el) {
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

for (const el of document.querySelectorAll("#map")) shown(el);
for (const el of document.querySelectorAll("[data-pick-point]")) point(el);
