"""The audit stream: a small random share of the cheap answers is also put to the large model, in the background.

    audit = AuditStream(watches_of(bundle, epsilon=0.01), on_alarm=guard, log=log)
    cascade = Cascade.load(llm=..., policy=guard, listeners=[audit, log])
    audit.attach(cascade)

Logs tell little of a cheap tier's errors: what it answers is never asked again. A random share tells them without bias,
whatever else is logged, and a test that may be looked at all the time (:mod:`cascade.observe.anytime`) says when the
error is above what was certified. What is measured is disagreement with the large model, which errs too: it is an error
estimate as far as that model is the better judge, and an alarm asks for people to look.
"""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Protocol, Self

from cascade.backends.base import Priority
from cascade.observe.anytime import DriftTest, rate_interval
from cascade.observe.audit_watch import (
    AUDITED_TIERS,
    Alarm,
    AuditBudget,
    AuditReport,
    IntentAudit,
    Watch,
    check,
)
from cascade.observe.decision_log import DecisionLog
from cascade.observe.recorder import cost_line
from cascade.result import Abstention, Cost, Failure, Outcome, Proposal, Result
from cascade.text import Utterance
from cascade.tiers.base import Context

logger = logging.getLogger("cascade")

_CONTEXT = Context(priority=Priority.AUDIT)


class Consultable(Protocol):
    """A cascade, as far as audits need one."""

    def consult(self, tier: str, utterance: Utterance, context: Context = ...) -> Outcome: ...


def same_answer(given: Any, proposed: Any) -> bool | None:
    """Whether two answers order the same: they are equal. A judge of one's own may give ``None``: undecided."""
    return bool(given == proposed)


@dataclass(slots=True)
class _State:
    """What the worker threads and the callers share, under one lock."""

    tests: dict[str, DriftTest]
    intents: dict[str, IntentAudit]
    skipped: dict[str, int] = field(default_factory=dict)
    tokens: int = 0
    allowance: float = 1.0
    refilled_s: float = 0.0


