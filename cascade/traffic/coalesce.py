"""Identical questions in flight are one call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from cascade.errors import BackendError, BackendOverloaded, BackendTimeout
from cascade.traffic.admission import Ticket

T = TypeVar("T")


GRACE_S = 0.05
"""A call's own time limit comes first, so that its end is told by the one who knows what happened."""


@dataclass(slots=True, eq=False)
class Flight(Generic[T]):
    """One call and everybody who waits for it."""

    ticket: Ticket
    """As urgent and as patient as the most urgent and most patient of those who wait."""
    task: asyncio.Task[T]
    waiting: int = 0
    charged: int = 0
    """How many of its calls somebody has been told of."""


@dataclass(frozen=True, slots=True)
class Landing(Generic[T]):
    """What one of those who waited gets."""

    result: T
    calls: int
    """Calls to servers that this one is charged with; 0 for all but one."""


class Coalescer(Generic[T]):
    """Joins those who ask the same. Everything happens on one event loop, so threads meet here too.

    The call is nobody's own: it goes on while anybody waits, and is cancelled when the last one leaves. Every
    call to a server is charged to exactly one of those who asked; when all of them went away, ``orphaned`` is
    told how many there were, and the result if it had come by then.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        orphaned: Callable[[int, T | None], None] = lambda _calls, _result: None,
    ) -> None:
        self._flights: dict[str, Flight[T]] = {}
        self._clock = clock
        self._orphaned = orphaned

    def __len__(self) -> int:
        return len(self._flights)

    def has(self, key: str) -> bool:
        """Whether such a call is under way."""
        return key in self._flights

    @property
    def tasks(self) -> tuple[asyncio.Task[T], ...]:
        """The calls under way."""
        return tuple(flight.task for flight in self._flights.values())

    async def ask(self, key: str, ticket: Ticket, start: Callable[[Ticket], Awaitable[T]]) -> Landing[T]:
        """The result of the one call for ``key``.

        Raises what the call raised, and :class:`~cascade.errors.BackendTimeout` at the ticket's own deadline.
        Somebody who joined a call with worse terms than its own, and sees it fail, asks anew.
        """
        carried = 0
        while True:
            flight = self._flights.get(key)
            worse = flight is not None and _is_worse(flight.ticket, ticket)
            flight = flight or self._begin(key, ticket, start)
            _improve(flight.ticket, ticket)
            try:
                in_time = await self._wait(key, flight, ticket)
            except asyncio.CancelledError:
                self._lose(carried)
                raise
            if not in_time:
                last = 0 if flight.waiting else _charge(flight)
                raise _own(BackendTimeout("no reply before the deadline"), last + carried)
            carried += _charge(flight)
            if flight.task.cancelled():
                raise _own(BackendOverloaded("the cascade is closing", reason="closing"), carried)
            error = flight.task.exception()
            if error is None:
                return Landing(flight.task.result(), carried)
            if not isinstance(error, BackendError):
                raise error
            its_terms = isinstance(error, BackendOverloaded | BackendTimeout)
            if not (worse and its_terms and ticket.deadline > self._clock()):
                raise _own(error, carried) from error

    def _begin(self, key: str, ticket: Ticket, start: Callable[[Ticket], Awaitable[T]]) -> Flight[T]:
        shared = Ticket(ticket.priority, ticket.deadline)
        flight = Flight(shared, asyncio.ensure_future(_call(start, shared)))
        self._flights[key] = flight
        flight.task.add_done_callback(lambda _: self._landed(key, flight))
        return flight

    async def _wait(self, key: str, flight: Flight[T], ticket: Ticket) -> bool:
        """Whether the call ended in time."""
        flight.waiting += 1
        try:
            left = ticket.deadline + GRACE_S - self._clock()
            done, _ = await asyncio.wait((flight.task,), timeout=max(0.0, left))
        except asyncio.CancelledError:
            if flight.waiting == 1 and flight.task.done():  # else its end will tell how many there were
                self._lose(_charge(flight), _result(flight))
            raise
        finally:
            flight.waiting -= 1
            if flight.waiting == 0 and not flight.task.done():
                self._landed(key, flight)  # whoever asks from now on asks anew
                flight.task.cancel()
        return bool(done)

    def _lose(self, calls: int, result: T | None = None) -> None:
        if calls:
            self._orphaned(calls, result)

    def _landed(self, key: str, flight: Flight[T]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if flight.task.done() and not flight.task.cancelled():
            flight.task.exception()  # seen, even when nobody waited for it any more
        if flight.task.done() and flight.waiting == 0:
            self._lose(_charge(flight), _result(flight))


async def _call(start: Callable[[Ticket], Awaitable[T]], ticket: Ticket) -> T:
    return await start(ticket)


def _is_worse(shared: Ticket, own: Ticket) -> bool:
    return shared.priority > own.priority or shared.deadline < own.deadline


def _improve(shared: Ticket, own: Ticket) -> None:
    """The line before the hosts is sorted anew whenever a place is free: a better ticket counts from then on."""
    shared.priority = min(shared.priority, own.priority)
    shared.deadline = max(shared.deadline, own.deadline)


def _charge(flight: Flight[T]) -> int:
    """The flight's calls for the first who is told, none for the others."""
    calls = flight.ticket.calls - flight.charged
    flight.charged = flight.ticket.calls
    return calls


def _result(flight: Flight[T]) -> T | None:
    """What came of the flight, if it has ended well."""
    task = flight.task
    return task.result() if task.done() and not task.cancelled() and task.exception() is None else None


def _own(error: BackendError, calls: int) -> BackendError:
    """The error as one caller's own; raising one exception in many tasks would knot their tracebacks together."""
    copy = type(error).__new__(type(error), *error.args)
    copy.__dict__.update(error.__dict__)
    copy.calls = calls
    return copy
