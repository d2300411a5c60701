// The map of a topic or a campaign tied to its list, and a pin that says where.

import { makeMap, pinFields, theme } from "../site/map.js";
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

for (const el of document.querySelectorAll("#map")) shown(el);
for (const el of document.querySelectorAll("[data-pick-point]")) pinFields(el);
