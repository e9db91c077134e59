"""The engine: runs the tiers in order, asks the policy after each, and tells the listeners.

The sequence is one generator that yields what must be awaited. ``classify`` drives it from a thread, ``aclassify`` from
an event loop, ``classify_many`` drives many at once; none of them repeats it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import replace
from types import GeneratorType, TracebackType
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self

from cascade.errors import CascadeClosed, CascadeError, InputRejected
from cascade.policy import Policy
from cascade.portal import Portal
from cascade.result import Abstention, AnswerT, Attempt, Cost, Failure, Outcome, Proposal, Result
from cascade.text import Normalizer, Utterance
from cascade.tiers.base import NO_CONTEXT, Call, Context, Tier

if TYPE_CHECKING:
    from cascade.bundle import Bundle

logger = logging.getLogger("cascade")

Listener = Callable[[Result[Any]], None]
"""Called with every result, in the caller's thread, after the decision; what it raises is logged and dropped."""

MAX_IN_FLIGHT = 32


class Clock(Protocol):
    """A monotonic clock in nanoseconds."""

    def __call__(self) -> int: ...


class Engine(Generic[AnswerT]):
    """Tiers, a policy and listeners, put together by the caller. Thread-safe.

    Most users want :meth:`cascade.Cascade.load`; this class is for those who bring tiers of their own.
    """

    def __init__(
        self,
        tiers: Sequence[Tier],
        policy: Policy,
        normalizer: Normalizer,
        *,
        listeners: Iterable[Listener] = (),
        bundle: Bundle | None = None,
        clock: Clock = time.perf_counter_ns,
        on_close: Callable[[], Awaitable[Any]] | None = None,
    ) -> None:
        self.tiers = tuple(tiers)
        self.policy = policy
        self.bundle = bundle
        self._names = tuple((tier.name, tier.propose) for tier in self.tiers)
        self._normalizer = normalizer
        self._listeners = tuple(listeners)
        self._bundle_id = bundle.id if bundle is not None else ""
        self._clock = clock
        self._on_close = on_close
        self._portal = Portal()
        self._closed = False

    def classify(
        self,
        text: str,
        *,
        deadline_s: float | None = None,
        caller: str | None = None,
        idempotency_key: str | None = None,
    ) -> Result[AnswerT]:
        """What one utterance wants.

        ``deadline_s`` bounds the whole call, in seconds from now; ``caller`` and ``idempotency_key`` are for
        shared limits.
        Raises only :class:`~cascade.errors.CascadeClosed`: bad input and failing servers are told in the result.
        """
        steps = self._steps(text, self._context(deadline_s, caller, idempotency_key))
        try:
            call = next(steps)
            while True:
                call = _resume(steps, self._portal.submit(call))
        except StopIteration as stop:
            result: Result[AnswerT] = stop.value
            return result

    async def aclassify(
        self,
        text: str,
        *,
        deadline_s: float | None = None,
        caller: str | None = None,
        idempotency_key: str | None = None,
    ) -> Result[AnswerT]:
        """:meth:`classify` for event loops. Cancelling it cancels the call at the server."""
        steps = self._steps(text, self._context(deadline_s, caller, idempotency_key))
        try:
            call = next(steps)
            while True:
                value, error = await _awaited(steps, self._portal.submit(call))
                call = steps.send(value) if error is None else steps.throw(error)
        except StopIteration as stop:
            result: Result[AnswerT] = stop.value
            return result

    def classify_many(
        self,
        texts: Iterable[str],
        *,
        deadline_s: float | None = None,
        max_in_flight: int = MAX_IN_FLIGHT,
    ) -> list[Result[AnswerT]]:
        """Classify many utterances; results in the order of the texts.

        Those that need a server wait for it side by side, at most ``max_in_flight`` at a time; ``deadline_s`` bounds
        each of them, from the moment its turn comes.
        """
        results: dict[int, Result[AnswerT]] = {}
        pending: dict[Future[Any], tuple[int, _Steps]] = {}

        def advance(index: int, steps: _Steps, future: Future[Any] | None) -> None:
            try:
                call = next(steps) if future is None else _resume(steps, future)
            except StopIteration as stop:
                results[index] = stop.value
            else:
                pending[self._portal.submit(call)] = index, steps

        try:
            for index, text in enumerate(texts):
                while len(pending) >= max_in_flight:
                    self._advance_done(pending, advance)
                advance(index, self._steps(text, self._context(deadline_s, None, None)), None)
            while pending:
                self._advance_done(pending, advance)
        finally:
            for future in pending:
                future.cancel()
        return [results[index] for index in range(len(results))]

    def close(self) -> None:
        """Cancel what is under way, close the connections. Idempotent; using the cascade afterwards raises."""
        self._closed = True
        self._portal.close(self._on_close)

    async def aclose(self) -> None:
        """:meth:`close` for event loops."""
        await asyncio.to_thread(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _context(self, deadline_s: float | None, caller: str | None, key: str | None) -> Context:
        if self._closed:
            raise CascadeClosed("the cascade is closed")
        if deadline_s is None and caller is None and key is None:
            return NO_CONTEXT
        deadline = None if deadline_s is None else self._clock() / 1e9 + deadline_s
        return Context(deadline=deadline, caller=caller, idempotency_key=key)

    def _steps(self, text: object, context: Context) -> _Steps:
        try:
            utterance = self._normalizer(text)
        except InputRejected as error:
            return self._told(Result("rejected", None, reason=error.reason, bundle=self._bundle_id))
        attempts: list[Attempt] = []
        clock = self._clock
        for name, propose in self._names:
            started = clock()
            outcome = yield from _guarded(name, propose, utterance, context)
            attempt = self._judge(name, outcome, clock() - started)
            attempts.append(attempt)
            if attempt.verdict == "answered":
                return self._told(self._answered(utterance, attempt, tuple(attempts)))
        settlement = self.policy.settle(attempts)
        return self._told(
            Result(
                settlement.status,
                utterance,
                reason=settlement.reason,
                candidates=settlement.candidates,
                attempts=tuple(attempts),
                bundle=self._bundle_id,
            )
        )

    def _judge(self, name: str, outcome: Outcome, elapsed_ns: int) -> Attempt:
        cost = Cost(elapsed_ns) if outcome.usage.calls == 0 else replace(outcome.usage, latency_ns=elapsed_ns)
        if isinstance(outcome, Proposal):
            try:
                decision = self.policy.decide(name, outcome)
            except Exception as error:
                logger.exception("the policy failed; the proposal is not answered")
                failure = Failure(CascadeError(f"{type(error).__name__} in the policy", tier=name))
                return Attempt(name, failure, "fallback", failure.reason, cost)
            return Attempt(
                name, outcome, "answered" if decision.answer else "escalated", decision.reason, cost
            )
        if isinstance(outcome, Abstention):
            return Attempt(name, outcome, "escalated", outcome.reason, cost)
        return Attempt(name, outcome, "fallback", outcome.reason, cost)

    def _answered(
        self, utterance: Utterance, attempt: Attempt, attempts: tuple[Attempt, ...]
    ) -> Result[AnswerT]:
        proposal = attempt.outcome
        assert isinstance(proposal, Proposal)
        return Result(
            "answered",
            utterance,
            attempt.tier,
            proposal.intent,
            proposal.answer,
            proposal.confidence,
            "",
            (),
            attempts,
            self._bundle_id,
        )

    def _told(self, result: Result[AnswerT]) -> Result[AnswerT]:
        for listener in self._listeners:
            try:
                listener(result)
            except Exception:
                logger.exception("listener %r failed; the decision stands", listener)
        return result

    @staticmethod
    def _advance_done(
        pending: dict[Future[Any], tuple[int, _Steps]],
        advance: Callable[[int, _Steps, Future[Any] | None], None],
    ) -> None:
        done, _ = wait(pending, return_when=FIRST_COMPLETED)
        for future in done:
            index, steps = pending.pop(future)
            advance(index, steps, future)


_Steps = Generator[Call, Any, Result[Any]]


def _guarded(
    name: str, propose: Callable[[Utterance, Context], Any], utterance: Utterance, context: Context
) -> Generator[Call, Any, Outcome]:
    """A tier's outcome, whatever it does: a crowd must not meet a traceback of somebody's tier."""
    try:
        outcome = propose(utterance, context)
        if isinstance(outcome, GeneratorType):
            outcome = yield from outcome
    except CascadeError as error:
        return Failure(error)
    except Exception as error:
        logger.exception("tier %s failed", name)
        return Failure(CascadeError(f"{type(error).__name__} in tier {name}", tier=name))
    if not isinstance(outcome, Proposal | Abstention | Failure):
        return Failure(CascadeError(f"tier {name} gave {type(outcome).__name__}, not an outcome", tier=name))
    return outcome


def _resume(steps: _Steps, future: Future[Any]) -> Call:
    """Wait in this thread for what the steps asked for, and give it to them."""
    try:
        value, error = _come_of(future)
    except BaseException:  # an interrupt of the waiting thread: nobody waits for the server any more
        future.cancel()
        steps.close()
        raise
    return steps.send(value) if error is None else steps.throw(error)


async def _awaited(steps: _Steps, future: Future[Any]) -> tuple[Any, Exception | None]:
    """The same wait on the caller's event loop; cancelling the caller cancels the call."""
    waiter = asyncio.wrap_future(future)
    try:
        await asyncio.wait([waiter])
    except asyncio.CancelledError:
        future.cancel()
        steps.close()
        raise
    if not waiter.cancelled():
        waiter.exception()  # mark it as seen; it is told through ``future``
    return _come_of(future)


def _come_of(future: Future[Any]) -> tuple[Any, Exception | None]:
    try:
        return future.result(), None
    except CancelledError:  # nobody but ``close`` cancels a call that is still being waited for
        return None, CascadeClosed("the cascade was closed while it waited")
    except Exception as error:
        return None, error
