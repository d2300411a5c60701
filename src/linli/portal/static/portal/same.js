// What is known nearby of the same class, as numbered marks: the list beside the map says the same.

import { makeMap } from "../site/map.js";

export function start(form) {
  const canvas = form.querySelector(".same-map .canvas");
  if (!canvas) return;
  const drawn = makeMap(canvas, { zoom: 16.5, cooperative: true, compact: true });
  drawn?.addNumbered().set([...form.querySelectorAll(".near [data-lon]")].map((li, i) => ({ n: i + 1, lon: Number(li.dataset.lon), lat: Number(li.dataset.lat) })));
}
