// The page shell: menus, dialogs, focus on the error summary, one submit for one click, leaving with unsaved words.
// Every sentence shown comes from the page's own data attributes.

const text = (name) => document.body.dataset[name] || "";

// After a refused form the summary is read first; a link in it goes to the field itself.
document.querySelector("[data-error-summary]")?.focus();

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return;

  const toggle = target.closest("[data-toggle]");
  if (toggle) {
    const box = document.getElementById(toggle.dataset.toggle);
    const open = box?.classList.toggle("open") ?? false;
    toggle.setAttribute("aria-expanded", String(open));
  }

  const opener = target.closest("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (dialog instanceof HTMLDialogElement) {
      event.preventDefault();
      dialog.showModal();
    }
  }
  const closer = target.closest("[data-close]");
  if (closer) {
    event.preventDefault();
    (closer.closest("dialog") ?? document.getElementById(closer.dataset.close))?.close?.();
  }
  if (target instanceof HTMLDialogElement && target.open && outside(target, event)) target.close(); // a click on the backdrop

  if (target.closest("[data-theme-switch]")) switchTheme();
  if (target.closest("[data-print]")) window.print();
  const copy = target.closest("[data-copy]");
  if (copy) copyText(copy);

  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(target)) menu.open = false;
});

function outside(dialog, event) {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing) return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
  const toggle = document.querySelector('[data-toggle][aria-expanded="true"]');
  if (toggle) {
    toggle.click();
    toggle.focus();
  }
});

// What a wall has kept for a lost network goes with whoever was signed in: at the press, and on every page of nobody.
async function forgetWalls() {
  if (!("caches" in window)) return;
  for (const name of await caches.keys()) if (name.startsWith("wall-")) await caches.delete(name);
}
if (!document.body.dataset.liveUrl) forgetWalls();
document.addEventListener("submit", (event) => { if (event.target.matches("form[data-sign-out]")) forgetWalls(); });

function switchTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  document.cookie = `linli_theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
  document.dispatchEvent(new CustomEvent("linli:theme", { detail: root.dataset.theme }));
}

async function copyText(button) {
  const source = document.getElementById(button.dataset.copy);
  const value = source?.value ?? source?.textContent ?? "";
  try {
    await navigator.clipboard.writeText(value.trim());
    say(button.dataset.said || "");
  } catch {
    source?.focus?.();
    source?.select?.();
  }
}

// One click, one request: a second submit of the same form within the same page is stopped.
// htmx forms are left alone; htmx has its own `hx-disable`.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || event.defaultPrevented || form.method !== "post") return;
  if (form.matches("[hx-post],[hx-put],[hx-patch],[data-again]")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  delete form.dataset.dirty;
  const button = event.submitter;
  if (!button) return;
  // Not `disabled`: the name and value of the pressed button must still be sent.
  button.setAttribute("aria-busy", "true");
  if (text("busy")) say(text("busy"), 1500);
});

// Coming back with the back button finds a form that can be sent again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll('button[aria-busy="true"]')) button.removeAttribute("aria-busy");
});

// `<form data-guard>`: what was typed is not lost by a stray click.
document.addEventListener("input", (event) => {
  const form = event.target instanceof Element ? event.target.closest("form[data-guard]") : null;
  if (form) form.dataset.dirty = "1";
  const field = event.target;
  if (field instanceof HTMLTextAreaElement || field instanceof HTMLInputElement) count(field);
});
window.addEventListener("beforeunload", (event) => {
  if (document.querySelector("form[data-guard][data-dirty]")) event.preventDefault();
});

// `<span data-count-for="id_text" data-text="还可写 {n} 字">`: what is left of maxlength.
function count(field) {
  const out = field.id && document.querySelector(`[data-count-for="${CSS.escape(field.id)}"]`);
  if (out && field.maxLength > 0) out.textContent = out.dataset.text.replace("{n}", String(field.maxLength - field.value.length));
}

// `<select data-submit>` in a filter form: choosing applies (a button beside it serves those without JavaScript).
document.addEventListener("change", (event) => {
  const field = event.target;
  if (field instanceof HTMLSelectElement && field.matches("[data-submit]")) field.form?.requestSubmit();
});

// An Enter that confirms a candidate of the input method never submits.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.isComposing || event.keyCode === 229) && event.target instanceof HTMLInputElement) event.preventDefault();
}, true);

/** Say a sentence at the foot of the page, politely; it goes by itself. */
export function say(sentence, ms = 4000, kind = "") {
  if (!sentence) return;
  let box = document.getElementById("toast");
  if (!box) {
    box = document.createElement("div");
    box.id = "toast";
    box.setAttribute("role", "status");
    document.body.append(box);
  }
  box.className = `toast notice ${kind}`;
  box.textContent = sentence;
  box.hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { box.hidden = true; }, ms);
}
