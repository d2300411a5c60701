// The service worker: keeps the offline page and its parts, and gives it when the network does not answer.
// REVISION, STATIC, SHELL and REPORT are written above by the server.

const CACHE = `linli-${REVISION}`;
const PARTS = ["site/linli.css", "site/shell.js", "site/icon.svg", "portal/portal.css", "portal/offline.js", "portal/outbox.js", "site/drafts.js"].map((p) => STATIC + p);
const DAY_MS = 24 * 3600 * 1000;

async function keepShell() {
  const cache = await caches.open(CACHE);
  await cache.add(new Request(SHELL, { cache: "reload", credentials: "same-origin" }));
}

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll(PARTS);
    await keepShell();
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("linli-") && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

// The page's token lives thirty days: a page kept for a day is fetched anew when there is a network.
async function refresh() {
  const kept = await caches.match(SHELL);
  const made = kept && Date.parse(kept.headers.get("Date") || "");
  if (!made || Date.now() - made > DAY_MS) await keepShell().catch(() => {});
}

self.addEventListener("fetch", (event) => {
  const request = event.request, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith(STATIC)) {
    event.respondWith(caches.match(request, { ignoreSearch: true }).then((kept) => kept || fetch(request)));
    return;
  }
  if (request.mode !== "navigate" || (url.pathname !== REPORT && url.pathname !== SHELL)) return;
  event.respondWith((async () => {
    try {
      const answer = await fetch(request);
      event.waitUntil(refresh());
      return answer;
    } catch (error) {
      const kept = await caches.match(SHELL, { ignoreSearch: true, ignoreVary: true });
      if (kept) return kept;
      throw error;
    }
  })());
});
