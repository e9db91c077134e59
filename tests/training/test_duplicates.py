"""The join finds every pair that comparing all with all finds, and no other."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.leakage import bigrams
from training.retraining.duplicates import groups, near_pairs

thresholds = st.sampled_from([0.1, 0.3, 0.5, 2 / 3, 0.7, 0.75, 0.8, 0.85, 0.9, 1.0]) | st.floats(0.01, 1.0)
token_sets = st.lists(st.frozensets(st.integers(0, 12), max_size=10), max_size=14)
texts = st.lists(st.text("奶茶来杯少糖冰", max_size=9), max_size=14)


def alike(left: frozenset[object], right: frozenset[object], threshold: float) -> bool:
    return bool(left & right) and len(left & right) >= Fraction(repr(threshold)) * len(left | right)


@given(token_sets, thresholds)
def test_all_pairs_and_no_others(sets: list[frozenset[object]], threshold: float) -> None:
    found = list(near_pairs(sets, threshold))
    assert len(found) == len(set(found))
    assert set(found) == {
        (i, j) for i, j in combinations(range(len(sets)), 2) if alike(sets[i], sets[j], threshold)
    }


@given(texts, thresholds)
def test_groups_are_what_chains_of_pairs_join(texts: list[str], threshold: float) -> None:
    numbers = groups(texts, bigrams, threshold)
    reached = {at: {at} for at in range(len(texts))}
    sets = [frozenset[object](bigrams(text)) for text in texts]
    pairs = [(i, j) for i, j in combinations(range(len(texts)), 2) if alike(sets[i], sets[j], threshold)]
    for _ in texts:
        for i, j in pairs:
            reached[i] = reached[j] = reached[i] | reached[j]
    for i, j in combinations(range(len(texts)), 2):
        assert (numbers[i] == numbers[j]) == (j in reached[i])
    assert sorted(set(numbers), key=numbers.index) == list(range(len(set(numbers))))


def test_punctuation_apart_the_same() -> None:
    said = [
        "千问帮我点一杯珍珠奶茶少糖去冰",
        "千问帮我点一杯珍珠奶茶少糖去冰吧",
        "我的订单到哪了",
        "千问帮我点一杯珍珠奶茶少糖去冰",
    ]
    assert groups(said, bigrams, 0.8) == [0, 0, 1, 0]


def test_a_pair_may_be_skipped() -> None:
    sets = [frozenset({1, 2}), frozenset({1, 2}), frozenset({1, 2})]
    assert set(near_pairs(sets, 0.9, lambda left, right: {left, right} == {0, 2})) == {(0, 1), (1, 2)}


@pytest.mark.parametrize("threshold", [0.0, -1.0, 1.1])
def test_a_senseless_threshold_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match="Jaccard"):
        list(near_pairs([], threshold))
