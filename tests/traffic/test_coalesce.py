"""One call for identical questions; nobody's end is another's, and every call is charged once."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cascade.backends.base import Priority
from cascade.errors import BackendError, BackendOverloaded, BackendTimeout, BackendUnavailable
from cascade.traffic.admission import Ticket
from cascade.traffic.coalesce import GRACE_S, Coalescer, Landing
from traffic.kit import VirtualLoop, now, run

Start = Callable[[Ticket], Awaitable[str]]


def starts(seconds: float, log: list[str], error: BackendError | None = None) -> Start:
    async def start(ticket: Ticket) -> str:
        ticket.calls += 1
        log.append("began")
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            log.append("cancelled")
            raise
        log.append("ended")
        if error is not None:
            raise error
        return "answer"

    return start


def ticket(deadline: float = 100.0, priority: Priority = Priority.NORMAL) -> Ticket:
    return Ticket(priority, deadline)


def test_ten_at_once_are_one_call_charged_once() -> None:
    async def main() -> tuple[list[Landing[str]], list[str]]:
        log: list[str] = []
        flights: Coalescer[str] = Coalescer(now)
        start = starts(1, log)
        return list(await asyncio.gather(*(flights.ask("k", ticket(), start) for _ in range(10)))), log

    landings, log = run(main())
    assert log == ["began", "ended"]
    assert {landing.result for landing in landings} == {"answer"}
    assert sorted(landing.calls for landing in landings) == [0] * 9 + [1]


def test_a_cancelled_leader_does_not_fail_the_followers() -> None:
    async def main() -> tuple[Landing[str], list[str]]:
        log: list[str] = []
        flights: Coalescer[str] = Coalescer(now)
        leader = asyncio.ensure_future(flights.ask("k", ticket(), starts(2, log)))
        await asyncio.sleep(0.5)
        follower = asyncio.ensure_future(flights.ask("k", ticket(), starts(2, log)))
        await asyncio.sleep(0.5)
        leader.cancel()
        return await follower, log

    landing, log = run(main())
    assert landing == Landing("answer", 1)
    assert log == ["began", "ended"]


def test_when_the_last_one_leaves_the_call_is_cancelled_and_the_next_one_asks_anew() -> None:
    async def main() -> tuple[list[str], list[int]]:
        log: list[str] = []
        orphans: list[int] = []
        flights: Coalescer[str] = Coalescer(now, orphaned=lambda calls, _: orphans.append(calls))
        asking = [asyncio.ensure_future(flights.ask("k", ticket(), starts(2, log))) for _ in range(3)]
        await asyncio.sleep(1)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        assert len(flights) == 0
        await flights.ask("k", ticket(), starts(2, log))
        return log, orphans

    log, orphans = run(main())
    assert log == ["began", "cancelled", "began", "ended"]
    assert sum(orphans) == 1


def test_a_result_that_comes_as_the_last_one_leaves_is_told_with_its_calls() -> None:
    async def main() -> list[tuple[int, str | None]]:
        orphans: list[tuple[int, str | None]] = []
        flights: Coalescer[str] = Coalescer(now, orphaned=lambda *told: orphans.append(told))
        leaving: list[asyncio.Task[Landing[str]]] = []

        async def start(ticket: Ticket) -> str:
            ticket.calls += 1
            leaving[0].cancel()  # in the turn of the loop in which the answer comes
            return "answer"

        leaving.append(asyncio.ensure_future(flights.ask("k", ticket(), start)))
        await asyncio.gather(*leaving, return_exceptions=True)
        assert leaving[0].cancelled()
        return orphans

    assert run(main()) == [(1, "answer")]


def test_an_error_reaches_everybody_as_ones_own_and_is_charged_once() -> None:
    async def main() -> list[BaseException]:
        flights: Coalescer[str] = Coalescer(now)
        start = starts(1, [], BackendUnavailable("reset", retry_after_s=3))
        asked = (flights.ask("k", ticket(), start) for _ in range(4))
        ended = await asyncio.gather(*asked, return_exceptions=True)
        return [error for error in ended if isinstance(error, BaseException)]

    errors = run(main())
    assert len({id(error) for error in errors}) == 4
    assert all(isinstance(error, BackendUnavailable) and error.retry_after_s == 3 for error in errors)
    assert sorted(error.calls for error in errors if isinstance(error, BackendError)) == [0, 0, 0, 1]


def test_each_keeps_its_own_deadline() -> None:
    async def main() -> tuple[float, BackendError, Landing[str]]:
        flights: Coalescer[str] = Coalescer(now)
        patient = asyncio.ensure_future(flights.ask("k", ticket(10), starts(5, [])))
        await asyncio.sleep(0)
        with pytest.raises(BackendTimeout) as told:
            await flights.ask("k", ticket(1), starts(5, []))
        return now(), told.value, await patient

    at, error, landing = run(main())
    assert at == pytest.approx(1 + GRACE_S)
    assert error.calls == 0
    assert landing.calls == 1


def test_who_joined_a_call_with_worse_terms_asks_anew_when_it_fails_for_them() -> None:
    async def main() -> tuple[BackendError | Landing[str], Landing[str]]:
        flights: Coalescer[str] = Coalescer(now)
        audit = ticket(2, Priority.AUDIT)
        full = BackendOverloaded("full", reason="queue_full", retry_after_s=1)
        leader = asyncio.ensure_future(flights.ask("k", audit, starts(1, [], full)))
        await asyncio.sleep(0.5)
        follower = await flights.ask("k", ticket(9, Priority.ACTING), starts(1, []))
        (ended,) = await asyncio.gather(leader, return_exceptions=True)
        assert isinstance(ended, BackendError | Landing)
        return ended, follower

    leader, follower = run(main())
    assert isinstance(leader, BackendOverloaded)
    assert leader.calls + follower.calls == 2


def test_an_error_that_nobody_waited_for_is_not_complained_of() -> None:
    complaints: list[object] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
        flights: Coalescer[str] = Coalescer(now)
        asking = asyncio.ensure_future(flights.ask("k", ticket(), starts(1, [], BackendUnavailable("reset"))))
        await asyncio.sleep(0.999)
        asyncio.get_running_loop().call_later(0.001, asking.cancel)
        await asyncio.gather(asking, return_exceptions=True)
        await asyncio.sleep(1)

    run(main())
    gc.collect()
    assert complaints == []


ASKER = st.tuples(
    st.sampled_from("ab"),
    st.floats(0, 3),
    st.floats(0.01, 6),
    st.none() | st.floats(0, 4),
    st.sampled_from(Priority),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(ASKER, min_size=1, max_size=12), st.floats(0.01, 3), st.sampled_from(["good", "bad", "full"]))
def test_calls_reconcile_whatever_anybody_does(
    askers: list[tuple[str, float, float, float | None, Priority]], takes: float, how: str
) -> None:
    """Every call is told to exactly one asker or counted as orphaned, and nobody waits past the deadline."""
    error = {
        "good": None,
        "bad": BackendUnavailable("reset"),
        "full": BackendOverloaded("full", reason="queue_full", retry_after_s=1.0),
    }[how]

    async def main() -> tuple[int, int, int]:
        log: list[str] = []
        orphans: list[int] = []
        flights: Coalescer[str] = Coalescer(now, orphaned=lambda calls, _: orphans.append(calls))
        told = 0

        async def ask(key: str, at: float, patience: float, leaves: float | None, priority: Priority) -> None:
            nonlocal told
            await asyncio.sleep(at)
            deadline = now() + patience
            asking = asyncio.ensure_future(
                flights.ask(key, Ticket(priority, deadline), starts(takes, log, error))
            )
            if leaves is not None:
                asyncio.get_running_loop().call_later(leaves, asking.cancel)
            try:
                landing = await asking
                told += landing.calls
            except BackendError as failed:
                told += failed.calls
            except asyncio.CancelledError:
                pass
            assert now() <= deadline + GRACE_S + 1e-6

        await asyncio.gather(*(ask(*asker) for asker in askers))
        assert len(flights) == 0
        return log.count("began"), told, sum(orphans)

    began, told, orphaned = run(main())
    assert began == told + orphaned


class CoalescerMachine(RuleBasedStateMachine):
    """Joins, cancellations, deadlines, successes and failures in any order, on a clock that the machine moves."""

    @initialize()
    def begin(self) -> None:
        self.loop = VirtualLoop()
        self.orphans: list[int] = []
        self.flights: Coalescer[str] = Coalescer(
            self.loop.time, orphaned=lambda calls, _: self.orphans.append(calls)
        )
        self.calls: list[tuple[str, asyncio.Future[str]]] = []
        self.asking: list[tuple[float, asyncio.Task[Landing[str]]]] = []
        self.told: list[int] = []
        self.step(0)

    def step(self, seconds: float) -> None:
        self.loop.run_until_complete(asyncio.sleep(seconds))
        self.loop.run_until_complete(asyncio.sleep(0))

    async def call(self, key: str, shared: Ticket) -> str:
        shared.calls += 1
        reply: asyncio.Future[str] = self.loop.create_future()
        self.calls.append((key, reply))
        return await reply

    @rule(key=st.sampled_from("ab"), patience=st.floats(0.1, 10), priority=st.sampled_from(Priority))
    def ask(self, key: str, patience: float, priority: Priority) -> None:
        deadline = self.loop.time() + patience
        asking = self.flights.ask(key, Ticket(priority, deadline), partial(self.call, key))
        task = self.loop.create_task(asking)
        task.add_done_callback(self.note)
        self.asking.append((deadline, task))
        self.step(0)

    def note(self, task: asyncio.Task[Landing[str]]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        assert error is None or isinstance(error, BackendError)
        self.told.append(task.result().calls if error is None else error.calls)

    @precondition(lambda self: self.asking)
    @rule(which=st.integers(0))
    def leave(self, which: int) -> None:
        self.asking[which % len(self.asking)][1].cancel()
        self.step(0)

    @precondition(lambda self: self.calls)
    @rule(which=st.integers(0), error=st.none() | st.sampled_from([BackendUnavailable, BackendTimeout]))
    def end(self, which: int, error: type[BackendError] | None) -> None:
        _, reply = self.calls[which % len(self.calls)]
        if not reply.done():
            reply.set_exception(error("broken")) if error else reply.set_result("answer")
        self.step(0)

    @rule(seconds=st.floats(0, 5))
    def wait(self, seconds: float) -> None:
        self.step(seconds)

    @invariant()
    def one_call_a_key(self) -> None:
        for key in "ab":
            assert sum(of == key and not reply.done() for of, reply in self.calls) <= 1

    @invariant()
    def nobody_waits_past_the_deadline(self) -> None:
        now = self.loop.time()
        assert all(task.done() or now <= deadline + GRACE_S + 1e-6 for deadline, task in self.asking)

    @invariant()
    def no_call_is_told_twice(self) -> None:
        assert sum(self.told) + sum(self.orphans) <= len(self.calls)

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.step(20)
            assert len(self.flights) == 0
            assert sum(self.told) + sum(self.orphans) == len(self.calls)
            self.loop.close()


TestCoalescerMachine = CoalescerMachine.TestCase
