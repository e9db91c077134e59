"""The exact tails, against scipy where it is installed and against the definition everywhere."""

import math
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from training.binomial import lower_tail, samples_needed, upper_bound

rates = st.floats(1e-4, 0.9999)
deltas = st.sampled_from([0.001, 0.01, 0.05, 0.1, 0.3])


@pytest.fixture(scope="module")
def stats() -> Any:
    return pytest.importorskip("scipy.stats")


@pytest.mark.parametrize(("epsilon", "needed"), [(0.05, 59), (0.02, 149), (0.01, 299), (0.005, 598)])
def test_zero_error_samples_by_the_closed_form(epsilon: float, needed: int) -> None:
    assert samples_needed(0, epsilon, 0.05) == needed


@given(st.integers(1, 60), st.data(), rates)
def test_the_tail_is_the_sum_of_its_terms(samples: int, data: st.DataObject, rate: float) -> None:
    errors = data.draw(st.integers(0, samples))
    terms = (math.comb(samples, k) * rate**k * (1 - rate) ** (samples - k) for k in range(errors + 1))
    assert lower_tail(errors, samples, rate) == pytest.approx(math.fsum(terms), rel=1e-9)


@given(samples=st.integers(1, 20_000), data=st.data(), rate=rates)
def test_the_tail_is_scipys(stats: Any, samples: int, data: st.DataObject, rate: float) -> None:
    errors = data.draw(st.integers(0, min(samples, 300)))
    assert lower_tail(errors, samples, rate) == pytest.approx(
        stats.binom.cdf(errors, samples, rate), rel=1e-6, abs=1e-200
    )


@given(samples=st.integers(1, 5_000), data=st.data(), delta=deltas)
def test_the_bound_is_scipys(stats: Any, samples: int, data: st.DataObject, delta: float) -> None:
    errors = data.draw(st.integers(0, min(samples - 1, 200)))
    expected = stats.beta.ppf(1 - delta, errors + 1, samples - errors)
    assert upper_bound(errors, samples, delta) == pytest.approx(expected, rel=1e-6)


@given(st.integers(1, 400), st.data(), deltas)
def test_bound_and_test_agree(samples: int, data: st.DataObject, delta: float) -> None:
    errors = data.draw(st.integers(0, samples))
    epsilon = data.draw(st.floats(0.001, 0.6))
    bound = upper_bound(errors, samples, delta)
    assume(abs(bound - epsilon) > 1e-9)
    assert (bound <= epsilon) == (lower_tail(errors, samples, epsilon) <= delta)


@given(st.integers(0, 6), st.floats(0.005, 0.5), deltas)
def test_what_is_needed_suffices_and_one_less_does_not(errors: int, epsilon: float, delta: float) -> None:
    needed = samples_needed(errors, epsilon, delta)
    assert needed >= errors
    assert lower_tail(errors, needed, epsilon) <= delta
    assert needed == 0 or needed - 1 < errors or lower_tail(errors, needed - 1, epsilon) > delta


def test_no_samples_show_nothing() -> None:
    assert upper_bound(0, 0, 0.05) == 1.0
    assert lower_tail(0, 0, 0.5) == 1.0


def test_certain_rates() -> None:
    assert lower_tail(3, 10, 0.0) == 1.0
    assert lower_tail(3, 10, 1.0) == 0.0
    assert lower_tail(10, 10, 1.0) == 1.0


@pytest.mark.parametrize(
    ("errors", "samples", "rate"), [(-1, 5, 0.1), (6, 5, 0.1), (1, 5, -0.1), (1, 5, 1.1), (1, 5, math.nan)]
)
def test_senseless_counts_are_refused(errors: int, samples: int, rate: float) -> None:
    with pytest.raises(ValueError, match="errors among"):
        lower_tail(errors, samples, rate)


@pytest.mark.parametrize(("epsilon", "delta"), [(0.0, 0.05), (1.0, 0.05), (0.01, 0.0), (0.01, 1.0)])
def test_senseless_statements_are_refused(epsilon: float, delta: float) -> None:
    with pytest.raises(ValueError, match="epsilon"):
        samples_needed(0, epsilon, delta)


def test_a_senseless_delta_is_refused() -> None:
    with pytest.raises(ValueError, match="delta"):
        upper_bound(0, 10, 0.0)
