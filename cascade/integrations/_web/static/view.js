// Making elements, and numbers for people. Text only ever becomes text: nothing here parses HTML.

import { t } from "./words.js";

export const byId = (id) => document.getElementById(id);

/** An element. `more`: attributes, `class`, `on…` handlers; children are elements, texts, or nothing. */
export function el(name, more = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(more)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

export function svg(name, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

export const fill = (id, ...children) => byId(id).replaceChildren(...children.flat().filter((child) => child !== null));

/** The sentence with what was not understood marked. Positions are in code points, as the service counts. */
export function marked(text, spans) {
  const points = Array.from(text);
  const parts = [];
  let at = 0;
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    if (span.start < at) continue;
    parts.push(points.slice(at, span.start).join(""), el("mark", {}, points.slice(span.start, span.end).join("")));
    at = span.end;
  }
  parts.push(points.slice(at).join(""));
  return parts;
}

/** The same where only the words are known. */
export function markedWords(text, words) {
  const spans = [];
  for (const word of words) {
    const at = word ? text.indexOf(word) : -1;
    if (at >= 0) spans.push({ start: Array.from(text.slice(0, at)).length, end: Array.from(text.slice(0, at + word.length)).length });
  }
  return marked(text, spans);
}

/** An answer of any pack: what is filled, laid out by name. */
export function answer(value) {
  const filled = Object.entries(value ?? {}).filter(([name, part]) => name !== "intent" && !empty(part));
  if (!filled.length) return null;
  return el("dl", { class: "answer" }, filled.flatMap(([name, part]) => [el("dt", {}, name), el("dd", {}, shown(part))]));
}

const empty = (part) => part === null || part === false || part === "" || (Array.isArray(part) && !part.length);

function shown(part) {
  if (Array.isArray(part)) return part.map((one) => (one instanceof Object ? el("div", { class: "line" }, pairs(one)) : el("span", { class: "chip" }, String(one))));
  if (part instanceof Object) return pairs(part);
  return part === true ? "✓" : String(part);
}

const pairs = (object) =>
  Object.entries(object)
    .filter(([, part]) => !empty(part))
    .map(([name, part]) => el("span", { class: "chip" }, el("i", {}, name), " ", Array.isArray(part) ? part.join(" ") : String(part)));

export function duration(microseconds) {
  if (microseconds === null || microseconds === undefined) return "–";
  if (microseconds < 1000) return `${Math.round(microseconds)} µs`;
  if (microseconds < 1e6) return `${digits(microseconds / 1000)} ms`;
  return `${digits(microseconds / 1e6)} s`;
}

const digits = (value) => (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : Math.round(value).toString());

export const count = (value) => (value === null || value === undefined ? t.unknown : value.toLocaleString("en-US"));

export const percent = (share) => (share === 0 ? "0 %" : share > 0 && share < 0.001 ? "<0.1 %" : `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`);

const SIGNS = { CNY: "¥", USD: "$" };

export function money(amount, currency) {
  if (amount === null || amount === undefined) return t.unknown;
  const value = Number(amount);
  const sign = SIGNS[currency] ?? `${currency} `;
  if (value === 0) return `${sign}0`;
  if (value >= 1) return sign + value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return value < 1e-6 ? `<${sign}0.000001` : sign + value.toFixed(Math.min(6, 2 - Math.floor(Math.log10(value))));
}

export function ratio(value) {
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(2);
}

/** A table whose first column heads its rows. */
export function table(heads, rows) {
  return el(
    "table",
    {},
    el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, rows.map(([first, ...cells]) => el("tr", {}, el("th", { scope: "row" }, first), cells.map((cell) => el("td", {}, cell))))),
  );
}

export const tierClass = (name) => (["rules", "classifier", "llm"].includes(name) ? name : name === null ? "nobody" : "other");
