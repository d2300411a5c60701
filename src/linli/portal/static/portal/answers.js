// Search of the answers: what is chosen from the list under the field opens at once.
document.querySelector("[data-ask] input[name=q]")?.addEventListener("linli:choose", (event) => {
  const url = event.detail?.url;
  if (url) location.assign(url);
});
