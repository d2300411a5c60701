// The inbox listens: j and k walk the rows, Enter opens (the browser's own), and a quiet bar says that something changed.
// It never moves the focus and never reloads by itself. Sentences come from data attributes.

const rows = () => [...document.querySelectorAll("[data-keys] a.row")];
const typing = (element) => element.matches("input, textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key !== "j" && event.key !== "k") return;
  const all = rows(), here = all.indexOf(document.activeElement);
  const next = here < 0 ? all[0] : all[here + (event.key === "j" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
});

const box = document.querySelector("[data-news]"), bar = box?.querySelector("a");
let changed = 0;
document.addEventListener("linli:changes", ({ detail }) => {
  if (!detail.inbox || !bar) return;
  changed += detail.inbox;
  bar.querySelector("span").textContent = changed === 1 ? box.dataset.one : box.dataset.many.replace("{n}", String(changed));
  bar.hidden = false;
});
