// The designer's map: cells coloured by what is asked, chosen ones outlined, a line being drawn, corners to drag.
// Cells are loaded once; an edit replaces those that changed by their code.

import { makeMap, maplibre, theme } from "../site/map.js";

export const SCALES = {
  light: { a: ["#3b6fb6", "#a9c4e6", "#eef0e4", "#f0b27a", "#c2410c"], k: ["#b3161b", "#eab676", "#f3ecc8", "#a9d0c0", "#2f8f83"], o: { kept: "#cfd6df", reshaped: "#f0b24a", new: "#2f8f83" }, line: "#3d4c63", chosen: "#7a2fb0", draw: "#b3161b", halo: "#fff" },
  dark: { a: ["#6ea3ea", "#3d5f8f", "#2b3a45", "#8a5a2a", "#ff8a5c"], k: ["#ff7a78", "#8a5a2a", "#4d4a2f", "#24594f", "#45c4b3"], o: { kept: "#2c3f57", reshaped: "#c98a1e", new: "#2fa596" }, line: "#9db0c8", chosen: "#d7a6ff", draw: "#ff8078", halo: "#0d1b2d" },
};
export const STOPS = { a: [0.25, 0.65, 1, 1.5, 2], k: [0.3, 0.45, 0.6, 0.7, 0.8] };
const none = () => ({ type: "FeatureCollection", features: [] });

export async function drawMap(canvas, target) {
  const made = makeMap(canvas, { cooperative: false });
  if (!made) return null;
  const { map, ready } = made;
  await ready;
  map.boxZoom.disable();
  map.doubleClickZoom.disable();
  const now = { cells: none(), colour: "a", chosen: new Set(), draw: none(), corners: none() };

  const ramp = (by, value) => ["interpolate", ["linear"], value, ...STOPS[by].flatMap((stop, i) => [stop, SCALES[theme()][by][i]])];
  function fill() {
    const c = SCALES[theme()];
    if (now.colour === "o") return ["match", ["get", "o"], "new", c.o.new, "reshaped", c.o.reshaped, c.o.kept];
    return now.colour === "a" ? ramp("a", ["/", ["get", "a"], target]) : ramp("k", ["get", "k"]);
  }
  function layers() {
    const c = SCALES[theme()], lit = ["boolean", ["feature-state", "chosen"], false];
    map.addSource("cells", { type: "geojson", data: now.cells, promoteId: "code", tolerance: 0.1 });
    map.addLayer({ id: "cells", type: "fill", source: "cells", paint: { "fill-color": fill(), "fill-opacity": 0.62 } }, "casing-6");
    map.addLayer({ id: "cells-lit", type: "fill", source: "cells", paint: { "fill-color": c.chosen, "fill-opacity": ["case", lit, 0.3, 0] } });
    map.addLayer({ id: "cells-line", type: "line", source: "cells", paint: { "line-color": c.line, "line-opacity": 0.75, "line-width": ["interpolate", ["linear"], ["zoom"], 11, 0.4, 15, 1.3] } });
    map.addLayer({ id: "cells-chosen", type: "line", source: "cells", paint: { "line-color": c.chosen, "line-width": ["case", lit, 3, 0] } });
    map.addLayer({ id: "cells-code", type: "symbol", source: "cells", minzoom: 15.2, layout: { "text-field": ["slice", ["get", "code"], 12], "text-font": ["PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif"], "text-size": 13 }, paint: { "text-color": c.line, "text-halo-color": c.halo, "text-halo-width": 1.4 } });
    map.addSource("draw", { type: "geojson", data: now.draw });
    map.addLayer({ id: "draw", type: "line", source: "draw", paint: { "line-color": c.draw, "line-width": 2.6, "line-dasharray": [2, 1] } });
    map.addLayer({ id: "draw-points", type: "circle", source: "draw", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 4.5, "circle-color": c.halo, "circle-stroke-color": c.draw, "circle-stroke-width": 2 } });
    map.addSource("corners", { type: "geojson", data: now.corners });
    map.addLayer({ id: "corners", type: "circle", source: "corners", paint: { "circle-radius": ["match", ["get", "is"], "corner", 6, "middle", 4.5, 3.5], "circle-color": ["match", ["get", "is"], "corner", c.chosen, "middle", c.halo, "#8a94a3"], "circle-stroke-color": ["match", ["get", "is"], "fixed", c.halo, c.chosen], "circle-stroke-width": 1.6 } });
    for (const code of now.chosen) map.setFeatureState({ source: "cells", id: code }, { chosen: true });
  }
  layers();
  map.on("style.load", layers);
  let popup = null;

  return {
    map,
    cells(collection) { now.cells = collection; map.getSource("cells")?.setData(collection); },
    update(collection, changed, gone) { now.cells = collection; map.getSource("cells")?.updateData({ remove: [...gone, ...changed.map((f) => f.properties.code)], add: changed }); },
    colour(by) { now.colour = by; map.setPaintProperty("cells", "fill-color", fill()); },
    choose(codes) {
      for (const code of now.chosen) if (!codes.has(code)) map.setFeatureState({ source: "cells", id: code }, { chosen: false });
      for (const code of codes) map.setFeatureState({ source: "cells", id: code }, { chosen: true });
      now.chosen = new Set(codes);
    },
    draw(points, hover) {
      const line = hover ? [...points, hover] : points;
      const features = points.map((p) => ({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: p } }));
      if (line.length > 1) features.push({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: line } });
      now.draw = { type: "FeatureCollection", features };
      map.getSource("draw")?.setData(now.draw);
    },
    corners(features) { now.corners = { type: "FeatureCollection", features }; map.getSource("corners")?.setData(now.corners); },
    look(box) { map.fitBounds(box, { padding: 90, maxZoom: 16.5, animate: false }); },
    oops(at, text) {
      popup?.remove();
      popup = at && text ? new maplibre.Popup({ className: "oops", closeButton: false, focusAfterOpen: false }).setLngLat(at).setText(text).addTo(map) : null;
    },
    picture() { return new Promise((done) => { map.once("render", () => map.getCanvas().toBlob(done, "image/png")); map.triggerRepaint(); }); },
  };
}
