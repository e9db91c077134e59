"""The stages by name. Heavy libraries are imported by the stage that needs them: ``check`` runs without torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final

from rich.console import Console

from training.recipe import Recipe, RecipeError
from training.workshop import Workshop

Stage = Callable[[Workshop, Console], None]

ORDER: Final[tuple[str, ...]] = ("check", "train", "export", "calibrate", "certify", "evaluate", "package")
"""Stages of ``all``, in this order."""
_HOMES: Final[Mapping[str, str]] = {name: f"training.{name}" for name in ORDER} | {"train": "training.learn"}
_LINEAR: Final[Mapping[str, str]] = {"train": "learn", "export": "export", "package": "package"}
"""The stages that are others for a linear student."""


def run(stage: str, recipe: Recipe, console: Console) -> None:
    """Run a stage, or every stage for ``all``. Each opens the bundle as the one before left it."""
    for name in ORDER if stage == "all" else (stage,):
        console.rule(f"{recipe.name}: {name}")
        _stage(name, linear=recipe.linear is not None)(Workshop.open(recipe), console)


def _stage(name: str, *, linear: bool = False) -> Stage:
    home = f"training.linear.{_LINEAR[name]}" if linear and name in _LINEAR else _HOMES[name]
    try:
        found: Stage = getattr(import_module(home), name)
    except ModuleNotFoundError as error:
        raise RecipeError(
            f"the stage {name!r} needs {error.name}; install the group: pip install --group train"
        ) from error
    return found
