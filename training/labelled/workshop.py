"""A labelled recipe, its rows, and where things lie."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rich.console import Console

from cascade import features
from cascade.features import Encoder
from cascade.text import Normalizer
from training.certificate import Registration, Scope
from training.certify import ACTING_EPSILON, EPSILON
from training.labelled.recipe import LabelledRecipe
from training.labelled.rows import Row
from training.labelled.sets import Sets, load, names
from training.workshop import WorkFiles

TUNING_SHARE = 0.4
"""Of the dev rows, where the recipe registers nothing: several kinds of evidence are weighed on them."""


@dataclass(frozen=True)
class LabelledWorkshop(WorkFiles):
    """What the stages of one recipe share."""

    recipe: LabelledRecipe
    console: Console

    @cached_property
    def sets(self) -> Sets:
        """The rows. Raises :class:`~training.recipe.RecipeError`."""
        return load(self.recipe, self.console.print)

    @cached_property
    def names(self) -> dict[str, str]:
        """The bundle's names of the intents, by the data's labels."""
        return names(self.sets.intents)

    @property
    def bundle(self) -> Path:
        """The folder that becomes the bundle."""
        return self.recipe.path(self.recipe.bundle)

    @property
    def normalizer(self) -> Normalizer:
        """What the rows, and the bundle's utterances, are spelled with."""
        return Normalizer(max_chars=self.recipe.max_chars)

    @cached_property
    def encoder(self) -> Encoder:
        """The features of the trained student."""
        text = self.file("vocab.txt", "train").read_text(encoding="utf-8")
        return features.parse(self.recipe.feature_version, text)

    @cached_property
    def registration(self) -> Registration:
        """What was registered before the dev rows are looked at: acting intents at 1 %, the others at 2 %."""
        if self.recipe.certificate is not None:
            return self.recipe.certificate
        acting = tuple(name for label, name in self.names.items() if label in self.recipe.data.acting)
        others = tuple(name for label, name in self.names.items() if label not in self.recipe.data.acting)
        parts = ((acting, ACTING_EPSILON), (others, EPSILON))
        return Registration(
            scopes=tuple(Scope(intents=intents, epsilon=bound) for intents, bound in parts if intents),
            tuning_share=TUNING_SHARE,
            population=f"the dev rows of {self.recipe.name}",
        )

    @property
    def tuning(self) -> tuple[Row, ...]:
        """Dev rows that calibrating may look at."""
        return tuple(row for row in self.sets.dev if self.registration.for_tuning(row.text))

    @property
    def certified(self) -> tuple[Row, ...]:
        """Dev rows that the certificate rests on."""
        return tuple(row for row in self.sets.dev if not self.registration.for_tuning(row.text))

    def _place(self) -> Path:
        return self.recipe.path(self.recipe.work)
