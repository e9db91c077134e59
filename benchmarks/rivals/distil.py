"""distilroute: the labels stand in for the log of a large model that is always right; its own split, fit and
threshold.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rivals.job import Job, Learned, Scores, serve


class Distilled:
    """Its backend."""

    def __init__(self, backend: Any, job: Job) -> None:
        self._model = backend.model
        self._columns = [job.classes.index(name) for name in self._model.classes_]
        self._classes = len(job.classes)

    def scores(self, texts: Sequence[str]) -> Scores:
        """Probabilities, as its ``predict`` takes them from its pipeline."""
        found = np.zeros((len(texts), self._classes), np.float32)
        found[:, self._columns] = self._model.predict_proba(list(texts))
        return found


def learn(job: Job) -> Learned:
    """Log every row, train, take what it promotes."""
    from distilroute import Distiller
    from distilroute.core import store

    with tempfile.TemporaryDirectory() as folder:
        log = str(Path(folder) / "routes.jsonl")
        for text, intent in job.train:
            store.log_decision(log, text, intent, 1.0)
        distiller = Distiller(
            store=log, model_path=str(Path(folder) / "model.pkl"), min_logs_to_train=len(job.train)
        )
        promotion = distiller.train()
    if distiller.backend is None:
        raise RuntimeError(f"it promoted nothing: {json.dumps(promotion)}")
    return Learned(Distilled(distiller.backend, job), {"promotion": promotion}, probability=True)


if __name__ == "__main__":
    serve(learn, "distilroute")
