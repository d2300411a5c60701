// The wall without a network: its page, as it was last, and the parts that the page names. KEPT_MS stands above.
// Nothing but the wall is ever answered from here, and nothing that is older than a session. Signing out empties both
// stores (site/shell.js), and so does an answer that says nobody is signed in.

const SHELL = "wall-shell", PATIENCE_MS = 12000;

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (url.searchParams.get("wall") === "1") event.respondWith(page(request));
  } else if (/^\/(static|tiles)\//.test(url.pathname)) event.respondWith(part(request));
});

async function forget() {
  for (const name of await caches.keys()) if (name.startsWith("wall-")) await caches.delete(name);
}

async function page(request) {
  let answer;
  try {
    answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.status < 500 && !answer.ok) await forget(); // sent to the login page, or refused
    if (answer.status < 500) return answer;
  } catch { /* no network, or the server is away: below */ }
  const kept = await (await caches.open(SHELL)).match(request.url, { ignoreVary: true });
  const fresh = kept && Date.now() - Number(kept.headers.get("X-Kept")) < KEPT_MS;
  if (kept && !fresh) await forget();
  return (fresh && kept) || answer || Response.error();
}

// Their addresses carry their revision: what is kept is what would be sent.
async function part(request) {
  return (await (await caches.open(SHELL)).match(request, { ignoreVary: true })) ?? fetch(request);
}
