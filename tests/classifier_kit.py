"""A bundle of one's own, and a classifier tier whose model says what the test writes."""

import shutil
from pathlib import Path

import numpy as np

from cascade.bundle import Bundle, seal
from cascade.grammar import OrderGrammar
from cascade.orders import OrderIntent
from cascade.result import Outcome
from cascade.tiers.base import NO_CONTEXT
from cascade.tiers.calibration import Vector
from cascade.tiers.classifier import ClassifierTier

SOURCE = Path(__file__).resolve().parents[1] / "models" / "tea_order_zh"
SURE = 8.0


def copied(folder: Path) -> Path:
    """A copy of the bundle that ships, sealed."""
    shutil.copytree(SOURCE, folder)
    seal(folder)
    return folder


def tier_of(folder: Path) -> ClassifierTier:
    bundle = Bundle.open(folder)
    return ClassifierTier.from_bundle(bundle, OrderGrammar.from_bundle(bundle, OrderIntent), OrderIntent)


class ScriptedTier(ClassifierTier):
    """A tier that hears what a test writes instead of asking its model."""

    heard: tuple[Vector, Vector] | None = None

    def scores(self, text: str) -> tuple[Vector, Vector]:
        return super().scores(text) if self.heard is None else self.heard


class Scripted:
    """Lets a tier hear one intent and the fields that a test gives to pieces of the text; all else is outside."""

    def __init__(self, bundle: Bundle) -> None:
        grammar = OrderGrammar.from_bundle(bundle, OrderIntent)
        tier = ScriptedTier.from_bundle(bundle, grammar, OrderIntent)
        assert isinstance(tier, ScriptedTier)
        self._tier = tier
        self._normalizer = bundle.normalizer

    def propose(self, text: str, intent: str, *, sure: float = SURE, **fields: str) -> Outcome:
        """``fields`` maps a field (``use_coupon``, ``fulfilment__mode``) to the pieces it is said in, ``|`` between."""
        utterance = self._normalizer(text)
        calibration = self._tier.calibration
        intents: Vector = np.zeros(len(calibration.intents), np.float32)
        intents[calibration.intents.index(intent)] = SURE
        tags: Vector = np.zeros((len(utterance.text), len(calibration.tags)), np.float32)
        tags[:, 0] = sure
        for field, pieces in fields.items():
            for piece in pieces.split("|"):
                start = utterance.text.index(piece)
                for place in range(start, start + len(piece)):
                    prefix = "I" if place > start else "B"
                    tags[place] = 0
                    tags[place, calibration.tags.index(f"{prefix}-{field.replace('__', '.')}")] = sure
        self._tier.heard = intents, tags
        return self._tier.propose(utterance, NO_CONTEXT)
