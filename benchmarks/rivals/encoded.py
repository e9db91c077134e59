"""The sentence encoder that systems share. Embeddings are kept, so that every set is embedded once for all systems;
where systems are timed, few texts are embedded anew each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.rivals.job import Job

Vectors = npt.NDArray[np.float32]

KEPT_FROM = 600
"""Fewer texts than this are embedded anew where that is timed; and so many at a time are embedded and kept."""


class Encoder:
    """Normalised embeddings of texts, on the processor. The model is loaded when a text is not among the kept ones."""

    def __init__(self, job: Job) -> None:
        self._folder, self._timed = job.encoder, job.timed
        self._path = job.cache / f"{Path(job.encoder).name}.npz"
        self._known: dict[str, Vectors] = {}
        if self._path.is_file():
            with np.load(self._path) as kept:
                self._known = dict(zip(kept["texts"].tolist(), kept["vectors"], strict=True))

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """``[texts, width]``"""
        if self._timed and len(texts) < KEPT_FROM:
            return self._embed(texts)
        new = sorted({text for text in texts if text not in self._known}, key=len)
        for at in range(0, len(new), KEPT_FROM):
            part = new[at : at + KEPT_FROM]
            self._known.update(zip(part, self._embed(part), strict=True))
            self._keep()
        return np.stack([self._known[text] for text in texts])

    @cached_property
    def _model(self) -> Any:
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(self._folder, device="cpu")

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