class AuditStream:
    """A listener that draws answers and has them audited. Thread-safe; one for each process.

    ``judge`` compares the answer given with the model's. ``log`` keeps every audit as a line of its own. ``on_alarm``
    is called once for each watch, in a background thread; what it raises is logged. Audits are sent with the
    lowest priority: the traffic layer sheds them first. What is skipped for the budget or a full queue is counted;
    it does not bias the estimates as long as errors are no likelier when the load is high.

    Raises :class:`~cascade.errors.ConfigurationError` for an intent in two watches, and rates and budgets out of range.
    """

    def __init__(
        self,
        watches: Iterable[Watch],
        *,
        on_alarm: Callable[[Alarm], object] | None = None,
        log: DecisionLog | None = None,
        budget: AuditBudget | None = None,
        judge: Callable[[Any, Any], bool | None] = same_answer,
        tier: str = "llm",
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        watches = tuple(watches)
        self._budget = budget or AuditBudget()
        check(watches, self._budget)
        self._watches = {intent: watch for watch in watches for intent in watch.intents}
        self._on_alarm = on_alarm
        self._log = log
        self._judge = judge
        self._tier = tier
        self._clock = clock
        self._draw = (rng or random.Random()).random  # noqa: S311 - a sample, not a secret
        tests = {watch.name: DriftTest(watch.epsilon, watch.delta) for watch in watches}
        intents = {name: IntentAudit(watch.name, watch.rate) for name, watch in sorted(self._watches.items())}
        self._lock = threading.Lock()
        self._state = _State(tests, intents, refilled_s=clock())
        self._queue: queue.Queue[Result[Any] | None] = queue.Queue(self._budget.max_queued)
        self._threads: list[threading.Thread] = []
        self._cascade: Consultable | None = None
        self._closed = False

    def attach(self, cascade: Consultable) -> None:
        """Ask the large model of this cascade from now on; what was drawn before waits for it."""
        self._cascade = cascade
        for number in range(self._budget.at_once - len(self._threads)):
            thread = threading.Thread(target=self._work, name=f"cascade-audit-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def __call__(self, result: Result[Any]) -> None:
        """Draw an answer, or not."""
        if result.status != "answered" or result.tier not in AUDITED_TIERS:
            return
        watch = self._watches.get(result.intent or "")
        if watch is None:
            return
        with self._lock:
            self._state.intents[result.intent or ""].answered += 1
        if self._draw() < watch.rate:
            reason = self._queued(result)
            if reason is not None:
                self._skip(reason)

    def report(self) -> AuditReport:
        """What is known now."""
        with self._lock:
            state = self._state
            return AuditReport(
                {name: replace(one) for name, one in state.intents.items()},
                {name: test.wealth for name, test in state.tests.items()},
                frozenset(name for name, test in state.tests.items() if test.alarmed),
                dict(state.skipped),
                state.tokens,
            )

    def join(self) -> None:
        """Wait until everything drawn so far is audited. Needs an attached cascade."""
        self._queue.join()

    def close(self, timeout_s: float = 5.0) -> None:
        """Audit nothing more; what is under way may end within ``timeout_s``. To be called before the cascade's."""
        self._closed = True
        while True:
            try:
                self._queue.get_nowait()
            except queue.Empty:
                break
            self._skip("closing")
            self._queue.task_done()
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(timeout_s)
        self._threads = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _queued(self, result: Result[Any]) -> str | None:
        """Why not, or ``None``."""
        if self._closed:
            return "closing"
        if not self._afford():
            return "budget"
        try:
            self._queue.put_nowait(result)
        except queue.Full:
            return "queue_full"
        return None

    def _afford(self) -> bool:
        budget = self._budget
        with self._lock:
            state = self._state
            if budget.max_tokens is not None and state.tokens >= budget.max_tokens:
                return False
            now = self._clock()
            grown = state.allowance + (now - state.refilled_s) * budget.per_minute / 60
            state.allowance = min(max(1.0, budget.per_minute / 60), grown)
            state.refilled_s = now
            if state.allowance < 1:
                return False
            state.allowance -= 1
            return True

    def _skip(self, reason: str) -> None:
        with self._lock:
            self._state.skipped[reason] = self._state.skipped.get(reason, 0) + 1

    def _work(self) -> None:
        while (result := self._queue.get()) is not None:
            try:
                self._audit(result)
            except Exception:
                logger.exception("an audit failed; the next one goes on")
            finally:
                self._queue.task_done()
        self._queue.task_done()

    def _audit(self, result: Result[Any]) -> None:
        cascade, utterance, intent = self._cascade, result.utterance, result.intent
        if cascade is None or utterance is None or intent is None:
            return
        started = time.perf_counter_ns()
        outcome = cascade.consult(self._tier, utterance, _CONTEXT)
        cost = replace(outcome.usage, latency_ns=time.perf_counter_ns() - started)
        agrees, reason = self._verdict(result, outcome)
        alarm = self._count(intent, agrees, cost)
        if self._log is not None:
            self._keep(result, outcome, agrees, reason, cost)
        if alarm is not None:
            self._raise(alarm)

    def _verdict(self, result: Result[Any], outcome: Outcome) -> tuple[bool | None, str]:
        if isinstance(outcome, Abstention | Failure):
            return None, outcome.reason
        if not outcome.complete:
            return None, "incomplete"
        agrees = self._judge(result.answer, outcome.answer)
        return agrees, "undecided" if agrees is None else ""

    def _count(self, intent: str, agrees: bool | None, cost: Cost) -> Alarm | None:
        watch = self._watches[intent]
        with self._lock:
            tally = self._state.intents[intent]
            self._state.tokens += (cost.input_tokens or 0) + (cost.output_tokens or 0)
            if agrees is None:
                tally.open += 1
                return None
            tally.audited += 1
            tally.wrong += not agrees
            test = self._state.tests[watch.name]
            if not test.update(not agrees):
                return None
            return Alarm(watch, test.seen, test.errors, rate_interval(test.errors, test.seen, watch.delta))

    def _keep(
        self, result: Result[Any], outcome: Outcome, agrees: bool | None, reason: str, cost: Cost
    ) -> None:
        watch = self._watches[result.intent or ""]
        proposed = outcome if isinstance(outcome, Proposal) else None
        assert self._log is not None
        self._log.audited(
            result,
            watch=watch.name,
            probability=watch.rate,
            agrees=agrees,
            intent=proposed.intent if proposed else None,
            answer=proposed.answer if proposed else None,
            reason=reason,
            cost=cost_line(cost),
        )

    def _raise(self, alarm: Alarm) -> None:
        logger.warning(
            "audit alarm: %d of %d answers of %r were not borne out, more than %g",
            alarm.wrong,
            alarm.audited,
            alarm.watch.name,
            alarm.watch.epsilon,
        )
        if self._on_alarm is not None:
            self._on_alarm(alarm)
