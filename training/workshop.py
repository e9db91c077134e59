"""The files that the stages of a run hand to each other, under the recipe's ``work`` folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cascade.bundle import Bundle, seal
from cascade.features import Vocabulary
from training.architecture import Architecture
from training.dataset import Pack
from training.recipe import Recipe, RecipeError


class WorkFiles:
    """Files in a work folder, each written by one stage."""

    @property
    def folder(self) -> Path:
        """The work folder; made when it is not there."""
        folder = self._place()
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _place(self) -> Path:
        raise NotImplementedError

    def file(self, name: str, stage: str) -> Path:
        """A file that an earlier ``stage`` must have written. Raises :class:`~training.recipe.RecipeError`."""
        path = self.folder / name
        if not path.is_file():
            raise RecipeError(f"{path} is not there; run the stage {stage!r} first")
        return path

    def write_json(self, name: str, value: Any) -> Path:
        """Write a file of figures; the same values give the same bytes."""
        path = self.folder / name
        path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        return path

    def read_json(self, name: str, stage: str) -> Any:
        """Read what an earlier stage wrote."""
        return json.loads(self.file(name, stage).read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Workshop(WorkFiles):
    """A recipe, the pack that it trains for, and where things lie."""

    recipe: Recipe
    pack: Pack

    @classmethod
    def open(cls, recipe: Recipe) -> Workshop:
        """Seal the bundle anew, since its hand-written files may have changed, and open it."""
        folder = recipe.path(recipe.bundle)
        seal(folder)
        return cls(recipe, Pack.open(Bundle.open(folder)))

    def _place(self) -> Path:
        return self.recipe.path(self.recipe.work)

    def vocabulary(self) -> Vocabulary:
        """The vocabulary of the trained model."""
        return Vocabulary.parse(self.file("vocab.txt", "train").read_text(encoding="utf-8"))

    def architecture(self) -> Architecture:
        """The shape of the trained student."""
        return Architecture.model_validate(self.read_json("student.json", "train"))
