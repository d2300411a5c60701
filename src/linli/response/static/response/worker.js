// The field page without a network: the form is kept, pages come from the network first. REVISION and KEPT stand above.

const STORE = `linli-field-${REVISION}`, SHELL = KEPT[0], PATIENCE_MS = 5000;

self.addEventListener("install", (event) => {
  // Without cookies: what is kept on the phone names nobody.
  const fetchAll = async () => {
    const store = await caches.open(STORE);
    await Promise.all(KEPT.map(async (url) => store.put(url, await fetch(url, { credentials: "omit", cache: "no-cache" }))));
    await self.skipWaiting();
  };
  event.waitUntil(fetchAll());
});

self.addEventListener("activate", (event) => {
  const clean = async () => {
    for (const name of await caches.keys()) if (name.startsWith("linli-field-") && name !== STORE) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(clean());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (KEPT.includes(new URL(request.url).pathname)) event.respondWith(kept(request));
});

async function page(request) {
  try {
    return await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    return (await caches.match(SHELL)) ?? Response.error();
  }
}

async function kept(request) {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}
