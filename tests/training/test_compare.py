"""Equal models differ by nothing, a worse one is refused, and intervals cover what they should."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.orders import OrderIntent
from training.annotation import Example
from training.judging import Judged
from training.retraining.compare import Comparison, Gates, Verdict, Weighed, compare, judge_gates, summary

KINDS = ("right", "wrong", "acting", "passed")


def judged(kinds: list[str]) -> list[Judged]:
    return [
        Judged(
            example=Example(str(number), "decline", OrderIntent(intent="decline")),
            intent=None if kind == "passed" else "order_drink" if kind == "acting" else "decline",
            tier=None if kind == "passed" else "classifier",
            confidence=None if kind == "passed" else 0.95,
            correct=kind == "right",
            acting=kind == "acting",
            latency_ns=100_000,
        )
        for number, kind in enumerate(kinds)
    ]


def compared(old: list[str], new: list[str], **more: Any) -> Comparison:
    weighed = Weighed(more.pop("weights", [1.0] * len(old)), more.pop("groups", list(range(len(old)))))
    parts: dict[str, Any] = {"bundles": ("tea@1", "tea@2"), "pairs": (0, 0), "sizes": (100, 100), "seed": 3}
    return compare(judged(old), judged(new), weighed, **{**parts, **more})


def refused(verdicts: list[Verdict]) -> set[str]:
    return {verdict.gate for verdict in verdicts if not verdict.passed}


EASY = Gates(utterances=1, calibration_error=1)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(KINDS), max_size=20), st.data())
def test_a_model_is_no_better_than_itself(kinds: list[str], data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.floats(0, 9), min_size=len(kinds), max_size=len(kinds)))
    groups = data.draw(st.lists(st.integers(0, 4), min_size=len(kinds), max_size=len(kinds)))
    seen = compared(kinds, kinds, weights=weights, groups=groups)
    assert seen.champion.model_copy(update={"bundle": "tea@2"}) == seen.challenger
    assert seen.groups == len(set(groups))
    for interval in (seen.coverage, seen.order_error, seen.acting_error):
        assert interval.difference == 0
        assert (interval.low, interval.high) == (0, 0) or not kinds
    assert refused(judge_gates("traffic", seen, EASY, certified=False)) <= (
        {"utterances"} if kinds else {"utterances", *ALL}
    )


ALL = ("order error", "acting error", "coverage")


def test_figures_are_shares_of_the_weighted_traffic() -> None:
    seen = compared(["right", "wrong", "passed", "acting"], ["right"] * 4, weights=[4.0, 1.0, 4.0, 1.0])
    old = seen.champion
    assert (old.coverage, old.order_error, old.acting_error) == pytest.approx((0.6, 2 / 6, 1 / 6))
    assert (seen.challenger.coverage, seen.challenger.order_error) == (1.0, 0.0)
    assert seen.coverage.difference == pytest.approx(0.4)
    assert seen.order_error.difference == pytest.approx(-1 / 3)


def test_a_better_model_passes_and_a_worse_one_is_refused() -> None:
    rng = random.Random(2)
    old = [rng.choice(["right"] * 8 + ["wrong", "passed"]) for _ in range(600)]
    better = ["right" if kind == "passed" else kind for kind in old]
    worse = ["acting" if kind == "passed" else kind for kind in old]
    assert not refused(judge_gates("traffic", compared(old, better), EASY, certified=False))
    assert refused(judge_gates("traffic", compared(old, worse), EASY, certified=False)) == {
        "order error",
        "acting error",
    }
    assert refused(judge_gates("traffic", compared(better, old), EASY, certified=False)) >= {"coverage"}


def test_too_little_evidence_is_no_pass() -> None:
    old = ["right"] * 99 + ["wrong"]
    new = ["wrong", *["right"] * 99]
    seen = compared(old, new)
    assert seen.order_error.difference == 0
    assert "order error" in refused(judge_gates("traffic", seen, EASY, certified=False))


@pytest.mark.parametrize(
    ("gate", "parts", "gates"),
    [
        ("utterances", {}, Gates(utterances=11, calibration_error=1)),
        (
            "calibration error",
            {"kinds": ["wrong"] * 10},
            Gates(utterances=1, calibration_error=0.01, order_error=1),
        ),
        ("minimal pairs broken", {"pairs": (1, 2)}, EASY),
        ("model size", {"sizes": (100, 7_000_000)}, EASY),
        ("certificate", {}, EASY.model_copy(update={"certificate": True})),
    ],
)
def test_each_gate_holds(gate: str, parts: dict[str, Any], gates: Gates) -> None:
    new = parts.pop("kinds", ["right"] * 10)
    seen = compared(["passed"] * 10, new, **parts)
    assert refused(judge_gates("traffic", seen, gates, certified=False)) == {gate}


def test_a_slower_model_is_refused() -> None:
    seen = compared(["right"] * 5, ["right"] * 5)
    slow = seen.model_copy(update={"challenger": seen.challenger.model_copy(update={"median_us": 200.0})})
    assert refused(judge_gates("traffic", slow, EASY, certified=False)) == {"median latency"}
    assert judge_gates("traffic", slow, EASY, certified=True)[-1].measured == "acting intents certified"


def test_no_worse_than_the_champion_is_good_enough_where_the_champion_is_bad() -> None:
    seen = compared(["wrong"] * 50, ["wrong"] * 50, pairs=(3, 3))
    assert not refused(judge_gates("traffic", seen, Gates(utterances=1), certified=False))


def test_intervals_cover_the_true_difference() -> None:
    rng = np.random.default_rng(9)
    covered = 0
    for _ in range(80):
        hard = rng.random(300) < 0.2
        old = ["wrong" if hard[at] or rng.random() < 0.05 else "right" for at in range(300)]
        new = ["wrong" if hard[at] and rng.random() < 0.5 else "right" for at in range(300)]
        interval = compared(old, new, seed=int(rng.integers(1000)), rounds=300).order_error
        covered += interval.low <= 0.2 * 0.5 - (0.2 + 0.8 * 0.05) <= interval.high
    assert 0.88 <= covered / 80 <= 1.0


def test_groups_are_drawn_whole() -> None:
    rng = random.Random(5)
    old = ["wrong"] * 400
    new = [kind for _ in range(40) for kind in [rng.choice(["right", "wrong"])] * 10]
    alone, together = compared(old, new), compared(old, new, groups=[at // 10 for at in range(400)])
    wide, narrow = (one.order_error.high - one.order_error.low for one in (together, alone))
    assert together.groups == 40
    assert together.order_error.difference == alone.order_error.difference
    assert wide > 2 * narrow


def test_the_report_says_what_was_measured_and_what_allowed() -> None:
    seen = compared(["right"] * 5, ["acting"] * 5)
    report = summary({"traffic": seen}, judge_gates("traffic", seen, EASY, certified=False))
    assert report["outcome"] == "refused"
    (gate,) = [gate for gate in report["gates"] if gate["gate"] == "acting error"]
    assert gate == {
        "on": "traffic",
        "gate": "acting error",
        "passed": False,
        "measured": "+100.00% (+100.00% to +100.00%)",
        "allowed": "rise of 0.10%",
    }
    assert Comparison.model_validate(report["comparisons"]["traffic"]) == seen


def test_other_utterances_are_not_compared() -> None:
    with pytest.raises(ValueError, match="different utterances"):
        compared(["right"] * 2, ["right"] * 3)
    with pytest.raises(ValueError, match="weight"):
        compared(["right"], ["right"], weights=[])
