// A long list that is searched by typing: <select> stays what is sent, the field before it finds. Without this file the list is a list.
//
// pick(select, {words, initials}): words none, remove; initials maps a value to pinyin initials ("xclj xcrj").
// Several choices (multiple) stand as tokens below. Arrows, Home, End, Enter, Escape; Backspace in an empty field takes the last token away.

let serial = 0;

export function pick(select, { words, initials = {} }) {
  const many = select.multiple, id = select.id, listId = `pick-${++serial}`;
  const box = Object.assign(document.createElement("div"), { className: "suggest pick" });
  const input = Object.assign(document.createElement("input"), { className: "input", type: "text" });
  const list = Object.assign(document.createElement("ul"), { id: listId, hidden: true });
  const tokens = Object.assign(document.createElement("ul"), { className: "tokens" });
  const said = Object.assign(document.createElement("span"), { className: "vh" });
  said.setAttribute("role", "status");
  list.setAttribute("role", "listbox");
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", listId], ["autocomplete", "off"], ["spellcheck", "false"], ["placeholder", words.search]]) input.setAttribute(name, value);
  for (const name of ["aria-invalid", "aria-describedby"]) if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
  const label = select.labels?.[0]?.textContent.trim() || select.getAttribute("aria-label") || select.options[0]?.textContent || "";
  if (!select.labels?.length) input.setAttribute("aria-label", label);
  list.setAttribute("aria-label", label);
  select.id = `${id}-list`; // the label and the summary of errors lead to the field that one types in
  input.id = id;
  select.hidden = true;
  select.before(box);
  box.append(input, list, said, ...(many ? [tokens] : []));

  const all = [...select.options].filter((o) => o.value).map((o) => ({
    option: o, name: o.textContent.trim(), group: o.parentElement instanceof HTMLOptGroupElement ? o.parentElement.label : "",
    keys: [o.textContent.trim().toLowerCase(), ...(initials[o.value] || "").split(" "), o.value.toLowerCase()],
  }));
  let shown = [], at = -1;

  const name = () => (many ? "" : all.find((x) => x.option.selected)?.name ?? "");
  const close = () => { list.hidden = true; at = -1; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
  const point = (next) => {
    at = next;
    [...list.querySelectorAll("[role=option]")].forEach((li, i) => { li.setAttribute("aria-selected", String(i === at)); if (i === at) li.scrollIntoView({ block: "nearest" }); });
    if (at >= 0) input.setAttribute("aria-activedescendant", `${listId}-${at}`);
  };

  function open() {
    const typed = input.value.trim().toLowerCase(), text = typed === name().toLowerCase() ? "" : typed;
    shown = all.filter((x) => !(many && x.option.selected) && (!text || x.keys.some((k, i) => (i && text.length < 2 ? k.startsWith(text) : k.includes(text))))).slice(0, 60);
    let group = null;
    list.replaceChildren(...shown.flatMap((x, i) => {
      const li = Object.assign(document.createElement("li"), { id: `${listId}-${i}`, textContent: x.name });
      li.setAttribute("role", "option");
      li.setAttribute("aria-selected", "false");
      if (x.group === group || !x.group) return [li];
      group = x.group;
      const head = Object.assign(document.createElement("li"), { className: "group", textContent: x.group });
      head.setAttribute("role", "presentation");
      return [head, li];
    }));
    if (!shown.length) list.append(Object.assign(document.createElement("li"), { className: "group", textContent: words.none }));
    said.textContent = shown.length ? "" : words.none;
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    point(text && shown.length ? 0 : -1);
  }

  function draw() {
    if (!many) { input.value = name(); return; }
    tokens.replaceChildren(...all.filter((x) => x.option.selected).map((x) => {
      const li = document.createElement("li"), off = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
      off.setAttribute("aria-label", words.remove.replace("{name}", x.name));
      off.addEventListener("click", () => { x.option.selected = false; changed(); input.focus(); });
      li.append(x.name, off);
      return li;
    }));
  }
  const changed = () => { draw(); select.dispatchEvent(new Event("change", { bubbles: true })); };

  function choose(i) {
    const x = shown[i];
    if (!x) return;
    x.option.selected = true;
    if (many) input.value = "";
    said.textContent = x.name;
    close();
    changed();
  }

  input.addEventListener("input", (event) => {
    if (!many && !input.value.trim()) { select.value = ""; select.dispatchEvent(new Event("change", { bubbles: true })); }
    if (!event.isComposing) open();
  });
  input.addEventListener("compositionend", open);
  input.addEventListener("click", () => { if (list.hidden) { input.select(); open(); } });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey) return;
    const last = shown.length - 1;
    if (event.key === "ArrowDown") { event.preventDefault(); if (list.hidden) open(); point(at >= last ? 0 : at + 1); }
    else if (event.key === "ArrowUp" && !list.hidden) { event.preventDefault(); point(at <= 0 ? last : at - 1); }
    else if (event.key === "Enter") { event.preventDefault(); if (!list.hidden) choose(Math.max(at, 0)); }
    else if (event.key === "Escape" && !list.hidden) { event.preventDefault(); event.stopPropagation(); close(); draw(); }
    else if (event.key === "Backspace" && many && !input.value) { const x = all.filter((y) => y.option.selected).at(-1); if (x) { x.option.selected = false; changed(); } }
  });
  input.addEventListener("blur", () => setTimeout(() => { close(); draw(); }, 120));
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const li = event.target instanceof Element ? event.target.closest("[role=option]") : null;
    if (li) choose([...list.querySelectorAll("[role=option]")].indexOf(li));
  });
  draw();
}
