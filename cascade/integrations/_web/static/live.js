// The figures: who answers, how fast, at what cost, and how the large model fares.

import { ask } from "./api.js";
import { byId, count, duration, el, fill, money, percent, ratio, svg, table, tierClass } from "./view.js";
import { t } from "./words.js";

const WINDOW_S = 60;
const KEPT = 150;
const RUNGS = ["normal", "amber", "red", "llm_free"];
const history = [];
let refused = (error) => String(error);

export function start(failed) {
  refused = failed;
}

export function take(status) {
  const before = history.at(-1);
  // A worker that was started anew counts from nothing: what went before says nothing of now.
  if (before && status.decisions && status.decisions.requests < before.decisions.requests) history.length = 0;
  if (status.decisions) history.push(status);
  if (history.length > KEPT) history.shift();
  draw(status);
}

export function draw(status) {
  if (!status) return;
  numbers(status);
  share(status);
  tiers(status);
  rung(status);
  traffic(status);
}

function answeredBy(status) {
  const found = new Map(status.tiers.map((name) => [name, status.decisions.tiers[name]?.answered ?? 0]));
  const rejected = status.decisions.statuses.rejected ?? 0;
  found.set(null, status.decisions.requests - rejected - [...found.values()].reduce((sum, one) => sum + one, 0));
  return found;
}

function rates() {
  return history.slice(1).map((one, at) => (one.decisions.requests - history[at].decisions.requests) / Math.max(0.1, one.now - history[at].now));
}

function numbers(status) {
  if (!status.decisions) return fill("numbers");
  const { money: spent, requests } = status.decisions;
  const all = spent.all_llm;
  const whole = spent.amount ?? spent.estimate;
  const times = all.amount !== null && Number(whole) > 0 ? Number(all.amount) / Number(whole) : null;
  const remark = [all.assumed ? t.assumed : null, times === null ? null : t.saving(ratio(times))].filter(Boolean).join(" · ");
  const now = rates();
  fill(
    "numbers",
    figure(t.perSecond, now.length ? now.at(-1).toFixed(now.at(-1) < 10 ? 1 : 0) : "–", spark(now)),
    figure(t.decisions, count(requests)),
    whole === null
      ? figure(t.spent, Number(spent.known) < 1e-6 ? t.unknown : `≥ ${money(spent.known, spent.currency)}`, t.unknownTurns(spent.unknown))
      : figure(t.spent, money(whole, spent.currency)),
    figure(
      t.allLlm,
      all.amount === null ? "–" : money(all.amount, spent.currency),
      all.amount === null ? t.noAllLlm : remark,
    ),
  );
}

const figure = (name, value, more = null) => el("div", { class: "figure" }, el("span", { class: "name" }, name), el("span", { class: "value" }, value), el("span", { class: "hint" }, more));

