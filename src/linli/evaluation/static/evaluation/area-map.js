// Subdistricts in the colours of their levels, over the background of the house; the list beside says the same.

import { makeMap, maplibre, theme } from "../site/map.js";

const STEPS = {
  light: ["#e6eff9", "#bcd6f0", "#82b1de", "#3d7fbf", "#0b4a8a"],
  dark: ["#17324f", "#1f4f80", "#2f72b4", "#5a9bdc", "#a9d1fb"],
};
const el = document.getElementById("area-map");
const areas = JSON.parse(document.getElementById("areas")?.textContent ?? "{}");

function draw(map) {
  if (map.getLayer("levels")) return;
  const steps = STEPS[theme()], by = [];
  for (const [code, area] of Object.entries(areas)) if (area.step !== null) by.push(code, steps[Math.min(area.step, steps.length - 1)]);
  if (!by.length) return;
  const fill = ["match", ["get", "code"], ...by, "rgba(0,0,0,0)"];
  map.addLayer({ id: "levels", type: "fill", source: "base", "source-layer": "subdistricts", paint: { "fill-color": fill, "fill-opacity": 0.8 } }, "subdistricts");
}

function tell(map, event) {
  const code = event.features?.[0]?.properties.code, area = areas[code];
  if (!area) return;
  const box = document.createElement("span");
  box.textContent = `${area.name} ${area.said}`;
  new maplibre.Popup({ closeButton: false, maxWidth: "16rem" }).setLngLat(event.lngLat).setDOMContent(box).addTo(map);
  for (const row of document.querySelectorAll("[data-area]")) row.toggleAttribute("aria-current", row.dataset.area === code);
}

const made = el ? makeMap(el, { cooperative: true }) : null;
if (made) {
  const { map } = made;
  map.on("style.load", () => draw(map));
  if (map.isStyleLoaded()) draw(map);
  map.on("click", "levels", (event) => tell(map, event));
}
