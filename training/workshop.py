"""The files that the stages of a run hand to each other, under the recipe's ``work`` folder."""

from __future__ import annotations

import json
import shutil
from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from cascade import features
from cascade.bundle import MANIFEST, Bundle, seal
from cascade.certificate import FILE, RUNG_FILES
from cascade.config import OWN_ANSWER_MODELS
from cascade.features import Encoder, NGrams, Vocabulary
from training.architecture import Architecture
from training.dataset import Pack
from training.recipe import Recipe, RecipeError

LEARNED = "learned.json"
MADE = frozenset({"model.onnx", "vocab.txt", "calibration.json", "parity.json", "MODEL_CARD.md", FILE})
"""Files of a bundle that the stages make, besides the certificates of single rungs: all others are hand-written."""
POLICY = "policy.yaml"


def _copied(sources: Path, folder: Path, features_version: str) -> None:
    """Bring the hand-written files of a pack into the bundle; the policy only once, since certifying writes to it.

    The manifest names the features of the student that is to be made, whatever student the sources have had.
    """
    if not (sources / MANIFEST).is_file():
        raise RecipeError(f"{sources}: no {MANIFEST} there")
    folder.mkdir(parents=True, exist_ok=True)
    for file in sources.iterdir():
        if not file.is_file() or file.name in MADE or file.name.startswith(RUNG_FILES):
            continue
        if file.name == MANIFEST:
            manifest = json.loads(file.read_text(encoding="utf-8"))
            manifest["features"] = features_version
            (folder / MANIFEST).write_text(
                json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
            )
        elif file.name != POLICY:
            shutil.copyfile(file, folder / file.name)
        elif not (folder / POLICY).exists():
            (folder / POLICY).write_text(_uncertified(file.read_text(encoding="utf-8")), encoding="utf-8")


def _uncertified(policy: str) -> str:
    """A policy without the rungs that a certificate of another model allows to ask less."""
    document = yaml.safe_load(policy)
    rungs = document.get("rungs") or {} if isinstance(document, dict) else {}
    kept = {name: rung for name, rung in rungs.items() if "certificate" not in rung}
    return policy if len(kept) == len(rungs) else yaml.safe_dump({**document, "rungs": kept}, sort_keys=False)


def answer_model(named: str | None, bundle: Bundle) -> type[BaseModel]:
    """The class that a bundle answers with: the library's own, or the one that the recipe has imported.

    Raises :class:`~training.recipe.RecipeError`.
    """
    wanted = bundle.manifest.answer_model
    if named is None:
        if wanted in OWN_ANSWER_MODELS:
            return OWN_ANSWER_MODELS[wanted]
        raise RecipeError(f"{bundle.id} answers with {wanted}: say so in the recipe, answers = {wanted!r}")
    module, _, name = named.partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise RecipeError(f"answers = {named!r} cannot be imported: {error}") from error
    if named != wanted or not (isinstance(found, type) and issubclass(found, BaseModel)):
        raise RecipeError(f"{bundle.id} answers with {wanted}, not {named}")
    return found


class WorkFiles(ABC):
    """Files in a work folder, each written by one stage."""

    @property
    def folder(self) -> Path:
        """The work folder; made when it is not there."""
        folder = self._place()
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @abstractmethod
    def _place(self) -> Path:
        """Where the folder lies."""

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


class Learned(BaseModel):
    """What a student learned from."""

    lines: int
    """How many labelled lines, negatives not counted."""
    before: str | None = None
    """SHA-256 of the graph that it went on from."""


@dataclass(frozen=True)
class Workshop(WorkFiles):
    """A recipe, the pack that it trains for, and where things lie."""

    recipe: Recipe
    pack: Pack

    @classmethod
    def open(cls, recipe: Recipe) -> Workshop:
        """Seal the bundle anew, since its hand-written files may have changed, and open it."""
        folder = recipe.path(recipe.bundle)
        if recipe.sources is not None:
            student = features.VERSION if recipe.linear is None else NGrams.version
            _copied(recipe.path(recipe.sources), folder, student)
        seal(folder)
        bundle = Bundle.open(folder)
        return cls(recipe, Pack.open(bundle, answer_model(recipe.answers, bundle)))

    def _place(self) -> Path:
        return self.recipe.path(self.recipe.work)

    def encoder(self) -> Encoder:
        """What the trained model sees of a text."""
        listed = self.file("vocab.txt", "train").read_text(encoding="utf-8")
        return features.parse(self.pack.bundle.manifest.features, listed)

    def vocabulary(self) -> Vocabulary:
        """The vocabulary of the trained model."""
        return Vocabulary.parse(self.file("vocab.txt", "train").read_text(encoding="utf-8"))

    def remember(self, learned: Learned) -> None:
        """Note what a student learns from: the sets may grow after it."""
        self.write_json(LEARNED, learned.model_dump())

    @property
    def learned(self) -> Learned:
        """What the student learned from."""
        return Learned.model_validate(self.read_json(LEARNED, "train"))

    def architecture(self) -> Architecture:
        """The shape of the trained student."""
        return Architecture.model_validate(self.read_json("student.json", "train"))
