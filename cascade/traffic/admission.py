"""The line before the hosts: bounded, by priority and deadline, with refusal at once of what cannot be met."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count, zip_longest

from cascade.backends.base import Priority
from cascade.errors import BackendOverloaded
from cascade.traffic.hosts import HostPool, Lease, no_host
from cascade.traffic.refusal import refusal
from cascade.traffic.spec import QueueSpec

_LOOK_AGAIN_S = 0.05
"""Breakers close and slow starts end by the clock alone: while somebody waits, look at least this often."""
_SPREADS = 3.0
"""Mean deviations added to the usual latency for those who must wait: when there are more than can be served, a call
that is cut off at its deadline has cost somebody else's answer."""
_LEAST_SPREADS = 2.0
"""The same for those who have stood in line and now have a place within reach."""
_PATIENCE = 1.5
"""Those in line are given this much more than newcomers: an estimate that wavers must not throw them out again.
"""


@dataclass(slots=True)
class Ticket:
    """A request's standing: how urgent it is and until when it is worth anything. Both may improve while it
    waits.
    """

    priority: Priority
    deadline: float
    """On the traffic layer's clock, in seconds."""
    calls: int = 0
    """Calls that servers were sent for it so far."""


_Rank = tuple[int, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    ticket: Ticket
    avoid: frozenset[str]
    future: asyncio.Future[Lease]
    since: float
    serial: int

    @property
    def rank(self) -> _Rank:
        return self.ticket.priority, self.ticket.deadline, self.serial


class Admission:
    """Hands out places at the hosts. Everything happens on one event loop.

    ``on_wait`` is told how long each request stood in line, in seconds, and what those refused for want of
    time would have waited.
    """

    def __init__(
        self,
        pool: HostPool,
        spec: QueueSpec,
        clock: Callable[[], float],
        *,
        probe_interval_s: float,
        on_wait: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._pool = pool
        self._spec = spec
        self._clock = clock
        self._probe_interval_s = probe_interval_s
        self._on_wait = on_wait
        self._waiting: list[_Waiter] = []
        self._serial = count()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def length(self) -> int:
        """Requests in line."""
        return len(self._waiting)

    @property
    def oldest_s(self) -> float:
        """How long the longest waiting request has stood in line; 0 when none does."""
        now = self._clock()
        return max((now - waiter.since for waiter in self._waiting), default=0.0)

    async def acquire(self, ticket: Ticket, avoid: frozenset[str] = frozenset()) -> Lease:
        """A place at a host, outside ``avoid`` where possible.

        Raises :class:`~cascade.errors.BackendOverloaded` or :class:`~cascade.errors.BackendUnavailable` at
        once when there will be none in time, and later when a more urgent request takes the place in line.
        """
        self._refuse_hopeless(ticket)
        if not self._ahead_of(_rank(ticket)):
            lease = self._pool.lease(avoid)
            if lease is not None:
                self._on_wait(0.0)
                return lease
        self._make_room(ticket)
        future: asyncio.Future[Lease] = asyncio.get_running_loop().create_future()
        waiter = _Waiter(ticket, avoid, future, self._clock(), next(self._serial))
        self._waiting.append(waiter)
        self.pump()
        try:
            return await future
        except asyncio.CancelledError:
            self._abandon(waiter)
            raise

    def pump(self) -> None:
        """Give free places to those in line; to be called whenever a place may have become free."""
        present = (waiter for waiter in self._waiting if not waiter.future.done())  # not cancelled meanwhile
        line = sorted(present, key=lambda waiter: waiter.rank)
        self._waiting = []
        for waiter, behind in zip_longest(line, line[1:]):
            # Somebody who avoids the one free host must not keep those behind from it.
            lease = None if self._is_outrun(waiter, behind) else self._pool.lease(waiter.avoid)
            if lease is not None:
                self._on_wait(self._clock() - waiter.since)
                waiter.future.set_result(lease)
                continue
            error = self._too_late(waiter, len(self._waiting))
            if error is None:
                self._waiting.append(waiter)
            else:
                waiter.future.set_exception(error)
        self._watch()

    def close(self) -> None:
        """Refuse everybody who still waits."""
        line, self._waiting = self._waiting, []
        for waiter in line:
            _refuse(waiter, refusal("closing", "the cascade is closing", None))
        self._watch()

    def _refuse_hopeless(self, ticket: Ticket) -> None:
        left = ticket.deadline - self._clock()
        back = self._pool.back_in_s(self._probe_interval_s)
        if back > min(left, self._spec.max_wait_s):
            raise no_host(self._pool, back)
        usual, spread = self._pool.service_s()
        wait = self._expected_wait_s(self._ahead_of(_rank(ticket)), usual)
        if wait == 0.0 and (self._pool.has_idle_host or usual < left):
            return  # a place that stays empty serves nobody, and an estimate that is too high must be put right
        need = usual + _SPREADS * spread
        if wait > self._spec.max_wait_s or wait + need > left:
            self._on_wait(wait)
            raise refusal(
                "deadline" if wait + need > left else "queue_full",
                f"about {wait:.2f} s in line and {need:.2f} s of work, {left:.2f} s left",
                max(wait + need - left, wait - self._spec.max_wait_s, usual),
            )

    def _make_room(self, ticket: Ticket) -> None:
        if len(self._waiting) < self._spec.size:
            return
        usual, _ = self._pool.service_s()
        back = self._expected_wait_s(len(self._waiting), usual) + usual
        last = max(self._waiting, key=lambda waiter: waiter.rank, default=None)
        if last is None or last.ticket.priority <= ticket.priority:
            raise refusal("queue_full", f"{len(self._waiting)} requests are in line already", back)
        self._waiting.remove(last)
        _refuse(last, refusal("shed", "a more urgent request took the place in line", back))

    def _is_outrun(self, waiter: _Waiter, behind: _Waiter | None) -> bool:
        """Whether the call would likely be cut off at its deadline while somebody as urgent has the time for one."""
        if behind is None or behind.ticket.priority != waiter.ticket.priority:
            return False
        usual, spread = self._pool.service_s()
        return waiter.ticket.deadline - self._clock() <= usual + _LEAST_SPREADS * spread

    def _too_late(self, waiter: _Waiter, ahead: int) -> BackendOverloaded | None:
        now = self._clock()
        usual, spread = self._pool.service_s()
        left, wait = waiter.ticket.deadline - now, self._expected_wait_s(ahead, usual)
        if left <= usual + _LEAST_SPREADS * spread or left * _PATIENCE < wait + usual:
            return refusal(
                "deadline", f"{left:.2f} s left for {wait:.2f} s in line and the work", wait + usual - left
            )
        waited = now - waiter.since
        if waited + wait > self._spec.max_wait_s * _PATIENCE:
            return refusal("queue_full", f"stood in line for {waited:.2f} s", wait)
        return None

    def _expected_wait_s(self, ahead: int, usual: float) -> float:
        """Places come free one by one, a share of them in each service time."""
        share = max(1, self._pool.share)
        free = max(0, share - sum(host.in_flight for host in self._pool.hosts if host.share))
        return 0.0 if ahead < free else (ahead - free + 1) * usual / share

    def _ahead_of(self, rank: _Rank) -> int:
        return sum(waiter.rank < rank for waiter in self._waiting)

    def _abandon(self, waiter: _Waiter) -> None:
        if waiter in self._waiting:
            self._waiting.remove(waiter)
        future = waiter.future
        if future.done() and not future.cancelled() and future.exception() is None:
            future.result().close()  # the place was given in the same turn of the loop
            self.pump()

    def _watch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            self._timer = asyncio.get_running_loop().call_later(_LOOK_AGAIN_S, self.pump)


def _refuse(waiter: _Waiter, error: BackendOverloaded) -> None:
    if not waiter.future.done():
        waiter.future.set_exception(error)


def _rank(ticket: Ticket) -> _Rank:
    return ticket.priority, ticket.deadline, math.inf
