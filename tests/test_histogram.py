"""The sketch is within one per cent of the exact nearest-rank quantile, however its values came together."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.histogram import RELATIVE_ERROR, Histogram

values = st.lists(st.integers(0, 10**17), min_size=1, max_size=200)
shares = st.floats(0, 1)


def histogram(numbers: list[int]) -> Histogram:
    sketch = Histogram()
    for number in numbers:
        sketch.add(number)
    return sketch


def exact(numbers: list[int], share: float) -> int:
    return sorted(numbers)[max(1, math.ceil(share * len(numbers))) - 1]


@given(values, shares)
def test_quantiles_are_within_one_per_cent(numbers: list[int], share: float) -> None:
    found = histogram(numbers).quantile(share)
    assert found is not None
    assert abs(found - exact(numbers, share)) <= RELATIVE_ERROR * exact(numbers, share)


@given(values, values)
def test_merged_is_as_if_one_had_seen_all(left: list[int], right: list[int]) -> None:
    merged = histogram(left)
    merged.merge(histogram(right))
    assert merged == histogram(left + right)


@given(values)
def test_count_sum_and_largest_are_exact(numbers: list[int]) -> None:
    sketch = histogram(numbers)
    assert (sketch.count, sketch.total, sketch.largest) == (len(numbers), sum(numbers), max(numbers))
    assert sketch.mean == sum(numbers) / len(numbers)
    assert sum(sketch.buckets().values()) == len(numbers)


@given(values)
def test_a_copy_is_independent(numbers: list[int]) -> None:
    sketch = histogram(numbers)
    copy = sketch.copy()
    sketch.add(5)
    assert copy == histogram(numbers)
    assert copy != sketch


def test_memory_is_bounded_over_the_whole_range() -> None:
    sketch = Histogram()
    draw = random.Random(1)
    for _ in range(20_000):
        sketch.add(10 ** draw.uniform(-3, 25))
    assert len(sketch.buckets()) <= 2094


def test_empty_knows_nothing() -> None:
    assert Histogram().quantile(0.5) is None
    assert Histogram().mean is None
    assert Histogram().summary() == {
        "count": 0, "mean": None, "p50": None, "p90": None, "p95": None, "p99": None, "max": None,
    }  # fmt: skip


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan])
def test_a_share_is_a_share(share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Histogram().quantile(share)


def test_summary_is_in_the_unit_asked_for() -> None:
    summary = histogram([2000, 2000, 2000]).summary(divisor=1e3)
    assert summary["count"] == 3
    assert summary["mean"] == summary["max"] == 2
    assert summary["p50"] == pytest.approx(2, rel=RELATIVE_ERROR)
