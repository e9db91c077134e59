"""``calibration.json``: what the classifier's outputs are called, and what its scores are worth on held-out data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Final, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cascade.bundle import Bundle
from cascade.errors import BundleCorrupt, BundleIncompatible

FILE: Final = "calibration.json"

Vector = npt.NDArray[np.float32]

_LEAST = 1e-6


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Curve(_Record):
    """Probability that an answer is right: a logistic curve over what is known of it. More of it is never worse."""

    bias: float = Field(allow_inf_nan=False)
    weights: Mapping[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(default_factory=dict)
    """By the name of the evidence; what is not named weighs nothing."""
    intents: Mapping[str, Annotated[float, Field(allow_inf_nan=False)]] = Field(default_factory=dict)
    """What is added for an intent that is right more, or less, often than its evidence says."""

    def confidence(self, intent: str, evidence: Mapping[str, float]) -> float:
        """The probability for one answer."""
        odds = self.bias + self.intents.get(intent, 0.0)
        odds += sum(weight * evidence.get(name, 0.0) for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-min(max(odds, -700.0), 700.0)))


class ScoreCalibration(BaseModel):
    """The part of ``calibration.json`` that every classifier reads; tiers keep parts of their own in the same file."""

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

    @model_validator(mode="after")
    def _names_are_different(self) -> Self:
        if len(set(self.intents)) != len(self.intents) or len(set(self.tags)) != len(self.tags):
            raise ValueError("a name stands twice")
        if not self.tags or self.tags[0] != "O":
            raise ValueError("the first tag is O")
        return self

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> Self:
        """Read the bundle's ``calibration.json`` and hold it against the manifest.

        Raises :class:`~cascade.errors.BundleCorrupt` or :class:`~cascade.errors.BundleIncompatible`.
        """
        try:
            calibration = cls.model_validate(bundle.json(FILE))
        except ValidationError as error:
            first = error.errors()[0]
            raise BundleCorrupt(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", file=FILE) from error
        if calibration.features != bundle.manifest.features:
            raise BundleIncompatible(
                f"features {calibration.features!r}, the manifest names {bundle.manifest.features!r}",
                file=FILE,
            )
        if unknown := [name for name in calibration.intents if name not in bundle.intents]:
            raise BundleCorrupt(f"intents that the manifest does not name: {', '.join(unknown)}", file=FILE)
        if len(calibration.intents) < 2:
            raise BundleCorrupt("a classifier has two intents at least", file=FILE)
        return calibration

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that tags name, each once."""
        return tuple(dict.fromkeys(tag[2:] for tag in self.tags[1:]))


class Calibration(ScoreCalibration):
    """What the classifier reads that judges the grammar's orders."""

    order: Curve
    """Of the answers that carry an order."""
    plain: Curve
    """Of all others."""
    order_details: frozenset[str] = frozenset()
    """Fields that only an order has: said beside an acting intent that carries none, they are a second wish."""


class AnswerCalibration(ScoreCalibration):
    """What the classifier reads whose answers are an intent and slots as spoken."""

    answer: Curve
    out_of_scope: Curve | None = None
    """Of the answers that say so; without one it is :attr:`answer`."""
    out_of_scope_intent: str | None = None


def log_odds(probability: float) -> float:
    """``log(p / (1 - p))``, finite for certainty too."""
    bounded = min(max(probability, _LEAST), 1 - _LEAST)
    return math.log(bounded / (1 - bounded))


def softmax(scores: Vector, temperature: float) -> Vector:
    """Probabilities along the last axis."""
    heated = (scores - scores.max(axis=-1, keepdims=True)) / np.float32(temperature)
    powers = np.exp(heated)
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)


def energy(scores: Vector) -> float:
    """Logarithm of the sum of the exponentials of raw scores: low where a text is like nothing that was learned."""
    top = float(scores.max())
    return top + math.log(float(np.exp(scores - top).sum()))
