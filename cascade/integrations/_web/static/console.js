// The page: what is asked when, and the switches at the top.

import { ask, key, Refused, useKey } from "./api.js";
import * as live from "./live.js";
import * as queue from "./queue.js";
import * as trying from "./try.js";
import { byId, el, fill } from "./view.js";
import { language, speak, t, translate } from "./words.js";

const EVERY_MS = 2000;
const THEMES = ["auto", "light", "dark"];
let status = null;
let answeredAt = null;
let locked = false;
let round = 0;

function failed(error) {
  if (error instanceof Refused && error.status === 401) askForKey();
  return t.error(error instanceof Refused ? error.message : error.name);
}

async function refresh() {
  if (document.hidden || (locked && !key())) return;
  try {
    status = await ask("GET", "v1/status");
    answeredAt = Date.now();
    locked = false;
    live.take(status);
    if (round % 2 === 0 || status.queue === 0) await queue.refresh();
    round += 1;
  } catch (error) {
    if (error instanceof Refused && error.status === 401 && !locked) askForKey();
    locked = error instanceof Refused && error.status === 401;
  }
  head();
}

function head() {
  const late = answeredAt === null ? 0 : Math.round((Date.now() - answeredAt) / 1000);
  const good = !locked && answeredAt !== null && late * 1000 < 3 * EVERY_MS;
  byId("pulse").className = `pulse ${good ? "good" : locked ? "" : "bad"}`;
  const words = locked ? t.locked : good ? t.connected : answeredAt === null ? "…" : t.lost(late);
  if (byId("state").textContent !== words) fill("state", words);
  fill("facts", status ? [status.bundle, t.workers(status.workers.answering, status.workers.expected)].filter(Boolean).map((one) => el("span", {}, one)) : []);
}

function askForKey() {
  const dialog = byId("key-dialog");
  if (dialog.open) return;
  byId("key-input").value = "";
  dialog.returnValue = "";
  dialog.showModal();
}

function theme() {
  const kept = localStorage.getItem("cascade.theme");
  return THEMES.includes(kept) ? kept : "auto";
}

function dress() {
  if (theme() === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme();
}

function draw() {
  translate();
  byId("language").textContent = t.language;
  byId("language").lang = language === "zh" ? "en" : "zh-CN";
  byId("theme").textContent = t.theme[theme()];
  byId("theme").setAttribute("aria-label", `${t.themeIs}: ${t.theme[theme()]}`);
  byId("key").textContent = t.keyButton;
  head();
  live.draw(status);
  trying.draw();
  queue.draw(true);
}

byId("language").addEventListener("click", () => { speak(language === "zh" ? "en" : "zh"); draw(); });
byId("theme").addEventListener("click", () => {
  localStorage.setItem("cascade.theme", THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]);
  dress();
  draw();
});
byId("key").addEventListener("click", askForKey);
byId("key-dialog").addEventListener("close", () => {
  if (byId("key-dialog").returnValue === "set") {
    useKey(byId("key-input").value.trim());
    locked = false;
    refresh();
  }
  byId("key-input").value = "";
});
document.addEventListener("refresh", refresh);
document.addEventListener("visibilitychange", refresh);

for (const part of [trying, live, queue]) part.start(failed);
dress();
draw();
// Known before anything is asked: a refusal would be an error on the browser's own console.
const door = await (await fetch("console/door.json", { cache: "no-store" })).json();
if (door.locked && !key()) {
  locked = true;
  head();
  askForKey();
} else refresh();
setInterval(refresh, EVERY_MS);
