"""What a cascade of rules and classifier says to labelled utterances, and whether that is right as a whole order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel

from cascade.bundle import Bundle, validated
from cascade.config import Cascade
from cascade.engine import Engine
from cascade.orders import OrderIntent
from cascade.policy import PolicySpec, ThresholdPolicy
from training.annotation import Example
from training.certificate import Record
from training.scoring import Spelling, right

Tick = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """One labelled utterance and what came of it."""

    example: Example
    intent: str | None
    """The intent answered; ``None`` where the utterance would go to the large model."""
    tier: str | None
    confidence: float | None
    correct: bool
    """Whether the answer is the whole labelled order; false where there is none."""
    acting: bool
    """Whether the answer spends money or changes an order."""
    latency_ns: int

    @property
    def answered(self) -> bool:
        """Whether rules or classifier answered."""
        return self.intent is not None

    @property
    def wrong(self) -> bool:
        """Whether an answer was given and is not the order that was meant."""
        return self.answered and not self.correct

    @property
    def wrong_acting(self) -> bool:
        """The worst error: something was ordered, changed or spent that was not asked for."""
        return self.wrong and self.acting


def judge(
    engine: Engine[Any], examples: Iterable[Example], spelling: Spelling, tick: Tick = lambda: None
) -> list[Judged]:
    """Put every example to an engine that has no large model."""
    assert engine.bundle is not None
    acting = engine.bundle.acting
    found: list[Judged] = []
    for example in examples:
        result = engine.classify(example.text)
        answered = result.status == "answered" and result.answer is not None
        intent = result.intent if answered else None
        correct = result.answer is not None and answered and right(result.answer, example, spelling)
        cost = result.cost.latency_ns
        found.append(Judged(example, intent, result.tier, result.confidence, correct, intent in acting, cost))
        tick()
    return found


def records(
    bundle: Bundle,
    examples: Iterable[Example],
    spelling: Spelling,
    tick: Tick = lambda: None,
    *,
    answers: type[BaseModel] = OrderIntent,
) -> list[Record]:
    """What the bundle would say at the loosest thresholds, its margins kept: what a certificate is made from."""
    with Cascade.load(bundle, answer_model=answers, policy=unguarded(bundle)) as cascade:
        judged = judge(cascade, examples, spelling, tick)
    return [Record(one.example.intent, one.intent, one.confidence, one.correct, one.tier) for one in judged]


def policy_spec(bundle: Bundle) -> PolicySpec:
    """The bundle's thresholds."""
    return validated(PolicySpec, bundle.yaml("policy.yaml"))


def unguarded(bundle: Bundle) -> ThresholdPolicy:
    """The bundle's policy without its confidences: complete proposals are answered if their margin suffices."""
    spec = policy_spec(bundle)
    free = {"confidence": 0.0}
    spec = PolicySpec(
        default=spec.default.model_copy(update=free),
        acting=spec.acting.model_copy(update=free),
        intents={name: limit.model_copy(update=free) for name, limit in spec.intents.items()},
    )
    return ThresholdPolicy(spec, {intent.name: intent.acting for intent in bundle.manifest.intents})


def latency_us(judged: Sequence[Judged], percentile: float) -> float:
    """A percentile of the time in the tiers, in microseconds; 0 without utterances."""
    if not judged:
        return 0.0
    return float(np.percentile([one.latency_ns for one in judged], percentile)) / 1e3
