"""The ledger counts everything once, keeps what is unknown unknown, and merges without a loss."""

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.errors import BackendTimeout, ConfigurationError
from cascade.ledger import BUFFERED, MAX_GROUPS, Ledger
from cascade.prices import PriceBook
from cascade.result import (
    Abstention,
    Attempt,
    Cost,
    Failure,
    Outcome,
    Proposal,
    Result,
    Status,
    Verdict,
    total,
)
from cascade.snapshot import LedgerSnapshot, duration, money

BOOK = PriceBook.model_validate(
    {
        "date": "2026-11-01",
        "CNY": {"core_hour": "0.36", "models": {"plus": {"input": "1", "output": "2", "cached": "0.5"}}},
    }
)
YES = Proposal("chitchat", None)
NO = Abstention("no_match")
LATE = Failure(BackendTimeout("too late"))


def attempt(tier: str, verdict: Verdict, cost: Cost) -> Attempt:
    outcomes: dict[Verdict, Outcome] = {"answered": YES, "escalated": NO, "fallback": LATE}
    return Attempt(tier, outcomes[verdict], verdict, "", cost)


def asked(tokens: int | None = 1000, model: str | None = "plus", output: int | None = 100) -> Cost:
    return Cost(1_000_000, calls=1, input_tokens=tokens, output_tokens=output, model=model)


def ruled(latency_ns: int = 10_000) -> Result[Any]:
    return Result("answered", None, "rules", attempts=(attempt("rules", "answered", Cost(latency_ns)),))


def modelled(cost: Cost, verdict: Verdict = "answered") -> Result[Any]:
    attempts = attempt("rules", "escalated", Cost(20_000)), attempt("llm", verdict, cost)
    return Result("answered" if verdict == "answered" else "unresolved", None, attempts=attempts)


REJECTED: Result[Any] = Result("rejected", None, reason="empty")

counts = st.none() | st.integers(0, 5000)
server_costs = st.builds(
    Cost,
    latency_ns=st.integers(0, 10**10),
    queued_ns=counts,
    calls=st.integers(1, 2),
    input_tokens=counts,
    cached_tokens=counts,
    output_tokens=counts,
    model=st.sampled_from(["plus", "other", None]),
)
turns = st.builds(
    attempt,
    st.sampled_from(["rules", "classifier", "llm"]),
    st.sampled_from(["answered", "escalated", "fallback"]),
    st.builds(Cost, st.integers(0, 10**10)) | server_costs,
)
results: st.SearchStrategy[Result[Any]] = st.builds(
    Result,
    st.sampled_from(["answered", "clarify", "unresolved"]),
    st.none(),
    attempts=st.lists(turns, min_size=1, max_size=3).map(tuple),
) | st.just(REJECTED)


def counted(*what: Result[Any], **options: Any) -> LedgerSnapshot:
    ledger = Ledger(BOOK, **options)
    for result in what:
        ledger(result)
    return ledger.snapshot()


@given(st.lists(results, max_size=2 * BUFFERED))
def test_everything_is_counted_once(many: list[Result[Any]]) -> None:
    snapshot = counted(*many)
    attempts = [turn for result in many for turn in result.attempts]
    assert snapshot.requests == len(many)
    assert snapshot.latency.count == sum(1 for result in many if result.attempts)
    assert snapshot.latency.total == total(result.cost for result in many).latency_ns
    assert sum(tier.attempts for tier in snapshot.tiers.values()) == len(attempts)
    for name, tier in snapshot.tiers.items():
        its = [turn for turn in attempts if turn.tier == name]
        cost = total(turn.cost for turn in its)
        assert tier.answered == sum(turn.verdict == "answered" for turn in its)
        assert tier.latency.count == tier.attempts == len(its)
        assert (tier.cost.latency_ns, tier.cost.calls) == (cost.latency_ns, cost.calls)
        assert (tier.cost.input_tokens, tier.cost.output_tokens) == (cost.input_tokens, cost.output_tokens)
        assert tier.unknown_tokens == sum(
            turn.cost.calls > 0 and None in (turn.cost.input_tokens, turn.cost.output_tokens) for turn in its
        )


