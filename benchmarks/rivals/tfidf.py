"""scikit-learn's pipelines: TF-IDF of character n-grams under a logistic regression, or a linear SVC.

python -m benchmarks.rivals.tfidf lr | svc
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.rivals.job import Job, Learned, Scores, accuracy, serve, softmax

CHOICES = {"lr": (20.0,), "svc": (0.1, 0.3, 1.0)}


class Pipeline:
    """Vectoriser and classifier. An SVC's margins are turned to shares, which ranks them and calibrates nothing."""

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline

    def scores(self, texts: Sequence[str]) -> Scores:
        """Probabilities of the regression; shares of the margins of the SVC."""
        if hasattr(self._pipeline, "predict_proba"):
            return np.asarray(self._pipeline.predict_proba(list(texts)), np.float32)
        return softmax(4.0 * np.asarray(self._pipeline.decision_function(list(texts))))


def learn(job: Job) -> Learned:
    """Fit for each C of the grid; keep what does best on dev."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    kind = sys.argv[1]
    dev, numbers = [text for text, _ in job.dev], job.numbers(job.dev)
    best: tuple[float, float, Pipeline] | None = None
    for c in CHOICES[kind]:
        head = LogisticRegression(C=c, max_iter=200) if kind == "lr" else LinearSVC(C=c)
        model = Pipeline(make_pipeline(_vectoriser(job), head).fit(job.texts, job.labels))
        reached = accuracy(model.scores(dev), numbers)
        if best is None or reached > best[0]:
            best = (reached, c, model)
    assert best is not None
    return Learned(best[2], {"C": best[1], "dev": best[0]}, probability=kind == "lr")


def _vectoriser(job: Job) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    if job.language == "zh":
        return TfidfVectorizer(analyzer="char", ngram_range=(1, 4), sublinear_tf=True, min_df=_least(job))
    return TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=_least(job))


def _least(job: Job) -> int:
    return 2 if len(job.train) > 5000 else 1


if __name__ == "__main__":
    serve(learn, "scikit-learn")
