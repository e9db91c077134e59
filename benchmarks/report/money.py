"""The sections about money: the frontier, and whose threshold keeps its promise."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean
from typing import Any

from benchmarks.report.blocks import Figure, Note, Section, Sentence, Table, between, share
from benchmarks.report.plots import Bar, dots
from benchmarks.report.styles import SETS, TIERS
from benchmarks.report.svg import HALF, Axis, Chart, percent, shares

Result = Mapping[str, Any]

_NAMES = {"cascade": "cascade 级联", "rules": "rules alone 仅规则", "classifier": "classifier alone 仅分类器"}
_RULES = {
    "cascade": "intent-cascade",
    "naive": "naive holdout",
    "distilroute": "distilroute",
    "semantic": "semantic-router",
}
_RULE_STYLES = {"cascade": "ours", "naive": "r4", "distilroute": "r2", "semantic": "r5"}


def frontier(cost: Result) -> Section:
    """Error and money of every variant at every threshold."""
    variants, assumed = cost["variants"], cost["assumed"]
    middle = len(assumed["accuracies"]) // 2
    shipped, llm = variants["cascade"]["shipped"], cost["llm_alone"]
    saved = 1 - shipped["cny_per_thousand"] / llm["cny_per_thousand"]
    low, high = assumed["accuracies"][0], assumed["accuracies"][-1]
    cheaper = f"{shipped['cny_per_thousand']:.2f}"
    english = (
        f"At the thresholds that ship the cascade answers {share(shipped['coverage'])} of the promo-day mix itself and "
        f"pays ¥{cheaper} per 1,000 utterances, {share(saved, 0)} less than the large model alone (¥"
        f"{llm['cny_per_thousand']:.2f}); {shipped['acting_wrong']} of {shipped['acting_answered']} answers that act are wrong."
    )
    chinese = (
        f"按随包阈值，级联自己回答大促话语的 {share(shipped['coverage'])}，每千句 ¥{cheaper}，"
        f"比全部走大模型省 {share(saved, 0)}；会下单、改单、花钱的回答共 {shipped['acting_answered']} 句，错 {shipped['acting_wrong']} 句。"
    )
    return Section(
        "frontier",
        "What risk, coverage and money buy each other",
        "风险、覆盖与花费",
        (
            Sentence(english, chinese),
            Figure(
                (_money(cost, middle), _selective(cost)),
                "Every threshold of each variant. Left: error of all utterances, those that the assumed large model answers "
                "among them; the shaded band is its assumed accuracy. Right: error of what the variant itself answers: nothing assumed.",
                (
                    *((f"{TIERS[name]}", words) for name, words in _NAMES.items()),
                    ("r5", "large model alone 全走大模型"),
                    ("ours ring", "thresholds that ship 随包阈值"),
                ),
            ),
            _frontier_table(cost),
            Note(
                f"Assumed, not measured: the large model gets {share(assumed['accuracies'][middle], 0)} of whole orders right "
                f"(band {share(low, 0)} to {share(high, 0)}); {assumed['chars_per_token']:g} characters a token, so "
                f"{cost['call']['input_tokens']:,} tokens of prompt, and {assumed['output_tokens']} tokens of answer. The price is the list price of "
                f"{assumed['model']} in the price book of {cost['call']['book']}. Measured: who answers, and whether it is right, on {cost['rows']:,} held-out utterances."
            ),
        ),
    )


def _money(cost: Result, middle: int) -> str:
    most = 1.08 * cost["llm_alone"]["cny_per_thousand"]
    top = 0.2
    chart = Chart(
        Axis(0, most, tuple(0.5 * at for at in range(int(most / 0.5) + 1)), "¥ per 1,000 utterances"),
        Axis(0, top, shares(top, 4), "wrong, of all utterances", shown=percent),
        "Error end to end against money per thousand utterances, for the cascade, its tiers alone and the large model alone",
        width=HALF,
        height=320,
        top=30,
        title="end to end 端到端",
    )
    last = len(cost["assumed"]["accuracies"]) - 1
    for name, found in reversed(cost["variants"].items()):
        points = sorted(found["points"], key=lambda point: point["cny_per_thousand"])
        if name == "cascade":
            chart.band(
                [(p["cny_per_thousand"], p["error_end_to_end"][last]) for p in points],
                [(p["cny_per_thousand"], p["error_end_to_end"][0]) for p in points],
                "ours",
            )
        line = [(p["cny_per_thousand"], p["error_end_to_end"][middle]) for p in points]
        chart.line(line, TIERS[name])
        at = found["shipped"]
        style = f"{TIERS[name]} ring"
        chart.dot(at["cny_per_thousand"], at["error_end_to_end"][middle], style, hint=f"{name}, as it ships")
    llm = cost["llm_alone"]
    chart.whisker(
        (llm["cny_per_thousand"], llm["error_end_to_end"][last]),
        (llm["cny_per_thousand"], llm["error_end_to_end"][0]),
        "r5",
    )
    chart.dot(llm["cny_per_thousand"], llm["error_end_to_end"][middle], "r5", hint="large model alone")
    return chart.svg()


def _selective(cost: Result) -> str:
    top = 0.12
    chart = Chart(
        Axis(0, 1, shares(), "answered without the large model", shown=percent),
        Axis(0, top, shares(top, 4), "wrong, of those answered", shown=percent),
        "Selective risk against coverage of the cascade and of its tiers alone",
        width=HALF,
        height=320,
        top=30,
        title="without the large model 不经大模型",
    )
    for name, found in reversed(cost["variants"].items()):
        points = [(p["coverage"], p["risk"]) for p in found["points"] if p["risk"] is not None]
        chart.line(sorted(points), TIERS[name])
        at = found["shipped"]
        if at["risk"] is not None:
            chart.dot(at["coverage"], at["risk"], f"{TIERS[name]} ring", hint=f"{name}, as it ships")
    return chart.svg()


def _frontier_table(cost: Result) -> Table:
    middle = len(cost["assumed"]["accuracies"]) // 2
    rows = []
    for name, words in _NAMES.items():
        at = cost["variants"][name]["shipped"]
        rows.append(
            (
                words,
                share(at["coverage"]),
                share(at["risk"]),
                f"{at['acting_wrong']} / {at['acting_answered']}",
                f"¥{at['cny_per_thousand']:.2f}",
                share(at["error_end_to_end"][middle]),
            )
        )
    llm = cost["llm_alone"]
    rows.append(
        (
            "large model alone 全走大模型",
            "0 %",
            "–",
            "–",
            f"¥{llm['cny_per_thousand']:.2f}",
            share(llm["error_end_to_end"][middle]) + " (assumed)",
        )
    )
    columns = ("as it ships", "coverage", "risk", "acting wrong", "per 1,000", "error end to end")
    return Table("The thresholds that ship", columns, tuple(rows), frozenset({0}))


def promises(found: Result) -> Section:
    """How often each rule's bound was missed, and what it covered."""
    worst = {
        rule: max(row[rule]["missed"] for risks in found["sets"].values() for row in risks.values())
        for rule in _RULES
    }
    covered = {
        rule: fmean(row[rule]["coverage"] for risks in found["sets"].values() for row in risks.values())
        for rule in _RULES
    }
    sure = share(1 - found["delta"], 0)
    english = (
        f"Told to keep the error under a bound with probability {sure}, the certificate's rule missed in at most {share(worst['cascade'])} of draws on every set and "
        f"bound, the naive holdout rule in up to {share(worst['naive'])}, distilroute's in up to {share(worst['distilroute'])}. Calibrated confidence as semantic-router has "
        f"it missed in at most {share(worst['semantic'])} and answered {share(covered['semantic'], 0)} on the mean, the certificate's rule {share(covered['cascade'], 0)}."
    )
    chinese = (
        f"要求以 {sure} 的把握守住错误上限：证书的规则在任何集合上失守至多 {share(worst['cascade'])}，朴素留出法至多 {share(worst['naive'])}，distilroute 至多 {share(worst['distilroute'])}；"
        f"semantic-router 的校准置信度失守至多 {share(worst['semantic'])}，但平均只答 {share(covered['semantic'], 0)}，证书的规则答 {share(covered['cascade'], 0)}。"
    )
    drawings = [
        _missed(name, risk, rules, found["delta"])
        for name, risks in found["sets"].items()
        for risk, rules in risks.items()
    ]
    return Section(
        "promises",
        "Whose threshold keeps its promise",
        "谁的阈值守得住承诺",
        (
            Sentence(english, chinese),
            Figure(
                tuple(drawings),
                f"Share of {found['draws']} draws of {found['sample']:,} calibration rows after which the error on the other rows was above the bound, "
                "with 95 % intervals; the dashed line is what was allowed.",
                tuple((_RULE_STYLES[rule], name) for rule, name in _RULES.items()),
            ),
            _promise_table(found),
            Note(
                f"The same confidences for all four rules: those of {found['classifier']} on each set's dev and test rows. distilroute's and "
                "semantic-router's thresholds are computed by their own code. A rule that keeps its promise pays in coverage; the table shows how much."
            ),
        ),
    )


