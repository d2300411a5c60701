// Other weights, at once: means of the tree in the page, checked against the engine when the hand rests.
// Where the page cannot compute (units are compared with each other) every answer is the server's.

const form = document.getElementById("what-if");
const config = JSON.parse(document.getElementById("what-if-config")?.textContent ?? "null");
const body = form?.querySelector("[data-rows]");
const said = form?.querySelector("[data-said]"), checked = form?.querySelector("[data-checked]");
const sliders = form ? [...form.querySelectorAll("input[type=range]")] : [];
const SLACK = 1e-12;

const MEANS = {
  arithmetic: () => [(x) => x, (y) => y],
  geometric: () => [Math.log, Math.exp],
  harmonic: () => [(x) => 1 / x, (y) => 1 / y],
  power: (p) => (p === 1 ? MEANS.arithmetic() : p === 0 ? MEANS.geometric() : [(x) => x ** p, (y) => y ** (1 / p)]),
};

/** Whether a group's sliders stand elsewhere than the result has them. An untouched group keeps its exact weights. */
function touched(own) {
  return own.some((el) => Math.abs(Number(el.value) - Number(el.dataset.nominal)) > 0.005);
}

/** Shares by code: of the sliders that were moved, each group brought to 1; null for a group that is all zero. */
function shares() {
  const found = new Map();
  for (const group of form.querySelectorAll("[data-parent]")) {
    const own = [...group.querySelectorAll("input[type=range]")];
    if (!touched(own)) continue;
    const total = own.reduce((sum, el) => sum + Number(el.value), 0);
    for (const el of own) found.set(el.dataset.code, total > 0 ? Number(el.value) / total : null);
  }
  return found;
}

/** Scores of the root by unit code; a gap stays one. */
export function scores(tree, weights) {
  const found = new Map();
  tree.units.forEach((unit, u) => {
    const held = new Map(tree.leaves.map((code, i) => [code, tree.values[u][i]]));
    for (const node of tree.nodes) {
      const [forward, inverse] = MEANS[node.mean](tree.power);
      let sum = 0, there = 0, whole = 0;
      node.children.forEach((child, k) => {
        const weight = weights.get(child) ?? node.weights[k], value = held.get(child);
        whole += weight;
        if (value === null || value === undefined) return;
        there += weight;
        if (weight > 0) sum += weight * forward(value);
      });
      const enough = whole > 0 && there > 0 && there / whole >= tree.coverage - SLACK;
      held.set(node.code, enough ? inverse(sum / there) : null);
    }
    found.set(unit.code, held.get(tree.nodes.at(-1).code));
  });
  return found;
}

/** Ranks from 1; scores within the tolerance of the one before share its rank; 0 without a score. */
export function ranks(found, tolerance) {
  const rows = [...found].filter(([, score]) => score !== null).sort((a, b) => b[1] - a[1]);
  const size = Math.max(...rows.map(([, score]) => Math.abs(score)), 1e-300);
  const places = new Map([...found.keys()].map((code) => [code, 0]));
  let rank = 1;
  rows.forEach(([code, score], i) => {
    if (i && rows[i - 1][1] - score > tolerance * size) rank = i + 1;
    places.set(code, rank);
  });
  return places;
}

function show(found, places) {
  let moved = 0;
  for (const row of body.rows) {
    const rank = places.get(row.dataset.unit), before = Number(row.dataset.before), gained = rank && before ? before - rank : 0;
    if (gained) moved += 1;
    const cell = row.querySelector("[data-rank]"), move = row.querySelector("[data-move]"), score = row.querySelector("[data-score]");
    if (cell) cell.textContent = rank || "—";
    move.replaceChildren();
    if (gained) {
      const mark = document.createElement("span");
      mark.className = gained > 0 ? "up" : "down";
      mark.textContent = gained > 0 ? `↑${gained}` : `↓${-gained}`;
      move.append(mark);
    }
    const value = found.get(row.dataset.unit);
    score.textContent = value === null || value === undefined ? form.dataset.lacks : value.toFixed(2);
    row.dataset.order = rank || 1e6;
  }
  body.append(...[...body.rows].sort((a, b) => a.dataset.order - b.dataset.order));
  said.textContent = moved ? form.dataset.moved.replace("{n}", moved) : form.dataset.none;
}

function label() {
  const now = shares();
  for (const el of sliders) {
    const share = now.has(el.dataset.code) ? now.get(el.dataset.code) : Number(el.dataset.nominal) / 100;
    el.parentElement.querySelector("output").textContent = share === null ? "—" : `${(100 * share).toFixed(1)}%`;
    el.setAttribute("aria-valuetext", share === null ? "—" : `${(100 * share).toFixed(1)}%`);
    const kept = document.querySelector(`#save input[name="${el.name}"]`);
    if (kept) kept.value = el.value;
  }
  return now;
}

function query() {
  const asked = new URLSearchParams({ year: form.elements.year.value });
  for (const group of form.querySelectorAll("[data-parent]")) {
    const own = [...group.querySelectorAll("input[type=range]")];
    if (touched(own)) for (const el of own) asked.set(el.name, el.value);
  }
  return asked;
}

let latest = null, running = 0;
async function check() {
  const asked = query(), turn = ++running;
  history.replaceState(null, "", `?${asked}`);
  try {
    const answer = await fetch(`${form.dataset.scores}?${asked}`, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const { rows } = await answer.json();
    if (turn !== running) return;
    const found = new Map(rows.map((r) => [r.code, r.score])), places = ranks(found, config.tolerance);
    for (const r of rows) if (r.rank !== undefined) places.set(r.code, r.rank); // an experimental result has none to say
    const same = latest && rows.every((r) => latest.get(r.code) === places.get(r.code));
    if (!same) show(found, places);
    checked.textContent = !latest || same ? form.dataset.agree : form.dataset.differ;
    checked.dataset.same = String(!latest || same);
  } catch {
    if (turn === running) checked.textContent = form.dataset.offline;
  }
}

let frame = 0, rest = 0;
function changed() {
  if (frame) return;
  frame = requestAnimationFrame(() => {
    frame = 0;
    checked.textContent = "";
    const now = label();
    if ([...now.values()].includes(null)) {
      said.textContent = form.dataset.zero;
      return;
    }
    if (config.linear) {
      const found = scores(config, now);
      latest = ranks(found, config.tolerance);
      show(found, latest);
    }
    clearTimeout(rest);
    rest = setTimeout(check, config.linear ? 350 : 120);
  });
}

if (form && config && sliders.length) {
  form.querySelector("[data-recount]").hidden = true;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", changed);
  form.querySelector("[data-reset]").addEventListener("click", (event) => {
    event.preventDefault();
    for (const el of sliders) el.value = el.dataset.nominal;
    changed();
  });
  form.dataset.ready = "";
}
