// Drafts on this device, for every page that writes without a network: IndexedDB, photographs as they are, one format.
//
// const box = drafts("report", {url, headers: (row) => ({}), files: "files", owner: "", signs: false});
// A row: {key, room, format, state, at, until, fields: {name: value}, files: [File], more: {name: [File]}, photo: [tokens], label, place, token,
//         owner, problem: {message, fields} | null, number, url}.
//   typing   being written, a day; nobody is told of it    waiting  meant to be sent, sent once under its key
//   look     the server, or the person, wants another look  sent     only number and link are left
// Everything goes by itself at `until`, because a machine may be shared. `linli:drafts` {room, rows} is told on every change.

const NAME = "linli-drafts", OLD_REPORTS = "linli", FORMAT = 2;
const SLOW_MS = 60000, RETRY_MS = 20000, RETRY_MOST_MS = 300000, DAY_MS = 86400000;
export const KEPT_DAYS = 7, TYPED_DAYS = 1;
export const supported = "indexedDB" in globalThis;

/** A new key. `crypto.randomUUID` is missing where the page came over plain HTTP. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = (b[6] & 15) | 64;
  b[8] = (b[8] & 63) | 128;
  return [...b].map((n, i) => ([4, 6, 8, 10].includes(i) ? "-" : "") + n.toString(16).padStart(2, "0")).join("");
}

// --- the database --------------------------------------------------------------------------------------------
function open(name, upgrade) {
  return new Promise((done, failed) => {
    const asked = indexedDB.open(name);
    asked.onupgradeneeded = () => upgrade(asked);
    asked.onsuccess = () => { asked.result.onversionchange = () => asked.result.close(); done(asked.result); };
    asked.onerror = () => failed(asked.error);
  });
}

async function within(db, mode, act) {
  try {
    return await new Promise((done, failed) => {
      const turn = db.transaction("drafts", mode), asked = act(turn.objectStore("drafts"));
      turn.oncomplete = () => done(asked?.result);
      turn.onabort = turn.onerror = () => failed(turn.error);
    });
  } finally {
    db.close();
  }
}

// The shape of the tables has not changed since the first release, so that a page of an older one still finds its rows.
const work = async (mode, act) => within(await open(NAME, (asked) => asked.result.createObjectStore("drafts", { keyPath: "key" }).createIndex("room", "room")), mode, act);

/** A row of an older release in today's format. What it lacks is added; nothing is dropped, and its week begins today. */
function modern(row, room) {
  const told = Array.isArray(row.problem) ? { message: row.said && Object.keys(row.said).length ? "" : row.problem.filter(Boolean).join(" "), fields: row.said ?? {} } : row.problem;
  const problem = told && (told.message || Object.keys(told.fields ?? {}).length) ? told : null;
  return { files: [], photo: [], label: row.fields?.description?.slice(0, 40) ?? "", place: "", owner: "", at: Date.now(), ...row, room: row.room ?? room, problem, format: FORMAT, until: Date.now() + KEPT_DAYS * DAY_MS };
}

/** Brings rows of older releases over: first they are here, then they go there. Twice is as good as once. */
async function adopt() {
  const mine = await work("readonly", (store) => store.getAll());
  const dated = mine.filter((row) => row.format !== FORMAT);
  if (dated.length) await work("readwrite", (store) => { for (const row of dated) store.put(modern(row, "field")); });
  const reports = () => open(OLD_REPORTS, (asked) => asked.transaction.abort()).catch(() => null); // never made anew
  const old = await reports();
  if (!old) return;
  if (!old.objectStoreNames.contains("drafts")) { old.close(); return; }
  const rows = await within(old, "readonly", (store) => store.getAll());
  if (!rows.length) return;
  await work("readwrite", (store) => {
    for (const row of rows) {
      const known = mine.find((m) => m.key === row.key);
      if (!known || (known.state !== "sent" && row.at > known.at)) store.put(modern(row, "report"));
    }
  });
  const again = await reports();
  if (again) await within(again, "readwrite", (store) => {
    for (const row of rows) store.get(row.key).onsuccess = ({ target }) => { if (target.result?.at === row.at) store.delete(row.key); };
  });
}

