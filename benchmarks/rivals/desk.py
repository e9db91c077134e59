"""localdesk: its default TF-IDF backend, fitted on train, its temperature on dev, as its pipeline does."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.rivals.job import Job, Learned, Scores, serve, softmax


class Desk:
    """Its backend, which needs the standard library only."""

    def __init__(self, backend: Any, job: Job, temperature: float) -> None:
        self._backend, self._temperature = backend, temperature
        self._columns = [job.classes.index(name.removeprefix("i_")) for name in backend.classes]

    def scores(self, texts: Sequence[str]) -> Scores:
        """Probabilities at its temperature."""
        found = np.zeros((len(texts), len(self._columns)), np.float32)
        logits = np.array([self._backend.logits(text) for text in texts])
        found[:, self._columns] = softmax(logits / self._temperature)
        return found


def learn(job: Job) -> Learned:
    """Fit with its defaults."""
    from localdesk.config import TaskSpec
    from localdesk.tfidf import fit_tfidf

    task = TaskSpec.from_dict(
        {
            "id": "bench",
            "version": "1",
            "instructions": "Choose the intent of the message.",
            "labels": {f"i_{name}": name.replace("_", " ") for name in job.classes},
        }
    )
    known = set(job.classes)
    rows = {"train": job.train, "calibration": [row for row in job.dev if row[1] in known]}
    prepared = SimpleNamespace(
        rows={
            name: [{"state": text, "gold": {"category": f"i_{intent}"}} for text, intent in part]
            for name, part in rows.items()
        },
        manifest={"split_sha256": hashlib.sha256(repr(rows).encode()).hexdigest()},
    )
    backend, bundle = fit_tfidf(SimpleNamespace(training={}, seed=job.seed, task=task), prepared)
    temperature = float(bundle["temperature"])
    return Learned(Desk(backend, job, temperature), {"temperature": temperature}, probability=True)


if __name__ == "__main__":
    serve(learn, "localdesk")
