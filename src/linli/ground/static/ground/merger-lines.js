// Lines decided by the keyboard: j and k go from line to line, a digit picks a body, Enter decides, x marks the line for many at
// once. Works without it: every line is a form.

const lines = [...document.querySelectorAll(".net-line")];
const typing = (element) => element.matches?.("input:not([type=radio]):not([type=checkbox]), textarea, select");
const here = () => lines.indexOf(document.activeElement?.closest?.(".net-line"));

function go(n) {
  const line = lines[Math.max(0, Math.min(lines.length - 1, n))];
  line?.focus({ preventScroll: true });
  line?.scrollIntoView({ block: "center" });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  const at = here(), line = lines[at];
  if (event.key === "j") go(at + 1);
  else if (event.key === "k") go(at < 0 ? 0 : at - 1);
  else if (line && /^[1-9]$/.test(event.key)) line.querySelectorAll('input[name="body"]')[Number(event.key) - 1]?.click();
  else if (line && event.key === "x") line.querySelector('input[name="lines"]')?.click();
  else if (event.key === "Enter" && (event.target === line || event.target.matches("input[type=radio]"))) line?.querySelector("form")?.requestSubmit();
  else return;
  event.preventDefault();
});

for (const input of document.querySelectorAll('input[name="other"]')) {
  input.addEventListener("input", () => { if (input.value) input.closest("fieldset").querySelector('input[value="other"]').checked = true; });
}

const all = document.querySelector("[data-all]");
all?.addEventListener("change", () => { for (const box of document.querySelectorAll('input[name="lines"]')) box.checked = all.checked; });

// after a decision the next line that is not decided has the focus
if (location.hash === "#lines" && !document.querySelector("[data-error-summary]")) go(lines.findIndex((l) => !l.classList.contains("decided")));
