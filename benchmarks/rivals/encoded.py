"""The sentence encoder that systems share. Embeddings of whole sets are kept; few texts are embedded when asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.rivals.job import Job

Vectors = npt.NDArray[np.float32]

KEPT_FROM = 600
"""Fewer texts than this are embedded anew: they are what is timed."""


class Encoder:
    """Normalised embeddings of texts, on the processor. Those of larger sets are looked up among the kept ones."""

    def __init__(self, job: Job) -> None:
        from sentence_transformers import SentenceTransformer

        self._model: Any = SentenceTransformer(job.encoder, device="cpu")
        self._path = job.cache / f"{Path(job.encoder).name}.npz"
        self._known: dict[str, Vectors] = {}
        if self._path.is_file():
            with np.load(self._path) as kept:
                self._known = dict(zip(kept["texts"].tolist(), kept["vectors"], strict=True))

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """``[texts, width]``"""
        if len(texts) < KEPT_FROM:
            return self._embed(texts)
        new = sorted({text for text in texts if text not in self._known}, key=len)
        for at in range(0, len(new), KEPT_FROM):
            part = new[at : at + KEPT_FROM]
            self._known.update(zip(part, self._embed(part), strict=True))
            self._keep()
        return np.stack([self._known[text] for text in texts])

    def _keep(self) -> None:
        """Write what is known, whole or not at all: a run that is ended half way loses little."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        half = self._path.with_suffix(".part.npz")
        np.savez(half, texts=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))
        half.replace(self._path)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        return np.asarray(
            self._model.encode(
                list(texts), batch_size=64, normalize_embeddings=True, show_progress_bar=False
            ),
            np.float32,
        )
