"""The classifier tier: a small ONNX model tells the intent and tags the characters; the grammar composes the order.

The model never writes an order. It judges the one that the grammar found: whether what the grammar cannot explain is
mere chatter, and whether each thing the grammar found is part of the order at all. An acting intent is complete only
when the two agree about every character.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from pydantic import BaseModel

from cascade.bundle import Bundle
from cascade.errors import BundleIncompatible
from cascade.features import Encoder, Pieces
from cascade.grammar import OrderGrammar
from cascade.result import Abstention, Outcome, Proposal, Span
from cascade.text import Utterance
from cascade.tiers.agreement import Judge, Verdict
from cascade.tiers.base import Context
from cascade.tiers.calibration import Calibration, Vector, softmax
from cascade.tiers.graph import MODEL, Graph, encoder_of

NAME: Final = "classifier"

_ASKS: Final = frozenset({"uncovered", "incomplete", "no_match"})
"""Why the grammar gives no whole order where more words, or the user, could make it whole."""


@dataclass(frozen=True, slots=True)
class _Guess:
    """The likeliest intent, its confidence and raw score, and the second likeliest."""

    intent: str
    confidence: float
    score: float
    runner_up: tuple[str, float]


@dataclass(frozen=True, slots=True)
class Composition:
    """An order that the grammar found, and what the tags say about it."""

    answer: Any
    verdict: Verdict


class ClassifierTier:
    """Proposes an intent with a calibrated confidence. One session serves all threads.

    For a complete proposal ``confidence`` is that of the whole answer, slots included. An incomplete one carries the
    confidence of its intent alone, since what is missing from its answer is known and named.
    """

    name: Final = NAME

    def __init__(
        self,
        bundle: Bundle,
        grammar: OrderGrammar,
        answer_model: type[BaseModel],
        *,
        model: bytes,
        vocabulary: Encoder,
        calibration: Calibration,
    ) -> None:
        """:meth:`from_bundle` with the parts of the model given by the caller.

        Raises :class:`~cascade.errors.BundleCorrupt` or :class:`~cascade.errors.BundleIncompatible` where they do not
        belong together.
        """
        if isinstance(vocabulary, Pieces):
            raise BundleIncompatible(f"the order grammar takes a tag a character, not {vocabulary.version!r}")
        self._graph = Graph(model, vocabulary, intents=len(calibration.intents), tags=len(calibration.tags))
        self.calibration = calibration
        self._grammar = grammar
        self._answer_model = answer_model
        self._judge = Judge(calibration, grammar.spec)
        self._specs = [bundle.intents[name] for name in calibration.intents]

    @classmethod
    def from_bundle(cls, bundle: Bundle, grammar: OrderGrammar, answer_model: type[BaseModel]) -> Self:
        """Read ``model.onnx``, ``vocab.txt`` and ``calibration.json``.

        Raises :class:`~cascade.errors.BundleCorrupt` or :class:`~cascade.errors.BundleIncompatible`.
        """
        return cls(
            bundle,
            grammar,
            answer_model,
            model=bundle.file(MODEL).read_bytes(),
            vocabulary=encoder_of(bundle),
            calibration=Calibration.from_bundle(bundle),
        )

    def propose(self, utterance: Utterance, context: Context) -> Outcome:
        text = utterance.text
        if len(text) > self._graph.max_chars:
            return Abstention("too_long", f"the model takes {self._graph.max_chars} characters")
        intents, tags = self.scores(text)
        probabilities = softmax(intents, self.calibration.temperature)
        second, best = (int(place) for place in np.argsort(probabilities)[-2:])
        guess = _Guess(
            self._specs[best].name,
            float(probabilities[best]),
            float(intents[best]),
            (self.calibration.intents[second], float(probabilities[second])),
        )
        if self._specs[best].carries_order:
            return self._order(utterance, guess, tags)
        return self._plain(utterance, guess, acting=self._specs[best].acting)

    def _plain(self, utterance: Utterance, guess: _Guess, *, acting: bool) -> Outcome:
        """An intent that carries no order; one that acts must be meant, and not said beside details of an order."""
        if acting and (guard := self._grammar.forbidden(utterance, guess.intent)) is not None:
            return Abstention(guard.reason, utterance.text[guard.start : guard.end])
        wishes = self._judge.order_details(self._grammar.parse(utterance)) if acting else []
        return Proposal(
            guess.intent,
            self._answer_model.model_validate({"intent": guess.intent}),
            guess.confidence,
            guess.score,
            guess.runner_up,
            complete=not wishes,
            uncovered=_typed(utterance, wishes),
            detail="order details beside an intent that takes none" if wishes else "",
        )

    def scores(self, text: str) -> tuple[Vector, Vector]:
        """Raw scores of a normalised text: ``[intents]`` and ``[characters, tags]``."""
        scores = self._graph.scores(text)
        return scores.intents, scores.tags

    def compose(self, utterance: Utterance, intent: str, tags: Vector) -> Composition | Abstention:
        """The grammar's order as this intent, held against the tag scores; an abstention where there can be none."""
        parse = self._grammar.parse(utterance, intent)
        if parse.guards or not (parse.complete or parse.reason in _ASKS):
            return Abstention(parse.reason, parse.detail, parse.uncovered_spans(utterance))
        if parse.answer is None:
            empty = self._answer_model.model_validate({"intent": intent})
            return Composition(
                empty, Verdict(0.0, parse.uncovered or ((0, len(utterance.text)),), parse.detail)
            )
        probabilities = softmax(tags, self.calibration.tag_temperature)
        return Composition(parse.answer, self._judge.verdict(parse, probabilities))

    def _order(self, utterance: Utterance, guess: _Guess, tags: Vector) -> Outcome:
        composed = self.compose(utterance, guess.intent, tags)
        if isinstance(composed, Abstention):
            return composed
        verdict = composed.verdict
        complete = not verdict.doubtful
        return Proposal(
            guess.intent,
            composed.answer,
            self.calibration.order.confidence(guess.confidence, verdict.confidence)
            if complete
            else guess.confidence,
            guess.score,
            guess.runner_up,
            complete=complete,
            uncovered=_typed(utterance, verdict.doubtful),
            detail=verdict.detail,
        )


def _typed(utterance: Utterance, places: Sequence[tuple[int, int]]) -> tuple[Span, ...]:
    return tuple(Span(*utterance.raw_span(*place), utterance.raw_text(*place)) for place in places)
