"""The classifier tier of packs without a grammar: an ONNX model tells the intent and marks the slots.

There is nobody to hold the model's slots against, so the confidence is of the whole answer: the intent's, how much the
utterance is like anything the model learned, and the least certain mark, joined by a curve measured on labelled
utterances.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from pydantic import BaseModel, ValidationError

from cascade.answers import MAX_SLOTS
from cascade.bundle import Bundle
from cascade.errors import InputRejected
from cascade.features import Encoder, Place
from cascade.result import Abstention, Outcome, Proposal
from cascade.text import Normalizer, Utterance
from cascade.tiers.base import Context
from cascade.tiers.calibration import AnswerCalibration, Vector, energy, log_odds, softmax
from cascade.tiers.graph import MODEL, Graph, Scores, encoder_of

NAME: Final = "classifier"
MOST_UNKNOWN: Final = 0.5
"""Share of characters that the model never met beyond which it has nothing to say, however sure it sounds."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the model makes of one text."""

    intents: Vector
    """Probabilities, in the calibration's order."""
    slots: tuple[tuple[str, Place], ...]
    """Slots by name and place in the normalised text, in the order spoken."""
    evidence: Mapping[str, float]
    """What speaks for the likeliest one: its log-odds (``intent``) and lead (``gap``), likeness to what was learned
    (``energy``, ``nearness``, ``known``), the least certain mark as log-odds (``slots``)."""
    score: float
    """Raw score of the likeliest intent."""


class IntentTier:
    """Proposes an intent and slots with a calibrated confidence. One session serves all threads."""

    name: Final = NAME

    def __init__(
        self,
        answer_model: type[BaseModel],
        *,
        model: bytes,
        encoder: Encoder,
        calibration: AnswerCalibration,
    ) -> None:
        """:meth:`from_bundle` with the parts given by the caller; raises what
        :class:`~cascade.tiers.graph.Graph` raises.
        """
        self._answer_model = answer_model
        self.calibration = calibration
        self._graph = Graph(model, encoder, intents=len(calibration.intents), tags=len(calibration.tags))

    @classmethod
    def from_bundle(cls, bundle: Bundle, answer_model: type[BaseModel]) -> Self:
        """Read ``model.onnx``, ``vocab.txt`` and ``calibration.json``.

        Raises :class:`~cascade.errors.BundleCorrupt` or :class:`~cascade.errors.BundleIncompatible`.
        """
        return cls(
            answer_model,
            model=bundle.file(MODEL).read_bytes(),
            encoder=encoder_of(bundle),
            calibration=AnswerCalibration.from_bundle(bundle),
        )

    def propose(self, utterance: Utterance, context: Context) -> Outcome:
        text = utterance.text
        if len(text) > self._graph.max_chars:
            return Abstention("too_long", f"the model takes {self._graph.max_chars} characters")
        reading = self.read(text)
        if -reading.evidence["known"] > MOST_UNKNOWN:
            return Abstention("unfamiliar", "most of it is made of what the model never met")
        if len(reading.slots) > MAX_SLOTS:
            return Abstention("too_many_slots", f"{len(reading.slots)} places are marked")
        second, best = (int(place) for place in np.argsort(reading.intents, kind="stable")[-2:])
        names = self.calibration.intents
        slots = [{"name": name, "value": utterance.raw_text(*place)} for name, place in reading.slots]
        try:
            answer = self._answer_model.model_validate({"intent": names[best], "slots": slots})
        except ValidationError as error:
            return Abstention("invalid_slots", error.errors()[0]["msg"])
        return Proposal(
            names[best],
            answer,
            self.confidence(names[best], reading.evidence),
            reading.score,
            (names[second], float(reading.intents[second])),
        )

    def raw(self, text: str) -> Scores:
        """The graph's raw scores of a normalised text of at most its length."""
        return self._graph.scores(text)

    def read(self, text: str) -> Reading:
        """Intents, slots and evidence of a normalised text of at most the graph's length."""
        scores = self.raw(text)
        intents = softmax(scores.intents, self.calibration.temperature)
        tags = softmax(scores.tags, self.calibration.tag_temperature)
        slots = marked(tags.argmax(axis=-1), self.calibration.tags, self._graph.encoder.places(text))
        second, best = np.sort(scores.intents)[-2:]
        evidence = {
            "intent": log_odds(float(intents.max())),
            "gap": float(best - second),
            "energy": energy(scores.intents),
            "nearness": scores.nearness,
            "known": -self._graph.encoder.unknown(text) / max(1, len(text)),
            "slots": _least(tags),
        }
        return Reading(intents, slots, evidence, float(best))

    def confidence(self, intent: str, evidence: Mapping[str, float]) -> float:
        """Probability that an answer of this intent, on this evidence, is right as a whole."""
        curve = self.calibration.answer
        if intent == self.calibration.out_of_scope_intent and self.calibration.out_of_scope is not None:
            curve = self.calibration.out_of_scope
        return curve.confidence(intent, evidence)


def _least(tags: Vector) -> float:
    """Log-odds of the least certain mark; 0 where there is nothing to be marked."""
    return log_odds(float(tags.max(axis=-1).min())) if tags.shape[0] and tags.shape[1] > 1 else 0.0


def marked(
    numbers: Sequence[int] | Vector, tags: Sequence[str], places: Sequence[Place]
) -> tuple[tuple[str, Place], ...]:
    """Slots of a row of tags. A slot also begins where an ``I-`` follows another slot, or none."""
    found: list[tuple[str, Place]] = []
    before = ""
    for number, (start, end) in zip(numbers, places, strict=True):
        tag = tags[int(number)]
        name = tag[2:]
        if name and tag[0] == "I" and name == before:
            found[-1] = (name, (found[-1][1][0], end))
        elif name:
            found.append((name, (start, end)))
        before = name
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Unsaid:
    """A slot of an answer that the utterance does not bear out."""

    kind: str
    detail: str


class SpokenSlots:
    """Holds the slots of a large model's answer against the utterance: each value must have been said."""

    def __init__(self, normalizer: Normalizer, names: Sequence[str]) -> None:
        """``names`` are the pack's slots."""
        self._normalizer = normalizer
        self._names = frozenset(names)

    def check(self, utterance: Utterance, answer: BaseModel) -> tuple[Unsaid, ...]:
        """What in the answer was not said, or is no slot of the pack."""
        found: list[Unsaid] = []
        for slot in getattr(answer, "slots", ()):
            if slot.name not in self._names:
                found.append(Unsaid("unknown_slot", f"{slot.name} is not a slot"))
            elif not self._said(slot.value, utterance):
                found.append(Unsaid("unsaid", f"{slot.value} is not in the utterance"))
        return tuple(found)

    def _said(self, value: str, utterance: Utterance) -> bool:
        try:
            return self._normalizer(value).text in utterance.text
        except InputRejected:
            return False
