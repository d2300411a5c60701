// Maps of the nets: cells of a layer by body, base grids by what was found, stretches of borders that disagree.
// A stretch is told by its number: the row of the list beside the map has the same.

import { makeMap, maplibre, theme } from "../site/map.js";

const canvas = document.getElementById("nets-map"), kind = canvas.dataset.kind;
const BODIES = ["#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#76b7b2", "#edc948", "#ff9da7", "#9c755f"];
const FOUND = { several: "#b3161b", none: "#e08a00", missing: "#8b95a5", border: "#f2d36b", one: "#9cc5a1" };
const made = makeMap(canvas);
let data = null, chosen = 0;

function hatch(colour) {
  const size = 12, paper = Object.assign(document.createElement("canvas"), { width: size, height: size }), g = paper.getContext("2d");
  g.strokeStyle = colour;
  g.lineWidth = 1.6;
  for (const o of [-size, 0, size]) { g.beginPath(); g.moveTo(o - 2, size + 2); g.lineTo(o + size + 2, -2); g.stroke(); }
  return g.getImageData(0, 0, size, size);
}

const match = (property, table, other) => ["match", ["get", property], ...Object.entries(table).flatMap(([k, v]) => [property === "n" ? Number(k) : k, v]), other];

const set = {
  draw() {
    const { map } = made;
    if (!data || map.getSource("net")) return;
    const dark = theme() === "dark", ink = dark ? "#cfe2fb" : "#24405f";
    map.addSource("net", { type: "geojson", data });
    if (kind === "borders") {
      map.addLayer({ id: "net-wide", type: "line", source: "net", paint: { "line-color": "#ffb000", "line-width": 9, "line-opacity": ["case", ["==", ["get", "n"], chosen], .8, 0] }, layout: { "line-cap": "round" } });
      map.addLayer({ id: "net-line", type: "line", source: "net", paint: { "line-color": dark ? "#ff8a8d" : "#b3161b", "line-width": ["interpolate", ["linear"], ["zoom"], 11, 1.2, 15, 3.5] }, layout: { "line-cap": "round" } });
      return;
    }
    if (!map.hasImage("net-hatch")) map.addImage("net-hatch", hatch(ink), { pixelRatio: 2 });
    const colour = kind === "cells" ? match("n", Object.fromEntries(BODIES.map((c, i) => [i + 1, c])), "#ffffff") : match("f", FOUND, "#9cc5a1");
    const opacity = kind === "cells" ? ["case", ["==", ["get", "n"], 0], .15, .5] : ["case", ["get", "d"], .28, .75];
    map.addLayer({ id: "net-fill", type: "fill", source: "net", paint: { "fill-color": colour, "fill-opacity": opacity } });
    map.addLayer({ id: "net-none", type: "fill", source: "net", filter: kind === "cells" ? ["==", ["get", "n"], 0] : ["==", ["get", "f"], "missing"], paint: { "fill-pattern": "net-hatch", "fill-opacity": .6 } });
    map.addLayer({ id: "net-edge", type: "line", source: "net", paint: { "line-color": ink, "line-width": ["interpolate", ["linear"], ["zoom"], 11, .2, 15, 1.2], "line-opacity": .7 } });
  },
};

function choose(n, fly) {
  chosen = n;
  for (const row of document.querySelectorAll("tr[data-n]")) row.classList.toggle("on", Number(row.dataset.n) === n);
  if (made?.map.getLayer("net-wide")) made.map.setPaintProperty("net-wide", "line-opacity", ["case", ["==", ["get", "n"], n], .8, 0]);
  const feature = fly && data?.features.find((f) => f.properties.n === n);
  if (feature?.geometry.coordinates.length) {
    const box = new maplibre.LngLatBounds();
    for (const line of feature.geometry.coordinates) for (const at of line) box.extend(at);
    made?.map.fitBounds(box, { padding: 80, maxZoom: 16, animate: !matchMedia("(prefers-reduced-motion: reduce)").matches });
  }
}

for (const row of document.querySelectorAll("tr[data-n]")) row.addEventListener("click", () => choose(Number(row.dataset.n), true));

if (made) {
  made.add(set);
  const answer = await fetch(canvas.dataset.url, { headers: { Accept: "application/json" } });
  if (answer.ok) data = await answer.json();
  await made.ready;
  set.draw();
  const { map } = made;
  if (kind === "borders") {
    map.on("click", "net-line", (event) => {
      const { n } = event.features[0].properties, row = document.querySelector(`tr[data-n="${n}"]`);
      choose(n, false);
      row?.scrollIntoView({ block: "nearest" });
    });
  } else {
    map.on("click", "net-fill", (event) => {
      const { code, name, body } = event.features[0].properties;
      if (kind === "grids") { location.href = canvas.dataset.lines + code; return; }
      const box = document.createElement("p");
      box.textContent = [code, name, body || "—"].filter(Boolean).join(" · ");
      new maplibre.Popup({ maxWidth: "18rem" }).setLngLat(event.lngLat).setDOMContent(box).addTo(map);
    });
  }
  for (const layer of ["net-line", "net-fill"]) {
    map.on("mouseenter", layer, () => { map.getCanvas().style.cursor = "pointer"; });
    map.on("mouseleave", layer, () => { map.getCanvas().style.cursor = ""; });
  }
}
