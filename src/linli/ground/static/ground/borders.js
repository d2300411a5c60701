// The map of a change of borders: borders before (dashed) and after (solid), ground that changes hands (hatched); and, in a draft,
// communities or base grids picked by a click. What is picked stands in the form: checkboxes, or codes in the text field.

import { makeMap, maplibre, theme, FONT } from "../site/map.js";

const COLOURS = {
  light: { before: "#8a5a00", after: "#0b57a4", moved: "#7a2fb0", pick: "#7a2fb0", idle: "#33578c", halo: "#fff" },
  dark: { before: "#ffbe55", after: "#6cb2ff", moved: "#c79bff", pick: "#c79bff", idle: "#5b8fd0", halo: "#0d1b2d" },
};
const NONE = { type: "FeatureCollection", features: [] };
const canvas = document.getElementById("border-map"), form = document.getElementById("border-form");
const say = (text, n) => text.replace("{n}", n);

function hatch(colour) {
  const size = 16, paper = Object.assign(document.createElement("canvas"), { width: size, height: size }), g = paper.getContext("2d");
  g.strokeStyle = colour;
  g.lineWidth = 2.2;
  for (const o of [-size, 0, size]) { g.beginPath(); g.moveTo(o - 2, size + 2); g.lineTo(o + size + 2, -2); g.stroke(); }
  return g.getImageData(0, 0, size, size);
}

const labels = (set) => ({ type: "FeatureCollection", features: set.features.filter((f) => f.properties.x).map((f) => ({ type: "Feature", properties: f.properties, geometry: { type: "Point", coordinates: [f.properties.x, f.properties.y] } })) });

