// Asks the server whether anything happened: every second while seen, every fifteen while hidden. 304 means no.
// Tells the page with `linli:changes` (detail: the JSON) and keeps the chip that shows the age of the data.

const SEEN_MS = 1000, HIDDEN_MS = 15000, LOST_MS = 30000;
const page = document.body.dataset;
const chips = () => document.querySelectorAll("[data-live-chip]");
let after = page.liveAfter, heard = Date.now(), timer = 0, state = "", asking = false;

const fill = (sentence, n) => (sentence || "").replace("{n}", String(n));

function show() {
  const gone = Math.max(0, Math.round((Date.now() - heard) / 1000));
  const next = !navigator.onLine || Date.now() - heard >= LOST_MS ? "lost" : "live";
  for (const chip of chips()) {
    const say = chip.dataset;
    const words = next === "live" ? fill(say.textLive, gone) : gone < 120 ? fill(say.textLost, gone) : fill(say.textLostLong, Math.round(gone / 60));
    chip.querySelector("[data-live-text]").textContent = words;
    if (state !== next && (state || next === "lost")) chip.querySelector("[data-live-say]").textContent = next === "lost" ? say.sayLost : say.sayLive;
    say.state = next;
  }
  page.liveHeard = String(heard); // for a page that says by itself how old it is
  if (state !== next) document.dispatchEvent(new CustomEvent("linli:live", { detail: next }));
  state = next;
}

async function ask() {
  if (asking) return;
  asking = true;
  try {
    const query = new URLSearchParams({ after, token: page.liveToken });
    const answer = await fetch(`${page.liveUrl}?${query}`, { cache: "no-store", headers: { Accept: "application/json" }, signal: AbortSignal.timeout(8000) });
    if (answer.status === 304) heard = Date.now();
    else if (answer.ok) {
      const news = await answer.json();
      heard = Date.now();
      if (String(news.position) !== after) {
        after = String(news.position);
        page.liveAfter = after;
        document.dispatchEvent(new CustomEvent("linli:changes", { detail: news }));
      }
    }
  } catch { /* no network, or too slow: the chip grows older and says so */ }
  asking = false;
}

async function turn() {
  clearTimeout(timer);
  await ask();
  show();
  timer = setTimeout(turn, document.hidden ? HIDDEN_MS : SEEN_MS);
}

if (page.liveUrl) {
  document.addEventListener("visibilitychange", () => { if (!document.hidden) turn(); });
  addEventListener("online", turn);
  addEventListener("offline", show); // a device that knows it has no network says so at once
  setInterval(show, 1000);
  turn();
}
