"""What is held back at a coverage, held against counting by hand."""

import math

import pytest
from classifier_kit import SOURCE
from hypothesis import given
from hypothesis import strategies as st

from cascade.bundle import Bundle
from training.annotation import Example
from training.outside import held_back
from training.scope import held_at, separation

SCORES = st.lists(st.floats(0, 1) | st.just(-math.inf), min_size=1, max_size=40)


@given(SCORES, SCORES, st.floats(0.05, 1))
def test_the_threshold_is_the_strictest_that_lets_enough_through(
    inside: list[float], outside: list[float], coverage: float
) -> None:
    found = held_at(coverage, inside, outside)
    thresholds = [
        score
        for score in inside
        if score > -math.inf and sum(other >= score for other in inside) >= coverage * len(inside)
    ]
    if not thresholds:
        assert found is None
        return
    assert found is not None
    assert found.threshold == max(thresholds)
    assert found.coverage == sum(score >= found.threshold for score in inside) / len(inside)
    assert found.held == sum(score < found.threshold for score in outside) / len(outside)


@given(SCORES, SCORES)
def test_separation_is_the_chance_of_the_right_order(inside: list[float], outside: list[float]) -> None:
    pairs = [(left > right) + (left == right) / 2 for left in inside for right in outside]
    assert separation(inside, outside) == pytest.approx(sum(pairs) / len(pairs))


def test_without_anything_on_one_side_there_is_nothing_to_say() -> None:
    assert separation([], [1.0]) is None
    assert held_at(0.9, [], [1.0]) is None
    found = held_at(0.5, [0.2, 0.4], [])
    assert found is not None
    assert (found.threshold, found.coverage, found.held) == (0.4, 0.5, None)


def test_rules_settle_what_they_answer_and_the_classifier_judges_the_rest() -> None:
    texts = [
        ("取消订单", "cancel_order"),
        ("帮我点一杯珍珠奶茶", "order_drink"),
        ("股票今天涨了多少", "out_of_scope"),
    ]
    texts += [("帮我查一下北京到上海的高铁票", "out_of_scope"), ("", "out_of_scope")]
    examples = [Example(text, intent, None) for text, intent in texts]
    found = held_back(Bundle.open(SOURCE), examples)
    assert found is not None
    assert (found["in_scope"], found["out_of_scope"], found["coverage"]) == (2, 3, 1.0)
    assert found["held"] == 1.0
    assert held_back(Bundle.open(SOURCE), examples[:2]) is None
