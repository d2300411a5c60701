// The case page: its map, the light box, a word when somebody else moved the case meanwhile.

const canvas = document.getElementById("map");
if (canvas) {
  import("../site/map.js").then(async ({ makeMap }) => {
    const held = makeMap(canvas, { zoom: 16, cooperative: true });
    if (!held) return;
    const [lon, lat] = canvas.dataset.center.split(",").map(Number);
    const kind = document.querySelector(".case-head .mark, .case-head .tag.late, .case-head .tag.soon, .case-head .tag.ok");
    const u = ["late", "soon", "ok"].find((name) => kind?.classList.contains(name)) ?? "done";
    const set = held.addMatters({ features: [{ type: "Feature", properties: { id: 1, u }, geometry: { type: "Point", coordinates: [lon, lat] } }] });
    await held.ready;
    set.highlight(1);
    const alike = [...document.querySelectorAll(".alike [data-lon]")];
    if (alike.length) held.addNumbered().set(alike.map((li, i) => ({ n: i + 1, lon: Number(li.dataset.lon), lat: Number(li.dataset.lat) })));
  });
}

// --- light box -------------------------------------------------------------------------------------------
const box = document.getElementById("lightbox"), links = [...document.querySelectorAll("[data-lightbox]")];
let at = 0;

function show(next) {
  at = (next + links.length) % links.length;
  const img = box.querySelector("img");
  img.src = links[at].href;
  img.alt = links[at].querySelector("img").alt;
  box.querySelector("[data-place]").textContent = `${at + 1} / ${links.length}`;
  for (const button of box.querySelectorAll("[data-step]")) button.hidden = links.length < 2;
}

for (const [i, link] of links.entries()) link.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show(i);
  box.showModal();
});
box?.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-step]") : null;
  if (button) show(at + Number(button.dataset.step));
});
box?.addEventListener("keydown", (event) => {
  if (event.key === "ArrowLeft") show(at - 1);
  if (event.key === "ArrowRight") show(at + 1);
});

// --- somebody was here -------------------------------------------------------------------------------------
const stale = document.querySelector("[data-stale]"), mine = document.querySelector("[data-case]")?.dataset.case;
document.addEventListener("linli:changes", ({ detail }) => {
  const ids = [...(detail.changed ?? []), ...(detail.ids ?? []), ...(detail.matters ?? []).map((m) => m.id ?? m.properties?.id ?? m)];
  if (stale && ids.map(String).includes(mine)) stale.hidden = false;
});

// A verb that is named in the address stands open.
const wanted = location.hash.startsWith("#do-") && document.getElementById(location.hash.slice(1));
if (wanted instanceof HTMLDetailsElement) {
  wanted.open = true;
  wanted.querySelector("textarea, select, input:not([type=hidden])")?.focus();
}
document.querySelector(".contact-seen")?.focus();
