"""``python -m training STAGE RECIPE.toml``: the stages of a model, ``all`` of them in order, and of a retraining."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from cascade.bundle import seal
from cascade.errors import CascadeError
from training.annotation import AnnotationError
from training.labelled import stages as labelled
from training.labelled.recipe import LabelledRecipe, is_labelled
from training.recipe import Recipe, RecipeError
from training.retraining import stages as retraining
from training.stages import ORDER, run

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None) -> int:
    """Run a stage; 1 when the recipe, the data or the bundle cannot be used, or a challenger is refused."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("stage", choices=[*ORDER, "all", "seal", *retraining.STAGES])
    parser.add_argument("recipe", type=Path, help="for 'seal' the folder of a bundle that was edited")
    parser.add_argument("version", nargs="?", help="of the registry, for 'promote'")
    parser.add_argument(
        "--root",
        type=Path,
        help="what relative paths of the recipe start from: without it the checkout, or for a recipe with [data] "
        "its own folder",
    )
    parser.add_argument(
        "--go-on",
        type=Path,
        metavar="BUNDLE",
        help="for 'train' and 'all': go on from the student of this bundle, in a fraction of the time",
    )
    given = parser.parse_args(arguments)
    console = Console()
    if given.go_on is not None and (given.stage not in ("train", "all") or is_labelled(given.recipe)):
        parser.error("--go-on is for the stages 'train' and 'all' of a recipe without [data]")
    try:
        if given.stage == "seal":
            console.print(f"sealed {seal(given.recipe).name}")
            return 0
        if given.stage in retraining.STAGES:
            return retraining.run(given.stage, given.recipe, given.root or ROOT, given.version, console)
        if is_labelled(given.recipe):
            labelled.run(given.stage, LabelledRecipe.read(given.recipe, given.root), console)
        else:
            recipe = Recipe.read(given.recipe, given.root or ROOT)
            before = None if given.go_on is None else given.go_on.resolve()
            run(given.stage, recipe.model_copy(update={"go_on": before}), console)
    except (AnnotationError, RecipeError, CascadeError) as error:
        console.print(f"[red]{type(error).__name__}[/red]", highlight=False)
        console.print(str(error), highlight=False, markup=False)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
