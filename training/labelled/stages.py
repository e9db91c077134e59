"""The stages of a labelled recipe by name. Heavy libraries are imported by the stage that needs them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from importlib import import_module

from rich.console import Console

from training.labelled.recipe import LabelledRecipe
from training.labelled.workshop import LabelledWorkshop
from training.recipe import RecipeError
from training.stages import ORDER

Stage = Callable[[LabelledWorkshop], None]


def run(stage: str, recipe: LabelledRecipe, console: Console) -> None:
    """Run a stage, or every stage for ``all``. Raises :class:`~training.recipe.RecipeError`."""
    workshop = LabelledWorkshop(recipe, console)
    for name in ORDER if stage == "all" else (stage,):
        console.rule(f"{recipe.name}: {name}")
        _stage(name)(workshop)


def check(workshop: LabelledWorkshop) -> None:
    """Read all rows, and say what is there."""
    sets = workshop.sets
    counts = Counter(row.intent for row in sets.train)
    (most, many), (least, few) = counts.most_common()[0], counts.most_common()[-1]
    workshop.console.print(
        f"{len(sets.train)} rows to learn from, {len(sets.dev)} for dev, {len(sets.test)} held out; "
        f"{sets.dropped} gave way to another set"
    )
    workshop.console.print(
        f"{len(counts)} intents, from {few} rows ({least}) to {many} ({most})", markup=False
    )
    workshop.console.print(f"slots: {', '.join(sets.slots) or 'none'}", markup=False)


def _stage(name: str) -> Stage:
    if name == "check":
        return check
    module = {"train": "learn"}.get(name, name)
    try:
        found: Stage = getattr(import_module(f"training.labelled.{module}"), name)
    except ModuleNotFoundError as error:
        raise RecipeError(
            f"the stage {name!r} needs {error.name}; install the group: pip install --group train"
        ) from error
    return found
