"""Retries: only what may pass, only within budget, never sooner than the server asked."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.errors import (
    BackendError,
    BackendOverloaded,
    BackendRejected,
    BackendReplyInvalid,
    BackendTimeout,
    BackendUnavailable,
)
from cascade.traffic.retry import RetryBudget, backoff_s, worth_retrying
from cascade.traffic.spec import RetrySpec

SPEC = RetrySpec(base_s=0.1, max_s=2.0, budget_ratio=0.1, budget_burst=5)


@given(st.lists(st.booleans(), max_size=500))
def test_retries_stay_within_the_burst_and_the_share(script: list[bool]) -> None:
    budget, asked, spent = RetryBudget(SPEC), 0, 0
    for wants_retry in script:
        if wants_retry:
            spent += budget.spend()
        else:
            budget.earn()
            asked += 1
    assert spent <= SPEC.budget_burst + SPEC.budget_ratio * asked + 1e-9
    assert 0 <= budget.saved <= SPEC.budget_burst


@given(st.integers(2, 1000), st.none() | st.floats(0, 100), st.booleans(), st.integers())
def test_the_wait_is_jittered_capped_and_no_less_than_asked(
    attempt: int, wish: float | None, elsewhere: bool, seed: int
) -> None:
    error = BackendUnavailable("busy", retry_after_s=wish)
    wait = backoff_s(SPEC, attempt, error, Random(seed), elsewhere)
    least = 0.0 if elsewhere or wish is None else wish
    assert least <= wait <= least + min(SPEC.max_s, SPEC.base_s * 2 ** min(attempt - 2, 30))


@pytest.mark.parametrize(
    ("error", "here", "elsewhere"),
    [
        (BackendUnavailable("reset"), True, True),
        (BackendTimeout("slow"), True, True),
        (BackendReplyInvalid("nonsense"), False, False),
        (BackendRejected("bad schema", status=500, retryable=False), False, False),
        (BackendRejected("no such model", status=404), False, True),
        (BackendRejected("wrong key", status=401), False, True),
        (BackendOverloaded("full", reason="queue_full", retry_after_s=1.0), False, False),
    ],
)
def test_what_is_tried_again(error: BackendError, here: bool, elsewhere: bool) -> None:
    assert worth_retrying(error, hosts_left=False) is here
    assert worth_retrying(error, hosts_left=True) is elsewhere
