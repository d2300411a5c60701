// Step one: the pin stays, the map moves. The map may fail, the position may be refused: the lists still serve.
// The map is a megabyte and comes by itself; search, position and lists do not wait for it.

import "../site/suggest.js";
import { say } from "../site/shell.js";

const ASK_MS = 120;
const START_ZOOM = 13.2, NEAR_ZOOM = 16.2;

export function start(form) {
  const canvas = form.querySelector("#map"), where = form.querySelector("[data-where]"), nearby = form.querySelector("[data-nearby]");
  const name = where.querySelector("[data-where-name]"), hint = where.querySelector("[data-where-hint]"), words = where.dataset;
  const field = (id) => form.elements.namedItem(id);
  let asked = 0, aborter = null, chosenAt = null, drawn = null, marks = null, source = "map", placed = canvas.dataset.placed === "1", programmed = false;
  field("seen").value = "1";
  if (!placed) hint.textContent = words.hint;

  function put(lon, lat, from, chosen) {
    field("lon").value = lon.toFixed(6);
    field("lat").value = lat.toFixed(6);
    field("source").value = from;
    field("chosen").value = chosen || "";
    for (const pick of form.querySelectorAll('input[name="pick"]:checked')) pick.checked = false;
    placed = true;
  }

  async function ask(lon, lat, brief, chosen) {
    const turn = ++asked;
    aborter?.abort();
    aborter = new AbortController();
    try {
      const query = new URLSearchParams({ lon: lon.toFixed(6), lat: lat.toFixed(6), ...(brief && { brief: "1" }) });
      const answer = await fetch(`${words.url}?${query}`, { signal: aborter.signal, headers: { Accept: "application/json" } });
      const body = await answer.json();
      if (turn !== asked) return;
      where.classList.toggle("bad", !answer.ok);
      if (!answer.ok) {
        name.textContent = body.message;
        hint.textContent = words.hint;
        nearby.replaceChildren();
        marks?.set([]);
        return;
      }
      const listed = chosen && source === "list";
      name.textContent = listed ? chosen : body.place;
      hint.textContent = listed ? body.near || words.hint : chosen || body.near || words.hint;
      if (brief) return;
      show(body);
    } catch (error) {
      if (error.name !== "AbortError" && turn === asked) hint.textContent = words.lost;
    }
  }

  function show(body) {
    // Our own server's markup, escaped there; parsed without running anything.
    nearby.replaceChildren(...new DOMParser().parseFromString(body.html, "text/html").body.childNodes);
    marks?.set(body.marks);
  }

  function moved({ lon, lat }, final) {
    if (!placed && !programmed && !final) placed = true;
    const kept = programmed && chosenAt ? chosenAt : null;
    if (!programmed) { source = "map"; chosenAt = null; }
    if (placed || programmed) put(lon, lat, source, kept);
    ask(lon, lat, !final, kept);
    if (final) programmed = false;
  }

  function go(lon, lat, from, chosen, zoom = NEAR_ZOOM) {
    source = from;
    chosenAt = chosen || null;
    put(lon, lat, from, chosen);
    if (!drawn) { ask(lon, lat, false, chosen); return; }
    programmed = true;
    drawn.map.jumpTo({ center: [lon, lat], zoom: Math.max(drawn.map.getZoom(), zoom) });
  }

  function draw({ makeMap }) {
    const at = field("lon").value && [Number(field("lon").value), Number(field("lat").value)]; // chosen while the map was on its way
    drawn = makeMap(canvas, { ...(at && { center: at }), zoom: placed ? NEAR_ZOOM : START_ZOOM, attributionAt: "bottom-left", controlsAt: "bottom-right" });
    marks = drawn?.addNumbered();
    if (!drawn) return;
    let first = true;
    drawn.map.on("movestart", (event) => { if (event.originalEvent) programmed = false; });
    drawn.ready.then(() => {
      first = programmed = false;
      if (!placed) return;
      const c = drawn.map.getCenter();
      ask(c.lng, c.lat, false, chosenAt);
    });
    // Told while the map still glides, too. The first view, which nobody chose, does not count as a choice.
    let told = 0;
    const tell = (final) => {
      if (first) return;
      told = performance.now();
      const c = drawn.map.getCenter();
      moved({ lon: c.lng, lat: c.lat }, final);
    };
    drawn.map.on("move", () => { if (!programmed && performance.now() - told > ASK_MS) tell(false); });
    drawn.map.on("moveend", () => tell(true));
  }
  import("../site/map.js").then(draw).catch((error) => {
    console.warn("map:", error.message);
    canvas.append(Object.assign(document.createElement("p"), { className: "failed", textContent: canvas.dataset.failed }));
  });

  field("q").addEventListener("linli:choose", (event) => {
    const hit = event.detail;
    go(hit.lon, hit.lat, "search", hit.name);
  });
  field("q").addEventListener("keydown", (event) => { // with the list closed, Enter asks again instead of sending the form
    if (event.key !== "Enter" || event.isComposing || event.defaultPrevented) return;
    event.preventDefault();
    event.target.dispatchEvent(new Event("input", { bubbles: true }));
  });

  field("division")?.addEventListener("change", (event) => {
    const option = event.target.selectedOptions[0];
    if (!option?.value) return;
    if (option.dataset.lon) go(Number(option.dataset.lon), Number(option.dataset.lat), "list", option.textContent.trim(), 15.4);
    else for (const id of ["lon", "lat", "source", "chosen"]) field(id).value = ""; // no point of its own: the server knows what to do
  });

  const locate = form.querySelector("[data-locate]"), label = locate?.querySelector("span"), ready = label?.textContent;
  locate?.addEventListener("click", () => {
    const done = () => { locate.removeAttribute("aria-busy"); label.textContent = ready; };
    if (!navigator.geolocation) { say(locate.dataset.refused); return; }
    locate.setAttribute("aria-busy", "true");
    label.textContent = locate.dataset.busyText;
    navigator.geolocation.getCurrentPosition(
      (found) => { done(); go(found.coords.longitude, found.coords.latitude, "device", ""); },
      () => { done(); say(locate.dataset.refused); },
      { enableHighAccuracy: true, timeout: 8000, maximumAge: 60000 },
    );
  });
}
