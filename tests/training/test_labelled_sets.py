"""The labelled sets of the project: every line parses, and no set repeats another."""

import random

import pytest
from training_kit import ROOT

from training.annotation import Example, read_all
from training.check import Findings, examine
from training.leakage import bigrams
from training.recipe import Recipe
from training.workshop import Workshop

LEAST = {"train": 4000, "calibration": 1200, "test": 1500}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    from classifier_kit import copied

    folder = copied(tmp_path_factory.mktemp("bundles") / "tea")
    recipe = Recipe.read(ROOT / "training" / "recipes" / "tiny.toml", ROOT)
    return Workshop.open(recipe.model_copy(update={"bundle": folder, "work": folder.parent / "work"}))


@pytest.fixture(scope="module")
def findings(workshop: Workshop) -> Findings:
    return examine(workshop)


def key(workshop: Workshop, example: Example) -> str:
    return "".join(char for char in workshop.pack.normalised(example.text) if char.isalnum())


def parts(findings: Findings) -> dict[str, tuple[Example, ...]]:
    splits = findings.splits
    return {"train": splits.train, "calibration": splits.calibration, "test": splits.test}


@pytest.mark.parametrize("name", LEAST)
def test_the_sets_are_as_large_as_they_should_be(findings: Findings, name: str) -> None:
    assert len(parts(findings)[name]) >= LEAST[name]


def test_every_intent_is_in_every_set(workshop: Workshop, findings: Findings) -> None:
    for name, examples in parts(findings).items():
        missing = set(workshop.pack.intents) - {example.intent for example in examples}
        assert not missing, f"{name} has no {missing}"


def test_no_text_stands_in_two_sets(workshop: Workshop, findings: Findings) -> None:
    seen: dict[str, str] = {}
    for name, examples in parts(findings).items():
        for text in {key(workshop, example) for example in examples}:
            assert seen.setdefault(text, name) == name or not text, text


def test_no_text_nearly_stands_in_two_sets(workshop: Workshop, findings: Findings) -> None:
    """By brute force, on a part of the test set that is drawn anew with the data."""
    limit = workshop.recipe.leakage.jaccard
    sets = {
        name: [(example, bigrams(key(workshop, example))) for example in examples]
        for name, examples in parts(findings).items()
    }
    drawn = random.Random(len(sets["test"])).sample(sets["test"], 120)
    for example, grams in drawn:
        for other, theirs in sets["train"] + sets["calibration"]:
            likeness = len(grams & theirs) / len(grams | theirs)
            assert likeness < limit, f"{example.where} and {other.where}: {likeness:.2f}"


def test_little_has_to_be_dropped_and_nothing_from_the_test(findings: Findings) -> None:
    dropped = [collision.dropped.file for collision in findings.splits.collisions]
    assert not any(file.startswith("test/") for file in dropped)
    assert len(dropped) < 0.08 * sum(len(examples) for examples in parts(findings).values())


def test_almost_every_value_is_found_in_its_text(findings: Findings) -> None:
    orders = [example for example in findings.splits.train if example.order and example.order.carries_order]
    assert len({problem.example for problem in findings.unaligned}) < 0.08 * len(orders)


def test_minimal_pairs_have_two_sides_of_different_meaning(findings: Findings) -> None:
    sides: dict[str, list[Example]] = {}
    for example in findings.splits.test:
        if name := example.tag("pair"):
            sides.setdefault(name, []).append(example)
    assert len(sides) >= 300
    assert {len(both) for both in sides.values()} == {2}
    for both in sides.values():
        assert both[0].intent != both[1].intent or both[0].order != both[1].order or both[0].order is None


def test_every_line_of_the_test_has_its_place(workshop: Workshop) -> None:
    for example in read_all(
        sorted((ROOT / "data" / "test").glob("*.tsv")), workshop.pack.intents, ROOT / "data"
    ):
        assert example.tag("mix") or example.tag("pair"), example.where
