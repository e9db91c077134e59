"""Figures of answers that come with a score: accuracy, selective risk, calibration, out-of-scope, and their
intervals.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

Z: Final = 1.959963984540054
RISKS: Final = (0.01, 0.02, 0.05)
CURVE_POINTS: Final = 60
BINS: Final = 10


@dataclass(frozen=True)
class Answers:
    """What a system said to each row of a set."""

    correct: Flags
    confidence: Floats
    in_scope: Flags
    """Whether the row has an intent of its own; false for out-of-scope rows."""
    said_out_of_scope: Flags
    in_scope_score: Floats
    """How much the system takes the row for one of its intents."""


def answers(
    scores: npt.NDArray[Any],
    classes: list[str],
    truth: list[str],
    out_of_scope: str | None,
    stated: npt.NDArray[Any] | None = None,
) -> Answers:
    """From a table of scores. A row that the system gives no score at all is wrong, with confidence 0.

    ``stated`` are the confidences of a system that states them apart from its scores.
    """
    at = {name: number for number, name in enumerate(classes)}
    number = np.array([at.get(name, -1) for name in truth], np.intp)
    table = np.asarray(scores, np.float64)
    best, confidence = table.argmax(axis=1), table.max(axis=1)
    column = at.get(out_of_scope) if out_of_scope is not None else None
    others = np.delete(table, column, axis=1) if column is not None else table
    said = (best == column) & (confidence > 0) if column is not None else np.zeros(len(table), bool)
    inside = others.max(axis=1)
    if stated is not None:
        confidence = np.asarray(stated, np.float64)
        inside = np.where(said, 1 - confidence, confidence)
    return Answers(
        correct=(best == number) & (confidence > 0),
        confidence=confidence,
        in_scope=np.array([name != out_of_scope for name in truth], bool),
        said_out_of_scope=said,
        in_scope_score=inside,
    )


def summary(found: Answers, *, probability: bool, seed: int = 1) -> dict[str, Any]:
    """All figures of a set, with 95 % intervals: Wilson's for shares, bootstrap for areas."""
    inside = found.in_scope
    right, rows = int(found.correct[inside].sum()), int(inside.sum())
    figures: dict[str, Any] = {
        "rows": rows,
        "accuracy": right / rows,
        "accuracy_interval": wilson(right, rows),
        "aurc": aurc(found.confidence, found.correct),
        "aurc_interval": bootstrap(aurc, found.confidence, found.correct, seed=seed),
        "curve": curve(found.confidence, found.correct),
        "coverage_at_risk": {
            f"{risk:g}": coverage_at(found.confidence, found.correct, risk) for risk in RISKS
        },
    }
    if probability:
        figures["calibration_error"] = calibration_error(found.confidence, found.correct)
        figures["calibration_interval"] = bootstrap(
            calibration_error, found.confidence, found.correct, seed=seed
        )
        figures["reliability"] = reliability(found.confidence, found.correct)
    if not inside.all():
        outside = ~inside
        caught = int(found.said_out_of_scope[outside].sum())
        figures["out_of_scope"] = {
            "rows": int(outside.sum()),
            "auroc": auroc(found.in_scope_score, inside),
            "auroc_interval": bootstrap(auroc, found.in_scope_score, inside, seed=seed),
            "recall": caught / int(outside.sum()),
            "recall_interval": wilson(caught, int(outside.sum())),
            "precision": _share(caught, int(found.said_out_of_scope.sum())),
        }
    return figures


def wilson(right: int, rows: int) -> tuple[float, float]:
    """The 95 % score interval of a share; (0, 1) without rows."""
    if not rows:
        return 0.0, 1.0
    share, part = right / rows, Z * Z / rows
    middle, half = share + part / 2, Z * math.sqrt(share * (1 - share) / rows + part / (4 * rows))
    return max(0.0, (middle - half) / (1 + part)), min(1.0, (middle + half) / (1 + part))


def bootstrap(
    figure: Any, confidence: Floats, correct: Flags, *, seed: int, draws: int = 200
) -> tuple[float, float]:
    """The 95 % percentile interval of a figure over rows drawn with replacement."""
    rng = np.random.default_rng(seed)
    seen = []
    for _ in range(draws):
        rows = rng.integers(0, len(correct), len(correct))
        seen.append(figure(confidence[rows], correct[rows]))
    low, high = np.percentile(seen, [2.5, 97.5])
    return float(low), float(high)


def risks(confidence: Floats, correct: Flags) -> Floats:
    """Risk when the most confident 1, 2, ... rows are answered. Rows of one confidence share their errors evenly."""
    order = np.argsort(-confidence, kind="stable")
    wrong, sure = (~correct[order]).astype(np.float64), confidence[order]
    starts = np.flatnonzero(np.r_[True, sure[1:] != sure[:-1]])
    sizes = np.diff(np.r_[starts, len(sure)])
    evened = np.repeat(np.add.reduceat(wrong, starts) / sizes, sizes)
    return np.asarray(np.cumsum(evened) / np.arange(1, len(sure) + 1))


def aurc(confidence: Floats, correct: Flags) -> float:
    """Area under the risk-coverage curve: the mean risk over all coverages; smaller is better."""
    return float(risks(confidence, correct).mean())


def coverage_at(confidence: Floats, correct: Flags, risk: float) -> float:
    """The largest share that can be answered at no more than a risk, chosen with hindsight on this very set."""
    fine = np.flatnonzero(risks(confidence, correct) <= risk)
    return float((fine[-1] + 1) / len(correct)) if len(fine) else 0.0


def curve(confidence: Floats, correct: Flags) -> list[tuple[float, float]]:
    """Coverage and risk at evenly spread coverages."""
    found = risks(confidence, correct)
    places = np.unique(np.linspace(1, len(found), CURVE_POINTS).astype(int)) - 1
    return [(round((int(at) + 1) / len(found), 4), round(float(found[at]), 5)) for at in places]


def reliability(confidence: Floats, correct: Flags) -> list[dict[str, float]]:
    """Stated and real shares in bins of equal width that hold anything."""
    at = np.clip((confidence * BINS).astype(int), 0, BINS - 1)
    bins = []
    for number in range(BINS):
        rows = at == number
        if rows.any():
            right, count = int(correct[rows].sum()), int(rows.sum())
            low, high = wilson(right, count)
            bins.append(
                {
                    "stated": float(confidence[rows].mean()),
                    "real": right / count,
                    "low": low,
                    "high": high,
                    "rows": count,
                }
            )
    return bins


def calibration_error(confidence: Floats, correct: Flags) -> float:
    """Expected calibration error over the bins of :func:`reliability`."""
    bins = reliability(confidence, correct)
    return sum(abs(one["stated"] - one["real"]) * one["rows"] for one in bins) / len(correct)


def auroc(score: Floats, positive: Flags) -> float:
    """Chance that a positive row scores above a negative one; ties count half."""
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    many, few = int(positive.sum()), int((~positive).sum())
    return float((ranks[positive].sum() - many * (many + 1) / 2) / (many * few))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
