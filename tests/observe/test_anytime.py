"""The alarm keeps its promise at all times at once, finds a planted drift, and says how sure it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.errors import ConfigurationError
from cascade.observe.anytime import DriftTest, bets, rate_interval, wealth_paths

RUNS = 400


@given(st.floats(1e-4, 0.9))
def test_every_bet_is_fair_at_epsilon_and_loses_below(epsilon: float) -> None:
    gain, loss = bets(epsilon)
    assert epsilon * gain + (1 - epsilon) * loss == pytest.approx(np.ones(len(gain)))
    below = epsilon / 2
    assert (below * gain + (1 - below) * loss < 1).all()
    assert (loss > 0).all()


@pytest.mark.parametrize(("epsilon", "delta"), [(0.01, 0.05), (0.05, 0.1), (0.2, 0.2)])
def test_false_alarms_stay_within_delta_however_often_one_looks(epsilon: float, delta: float) -> None:
    errors = np.random.default_rng(1).random((RUNS, 4000)) < epsilon  # the worst case that is still no drift
    alarms = (wealth_paths(errors, epsilon) >= 1 / delta).any(axis=1).mean()
    assert alarms <= delta + 2 * np.sqrt(delta * (1 - delta) / RUNS)


def test_false_alarms_stay_within_delta_when_the_error_moves_below_epsilon() -> None:
    rng = np.random.default_rng(2)
    rates = 0.05 * rng.random((RUNS, 40)).repeat(100, axis=1)  # any course below epsilon, not one rate
    alarms = (wealth_paths(rng.random(rates.shape) < rates, 0.05) >= 10).any(axis=1).mean()
    assert alarms <= 0.1


def test_a_drift_from_the_start_is_found_soon() -> None:
    errors = np.random.default_rng(3).random((RUNS, 1500)) < 0.03
    found = wealth_paths(errors, 0.01) >= 1 / 0.05
    assert found.any(axis=1).mean() > 0.99
    assert np.median(found.argmax(axis=1)) < 400


def test_a_drift_that_begins_late_is_found_without_paying_for_the_good_times() -> None:
    rng = np.random.default_rng(4)
    errors = np.concatenate([rng.random((RUNS, 5000)) < 0.002, rng.random((RUNS, 1500)) < 0.05], axis=1)
    found = wealth_paths(errors, 0.01) >= 1 / 0.05
    assert found[:, :5000].any(axis=1).mean() <= 0.05
    assert found.any(axis=1).mean() > 0.99
    late = found[~found[:, :5000].any(axis=1)].argmax(axis=1) - 5000
    assert np.median(late) < 300


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=200), st.sampled_from([0.01, 0.1, 0.5]))
def test_the_test_does_what_was_simulated(errors: list[bool], epsilon: float) -> None:
    test = DriftTest(epsilon, 0.05)
    wealth = []
    for error in errors:
        raised = test.update(error)
        wealth.append(test.wealth)
        assert raised == (test.alarmed_after == test.seen)
    assert wealth == pytest.approx(wealth_paths(np.array([errors], dtype=bool), epsilon)[0].tolist())
    first = next((at for at, value in enumerate(wealth, 1) if value >= 20), None)
    assert test.alarmed_after == first
    assert (test.seen, test.errors) == (len(errors), sum(errors))


def test_wealth_stays_finite_whatever_comes() -> None:
    test = DriftTest(0.01, 0.05)
    for _ in range(2000):
        test.update(True)
    assert test.alarmed
    assert np.isfinite(test.wealth)
    for _ in range(2000):
        test.update(False)
    assert test.wealth > 0


def test_the_interval_holds_at_all_times_at_once() -> None:
    rng, missed = np.random.default_rng(6), 0
    for _ in range(RUNS):
        counts = (rng.random(1000) < 0.03).cumsum()
        seen = np.unique(np.geomspace(1, 1000, 25).astype(int))
        intervals = [rate_interval(int(counts[n - 1]), int(n), 0.1) for n in seen]
        missed += any(not interval.low <= 0.03 <= interval.high for interval in intervals)
    assert missed / RUNS <= 0.1


@given(
    st.integers(0, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.sampled_from([0.01, 0.1]),
)
def test_the_interval_holds_the_share_seen_and_narrows_with_less_demand(
    counts: tuple[int, int], delta: float
) -> None:
    errors, seen = counts
    interval = rate_interval(errors, seen, delta)
    assert 0 <= interval.low <= (errors / seen if seen else 0.5) <= interval.high <= 1
    looser = rate_interval(errors, seen, delta * 2)
    assert interval.low <= looser.low + 1e-12
    assert looser.high <= interval.high + 1e-12


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        DriftTest(0.0, 0.05)
    with pytest.raises(ConfigurationError):
        DriftTest(0.1, 1.0)
    with pytest.raises(ValueError, match="among"):
        rate_interval(2, 1, 0.1)
