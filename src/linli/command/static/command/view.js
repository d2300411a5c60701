// How the map of a command page is drawn (points or heat), what of it can be taken away, the menu to the wall; and the
// address, which always says all of it.

import { addHeat } from "./cells.js";

const one = (selector) => document.querySelector(selector);

/** Returns {attach(drawn), show(), fresh(), keep(name, value)}. `keep` writes one word of the address and of its copies. */
export function startView(config) {
  let kind = config.heat ? "heat" : "points", drawn = null, warm = null, asking = false;

  function attach(map) {
    drawn = map;
    warm = addHeat(drawn, { shown: kind === "heat" });
    drawn.map.on("style.load", () => show());
  }

  function show(next = kind) {
    kind = next;
    warm?.show(kind === "heat");
    const seen = kind === "heat" ? "none" : "visible";
    for (const layer of drawn?.map.getStyle()?.layers ?? []) if (/^(calm|urgent)/.test(layer.id)) drawn.map.setLayoutProperty(layer.id, "visibility", seen);
    document.documentElement.dataset.mapView = kind;
    one("[data-ramp]").hidden = kind !== "heat";
    for (const link of document.querySelectorAll("[data-view]")) {
      if (link.dataset.view === kind) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    one("[data-wall-view]").disabled = kind !== "heat";
    fresh();
  }

  async function fresh() {
    if (kind !== "heat" || !warm || asking) return;
    asking = true;
    try {
      const answer = await fetch(config.cells, { cache: "no-store", headers: { Accept: "application/json" }, signal: AbortSignal.timeout(15000) });
      if (answer.ok) warm.set((await answer.json()).cells);
    } catch { /* the heat of before stays; the live chip says how old it is */ }
    asking = false;
  }

  function keep(name, value) {
    const url = new URL(location.href);
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
    history.replaceState(null, "", url);
    one("#address").textContent = url.href;
    for (const link of document.querySelectorAll("[data-tab], [data-view]")) {
      const to = new URL(link.href), other = "tab" in link.dataset ? "view" : "tab", now = url.searchParams.get(other);
      if (now) to.searchParams.set(other, now);
      else to.searchParams.delete(other);
      link.href = to.href;
    }
  }

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null, link = target?.closest("[data-view]");
    if (link && drawn && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
      event.preventDefault();
      show(link.dataset.view);
      keep("view", kind === "heat" ? "heat" : "");
    }
    if (target?.closest("[data-picture]")) picture();
  });

  function picture() {
    if (!drawn) return;
    drawn.map.once("render", () => drawn.map.getCanvas().toBlob((blob) => {
      if (!blob) return;
      const a = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: config.png });
      a.click();
      setTimeout(() => URL.revokeObjectURL(a.href), 10000);
    }, "image/png"));
    drawn.map.triggerRepaint();
  }

  // The menu that leads to the wall writes its boards into one word of the address.
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-wall-board]")) return;
    const chosen = [...document.querySelectorAll("[data-wall-board]:checked")].map((box) => box.value);
    one("[data-wall-rotate]").value = chosen.join(",") || "numbers";
  });

  return { attach, show, fresh, keep };
}
