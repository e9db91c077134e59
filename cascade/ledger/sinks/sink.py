"""What all sinks share: a listener, a bounded queue, one thread, rows."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Protocol

from cascade.background import Background
from cascade.ledger.entry import DROPPED, END, Aside, Entry, Kept, entries
from cascade.ledger.label import Name, label_of
from cascade.result import Cost, Result


class Table(Protocol):
    """A kind of file that takes rows. Made, used and closed in the sink's thread."""

    lost: int
    """Requests that were taken in and could not be kept after all."""

    def append(self, rows: list[Entry]) -> None:
        """Take in the rows of whole requests; what it raises loses them all."""
        ...

    def close(self) -> None: ...


_Item = tuple[float, tuple[str | None, str | None], Result[Any] | Aside]


class Sink(Background[_Item]):
    """A listener that keeps the cost of every turn. Thread-safe; a child process goes on with a run of its own.

    ``campaign`` and ``rung`` are those of :class:`~cascade.ledger.Ledger`; ``clock`` is the wall clock in Unix seconds.
    Nothing here slows a decision or breaks it: a full queue (``max_queued`` requests) or a failing disk drops some,
    :attr:`dropped` counts them, and the file tells of them. Close it after the cascade: what comes later is dropped.
    """

    def __init__(
        self,
        open_table: Callable[[], Table],
        *,
        campaign: Name = None,
        rung: Name = None,
        max_queued: int = 10_000,
        flush_interval_s: float = 0.5,
        clock: Callable[[], float] = time.time,
        run: str | None = None,
    ) -> None:
        self._label = label_of(campaign, rung)
        self._clock = clock
        self._run_name = run or secrets.token_hex(4)
        super().__init__(
            "costs",
            partial(self._opened, open_table),
            max_queued=max_queued,
            flush_interval_s=flush_interval_s,
        )

    def __call__(self, result: Result[Any]) -> None:
        """Keep what a result cost."""
        self.put((self._clock(), self._label(), result))

    def spent(self, purpose: str, cost: Cost, *, tier: str = "llm", turns: int = 1) -> None:
        """Keep what was spent outside any decision."""
        self.put((self._clock(), self._label(), Aside(purpose, tier, cost, turns)))

    def _opened(self, open_table: Callable[[], Table]) -> _Rows:
        run = f"{self._run_name}-{os.getpid()}"
        return _Rows(open_table(), run, clock=self._clock, dropped=lambda: self.dropped)


class _Rows:
    """Rows out of results, and what the file has to tell of itself."""

    def __init__(
        self, table: Table, run: str, *, clock: Callable[[], float], dropped: Callable[[], int]
    ) -> None:
        self._table = table
        self._run = run
        self._clock = clock
        self._dropped = dropped
        self._told = 0
        self._seq = 0

    @property
    def lost(self) -> int:
        """Requests that the table took in and could not keep."""
        return self._table.lost

    def write(self, items: Sequence[_Item]) -> int:
        """Write the rows of a batch of results."""
        self._tell_dropped()
        self._append(Kept(time_s, self._run, label, what) for time_s, label, what in items)
        return len(items)

    def close(self) -> None:
        """Tell what was lost, and that this is the end."""
        try:
            self._tell_dropped()
            self._note(END, 0)
        finally:
            self._table.close()

    def _append(self, many: Iterable[Kept]) -> None:
        rows: list[Entry] = []
        for one in many:
            self._seq += 1
            rows += entries(one, self._seq)
        self._table.append(rows)

    def _tell_dropped(self) -> None:
        dropped = self._dropped()
        if dropped > self._told:
            self._note(DROPPED, dropped - self._told)
            self._told = dropped

    def _note(self, purpose: str, number: int) -> None:
        self._seq += 1
        self._table.append([Entry(self._clock(), self._run, self._seq, turns=number, purpose=purpose)])
