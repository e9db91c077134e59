"""The section about whole orders on the project's own test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.report.blocks import Figure, Section, Sentence, Table, between, share
from benchmarks.report.plots import reliability, risk_coverage, stacked

Result = Mapping[str, Any]


def orders(found: Result) -> Section:
    """Whole orders."""
    whole, pairs = found["report"]["all"], found["report"]["minimal_pairs"]
    tiers = found["report"]["by_tier"]
    english = (
        f"Of {whole['utterances']:,} held-out utterances that were written to be hard, {share(whole['coverage'])} are answered without a large model; "
        f"rules answer {tiers['rules']['answered']} of them and err in {tiers['rules']['wrong']}; {whole['acting_wrong']} of {whole['acting_answered']} answers "
        f"that act are wrong ({between(found['acting_wrong_interval'])} %), and of {pairs['pairs']} minimal pairs {share(pairs['right_or_escalated'])} are right or escalated."
    )
    chinese = (
        f"{whole['utterances']:,} 句刻意写难的留出话语，不用大模型答了 {share(whole['coverage'])}；规则答 {tiers['rules']['answered']} 句，错 {tiers['rules']['wrong']} 句；"
        f"会动真格的回答 {whole['acting_answered']} 句错 {whole['acting_wrong']} 句；{pairs['pairs']} 对“一字之差”中 {share(pairs['right_or_escalated'])} 答对或上交。"
    )
    rows = [
        (
            f"{row['chinese']} {row['bucket']}",
            (
                (row["by_rules"] / row["rows"], "rules"),
                ((row["right"] + row["wrong"] - row["by_rules"]) / row["rows"], "ours"),
                (row["escalated"] / row["rows"], "grey"),
            ),
        )
        for row in found["buckets"]
    ]
    words = [f"{row['wrong']} wrong of {row['right'] + row['wrong']}" for row in found["buckets"]]
    curve = risk_coverage(
        {"orders": found["curve"]},
        {"orders": "ours"},
        "Risk of whole orders against coverage, at every threshold",
        high=0.12,
        title="whole orders 整单",
    )
    honest = reliability(
        found["reliability"],
        "ours",
        "Stated confidence of the classifier's answers against the share that is right as a whole",
        title=f"confidence 置信度 (ECE {found['calibration_error']:.3f})",
    )
    return Section(
        "orders",
        "Is the whole order right?",
        "整单对不对",
        (
            Sentence(english, chinese),
            Figure(
                (stacked(rows, "Who answers each part of the promo-day mix, in per cent", words=words),),
                "The promo-day mix, part by part: who answers, in per cent, and how many of the answers are not the whole order that was meant.",
                (("rules", "rules 规则"), ("ours", "classifier 分类器"), ("grey", "escalated 上交大模型")),
            ),
            Figure(
                (curve, honest),
                "Left: every threshold, rules answered first. Right: what the classifier states and what is true, over all answers it would give at any threshold.",
                (("ours", f"{found['bundle']}, rules and classifier"),),
            ),
            _buckets(found),
        ),
    )


def _buckets(found: Result) -> Table:
    rows = tuple(
        (
            f"{row['chinese']} {row['bucket']}",
            str(row["rows"]),
            share((row["right"] + row["wrong"]) / row["rows"], 0),
            str(row["wrong"]),
            between(row["wrong_interval"]),
        )
        for row in found["buckets"]
    )
    return Table("The mix", ("part", "utterances", "coverage", "wrong", "95 % of risk"), rows)
