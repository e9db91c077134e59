// One sentence, and every tier's turn on it.

import { ask } from "./api.js";
import { answer, byId, count, duration, el, fill, marked, money, tierClass } from "./view.js";
import { t } from "./words.js";

let last = null;

export function start(failed) {
  byId("try-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = byId("try-text").value;
    const button = byId("try-form").querySelector("button");
    button.disabled = true;
    fill("try-note", t.asking);
    try {
      last = await ask("POST", "v1/explain", { text });
      last.typed = text;
      fill("try-note");
    } catch (error) {
      fill("try-note", failed(error));
    } finally {
      button.disabled = false;
    }
    draw();
  });
}

export function draw() {
  byId("try-text").placeholder = t.placeholder;
  fill(
    "samples",
    t.samples.map((text) =>
      el("button", { type: "button", class: "sample", lang: "zh-CN", onclick: () => { byId("try-text").value = text; byId("try-form").requestSubmit(); } }, text),
    ),
  );
  if (last) fill("result", verdict(last), steps(last));
}

function verdict(told) {
  const words = [el("span", { class: `status ${told.status}` }, t.status[told.status])];
  if (told.intent) words.push(el("b", {}, told.intent));
  if (told.tier) words.push(t.by(told.tier));
  if (told.reason) words.push(told.reason);
  words.push(`${t.whole} ${spent(told.cost, told.money, told.currency)}`);
  const best = told.status === "answered" ? told : told.candidates[0];
  return el(
    "div",
    { class: "verdict" },
    el("p", { class: "spoken", lang: "zh-CN" }, marked(told.text ?? told.typed, told.uncovered)),
    told.uncovered.length ? el("p", { class: "hint" }, `${t.uncovered}: `, told.uncovered.map((span) => el("mark", { lang: "zh-CN" }, span.text))) : null,
    el("p", { class: "line" }, words.map((word) => el("span", {}, word))),
    told.status !== "answered" && best ? el("p", { class: "line" }, el("span", {}, t.guess), el("b", {}, best.intent), el("span", {}, t.by(best.tier))) : null,
    best ? answer(best.answer) : null,
    told.read_as && told.read_as !== told.text
      ? el("p", { class: "hint" }, `${t.readAs} `, el("span", { class: "read", lang: "zh-CN" }, told.read_as), told.wake ? ` · ${t.wake}` : "")
      : null,
  );
}

function steps(told) {
  return el(
    "ol",
    { class: "steps" },
    told.attempts.map((attempt) => step(attempt, told)),
    told.not_reached.map((name) => el("li", { class: `step unneeded ${tierClass(name)}` }, el("h3", {}, name), el("p", { class: "turn" }, t.verdict.unneeded))),
  );
}

function step(attempt, told) {
  const said = attempt.outcome === "proposal" ? [t.proposed, " ", el("b", {}, attempt.intent)] : attempt.outcome === "abstention" ? [t.abstained] : [attempt.detail];
  const partial = attempt.outcome === "abstention" ? attempt.partial : null;
  return el(
    "li",
    { class: `step ${attempt.verdict} ${tierClass(attempt.tier)}` },
    el("h3", {}, attempt.tier),
    el(
      "p",
      { class: "turn" },
      el("span", { class: `chip ${attempt.verdict}` }, t.verdict[attempt.verdict]),
      attempt.reason ? el("code", {}, attempt.reason) : null,
      el("span", { class: "cost" }, spent(attempt.cost, attempt.money, told.currency)),
    ),
    el("p", {}, said, partial?.intent ? [` · ${t.understood}: `, el("b", {}, partial.intent)] : null),
    attempt.outcome === "proposal" ? gauge(attempt) : null,
    attempt.uncovered?.length
      ? el("p", { class: "hint" }, `${t.uncovered}: `, attempt.uncovered.map((span) => el("mark", { lang: "zh-CN" }, span.text)))
      : null,
    attempt.outcome !== "failure" && tellsMore(attempt) ? el("p", { class: "hint" }, attempt.detail) : null,
    answer(attempt.outcome === "proposal" ? attempt.answer : partial),
  );
}

const tellsMore = ({ detail, reason, uncovered }) => detail && detail !== reason && detail !== "uncovered" && detail !== uncovered.map((span) => span.text).join("");

/** The confidence against what was asked for. */
function gauge(attempt) {
  if (attempt.confidence === null) return attempt.score === null ? null : el("p", { class: "hint" }, `${t.uncalibrated}: ${attempt.score.toFixed(3)}`);
  const asked = attempt.threshold;
  const bar = el("span", { class: "gauge", "aria-hidden": "true" }, el("i", { class: "filled" }));
  bar.firstChild.style.setProperty("width", `${attempt.confidence * 100}%`);
  if (asked) {
    const tick = el("i", { class: "tick" });
    tick.style.setProperty("left", `${asked.confidence * 100}%`);
    bar.append(tick);
  }
  const words = [`${t.confidence} ${attempt.confidence.toFixed(3)}`];
  if (asked) words.push(`${t.asked} ${asked.confidence}`);
  if (attempt.runner_up) {
    words.push(t.ahead((attempt.confidence - attempt.runner_up[1]).toFixed(3), attempt.runner_up[0]));
    if (asked) words.push(`${t.margin} ${asked.margin}`);
  }
  return el("div", {}, bar, el("p", { class: "hint" }, words.join(" · ")));
}

function spent(cost, amount, currency) {
  const words = [duration(cost.latency_us)];
  if (cost.calls) words.push(cost.input_tokens === null && cost.output_tokens === null ? `${t.tokens("?", "?")}` : t.tokens(count(cost.input_tokens), count(cost.output_tokens)));
  words.push(money(amount, currency));
  return words.join(" · ");
}
