"""The bundle that ships in the contest on the project's own set: rules and classifier, thresholds aside.

A rule's answer is as sure as can be. Where no whole order comes of an utterance the cascade does not answer;
what counts then is the intent that the model takes for the likeliest, behind every answer that was given.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.own import pack, variant
from benchmarks.rivals.job import Job, Scores, timed
from cascade.tiers.calibration import softmax
from cascade.tiers.classifier import ClassifierTier

UNANSWERED = 1e-3
"""What the model's share counts where the cascade does not answer: such rows come last."""


class Shipped:
    """The cascade; one column a row has a score."""

    def __init__(self, classes: Sequence[str]) -> None:
        self._engine = variant(("rules", "classifier"), guarded=False)
        tier = next(tier for tier in self._engine.tiers if isinstance(tier, ClassifierTier))
        self._model, self._names = tier, tier.calibration.intents
        self._at = {name: number for number, name in enumerate(classes)}

    def scores(self, texts: Sequence[str]) -> Scores:
        """The confidence of each row's intent, in its column."""
        found = np.zeros((len(texts), len(self._at)), np.float32)
        for row, text in zip(found, texts, strict=True):
            intent, sure = self._said(text)
            if intent is not None:
                row[self._at[intent]] = max(sure, 1e-6)
        return found

    def _said(self, text: str) -> tuple[str | None, float]:
        result = self._engine.classify(text)
        if result.status == "answered":
            return result.intent, 1.0 if result.confidence is None else result.confidence
        if result.utterance is None:
            return None, 0.0
        scores = self._model.scores(result.utterance.text)[0]
        shares = softmax(scores, self._model.calibration.temperature)
        best = int(shares.argmax())
        return self._names[best], UNANSWERED * float(shares[best])


def main() -> None:
    """Score, time, report, as :func:`benchmarks.rivals.job.serve` does; it learned long ago."""
    job = Job.read()
    shipped = Shipped(job.classes)
    dev, test = shipped.scores([text for text, _ in job.dev]), shipped.scores(job.test)
    np.savez_compressed(job.out, dev=dev, test=test)
    told: dict[str, Any] = {
        "tuned": {"bundle": pack().bundle.id},
        "probability": False,
        "package": "intent-cascade",
        "classes": job.classes,
        **(timed(shipped, job.test) if job.timed else {}),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
