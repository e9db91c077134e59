"""How well what is out of scope is held back, at thresholds that let most of what is in scope through."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Held:
    """What one threshold does."""

    threshold: float
    coverage: float
    """Share of the utterances in scope that reach it."""
    held: float | None
    """Share of the others that do not; ``None`` without any."""


def held_at(coverage: float, inside: Sequence[float], outside: Sequence[float]) -> Held | None:
    """The strictest threshold that at least ``coverage`` of the scores ``inside`` reach, and what it holds back.

    A score says how much speaks for answering as something in scope; ``-inf`` where nothing does. ``None`` where fewer
    than ``coverage`` have any score.
    """
    if not len(inside):
        return None
    ranked = np.sort(np.asarray(inside, np.float64))[::-1]
    threshold = float(ranked[math.ceil(coverage * len(ranked)) - 1])
    if threshold == -math.inf:
        return None
    held = float(np.mean(np.asarray(outside, np.float64) < threshold)) if len(outside) else None
    return Held(threshold, float(np.mean(ranked >= threshold)), held)


def separation(inside: Sequence[float], outside: Sequence[float]) -> float | None:
    """Chance that one of the scores inside is above one outside (area under the ROC curve, ties half)."""
    if not len(inside) or not len(outside):
        return None
    ranked = np.sort(np.asarray(outside, np.float64))
    below = np.searchsorted(ranked, inside, "left") + np.searchsorted(ranked, inside, "right")
    return float(below.mean() / 2 / len(ranked))
