"""A frozen sentence encoder under a logistic regression (scikit-learn); C chosen on dev."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.rivals.encoded import Encoder
from benchmarks.rivals.job import Job, Learned, Scores, accuracy, serve

CHOICES = (3.0, 10.0, 30.0)


class Frozen:
    """Embeds, then applies the regression."""

    def __init__(self, encoder: Encoder, head: Any, classes: int) -> None:
        self._encoder, self._head, self._classes = encoder, head, classes

    def scores(self, texts: Sequence[str]) -> Scores:
        """Probabilities."""
        return np.asarray(self._head.predict_proba(self._encoder(texts)), np.float32)


def learn(job: Job) -> Learned:
    """Fit on train; choose C."""
    from sklearn.linear_model import LogisticRegression

    encoder = Encoder(job)
    known, labels = encoder(job.texts), job.labels
    dev, numbers = [text for text, _ in job.dev], job.numbers(job.dev)
    best: tuple[float, float, Frozen] | None = None
    for c in CHOICES:
        head = LogisticRegression(C=c, max_iter=500).fit(known, labels)
        model = Frozen(encoder, head, len(job.classes))
        reached = accuracy(model.scores(dev), numbers)
        if best is None or reached > best[0]:
            best = (reached, c, model)
    assert best is not None
    return Learned(best[2], {"C": best[1], "dev": best[0]}, probability=True)


if __name__ == "__main__":
    serve(learn, "scikit-learn")
