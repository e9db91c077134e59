"""The challenger's sets: the base recipe's own, and what the log's labels add to each.

    train/       the base's files · labels of people · labels of the large model, where no person spoke
    calibration/ the base's files · the first of the decisions drawn from the calibration window
    certified/   the other decisions drawn, as often as they were drawn (where any is labelled)
    test/        the base's files · labelled utterances of the test window

No label of a model goes anywhere but into train; the leakage check of the training stages then drops from train
whatever is near to calibration or test.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from training.annotation import Example
from training.recipe import Recipe, Sets
from training.retraining.labels import Labelled, tsv
from training.retraining.mining import Drawn, Unit, utterance_id

LOG_FILE: Final = "log_human.tsv"
MODEL_FILE: Final = "log_llm.tsv"
UNLABELLED: Final = "unlabelled"


@dataclass(frozen=True, slots=True)
class Material:
    """What the log gives: labels by the id of their utterance, and what was drawn for which purpose."""

    human: Mapping[str, Labelled]
    llm: Mapping[str, Labelled]
    drawn: Sequence[Drawn]
    decisions: Sequence[Unit]
    later: Collection[str]
    """Ids of all utterances of the calibration and test windows: nothing of them is learned."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many lines of the log went into each set, and how many could not be written down."""

    train_human: int
    train_llm: int
    calibration: int
    test: int
    certified: int
    certified_labelled: int
    unwritable: int


def tested(material: Material) -> list[tuple[Drawn, Labelled]]:
    """Utterances of the test window that a person has labelled."""
    return [
        (one, material.human[one.unit.id])
        for one in material.drawn
        if one.unit.part == "test" and one.unit.id in material.human
    ]


def build(
    home: Path, recipe: Recipe, material: Material, most_llm: int, tuning_share: float
) -> tuple[Sets, Counts]:
    """Write the sets under ``home``. Utterances whose order the notation cannot hold are counted and left out.

    ``tuning_share`` of the drawn decisions goes to calibration; the certificate rests on the rest.
    """
    for name in ("train", "calibration", "test"):
        source = recipe.path(getattr(recipe.sets, name))
        (home / name).mkdir(parents=True)
        for file in sorted(source.glob("*.tsv")):
            shutil.copyfile(file, home / name / file.name)
    cut = round(tuning_share * len(material.decisions))
    tuning = [
        one for one in drawn_decisions(material, material.decisions[:cut]) if UNLABELLED not in one.tags
    ]
    certified = drawn_decisions(material, material.decisions[cut:])
    wanted = {
        "train_human": (home / "train" / LOG_FILE, _taught(material, material.human)),
        "train_llm": (home / "train" / MODEL_FILE, _told(material)[:most_llm]),
        "calibration": (home / "calibration" / LOG_FILE, tuning),
        "test": (home / "test" / LOG_FILE, [label.example for _, label in tested(material)]),
        "certified": (home / "certified" / LOG_FILE, certified),
    }
    written = {name: _write(path, examples) for name, (path, examples) in wanted.items()}
    labelled = sum(UNLABELLED not in one.tags for one in certified)
    sets = Sets(
        train=home / "train",
        calibration=home / "calibration",
        test=home / "test",
        certified=home / "certified" if labelled else None,
    )
    lost = sum(len(examples) for _, examples in wanted.values()) - sum(written.values())
    return sets, Counts(**written, certified_labelled=labelled, unwritable=lost)


def _taught(material: Material, labelled: Mapping[str, Labelled]) -> list[Example]:
    return [one.example for id_, one in sorted(labelled.items()) if id_ not in material.later]


def _told(material: Material) -> list[Example]:
    """What models say, where no person spoke; ids are hashes, so that their order is no order."""
    return _taught(material, {id_: one for id_, one in material.llm.items() if id_ not in material.human})


def drawn_decisions(material: Material, decisions: Sequence[Unit]) -> list[Example]:
    """Decisions drawn, as often as drawn. One without a label is one that no answer is right for.

    Leaving it out of a certificate would make the sample one of those that were easy to label.
    """
    found: list[Example] = []
    for unit in decisions:
        label = material.human.get(unit.id)
        if label is not None and writable(label.example):
            found.append(replace(label.example, text=unit.text))
        else:
            found.append(Example(unit.text, "out_of_scope", None, (UNLABELLED,)))
    return found


def writable(example: Example) -> bool:
    """Whether the notation can hold the example's order."""
    try:
        return bool(tsv(example))
    except ValueError:
        return False


def _write(path: Path, examples: Iterable[Example]) -> int:
    lines = [tsv(example) for example in examples if example.text.strip() and writable(example)]
    if lines:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(lines)


def by_id(labelled: Iterable[Labelled], said: Mapping[str, str]) -> dict[str, Labelled]:
    """Labels by the id of their normalised text; ``said`` gives the normalised text of each labelled text."""
    return {utterance_id(said[one.example.text]): one for one in labelled}
