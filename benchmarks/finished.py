"""A bundle that a recipe of the project has made, in the contest on that recipe's set: its classifier, its confidence
as it was calibrated.

    python -m benchmarks.finished transformer | distilled < job.json

It is scored, not trained: that takes hours, by the command that the result names.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Final

from benchmarks.harness import ROOT
from benchmarks.ours import report
from benchmarks.rivals.job import Job
from cascade.bundle import Bundle
from training.labelled.recipe import LabelledRecipe

RECIPES: Final[Mapping[str, Mapping[str, str]]] = {
    "transformer": {
        "massive_zh_cn": "training/recipes/massive_base.toml",
        "clinc150": "training/recipes/clinc150.toml",
    },
    "distilled": {"massive_zh_cn": "training/recipes/massive_tiny.toml"},
}
"""The recipe of each kind on each set."""


class BundleMissing(RuntimeError):
    """A recipe's bundle is not there; the message is the command that makes it."""


def main() -> None:
    """Open the bundle, score, report."""
    job = Job.read()
    recipe = RECIPES[sys.argv[1]][job.folder.parent.name]
    made = LabelledRecipe.read(ROOT / recipe)
    folder = made.path(made.bundle)
    command = f"python -m training all {recipe}"
    if not (folder / "manifest.json").is_file():
        raise BundleMissing(f"{folder} is not there; {command} makes it")
    bundle = Bundle.open(folder)
    report(job, folder, {"recipe": recipe, "trained_by": command, "bundle": bundle.id})


if __name__ == "__main__":
    main()
