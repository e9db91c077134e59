"""semantic-router: an indexed router over all examples, its aggregation chosen and its confidence calibrated on
dev.

Its own calibration (``fit``, Platt) and its threshold (``confidence_threshold``) are used as its documentation
has them; an out-of-scope row is one that no route should match.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.rivals.encoded import Encoder
from benchmarks.rivals.job import Job, Learned, Scores, accuracy, serve

CHOICES = (("mean", 5), ("max", 5), ("sum", 5))


class Router:
    """A router; its scores are calibrated where it is."""

    def __init__(self, router: Any, job: Job) -> None:
        self._router, self._job = router, job

    def scores(self, texts: Sequence[str]) -> Scores:
        """Confidences by route."""
        rows = asyncio.run(self._router._scores_many(list(texts)))
        found = np.zeros((len(texts), len(self._job.classes)), np.float32)
        at = {name: number for number, name in enumerate(self._job.classes)}
        for row, scored in zip(found, rows, strict=True):
            for name, value in self._router._probs(scored).items():
                row[at[name]] = value
        return found


def learn(job: Job) -> Learned:
    """Index the examples; choose the aggregation by accuracy on dev; calibrate on dev."""
    from semantic_router import Route
    from semantic_router.encoders import DenseEncoder
    from semantic_router.routers.indexed import IndexedRouter

    encoder = Encoder(job)

    class Shared(DenseEncoder):  # type: ignore[misc]
        name: str = "shared"
        type: str = "local"

        def __call__(self, docs: list[Any]) -> list[list[float]]:
            return encoder(docs).tolist()  # type: ignore[no-any-return]

    examples: defaultdict[str, list[str]] = defaultdict(list)
    for text, intent in job.train:
        if intent != job.out_of_scope:
            examples[intent].append(text)
    routes = [Route(name=name, utterances=texts) for name, texts in examples.items()]
    dev, numbers = [text for text, _ in job.dev], job.numbers(job.dev)
    best: tuple[float, tuple[str, int], Any] | None = None
    for aggregation, top_k in CHOICES:
        router = IndexedRouter(encoder=Shared(), routes=routes, aggregation=aggregation, top_k=top_k)
        reached = accuracy(Router(router, job).scores(dev), numbers)
        if best is None or reached > best[0]:
            best = (reached, (aggregation, top_k), router)
    assert best is not None
    reached, (aggregation, top_k), router = best
    router.fit(dev, [None if intent == job.out_of_scope else intent for _, intent in job.dev])
    return Learned(
        Router(router, job), {"aggregation": aggregation, "top_k": top_k, "dev": reached}, probability=True
    )


if __name__ == "__main__":
    serve(learn, "semantic-router")
