"""A recipe: everything that a training run depends on, in one TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from training.architecture import Architecture
from training.certificate import Registration


class RecipeError(ValueError):
    """A recipe that cannot be used; the message says what to change."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Sets(_Part):
    """Folders of labelled files (``*.tsv``), relative to the recipe's ``root``."""

    train: Path = Path("data/train")
    calibration: Path = Path("data/calibration")
    test: Path = Path("data/test")
    certified: Path | None = None
    """The sample a certificate rests on; without it, the part of the calibration set that calibrating leaves alone.
    Train and calibration give way to it, so nothing of it was ever learned from or looked at."""


class Leakage(_Part):
    """When two utterances count as the same one."""

    jaccard: float = Field(default=0.7, gt=0, le=1)
    """Least share of common character bigrams (after normalisation) that makes two texts near-duplicates. At 0.7 two
    texts of fourteen characters that differ in one are near-duplicates."""


class Negatives(_Part):
    """Public sets whose texts order nothing: a folder with ``<name>/<split>.jsonl`` (``text``, ``intent``)."""

    folder: Path
    massive: int = Field(default=0, ge=0)
    """How many texts to take of each set; 0 leaves it out."""
    crosswoz: int = Field(default=0, ge=0)
    chatterbot: int = Field(default=0, ge=0)


class Augmentation(_Part):
    """Chances, each time an utterance is shown, that it is changed in one of the ways."""

    slots: float = Field(default=0.5, ge=0, le=1)
    """Each name (drink, brand, topping ...) is replaced by another of its kind."""
    noise: float = Field(default=0.15, ge=0, le=1)
    """Homophones, as dictation and typing make them."""
    fillers: float = Field(default=0.15, ge=0, le=1)
    punctuation: float = Field(default=0.2, ge=0, le=1)
    """Punctuation is dropped or put in."""
    unknown: float = Field(default=0.05, ge=0, le=1)
    """A character is made unknown."""


class Fit(_Part):
    """How long and how fast a model learns."""

    epochs: int = Field(ge=1)
    batch: int = Field(default=32, ge=1)
    rate: float = Field(gt=0)
    warm_up: float = Field(default=0.1, ge=0, lt=1)
    """Share of the steps over which the rate rises."""
    dropout: float = Field(default=0.1, ge=0, lt=1)
    smoothing: float = Field(default=0.05, ge=0, lt=1)
    tag_weight: float = Field(default=1.0, ge=0)
    layer_decay: float = Field(default=1.0, gt=0, le=1)
    """Each layer below the heads learns this much slower than the one above it."""
    agreement: float = Field(default=0.0, ge=0)
    """Weight of the distance between two passes with different dropout (R-Drop); 0 makes one pass, in half the time."""
    average: float = Field(default=0.0, ge=0, lt=1)
    """Decay of the moving average of the weights that is kept instead of the last ones; 0 keeps the last."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """What products are computed in; weights and losses are float32 either way. bfloat16 halves the time on processors
    that have it; on others, where it is emulated, float32 is taken in its place."""
    layers: tuple[int, ...] = ()
    """Layers to start from; empty starts from nothing."""
    start: Literal["encoder", "teacher"] = "encoder"
    """Whose layers they are: the encoder's as it was pretrained, or as the teacher has learned them."""


class Distillation(_Part):
    """How the student listens to the teacher."""

    temperature: float = Field(default=2.0, gt=0)
    weight: float = Field(default=0.7, ge=0, le=1)
    """Share of the teacher in the loss; the rest is the labels'."""
    spliced: float = Field(default=0.0, ge=0, lt=1)
    """Share of the samples that are, anew in each epoch, replaced by unlabelled ones made of two (``splice.py``)."""
    where_right: bool = False
    """Whether a teacher that contradicts a label is not listened to there."""


class GoingOn(_Part):
    """How a student learns that goes on from a bundle's instead of starting from the encoder.

    Its teacher is that student as it was, where it does not contradict a label.
    """

    epochs: int = Field(default=1, ge=1)
    rate: float = Field(default=0.5, gt=0, le=1)
    """Share of the student's usual rate."""
    weight: float = Field(default=0.5, ge=0, lt=1)
    """Share of the student as it was in the loss; the rest is the labels'."""


