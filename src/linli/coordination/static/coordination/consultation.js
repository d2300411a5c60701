// The agenda: items are dragged into another order (the buttons do the same); the lead body is found by typing.

import { pick } from "../response/picker.js";

const words = document.querySelector("[data-picker]")?.dataset;
if (words) {
  const initials = JSON.parse(document.getElementById("initials").textContent);
  for (const select of document.querySelectorAll("select[data-bodies]")) pick(select, { words, initials });
}

const list = document.querySelector("[data-agenda]"), form = document.getElementById("reorder");
if (list && form) {
  let held = null;
  const before = () => [...list.children].map((li) => li.dataset.item).join(" ");
  const start = before();
  list.addEventListener("dragstart", (event) => {
    held = event.target.closest?.("[data-item]");
    held?.classList.add("held");
    event.dataTransfer.effectAllowed = "move";
  });
  list.addEventListener("dragover", (event) => {
    const over = event.target.closest?.("[data-item]");
    if (!held || !over) return;
    event.preventDefault();
    if (over === held) return;
    const box = over.getBoundingClientRect();
    over[event.clientY < box.top + box.height / 2 ? "before" : "after"](held);
  });
  list.addEventListener("drop", (event) => event.preventDefault());
  list.addEventListener("dragend", () => {
    held?.classList.remove("held");
    held = null;
    if (before() === start) return;
    form.elements.namedItem("order").value = before();
    form.requestSubmit();
  });
}
