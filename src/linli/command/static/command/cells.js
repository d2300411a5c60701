// Cases in cells: heaps with their number, or heat. A cell is [lon, lat, ok, soon, late]; the server has counted it.

import { FONT, MARK, mark, theme } from "../site/map.js";

// On light ground more is darker, on dark ground more is brighter; board.css and wall.css paint the legend the same.
export const RAMP = {
  light: ["#fbd9a8", "#f6a866", "#e66f3e", "#c23a2c", "#82101d"],
  dark: ["#4a2a6e", "#8b2f74", "#cc4660", "#f3874c", "#ffe08a"],
};

const features = (cells) => cells.map(([lon, lat, ok, soon, late], id) => ({
  type: "Feature", id, geometry: { type: "Point", coordinates: [lon, lat] },
  properties: { n: ok + soon + late, late, u: late ? "late" : soon ? "soon" : "ok" },
}));
const collection = (list) => ({ type: "FeatureCollection", features: list });

/** Heaps of what lies close together, with how many of each are late. Returns {set(cells)}. */
export function addHeaps(drawn, { id = "heaps", scale = 1 } = {}) {
  const { map } = drawn;
  let held = [];
  const radius = ["interpolate", ["linear"], ["sqrt", ["get", "n"]], 1, 13 * scale, 5, 19 * scale, 30, 24 * scale];
  const label = ["case", [">", ["get", "late"], 0], ["format", ["to-string", ["get", "n"]], {}, "\n", {}, ["concat", "▲", ["get", "late"]], { "text-color": "#ffd5d2", "font-scale": .82 }], ["format", ["to-string", ["get", "n"]], {}]];
  return Object.assign(drawn.add({
    draw() {
      if (map.getSource(id)) return;
      for (const kind of Object.keys(MARK)) if (!map.hasImage(kind)) map.addImage(kind, mark(kind, Math.round((kind === "late" ? 22 : 20) * (scale > 1 ? 1.4 : 1))), { pixelRatio: 2 });
      map.addSource(id, { type: "geojson", data: collection(held), cluster: true, clusterMaxZoom: 17, clusterMinPoints: 2, clusterRadius: Math.round(36 * scale),
        clusterProperties: { n: ["+", ["get", "n"]], late: ["+", ["get", "late"]] } });
      const many = [">", ["get", "n"], 1];
      map.addLayer({ id: `${id}-one`, type: "symbol", source: id, filter: ["==", ["get", "n"], 1], layout: { "icon-image": ["get", "u"], "icon-allow-overlap": true, "icon-size": Math.max(1, scale * .8) } });
      map.addLayer({ id, type: "circle", source: id, filter: many, paint: { "circle-color": MARK.ok[0], "circle-opacity": .94, "circle-radius": radius,
        "circle-stroke-width": ["case", [">", ["get", "late"], 0], 2.2 * scale, 1.5], "circle-stroke-color": ["case", [">", ["get", "late"], 0], "#e0343a", "#fff"] } });
      map.addLayer({ id: `${id}-n`, type: "symbol", source: id, filter: many, paint: { "text-color": "#fff" },
        layout: { "text-field": label, "text-font": FONT, "text-size": 14.8 * scale, "text-line-height": 1.05, "text-allow-overlap": true, "text-ignore-placement": true } });
    },
  }), { set(cells) { held = features(cells); map.getSource(id)?.setData(collection(held)); } });
}

/** Heat: where open cases lie densest. Returns {set(cells), show(on)}. The names of places stay above it. */
export function addHeat(drawn, { id = "heat", scale = 1, shown = true } = {}) {
  const { map } = drawn;
  let held = [], on = shown;
  const most = () => Math.max(1, ...held.map((f) => f.properties.n));
  const weight = () => ["interpolate", ["linear"], ["get", "n"], 0, 0, most(), 1];
  return Object.assign(drawn.add({
    draw() {
      if (map.getSource(id)) return;
      const ramp = RAMP[theme()], clear = `${ramp[0]}00`;
      map.addSource(id, { type: "geojson", data: collection(held) });
      map.addLayer({ id, type: "heatmap", source: id, layout: { visibility: on ? "visible" : "none" }, paint: {
        "heatmap-weight": weight(), "heatmap-opacity": .82,
        "heatmap-intensity": ["interpolate", ["linear"], ["zoom"], 10, .7, 15, 2],
        "heatmap-radius": ["interpolate", ["exponential", 1.6], ["zoom"], 10, 14 * scale, 12, 26 * scale, 15, 80 * scale],
        "heatmap-color": ["interpolate", ["linear"], ["heatmap-density"], 0, clear, .12, ramp[0], .32, ramp[1], .54, ramp[2], .76, ramp[3], 1, ramp[4]],
      } }, map.getLayer("streets") ? "streets" : undefined);
    },
  }), {
    set(cells) {
      held = features(cells);
      map.getSource(id)?.setData(collection(held));
      if (map.getLayer(id)) map.setPaintProperty(id, "heatmap-weight", weight());
    },
    show(next) { on = next; if (map.getLayer(id)) map.setLayoutProperty(id, "visibility", on ? "visible" : "none"); },
  });
}
