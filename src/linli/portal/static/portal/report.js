// The three steps, made quicker. Without this script each step still works as a plain form.
// Words come from data attributes of the page.

const form = document.getElementById("report");

if (form) {
  const step = form.dataset.report;
  if (step === "place") import("./place.js").then((m) => m.start(form));
  import("./keep.js").then((m) => m.start(form));
  if (step === "what") import("./what.js").then((m) => m.start(form));
}
