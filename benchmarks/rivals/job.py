"""What every rival is given and gives back: rows in, a table of scores out, in the same files for all.

    python -m benchmarks.rivals.NAME < job.json

prints one JSON object; the scores go to the job's ``out`` (npz): ``dev`` and ``test``, ``[rows, classes]``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]

TIMED_SINGLE = 200
TIMED_BATCH = 512
WARM = 20


@dataclass(frozen=True)
class Job:
    """One data set and how it is to be learned. Rows are ``(text, intent)``."""

    folder: Path
    """Where the rows are, one JSONL a part."""
    train: list[tuple[str, str]]
    dev: list[tuple[str, str]]
    test: list[str]
    language: str
    encoder: str
    """Folder of the sentence encoder that all systems with an encoder share."""
    cache: Path
    """Folder of embeddings that are there already."""
    seed: int
    budget_s: float
    out: Path
    out_of_scope: str | None
    timed: bool = True
    """Whether it is timed as well: on a shared machine there is no sense in it."""
    classes: list[str] = field(default_factory=list)

    @classmethod
    def read(cls) -> Job:
        """The job on standard input."""
        given = json.load(sys.stdin)
        folder = Path(given.pop("folder"))
        sets = {name: _rows(folder / f"{name}.jsonl") for name in ("train", "dev", "test")}
        classes = sorted({intent for _, intent in sets["train"]})
        return cls(
            folder=folder.resolve(),
            train=sets["train"],
            dev=sets["dev"],
            test=[text for text, _ in sets["test"]],
            classes=classes,
            cache=Path(given.pop("cache")),
            out=Path(given.pop("out")),
            **given,
        )

    @property
    def texts(self) -> list[str]:
        """Texts to learn from."""
        return [text for text, _ in self.train]

    @property
    def labels(self) -> npt.NDArray[np.intp]:
        """Their classes, by number."""
        return self.numbers(self.train)

    def numbers(self, rows: Sequence[tuple[str, str]]) -> npt.NDArray[np.intp]:
        """Classes by number; -1 for one that train does not have."""
        at = {name: number for number, name in enumerate(self.classes)}
        return np.array([at.get(intent, -1) for _, intent in rows], np.intp)


class Model(Protocol):
    """A system that has learned."""

    def scores(self, texts: Sequence[str]) -> Scores:
        """A row a text, a column a class; the larger the likelier."""


@dataclass(frozen=True)
class Learned:
    """A model and what is to be said of it."""

    model: Model
    tuned: dict[str, Any]
    """What was chosen on dev."""
    probability: bool
    """Whether the scores are stated as probabilities."""
    extra: dict[str, Any] = field(default_factory=dict)


def serve(learn: Callable[[Job], Learned], package: str) -> None:
    """Learn, score, time, report."""
    job = Job.read()
    started = time.perf_counter()
    learned = learn(job)
    fit_s = time.perf_counter() - started
    dev = learned.model.scores([text for text, _ in job.dev]) if job.dev else np.zeros((0, len(job.classes)))
    test = learned.model.scores(job.test)
    np.savez_compressed(job.out, dev=np.asarray(dev, np.float32), test=np.asarray(test, np.float32))
    told = {
        "fit_s": fit_s,
        "tuned": learned.tuned,
        "probability": learned.probability,
        "package": package,
        "version": version(package),
        "classes": job.classes,
        **learned.extra,
        **(timed(learned.model, job.test) if job.timed else {}),
    }
    print(json.dumps(told, ensure_ascii=False))


def timed(model: Model, texts: Sequence[str]) -> dict[str, float]:
    """Microseconds a text: one at a time (median, 99th percentile), and in one batch."""
    one = [texts[at % len(texts)] for at in range(TIMED_SINGLE + WARM)]
    took = []
    for text in one:
        began = time.perf_counter()
        model.scores([text])
        took.append((time.perf_counter() - began) * 1e6)
    took = sorted(took[WARM:])
    batch = [texts[at % len(texts)] for at in range(TIMED_BATCH)]
    began = time.perf_counter()
    model.scores(batch)
    return {
        "single_median_us": took[len(took) // 2],
        "single_p99_us": took[int(len(took) * 0.99)],
        "batch_us": (time.perf_counter() - began) / len(batch) * 1e6,
    }


def accuracy(scores: Scores, numbers: npt.NDArray[np.intp]) -> float:
    """Share of rows whose highest score is their class."""
    return float((scores.argmax(axis=1) == numbers).mean()) if len(numbers) else 0.0


def softmax(values: npt.NDArray[Any]) -> Scores:
    """Shares along the last axis."""
    shifted = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), np.float32)


def _rows(path: Path) -> list[tuple[str, str]]:
    lines = path.read_text(encoding="utf-8").split("\n")
    return [(row["text"], row["intent"]) for row in map(json.loads, filter(None, lines))]
