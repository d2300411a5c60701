// Public matters: the marks are the rows of the list; choosing one lights the other.

import { makeMap } from "../site/map.js";

const canvas = document.getElementById("map"), one = canvas?.hasAttribute("data-one");
if (canvas) {
  const features = JSON.parse(document.getElementById(canvas.dataset.matters).textContent);
  const drawn = makeMap(canvas, { cooperative: matchMedia("(pointer: coarse)").matches, controlsAt: "top-right" });
  const marks = drawn?.addMatters({ features, cluster: !one });
  const list = document.querySelector("[data-matter-list]");
  if (marks && list) marks.link(list);
  if (drawn && !one && features.length) {
    const xs = features.map((f) => f.geometry.coordinates[0]), ys = features.map((f) => f.geometry.coordinates[1]);
    drawn.map.fitBounds([[Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]], { padding: 40, maxZoom: 15, animate: false });
  }
}
