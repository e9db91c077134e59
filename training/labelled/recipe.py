"""The recipe of a labelled set: one TOML file with a ``[data]`` table. Paths start from its own folder, or ``root``.

One that says ``extends = "other.toml"`` gives only what it has otherwise than that one beside it.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cascade import features
from cascade.features import Vocabulary
from training.certificate import Registration
from training.recipe import Distillation, Fit, RecipeError, StudentShape


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Data(_Part):
    """Where the labelled rows are, and what is to be known of their intents."""

    train: Path
    """JSONL, one object a line: ``text``, ``intent`` and, where there are any, ``slots``."""
    dev: Path | None = None
    """What calibration and certificate rest on; without it, a part of ``train``."""
    test: Path | None = None
    """What is held out for the figures; without it, a part of ``train``."""
    dev_share: float = Field(default=0.2, gt=0, lt=1)
    test_share: float = Field(default=0.1, gt=0, lt=1)
    conflicts: Literal["refuse", "drop", "keep"] = "refuse"
    """What becomes of one text with two intents in the same file."""
    repeated: Literal["drop", "keep"] = "drop"
    """What becomes of train rows whose text stands in test too. ``keep`` takes both sets as they were published, for
    comparing with figures that others measured so; part of what is measured then is memory. Dev gives way to both."""
    acting: tuple[str, ...] = ()
    """Intents that spend money or change something: their thresholds are tighter, their errors counted apart."""
    out_of_scope: str | None = None
    """The intent of rows that are none of the others, if the set has such rows."""


class LinearFit(_Part):
    """How the linear student learns."""

    least_texts: int = Field(default=2, ge=1)
    """An n-gram is known if so many texts of the train part have it."""
    penalty: float = Field(default=0.05, gt=0)
    tag_penalty: float = Field(default=0.05, gt=0)
    steps: int = Field(default=100, ge=1)


class Teacher(_Part):
    """Fine-tuned encoders that the student listens to, together."""

    fit: Fit
    seeds: tuple[int, ...] = Field(default=(1,), min_length=1)
    """One teacher each; the student hears the mean of their probabilities."""
    ngrams: float = Field(default=0.0, ge=0, le=2)
    """How much a linear model of n-grams, taught on the same rows by ``[linear]``, says beside them."""
    folder: Path | None = None
    """Where the teachers are kept, for recipes that share them; in ``work`` where none is named."""


class LabelledRecipe(_Part):
    """See ``training/recipes/massive_tiny.toml`` and ``docs/own-data.md``."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    version: str = Field(default="1", min_length=1, max_length=40)
    language: str = Field(default="und", pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")
    seed: int = 1
    threads: int = Field(default=2, ge=1)
    root: Path = Path()
    """What the other paths start from, itself seen from the recipe's folder."""
    bundle: Path
    """The folder that becomes the bundle; it is written anew."""
    work: Path
    """Where intermediate files go."""
    data: Data
    max_chars: int = Field(default=200, ge=8, le=2000)
    """Longest text taken, in characters after normalisation."""
    features: Literal["chars-1", "pieces-1"] = "chars-1"
    """What a transformer sees: characters, or words cut into pieces for languages that put spaces between words."""
    encoder: Path | None = None
    """Folder of a pretrained BERT (safetensors) to start from; without one a transformer starts from nothing."""
    student: Literal["linear", "teacher"] | StudentShape
    """``linear``; ``teacher`` for the first teacher itself; or the size of a transformer."""
    student_fit: Fit | None = None
    linear: LinearFit = LinearFit()
    teacher: Teacher | None = None
    distillation: Distillation = Distillation()
    certificate: Registration | None = None
    """What is registered before the dev rows are looked at: see :class:`~training.certificate.Registration`."""

    @classmethod
    def read(cls, path: Path, root: Path | None = None) -> Self:
        """Read a recipe; its paths start from ``root``, or from where it says. Raises
        :class:`~training.recipe.RecipeError`.
        """
        try:
            recipe = cls.model_validate(_whole(path))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise RecipeError(f"{path}: {error}") from error
        except ValidationError as error:
            first = error.errors()[0]
            raise RecipeError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        home = root if root is not None else path.parent / recipe.root
        return recipe.model_copy(update={"root": home.resolve()})

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if isinstance(self.student, StudentShape) and self.student_fit is None:
            raise ValueError("a transformer needs [student_fit]")
        if self.student == "teacher" and self.teacher is None:
            raise ValueError("there is no [teacher] to be the student")
        if self.teacher is not None and self.encoder is None:
            raise ValueError("a teacher needs an encoder")
        if self.teacher is not None and self.teacher.ngrams and self.features != Vocabulary.version:
            raise ValueError(
                "teacher.ngrams needs features of characters: words in pieces do not give back their text"
            )
        if self.student_fit is not None and self.student_fit.start == "teacher" and self.teacher is None:
            raise ValueError("student_fit starts from a teacher, and there is none")
        layers = self.student_fit.layers if self.student_fit is not None else ()
        if layers and self.encoder is None:
            raise ValueError("student_fit.layers names layers of an encoder, and there is none")
        if layers and isinstance(self.student, StudentShape) and len(layers) != self.student.layers:
            raise ValueError("student_fit.layers names not as many layers as the student has")
        if self.data.dev_share + self.data.test_share >= 1:
            raise ValueError("dev_share and test_share leave nothing to learn from")
        return self

    @property
    def feature_version(self) -> str:
        """The feature definition of the bundle."""
        return features.NGrams.version if self.student == "linear" else self.features

    def path(self, relative: Path) -> Path:
        """A path of the recipe, seen from here."""
        return relative if relative.is_absolute() else self.root / relative


def _whole(path: Path) -> dict[str, Any]:
    """The tables of a recipe, put over those of the one that it ``extends``."""
    given = tomllib.loads(path.read_text(encoding="utf-8"))
    if "extends" not in given:
        return given
    other = path.parent / str(given.pop("extends"))
    base = tomllib.loads(other.read_text(encoding="utf-8"))
    if "extends" in base:
        raise RecipeError(f"{path}: extends {other.name}, which itself extends another")
    return _over(base, given)


def _over(base: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    both = {
        name: _over(base[name], value)
        if isinstance(value, dict) and isinstance(base.get(name), dict)
        else value
        for name, value in given.items()
    }
    return {**base, **both}


def is_labelled(path: Path) -> bool:
    """Whether a recipe is one of a labelled set. False where it cannot be read: its reader says why."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False
    return "data" in given or "extends" in given
