"""The section about robustness: the same said otherwise, and what an attacker gets out of the cascade."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.report.blocks import Figure, Section, Sentence, Table, between, share
from benchmarks.report.plots import stacked
from benchmarks.report.svg import microseconds

Result = Mapping[str, Any]


def robustness(found: Result) -> Section:
    """Perturbations and attacks."""
    worst = max(found["perturbed"].values(), key=lambda row: row["other"])
    acting = sum(row["acting_other"] for row in found["perturbed"].values())
    said = sum(row["said"] for row in found["perturbed"].values())
    injected, budget = found["injected"], found["budget"]
    sent = max(row["sent"] for row in found["costly"].values())
    most = max(row["reaches_model_with_budget"] for row in found["costly"].values())
    english = (
        f"Said less cleanly, an answered utterance keeps its answer or is escalated; another answer comes in at most {share(worst['other'], 2)} ({acting} of {said:,} act otherwise). "
        f"Of {injected['sent']} prompt injections {injected['acted']} were acted on by rules or classifier. "
        f"Of {sent} hostile texts from one caller at most {share(most)} come to the large model with a budget of {budget['caller_per_minute']:g} questions a minute; "
        f"without one, what looks like a wish does: {_reaching(found['costly'])}."
    )
    chinese = (
        f"同一句话说得不干净时，要么答案不变，要么上交；答案变了的至多 {share(worst['other'], 2)}（{said:,} 句中会动真格的 {acting} 句）。"
        f"{injected['sent']} 条提示词注入，被规则或分类器照做的 {injected['acted']} 条。"
        f"同一人连发 {sent} 条恶意文本，限每分钟 {budget['caller_per_minute']:g} 问时至多 {share(most)} 到达大模型；不设限时：{_reaching(found['costly'])}。"
    )
    return Section(
        "robustness",
        "Does the answer stay, and can it be made to pay?",
        "换个说法还稳吗，能被刷爆吗",
        (
            Sentence(english, chinese),
            _otherwise(found),
            *_attacks(found),
        ),
    )


def _otherwise(found: Result) -> Figure:
    rows = [
        (
            f"{row['chinese']} {name}",
            ((row["same"], "ours"), (row["escalated"], "grey"), (row["other"], "lost")),
        )
        for name, row in found["perturbed"].items()
    ]
    words = [f"{share(row['other'], 2)} other" for row in found["perturbed"].values()]
    return Figure(
        (
            stacked(
                rows,
                "What becomes of answered utterances that are said otherwise, in per cent",
                words=words,
            ),
        ),
        f"{found['answered']:,} answered test utterances said again otherwise (seeded), in per cent.",
        (("ours", "same answer 不变"), ("grey", "escalated 上交"), ("lost", "another answer 变了")),
    )


def _attacks(found: Result) -> tuple[Figure, Table]:
    budget = found["budget"]
    sent = max(row["sent"] for row in found["costly"].values())
    attacks = [(f"{row['chinese']} {name}", _stopped(row)) for name, row in found["costly"].items()]
    ends = [
        "; ".join(f"{end} {count}" for end, count in row["ends"].items()) for row in found["costly"].values()
    ]
    table = Table(
        f"Attacks on the cost of escalation, {sent} texts each, sent at once by one caller",
        (
            "attack",
            "reaches the model",
            "95 %",
            f"with {budget['caller_per_minute']:g} a minute",
            "processor time, median",
            "what became of them, without a budget",
        ),
        tuple(
            (
                name,
                share(row["reaches_model"]),
                between(row["interval"]),
                share(row["reaches_model_with_budget"]),
                microseconds(row["processor_p50_us"]),
                end,
            )
            for (name, _), row, end in zip(attacks, found["costly"].values(), ends, strict=True)
        ),
    )
    return (
        Figure(
            (stacked(attacks, "Share of attacking texts that reach the large model, in per cent"),),
            f"What one caller sends to be paid for: what rules, classifier and screen stop, what a budget of {budget['caller_per_minute']:g} questions a minute "
            f"(burst {budget['caller_burst']}; none by default) stops of the rest, what reaches the large model all the same. "
            "Many callers together are bound by the campaign's budgets, the line and the rungs, which are not part of this figure.",
            (
                ("ours", "answered, refused or held 挡住"),
                ("grey", "stopped by the caller's budget 限额挡住"),
                ("lost", "reaches the model 到达大模型"),
            ),
        ),
        table,
    )


def _stopped(row: Result) -> tuple[tuple[float, str], ...]:
    """Shares of an attack: stopped before the budget, by it, by nothing."""
    reaches, bounded = row["reaches_model"], min(row["reaches_model"], row["reaches_model_with_budget"])
    return (1 - reaches, "ours"), (reaches - bounded, "grey"), (bounded, "lost")


def _reaching(costly: Result) -> str:
    reaching = {name: row["reaches_model"] for name, row in costly.items() if row["reaches_model"] > 0}
    return ", ".join(f"{name} {share(reached)}" for name, reached in reaching.items())