@given(st.lists(results, max_size=30))
def test_money_is_the_sum_of_what_each_turn_cost(many: list[Result[Any]]) -> None:
    charges = [BOOK.charge(turn.cost) for result in many for turn in result.attempts]
    known = sum((charge for charge in charges if charge is not None), Decimal(0))
    charge = counted(*many).charge()
    # What is nonsense in one turn (more cached than sent) may drown in the sum of its group.
    if all(
        (turn.cost.cached_tokens or 0) <= (turn.cost.input_tokens or 0)
        for result in many
        for turn in result.attempts
    ):
        assert charge.unknown == charges.count(None)
        assert abs(charge.known - known) < Decimal("1e-12")
        assert (charge.amount is None) == (None in charges)


@given(st.lists(results, max_size=40), st.lists(results, max_size=40))
def test_merged_is_as_if_one_had_counted_all(left: list[Result[Any]], right: list[Result[Any]]) -> None:
    both = counted(*left, *right).to_dict()
    ledger = Ledger(BOOK)
    for result in left:
        ledger(result)
    ledger.merge(counted(*right))
    assert ledger.snapshot().to_dict() == both
    merged = Ledger(BOOK)
    merged.merge(counted(*left))
    merged.merge(counted(*right))
    assert merged.snapshot().to_dict() == both


@given(st.lists(results, max_size=20))
def test_a_snapshot_is_json_and_pickles(many: list[Result[Any]]) -> None:
    snapshot = counted(*many)
    assert json.loads(json.dumps(snapshot.to_dict())) == snapshot.to_dict()
    assert pickle.loads(pickle.dumps(snapshot)).to_dict() == snapshot.to_dict()


def test_a_snapshot_does_not_change() -> None:
    ledger = Ledger(BOOK)
    ledger(ruled())
    snapshot = ledger.snapshot()
    before = snapshot.to_dict()
    ledger(modelled(asked()))
    assert snapshot.to_dict() == before
    assert ledger.snapshot().requests == 2


def test_many_threads_lose_nothing() -> None:
    ledger = Ledger(BOOK)
    one = ruled()

    def work(_: int) -> None:
        for _ in range(500):
            ledger(one)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    snapshot = ledger.snapshot()
    assert snapshot.requests == snapshot.tiers["rules"].answered == 4000


def test_what_waits_to_be_counted_is_bounded() -> None:
    ledger = Ledger(BOOK)
    for _ in range(10 * BUFFERED):
        ledger(ruled())
        assert len(ledger._pending) < BUFFERED


def test_a_server_that_names_a_new_model_every_time_does_not_grow_the_ledger() -> None:
    ledger = Ledger(BOOK)
    for number in range(MAX_GROUPS + 100):
        ledger(modelled(asked(model=f"model-{number}")))
    snapshot = ledger.snapshot()
    assert len(snapshot._asked) <= MAX_GROUPS + 1
    assert snapshot.tiers["llm"].asked == snapshot.charge().unknown == MAX_GROUPS + 100


def test_unknown_tokens_stay_unknown_and_are_told() -> None:
    snapshot = counted(modelled(asked()), modelled(asked(tokens=None)), ruled())
    llm = snapshot.tiers["llm"]
    assert (llm.cost.input_tokens, llm.cost.output_tokens) == (None, 200)
    assert (llm.asked, llm.unknown_tokens) == (2, 1)
    charge = snapshot.charge("llm")
    assert (charge.amount, charge.known, charge.unknown) == (None, Decimal("0.0012"), 1)
    assert snapshot.charge("rules").amount == Decimal("0.000000005")  # 50 microseconds of 0.0001 a second


def test_shares_and_statuses() -> None:
    statuses: list[Status] = ["clarify", "unresolved"]
    others: list[Result[Any]] = [
        Result(status, None, attempts=(attempt("rules", "escalated", Cost(1)),)) for status in statuses
    ]
    snapshot = counted(ruled(), ruled(), REJECTED, *others)
    assert snapshot.statuses == {"answered": 2, "rejected": 1, "clarify": 1, "unresolved": 1}
    assert snapshot.share("rules") == pytest.approx(0.4)
    assert snapshot.share("llm") == 0
    assert counted().share("rules") is None


