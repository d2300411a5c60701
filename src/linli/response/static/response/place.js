// The place of a question that becomes a matter: words, or a tap on a map that is drawn only when it is asked for.

import "../site/suggest.js";

const part = document.querySelector("form [data-place] [data-map-open]")?.closest("[data-place]"); // the name of a place says so too
if (part) {
  const form = part.closest("form"), field = (name) => form.elements.namedItem(name);
  const words = field("place_q"), said = part.querySelector("[data-place-said]");
  const open = part.querySelector("[data-map-open]"), box = part.querySelector("[data-map]"), canvas = box.querySelector(".canvas");
  let held = null, moving = false, asked = 0;

  async function put(lon, lat, source) {
    [field("lon").value, field("lat").value, field("place_source").value] = [lon, lat, source];
    for (const radio of form.querySelectorAll("[name=pick]")) radio.checked = false;
    if (held && source !== "map") { moving = true; held.map.jumpTo({ center: [lon, lat], zoom: 16 }); moving = false; }
    const turn = ++asked;
    try {
      const answer = await fetch(`${part.dataset.locate}?lon=${lon}&lat=${lat}`, { headers: { Accept: "application/json" } });
      const body = await answer.json();
      if (turn === asked) said.textContent = answer.ok ? body.text : body.message || part.dataset.outside;
    } catch { /* sending says what is wrong */ }
  }

  words.addEventListener("linli:choose", ({ detail }) => put(detail.lon, detail.lat, "search"));
  // Other words than those that were chosen are another place.
  words.addEventListener("input", () => { field("lon").value = field("lat").value = field("place_source").value = said.textContent = ""; });

  open.addEventListener("click", async () => {
    open.hidden = true;
    box.hidden = false;
    const { makeMap, centerPicker } = await import("../site/map.js");
    const at = field("lon").value ? [Number(field("lon").value), Number(field("lat").value)] : canvas.dataset.center.split(",").map(Number);
    held = makeMap(canvas, { center: at, zoom: 15, cooperative: true, compact: true });
    if (!held) return;
    let touched = false;
    held.map.on("dragstart", () => { touched = true; });
    held.map.on("click", (event) => { touched = true; held.map.easeTo({ center: event.lngLat }); });
    centerPicker(held.map, (center, final) => {
      if (moving || !final || !(touched || canvas.contains(document.activeElement))) return;
      touched = false;
      words.value = part.dataset.moved;
      put(center.lon.toFixed(6), center.lat.toFixed(6), "map");
    });
    canvas.querySelector("canvas")?.focus();
  });
}
