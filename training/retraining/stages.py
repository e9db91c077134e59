"""The stages of a retraining by name: ``python -m training STAGE retrain.toml [VERSION]``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from training.recipe import RecipeError
from training.retraining.recipe import RetrainRecipe
from training.retraining.registry import Registry, table

STAGES: Final[Mapping[str, str]] = {
    "mine": "read the decision log, draw a labelling queue, report new words",
    "retrain": "train a challenger from the labels, compare it with the champion, make it a version if it passes",
    "promote": "make a version the current one (the newest where none is named)",
    "rollback": "make the version current that was so before",
    "history": "what became of each version",
}


def run(stage: str, path: Path, root: Path, version: str | None, console: Console) -> int:
    """Run a stage; 1 when a gate refused the challenger.

    Raises :class:`~training.recipe.RecipeError` and its kin.
    """
    recipe = RetrainRecipe.read(path, root)
    if stage in ("mine", "retrain"):
        shop = _part("mine").Shop.open(recipe, console)
        if stage == "mine":
            _part("mine").mine(shop)
            return 0
        return 0 if _part("retrain").retrain(shop) else 1
    registry = Registry(recipe.path(recipe.registry))
    if stage == "history":
        console.print(history(registry))
        return 0
    now = datetime.now(UTC)
    event = (
        registry.roll_back(now) if stage == "rollback" else registry.promote(version or newest(registry), now)
    )
    console.print(f"{event.bundle} ({event.version}) is current; runtimes reload {registry.link}")
    return 0


def newest(registry: Registry) -> str:
    """The version that was added last. Raises :class:`~training.recipe.RecipeError` when there is none."""
    added = [event.version for event in registry.state().history if event.action == "added"]
    if not added:
        raise RecipeError(f"{registry.home}: no version was ever added; run the stage 'retrain'")
    return added[-1]


def history(registry: Registry) -> Table:
    """The history, the newest last, with a mark at the current version."""
    state = registry.state()
    shown = Table(title=str(registry.home))
    for head in ("when", "what", "version", "bundle", "note"):
        shown.add_column(head)
    for when, what, version, bundle, note in table(state.history):
        shown.add_row(when, what, f"{version} *" if version == state.current else version, bundle, note)
    return shown


def _part(name: str) -> Any:
    """A module that needs polars and jieba; the registry's stages do not."""
    try:
        return import_module(f"training.retraining.{name}")
    except ModuleNotFoundError as error:
        raise RecipeError(
            f"retraining needs {error.name}; install the group: pip install --group train"
        ) from error