def test_all_to_the_large_model_is_estimated_from_what_was_measured() -> None:
    others = [ruled() for _ in range(8)]
    snapshot = counted(*others, modelled(asked(1000)), modelled(asked(3000)), REJECTED)
    estimate = snapshot.all_llm
    assert estimate.per_request == Decimal("0.0022")  # mean of 1000 + 2 x 100 and 3000 + 2 x 100, per million
    assert estimate.amount == Decimal("0.022")  # ten requests; what was rejected goes nowhere
    assert (estimate.measured, estimate.assumed) == (2, False)


def test_without_a_measurement_nothing_is_invented() -> None:
    assert counted(ruled()).all_llm.amount is None
    assert counted(modelled(asked(tokens=None))).all_llm.amount is None


def test_an_assumption_is_the_callers_and_is_named_one() -> None:
    estimate = counted(ruled(), ruled(), assume=asked(700, output=60)).all_llm
    assert (estimate.amount, estimate.assumed) == (Decimal("0.00164"), True)
    measured = counted(ruled(), modelled(asked()), assume=asked(700, output=60)).all_llm
    assert (measured.amount, measured.assumed) == (Decimal("0.0024"), False)
    unpriced = counted(ruled(), assume=asked(model="nobody")).all_llm
    assert (unpriced.amount, unpriced.assumed) == (None, False)


def test_a_failed_call_is_paid_for() -> None:
    snapshot = counted(modelled(asked(), "fallback"))
    assert snapshot.tiers["llm"].fallback == 1
    assert snapshot.charge("llm").amount == Decimal("0.0012")


def test_money_is_told_as_text_with_its_currency_and_date() -> None:
    money = counted(ruled(), modelled(asked())).to_dict()["money"]
    assert money["currency"] == "CNY"
    assert money["prices_of"] == "2026-11-01"
    assert money["amount"] == money["known"] == "0.001200003"
    assert money["all_llm"]["per_request"] == "0.0012"


def test_the_shipped_book_is_the_default() -> None:
    assert Ledger().prices == PriceBook.load()


def test_only_currencies_of_the_book() -> None:
    with pytest.raises(ConfigurationError, match="EUR"):
        Ledger(BOOK, currency="EUR")  # type: ignore[arg-type]


def test_a_snapshot_reads_well() -> None:
    assert str(counted(ruled(), ruled(), modelled(asked()), REJECTED)).splitlines() == [
        "4 requests: 3 answered, 1 rejected",
        "rules: answered 2 of 3, p50 10.1 µs, p99 20 µs, < ¥0.000001",  # a median to one per cent
        "llm: answered 1 of 1, p50 1 ms, p99 1 ms, 1,000 + 100 tokens, ¥0.0012",
        "spent: ¥0.0012; all of it to the large model: ¥0.0036 (prices of 2026-11-01)",
    ]
    assert "unknown + 100 tokens, unknown" in str(counted(modelled(asked(tokens=None))))
    assert str(counted()).startswith("0 requests\nspent: ¥0.00; all of it to the large model: unknown")


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "unknown"),
        (Decimal(0), "¥0.00"),
        (Decimal("1234.567"), "¥1234.57"),
        (Decimal("0.0006800"), "¥0.00068"),
        (Decimal("0.00123456"), "¥0.00123"),
        (Decimal("4.9E-10"), "< ¥0.000001"),
    ],
)
def test_money_is_readable(amount: Decimal | None, text: str) -> None:
    assert money(amount, "CNY") == text


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (None, "unknown"),
        (0, "0 ns"),
        (999, "999 ns"),
        (20_400, "20.4 µs"),
        (1.5e6, "1.5 ms"),
        (2e12, "2000 s"),
    ],
)
def test_times_are_readable(nanoseconds: float | None, text: str) -> None:
    assert duration(nanoseconds) == text
