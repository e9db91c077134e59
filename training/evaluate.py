"""The evaluate stage: the held-out test set, end to end, through rules and classifier as the bundle ships them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from cascade.config import Cascade
from training.calibration import expected_calibration_error
from training.dataset import load_splits
from training.judging import Judged, judge, latency_us
from training.outside import held_back
from training.scoring import carries
from training.workshop import Workshop


def evaluate(workshop: Workshop, console: Console) -> None:
    """Write ``evaluation.json`` and print its table."""
    examples = load_splits(workshop.recipe, workshop.pack).test
    with Cascade.load(workshop.pack.bundle, answer_model=workshop.pack.answers) as cascade:
        judged = judge(cascade, examples, workshop.pack.normalised)
    report = {
        **figures(judged),
        "out_of_scope_held": held_back(workshop.pack.bundle, examples, workshop.pack.answers),
    }
    workshop.write_json("evaluation.json", report)
    console.print(table(report))


def figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """All figures of a set: the whole, the promo-day mix (lines with ``mix=``), minimal pairs, each group."""
    mix = [one for one in judged if one.example.tag("mix")]
    return {
        "all": summary(judged),
        "promo_mix": summary(mix),
        "minimal_pairs": pairs(judged),
        "calibration_error": calibration_error(judged),
        "latency_us": {"median": round(latency_us(judged, 50), 1), "p99": round(latency_us(judged, 99), 1)},
        "by_bucket": _grouped(mix, lambda one: one.example.tag("mix") or ""),
        "by_intent": _grouped(judged, lambda one: one.example.intent),
        "by_tier": _grouped([one for one in judged if one.answered], lambda one: one.tier or ""),
    }


def summary(judged: Sequence[Judged]) -> dict[str, Any]:
    """Counts and shares of some utterances. A share of nothing is ``None``."""
    answered = [one for one in judged if one.answered]
    orders = [one for one in answered if one.example.order is not None and carries(one.example.order)]
    acting = [one for one in answered if one.acting]
    return {
        "utterances": len(judged),
        "answered": len(answered),
        "coverage": _share(len(answered), len(judged)),
        "wrong": sum(one.wrong for one in answered),
        "selective_risk": _share(sum(one.wrong for one in answered), len(answered)),
        "orders_answered": len(orders),
        "orders_exact": _share(sum(one.correct for one in orders), len(orders)),
        "acting_answered": len(acting),
        "acting_wrong": sum(one.wrong for one in acting),
        "acting_risk": _share(sum(one.wrong for one in acting), len(acting)),
        "out_of_scope_acted_on": sum(one.acting and one.example.intent == "out_of_scope" for one in answered),
    }


def pairs(judged: Iterable[Judged]) -> dict[str, Any]:
    """Minimal pairs: on how many is nothing wrong said to either side, and both sides answered."""
    sides: defaultdict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        if name := one.example.tag("pair"):
            sides[name].append(one)
    safe = [name for name, both in sides.items() if not any(one.wrong for one in both)]
    right = [name for name, both in sides.items() if all(one.correct for one in both)]
    return {
        "pairs": len(sides),
        "right_or_escalated": _share(len(safe), len(sides)),
        "both_right": _share(len(right), len(sides)),
        "wrong_pairs": sorted(set(sides) - set(safe)),
    }


def calibration_error(judged: Iterable[Judged]) -> float | None:
    """Expected calibration error of the answers that came with a confidence."""
    known = [(one.confidence, one.correct) for one in judged if one.answered and one.confidence is not None]
    if not known:
        return None
    confidence, correct = zip(*known, strict=True)
    return round(expected_calibration_error(np.array(confidence), np.array(correct)), 4)


def table(report: dict[str, Any]) -> Table:
    """The figures, for people."""
    shown = Table(title="held-out test")
    for head in ("", "n", "coverage", "risk", "orders exact", "acting wrong"):
        shown.add_column(head, justify="left" if not head else "right")
    groups = {
        "all": report["all"],
        "promo mix": report["promo_mix"],
        **report["by_bucket"],
        **report["by_tier"],
    }
    for name, part in groups.items():
        shown.add_row(
            name,
            str(part["utterances"]),
            percent(part["coverage"]),
            percent(part["selective_risk"]),
            percent(part["orders_exact"]),
            f"{part['acting_wrong']} / {part['acting_answered']}",
        )
    both = report["minimal_pairs"]
    shown.caption = (
        f"minimal pairs: {percent(both['right_or_escalated'])} of {both['pairs']} right or escalated, "
        f"{percent(both['both_right'])} both right"
    )
    if (outside := report.get("out_of_scope_held")) is not None:
        shown.caption += (
            f"; out of scope: {percent(outside['held'])} of {outside['out_of_scope']} held back where "
            f"{percent(outside['coverage'])} of the others is let through"
        )
    return shown


def _grouped(judged: Iterable[Judged], key: Callable[[Judged], str]) -> dict[str, Any]:
    groups: defaultdict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        groups[key(one)].append(one)
    return {name: summary(group) for name, group in sorted(groups.items())}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
