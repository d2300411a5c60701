// The telephone: digits answer the question that is open, the case is given back when the page is left.

const page = document.querySelector("[data-calls]"), form = document.querySelector("[data-keys]");
const first = () => form.querySelector("input[name=result]");
if (document.querySelector(".contact-seen") || form.querySelector(".bad")) (form.querySelector(".bad input, .bad textarea") ?? first()).focus();

// --- keys: only while one is in the form, so that no letter does anything by surprise ---------------------------
const asked = () => [...form.querySelectorAll("fieldset")].filter((set) => set.offsetParent);
const open = (set) => !set.querySelector("input:checked");

form.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit(form.querySelector("button[value=next]"));
    return;
  }
  if (event.target.matches("textarea, input:not([type=radio])") || event.altKey || event.ctrlKey || event.metaKey || !/^[1-9]$/.test(event.key)) return;
  const here = event.target.closest("fieldset"), set = here ?? asked().find(open), choice = set?.querySelectorAll("input[type=radio]")[Number(event.key) - 1];
  if (!choice) return;
  event.preventDefault();
  choice.checked = true;
  choice.dispatchEvent(new Event("change", { bubbles: true }));
  const next = asked().find((other) => other !== set && open(other) && set.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING);
  const later = form.querySelector(".when-later input"), words = form.querySelector("textarea");
  const wordy = form.querySelector("input[name=outcome][value=unsolved]:checked")?.closest("fieldset").offsetParent;
  (next?.querySelector("input") ?? (wordy ? words : later.offsetParent ? later : form.querySelector("button[value=next]"))).focus();
});

// --- the lease: kept while somebody works, given back when the page goes ----------------------------------------
const body = (act) => { const data = new FormData(); data.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value); data.set("act", act); return data; };
let sending = false, kept = Date.now();
document.addEventListener("submit", (event) => { if (!event.defaultPrevented) sending = true; });
addEventListener("pagehide", () => { if (!sending) navigator.sendBeacon(page.dataset.lease, body("release")); });
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); }); // what comes back from memory is not in hand any more

const active = () => {
  if (Date.now() - kept < Math.min(Number(page.dataset.leaseS) * 250, 60000)) return;
  kept = Date.now();
  fetch(page.dataset.lease, { method: "POST", body: body("keep") }).catch(() => {});
};
for (const name of ["keydown", "pointerdown", "input"]) document.addEventListener(name, active);
