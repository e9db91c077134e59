"""The ledger counts everything once, keeps what is unknown unknown, and merges without a loss."""

import asyncio
import json
import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from cascade import Cascade
from cascade.engine import Engine, Listener
from cascade.errors import BackendTimeout, ConfigurationError
from cascade.ledger import Ledger, LedgerSnapshot
from cascade.ledger.figures import Throughput
from cascade.ledger.listener import BUFFERED
from cascade.ledger.snapshot import DIMENSIONS
from cascade.ledger.tally import MAX_GROUPS, MAX_SLICES, OTHER, Label
from cascade.ledger.units import duration, money
from cascade.ledger.wire import from_wire, to_wire
from cascade.policy import Decision, Settlement
from cascade.prices import PriceBook, View
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
from cascade.testing import After, FakeBackend
from cascade.text import Normalizer, Utterance
from cascade.tiers.base import Context

BOOK = PriceBook.model_validate(
    {
        "date": "2026-11-01",
        "CNY": {"core_hour": "0.36", "models": {"plus": {"input": "1", "output": "2", "cached": "0.5"}}},
        "hosts": {"own": {"hour": {"CNY": "36"}, "output_tokens_per_s": "100"}},
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


TINY = Decimal("1e-12")
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
    model=st.sampled_from(["plus", "own", "other", None]),
    prompt_ns=counts,
    output_ns=counts,
    lost_calls=st.integers(0, 1),
)
turns = st.builds(
    attempt,
    st.sampled_from(["rules", "classifier", "llm"]),
    st.sampled_from(["answered", "escalated", "fallback"]),
    st.builds(Cost, st.integers(0, 10**10))
    | server_costs
    | st.builds(Cost, st.integers(0, 10**10), model=st.just("plus")),
)
results: st.SearchStrategy[Result[Any]] = st.builds(
    Result,
    st.sampled_from(["answered", "clarify", "unresolved"]),
    st.none(),
    st.sampled_from(["rules", "llm", None]),
    st.sampled_from(["chitchat", "order_drink", None]),
    attempts=st.lists(turns, min_size=1, max_size=3).map(tuple),
) | st.just(REJECTED)
labels = st.tuples(st.sampled_from(["三八节", "奶茶节", None]), st.sampled_from(["normal", "red", None]))
labelled = st.lists(st.tuples(results, labels), max_size=40)


def counted_under(many: list[tuple[Result[Any], Label]]) -> LedgerSnapshot:
    now: Label = (None, None)
    ledger = Ledger(BOOK, campaign=lambda: now[0], rung=lambda: now[1])
    for result, label in many:
        now = label
        ledger(result)
    return ledger.snapshot()


def merged(*snapshots: LedgerSnapshot) -> LedgerSnapshot:
    ledger = Ledger(BOOK)
    for snapshot in snapshots:
        ledger.merge(snapshot)
    return ledger.snapshot()


def counted(*what: Result[Any], **options: Any) -> LedgerSnapshot:
    ledger = Ledger(BOOK, **options)
    for result in what:
        ledger(result)
    return ledger.snapshot()


@settings(deadline=None)
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


def sane(cost: Cost) -> bool:
    """What is nonsense in one turn (more cached than sent) may drown in the sum of its group."""
    return (cost.cached_tokens or 0) <= (cost.input_tokens or 0) and (cost.queued_ns or 0) <= cost.latency_ns


@pytest.mark.parametrize("view", ["paid", "list", "host"])
@settings(deadline=None)
@given(st.lists(results, max_size=30))
def test_money_is_the_sum_of_what_each_turn_cost(view: View, many: list[Result[Any]]) -> None:
    costs = [turn.cost for result in many for turn in result.attempts]
    charges = [BOOK.charge(cost, view=view) for cost in costs]
    known = sum((BOOK.known(cost, view=view) for cost in costs), Decimal(0))
    charge = counted(*many).charge(view=view)
    if all(map(sane, costs)):
        assert charge.unknown == charges.count(None)
        assert abs(charge.known - known) < TINY
        assert (charge.amount is None) == (None in charges)
        assert charge.estimate is None or charge.estimate >= charge.known


@pytest.mark.parametrize("view", ["paid", "list", "host"])
@settings(deadline=None)
@given(labelled)
def test_the_charges_of_the_parts_add_up_to_the_whole(
    view: View, many: list[tuple[Result[Any], Label]]
) -> None:
    snapshot = counted_under(many)
    whole = snapshot.charge(view=view)
    tiers = [snapshot.charge(tier, view) for tier in snapshot.tiers]
    shares = [(part.known, part.unknown) for part in tiers]
    assert abs(sum((known for known, _ in shares), Decimal(0)) - whole.known) < TINY
    assert sum(unknown for _, unknown in shares) == whole.unknown
    for dimension in DIMENSIONS:
        parts = snapshot.by(dimension).values()
        charges = [{"paid": part.paid, "list": part.listed, "host": part.hosted}[view] for part in parts]
        assert abs(sum((charge.known for charge in charges), Decimal(0)) - whole.known) < TINY
        assert sum(charge.unknown for charge in charges) == whole.unknown
        assert sum(part.requests for part in parts) == snapshot.requests
        assert sum(part.calls for part in parts) == sum(tier.cost.calls for tier in snapshot.tiers.values())
        gpu = snapshot.gpu_seconds()
        assert abs(sum((part.gpu_seconds.known for part in parts), Decimal(0)) - gpu.known) < TINY


@settings(deadline=None)
@given(labelled, labelled, labelled)
def test_merging_is_in_any_order_what_one_ledger_would_have_counted(
    one: list[tuple[Result[Any], Label]],
    two: list[tuple[Result[Any], Label]],
    three: list[tuple[Result[Any], Label]],
) -> None:
    whole = counted_under(one + two + three).to_dict()
    a, b, c = map(counted_under, (one, two, three))
    assert merged(merged(a, b), c).to_dict() == whole
    assert merged(a, merged(b, c)).to_dict() == whole
    assert merged(merged(c, a), b).to_dict() == whole


@settings(deadline=None)
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


@settings(deadline=None)
@given(st.lists(results, max_size=20))
def test_a_snapshot_is_json_and_pickles(many: list[Result[Any]]) -> None:
    snapshot = counted(*many)
    assert json.loads(json.dumps(snapshot.to_dict())) == snapshot.to_dict()
    assert pickle.loads(pickle.dumps(snapshot)).to_dict() == snapshot.to_dict()


@settings(deadline=None)
@given(st.lists(results, max_size=30))
def test_a_snapshot_comes_back_from_json_as_it_was(many: list[Result[Any]]) -> None:
    snapshot = counted(*many)
    back = from_wire(json.loads(json.dumps(to_wire(snapshot))), Ledger(BOOK))
    assert back.to_dict() == snapshot.to_dict()
    assert merged(back, back).to_dict() == merged(snapshot, snapshot).to_dict()


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"v": 2},
        {"v": 1},
        {"v": 1, "latency": [1, 2], "turns": [], "cells": [], "spent": []},
        {"v": 1, "latency": [3, 5, 5, [1, 1]], "turns": [], "cells": [], "spent": []},
        {"v": 1, "latency": [0, 0, 0], "turns": [], "cells": [[["a"], [1, 2, 3, 4]]], "spent": []},
    ],
)
def test_what_is_no_snapshot_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="ledger"):
        from_wire(data, Ledger(BOOK))


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
    assert len(snapshot._tally.spent) <= MAX_GROUPS + 1
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


