"""What a person said may be compared on, what a model said may only teach, and nothing is in two places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from training_kit import micro

from training.annotation import Example, parse_order, read
from training.recipe import Recipe

pytest.importorskip("polars")
from training.retraining import sets
from training.retraining.labels import Labelled, Source
from training.retraining.mining import Drawn, Unit, utterance_id
from training.retraining.sets import Material


def label(text: str, intent: str = "decline", order: str = "", source: Source = "human") -> Labelled:
    parsed = None if order == "!" else parse_order(order, intent)
    return Labelled(utterance_id(text), Example(text, intent, parsed, (source,)), source, ("amy",))


def unit(text: str, part: Any = "test") -> Unit:
    return Unit(utterance_id(text), text, text, 0, part, "control", 1, 1.0, None)


def by_text(*labelled: Labelled) -> dict[str, Labelled]:
    return {one.id: one for one in labelled}


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    path = micro(tmp_path)
    return Recipe.read(path, path.parent)


def lines(folder: Path, name: str) -> list[str]:
    file = folder / name
    return [one.text for one in read(file, INTENTS)] if file.exists() else []


INTENTS = ("order_drink", "decline", "confirm", "chitchat", "out_of_scope")
DRAWS = ["好吧", "好吧", "来杯水", "好吧"]
MATERIAL = Material(
    human=by_text(label("不喝了"), label("好吧", "confirm"), label("别点"), label("算了")),
    llm=by_text(*(label(text, "chitchat", source="llm") for text in ("不喝了", "吃了吗", "别点", "嗯哼"))),
    drawn=[Drawn(unit("不喝了", "train"), 1.0), Drawn(unit("别点"), 2.0), Drawn(unit("没人标"), 3.0)],
    decisions=[unit(text) for text in DRAWS],
    later={utterance_id(text) for text in ("好吧", "别点", "来杯水", "没人标", "嗯哼")},
)


def test_each_label_goes_where_it_may(tmp_path: Path, recipe: Recipe) -> None:
    home = tmp_path / "made"
    made, counts = sets.build(home, recipe, MATERIAL, most_llm=9, tuning_share=0.25)
    assert sorted(lines(home / "train", sets.LOG_FILE)) == ["不喝了", "算了"]
    assert lines(home / "train", sets.MODEL_FILE) == ["吃了吗"]
    assert lines(home / "test", sets.LOG_FILE) == ["别点"]
    assert lines(home / "calibration", sets.LOG_FILE) == DRAWS[:1]
    assert lines(home / "certified", sets.LOG_FILE) == DRAWS[1:]
    assert (made.train, made.certified) == (home / "train", home / "certified")
    assert (counts.train_human, counts.train_llm, counts.test, counts.calibration) == (2, 1, 1, 1)
    assert (counts.certified, counts.certified_labelled, counts.unwritable) == (3, 2, 0)
    for name in ("train", "calibration", "test"):
        original = recipe.path(getattr(recipe.sets, name)) / "set.tsv"
        assert (home / name / "set.tsv").read_bytes() == original.read_bytes()


def test_a_draw_without_a_label_is_one_that_no_answer_is_right_for(tmp_path: Path, recipe: Recipe) -> None:
    sets.build(tmp_path / "made", recipe, MATERIAL, most_llm=0, tuning_share=0.25)
    rows = read(tmp_path / "made" / "certified" / sets.LOG_FILE, INTENTS)
    assert [(row.text, row.order is None, sets.UNLABELLED in row.tags) for row in rows] == [
        ("好吧", False, False),
        ("来杯水", True, True),
        ("好吧", False, False),
    ]


def test_without_labels_there_is_nothing_to_certify_on(tmp_path: Path, recipe: Recipe) -> None:
    bare = Material({}, MATERIAL.llm, MATERIAL.drawn, MATERIAL.decisions, MATERIAL.later)
    made, counts = sets.build(tmp_path / "made", recipe, bare, most_llm=1, tuning_share=0.25)
    assert made.certified is None
    assert (counts.train_human, counts.test, counts.train_llm) == (0, 0, 1)


def test_an_order_the_notation_cannot_hold_is_counted(tmp_path: Path, recipe: Recipe) -> None:
    good = label("来杯奶茶", "order_drink", "drink=奶茶")
    assert good.example.order is not None
    odd = good.example.order.model_copy(update={"preferences": ("a_b",)})
    bad = Labelled(good.id, Example("来杯奶茶", "order_drink", odd), "human", ("amy",))
    material = Material({bad.id: bad}, {}, [], [unit("来杯奶茶")], set())
    _, counts = sets.build(tmp_path / "made", recipe, material, most_llm=0, tuning_share=0.1)
    assert (counts.unwritable, counts.train_human, counts.certified_labelled) == (1, 0, 0)
