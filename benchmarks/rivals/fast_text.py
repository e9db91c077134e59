"""fastText, supervised, as its tutorial goes: more epochs, a higher rate, word n-grams; the choice is made on dev.

Chinese is given to it character by character, since it knows words by spaces only.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rivals.job import Job, Learned, Scores, accuracy, serve


class FastText:
    """A trained model."""

    def __init__(self, model: Any, job: Job) -> None:
        self._model, self._classes, self._language = model, len(job.classes), job.language

    def scores(self, texts: Sequence[str]) -> Scores:
        """Probabilities."""
        found = np.zeros((len(texts), self._classes), np.float32)
        for row, text in enumerate(texts):
            # the wrapper's predict() is of the time before NumPy 2; this is what it calls
            for share, label in self._model.f.predict(_words(text, self._language) + "\n", -1, 0.0, "strict"):
                found[row, int(label.removeprefix("__label__"))] = share
        return found


def learn(job: Job) -> Learned:
    """Train for each choice; keep what does best on dev."""
    import fasttext

    dev, numbers = [text for text, _ in job.dev], job.numbers(job.dev)
    best: tuple[float, dict[str, Any], FastText] | None = None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.txt"
        path.write_text(
            "".join(
                f"__label__{label} {_words(text, job.language)}\n"
                for label, text in zip(job.labels, job.texts, strict=True)
            ),
            encoding="utf-8",
        )
        for lr, ngrams, epoch in product((0.5, 1.0), (2, 3), (25,)):
            options = {"lr": lr, "wordNgrams": ngrams, "epoch": epoch}
            trained = fasttext.train_supervised(
                str(path), dim=100, bucket=200_000, thread=1, verbose=0, seed=job.seed, **options
            )
            model = FastText(trained, job)
            reached = accuracy(model.scores(dev), numbers)
            if best is None or reached > best[0]:
                best = (reached, options, model)
    assert best is not None
    return Learned(best[2], {**best[1], "dev": best[0]}, probability=True)


def _words(text: str, language: str) -> str:
    text = " ".join(text.lower().split())
    return " ".join(text.replace(" ", "▁")) if language == "zh" else text


if __name__ == "__main__":
    serve(learn, "fasttext-wheel")
