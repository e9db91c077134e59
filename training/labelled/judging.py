"""What a bundle says to labelled rows, and whether that is right: the intent, and every slot as it was said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cascade.answers import IntentAnswer
from cascade.bundle import Bundle
from cascade.config import Cascade
from cascade.errors import InputRejected
from cascade.policy import Policy
from cascade.result import Proposal
from cascade.text import Normalizer
from training.certificate import Record
from training.judging import unguarded
from training.labelled.rows import Row, Slot


@dataclass(frozen=True, slots=True)
class Judged:
    """One row and what the bundle would answer, were every confidence enough."""

    row: Row
    label: str
    """The intent that was meant, by the bundle's name."""
    intent: str | None
    """``None`` where nothing is proposed."""
    confidence: float | None
    slots_right: bool
    latency_ns: int

    @property
    def correct(self) -> bool:
        """Whether the whole answer is right."""
        return self.intent == self.label and self.slots_right

    @property
    def record(self) -> Record:
        """As a certificate counts it."""
        return Record(self.label, self.intent, self.confidence, self.correct, "classifier")


def judge(folder: Path, rows: Iterable[Row], names: Mapping[str, str]) -> list[Judged]:
    """Put rows to the bundle as it is loaded by anybody, its thresholds aside."""
    bundle = Bundle.open(folder)
    policy: Policy = unguarded(bundle)
    found: list[Judged] = []
    with Cascade.load(bundle, answer_model=IntentAnswer, policy=policy) as cascade:
        for row in rows:
            result = cascade.classify(row.raw)
            # the proposal, not the answer: no policy lets one through whose runner-up is surer than it
            outcomes = (attempt.outcome for attempt in result.attempts)
            said = next((outcome for outcome in outcomes if isinstance(outcome, Proposal)), None)
            slots_right = said is not None and same(said.answer, row.slots, bundle.normalizer)
            intent, confidence = (said.intent, said.confidence) if said is not None else (None, None)
            found.append(
                Judged(row, names[row.intent], intent, confidence, slots_right, result.cost.latency_ns)
            )
    return found


def same(answer: IntentAnswer, slots: Iterable[Slot], normalizer: Normalizer) -> bool:
    """Whether the slots are the labelled ones, in any order and in one spelling."""
    said = Counter((slot.name, spelled(slot.value, normalizer)) for slot in answer.slots)
    return said == Counter((slot.name, spelled(slot.value, normalizer)) for slot in slots)


def spelled(value: Any, normalizer: Normalizer) -> str:
    """A value as it compares."""
    try:
        return normalizer(value).text
    except InputRejected:
        return str(value)