class StudentShape(_Part):
    """The student's size; vocabulary and outputs follow from the data."""

    layers: int = Field(ge=1)
    passes: int = Field(default=1, ge=1, le=4)
    """How often the text goes through all layers."""
    width: int = Field(ge=16)
    heads: int = Field(ge=1)
    head_size: int = Field(ge=8)
    feed_forward: int = Field(ge=16)
    rank: int = Field(default=0, ge=0)

    def architecture(self, *, vocabulary: int, intents: int, tags: int, positions: int) -> Architecture:
        """The whole shape."""
        return Architecture(
            **self.model_dump(), vocabulary=vocabulary, intents=intents, tags=tags, positions=positions
        )


class Linear(_Part):
    """How the linear student learns: n-grams for the intent, a window of characters for the tags."""

    least_texts: int = Field(default=1, ge=1)
    """An n-gram is known if so many texts of the train part have it."""
    penalty: float = Field(default=0.05, gt=0)
    tag_penalty: float = Field(default=0.05, gt=0)
    steps: int = Field(default=200, ge=1)


class Recipe(_Part):
    """See ``training/recipes/`` for recipes that work."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    seed: int = 1
    threads: int = Field(default=1, ge=1)
    bundle: Path
    """The bundle folder that gets the model; its manifest, lexicon and grammar are read from there."""
    sources: Path | None = None
    """The folder of the pack's hand-written files, where they are to be copied into ``bundle`` first. It may be another
    bundle: the model and the certificates of that one stay behind, and the rungs that they allow."""
    answers: str | None = None
    """``module:Class`` of the pack's answers, imported, where they are none of the library's own."""
    work: Path
    """Where intermediate files go."""
    encoder: Path | None = None
    """Folder of a pretrained Chinese BERT (safetensors); without one the student starts from nothing."""
    sets: Sets = Sets()
    leakage: Leakage = Leakage()
    negatives: Negatives | None = None
    augmentation: Augmentation = Augmentation()
    common_characters: bool = True
    """Whether the vocabulary also holds the 3,755 common characters (GB 2312, level 1) that no set uses."""
    student: StudentShape | None = None
    student_fit: Fit | None = None
    linear: Linear | None = None
    """Instead of a transformer: the linear student, which needs no torch."""
    teacher_fit: Fit | None = None
    teacher: Path | None = None
    """Where the teacher is kept, for recipes that share one; in ``work`` where none is named."""
    go_on: Path | None = None
    """A bundle with a student of this shape that is gone on from; without one the student starts as its fit says."""
    going_on: GoingOn = GoingOn()
    distillation: Distillation = Distillation()
    certificate: Registration | None = None
    """What is registered before the calibration set is looked at; :mod:`training.certify` says what holds without."""
    root: Path = Path()

    @classmethod
    def read(cls, path: Path, root: Path) -> Self:
        """Read a recipe; its relative paths are taken from ``root``. Raises :class:`RecipeError`."""
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
            recipe = cls.model_validate({**data, "root": root})
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise RecipeError(f"{path}: {error}") from error
        except ValidationError as error:
            first = error.errors()[0]
            raise RecipeError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        if recipe.teacher_fit is not None and recipe.encoder is None:
            raise RecipeError(f"{path}: teacher_fit needs an encoder folder")
        if recipe.distillation.spliced:
            raise RecipeError(f"{path}: distillation.spliced is for recipes of labelled rows ([data])")
        if (recipe.student is None or recipe.student_fit is None) == (recipe.linear is None):
            raise RecipeError(f"{path}: name [student] with [student_fit], or [linear]")
        if (
            recipe.linear is None
            and recipe.transformer[1].layers
            and len(recipe.transformer[1].layers) != recipe.transformer[0].layers
        ):
            raise RecipeError(f"{path}: student_fit.layers names not as many layers as the student has")
        if recipe.linear is None and recipe.transformer[1].start == "teacher":
            taught = () if recipe.teacher_fit is None else recipe.teacher_fit.layers
            if not set(recipe.transformer[1].layers) <= set(range(len(taught))):
                raise RecipeError(f"{path}: student_fit starts from layers that the teacher does not have")
        return recipe

    @property
    def transformer(self) -> tuple[StudentShape, Fit]:
        """The student's shape and how it learns. Raises :class:`RecipeError` where the recipe names none."""
        if self.student is None or self.student_fit is None:
            raise RecipeError(f"{self.name}: the recipe names no transformer")
        return self.student, self.student_fit

    def path(self, relative: Path) -> Path:
        """A path of the recipe, seen from here."""
        return relative if relative.is_absolute() else self.root / relative