function spark(values) {
  const shown = values.slice(-60);
  const most = Math.max(1e-9, ...shown);
  const points = shown.map((value, at) => `${(120 - ((shown.length - 1 - at) / 59) * 120).toFixed(1)},${(26 - (value / most) * 24).toFixed(1)}`).join(" ");
  return svg("svg", { class: "spark", viewBox: "0 0 120 28", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("polyline", { points }));
}

function share(status) {
  if (!status.decisions || !status.decisions.requests) return fill("share", el("p", { class: "hint" }, t.noDecisions));
  const last = history.at(-1);
  const first = history.findLast((one) => last.now - one.now >= WINDOW_S) ?? history[0];
  const now = answeredBy(last);
  const then = answeredBy(first);
  let parts = [...now].map(([name, number]) => [name, number - then.get(name)]);
  let lively = parts.some(([, number]) => number > 0);
  if (!lively) parts = [...now];
  const total = parts.reduce((sum, [, number]) => sum + number, 0) || 1;
  const bar = el("div", { class: "share", "aria-hidden": "true" });
  for (const [name, number] of parts) {
    const part = el("i", { class: tierClass(name) });
    part.style.setProperty("flex-grow", String(number / total));
    bar.append(part);
  }
  fill(
    "share",
    el("h3", {}, lively ? t.shareNow : t.shareAll),
    bar,
    el("ul", { class: "legend" }, parts.map(([name, number]) => el("li", { class: tierClass(name) }, el("b", {}, percent(number / total)), " ", name ?? t.nobody))),
  );
}

function tiers(status) {
  const seen = status.tiers.map((name) => [name, status.decisions?.tiers[name]]).filter(([, one]) => one);
  if (!seen.length) return fill("tiers");
  const currency = status.decisions.money.currency;
  const whole = status.decisions.latency_us;
  fill(
    "tiers",
    table(
      [t.tier, t.answeredShare, t.p50, t.p99, t.cost],
      [
        ...seen.map(([name, one]) => [
          el("span", { class: `dot ${tierClass(name)}` }, name),
          one.answered_share === null ? "–" : percent(one.answered_share),
          duration(one.latency_us.p50),
          duration(one.latency_us.p99),
          money(one.money.amount ?? one.money.estimate, currency),
        ]),
        [t.whole, count(whole.count), duration(whole.p50), duration(whole.p99), money(status.decisions.money.amount ?? status.decisions.money.estimate, currency)],
      ],
    ),
  );
}

function rung(status) {
  if (status.rung === null) return fill("rung", el("p", { class: "hint" }, t.noModel));
  const group = byId("rung").querySelector(".rungs");
  const labels = [...RUNGS.map((name) => t.rungs[name]), t.automatic];
  // Buttons are kept: one that somebody is about to press must not be replaced under the hand.
  if (group && group.dataset.words === labels.join()) paint(group, status);
  else {
    const made = el("div", { class: "rungs", role: "group", "aria-label": t.rung, "data-words": labels.join() });
    made.append(...[...RUNGS, null].map((name, at) => el("button", { type: "button", class: `rung ${name ?? "auto"}`, onclick: () => hold(name) }, labels[at])));
    fill("rung", made, el("p", { class: "hint", id: "rung-means" }));
    paint(made, status);
  }
}

function paint(group, status) {
  [...RUNGS, null].forEach((name, at) => {
    const button = group.children[at];
    button.setAttribute("aria-pressed", String(name === null ? status.held === null : status.held === name));
    button.classList.toggle("now", name === status.rung);
  });
  fill("rung-means", `${t.rungs[status.rung]}: ${t.rungMeans[status.rung]} · ${status.held ? t.heldByHand : t.setByLoad}`);
}

async function hold(name) {
  try {
    await ask("PUT", "v1/rung", { rung: name });
    fill("rung-note");
    document.dispatchEvent(new Event("refresh"));
  } catch (error) {
    fill("rung-note", refused(error));
  }
}

function traffic(status) {
  const told = status.traffic;
  if (status.rung === null) return fill("traffic"), fill("hosts");
  if (!told) return fill("traffic", el("p", { class: "hint" }, t.notAsked)), fill("hosts");
  const turned = Object.values(told.refused).reduce((sum, one) => sum + one, 0);
  const why = Object.entries(told.refused).map(([reason, number]) => `${reason} ${count(number)}`).join(" · ");
  fill(
    "traffic",
    el(
      "div",
      { class: "numbers" },
      figure(t.inLine, count(told.in_line)),
      figure(t.refused, count(turned), why),
      figure(t.saved, count(told.from_cache + told.coalesced + told.replayed)),
      figure(t.retries, count(told.retries)),
    ),
  );
  fill(
    "hosts",
    table(
      [t.host, t.state, t.breaker, t.limit, t.inFlight, t.latency, t.served, t.failed],
      told.hosts.map((host) => [
        host.name,
        el("span", { class: host.state === "up" ? "good" : "bad", title: host.detail }, host.state === "up" ? t.up : t.ejected),
        el("span", { class: host.breaker === "closed" ? "good" : "bad" }, t.breakers[host.breaker]),
        count(host.limit),
        count(host.in_flight),
        host.latency_s === null ? "–" : duration(host.latency_s * 1e6),
        count(host.served),
        count(host.failed),
      ]),
    ),
  );
}
