// The page that works without a network: a whole report on one page, kept on this phone until it is sent.

import { newKey, sentences, whileTyping } from "../site/drafts.js";
import { box, day } from "./outbox.js";

const form = document.getElementById("offline"), words = form.dataset;
const list = form.querySelector("[data-photo-list]"), add = form.querySelector("[data-photo-add]"), input = form.querySelector("[data-photo-input]");
const problems = form.querySelector("[data-problems]"), field = (name) => form.elements.namedItem(name);
let key = newKey(), tokens = [], files = [];

function complain(sentences) {
  problems.hidden = !sentences.length;
  problems.querySelector("ul").replaceChildren(...sentences.map(([text, id]) => {
    const li = document.createElement("li");
    li.append(id ? Object.assign(document.createElement("a"), { href: `#${id}`, textContent: text }) : document.createTextNode(text));
    return li;
  }));
  if (sentences.length) problems.focus();
}

function draw() {
  for (const card of list.querySelectorAll(".photo")) { URL.revokeObjectURL(card.querySelector("img").src); card.remove(); }
  files.forEach((file, i) => {
    const card = document.querySelector("[data-photo-template]").content.firstElementChild.cloneNode(true);
    card.querySelector("img").src = URL.createObjectURL(file);
    card.querySelector("img").alt = file.name;
    card.querySelector(".rm").setAttribute("aria-label", `${words.remove} ${i + 1}`);
    card.querySelector(".rm").addEventListener("click", () => { files.splice(i, 1); draw(); told(); input.focus(); });
    list.insertBefore(card, add);
  });
  add.hidden = files.length + tokens.length >= Number(words.max);
}

const told = () => form.dispatchEvent(new CustomEvent("linli:files"));
input.addEventListener("change", () => {
  const free = Number(words.max) - files.length - tokens.length;
  files.push(...[...input.files].slice(0, Math.max(free, 0)));
  form.querySelector("[data-photo-said]").textContent = input.files.length > free ? words.full : "";
  input.value = "";
  draw();
});

const locate = form.querySelector("[data-locate]"), said = form.querySelector("[data-located]");
locate.addEventListener("click", () => {
  said.textContent = locate.dataset.busyText;
  navigator.geolocation?.getCurrentPosition(
    (found) => {
      field("lon").value = found.coords.longitude.toFixed(6);
      field("lat").value = found.coords.latitude.toFixed(6);
      field("source").value = "device";
      field("division").value = "";
      said.textContent = locate.dataset.found;
      told();
    },
    () => { said.textContent = locate.dataset.refused; },
    { enableHighAccuracy: true, timeout: 10000, maximumAge: 60000 },
  );
  if (!navigator.geolocation) said.textContent = locate.dataset.refused;
});
field("division").addEventListener("change", () => {
  for (const name of ["lon", "lat", "source"]) field(name).value = "";
  said.textContent = "";
});

function row() {
  const fields = { consent: words.consent };
  for (const name of ["lon", "lat", "source", "division", "class_code", "description", "address", "phone", "name"]) fields[name] = field(name).value;
  if (field("agreed").checked) fields.agreed = "on";
  return { key, fields, photo: tokens, files, label: fields.description.slice(0, 40), token: words.token };
}
const typing = whileTyping(form, () => box?.type(row()).catch(() => {}));

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const missing = [];
  if (!field("lon").value && !field("division").value) missing.push([words.needPlace, "id_division"]);
  if (!field("class_code").value) missing.push([words.needClass, "id_class_code"]);
  if (!field("description").value.trim() && !files.length && !tokens.length) missing.push([words.needWords, "id_description"]);
  if (field("phone").value.trim() && !field("agreed").checked) missing.push([words.needConsent, "id_agreed"]);
  complain(missing);
  if (missing.length) return;
  typing.stop();
  try {
    await box.keep(row());
  } catch {
    complain([[words.storage, ""]]);
    return;
  }
  start();
  scrollTo({ top: 0 });
  if (navigator.onLine) box.flush();
});

function start() {
  key = newKey();
  tokens = [];
  files = [];
  form.reset();
  for (const name of ["lon", "lat", "source"]) field(name).value = "";
  said.textContent = "";
  draw();
}

async function edit(wanted) {
  const kept = await box.hold(wanted);
  if (!kept) return;
  key = kept.key;
  files = [...kept.files];
  // A picture that the server no longer knows cannot be sent again: it must be taken anew.
  tokens = kept.problem?.fields?.photo ? [] : [...kept.photo];
  for (const [name, value] of Object.entries(kept.fields)) {
    const control = field(name);
    if (control?.type === "checkbox") control.checked = value === "on";
    else if (control) control.value = value;
  }
  said.textContent = field("lon").value ? locate.dataset.found : "";
  draw();
  complain(sentences(kept.problem).map((text) => [text, ""]));
}

const card = document.querySelector("[data-drafts]"), template = document.querySelector("[data-draft-template]");
document.addEventListener("linli:drafts", ({ detail }) => {
  const rows = detail.rows.filter((r) => r.state !== "sent");
  card.hidden = !rows.length;
  card.querySelector("[data-draft-list]").replaceChildren(...rows.map((kept) => {
    const li = template.content.firstElementChild.cloneNode(true);
    li.querySelector("[data-title]").textContent = kept.label || card.dataset.untitled;
    li.querySelector("[data-state]").textContent = [...(kept.state === "look" ? [card.dataset.look, ...sentences(kept.problem)] : [card.dataset.waiting]), card.dataset.until.replace("{day}", day(kept.until))].join(" · ");
    const open = li.querySelector("[data-open]"), drop = li.querySelector("[data-drop]");
    open.textContent = card.dataset.open;
    drop.textContent = card.dataset.drop;
    open.addEventListener("click", () => edit(kept.key));
    drop.addEventListener("click", async () => {
      if (!confirm(card.dataset.sure)) return;
      await box.remove(kept.key);
      if (kept.key === key) start();
    });
    return li;
  }));
});

draw();
if (box) {
  const asked = new URLSearchParams(location.search).get("draft") || (await box.writing())?.key;
  if (asked) await edit(asked);
  const rows = await box.all();
  document.dispatchEvent(new CustomEvent("linli:drafts", { detail: { room: "report", rows } }));
}