def test_labels_are_asked_for_at_every_result_in_the_callers_context() -> None:
    campaign: ContextVar[str | None] = ContextVar("campaign", default=None)
    ledger = Ledger(BOOK, campaign=campaign.get, rung="normal")
    ledger(ruled())
    campaign.set("三八节")
    ledger(ruled())
    ledger(ruled())
    parts = ledger.snapshot().by("campaign")
    assert {name: part.requests for name, part in parts.items()} == {None: 1, "三八节": 2}
    assert list(ledger.snapshot().by("rung")) == ["normal"]


def test_a_label_that_is_new_every_time_does_not_grow_the_ledger() -> None:
    numbers = iter(range(10 * MAX_SLICES))
    ledger = Ledger(BOOK, campaign=lambda: f"c{next(numbers)}")
    for _ in range(MAX_SLICES + 100):
        ledger(ruled())
    snapshot = ledger.snapshot()
    assert len(snapshot._tally.cells) <= MAX_SLICES + 1
    assert snapshot.by("campaign")[OTHER].requests == 100
    assert snapshot.requests == snapshot.tiers["rules"].answered == MAX_SLICES + 100


def test_who_passed_a_request_on_is_paid_by_it_too() -> None:
    snapshot = counted(ruled(), modelled(asked()))
    by_intent = snapshot.by("tier")
    assert snapshot.charge("rules").amount == Decimal("0.000000003")  # 10 and 20 microseconds
    whole = snapshot.by("purpose")["decision"].paid.amount
    assert whole == snapshot.charge().amount == Decimal("0.001200003")
    assert by_intent["rules"].paid.amount == Decimal("0.000000001")


def test_what_others_asked_for_costs_nothing_more_and_is_counted() -> None:
    hit = modelled(Cost(2_000_000_000, model="plus"))
    whole = replace(asked(), prompt_ns=1, output_ns=1)  # of which as much is known as of a hit
    refused = modelled(Cost(3_000_000_000, model="plus"), "fallback")
    snapshot = counted(hit, hit, refused, modelled(whole))
    llm = snapshot.tiers["llm"]
    assert (llm.asked, llm.hits, llm.attempts) == (1, 2, 4)
    assert snapshot.charge("llm").amount == Decimal("0.0012")  # no processor was busy while they waited
    assert snapshot.by("tier")[None].hits == 2
    assert snapshot.all_llm.per_request == Decimal("0.0012")  # a hit says nothing of what a call costs


