"""The engine sequences tiers, and neither input, tiers, policies nor listeners can make it raise."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.engine import Engine
from cascade.errors import BackendUnavailable, CascadeClosed
from cascade.orders import OrderIntent
from cascade.policy import Decision, PolicySpec, Settlement, Threshold, ThresholdPolicy
from cascade.result import Abstention, Attempt, Cost, Failure, Outcome, Proposal, Result, total
from cascade.text import Normalizer, Utterance
from cascade.tiers.base import Context, Steps

POLICY = ThresholdPolicy(
    PolicySpec(default=Threshold(confidence=0.8), acting=Threshold(confidence=0.95)),
    {"order_drink": True, "chitchat": False},
)
HELLO = Proposal("chitchat", OrderIntent(intent="chitchat"))


class Fixed:
    """A tier that says the same to everything."""

    def __init__(self, name: str, outcome: Any) -> None:
        self.name = name
        self._outcome = outcome

    def propose(self, utterance: Utterance, context: Context) -> Outcome:
        if isinstance(self._outcome, BaseException):
            raise self._outcome
        outcome: Outcome = self._outcome
        return outcome


class Waiting:
    """A tier that waits for a call, and answers with what came of it."""

    name = "llm"

    def __init__(self, call: Callable[[], Awaitable[str]]) -> None:
        self._call = call

    def propose(self, utterance: Utterance, context: Context) -> Steps:
        try:
            said = yield self._call
        except BackendUnavailable as error:
            return Failure(error, Cost(calls=1, input_tokens=None))
        return Proposal(
            "chitchat", OrderIntent(intent="chitchat"), detail=said, usage=Cost(calls=1, output_tokens=3)
        )


def engine(
    *tiers: Any, listeners: Sequence[Callable[[Result[Any]], None]] = (), policy: Any = POLICY
) -> Engine[OrderIntent]:
    return Engine(tiers, policy, Normalizer(max_chars=50), listeners=listeners)


async def reply() -> str:
    await asyncio.sleep(0)
    return "hi"


def test_the_first_tier_that_is_sure_answers() -> None:
    result = engine(Fixed("rules", Abstention("no_match")), Fixed("classifier", HELLO)).classify("你好")
    assert (result.status, result.tier, result.intent) == ("answered", "classifier", "chitchat")
    assert [(a.tier, a.verdict, a.reason) for a in result.attempts] == [
        ("rules", "escalated", "no_match"),
        ("classifier", "answered", ""),
    ]


def test_a_tier_that_waits_is_driven_from_threads_and_loops_alike() -> None:
    with engine(Waiting(reply)) as made:
        sync = made.classify("你好")
        async_ = asyncio.run(made.aclassify("你好"))
    assert (sync.answer, sync.status, sync.cost.output_tokens) == (
        async_.answer,
        async_.status,
        async_.cost.output_tokens,
    )
    assert sync.cost.calls == 1


def test_a_broken_tier_is_a_fallback_and_not_an_exception(caplog: pytest.LogCaptureFixture) -> None:
    result = engine(Fixed("rules", ZeroDivisionError("boom")), Fixed("classifier", HELLO)).classify("你好")
    assert result.status == "answered"
    assert result.attempts[0].verdict == "fallback"
    assert "tier rules failed" in caplog.text


def test_a_tier_that_gives_nonsense_is_a_fallback() -> None:
    result = engine(Fixed("rules", "奶茶")).classify("你好")
    assert result.status == "unresolved"
    assert "not an outcome" in str(getattr(result.attempts[0].outcome, "error", ""))


def test_a_server_that_is_down_is_told_and_not_raised() -> None:
    async def refused() -> str:
        raise BackendUnavailable("connection refused")

    with engine(Waiting(refused)) as made:
        result = made.classify("你好")
    assert (result.status, result.reason) == ("unresolved", "BackendUnavailable")
    assert result.cost.input_tokens is None


def test_a_policy_that_fails_answers_nothing() -> None:
    class Broken:
        def decide(self, tier: str, proposal: Proposal) -> Decision:
            raise KeyError(tier)

        def settle(self, attempts: Sequence[Attempt]) -> Settlement:
            return Settlement("unresolved", attempts[-1].reason)

    result = engine(Fixed("rules", HELLO), policy=Broken()).classify("你好")
    assert (result.status, result.reason) == ("unresolved", "CascadeError")


def test_a_listener_cannot_break_a_decision() -> None:
    heard: list[Result[Any]] = []

    def deaf(result: Result[Any]) -> None:
        raise RuntimeError("disk full")

    result = engine(Fixed("rules", HELLO), listeners=[deaf, heard.append]).classify("你好")
    assert result.status == "answered"
    assert heard == [result]


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "empty"), ("  \u200b", "empty"), ("长" * 51, "too_long"), (None, "not_text"), (b"x", "not_text")],
)
def test_what_is_not_an_utterance_is_rejected_and_told_to_listeners(text: Any, reason: str) -> None:
    heard: list[Result[Any]] = []
    result = engine(Fixed("rules", HELLO), listeners=[heard.append]).classify(text)
    assert (result.status, result.reason, result.attempts) == ("rejected", reason, ())
    assert heard == [result]


def test_many_wait_side_by_side_and_come_back_in_order() -> None:
    inside, most = 0, 0

    async def slow() -> str:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.01)
        inside -= 1
        return "ok"

    with engine(Waiting(slow)) as made:
        texts = [f"第{i}个" for i in range(20)]
        results = made.classify_many(iter(texts), max_in_flight=4)
    assert [r.utterance.raw for r in results if r.utterance] == texts
    assert 2 <= most <= 4


def test_many_of_none_is_none() -> None:
    assert engine(Fixed("rules", HELLO)).classify_many([]) == []


def test_cancelling_an_async_caller_cancels_the_call() -> None:
    started, cancelled = threading.Event(), threading.Event()

    async def forever() -> str:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return "never"

    async def impatient(made: Engine[OrderIntent]) -> None:
        task = asyncio.create_task(made.aclassify("你好"))
        await asyncio.to_thread(started.wait, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with engine(Waiting(forever)) as made:
        asyncio.run(impatient(made))
        assert cancelled.wait(5)


@pytest.mark.parametrize("way", ["sync", "async"])
def test_closing_tells_those_who_wait(way: str) -> None:
    started = threading.Event()

    async def forever() -> str:
        started.set()
        await asyncio.Event().wait()
        return "never"

    made = engine(Waiting(forever))
    with ThreadPoolExecutor(1) as pool:
        ask: Callable[[], Result[OrderIntent]] = (
            (lambda: made.classify("你好"))
            if way == "sync"
            else (lambda: asyncio.run(made.aclassify("你好")))
        )
        future = pool.submit(ask)
        assert started.wait(5)
        made.close()
        result = future.result(5)
    assert (result.status, result.reason) == ("unresolved", "CascadeClosed")
    with pytest.raises(CascadeClosed):
        made.classify("你好")


def test_a_deadline_reaches_the_tiers_on_the_engines_clock() -> None:
    seen: list[Context] = []

    class Looking:
        name = "rules"

        def propose(self, utterance: Utterance, context: Context) -> Outcome:
            seen.append(context)
            return Abstention("no_match")

    ticks: Iterator[int] = iter(range(10**9, 10**12, 10**9))
    made: Engine[OrderIntent] = Engine([Looking()], POLICY, Normalizer(), clock=lambda: next(ticks))
    made.classify("你好", deadline_s=0.5, caller="user-7", idempotency_key="k")
    assert seen == [Context(deadline=1.5, caller="user-7", idempotency_key="k")]


costs = st.builds(
    Cost,
    latency_ns=st.integers(0, 10**12),
    queued_ns=st.none() | st.integers(0, 10**12),
    calls=st.integers(0, 3),
    input_tokens=st.none() | st.integers(0, 10**6),
    cached_tokens=st.none() | st.integers(0, 10**6),
    output_tokens=st.none() | st.integers(0, 10**6),
)


@given(st.lists(costs, max_size=5))
def test_attempts_add_up_to_the_cost_and_unknown_stays_unknown(parts: list[Cost]) -> None:
    attempts = tuple(Attempt("llm", Abstention("x"), "escalated", "x", cost) for cost in parts)
    result: Result[OrderIntent] = Result("unresolved", None, attempts=attempts)
    cost = result.cost
    assert cost == total(parts)
    assert cost.latency_ns == sum(part.latency_ns for part in parts)
    for name in ("queued_ns", "input_tokens", "cached_tokens", "output_tokens"):
        values = [getattr(part, name) for part in parts]
        assert getattr(cost, name) == (None if None in values else sum(values))


@given(st.text() | st.binary() | st.none() | st.integers())
def test_no_input_raises(text: Any) -> None:
    assert engine(Fixed("rules", HELLO)).classify(text).status in {"answered", "rejected"}
