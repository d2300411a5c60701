// Facilities on a map: points of a list (click opens one), the place of one, or a pin that says where one stands.
//
// <div class="canvas" data-points="id-of-json" data-open="/…/0/">  [[id, lon, lat, name], …]
// <div class="canvas" data-single data-center="lon,lat">           <div class="canvas" data-pick>: fields lon and lat of the form

import { makeMap, maplibre, pinFields, theme } from "../site/map.js";

const COLOUR = { light: ["#0b57a4", "#fff"], dark: ["#6cb2ff", "#0d1b2d"] };

function layer(map, features) {
  const draw = () => {
    if (map.getSource("points")) return;
    const [fill, halo] = COLOUR[theme()];
    map.addSource("points", { type: "geojson", data: { type: "FeatureCollection", features } });
    map.addLayer({ id: "points", type: "circle", source: "points", paint: { "circle-color": fill, "circle-stroke-color": halo, "circle-stroke-width": 1.2,
      "circle-radius": ["interpolate", ["linear"], ["zoom"], 10, 2.2, 14, 4.5, 17, 8] } });
  };
  map.on("style.load", draw);
  if (map.isStyleLoaded()) draw();
}

function popup(map, at, name, url) {
  const box = document.createElement(url ? "a" : "span");
  box.textContent = name;
  box.lang = "zh-CN";
  if (url) box.href = url;
  new maplibre.Popup({ closeButton: false, maxWidth: "16rem" }).setLngLat(at).setDOMContent(box).addTo(map);
}

function listed(el) {
  const rows = JSON.parse(document.getElementById(el.dataset.points).textContent);
  const features = rows.map(([id, lon, lat, name]) => ({ type: "Feature", properties: { id, name }, geometry: { type: "Point", coordinates: [lon, lat] } }));
  const box = rows.reduce((b, [, x, y]) => [Math.min(b[0], x), Math.min(b[1], y), Math.max(b[2], x), Math.max(b[3], y)], [180, 90, -180, -90]);
  const made = makeMap(el, rows.length ? { bounds: box, cooperative: true } : { cooperative: true });
  if (!made) return;
  layer(made.map, features);
  made.map.on("click", "points", (event) => {
    const found = event.features[0], { id, name } = found.properties;
    popup(made.map, found.geometry.coordinates, name, id && el.dataset.open ? el.dataset.open.replace("/0/", `/${id}/`) : "");
  });
  made.map.on("mouseenter", "points", () => { made.map.getCanvas().style.cursor = "pointer"; });
  made.map.on("mouseleave", "points", () => { made.map.getCanvas().style.cursor = ""; });
}

function single(el) {
  const made = makeMap(el, { cooperative: true });
  if (made) layer(made.map, [{ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: el.dataset.center.split(",").map(Number) } }]);
}

for (const el of document.querySelectorAll(".canvas[data-points]")) listed(el);
for (const el of document.querySelectorAll(".canvas[data-single]")) single(el);
for (const el of document.querySelectorAll(".canvas[data-pick]")) pinFields(el);
