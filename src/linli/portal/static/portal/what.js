// Step two: find a class while typing, and send photographs at once, so that the next step is quick.

import { say } from "../site/shell.js";

export function start(form) {
  classes(form);
  photos(form);
}

function classes(form) {
  const box = form.querySelector("[data-classes]"), input = box?.querySelector("[data-class-search]");
  if (!input) return;
  const chips = box.querySelector("[data-chips]"), said = box.querySelector("[data-class-said]"), all = box.querySelector("details");
  const radios = [...box.querySelectorAll('input[name="class_code"]')];

  // Choosing one deep in the list brings it up among the chips, where it can be seen.
  box.addEventListener("change", (event) => {
    const radio = event.target;
    if (!(radio instanceof HTMLInputElement) || !radio.hasAttribute("data-full")) return;
    const chip = [...chips.querySelectorAll("input")].find((r) => r.value === radio.value);
    if (chip) { chip.checked = true; chip.closest("label").hidden = false; }
    else {
      const label = radio.closest("label").cloneNode(true);
      label.querySelector("input").removeAttribute("data-full");
      chips.prepend(label);
      label.querySelector("input").checked = true;
      radios.push(label.querySelector("input"));
    }
  });

  let composing = false;
  const filter = () => {
    const wanted = input.value.trim().toLowerCase().replaceAll(/\s+/g, "");
    const shown = new Set();
    for (const radio of radios) {
      const words = (radio.dataset.words || "").toLowerCase();
      const fits = !wanted || words.includes(wanted) || words.split(/\s+/).some((w) => w && wanted.startsWith(w) && w.length > 1);
      radio.closest("label").hidden = wanted ? !(fits || radio.hasAttribute("data-always") || radio.checked) : false;
      if (fits) shown.add(radio.value);
    }
    for (const h of box.querySelectorAll("details h3")) h.hidden = ![...h.nextElementSibling.querySelectorAll("label")].some((l) => !l.hidden);
    // What is searched for is shown once, under its heading.
    if (wanted) for (const label of chips.querySelectorAll("label")) label.hidden = !label.querySelector("[data-always],:checked");
    const inChips = [...chips.querySelectorAll("label")].some((l) => !l.hidden && !l.querySelector("[data-always]"));
    if (wanted && shown.size) all.open = true;
    else if (!wanted && inChips) all.open = false;
    said.textContent = !wanted ? "" : shown.size ? input.dataset.some.replace("{n}", String(shown.size)) : input.dataset.none;
  };
  input.addEventListener("compositionstart", () => { composing = true; });
  input.addEventListener("compositionend", () => { composing = false; filter(); });
  input.addEventListener("input", (event) => { if (!event.isComposing && !composing) filter(); });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    const found = radios.find((r) => !r.closest("label").hidden && !r.hasAttribute("data-always") && r.hasAttribute("data-full") && r.offsetParent !== null);
    if (input.value.trim() && found) { found.checked = true; found.focus(); found.dispatchEvent(new Event("change", { bubbles: true })); }
  });
}

function photos(form) {
  const box = form.querySelector("[data-photos]"), list = box?.querySelector("[data-photo-list]"), input = box?.querySelector("[data-photo-input]");
  if (!input) return;
  const add = box.querySelector("[data-photo-add]"), said = box.querySelector("[data-photo-said]"), template = form.querySelector("[data-photo-template]");
  const most = Number(box.dataset.max), quiet = said.textContent;
  let busy = 0, line = Promise.resolve(); // one after the other: they stay in the order they were chosen in
  const cards = () => [...list.querySelectorAll(".photo")];
  const settle = () => {
    add.hidden = cards().length >= most;
    cards().forEach((card, i) => { card.querySelector(".rm").setAttribute("aria-label", `${box.dataset.remove} ${i + 1}`); });
  };

  async function upload(file) {
    const card = template.content.firstElementChild.cloneNode(true), image = card.querySelector("img"), token = card.querySelector("input");
    const preview = URL.createObjectURL(file);
    image.src = preview;
    image.alt = file.name;
    card.classList.add("busy");
    token.disabled = true;
    list.insertBefore(card, add);
    settle();
    busy++;
    said.textContent = box.dataset.busy;
    const body = new FormData();
    body.set("state", form.elements.namedItem("state").value);
    body.set("csrfmiddlewaretoken", form.elements.namedItem("csrfmiddlewaretoken").value);
    body.set("photo", file);
    let problem = "";
    const before = line;
    let free;
    line = new Promise((done) => { free = done; });
    await before;
    try {
      const answer = await fetch(box.dataset.url, { method: "POST", body, headers: { Accept: "application/json" } });
      const told = await answer.json();
      if (answer.ok) {
        token.value = told.token;
        token.disabled = false;
        card.dataset.small = told.small_url; // a reload shows it again
        list.dispatchEvent(new CustomEvent("linli:files", { bubbles: true }));
      }
      else problem = told.message || box.dataset.failed;
    } catch { problem = box.dataset.failed; }
    free();
    busy--;
    card.classList.remove("busy");
    if (problem) {
      card.remove();
      URL.revokeObjectURL(preview);
      settle();
      said.textContent = problem;
      say(problem, 6000, "bad");
    } else if (!busy) said.textContent = quiet;
  }

  input.addEventListener("change", () => {
    const free = most - cards().length, files = [...input.files];
    for (const file of files.slice(0, Math.max(free, 0))) upload(file);
    if (files.length > free) { said.textContent = box.dataset.full; say(box.dataset.full); }
    input.value = "";
  });
  list.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest(".rm") : null;
    if (!button) return;
    event.preventDefault();
    button.closest(".photo").remove();
    list.dispatchEvent(new CustomEvent("linli:files", { bubbles: true }));
    (add.hidden ? form.elements.namedItem("description") : input).focus();
  });
  list.addEventListener("linli:files", settle);
  form.addEventListener("submit", (event) => {
    if (!busy || event.submitter?.value !== "next") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    say(box.dataset.waiting);
  }, true);
  settle();
}
