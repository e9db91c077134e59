"""The evaluate stage: the held-out rows, through the bundle as anybody loads it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from rich.table import Table

from cascade.bundle import Bundle
from cascade.policy import ThresholdPolicy
from cascade.result import Proposal
from training.calibration import expected_calibration_error
from training.evaluate import percent
from training.labelled.judging import Judged, judge
from training.labelled.rows import Row
from training.labelled.workshop import LabelledWorkshop
from training.scope import held_at, separation

COVERAGES = (0.8, 0.85, 0.9, 0.92, 0.95, 0.98)
"""Shares of the rows in scope at which accuracy, and what is held back, are told."""


def evaluate(workshop: LabelledWorkshop) -> None:
    """Write ``evaluation.json`` and print its tables."""
    bundle = Bundle.open(workshop.bundle)
    judged = judge(workshop.bundle, workshop.sets.test, workshop.names)
    outside = workshop.recipe.data.out_of_scope
    found = figures(judged, bundle, workshop.names[outside] if outside is not None else None)
    if workshop.recipe.data.repeated == "keep":
        found["repeated"] = repeated(judged, workshop.sets.train)
    if workshop.recipe.teacher is not None:
        from training.labelled.transformer import teachers_accuracy

        found["teachers_intent_accuracy"] = round(teachers_accuracy(workshop), 4)
    workshop.write_json("evaluation.json", found)
    for table in tables(found):
        workshop.console.print(table)


def figures(judged: Sequence[Judged], bundle: Bundle, outside: str | None) -> dict[str, Any]:
    """All figures of a held-out set."""
    policy = ThresholdPolicy.from_bundle(bundle)
    answered = [one for one in judged if _answered(one, policy)]
    acting = [one for one in answered if one.intent in bundle.acting]
    known = [(one.confidence, one.correct) for one in judged if one.confidence is not None]
    confidence, correct = (
        (np.array(part) for part in zip(*known, strict=True)) if known else (np.zeros(0),) * 2
    )
    return {
        "rows": len(judged),
        "intent_accuracy": _share([one.intent == one.label for one in judged]),
        "slots_right": _share([one.slots_right for one in judged]),
        "whole_answers_right": _share([one.correct for one in judged]),
        "calibration_error": round(expected_calibration_error(confidence, correct.astype(bool)), 4),
        "at_the_policy": {
            "coverage": _share([_answered(one, policy) for one in judged]),
            "wrong": _share([not one.correct for one in answered]),
            "acting_answered": len(acting),
            "acting_wrong": _share([not one.correct for one in acting]),
        },
        "scope": scope(judged, outside),
        "latency_us": {
            "median": round(float(np.percentile([one.latency_ns for one in judged], 50)) / 1e3, 1),
            "p99": round(float(np.percentile([one.latency_ns for one in judged], 99)) / 1e3, 1),
        },
        "by_intent": _by_intent(judged),
    }


def repeated(judged: Sequence[Judged], train: Iterable[Row]) -> dict[str, Any]:
    """How much of the intent accuracy may be memory: of rows whose text train has, and of all others."""
    known = {row.text for row in train}
    seen = [one.intent == one.label for one in judged if one.row.text in known]
    new = [one.intent == one.label for one in judged if one.row.text not in known]
    return {"rows": len(seen), "intent_accuracy": _share(seen), "others_intent_accuracy": _share(new)}


def _answered(one: Judged, policy: ThresholdPolicy) -> bool:
    if one.intent is None:
        return False
    return policy.decide("classifier", Proposal(one.intent, None, one.confidence)).answer


def scope(judged: Sequence[Judged], outside: str | None) -> dict[str, Any]:
    """At each coverage of the rows in scope: how many of those answered are right, and how many others are held."""
    meant_inside = [one for one in judged if one.label != outside]
    meant_outside = [one for one in judged if one.label == outside]
    inside = [_score(one, outside) for one in meant_inside]
    others = [_score(one, outside) for one in meant_outside]
    rows: list[dict[str, Any]] = []
    for coverage in COVERAGES:
        found = held_at(coverage, inside, others)
        if found is not None:
            through = [one.correct for one in meant_inside if _score(one, outside) >= found.threshold]
            slipped = sum(score >= found.threshold for score in others)
            rows.append(
                {
                    "coverage": round(found.coverage, 4),
                    "threshold": round(found.threshold, 6),
                    "right": _share(through),
                    "right_of_all_answered": round(sum(through) / (len(through) + slipped), 4),
                    "out_of_scope_held": None if found.held is None else round(found.held, 4),
                }
            )
    auroc = separation(inside, others)
    return {
        "in_scope_accuracy": _share([one.intent == one.label for one in meant_inside]),
        "out_of_scope_rows": len(meant_outside),
        "auroc": None if auroc is None else round(auroc, 4),
        "at": rows,
    }


def _score(one: Judged, outside: str | None) -> float:
    """What speaks for answering as something in scope."""
    return one.confidence if one.confidence is not None and one.intent != outside else -math.inf


def _by_intent(judged: Sequence[Judged]) -> dict[str, Any]:
    groups: defaultdict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        groups[one.label].append(one)
    return {
        label: {"rows": len(group), "intent_accuracy": _share([one.intent == label for one in group])}
        for label, group in sorted(groups.items())
    }


def _share(values: Sequence[bool]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None


def tables(found: dict[str, Any]) -> list[Table]:
    """The figures, for people."""
    whole = Table(title="held-out rows", show_header=False)
    policy = found["at_the_policy"]
    for name, value in (
        ("rows", str(found["rows"])),
        ("intent right", percent(found["intent_accuracy"])),
        ("intent right, in scope", percent(found["scope"]["in_scope_accuracy"])),
        ("all slots right", percent(found["slots_right"])),
        ("answered at the policy's thresholds", percent(policy["coverage"])),
        ("wrong among them", percent(policy["wrong"])),
        ("calibration error", percent(found["calibration_error"])),
        ("median time", f"{found['latency_us']['median']} us"),
    ):
        whole.add_row(name, value)
    if "repeated" in found:
        memory = found["repeated"]
        whole.add_row(
            f"intent right, of {memory['rows']} rows that train has", percent(memory["intent_accuracy"])
        )
        whole.add_row("intent right, of all others", percent(memory["others_intent_accuracy"]))
    if "teachers_intent_accuracy" in found:
        whole.add_row("intent right, the teachers", percent(found["teachers_intent_accuracy"]))
    scopes = Table(
        title=f"by coverage of what is in scope; {found['scope']['out_of_scope_rows']} rows are not"
    )
    for head in ("coverage", "confidence", "right among them", "right of all answered", "out of scope held"):
        scopes.add_column(head, justify="right")
    for row in found["scope"]["at"]:
        scopes.add_row(
            percent(row["coverage"]),
            f"{row['threshold']:.3f}",
            percent(row["right"]),
            percent(row["right_of_all_answered"]),
            percent(row["out_of_scope_held"]),
        )
    return [whole, scopes]
