"""A student to go on from: the one that a bundle ships, read back from its graph."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch

from cascade.features import SPECIAL, UNK, Vocabulary
from training import graph
from training.architecture import Architecture
from training.model import TaggingClassifier
from training.recipe import RecipeError


@dataclass(frozen=True, slots=True)
class Earlier:
    """A bundle's graph and the characters that it knows."""

    graph: bytes
    characters: Vocabulary

    @classmethod
    def read(cls, bundle: Path) -> Self:
        """What lies in a bundle's folder. Raises :class:`~training.recipe.RecipeError`."""
        try:
            listed = (bundle / "vocab.txt").read_text(encoding="utf-8")
            return cls((bundle / "model.onnx").read_bytes(), Vocabulary.parse(listed))
        except (OSError, ValueError) as error:
            raise RecipeError(f"{bundle}: no student to go on from: {error}") from error

    @property
    def digest(self) -> str:
        """SHA-256 of the graph."""
        return hashlib.sha256(self.graph).hexdigest()

    def student(self, shape: Architecture, characters: Vocabulary, dropout: float) -> TaggingClassifier:
        """The student with other characters: those that it does not know start as unknown ones.

        Raises :class:`~training.recipe.RecipeError` where it has another shape.
        """
        numbers = {entry: number for number, entry in enumerate(self.characters.entries, len(SPECIAL))}
        rows = [
            *range(len(SPECIAL)),
            *(numbers.get(entry, SPECIAL.index(UNK)) for entry in characters.entries),
        ]
        model = TaggingClassifier(shape, dropout)
        try:
            kept = {name: torch.tensor(array) for name, array in graph.weights(self.graph).items()}
            model.load_state_dict({**kept, "embed.table": kept["embed.table"][rows]})
        except Exception as error:  # whatever onnx and torch make of another student's graph
            raise RecipeError(f"the bundle's student is not of the recipe's shape: {error}") from error
        return model
