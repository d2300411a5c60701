// Search of the knowledge base: a choice opens its article; "/" goes to the field from anywhere on the page.
const form = document.querySelector("[data-ask]"), input = form?.querySelector("input[name=q]");

input?.addEventListener("linli:choose", (event) => {
  const url = event.detail?.url;
  if (url) location.assign(url);
});

document.addEventListener("keydown", (event) => {
  const target = event.target;
  const typing = target instanceof Element && target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  input?.focus();
  input?.select();
});
