// The whistle: bodies are found by typing, further rows come one by one.

import { pick } from "../response/picker.js";

const form = document.getElementById("call"), words = form.dataset;
const initials = JSON.parse(document.getElementById("initials").textContent);
for (const select of form.querySelectorAll("select[data-bodies]")) pick(select, { words: { search: words.search, none: words.none, remove: words.remove }, initials });

const rows = [...form.querySelectorAll(".asked-row")], add = form.querySelector("[data-add]");
for (const row of rows) row.hidden = "more" in row.dataset;
const settle = () => { add.hidden = !rows.some((row) => row.hidden); };
add.addEventListener("click", () => {
  const next = rows.find((row) => row.hidden);
  if (next) { next.hidden = false; next.querySelector("input").focus(); }
  settle();
});
settle();
