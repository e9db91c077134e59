"""What every decision cost: a listener that counts, in constant memory.

ledger = Ledger()
cascade = Cascade.load(listeners=[ledger])
...
print(ledger.snapshot())
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace
from typing import Any

from cascade.errors import ConfigurationError
from cascade.histogram import Histogram
from cascade.prices import Currency, PriceBook
from cascade.result import FREE, Cost, Result
from cascade.snapshot import Group, LedgerSnapshot, Turn

BUFFERED = 64
MAX_GROUPS = 256
_OTHER = ""


class Ledger:
    """A listener that counts results. Thread-safe; its memory does not grow with the traffic.

    It holds on to the last few results (fewer than 64) until they are counted; what it has counted is numbers.

    ``prices`` is the book that money is told by (without one, the dated book that ships) and ``currency`` one
    of its two. ``assume`` is what a call to the large model is taken to cost, in tokens and model, for
    :attr:`LedgerSnapshot.all_llm` while none has been measured; without it nothing is assumed.
    """

    def __init__(
        self, prices: PriceBook | None = None, *, currency: Currency = "CNY", assume: Cost | None = None
    ) -> None:
        if currency not in ("CNY", "USD"):
            raise ConfigurationError(f"no prices in {currency!r}", hint="choose CNY or USD")
        self.prices = PriceBook.load() if prices is None else prices
        self.currency: Currency = currency
        self.assume = assume
        self._lock = threading.Lock()
        # A caller only appends; every 64th folds what has gathered. The deque loses nothing while threads do both.
        self._pending: deque[Result[Any]] = deque()
        self._tally = _Tally()

    def __call__(self, result: Result[Any]) -> None:
        """Count a result."""
        pending = self._pending
        pending.append(result)
        if len(pending) >= BUFFERED:
            with self._lock:
                self._fold()

    def snapshot(self) -> LedgerSnapshot:
        """All that was counted so far."""
        with self._lock:
            self._fold()
            return self._tally.snapshot(self.prices, self.currency, self.assume)

    def merge(self, other: LedgerSnapshot) -> None:
        """Count in what another ledger (of another process, another day) has counted."""
        with self._lock:
            self._tally.take(other)

    def _fold(self) -> None:
        pending, record = self._pending, self._tally.record
        for _ in range(len(pending)):
            record(pending.popleft())


class _Tally:
    """The running sums. Not thread-safe: the ledger locks."""

    def __init__(self) -> None:
        self._statuses: dict[str, int] = {}
        self._latency = Histogram()
        """Of calls of several turns."""
        self._turns: dict[Turn, Histogram] = {}
        self._groups: dict[Group, tuple[int, Cost]] = {}

    def record(self, result: Result[Any]) -> None:
        # Nearly all results are one turn of a tier that asks no server: they pay for one histogram and no object.
        self._statuses[result.status] = self._statuses.get(result.status, 0) + 1
        attempts = result.attempts
        alone = len(attempts) == 1
        elapsed = 0
        for attempt in attempts:
            cost = attempt.cost
            key = attempt.tier, attempt.verdict, alone, cost.calls > 0
            histogram = self._turns.get(key)
            if histogram is None:
                histogram = self._turns[key] = Histogram()
            histogram.add(cost.latency_ns)
            if cost.calls:
                self._spend(_group(attempt.tier, cost), 1, cost)
            elapsed += cost.latency_ns
        if attempts and not alone:
            self._latency.add(elapsed)

    def take(self, other: LedgerSnapshot) -> None:
        for status, count in other.statuses.items():
            self._statuses[status] = self._statuses.get(status, 0) + count
        for turn, histogram in other._turns.items():
            self._turns.setdefault(turn, Histogram()).merge(histogram)
        for group, (attempts, cost) in other._asked.items():
            self._spend(group, attempts, cost)
        self._latency.merge(other._several)

    def snapshot(self, prices: PriceBook, currency: Currency, assume: Cost | None) -> LedgerSnapshot:
        return LedgerSnapshot(
            statuses=dict(self._statuses),
            prices=prices,
            currency=currency,
            assume=assume,
            _several=self._latency.copy(),
            _turns={turn: histogram.copy() for turn, histogram in self._turns.items()},
            _asked=dict(self._groups),
        )

    def _spend(self, group: Group, attempts: int, cost: Cost) -> None:
        # A server may name another model at every call: what comes late shares a group that has no price.
        if group not in self._groups and len(self._groups) >= MAX_GROUPS:
            group, cost = (group[0], _OTHER, *group[2:]), replace(cost, model=_OTHER)
        before, sofar = self._groups.get(group, (0, FREE))
        self._groups[group] = before + attempts, sofar + cost


def _group(tier: str, cost: Cost) -> Group:
    return (
        tier,
        cost.model,
        cost.input_tokens is not None,
        cost.cached_tokens is not None,
        cost.output_tokens is not None,
        cost.queued_ns is not None,
    )
