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
import onnxruntime
from pydantic import BaseModel, ValidationError

from cascade import features
from cascade.bundle import Bundle
from cascade.errors import BundleCorrupt, BundleIncompatible
from cascade.features import Vocabulary
from cascade.grammar import OrderGrammar
from cascade.result import Abstention, Outcome, Proposal, Span
from cascade.text import Utterance
from cascade.tiers.agreement import Judge, Verdict
from cascade.tiers.base import Context
from cascade.tiers.calibration import Calibration, Vector, softmax

NAME: Final = "classifier"
MODEL: Final = "model.onnx"
VOCABULARY: Final = "vocab.txt"
CALIBRATION: Final = "calibration.json"

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
        vocabulary: Vocabulary,
        calibration: Calibration,
    ) -> None:
        """:meth:`from_bundle` with the parts of the model given by the caller."""
        self._session = _session(model)
        self._vocabulary = vocabulary
        self.calibration = calibration
        self._grammar = grammar
        self._answer_model = answer_model
        self._judge = Judge(calibration, grammar.spec)
        self._max_chars = _max_length(self._session, vocabulary, calibration) - 1
        self._specs = [bundle.intents[name] for name in calibration.intents]

    @classmethod
    def from_bundle(cls, bundle: Bundle, grammar: OrderGrammar, answer_model: type[BaseModel]) -> Self:
        """Read ``model.onnx``, ``vocab.txt`` and ``calibration.json``.

        Raises :class:`~cascade.errors.BundleCorrupt` or :class:`~cascade.errors.BundleIncompatible`.
        """
        if bundle.manifest.features != features.VERSION:
            raise BundleIncompatible(
                f"features {bundle.manifest.features!r}, this library computes {features.VERSION!r}"
            )
        return cls(
            bundle,
            grammar,
            answer_model,
            model=bundle.file(MODEL).read_bytes(),
            vocabulary=_vocabulary(bundle),
            calibration=_calibration(bundle),
        )

    def propose(self, utterance: Utterance, context: Context) -> Outcome:
        text = utterance.text
        if len(text) > self._max_chars:
            return Abstention("too_long", f"the model takes {self._max_chars} characters")
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
        intents, tags = self._session.run(None, {"ids": self._vocabulary.batch(text)})
        return intents[0], tags[0, 1:]

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


def _calibration(bundle: Bundle) -> Calibration:
    try:
        calibration = Calibration.model_validate(bundle.json(CALIBRATION))
    except ValidationError as error:
        first = error.errors()[0]
        raise BundleCorrupt(
            f"{'.'.join(map(str, first['loc']))}: {first['msg']}", file=CALIBRATION
        ) from error
    if calibration.features != features.VERSION:
        raise BundleIncompatible(
            f"features {calibration.features!r}, this library computes {features.VERSION!r}", file=CALIBRATION
        )
    if unknown := [name for name in calibration.intents if name not in bundle.intents]:
        raise BundleCorrupt(
            f"intents that the manifest does not name: {', '.join(unknown)}", file=CALIBRATION
        )
    if len(calibration.intents) < 2:
        raise BundleCorrupt("a classifier has two intents at least", file=CALIBRATION)
    return calibration


def _vocabulary(bundle: Bundle) -> Vocabulary:
    try:
        return Vocabulary.parse(bundle.file(VOCABULARY).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BundleCorrupt(str(error), file=VOCABULARY) from error


def _session(model: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    # One thread a call: the crowd's calls run side by side already, and a pool of spinning threads would starve them.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no base of their own
        raise BundleCorrupt(
            f"not a model that onnxruntime {onnxruntime.__version__} can run", file=MODEL
        ) from error


def _max_length(session: Any, vocabulary: Vocabulary, calibration: Calibration) -> int:
    """The longest input the graph takes, after trying it. Raises :class:`BundleError` for another graph than named."""
    properties = dict(session.get_modelmeta().custom_metadata_map)
    if properties.get("features") != features.VERSION:
        raise BundleIncompatible(
            f"features {properties.get('features')!r}, this library computes {features.VERSION!r}", file=MODEL
        )
    try:
        length = int(properties["max_length"])
        intents, tags = session.run(None, {"ids": vocabulary.batch("奶" * (length - 1))})
        # the last entry of the vocabulary must have a row in the model's table
        session.run(None, {"ids": np.array([[len(vocabulary) - 1]], np.int64)})
    except Exception as error:
        raise BundleCorrupt(f"the graph does not run: {type(error).__name__}", file=MODEL) from error
    if intents.shape != (1, len(calibration.intents)) or tags.shape != (1, length, len(calibration.tags)):
        raise BundleCorrupt("the outputs are not those that calibration.json names", file=MODEL)
    return length
