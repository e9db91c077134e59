"""Looks after the hosts by the clock: probes, and the rung when no request comes to move it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from cascade.backends.base import BackendHealth
from cascade.backends.mapping import foreign_error
from cascade.traffic.hosts import Host, HostPool
from cascade.traffic.spec import HealthSpec

_TICK_S = 0.5


class Monitor:
    """A background task on the traffic layer's loop. Probes nothing while nobody asks anything."""

    def __init__(
        self,
        pool: HostPool,
        spec: HealthSpec,
        clock: Callable[[], float],
        *,
        changed: Callable[[Host], None],
        tick: Callable[[], Awaitable[None]],
    ) -> None:
        """``changed`` is told of a host that was ejected or came back; ``tick`` is called twice a second."""
        self._pool = pool
        self._spec = spec
        self._clock = clock
        self._changed = changed
        self._tick = tick
        self._last_use = clock()
        self._task: asyncio.Task[None] | None = None

    def used(self) -> None:
        """Somebody asked something; starts the task when it is not running."""
        self._last_use = self._clock()
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._run())

    def stop(self) -> None:
        """End the task."""
        if self._task is not None:
            self._task.cancel()

    async def probe_all(self) -> tuple[BackendHealth, ...]:
        """Ask every host how it is, side by side, and take note."""
        return await self._probe_each(self._pool.hosts)

    async def _run(self) -> None:
        all_up = all(host.is_up for host in self._pool.hosts)
        probed_at = self._clock() if all_up else float("-inf")
        while self._clock() - self._last_use < self._spec.idle_s:
            await asyncio.sleep(min(_TICK_S, self._spec.interval_s))
            await self._tick()
            if self._clock() - probed_at >= self._spec.interval_s:
                await self.probe_all()
                probed_at = self._clock()
            else:  # a dead host should be found out by a probe, not by requests let through to try it
                await self._probe_each([host for host in self._pool.hosts if host.is_doubtful])

    async def _probe_each(self, hosts: Iterable[Host]) -> tuple[BackendHealth, ...]:
        return tuple(await asyncio.gather(*(self._probe(host) for host in hosts)))

    async def _probe(self, host: Host) -> BackendHealth:
        try:
            async with asyncio.timeout(self._spec.timeout_s):
                health = await host.backend.probe()
        except Exception as error:
            health = BackendHealth(False, detail=str(foreign_error(error, "probing")))
        if host.probed(health):
            self._changed(host)
        return health
