"""How well a bundle with a grammar holds back what is out of scope, whatever its order grammar makes of the rest."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

from pydantic import BaseModel

from cascade.bundle import Bundle
from cascade.errors import InputRejected
from cascade.grammar import OrderGrammar
from cascade.orders import OrderIntent
from cascade.result import Proposal
from cascade.tiers.base import NO_CONTEXT
from cascade.tiers.calibration import softmax
from cascade.tiers.classifier import ClassifierTier
from cascade.tiers.rules import RulesTier
from training.annotation import Example
from training.scope import held_at, separation

OUT_OF_SCOPE: Final = "out_of_scope"
COVERAGE: Final = 0.95
"""Share of the utterances in scope that the threshold must let through."""


def held_back(
    bundle: Bundle, examples: Iterable[Example], answers: type[BaseModel] = OrderIntent
) -> dict[str, Any] | None:
    """Share of the out-of-scope utterances that are taken for nothing in scope, where 95 % of the others are.

    What a rule answers is settled by the rule; of all else the score is the calibrated probability of being in scope.
    ``None`` for a bundle without the intent, or a set without such utterances.
    """
    if OUT_OF_SCOPE not in bundle.intents:
        return None
    grammar = OrderGrammar.from_bundle(bundle, answers)
    rules = RulesTier.from_bundle(bundle, grammar, answers)
    classifier = ClassifierTier.from_bundle(bundle, grammar, answers)
    inside: list[float] = []
    outside: list[float] = []
    for example in examples:
        score = _score(bundle, rules, classifier, example.text)
        (outside if example.intent == OUT_OF_SCOPE else inside).append(score)
    found = held_at(COVERAGE, inside, outside)
    if found is None or found.held is None:
        return None
    auroc = separation(inside, outside)
    return {
        "in_scope": len(inside),
        "out_of_scope": len(outside),
        "coverage": round(found.coverage, 4),
        "held": round(found.held, 4),
        "auroc": None if auroc is None else round(auroc, 4),
    }


def _score(bundle: Bundle, rules: RulesTier, classifier: ClassifierTier, text: str) -> float:
    try:
        utterance = bundle.normalizer(text)
    except InputRejected:
        return -math.inf
    ruled = rules.propose(utterance, NO_CONTEXT)
    if isinstance(ruled, Proposal) and ruled.complete:
        return -math.inf if ruled.intent == OUT_OF_SCOPE else math.inf
    intents = classifier.calibration.intents
    probabilities = softmax(classifier.scores(utterance.text)[0], classifier.calibration.temperature)
    return 1 - float(probabilities[intents.index(OUT_OF_SCOPE)])
