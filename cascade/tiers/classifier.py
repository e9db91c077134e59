"""The classifier tier: a small ONNX model tells the intent and tags the characters; the grammar composes the order.

The model never writes an order. It judges the one that the grammar found: whether what the grammar cannot explain is
mere chatter, and whether each thing the grammar found is part of the order at all. An acting intent is complete only
when the two agree about every character.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from cascade.tiers.agreement import Judge
from cascade.tiers.base import Context
from cascade.tiers.calibration import Calibration, Vector, energy, log_odds, softmax
from cascade.tiers.doubting import Doubting
from cascade.tiers.graph import MODEL, Graph, encoder_of
from cascade.tiers.guarding import Guarding
from cascade.tiers.objects import strange
from cascade.tiers.verdict import Verdict

NAME: Final = "classifier"

_ASKS: Final = frozenset({"uncovered", "incomplete", "no_match"})
"""Why the grammar gives no whole order where more words, or the user, could make it whole."""


@dataclass(frozen=True, slots=True)
class Guess:
    """The likeliest intent and its raw score, the second likeliest, and what speaks for the first."""

    intent: str
    score: float
    runner_up: tuple[str, float]
    evidence: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Composition:
    """An order that grammar and tags make together, and what they say about it."""

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
        self._judge = Judge(calibration, grammar.spec, grammar.lexicon)
        self._guarding = Guarding(calibration.order_details, grammar.spec)
        self._doubting = Doubting(grammar.spec)
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
        return self.weighed(utterance)[0]

    def weighed(self, utterance: Utterance) -> tuple[Outcome, Mapping[str, float]]:
        """What is proposed, and the evidence that its confidence was made from."""
        text = utterance.text
        if len(text) > self._graph.max_chars:
            return Abstention("too_long", f"the model takes {self._graph.max_chars} characters"), {}
        intents, tags = self.scores(text)
        guess = self.guess(text, intents)
        spec = self._specs[self.calibration.intents.index(guess.intent)]
        if spec.carries_order:
            return self._order(utterance, guess, tags)
        return self._plain(utterance, guess, acting=spec.acting)

    def guess(self, text: str, intents: Vector) -> Guess:
        """The likeliest intent by the raw scores of a normalised text."""
        probabilities = softmax(intents, self.calibration.temperature)
        second, best = (int(place) for place in np.argsort(probabilities)[-2:])
        evidence = {
            "intent": log_odds(float(probabilities[best])),
            "gap": float(intents[best] - intents[second]),
            "energy": energy(intents),
            "known": -self._graph.encoder.unknown(text) / max(1, len(text)),
        }
        names = self.calibration.intents
        return Guess(
            names[best], float(intents[best]), (names[second], float(probabilities[second])), evidence
        )

    def _plain(
        self, utterance: Utterance, guess: Guess, *, acting: bool
    ) -> tuple[Outcome, Mapping[str, float]]:
        """An intent that carries no order; one that acts must not be said beside details of an order."""
        parse = self._grammar.parse(utterance)
        evidence = {**guess.evidence, "unguarded": float(not (acting and parse.guards))}
        if acting and (forbidding := self._guarding.forbidding(utterance, parse, guess.intent)):
            places = ", ".join(utterance.text[start:end] for start, end in forbidding)
            return Abstention(parse.guards[0].reason, places, _typed(utterance, forbidding)), evidence
        if acting and self._guarding.agreed(utterance, parse, guess.intent):
            return Abstention("tie", "a yes to something, or a wish of its own"), evidence
        if acting and self._guarding.told(parse, guess.intent):
            return Abstention("tie", "what somebody did, or is to do"), evidence
        if (place := self._doubting.in_command(utterance, guess.intent)) is not None:
            words = utterance.text[place[0] : place[1]]
            return Abstention(
                "tie", f"{words}: told, asked or considered", _typed(utterance, [place])
            ), evidence
        wishes = self._guarding.order_details(parse, guess.intent) if acting else []
        place = strange(utterance, parse, guess.intent, self._grammar.spec) if acting and not wishes else None
        if place is not None:
            words = utterance.text[place[0] : place[1]]
            return Abstention("tie", f"{words}: of something else", _typed(utterance, [place])), evidence
        outcome = Proposal(
            guess.intent,
            self._answer_model.model_validate({"intent": guess.intent}),
            self.calibration.plain.confidence(guess.intent, evidence),
            guess.score,
            guess.runner_up,
            complete=not wishes,
            uncovered=_typed(utterance, wishes),
            detail="order details beside an intent that takes none" if wishes else "",
        )
        return outcome, evidence

    def scores(self, text: str) -> tuple[Vector, Vector]:
        """Raw scores of a normalised text: ``[intents]`` and ``[characters, tags]``."""
        scores = self._graph.scores(text)
        return scores.intents, scores.tags

    def compose(self, utterance: Utterance, intent: str, tags: Vector) -> Composition | Abstention:
        """The order as this intent, by the grammar where it can and by tags and grammar together where it cannot.

        An abstention where there can be none.
        """
        tagging = self._judge.tagging(softmax(tags, self.calibration.tag_temperature))
        parse = self._grammar.parse(utterance, intent)
        alone = None
        if parse.answer is not None and not parse.guards and (parse.complete or parse.reason in _ASKS):
            alone = Composition(parse.answer, self._judge.verdict(parse, tagging))
            if not alone.verdict.doubtful:
                return alone
        listener = self._grammar.listener
        marks = tagging.marks(parse.tokens, listener.fields, listener.spoken)
        found = self._grammar.hear(utterance, intent, marks)
        if found.parse.answer is not None:
            together = Composition(found.parse.answer, self._judge.heard(found, tagging, marks))
            if alone is None or not together.verdict.doubtful:
                return together
        if alone is not None:
            return alone
        if parse.reason not in _ASKS and not parse.guards:
            return Abstention(parse.reason, parse.detail, parse.uncovered_spans(utterance))
        if found.parse.reason not in _ASKS:
            return Abstention(found.parse.reason, found.parse.detail)
        empty = self._answer_model.model_validate({"intent": intent})
        places = parse.uncovered or ((0, len(utterance.text)),)
        return Composition(empty, Verdict(places, parse.detail))

    def _order(self, utterance: Utterance, guess: Guess, tags: Vector) -> tuple[Outcome, Mapping[str, float]]:
        composed = self.compose(utterance, guess.intent, tags)
        if isinstance(composed, Abstention):
            return composed, guess.evidence
        verdict = composed.verdict
        complete = not verdict.doubtful
        evidence = {**guess.evidence, **verdict.evidence}
        curve = self.calibration.order if complete else self.calibration.plain
        outcome = Proposal(
            guess.intent,
            composed.answer,
            curve.confidence(guess.intent, evidence),
            guess.score,
            guess.runner_up,
            complete=complete,
            uncovered=_typed(utterance, verdict.doubtful),
            detail=verdict.detail,
        )
        return outcome, evidence


def _typed(utterance: Utterance, places: Sequence[tuple[int, int]]) -> tuple[Span, ...]:
    return tuple(Span(*utterance.raw_span(*place), utterance.raw_text(*place)) for place in places)