def _missed(name: str, risk: str, rules: Result, delta: float) -> str:
    bars = [
        Bar(
            words,
            rules[rule]["missed"],
            rules[rule]["missed_interval"][0],
            rules[rule]["missed_interval"][1],
            _RULE_STYLES[rule],
            share(rules[rule]["missed"], 0),
        )
        for rule, words in _RULES.items()
    ]
    axis = Axis(0, 1, shares(), shown=percent)
    title = f"{SETS[name].split('（')[0].split(' (')[0]}, error ≤ {percent(float(risk))}"
    alt = f"{title}: share of draws in which each rule missed"
    return dots(bars, axis, alt, width=HALF, title=title, left=112, mark=delta)


def _promise_table(found: Result) -> Table:
    rows: list[tuple[str, ...]] = []
    strong: set[int] = set()
    for name, risks in found["sets"].items():
        for risk, rules in risks.items():
            for rule, words in _RULES.items():
                row = rules[rule]
                if rule == "cascade":
                    strong.add(len(rows))
                rows.append(
                    (
                        f"{SETS[name].split('（')[0].split(' (')[0]} · ≤ {percent(float(risk))} · {words}",
                        share(row["missed"], 0),
                        between(row["missed_interval"], 0),
                        share(row["coverage"]),
                        share(row["risk"], 2),
                        share(row["gave_up"], 0),
                    )
                )
    columns = ("set, bound, rule", "missed", "95 %", "mean coverage", "mean error", "no threshold")
    return Table("Promises and what they cost", columns, tuple(rows), frozenset(strong))
