"""microresolve: every example a seed phrase of its intent; threshold and voting gate chosen on dev."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.rivals.job import Job, Learned, Scores, accuracy, serve

THRESHOLDS = (0.1, 0.3, 1.0)
GATES = (1, 2)


class Micro:
    """A namespace, asked text by text: it has no batches."""

    def __init__(self, namespace: Any, job: Job) -> None:
        self.by = "confidence"
        """Or ``score``: which of its two numbers answers are ranked by."""
        self._namespace = namespace
        self._at = {name: number for number, name in enumerate(job.classes)}

    def scores(self, texts: Sequence[str]) -> Scores:
        """Its numbers for each intent; the order among its intents is that of its scores."""
        found = np.zeros((len(texts), len(self._at)), np.float32)
        for row, text in zip(found, texts, strict=True):
            for rank, match in enumerate(self._namespace.resolve(text).intents):
                row[self._at[match.id]] = max(getattr(match, self.by) - rank * 1e-6, 1e-9)
        return found


def learn(job: Job) -> Learned:
    """Seed the namespace; choose threshold and gate."""
    from microresolve import MicroResolve

    namespace = MicroResolve().namespace("bench")
    language = "zh" if job.language == "zh" else "en"
    seeds: defaultdict[str, list[str]] = defaultdict(list)
    for text, intent in job.train:
        seeds[intent].append(text)
    for intent, phrases in seeds.items():
        namespace.add_intent(intent, {language: phrases})
    namespace.rebuild_index()
    model = Micro(namespace, job)
    dev, numbers = [text for text, _ in job.dev], job.numbers(job.dev)

    def reached(threshold: float, gate: int) -> float:
        namespace.update_namespace({"default_threshold": threshold})
        namespace.set_min_voting_tokens(gate)
        return accuracy(model.scores(dev), numbers)

    by_choice = {choice: reached(*choice) for choice in product(THRESHOLDS, GATES)}
    best = max(by_choice, key=lambda choice: by_choice[choice])
    reached(*best)
    by_number = {}
    for model.by in ("confidence", "score"):
        by_number[model.by] = ranked(model.scores(dev), numbers)
    model.by = min(by_number, key=lambda name: by_number[name])
    return Learned(
        model,
        {"threshold": best[0], "min_voting_tokens": best[1], "ranked by": model.by, "dev": by_choice[best]},
        probability=False,
    )


def ranked(scores: Scores, numbers: npt.NDArray[np.intp]) -> float:
    """Mean risk over all coverages, when answers are given in the order of their highest number."""
    wrong = (scores.argmax(axis=1) != numbers)[np.argsort(-scores.max(axis=1), kind="stable")]
    return float((np.cumsum(wrong) / np.arange(1, len(wrong) + 1)).mean())


if __name__ == "__main__":
    serve(learn, "microresolve")
