"""What every decision cost: a listener that counts, in constant memory.

ledger = Ledger()
cascade = Cascade.load(listeners=[ledger])
...
print(ledger.snapshot())
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from cascade.errors import ConfigurationError
from cascade.ledger.entry import Aside, Kept
from cascade.ledger.label import Name, label_of
from cascade.ledger.snapshot import LedgerSnapshot
from cascade.ledger.tally import Label, Tally
from cascade.prices import Currency, PriceBook
from cascade.result import Cost, Result

BUFFERED = 64


class Ledger:
    """A listener that counts results. Thread-safe; its memory does not grow with the traffic.

    It holds on to the last few results (fewer than 64) until they are counted; what it has counted is numbers.

    ``prices`` is the book that money is told by (without one, the dated book that ships) and ``currency`` one
    of its two. ``assume`` is what a call to the large model is taken to cost, in tokens and model, for
    :attr:`LedgerSnapshot.all_llm` while none has been measured; without it nothing is assumed.

    ``campaign`` names what the traffic belongs to, and ``rung`` how much of it reaches the model: each a name, or a
    function that is asked at every result, in the thread or task of the caller (``campaign=my_context_var.get``,
    ``rung=lambda: cascade.traffic.rung``).
    """

    def __init__(
        self,
        prices: PriceBook | None = None,
        *,
        currency: Currency = "CNY",
        assume: Cost | None = None,
        campaign: Name = None,
        rung: Name = None,
    ) -> None:
        if currency not in ("CNY", "USD"):
            raise ConfigurationError(f"no prices in {currency!r}", hint="choose CNY or USD")
        self.prices = PriceBook.load() if prices is None else prices
        self.currency: Currency = currency
        self.assume = assume
        self._label: Callable[[], Label] = label_of(campaign, rung)
        self._lock = threading.Lock()
        # A caller only appends; every 64th folds what has gathered. The deque loses nothing while threads do both.
        self._pending: deque[tuple[Result[Any], Label]] = deque()
        self._tally = Tally()

    def __call__(self, result: Result[Any]) -> None:
        """Count a result."""
        pending = self._pending
        pending.append((result, self._label()))
        if len(pending) >= BUFFERED:
            with self._lock:
                self._fold()

    def spent(self, purpose: str, cost: Cost, *, tier: str = "llm", turns: int = 1) -> None:
        """Count what was spent outside any decision: ``audit``, ``cancelled``, or a purpose of the caller's own."""
        with self._lock:
            self._tally.aside(purpose, tier, cost, self._label(), turns)

    def snapshot(self) -> LedgerSnapshot:
        """All that was counted so far."""
        with self._lock:
            self._fold()
            return LedgerSnapshot(self.prices, self.currency, self.assume, self._tally.copy())

    def merge(self, other: LedgerSnapshot) -> None:
        """Count in what another ledger (of another process, another day) has counted."""
        with self._lock:
            self._tally.take(other._tally)

    def recount(self, kept: Iterable[Kept]) -> None:
        """Count what sinks kept (:func:`~cascade.ledger.sinks.read_costs`), under the labels that it was kept with."""
        with self._lock:
            for one in kept:
                if isinstance(one.what, Aside):
                    aside = one.what
                    self._tally.aside(aside.purpose, aside.tier, aside.cost, one.label, aside.turns)
                else:
                    self._tally.record(one.what, one.label)

    def _fold(self) -> None:
        pending, record = self._pending, self._tally.record
        for _ in range(len(pending)):
            record(*pending.popleft())
