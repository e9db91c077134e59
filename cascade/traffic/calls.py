"""From one question to the servers: a place in line, a host, a call, and a second try where that is worth it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from random import Random
from typing import Any

from cascade.backends.base import ChatReply, ChatRequest
from cascade.backends.mapping import foreign_error
from cascade.errors import BackendError, BackendRejected, BackendTimeout
from cascade.traffic.admission import Admission, Ticket
from cascade.traffic.hedge import hedged
from cascade.traffic.hosts import HostPool, Lease
from cascade.traffic.retry import RetryBudget, backoff_s, worth_retrying
from cascade.traffic.rungs import Rungs
from cascade.traffic.shared import Places
from cascade.traffic.spec import TrafficSpec
from cascade.traffic.stats import Tally


class Caller:
    """Makes the calls of one question. Everything happens on one event loop."""

    def __init__(
        self,
        spec: TrafficSpec,
        *,
        pool: HostPool,
        admission: Admission,
        rungs: Rungs,
        places: Places,
        tally: Tally,
        clock: Callable[[], float],
        random: Random,
    ) -> None:
        self._spec = spec
        self._pool = pool
        self._admission = admission
        self._rungs = rungs
        self._places = places
        self._tally = tally
        self._clock = clock
        self._random = random
        self.budget = RetryBudget(spec.retry)

    async def ask(self, request: ChatRequest, ticket: Ticket) -> ChatReply:
        """The reply of some host. ``ticket.calls`` counts the calls that servers were sent.

        Raises :class:`~cascade.errors.BackendError`.
        """
        self.budget.earn()
        tried: set[str] = set()
        attempt = 1
        while True:
            try:
                return await self._attempt(request, ticket, tried)
            except BackendError as error:
                attempt += 1
                delay = self._delay_s(attempt, error, ticket, tried)
                if delay is None:
                    raise
            self._tally.retries += 1
            await asyncio.sleep(delay)

    def _delay_s(self, attempt: int, error: BackendError, ticket: Ticket, tried: set[str]) -> float | None:
        """Seconds to wait before another try; ``None`` for no other."""
        elsewhere = self._pool.untried(frozenset(tried))
        if attempt > self._spec.retry.attempts or not worth_retrying(error, elsewhere):
            return None
        delay = backoff_s(self._spec.retry, attempt, error, self._random, elsewhere)
        usual, _ = self._pool.service_s()
        if self._clock() + delay + usual >= ticket.deadline:
            return None
        if not self.budget.spend():
            self._tally.retries_denied += 1
            return None
        return delay

    async def _attempt(self, request: ChatRequest, ticket: Ticket, tried: set[str]) -> ChatReply:
        lease = await self._admission.acquire(ticket, frozenset(tried))
        tried.add(lease.host.name)
        first = self._call(lease, request, ticket)
        usual, _ = self._pool.service_s()
        if self._spec.hedge is None or usual == 0:
            return await first
        after_s = max(self._spec.hedge.min_s, usual * self._spec.hedge.after_factor)
        taken = [lease]
        try:
            return await hedged(first, after_s, lambda: self._second(request, ticket, tried, taken))
        finally:  # a call that was cancelled before its first step could not give its place back
            for one in taken:
                one.close()
            self._admission.pump()

    def _second(
        self, request: ChatRequest, ticket: Ticket, tried: set[str], taken: list[Lease]
    ) -> Coroutine[Any, Any, ChatReply] | None:
        """A call to another host that is free now, if there is one and budget for it."""
        if (
            self._admission.length
            or self._rungs.current != "normal"
            or not self._pool.untried(frozenset(tried))
        ):
            return None
        lease = self._pool.lease(frozenset(tried))
        if lease is None:
            return None
        if lease.host.name in tried or not self.budget.spend():
            lease.close()
            return None
        tried.add(lease.host.name)
        taken.append(lease)
        self._tally.hedges += 1
        return self._call(lease, request, ticket)

    async def _call(self, lease: Lease, request: ChatRequest, ticket: Ticket) -> ChatReply:
        try:
            async with self._places.place(lease.host.name, ticket.deadline):
                return await self._send(lease, request, ticket)
        finally:
            lease.close()
            self._admission.pump()

    async def _send(self, lease: Lease, request: ChatRequest, ticket: Ticket) -> ChatReply:
        left_s = ticket.deadline - self._clock()
        if left_s <= 0:
            raise BackendTimeout("the deadline had passed before a server was asked")
        ticket.calls += 1
        self._tally.calls += 1
        lease.began()
        try:
            # A backend keeps to the time limit itself; a caller's own may not.
            async with asyncio.timeout(left_s):
                reply = await lease.host.backend.chat(replace(request, timeout_s=left_s))
        except asyncio.CancelledError:
            if self._clock() >= ticket.deadline:
                lease.failed(BackendTimeout("no reply before the deadline"))
            else:
                lease.cancelled()
            raise
        except Exception as error:
            ours = foreign_error(error, "asking the model", model=lease.host.backend.model)
            lease.failed(ours)
            self._rungs.ended(failed=not isinstance(ours, BackendRejected))
            raise ours from error
        lease.served(reply)
        self._rungs.ended(failed=False)
        return reply
