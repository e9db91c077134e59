"""What goes to labelling stands for the traffic, and nothing of the later windows is learned from."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

pl = pytest.importorskip("polars")
from training.retraining import mining, split  # noqa: E402
from training.retraining.mining import Drawn, Unit  # noqa: E402
from training.retraining.plan import Mining, TimeSplit  # noqa: E402

START = datetime(2026, 2, 6, 10, tzinfo=UTC)
NESTED = ("answer", "candidates", "attempts", "audit", "corrected")


def frame(rows: list[dict[str, Any]]) -> Any:
    """Rows of the log as they are after ``prepare``."""
    full = [
        {
            "time": START + timedelta(seconds=number),
            "status": "answered",
            "tier": "rules",
            "confidence": None,
            "weight": 1.0,
            **{name: json.dumps(row[name]) if name in row else None for name in NESTED},
            **{name: value for name, value in row.items() if name not in NESTED},
            "text": row.get("text", row["said"]),
        }
        for number, row in enumerate(rows)
    ]
    kinds = dict.fromkeys((*NESTED, "status", "tier", "text", "said"), pl.String) | {"confidence": pl.Float64}
    return pl.DataFrame(full, schema_overrides=kinds)


def parted(rows: list[dict[str, Any]], **plan: Any) -> Any:
    made = TimeSplit(**plan)
    return split.by_time(split.grouped(frame(rows), made.jaccard), made)


words = st.lists(
    st.sampled_from(["来杯奶茶", "来杯奶茶。", "两杯果茶少糖", "不要了", "查订单", "你好"]),
    min_size=1,
    max_size=30,
)


@given(words)
def test_what_is_learned_is_never_said_later(said: list[str]) -> None:
    rows = parted([{"said": text} for text in said], train=0.5, calibration=0.2)
    learnable = rows.filter(pl.col("learnable"))
    later = rows.filter(pl.col("window") != "train")
    assert not set(learnable["group"]) & set(later["group"])
    assert set(learnable["window"]) <= {"train"}
    order = ["train", "calibration", "test"]
    windows = [order.index(window) for window in rows.sort("time")["window"]]
    assert windows == sorted(windows)
    assert rows.filter(pl.col("said") == "来杯奶茶。")["group"].unique().len() <= 1


@pytest.mark.parametrize("plan", [{"train": 0.8, "calibration": 0.2}, {"train": 0}, {"jaccard": 1.1}])
def test_a_split_without_a_test_is_refused(plan: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        TimeSplit(**plan)


def test_an_empty_log_cannot_be_split() -> None:
    with pytest.raises(ValueError, match="no decisions"):
        split.boundaries(pl.DataFrame(schema={"time": pl.Datetime("us", "UTC")}), TimeSplit())


CASES: list[tuple[dict[str, Any], str]] = [
    ({"corrected": {"source": "user"}, "audit": {"agrees": False}}, "corrected"),
    ({"audit": {"agrees": False}}, "disputed"),
    ({"audit": {"agrees": True}}, "audited"),
    ({"audit": {"watch": "order_drink"}}, "audited"),
    ({"tier": "llm"}, "escalated"),
    ({"status": "clarify", "tier": None}, "escalated"),
    ({"status": "unresolved", "tier": None}, "escalated"),
    ({"tier": "classifier", "confidence": 0.9}, "uncertain"),
    ({"tier": "classifier", "confidence": 0.99}, "control"),
    ({}, "control"),
]


@pytest.mark.parametrize(("row", "stratum"), CASES)
def test_strata(row: dict[str, Any], stratum: str) -> None:
    rows = parted(
        [{"said": "x"}, {"said": "y"}, {"said": "z"}, {"said": "来杯奶茶", **row}], train=0.5, calibration=0
    )
    units = {unit.said: unit.stratum for unit in mining.units(rows, Mining())}
    assert units["来杯奶茶"] == stratum


def test_the_heaviest_reason_claims_an_utterance_and_traffic_is_of_its_own_window() -> None:
    rows: list[dict[str, Any]] = [
        {"said": "查订单"},
        {"said": "查订单。", "weight": 5.0, "corrected": {}},
        {"said": "来杯奶茶", "weight": 100.0},
        {"said": "不了"},
        {
            "said": "来杯奶茶",
            "weight": 2.0,
            "tier": "llm",
            "answer": {"intent": "order_drink", "items": [{"drink": "奶茶"}]},
        },
        {"said": "来杯奶茶", "weight": 3.0},
    ]
    found = {
        (unit.part, unit.said): unit
        for unit in mining.units(parted(rows, train=0.6, calibration=0), Mining())
    }
    assert set(found) == {("train", "查订单"), ("test", "不了"), ("test", "来杯奶茶")}
    learned, tested = found["train", "查订单"], found["test", "来杯奶茶"]
    assert (learned.stratum, learned.times, learned.traffic) == ("corrected", 2, 6.0)
    assert (tested.stratum, tested.times, tested.traffic) == ("escalated", 2, 5.0)
    assert mining.suggestion(tested.guess) == {
        "suggested_intent": "order_drink",
        "suggested_order": "drink=奶茶",
    }


def unit(number: int, traffic: float, part: Any = "test", stratum: str = "control") -> Unit:
    return Unit(
        mining.utterance_id(str(number)), str(number), str(number), number, part, stratum, 1, traffic, None
    )


@settings(max_examples=30)
@given(st.lists(st.floats(0.5, 50), min_size=1, max_size=40), st.integers(0, 20), st.integers(0, 5))
def test_a_sample_is_small_stable_and_never_lighter_than_what_it_holds(
    traffic: list[float], quota: int, seed: int
) -> None:
    found = [unit(number, weight) for number, weight in enumerate(traffic)]
    drawn = mining.draw(found, Mining(control=quota), seed)
    assert len(drawn) == min(quota, len(found))
    assert all(one.weight >= one.unit.traffic for one in drawn)
    assert drawn == mining.draw(found[::-1], Mining(control=quota), seed)
    if quota >= len(found):
        assert [one.weight for one in drawn] == [one.unit.traffic for one in drawn]


def test_sums_over_the_drawn_estimate_sums_over_the_traffic() -> None:
    rng = random.Random(4)
    found = [unit(number, rng.paretovariate(1.2)) for number in range(300)]
    bad = {one.id for one in found if rng.random() < 0.3}
    truth = sum(one.traffic for one in found if one.id in bad)
    estimates = [
        sum(one.weight for one in mining.draw(found, Mining(control=60), seed) if one.unit.id in bad)
        for seed in range(400)
    ]
    mean = sum(estimates) / len(estimates)
    spread = (sum((one - mean) ** 2 for one in estimates) / len(estimates)) ** 0.5
    assert abs(mean - truth) < 4 * spread / len(estimates) ** 0.5


def test_those_labelled_stand_for_those_not_labelled_yet() -> None:
    drawn = [Drawn(unit(number, 1.0, stratum="control" if number else "audited"), 2.0) for number in range(5)]
    some = {drawn[1].unit.id, drawn[2].unit.id}
    assert mining.settled_weights(drawn, some) == dict.fromkeys(some, 4.0)
    everyone = {one.unit.id for one in drawn}
    assert mining.settled_weights(drawn, everyone) == dict.fromkeys(everyone, 2.0)
    assert mining.settled_weights(drawn, set()) == {}


def test_decisions_are_drawn_as_often_as_they_are_made() -> None:
    rows = [
        {"said": "来杯奶茶", "weight": 3.0},
        {"said": "查订单", "weight": 1.0},
        {"said": "早", "weight": 0.0},
    ]
    window = parted([{"said": "a"}, *rows, {"said": "b"}], train=0.2, calibration=0.6)
    drawn = mining.draw_decisions(window, 2000, 1)
    share = sum(one.said == "来杯奶茶" for one in drawn) / len(drawn)
    assert {one.said for one in drawn} == {"来杯奶茶", "查订单"}
    assert abs(share - 0.75) < 0.05
    assert drawn == mining.draw_decisions(window, 2000, 1)
    assert mining.draw_decisions(window.filter(pl.col("window") == "test"), 5, 1) == []
    queue = mining.items([Drawn(unit(9, 1.0), 4.0)], drawn)
    assert sorted(item.text for item in queue) == sorted(["9", "来杯奶茶", "查订单"])


@pytest.mark.parametrize(
    ("guess", "expected"),
    [
        (None, {}),
        ('{"intent": "decline"}', {"suggested_intent": "decline", "suggested_order": ""}),
        ('{"intent": "order_drink", "items": [{"quantity": 0}]}', {}),
        ('{"label": "greeting"}', {}),
    ],
)
def test_a_suggestion_is_what_was_answered_where_that_is_an_order(
    guess: str | None, expected: dict[str, str]
) -> None:
    assert mining.suggestion(guess) == expected


def test_what_the_large_model_said_is_told_with_its_name() -> None:
    answer = {"intent": "decline"}
    rows: list[dict[str, Any]] = [
        {
            "said": "不了",
            "tier": "llm",
            "answer": answer,
            "attempts": [{"tier": "rules"}, {"cost": {"model": "qwen3"}}],
        },
        {"said": "算了", "tier": "rules", "audit": {"answer": answer, "cost": {"model": "qwen3"}}},
        {"said": "好", "tier": "rules", "audit": {"agrees": None, "cost": {}}},
        {"said": "早", "answer": answer},
    ]
    found = mining.llm_answers(frame(rows))
    assert [(text, json.loads(told)["intent"], model) for text, told, model in found] == [
        ("不了", "decline", "qwen3"),
        ("算了", "decline", "qwen3"),
    ]