let adopted = null;
const ready = () => (adopted ??= adopt().catch(() => { adopted = null; }));

// --- one box a room --------------------------------------------------------------------------------------------
export function drafts(room, how = {}) {
  const tab = `linli-writing-${room}`, owner = how.owner ?? "";
  let line = Promise.resolve(), timer = 0, pause = RETRY_MS;

  async function rows() {
    await ready();
    const found = await work("readonly", (store) => store.index("room").getAll(room));
    const over = found.filter((row) => row.until <= Date.now());
    if (over.length) await work("readwrite", (store) => { for (const row of over) store.delete(row.key); });
    return found.filter((row) => !over.includes(row)).sort((a, b) => a.at - b.at);
  }
  const changed = async () => document.dispatchEvent(new CustomEvent("linli:drafts", { detail: { room, rows: await box.all() } }));
  const write = (row) => work("readwrite", (store) => store.put(row));
  const fresh = (row, state, days) => ({ files: [], photo: [], label: "", place: "", owner, problem: null, ...row, room, format: FORMAT, state, at: Date.now(), until: Date.now() + days * DAY_MS });

  const box = {
    /** What waits, wants a look or was sent; oldest first. */
    all: async () => (await rows()).filter((row) => row.state !== "typing"),
    get: async (key) => (await rows()).find((row) => row.key === key),
    /** May this person see and send it? On a shared phone a colleague's draft waits for the colleague. */
    mine: (row) => !row.owner || row.owner === owner,
    /** Keep a draft that is meant to be sent. Rejects when the device has no room. */
    async keep(row) {
      await ready();
      await write(fresh(row, "waiting", KEPT_DAYS));
      if (sessionStorage.getItem(tab) === row.key) sessionStorage.removeItem(tab);
      await changed();
    },
    /** Keep what is being written, so that a reload or a phone that runs out of memory loses nothing. */
    async type(row, state = "typing") {
      await ready();
      let told = false;
      await work("readwrite", (store) => {
        store.get(row.key).onsuccess = ({ target }) => {
          const known = target.result;
          if (known && known.state !== "typing" && known.state !== "look") return; // it is on its way already
          told = known?.state === "look" || state === "look";
          store.put({ ...fresh(row, told ? "look" : "typing", told ? KEPT_DAYS : TYPED_DAYS), problem: known?.problem ?? null });
        };
      });
      sessionStorage.setItem(tab, row.key);
      if (told) await changed();
    },
    /** What this tab was writing, if anything. */
    async writing() {
      const key = sessionStorage.getItem(tab), row = key && await box.get(key);
      return row && ["typing", "look"].includes(row.state) && box.mine(row) ? row : undefined;
    },
    /** Forget what this tab was writing: it arrived by another way, or the form was emptied. */
    async forgetWriting(except = "") {
      const key = sessionStorage.getItem(tab);
      if (!key || key === except) return;
      sessionStorage.removeItem(tab);
      if ((await box.get(key))?.state === "typing") await work("readwrite", (store) => store.delete(key));
    },
    /** Open for mending: it is not sent until it is kept again, so that no old words leave meanwhile. The row, or undefined. */
    async hold(key) {
      const row = await box.get(key);
      if (!row || row.state === "sent" || !box.mine(row)) return undefined;
      if (row.state === "waiting") { row.state = "look"; await write(row); await changed(); }
      sessionStorage.setItem(tab, key);
      return row;
    },
    async remove(key) {
      await work("readwrite", (store) => store.delete(key));
      if (sessionStorage.getItem(tab) === key) sessionStorage.removeItem(tab);
      await changed();
    },
    /** Send what waits, one after the other, one tab at a time: {sent: [row], stopped: "" | offline | sign_in | later}. */
    flush() {
      clearTimeout(timer);
      const run = async () => {
        const told = await sendAll();
        pause = told.stopped === "later" ? Math.min(told.retry_ms || pause * 2, RETRY_MOST_MS) : RETRY_MS;
        if (told.stopped === "offline" || told.stopped === "later") timer = setTimeout(box.flush, pause);
        return told;
      };
      if (navigator.locks) return navigator.locks.request(`${NAME}-${room}`, run);
      return (line = line.then(run, run)); // over plain HTTP there are no locks: the key alone keeps it single
    },
    /** From now on send whenever there is a chance. */
    async watch() {
      const seen = () => { if (!document.hidden) box.flush(); };
      addEventListener("online", () => box.flush());
      document.addEventListener("visibilitychange", seen);
      await changed();
      if (navigator.onLine) await box.flush();
    },
  };

  async function sendAll() {
    const sent = [];
    let later = false;
    for (const { key } of await box.all()) {
      const row = await box.get(key); // as it is now: another may have been opened or dropped while one was sent
      if (row?.state !== "waiting" || !box.mine(row)) continue;
      const body = new FormData();
      for (const [name, value] of Object.entries(row.fields)) if (value !== "" && value !== null && value !== undefined) body.append(name, value);
      for (const token of row.photo) body.append("photo", token);
      for (const file of row.files) body.append(how.files ?? "photo", file, file.name || "photo.jpg");
      for (const [name, some] of Object.entries(row.more ?? {})) for (const file of some) body.append(name, file, file.name || "photo.jpg");
      let answer, said = {};
      try {
        answer = await fetch(how.url, { method: "POST", body, redirect: "manual", signal: AbortSignal.timeout(SLOW_MS),
          headers: { Accept: "application/json", "Idempotency-Key": key, ...(how.headers?.(row) ?? {}) } });
        if (answer.headers.get("Content-Type")?.includes("json")) said = await answer.json();
      } catch {
        return { sent, stopped: "offline" };
      }
      const refused = [400, 409, 413, 422].includes(answer.status) || (answer.status === 403 && !how.signs);
      if (answer.status === 201) {
        const left = { key, label: row.label, fields: {}, number: said.number, url: said.url, said: said.said };
        await write(fresh(left, "sent", KEPT_DAYS)); // words and photographs go only now
        sent.push(left);
        await changed();
      } else if (refused) {
        await write({ ...row, state: "look", problem: { message: said.message ?? "", fields: said.fields ?? {} } });
        await changed();
      } else if ([401, 403].includes(answer.status) || answer.type === "opaqueredirect") return { sent, stopped: "sign_in" };
      else if ([429, 502, 503, 504].includes(answer.status)) return { sent, stopped: "later", retry_ms: Number(answer.headers.get("Retry-After")) * 1000 };
      else later = true; // one that the server cannot take keeps no other from going
    }
    return { sent, stopped: later ? "later" : "" };
  }
  return box;
}

/** The sentences of a problem, each once. */
export const sentences = (problem) => [...new Set([...Object.values(problem?.fields ?? {}).flat(), ...(Object.keys(problem?.fields ?? {}).length ? [] : [problem?.message])])].filter(Boolean);

/** Call `save` soon after something was typed in `form`, and at once when the page is left. */
export function whileTyping(form, save, wait_ms = 400) {
  let timer = 0, dirty = false;
  const now = () => { clearTimeout(timer); if (dirty) { dirty = false; save(); } };
  const soon = () => { dirty = true; clearTimeout(timer); timer = setTimeout(now, wait_ms); };
  for (const name of ["input", "change", "linli:choose", "linli:files"]) form.addEventListener(name, soon);
  document.addEventListener("visibilitychange", () => { if (document.hidden) now(); });
  addEventListener("pagehide", now);
  return { stop: () => { clearTimeout(timer); dirty = false; } };
}
