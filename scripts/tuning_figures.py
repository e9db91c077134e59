"""Answered and wrong on the tuning set at a bundle's own thresholds, by intents and by file. Nothing else is looked at.

    python -m scripts.tuning_figures training/recipes/tiny.toml training/recipes/base.toml

The intents are grouped by the scopes that the first recipe registers.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cascade.config import Cascade
from training.__main__ import ROOT
from training.calibrate import tuning
from training.certificate import Scope
from training.judging import Judged, judge
from training.recipe import Recipe
from training.workshop import Workshop


def judged(recipe: Recipe) -> list[Judged]:
    """What the recipe's bundle says to the utterances that it was calibrated on."""
    workshop = Workshop.open(recipe)
    pack = workshop.pack
    with Cascade.load(pack.bundle, answer_model=pack.answers) as cascade:
        return judge(cascade, tuning(workshop), pack.normalised)


def lines(name: str, found: list[Judged], scopes: tuple[Scope, ...]) -> list[str]:
    """The counts of all answers, of each group of intents, and of each file."""
    groups = [("all", found)]
    groups += [
        (", ".join(scope.intents), [one for one in found if one.intent in scope.intents]) for scope in scopes
    ]
    files = sorted({one.example.file for one in found})
    groups += [(file, [one for one in found if one.example.file == file]) for file in files]
    return [f"{name}: {_counts(group)}; {label}" for label, group in groups]


def _counts(group: list[Judged]) -> str:
    acting = [one for one in group if one.acting]
    wrong, acted_wrongly = (sum(one.wrong for one in those) for those in (group, acting))
    answered = sum(one.answered for one in group)
    return f"{wrong} wrong of {answered} answered of {len(group)}; acting {acted_wrongly} of {len(acting)}"


if __name__ == "__main__":
    recipes = [Recipe.read(Path(given), ROOT) for given in sys.argv[1:]]
    registered = recipes[0].certificate
    for one in recipes:
        print("\n".join(lines(one.name, judged(one), registered.scopes if registered else ())))
