"""Teachers and a model of n-grams as one: it is weaker than they are, and errs elsewhere.

The logarithms of its probabilities, weighted, are added to those of theirs: a product of experts (G. Hinton, "Training
products of experts by minimizing contrastive divergence", 2002), untrained.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from cascade.features import SPECIAL, UNK, NGrams, Vocabulary
from training.linear.fit import LinearModel

_LOST = "\ufffd"
"""In place of what a vocabulary does not know: no n-gram that was learned has it."""


class Advised(nn.Module):
    """What encoders and n-grams say together. Intent logits are not normalised; tags are the encoders' own."""

    def __init__(self, encoders: nn.Module, ngrams: LinearModel, weight: float, known: Vocabulary) -> None:
        super().__init__()
        self._encoders = encoders
        self._ngrams = ngrams
        self._weight = weight
        self._chars = (*(_LOST if entry == UNK else "" for entry in SPECIAL), *known.entries)

    @torch.no_grad()
    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Intents ``[batch, intents]`` and tags ``[batch, length, tags]``."""
        intents, tags = self._encoders(ids)
        texts = ["".join(self._chars[number] for number in row) for row in ids.tolist()]
        told = torch.from_numpy(np.stack([self._ngrams.scores(text)[0] for text in texts]).astype(np.float32))
        return functional.log_softmax(intents, -1) + self._weight * functional.log_softmax(told, -1), tags


def keep(model: LinearModel, path: Path, mark: dict[str, str]) -> None:
    """Write the model (safetensors), its n-grams beside it, and last what it depends on."""
    from safetensors.numpy import save_file

    save_file(model.arrays, path)
    path.with_suffix(".txt").write_text(str(model.encoder), encoding="utf-8")
    path.with_suffix(".json").write_text(json.dumps(mark) + "\n", encoding="utf-8")


def kept(path: Path, mark: dict[str, str]) -> LinearModel | None:
    """The model, if it was kept and depends on the same."""
    from safetensors.numpy import load_file

    note = path.with_suffix(".json")
    if not path.is_file() or not note.is_file() or json.loads(note.read_text(encoding="utf-8")) != mark:
        return None
    return LinearModel(NGrams.parse(path.with_suffix(".txt").read_text(encoding="utf-8")), **load_file(path))