/** Before and after as layers of one map. */
function drawPicture(made, picture) {
  const { map } = made, now = { show: "both" };
  const set = {
    draw() {
      if (map.getSource("b-moved")) return;
      const c = COLOURS[theme()];
      if (!map.hasImage("b-hatch")) map.addImage("b-hatch", hatch(c.moved), { pixelRatio: 2 });
      for (const name of ["moved", "before", "after"]) map.addSource(`b-${name}`, { type: "geojson", data: picture[name] });
      map.addSource("b-names", { type: "geojson", data: labels(picture.after) });
      map.addLayer({ id: "b-moved", type: "fill", source: "b-moved", paint: { "fill-color": c.moved, "fill-opacity": 0.18 } });
      map.addLayer({ id: "b-moved-hatch", type: "fill", source: "b-moved", paint: { "fill-pattern": "b-hatch", "fill-opacity": 0.7 } });
      const width = ["match", ["get", "level"], 12, 1.6, 9, 3, 4];
      map.addLayer({ id: "b-after", type: "line", source: "b-after", paint: { "line-color": c.after, "line-width": ["*", 1.2, width] } });
      map.addLayer({ id: "b-before", type: "line", source: "b-before", paint: { "line-color": c.before, "line-width": width, "line-dasharray": [2.2, 1.6] } });
      map.addLayer({ id: "b-names", type: "symbol", source: "b-names", filter: [">=", ["get", "level"], 9], layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": ["match", ["get", "level"], 9, 15, 12], "text-max-width": 7 }, paint: { "text-color": c.after, "text-halo-color": c.halo, "text-halo-width": 1.8 } });
      map.setLayerZoomRange("b-names", 10, 18.5);
      set.show(now.show);
    },
    show(which) {
      now.show = which;
      for (const [layer, when] of [["b-before", "after"], ["b-after", "before"], ["b-names", "before"]]) if (map.getLayer(layer)) map.setLayoutProperty(layer, "visibility", which === when ? "none" : "visible");
    },
  };
  made.add(set);
  map.on("click", "b-moved", (event) => {
    if (picking()) return;
    const box = Object.assign(document.createElement("span"), { className: "border-popup", textContent: event.features[0].properties.text, lang: "zh-CN" });
    new maplibre.Popup({ closeButton: false, maxWidth: "18rem" }).setLngLat(event.lngLat).setDOMContent(box).addTo(map);
  });
  const all = [...picture.moved.features, ...(picture.moved.features.length ? [] : picture.after.features)];
  const box = new maplibre.LngLatBounds();
  const walk = (c) => (typeof c[0] === "number" ? box.extend(c) : c.forEach(walk));
  for (const f of all) if (f.geometry) walk(f.geometry.coordinates);
  if (!box.isEmpty()) map.fitBounds(box, { padding: 60, maxZoom: 15, duration: 0 });
  return set;
}

// --- picking ------------------------------------------------------------------------------------------
const picking = () => form?.querySelector("details[data-pick][open]")?.dataset.pick ?? "";
const boxes = () => [...form.querySelectorAll('input[name="communities"]')];
const cells = () => [...new Set(form.elements.cells.value.match(/\d{15}/g) ?? [])];
const chosen = (kind) => new Set(kind === "communities" ? boxes().filter((b) => b.checked).map((b) => b.value) : cells());

function toggle(kind, code) {
  if (kind === "communities") {
    const box = boxes().find((b) => b.value === code);
    if (box) { box.checked = !box.checked; box.dispatchEvent(new Event("change", { bubbles: true })); box.closest(".pick-list").scrollTop = box.closest("label").offsetTop - box.closest(".pick-list").offsetTop - 40; }
    return;
  }
  const now = new Set(cells());
  if (!now.delete(code)) now.add(code);
  form.elements.cells.value = [...now].join("\n");
  form.elements.cells.dispatchEvent(new Event("input", { bubbles: true }));
}

function drawPicks(made) {
  const { map } = made, data = { communities: NONE, cells: NONE }, asked = {};
  const set = {
    draw() {
      const c = COLOURS[theme()];
      for (const kind of ["communities", "cells"]) {
        if (map.getSource(`p-${kind}`)) continue;
        map.addSource(`p-${kind}`, { type: "geojson", data: data[kind], promoteId: "code" });
        const on = ["boolean", ["feature-state", "on"], false];
        map.addLayer({ id: `p-${kind}`, type: "fill", source: `p-${kind}`, paint: { "fill-color": c.pick, "fill-opacity": ["case", on, 0.4, 0.02] } });
        map.addLayer({ id: `p-${kind}-line`, type: "line", source: `p-${kind}`, paint: { "line-color": ["case", on, c.pick, c.idle], "line-width": ["case", on, 2.6, 0.7], "line-opacity": ["case", on, 1, 0.6] } });
      }
      set.show();
    },
    show() {
      const kind = picking();
      for (const one of ["communities", "cells"]) {
        for (const layer of [`p-${one}`, `p-${one}-line`]) if (map.getLayer(layer)) map.setLayoutProperty(layer, "visibility", one === kind ? "visible" : "none");
        if (one === kind && map.getSource(`p-${one}`)) {
          map.removeFeatureState({ source: `p-${one}` });
          for (const code of chosen(one)) map.setFeatureState({ source: `p-${one}`, id: code }, { on: true });
        }
      }
      map.getCanvas().style.cursor = kind ? "pointer" : "";
    },
    async load(kind) {
      if (!kind || asked[kind]) return;
      asked[kind] = true;
      const answer = await fetch(canvas.dataset[kind]);
      if (!answer.ok) { asked[kind] = false; return; }
      data[kind] = await answer.json();
      map.getSource(`p-${kind}`)?.setData(data[kind]);
      set.show();
      canvas.dataset.pickable = kind;
    },
  };
  made.add(set);
  for (const kind of ["communities", "cells"]) map.on("click", `p-${kind}`, (event) => { if (picking() === kind) toggle(kind, event.features[0].properties.code); });
  return set;
}

function watchForm(picks) {
  const hint = document.querySelector("[data-map-hint]");
  const count = () => {
    for (const kind of ["communities", "cells"]) {
      const box = form.querySelector(`details[data-pick="${kind}"] [data-picked]`), n = chosen(kind).size;
      if (box) box.textContent = n ? say(box.dataset.text, n) : "";
    }
    picks?.show();
  };
  for (const part of form.querySelectorAll(".ops > details")) part.addEventListener("toggle", () => { const kind = picking(); hint.textContent = hint.dataset[kind || "none"]; picks?.load(kind); picks?.show(); });
  form.addEventListener("change", count);
  form.elements.cells.addEventListener("input", count);
  const into = form.elements.transfer_into, street = form.querySelector("[data-new-street]");
  const follow = () => { street.hidden = into.value !== "new"; };
  into.addEventListener("change", follow);
  follow();
  const filter = form.querySelector("[data-filter]");
  filter.addEventListener("input", () => {
    const said = filter.value.trim().toLowerCase();
    for (const group of form.querySelectorAll("[data-group]")) {
      let any = false;
      for (const label of group.querySelectorAll("label")) { label.hidden = Boolean(said) && !label.dataset.text.toLowerCase().includes(said) && !label.querySelector("input").checked; any ||= !label.hidden; }
      group.hidden = !any;
    }
  });
  filter.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  picks?.load(picking());
  count();
}

async function begin() {
  const made = canvas && makeMap(canvas, { cooperative: true });
  const picks = form && made ? drawPicks(made) : null;
  if (form) watchForm(picks);
  if (!made || !canvas.dataset.picture) return;
  const answer = await fetch(canvas.dataset.picture, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  await made.ready;
  const drawn = drawPicture(made, await answer.json());
  canvas.dataset.drawn = "1";
  for (const button of document.querySelectorAll("[data-show] button")) button.addEventListener("click", () => {
    for (const other of document.querySelectorAll("[data-show] button")) other.setAttribute("aria-pressed", String(other === button));
    drawn.show(button.dataset.set);
  });
}

begin();
