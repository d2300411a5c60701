// The three steps, made quicker. Without this script each step still works as a plain form.
// Words come from data attributes of the page.

const form = document.getElementById("report");

if (form) {
  const step = form.dataset.report;
  if (step === "place") import("./place.js").then((m) => m.start(form));
  import("./keep.js").then((m) => m.start(form));
  if (step === "check") import("./same.js").then((m) => m.start(form)).catch((error) => console.warn("map:", error.message));
  if (step === "what") import("./what.js").then((m) => m.start(form));
}