def test_lost_calls_leave_a_known_part_and_an_estimate() -> None:
    retried = replace(asked(), calls=2, lost_calls=1)
    snapshot = counted(modelled(asked()), modelled(retried), modelled(Cost.untold(1, "plus"), "fallback"))
    charge = snapshot.charge("llm")
    assert (charge.amount, charge.known, charge.unknown) == (None, Decimal("0.0024"), 2)
    assert charge.estimate == Decimal(
        "0.0048"
    )  # two calls of which nothing was told, like the one that is known
    assert snapshot.lost_calls == 2
    assert counted(modelled(Cost.untold(1, "plus"), "fallback")).charge("llm").estimate is None


def test_repairs_are_paid_for_and_told() -> None:
    snapshot = counted(modelled(asked() + asked()), modelled(asked()))
    assert (snapshot.repaired, snapshot.charge("llm").amount) == (1, Decimal("0.0036"))


def test_audits_and_cancelled_work_are_nobodys_request() -> None:
    ledger = Ledger(BOOK)
    ledger(ruled())
    ledger.spent("audit", asked())
    ledger.spent("cancelled", Cost.untold(2, "plus"), turns=2)
    snapshot = ledger.snapshot()
    parts = snapshot.by("purpose")
    assert snapshot.requests == 1
    assert parts["audit"].paid.amount == Decimal("0.0012")
    assert (parts["cancelled"].paid.amount, parts["cancelled"].paid.estimate) == (None, None)
    assert (parts["audit"].requests, parts["cancelled"].calls) == (0, 2)
    total = snapshot.charge()
    assert (total.amount, total.unknown, total.estimate) == (None, 2, Decimal("0.003600001"))
    assert snapshot.all_llm.measured == 0  # an audit is no sample of what had to go there


def test_both_views_stand_side_by_side() -> None:
    snapshot = counted(modelled(asked()), modelled(asked(model="own")))
    assert snapshot.charge("llm", "list").known == Decimal("0.0012")
    assert snapshot.charge("llm", "host").known == Decimal(
        "0.01"
    )  # 100 tokens of 100 a second, 0.01 a second
    assert snapshot.charge("llm").amount == Decimal("0.0112")
    assert snapshot.gpu_seconds("llm").unknown == 0


def test_the_ledger_measures_what_models_put_out() -> None:
    told = replace(asked(output=50), prompt_ns=500_000_000, output_ns=2_000_000_000)
    snapshot = counted(modelled(told), modelled(told), modelled(asked()))
    speed = snapshot.throughput["plus"]
    assert (speed.turns, speed.writing_per_s, speed.per_s) == (2, 25, 20)
    # the third told nothing but how long it took, and that is a bound
    assert snapshot.gpu_seconds("llm").amount == Decimal("5.001")


def test_throughput_does_not_hang_on_who_was_counted_first() -> None:
    verdicts: tuple[Verdict, ...] = ("answered", "escalated", "fallback")
    turns = [
        modelled(replace(asked(output=100), prompt_ns=100_000_000 * n, output_ns=100_000_000 * n), verdict)
        for n, verdict in enumerate(verdicts, 1)
    ]
    speeds = {counted(*order).throughput["plus"] for order in (turns, turns[::-1])}
    speeds.add(merged(*map(counted, turns[::-1])).throughput["plus"])
    assert speeds == {Throughput(3, 300, 0.6, 1.2)}  # 0.1 + 0.2 + 0.3 would depend on the order


class Asking:
    """A tier that says at once what a model would have cost."""

    name = "llm"

    def propose(self, utterance: Utterance, context: Context) -> Outcome:
        return Proposal("chitchat", None, confidence=1.0, usage=asked())


class Agreeing:
    """A policy that takes everything."""

    def decide(self, tier: str, proposal: Proposal) -> Decision:
        return Decision(True)

    def settle(self, attempts: Sequence[Attempt]) -> Settlement:
        return Settlement("unresolved", "nothing")


def test_what_an_audit_asks_is_charged_to_audits() -> None:
    ledger = Ledger(BOOK)
    listeners: list[Listener] = [ledger, lambda _: None]
    with Engine[BaseModel]([Asking()], Agreeing(), Normalizer(), listeners=listeners) as engine:
        result = engine.classify("你好")
        assert result.utterance is not None
        engine.consult("llm", result.utterance)
    parts = ledger.snapshot().by("purpose")
    assert {name: part.paid.amount for name, part in parts.items()} == {
        "decision": Decimal("0.0012"),
        "audit": Decimal("0.0012"),
    }


async def until(true: Callable[[], bool]) -> None:
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to pass in time")


async def test_calls_whose_callers_went_away_are_charged_to_nobody() -> None:
    ledger = Ledger(BOOK)
    backend = FakeBackend([After(30, "{}")], model="plus")
    async with Cascade.load(llm=[backend], listeners=[ledger]) as cascade:
        asking = asyncio.ensure_future(cascade.aclassify("千问，帮我点一杯少糖少冰、适合备考的奶茶"))
        await until(lambda: bool(backend.requests))
        asking.cancel()
        await asyncio.wait([asking])
        await until(lambda: backend.cancelled > 0)
    cancelled = ledger.snapshot().by("purpose")["cancelled"]
    assert (cancelled.requests, cancelled.calls, cancelled.paid.unknown) == (0, 1, 1)
