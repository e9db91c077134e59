"""The hosts of a simulation: who runs where, and when the next one is done.

Each host keeps a clock that runs at the pace of its requests: one second of it is one second of work done for each of
them. A request is done when that clock has moved by its work, whatever came and went beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush


class _Host:
    __slots__ = ("active", "cancelled", "clock", "jobs", "seen", "version")

    def __init__(self) -> None:
        self.active = 0
        self.clock = 0.0
        self.seen = 0.0
        self.version = 0
        self.jobs: list[tuple[float, int]] = []
        self.cancelled: set[int] = set()


class Fleet:
    """Alike hosts of ``slots``; with ``n`` in service, each request there takes ``slowdown[n]`` times as long."""

    __slots__ = ("_free", "_hosts", "_slots", "_slowdown", "busy_s")

    def __init__(self, hosts: int, slots: int, slowdown: Sequence[float]) -> None:
        self._hosts = [_Host() for _ in range(hosts)]
        self._slots = slots
        self._slowdown = slowdown
        self._free = [(0, number) for number in range(hosts)]
        heapify(self._free)
        self.busy_s = 0.0

    @property
    def size(self) -> int:
        """Number of hosts."""
        return len(self._hosts)

    def free_host(self) -> int | None:
        """The host with the fewest requests that has a slot left, the first of equals; ``None`` when all are full."""
        free, hosts = self._free, self._hosts
        while free:
            active, number = free[0]
            if hosts[number].active == active:
                return number
            heappop(free)  # it has changed since, and stands elsewhere in the heap if it has room
        return None

    def start(self, number: int, request: int, work: float, now: float) -> None:
        """Put ``request`` with its seconds of work into a slot."""
        host = self._hosts[number]
        self._advance(host, now)
        heappush(host.jobs, (host.clock + work, request))
        self._resize(number, host, host.active + 1)

    def finish(self, number: int, now: float) -> int:
        """End the request that is due, and say which it was."""
        host = self._hosts[number]
        self._advance(host, now)
        clock, request = heappop(host.jobs)
        host.clock = clock  # exactly: rounding must not pile up over a day
        self._resize(number, host, host.active - 1)
        return request

    def cancel(self, number: int, request: int, now: float) -> None:
        """Stop a request before it is done."""
        host = self._hosts[number]
        self._advance(host, now)
        host.cancelled.add(request)
        self._resize(number, host, host.active - 1)

    def disturb(self, number: int, seconds: float, now: float) -> bool:
        """Set those in service back by ``seconds`` of the host; whether there were any."""
        host = self._hosts[number]
        if not host.active:
            return False
        self._advance(host, now)
        host.clock -= seconds / self._slowdown[host.active]
        host.version += 1
        return True

    def next_done(self, number: int) -> tuple[float, int] | None:
        """When the next request of a host is done if nothing changes, and the version that says whether it did."""
        host = self._hosts[number]
        jobs, cancelled = host.jobs, host.cancelled
        while jobs and jobs[0][1] in cancelled:
            cancelled.remove(heappop(jobs)[1])
        if not jobs:
            return None
        remaining = max(0.0, jobs[0][0] - host.clock)
        return host.seen + remaining * self._slowdown[host.active], host.version

    def is_current(self, number: int, version: int) -> bool:
        """Whether nothing came or went on a host since ``version``."""
        return self._hosts[number].version == version

    def _advance(self, host: _Host, now: float) -> None:
        if host.active:
            elapsed = now - host.seen
            host.clock += elapsed / self._slowdown[host.active]
            self.busy_s += elapsed
        host.seen = now

    def _resize(self, number: int, host: _Host, active: int) -> None:
        host.active = active
        host.version += 1
        if active < self._slots:
            heappush(self._free, (active, number))
