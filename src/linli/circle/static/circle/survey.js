// A sheet saves as one taps: each answer is sent by itself, in order; what fails stays marked and the form still sends it.

const page = document.querySelector("[data-answer]");
const form = document.querySelector("form[data-sheet]");
const status = page?.querySelector("[data-status]");
let line = Promise.resolve(); // one at a time: the version of the sheet counts up in the order of the taps
let waiting = 0;
let stale = false; // a colleague wrote as well: our version stands still, so that handing in asks to look again

if (page && form) {
  form.addEventListener("change", (event) => {
    const card = event.target instanceof Element ? event.target.closest("[data-item]") : null;
    if (card) later(card);
  });
}
page?.querySelector(".classes [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

function later(card) {
  const code = card.dataset.item;
  if (!form.querySelector(`input[name="offer-${code}"]:checked`)) {
    say(card, page.dataset.choose, "");
    return;
  }
  say(card, page.dataset.saving, "");
  waiting += 1;
  line = line.then(() => send(card, code)).finally(() => {
    waiting -= 1;
    if (!waiting && !form.querySelector('[data-state="failed"]')) delete form.dataset.dirty;
  });
}

async function send(card, code) {
  const body = new FormData();
  const own = new FormData(form);
  for (const name of [`offer-${code}`, `percent-${code}`, `evidence-${code}`, `day-${code}`, `was-${code}`]) {
    body.set(name, own.get(name) ?? "");
  }
  body.set("item", code);
  body.set("version", own.get("version") ?? "");
  const headers = { "X-CSRFToken": own.get("csrfmiddlewaretoken"), Accept: "application/json" };
  try {
    const response = await fetch(page.dataset.answer, { method: "POST", body, headers });
    const said = await response.json();
    if (!response.ok) {
      say(card, said.message || page.dataset.failed, "failed");
      return;
    }
    show(card, code, said);
  } catch {
    say(card, page.dataset.failed, "failed");
  }
}

function show(card, code, said) {
  card.dataset.answered = "";
  say(card, page.dataset.saved, "saved");
  form.querySelector(`[name="was-${code}"]`).value = said.was;
  stale ||= !said.alone;
  if (!stale) form.querySelector("[data-version]").value = said.version;
  page.querySelector("[data-progress]").textContent = said.progress;
  page.querySelector("[data-bar]").value = said.answered;
  const next = page.querySelector("[data-next]");
  if (next) next.href = said.next;
  const chip = page.querySelector(`[data-class="${said.class}"]`);
  if (chip) {
    chip.querySelector("small").textContent = `${said.class_answered}/${said.class_total}`;
    chip.toggleAttribute("data-full", said.class_answered === said.class_total);
  }
  const words = [...said.told, stale ? page.dataset.others : ""].filter(Boolean).join(" ");
  if (words) {
    status.textContent = words;
    status.dataset.kind = "soon";
  }
}

function say(card, text, state) {
  card.dataset.state = state;
  card.querySelector("[data-said]").textContent = text;
}
