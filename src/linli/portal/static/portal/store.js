// Where a phone keeps drafts: IndexedDB, one row a draft, photographs as they are.
// A row: {key, fields, photo: [tokens], files: [File], token, state: waiting|look|sent, problem, number, url, at}.

function open() {
  return new Promise((done, fail) => {
    const asked = indexedDB.open("linli", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("drafts", { keyPath: "key" });
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
}

async function within(mode, work) {
  const database = await open();
  try {
    return await new Promise((done, fail) => {
      const turn = database.transaction("drafts", mode);
      const asked = work(turn.objectStore("drafts"));
      turn.oncomplete = () => done(asked?.result);
      turn.onabort = turn.onerror = () => fail(turn.error);
    });
  } finally {
    database.close();
  }
}

export const all = () => within("readonly", (store) => store.getAll());
export const get = (key) => within("readonly", (store) => store.get(key));
export const put = (row) => within("readwrite", (store) => store.put(row));
export const remove = (key) => within("readwrite", (store) => store.delete(key));
export const supported = "indexedDB" in globalThis;
