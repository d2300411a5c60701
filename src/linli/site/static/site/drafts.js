// Drafts that wait for a network: kept in IndexedDB with their photographs, sent once each, dropped only after 201.
//
// const box = drafts("field");
// await box.put({key, fields: {name: value}, files: [File], label});   key: crypto.randomUUID(), the Idempotency-Key
// await box.all()      the drafts, oldest first: {key, at, fields, files, label, state: waiting|look, problem: {message, fields}}
// await box.remove(key)
// const {sent, stopped} = await box.send({url, headers: () => ({}), filesName: "photo"});
//   sent: [{draft, answer}]; stopped: "" | offline | sign_in | later; 409, 413 and 422 turn a draft into "look" and go on.
// "linli:drafts" fires on document whenever something changed.

const NAME = "linli-drafts", SLOW_MS = 60000;

function database() {
  return new Promise((done, failed) => {
    const ask = indexedDB.open(NAME, 1);
    ask.onupgradeneeded = () => ask.result.createObjectStore("drafts", { keyPath: "key" }).createIndex("room", "room");
    ask.onsuccess = () => done(ask.result);
    ask.onerror = () => failed(ask.error);
  });
}

async function work(mode, act) {
  const db = await database();
  try {
    return await new Promise((done, failed) => {
      const transaction = db.transaction("drafts", mode), request = act(transaction.objectStore("drafts"));
      transaction.oncomplete = () => done(request.result);
      transaction.onerror = transaction.onabort = () => failed(transaction.error);
    });
  } finally {
    db.close();
  }
}

const changed = () => document.dispatchEvent(new CustomEvent("linli:drafts"));

export function drafts(room) {
  const box = {
    async put(draft) {
      await work("readwrite", (store) => store.put({ at: Date.now(), files: [], state: "waiting", problem: null, ...draft, room }));
      changed();
    },
    async all() {
      const rows = await work("readonly", (store) => store.index("room").getAll(room));
      return rows.sort((a, b) => a.at - b.at);
    },
    async remove(key) {
      await work("readwrite", (store) => store.delete(key));
      changed();
    },
    /** Send what waits, one after the other; one tab at a time. */
    async send(how) {
      const run = () => sendAll(box, how);
      return navigator.locks ? navigator.locks.request(`${NAME}-${room}`, run) : run();
    },
  };
  return box;
}

async function sendAll(box, { url, headers, filesName = "photo" }) {
  const sent = [];
  for (const draft of await box.all()) {
    if (draft.state !== "waiting") continue;
    const body = new FormData();
    for (const [name, value] of Object.entries(draft.fields)) body.append(name, value);
    for (const file of draft.files) body.append(filesName, file, file.name);
    let answer, said = {};
    try {
      answer = await fetch(url, { method: "POST", body, redirect: "manual", signal: AbortSignal.timeout(SLOW_MS),
        headers: { Accept: "application/json", "Idempotency-Key": draft.key, ...(headers?.() ?? {}) } });
      if (answer.headers.get("Content-Type")?.includes("json")) said = await answer.json();
    } catch {
      return { sent, stopped: "offline" };
    }
    if (answer.status === 201) {
      await box.remove(draft.key);
      sent.push({ draft, answer: said });
    } else if ([409, 413, 422].includes(answer.status)) {
      await box.put({ ...draft, state: "look", problem: { message: said.message || "", fields: said.fields || {} } });
    } else {
      return { sent, stopped: [401, 403].includes(answer.status) || answer.type === "opaqueredirect" ? "sign_in" : "later", message: said.message || "" };
    }
  }
  return { sent, stopped: "" };
}
