// Follows what an expert fills in: the points that are left, and how consistent the comparisons are. The form works without.

const budget = document.querySelector("form[data-budget]");
const compared = document.querySelector("form[data-pairs]");

if (budget) {
  const total = Number(budget.dataset.budget);
  const told = budget.querySelector("[data-remainder]");
  const follow = () => {
    const spent = [...budget.querySelectorAll('[type="number"]')].reduce((sum, field) => sum + (Number(field.value) || 0), 0);
    const left = total - spent;
    told.dataset.state = left === 0 ? "done" : left < 0 ? "over" : "left";
    told.textContent = (left === 0 ? budget.dataset.done : left < 0 ? budget.dataset.over : budget.dataset.left).replace("{n}", Math.abs(left));
  };
  for (const slider of budget.querySelectorAll('[type="range"]')) {
    const field = slider.parentElement.querySelector('[type="number"]');
    slider.hidden = false;
    slider.addEventListener("input", () => { field.value = slider.value; follow(); });
    field.addEventListener("input", () => { slider.value = field.value || 0; follow(); });
  }
  follow();
}

if (compared) {
  const n = Number(compared.dataset.pairs);
  const randomIndex = Number(compared.dataset.randomIndex);
  const told = compared.querySelector("[data-ratio]");
  const fields = [...compared.querySelectorAll("[data-pair]")];
  const judgement = (field) => {
    const which = field.querySelector(":checked[type=radio]")?.value;
    const degree = Number(field.querySelector("select").value);
    return which === "first" ? degree : which === "second" ? 1 / degree : which === "same" ? 1 : null;
  };
  const follow = () => {
    const table = Array.from({ length: n }, (_row, i) => Array.from({ length: n }, (_cell, j) => (i === j ? 1 : null)));
    for (const field of fields) {
      const [i, j] = field.dataset.pair.split("-").map(Number);
      const value = judgement(field);
      table[i][j] = value;
      table[j][i] = value && 1 / value;
      delete field.dataset.worst;
    }
    const open = fields.filter((field) => judgement(field) === null).length;
    if (open) {
      told.dataset.state = "left";
      told.textContent = compared.dataset.more.replace("{n}", open);
      return;
    }
    const { weights, ratio } = consistency(table);
    told.dataset.state = ratio < 0.1 ? "done" : "over";
    told.textContent = (ratio < 0.1 ? compared.dataset.fine : compared.dataset.apart).replace("{n}", ratio.toFixed(2));
    if (ratio < 0.1) return;
    const misfit = (field) => {
      const [i, j] = field.dataset.pair.split("-").map(Number);
      return Math.abs(Math.log((table[i][j] * weights[j]) / weights[i]));
    };
    fields.reduce((a, b) => (misfit(b) > misfit(a) ? b : a)).dataset.worst = "";
  };
  // The principal eigenvector by powers, and the consistency ratio (Saaty).
  const consistency = (table) => {
    let weights = Array(n).fill(1 / n);
    let top = n;
    for (let round = 0; round < 200; round += 1) {
      const next = table.map((row) => row.reduce((sum, value, j) => sum + value * weights[j], 0));
      top = next.reduce((a, b) => a + b, 0);
      weights = next.map((value) => value / top);
    }
    return { weights, ratio: n > 2 ? Math.max(0, (top - n) / (n - 1) / randomIndex) : 0 };
  };
  compared.addEventListener("change", follow);
  follow();
}
