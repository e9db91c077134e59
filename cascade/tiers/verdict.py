"""What the judge finds about an order: what is doubtful, why, and how likely the parts are what they were taken for.

Doubts and probabilities come up one by one, about single characters; the order gets one verdict of all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cascade.tiers.calibration import log_odds
from cascade.tiers.guarding import Place
from cascade.tiers.tagging import Tagging

MOST: Final = 6.0
"""Log-odds beyond which nothing is told apart: about 400 to 1."""
LIKELY: Final = 0.77
"""How likely each part must be what it was taken for. Of 72 development orders with a less likely one 13 were wrong."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the tags say about a parse."""

    doubtful: tuple[Place, ...]
    """Places of the normalised text about which they disagree, in order; empty when the order may stand."""
    detail: str = ""
    evidence: Mapping[str, float] = field(default_factory=dict)
    """What is known of the parts of the order, by name; more is better."""


@dataclass(slots=True)
class Hearing:
    """The tags of one text, and what has been found doubtful so far."""

    tagging: Tagging
    explained: npt.NDArray[np.bool_]
    slots: float = 1.0
    """Least probability of a part of the order being what the grammar says it is."""
    chatter: float = 1.0
    """Least probability of what is passed over being no part of the order."""
    doubts: list[tuple[Place, str]] = field(default_factory=list)

    def doubt(self, place: Place, why: str) -> None:
        self.doubts.append((place, why))

    def heard(self, confidence: Any) -> None:
        self.slots = min(self.slots, float(confidence))

    def passed(self, confidence: Any) -> None:
        self.chatter = min(self.chatter, float(confidence))

    def verdict(self, **evidence: float) -> Verdict:
        if self.slots < LIKELY and not self.doubts:
            self.doubt((0, len(self.explained)), "a part that may be another")
        doubts = sorted(self.doubts)
        return Verdict(
            tuple(dict.fromkeys(place for place, _ in doubts)),
            "; ".join(dict.fromkeys(why for _, why in doubts)),
            {"slots": bounded_odds(self.slots), "chatter": bounded_odds(self.chatter), **evidence},
        )


def bounded_odds(probability: float) -> float:
    """As log-odds, as far as a sample of a few hundred can tell how much they are worth."""
    return max(-MOST, min(MOST, log_odds(probability)))
