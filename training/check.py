"""The check stage: everything that can be wrong with the labelled sets, each with its file and line."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from rich.console import Console

from training.dataset import Splits, Unaligned, UnknownName, load_splits
from training.workshop import Workshop


@dataclass(frozen=True, slots=True)
class Findings:
    """What a look at the sets found."""

    splits: Splits
    unaligned: tuple[Unaligned, ...]
    unknown_names: tuple[UnknownName, ...]


def examine(workshop: Workshop) -> Findings:
    """Read all sets. Raises :class:`~training.annotation.AnnotationError` with every line that does not parse."""
    pack = workshop.pack
    splits = load_splits(workshop.recipe, pack)
    unaligned = tuple(problem for example in splits.train for problem in pack.sample(example)[1])
    names = pack.unknown_names([*splits.train, *splits.calibration, *splits.test, *splits.certified])
    return Findings(splits, unaligned, tuple(names))


def check(workshop: Workshop, console: Console) -> None:
    """Write ``check.json`` and print what was found; the details go to the file."""
    found = examine(workshop)
    splits = found.splits
    report = {
        "sizes": {
            "train": len(splits.train),
            "calibration": len(splits.calibration),
            "test": len(splits.test),
            **({"certified": len(splits.certified)} if splits.certified else {}),
        },
        "dropped": [str(collision) for collision in splits.collisions],
        "unaligned": [str(problem) for problem in found.unaligned],
        "unknown_names": [str(name) for name in found.unknown_names],
    }
    path = workshop.write_json("check.json", report)
    console.print(f"sizes: {report['sizes']}")
    console.print(
        f"dropped as duplicates: {dict(Counter(collision.kind for collision in splits.collisions))}"
    )
    console.print(f"values of train not found in their text: {len(found.unaligned)}")
    console.print(f"names that are not canonical: {len(found.unknown_names)}")
    console.print(f"details: {path}")
