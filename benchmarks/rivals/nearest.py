"""A plain nearest-neighbour router: the shares of the k nearest examples by cosine; k chosen on dev."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.rivals.encoded import Encoder
from benchmarks.rivals.job import Job, Learned, Scores, accuracy, serve

CHOICES = (1, 3, 5, 10, 20)
HEAT = 0.05


class Nearest:
    """Votes weighted by similarity."""

    def __init__(self, encoder: Encoder, known: npt.NDArray[np.float32], job: Job, k: int) -> None:
        self._encoder, self._known, self._k = encoder, known, k
        self._labels, self._classes = job.labels, len(job.classes)

    def scores(self, texts: Sequence[str]) -> Scores:
        """Shares of the votes."""
        near = self._encoder(texts) @ self._known.T
        k = min(self._k, near.shape[1])
        best = np.argpartition(-near, k - 1, axis=1)[:, :k]
        found = np.zeros((len(near), self._classes), np.float32)
        for row, places in enumerate(best):
            similar = near[row, places]
            weights = np.exp((similar - 1.0) / HEAT)
            np.add.at(found[row], self._labels[places], weights)
        return np.asarray(found / np.maximum(found.sum(axis=1, keepdims=True), 1e-12), np.float32)


def learn(job: Job) -> Learned:
    """Embed the examples; choose k."""
    encoder = Encoder(job)
    known = encoder(job.texts)
    dev, numbers = [text for text, _ in job.dev], job.numbers(job.dev)
    by_k = {k: accuracy(Nearest(encoder, known, job, k).scores(dev), numbers) for k in CHOICES}
    k = max(CHOICES, key=lambda one: by_k[one])
    return Learned(Nearest(encoder, known, job, k), {"k": k, "dev": by_k[k]}, probability=True)


if __name__ == "__main__":
    serve(learn, "sentence-transformers")
