"""The parts in their order: remembered, worth it, allowed, shared, paid for, then asked. Lives on one event
loop.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from random import Random

from cascade.backends.base import BackendHealth, ChatReply, ChatRequest
from cascade.errors import BackendError, BackendOverloaded
from cascade.traffic.admission import Admission, Ticket
from cascade.traffic.budget import Budget
from cascade.traffic.calls import Caller
from cascade.traffic.coalesce import Coalescer
from cascade.traffic.health import Monitor
from cascade.traffic.hosts import Host, HostPool
from cascade.traffic.key import fingerprint
from cascade.traffic.refusal import refusal
from cascade.traffic.rungs import Rungs
from cascade.traffic.screen import senseless
from cascade.traffic.shared import State
from cascade.traffic.spec import Rung, TrafficSpec
from cascade.traffic.stats import EventListener, Tally, TrafficEvent, TrafficStats

logger = logging.getLogger("cascade")


class Pipeline:
    """All parts of a traffic layer, put together for one event loop."""

    def __init__(
        self,
        hosts: Sequence[Host],
        spec: TrafficSpec,
        *,
        model: str,
        state: State,
        clock: Callable[[], float],
        random: Random,
        on_event: EventListener,
        on_orphaned: Callable[[int, ChatReply | None], object] = lambda _calls, _reply: None,
    ) -> None:
        self._model = model
        self._spec = spec
        self._state = state
        self._clock = clock
        self._on_event = on_event
        self._on_orphaned = on_orphaned
        self._tally = Tally()
        self._open = True
        self.rungs = Rungs(spec.rungs, clock, moved=self._rung_moved)
        self._pool = HostPool(hosts)
        self._admission = Admission(
            self._pool,
            spec.queue,
            clock,
            probe_interval_s=spec.health.interval_s,
            on_wait=self.rungs.waited,
        )
        self._caller = Caller(
            spec,
            pool=self._pool,
            admission=self._admission,
            rungs=self.rungs,
            places=state.places,
            tally=self._tally,
            clock=clock,
            random=random,
        )
        self._coalescer: Coalescer[ChatReply] = Coalescer(clock, orphaned=self._orphaned)
        self._budget = Budget(spec.budget, state.counters)
        self.monitor = Monitor(self._pool, spec.health, clock, changed=self._host_changed, tick=self._tick)

    async def chat(self, request: ChatRequest) -> ChatReply:
        """The reply, from wherever it comes first; every request is counted once, as what became of it."""
        self._tally.asked += 1
        self.monitor.used()
        self.rungs.update(self._admission.oldest_s)
        try:
            reply = await self._reply(request)
        except asyncio.CancelledError:
            self._tally.withdrawn += 1
            raise
        except BackendError as error:
            self._tally.charged += error.calls
            if isinstance(error, BackendOverloaded):
                self._tally.refuse(error.reason)
            else:
                self._tally.failed += 1
            raise
        self._tally.charged += reply.calls
        self._tally.answered += 1
        return reply

    async def probe(self) -> tuple[BackendHealth, ...]:
        """Every host's health."""
        return await self.monitor.probe_all()

    def snapshot(self) -> TrafficStats:
        """The counters and the hosts now."""
        return self._tally.snapshot(
            in_line=self._admission.length,
            rung=self.rungs.current,
            shared=self._state.board.mode,
            hosts=tuple(host.snapshot() for host in self._pool.hosts),
        )

    async def drain(self, timeout_s: float) -> bool:
        """Refuse what is new and let what is under way end; whether all of it did in time."""
        self._open = False
        tasks = self._coalescer.tasks
        if tasks:
            await asyncio.wait(tasks, timeout=timeout_s)
        return not self._coalescer.tasks

    async def aclose(self) -> None:
        """Cancel what is under way and let go of everything but the backends."""
        self._open = False
        self.monitor.stop()
        self._admission.close()
        tasks = self._coalescer.tasks
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._state.board.aclose()

    async def _reply(self, request: ChatRequest) -> ChatReply:
        if not self._open:
            raise refusal("closing", "the cascade is closing", None)
        ticket = Ticket(request.priority, self._clock() + request.timeout_s)
        key = fingerprint(request, self._model)
        once = _once(request, key)
        if once is not None and (reply := await self._state.replays.get(once)) is not None:
            self._tally.replayed += 1
            return replace(_free(reply), source="replayed")
        reply = await self._state.cache.get(key)
        if reply is not None:
            self._tally.from_cache += 1
            reply = replace(_free(reply), source="cache")
        else:
            reply = await self._ask(request, key, ticket)
        if once is not None:
            try:
                await self._state.replays.put(once, reply)
            except asyncio.CancelledError:
                self._orphaned(reply.calls, reply)
                raise
        return reply

    async def _ask(self, request: ChatRequest, key: str, ticket: Ticket) -> ChatReply:
        joins = self._coalescer.has(key)
        counted = False if joins else await self._allowed(request)
        try:
            landing = await self._coalescer.ask(key, ticket, partial(self._fly, request, key))
        except BackendError as error:
            if counted and error.calls == 0:
                await self._budget.give_back(request.caller)
            raise
        if landing.calls:
            return replace(landing.result, calls=landing.calls)
        self._tally.coalesced += 1
        return replace(_free(landing.result), source="coalesced")

    async def _allowed(self, request: ChatRequest) -> bool:
        """Whether the question was counted against its caller's budget. Raises the refusal."""
        why = senseless(request.utterance) if self._spec.screen and request.utterance else None
        if why is not None:
            raise refusal("senseless", why, None)
        self._check_rung(request)
        return await self._budget.take(request.caller)

    async def _fly(self, request: ChatRequest, key: str, ticket: Ticket) -> ChatReply:
        """The one call for everybody who asks this; kept for later where that is any use."""
        self._check_rung(replace(request, priority=ticket.priority))
        async with self._state.claims.claim(key, ticket.deadline) as claim:
            if claim.reply is not None:
                return claim.reply
            hold = await self._budget.hold(request)
            try:
                reply = await self._caller.ask(request, ticket)
            except BaseException:
                if ticket.calls == 0:
                    await self._budget.release(hold)
                raise
            await self._budget.settle(hold, reply)
            usable = _is_usable(request, reply)
            if usable:
                await self._state.cache.put(key, reply)
            await claim.finish(reply, usable)
            return reply

    def _check_rung(self, request: ChatRequest) -> None:
        if self.rungs.admits(request.priority):
            return
        rung = self.rungs.current
        if rung == "llm_free":
            raise refusal("llm_free", "the model is not asked", None)
        raise refusal(f"rung_{rung}", f"the model is busy: {rung}", self._spec.rungs.calm_s)

    async def _tick(self) -> None:
        self.rungs.update(self._admission.oldest_s)
        self.rungs.follow(await self._state.board.exchange(self.rungs.own))

    def _rung_moved(self, before: Rung, after: Rung) -> None:
        logger.warning("traffic rung: %s -> %s", before, after)
        self._tell(TrafficEvent("rung", after, f"from {before}"))

    def _host_changed(self, host: Host) -> None:
        stats = host.snapshot()
        logger.warning("host %s is %s %s", host.name, stats.state, stats.detail)
        self._tell(TrafficEvent("host_back" if host.is_up else "host_out", host.name, stats.detail))
        self._admission.pump()

    def _orphaned(self, calls: int, reply: ChatReply | None) -> None:
        self._tally.orphan(calls)
        if calls:
            self._on_orphaned(calls, reply)

    def _tell(self, event: TrafficEvent) -> None:
        try:
            self._on_event(event)
        except Exception:
            logger.exception("the listener of traffic events failed")


def _free(reply: ChatReply) -> ChatReply:
    """The reply for somebody who spends nothing on it."""
    return replace(
        reply,
        calls=0,
        queued_ns=0,
        input_tokens=0,
        cached_tokens=0,
        output_tokens=0,
        prompt_ns=0,
        output_ns=0,
    )


def _once(request: ChatRequest, key: str) -> str | None:
    """Where the reply to this caller's key is kept; the same key with another question is another request."""
    if request.idempotency_key is None:
        return None
    said = json.dumps([request.caller, request.idempotency_key, key])
    return hashlib.sha256(said.encode("ascii")).hexdigest()


def _is_usable(request: ChatRequest, reply: ChatReply) -> bool:
    """Whether others may be given the reply: the asker's own judgement, or else that it is whole and JSON."""
    if request.usable is not None:
        try:
            return request.usable(reply)
        except Exception:
            logger.exception("the asker's judgement of a reply failed; the reply is not kept")
            return False
    if reply.finish_reason == "length":
        return False
    if request.schema is None:
        return True
    try:
        json.loads(reply.content or reply.thinking)
    except (ValueError, RecursionError):
        return False
    return True
