// Search as you type: an accessible combobox over an address that answers JSON.
//
// <div class="suggest" data-suggest="/places/search" data-none="没有找到" data-many="{n} 个结果"
//      data-failed="搜索暂时没有回应。请……" [data-min="1"] [data-fills="id_code"] [data-params="scope=1"]>
//   <input class="input" id="q" name="q" autocomplete="off">
// </div>
//
// The answer: a list, or an object that holds one; an item has name, and may have value|code|id, detail, note|kind_name. Choosing fires
// `linli:choose` (bubbles, detail: the item) on the input and writes its value into the element named by data-fills.
// What was typed before this script came is asked when it comes. A question without an answer is asked twice more, then data-failed
// says how to go on without it. The Enter that chooses never submits; nothing is asked while an input method composes; arrows, Home, End, Escape work.

const DEBOUNCE_MS = 140;
const AGAIN_MS = [400, 1200]; // pauses before the second and the third attempt
let serial = 0;

export function suggest(box) {
  const input = box.querySelector("input");
  if (!input || input.dataset.suggesting) return null;
  input.dataset.suggesting = "1";
  const id = `suggest-${++serial}`, least = Number(box.dataset.min ?? 1);
  const list = Object.assign(document.createElement("ul"), { id, hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.getAttribute("aria-label") || input.labels?.[0]?.textContent?.trim() || "");
  const said = Object.assign(document.createElement("span"), { className: "vh" });
  said.setAttribute("role", "status");
  box.append(list, said);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", id], ["autocomplete", "off"], ["spellcheck", "false"]]) input.setAttribute(name, value);

  let items = [], at = -1, timer = 0, asked = 0, aborter = null, composing = false, owed = false;

  const close = () => {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const point = (next) => {
    at = next;
    [...list.children].forEach((li, i) => li.setAttribute("aria-selected", String(i === at)));
    if (at < 0) { input.removeAttribute("aria-activedescendant"); return; }
    input.setAttribute("aria-activedescendant", `${id}-${at}`);
    list.children[at].scrollIntoView({ block: "nearest" });
  };

  const show = () => {
    list.replaceChildren(...items.map((item, i) => {
      const li = Object.assign(document.createElement("li"), { id: `${id}-${i}` });
      li.setAttribute("role", "option");
      li.setAttribute("aria-selected", "false");
      li.append(Object.assign(document.createElement("span"), { textContent: item.name }));
      const note = item.note || item.kind_name;
      if (note) li.append(Object.assign(document.createElement("em"), { textContent: note }));
      if (item.detail) li.append(Object.assign(document.createElement("small"), { textContent: item.detail }));
      return li;
    }));
    at = -1;
    if (items.length) {
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      said.textContent = (box.dataset.many || "{n}").replace("{n}", String(items.length));
    } else {
      close();
      said.textContent = box.dataset.none || "";
    }
    note(items.length || !input.value.trim() ? "" : box.dataset.none);
  };

  /** The sentence under the input where no list opens; "" takes it away. */
  const note = (sentence) => {
    box.querySelector(".none")?.remove();
    if (sentence) box.append(Object.assign(document.createElement("p"), { className: "none", textContent: sentence }));
  };

  const address = (text) => {
    const url = new URL(box.dataset.suggest, location.origin);
    url.searchParams.set(box.dataset.name || "q", text);
    for (const [k, v] of new URLSearchParams(box.dataset.params || "")) url.searchParams.set(k, v);
    return url;
  };

  const ask = async (attempt = 0) => {
    const text = input.value.trim(), turn = ++asked;
    clearTimeout(timer);
    aborter?.abort();
    owed = false;
    if (text.length < least) { items = []; close(); note(""); return; }
    aborter = new AbortController();
    let refused = false;
    try {
      const answer = await fetch(address(text), { headers: { Accept: "application/json" }, signal: aborter.signal });
      refused = answer.status >= 400 && answer.status < 500 && answer.status !== 429; // the same question gets the same refusal
      if (!answer.ok) throw new Error(String(answer.status));
      const body = await answer.json();
      if (turn !== asked) return; // a later question was asked
      if (document.activeElement !== input) { owed = true; return; } // the reader has gone on: no list opens over what they do now
      items = Array.isArray(body) ? body : body.results ?? body.places ?? [];
      show();
    } catch (error) {
      if (error.name === "AbortError" || turn !== asked) return;
      if (!refused && attempt < AGAIN_MS.length) { timer = setTimeout(ask, AGAIN_MS[attempt], attempt + 1); return; }
      items = [];
      owed = true;
      close();
      note(said.textContent = box.dataset.failed || "");
    }
  };

  const soon = () => { clearTimeout(timer); if (!composing) timer = setTimeout(ask, DEBOUNCE_MS); };

  const choose = (i) => {
    const item = items[i];
    if (!item) return;
    input.value = item.name;
    const fills = box.dataset.fills && document.getElementById(box.dataset.fills);
    if (fills) {
      fills.value = item.value || item.code || item.id || "";
      fills.dispatchEvent(new Event("change", { bubbles: true }));
    }
    clearTimeout(timer);
    asked++;
    owed = false;
    close();
    said.textContent = item.name;
    input.dispatchEvent(new CustomEvent("linli:choose", { bubbles: true, detail: item }));
  };

  input.addEventListener("compositionstart", () => { composing = true; clearTimeout(timer); });
  input.addEventListener("compositionend", () => { composing = false; soon(); });
  input.addEventListener("input", (event) => {
    const fills = box.dataset.fills && document.getElementById(box.dataset.fills);
    if (fills) fills.value = ""; // words typed after a choice are no longer that choice
    if (!event.isComposing) soon();
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    const open = !list.hidden, last = items.length - 1;
    if (event.key === "ArrowDown") { event.preventDefault(); if (open) point(at >= last ? 0 : at + 1); else if (items.length) { show(); point(0); } else ask(); }
    else if (event.key === "ArrowUp" && open) { event.preventDefault(); point(at <= 0 ? last : at - 1); }
    else if (event.key === "Home" && open && at >= 0) { event.preventDefault(); point(0); }
    else if (event.key === "End" && open && at >= 0) { event.preventDefault(); point(last); }
    else if (event.key === "Enter" && open) { event.preventDefault(); choose(at >= 0 ? at : 0); }
    else if (event.key === "Escape" && open) { event.preventDefault(); event.stopPropagation(); close(); }
    else if (event.key === "Tab" && open && at >= 0) choose(at);
  });
  input.addEventListener("blur", () => setTimeout(() => { if (document.activeElement !== input) close(); }, 120));
  input.addEventListener("focus", () => { if (owed) ask(); });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the input keeps the focus
  list.addEventListener("click", (event) => {
    const li = event.target instanceof Element ? event.target.closest('[role="option"]') : null;
    if (li) choose([...list.children].indexOf(li));
  });
  if (document.activeElement === input && input.value !== input.defaultValue) soon(); // typed while this script was on its way
  return { close, ask };
}

for (const box of document.querySelectorAll("[data-suggest]")) suggest(box);
document.addEventListener("htmx:after:swap", () => { for (const box of document.querySelectorAll("[data-suggest]")) suggest(box); });
