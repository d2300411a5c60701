// Around a place on foot: a tap on the map, a name, the list or one's position. The point goes in the body of a request,
// never in an address; the answer is the page's own section, so that it reads the same without this script.

import "../site/suggest.js";
import { say } from "../site/shell.js";

const form = document.getElementById("around"), answer = document.getElementById("answer"), canvas = document.getElementById("map");
const field = (name) => form.elements.namedItem(name);
const none = { type: "FeatureCollection", features: [] };
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
let drawn = null, marks = null, turn = 0, aborter = null, shown = read(document);

function read(root) {
  const text = root.getElementById("around-shown")?.textContent;
  return text ? JSON.parse(text) : null;
}

async function ask(lon, lat, name = "") {
  for (const [k, v] of Object.entries({ lon: lon.toFixed(6), lat: lat.toFixed(6), chosen: name })) field(k).value = v;
  for (const pick of form.querySelectorAll("input[name=pick]")) pick.checked = false;
  const mine = ++turn;
  aborter?.abort();
  aborter = new AbortController();
  pin(lon, lat);
  answer.setAttribute("aria-busy", "true");
  try {
    const body = new FormData(form);
    body.delete("division");
    body.set("go", "show");
    const page = await fetch(form.action, { method: "POST", body, signal: aborter.signal, headers: { Accept: "text/html" } });
    const told = new DOMParser().parseFromString(await page.text(), "text/html"); // our own page, escaped there; nothing in it runs
    if (mine !== turn) return;
    const section = told.getElementById("answer");
    if (!section) throw new Error(told.querySelector("main p")?.textContent.trim() || form.dataset.failed);
    answer.replaceChildren(...section.childNodes);
    shown = read(document);
    draw(true);
  } catch (error) {
    if (error.name !== "AbortError" && mine === turn) say(error instanceof TypeError ? form.dataset.failed : error.message);
  } finally {
    if (mine === turn) answer.removeAttribute("aria-busy");
  }
}

function pin(lon, lat) {
  drawn?.map.getSource("around-here")?.setData({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: [lon, lat] } });
}

function layers() {
  const { map } = drawn, dark = document.documentElement.dataset.theme === "dark", ink = dark ? "#6cb2ff" : "#0b57a4";
  if (map.getSource("around")) return;
  const below = map.getLayer("numbered") ? "numbered" : undefined; // the numbers stand above the streets
  map.addSource("around", { type: "geojson", data: shown?.circle ?? none });
  map.addLayer({ id: "around-fill", type: "fill", source: "around", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": ink, "fill-opacity": 0.13 } }, below);
  map.addLayer({ id: "around-line", type: "line", source: "around", layout: { "line-join": "round" }, paint: { "line-color": ink, "line-width": ["match", ["geometry-type"], "LineString", 2.4, 1.4], "line-opacity": 0.85 } }, below);
  map.addSource("around-here", { type: "geojson", data: none });
  map.addLayer({ id: "around-here", type: "circle", source: "around-here", paint: { "circle-radius": 9, "circle-color": "#b3161b", "circle-stroke-color": "#fff", "circle-stroke-width": 3 } }, below);
  if (shown) pin(shown.lon, shown.lat);
}

function draw(look) {
  if (!drawn?.map.getSource("around")) return;
  drawn.map.getSource("around").setData(shown?.circle ?? none);
  marks.set(shown?.marks ?? []);
  if (!shown) return;
  pin(shown.lon, shown.lat);
  const xs = [shown.lon], ys = [shown.lat];
  for (const f of shown.circle.features) if (f.geometry.type === "MultiLineString") for (const line of f.geometry.coordinates) for (const [x, y] of line) { xs.push(x); ys.push(y); }
  const low = (list) => list.reduce((a, b) => Math.min(a, b)), high = (list) => list.reduce((a, b) => Math.max(a, b));
  if (look) drawn.map.fitBounds([[low(xs), low(ys)], [high(xs), high(ys)]], { padding: 28, maxZoom: 16, animate: !calm, duration: 300 });
}

import("../site/map.js").then(({ makeMap }) => {
  drawn = makeMap(canvas, { cooperative: matchMedia("(pointer: coarse)").matches, attributionAt: "bottom-left", controlsAt: "top-right" });
  if (!drawn) return;
  drawn.map.on("style.load", layers);
  marks = drawn.addNumbered();
  drawn.ready.then(() => draw(true));
  drawn.map.getCanvas().style.cursor = "crosshair";
  drawn.map.on("click", (event) => ask(event.lngLat.lng, event.lngLat.lat));
  canvas.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.closest("button")) return;
    const c = drawn.map.getCenter();
    ask(c.lng, c.lat);
  });
}).catch((error) => {
  console.warn("map:", error.message);
  canvas.append(Object.assign(document.createElement("p"), { className: "failed", textContent: canvas.dataset.failed }));
});

field("q").addEventListener("linli:choose", (event) => ask(event.detail.lon, event.detail.lat, event.detail.name));
field("q").addEventListener("keydown", (event) => { // with the list closed, Enter asks again instead of sending the form
  if (event.key !== "Enter" || event.isComposing || event.defaultPrevented) return;
  event.preventDefault();
  event.target.dispatchEvent(new Event("input", { bubbles: true }));
});
field("division").addEventListener("change", (event) => {
  const option = event.target.selectedOptions[0];
  if (option?.dataset.lon) ask(Number(option.dataset.lon), Number(option.dataset.lat), option.textContent.trim());
});
form.addEventListener("change", (event) => {
  if (event.target.name === "pace" && field("lon").value) ask(Number(field("lon").value), Number(field("lat").value), field("chosen").value);
  if (event.target.name === "pick" && event.target.checked) { const [lon, lat, ...name] = event.target.value.split(","); ask(Number(lon), Number(lat), name.join(",")); }
});
form.addEventListener("submit", (event) => { if (event.submitter?.name === "language") field("division").value = ""; }); // the point that is shown, not the list
document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) print(); });

const locate = form.querySelector("[data-locate]"), label = locate.querySelector("span"), ready = label.textContent;
locate.addEventListener("click", () => {
  const done = () => { locate.removeAttribute("aria-busy"); label.textContent = ready; };
  if (!navigator.geolocation) { say(locate.dataset.refused); return; }
  locate.setAttribute("aria-busy", "true");
  label.textContent = locate.dataset.busyText;
  navigator.geolocation.getCurrentPosition(
    (found) => { done(); ask(found.coords.longitude, found.coords.latitude); },
    () => { done(); say(locate.dataset.refused); },
    { enableHighAccuracy: true, timeout: 8000, maximumAge: 60000 },
  );
});
