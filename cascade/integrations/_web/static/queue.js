// The label queue: what nobody was sure of, and one key to say what was meant.

import { ask } from "./api.js";
import { answer, byId, el, fill, markedWords } from "./view.js";
import { t } from "./words.js";

// Not j, k and x: those move and skip.
const KEYS = "1234567890qwertyuiopasdfghlzcvbnm";
let items = [];
let intents = [];
let canCorrect = false;
let chosen = null;
let refused = (error) => String(error);
let drawn = "";

export function start(failed) {
  refused = failed;
  byId("items").addEventListener("keydown", pressed);
  byId("item").addEventListener("keydown", pressed);
}

export async function refresh() {
  const told = await ask("GET", "v1/queue");
  ({ items, intents } = told);
  canCorrect = told.can_correct;
  draw();
}

export function draw(force = false) {
  if (!items.some((item) => item.id === chosen)) chosen = items[0]?.id ?? null;
  const state = JSON.stringify([items.map((item) => [item.id, item.times]), chosen, canCorrect, t.hint]);
  if (state === drawn && !force) return; // nothing has changed: leave focus and hover alone
  drawn = state;
  fill("labels-count", items.length ? String(items.length) : "");
  fill("labels-hint", items.length ? (canCorrect ? t.hint : t.noLog) : t.noItems);
  const focused = byId("items").contains(document.activeElement);
  fill("items", items.map(entry));
  fill("item", chosen === null ? [] : view(items.find((item) => item.id === chosen)));
  if (focused) focus();
}

function entry(item) {
  const current = item.id === chosen;
  return el(
    "li",
    {},
    el(
      "button",
      { type: "button", class: "entry", "aria-current": current ? "true" : null, "aria-controls": "item", tabindex: current ? "0" : "-1", onclick: () => choose(item.id) },
      el("span", { class: "said", lang: "zh-CN" }, item.text),
      el("span", { class: "hint" }, [item.guesses[0]?.intent ?? t.noGuess, item.reason || item.tier, item.times > 1 ? t.times(item.times) : null].filter(Boolean).join(" · ")),
    ),
  );
}

function view(item) {
  const [first] = item.guesses;
  return [
    el("p", { class: "spoken", lang: "zh-CN" }, markedWords(item.text, item.uncovered)),
    el("ul", { class: "turns" }, item.attempts.map((one) => el("li", {}, el("b", {}, one.tier), ` ${one.intent ?? ""} ${one.confidence === undefined ? "" : one.confidence.toFixed(3)} `, el("code", {}, one.reason ?? one.verdict)))),
    first ? el("div", { class: "guess" }, el("p", { class: "line" }, el("span", {}, t.guess), el("b", {}, first.intent), el("span", {}, t.by(first.tier))), answer(first.answer)) : null,
    el(
      "div",
      { class: "row" },
      first ? button(t.takeGuess, "↵", () => correct({ guess: 0 }), "primary") : null,
      button(t.skipItem, "X", skip, "quiet", true),
    ),
    canCorrect ? el("h3", {}, t.isAnother) : null,
    canCorrect ? el("div", { class: "intents" }, intents.map((name, at) => button(name, KEYS[at] ?? "", () => correct({ intent: name })))) : null,
  ].filter((part) => part !== null);
}

function button(words, shortcut, act, kind = "", always = false) {
  return el("button", { type: "button", class: `do ${kind}`, disabled: !(canCorrect || always), onclick: act }, shortcut ? el("kbd", { "aria-hidden": "true" }, shortcut.toUpperCase()) : null, words);
}

function choose(id) {
  chosen = id;
  draw();
  focus();
}

function focus() {
  byId("items").querySelector("[aria-current]")?.focus();
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const at = items.findIndex((item) => item.id === chosen);
  const onList = byId("items").contains(event.target);
  const name = event.key.toLowerCase();
  if ((name === "arrowdown" || name === "j") && items[at + 1]) choose(items[at + 1].id);
  else if ((name === "arrowup" || name === "k") && items[at - 1]) choose(items[at - 1].id);
  else if (name === "x") skip();
  else if (name === "enter" && onList && canCorrect && items[at]?.guesses.length) correct({ guess: 0 });
  else if (name.length === 1 && canCorrect && KEYS.indexOf(name) in intents) correct({ intent: intents[KEYS.indexOf(name)] });
  else return;
  event.preventDefault();
}

const correct = (body) => settle("POST", body, (told) => t.written(told.intent));
const skip = () => settle("DELETE", undefined, () => t.skipped);

async function settle(method, body, words) {
  const id = chosen;
  if (id === null) return;
  try {
    const told = await ask(method, `v1/queue/${id}`, body);
    fill("labels-note", words(told));
  } catch (error) {
    if (error.status !== 404) return fill("labels-note", refused(error));
    fill("labels-note", t.gone);
  }
  const at = items.findIndex((item) => item.id === id);
  items = items.filter((item) => item.id !== id);
  chosen = items[Math.min(Math.max(at, 0), items.length - 1)]?.id ?? null;
  draw(true);
  if (items.length) focus();
  else byId("items").focus();
}
