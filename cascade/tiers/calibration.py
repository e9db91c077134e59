"""``calibration.json``: what the classifier's outputs are called, and what its scores are worth on held-out data."""

from __future__ import annotations

import math
from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator

Vector = npt.NDArray[np.float32]

_LEAST = 1e-6


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OrderCalibration(_Record):
    """Probability that a whole order is right: a logistic curve over what is known of its parts, as log-odds."""

    bias: float = Field(allow_inf_nan=False)
    intent: float = Field(ge=0, allow_inf_nan=False)
    """Weight of the intent's confidence."""
    slots: float = Field(ge=0, allow_inf_nan=False)
    """Weight of the least certain character's agreement with the order."""

    def confidence(self, intent: float, slots: float) -> float:
        """The probability, from the two confidences."""
        odds = self.bias + self.intent * log_odds(intent) + self.slots * log_odds(slots)
        return 1 / (1 + math.exp(-min(max(odds, -700.0), 700.0)))


class Calibration(BaseModel):
    """The part of ``calibration.json`` that the classifier reads; other tiers keep their own parts in the same file."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    features: str
    """Version of the feature definition; see :mod:`cascade.features`."""
    intents: tuple[str, ...]
    """In the order of the model's output."""
    tags: tuple[str, ...]
    """In the order of the model's output: ``O``, ``B-FIELD``, ``I-FIELD``; a field is one of the answer's."""
    temperature: float = Field(gt=0, allow_inf_nan=False)
    """What intent scores are divided by before they are called probabilities."""
    tag_temperature: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    order: OrderCalibration
    order_details: frozenset[str] = frozenset()
    """Fields that only an order has: said beside an acting intent that carries none, they are a second wish."""

    @model_validator(mode="after")
    def _names_are_different(self) -> Self:
        if len(set(self.intents)) != len(self.intents) or len(set(self.tags)) != len(self.tags):
            raise ValueError("a name stands twice")
        if not self.tags or self.tags[0] != "O":
            raise ValueError("the first tag is O")
        return self

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that tags name, each once."""
        return tuple(dict.fromkeys(tag[2:] for tag in self.tags[1:]))


def log_odds(probability: float) -> float:
    """``log(p / (1 - p))``, finite for certainty too."""
    bounded = min(max(probability, _LEAST), 1 - _LEAST)
    return math.log(bounded / (1 - bounded))


def softmax(scores: Vector, temperature: float) -> Vector:
    """Probabilities along the last axis."""
    heated = (scores - scores.max(axis=-1, keepdims=True)) / np.float32(temperature)
    powers = np.exp(heated)
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)
