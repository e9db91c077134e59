"""The engine: runs the tiers in order, asks the policy after each, and tells the listeners.

The sequence is one generator that yields what must be awaited. ``classify`` drives it from a thread, ``aclassify`` from
an event loop, ``classify_many`` drives many at once; none of them repeats it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass, field, replace
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self

from cascade.attempts import answered, guarded, judged
from cascade.backends.base import Priority
from cascade.errors import CascadeClosed, ConfigurationError, InputRejected
from cascade.policy import Policy
from cascade.portal import Pending, Portal, awaited, resume
from cascade.result import AnswerT, Attempt, Cost, Outcome, Result
from cascade.text import Normalizer, Utterance
from cascade.tiers.base import NO_CONTEXT, Call, Context, Paid, Tier

if TYPE_CHECKING:
    from cascade.bundle import Bundle

logger = logging.getLogger("cascade")

Listener = Callable[[Result[Any]], None]
"""Called with every result, in the caller's thread, after the decision; what it raises is logged and dropped."""

MAX_IN_FLIGHT = 32


class Clock(Protocol):
    """A monotonic clock in nanoseconds."""

    def __call__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Setup:
    """All that a decision is made by. A request keeps the one it began with, even when another is put in its place."""

    tiers: tuple[Tier, ...]
    policy: Policy
    normalizer: Normalizer
    bundle: Bundle | None = None
    bundle_id: str = field(init=False)
    """Name and version of the bundle; empty without one."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "bundle_id", self.bundle.id if self.bundle is not None else "")


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
        self._setup = Setup(tuple(tiers), policy, normalizer, bundle)
        self._listeners = tuple(listeners)
        self._clock = clock
        self._on_close = on_close
        self._portal = Portal()
        self._closed = False

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """The tiers, in the order they are asked."""
        return self._setup.tiers

    @property
    def policy(self) -> Policy:
        """What decides whether a proposal is the answer."""
        return self._setup.policy

    @property
    def bundle(self) -> Bundle | None:
        """The bundle that decides now."""
        return self._setup.bundle

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called: nothing is classified any more."""
        return self._closed

    def swap(self, setup: Setup) -> Setup:
        """Decide by another setup from now on; the one that was in force until now is returned.

        One reference is swapped: requests under way end as they began, none sees parts of both, none waits.
        """
        before, self._setup = self._setup, setup
        return before

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
        result: Result[AnswerT] = self._driven(
            self._steps(text, self._context(deadline_s, caller, idempotency_key))
        )
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
                value, error = await awaited(steps, self._submit(call))
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
        pending: dict[Pending[Any], tuple[int, _Steps]] = {}

        def advance(index: int, steps: _Steps, future: Pending[Any] | None) -> None:
            try:
                call = next(steps) if future is None else resume(steps, future)
            except StopIteration as stop:
                results[index] = stop.value
            else:
                pending[self._submit(call)] = index, steps

        try:
            for index, text in enumerate(texts):
                while len(pending) >= max_in_flight:
                    self._advance_done(pending, advance)
                advance(index, self._steps(text, self._context(deadline_s, None, None)), None)
            while pending:
                self._advance_done(pending, advance)
        finally:
            for future in pending:
                future.let_go()
        return [results[index] for index in range(len(results))]

    def consult(self, tier: str, utterance: Utterance, context: Context = NO_CONTEXT) -> Outcome:
        """What one tier says of an utterance, outside any decision, as audits ask it: no policy is asked, no listener
        told of a result; what it cost goes to those that keep books.

        Raises :class:`~cascade.errors.CascadeClosed`, and :class:`~cascade.errors.ConfigurationError` when there is no
        such tier.
        """
        if self._closed:
            raise CascadeClosed("the cascade is closed")
        asked = next((one for one in self.tiers if one.name == tier), None)
        if asked is None:
            raise ConfigurationError(f"the cascade has no tier {tier!r}")
        started = self._clock()
        outcome: Outcome = self._driven(guarded(asked.name, asked.propose, utterance, context))
        self.spent("audit", replace(outcome.usage, latency_ns=self._clock() - started), tier=tier)
        return outcome

    def spent(self, purpose: str, cost: Cost, *, tier: str = "llm", turns: int = 1) -> None:
        """Tell the listeners that keep books (those with a method ``spent``) of a cost outside any decision."""
        for listener in self._listeners:
            keep = getattr(listener, "spent", None)
            if keep is not None:
                try:
                    keep(purpose, cost, tier=tier, turns=turns)
                except Exception:
                    logger.exception("listener %r failed", listener)

    def close(self, *, drain_s: float = 0.0) -> None:
        """Refuse what is new, let what is under way end for ``drain_s`` seconds, cancel the rest. Idempotent."""
        self._closed = True
        self._portal.close(self._on_close, drain_s=drain_s)

    async def aclose(self, *, drain_s: float = 0.0) -> None:
        """:meth:`close` for event loops."""
        await asyncio.to_thread(self.close, drain_s=drain_s)

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

    def _driven(self, steps: Generator[Call, Any, Any]) -> Any:
        """What the steps come to, waited for in this thread."""
        try:
            call = next(steps)
            while True:
                call = resume(steps, self._submit(call))
        except StopIteration as stop:
            return stop.value

    def _submit(self, call: Call) -> Pending[Any]:
        """Start a call. One that costs something is paid for even when its caller leaves before its end."""
        if not isinstance(call, Paid):
            return self._portal.submit(call)
        return self._portal.submit(call, unclaimed=partial(self._unclaimed, call))

    def _unclaimed(self, call: Paid, came: Any) -> None:
        cost = call.cost_of(came)
        if cost.calls:
            self.spent("cancelled", cost)

    def _context(self, deadline_s: float | None, caller: str | None, key: str | None) -> Context:
        if self._closed:
            raise CascadeClosed("the cascade is closed")
        if deadline_s is None and caller is None and key is None:
            return NO_CONTEXT
        deadline = None if deadline_s is None else self._clock() / 1e9 + deadline_s
        return Context(deadline=deadline, caller=caller, idempotency_key=key)

    def _steps(self, text: object, context: Context) -> _Steps:
        by = self._setup
        try:
            utterance = by.normalizer(text)
        except InputRejected as error:
            return self._told(Result("rejected", None, reason=error.reason, bundle=by.bundle_id))
        attempts: list[Attempt] = []
        clock = self._clock
        for tier in by.tiers:
            started = clock()
            try:
                outcome = yield from guarded(tier.name, tier.propose, utterance, context)
            except GeneratorExit:  # the caller went away: no result will tell of the turns so far
                for attempt in attempts:
                    self.spent("cancelled", attempt.cost, tier=attempt.tier)
                raise
            attempt = judged(by.policy, tier.name, outcome, clock() - started)
            attempts.append(attempt)
            if attempt.verdict == "answered":
                return self._told(answered(utterance, attempt, tuple(attempts), by.bundle_id))
            if by.bundle is not None and attempt.intent in by.bundle.acting:
                context = replace(context, priority=Priority.ACTING)
        settlement = by.policy.settle(attempts)
        return self._told(
            Result(
                settlement.status,
                utterance,
                reason=settlement.reason,
                candidates=settlement.candidates,
                attempts=tuple(attempts),
                bundle=by.bundle_id,
            )
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
        pending: dict[Pending[Any], tuple[int, _Steps]],
        advance: Callable[[int, _Steps, Pending[Any] | None], None],
    ) -> None:
        wait(pending, return_when=FIRST_COMPLETED)
        for future in [one for one in pending if one.done()]:
            index, steps = pending.pop(future)
            advance(index, steps, future)


_Steps = Generator[Call, Any, Result[Any]]
