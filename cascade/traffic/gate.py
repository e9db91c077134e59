"""The traffic layer as a chat backend: what a cascade asks instead of a server."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from random import Random

from cascade.backends.base import BackendHealth, ChatBackend, ChatReply, ChatRequest
from cascade.errors import ConfigurationError
from cascade.traffic.hosts import Host
from cascade.traffic.pipeline import Pipeline
from cascade.traffic.shared import State, in_process
from cascade.traffic.spec import Rung, TrafficSpec
from cascade.traffic.stats import EventListener, TrafficStats


class Gate:
    """Several servers of one model behind one :class:`~cascade.backends.base.ChatBackend` that a crowd cannot
    drown.

    Belongs to one cascade: everything it keeps lives on that cascade's event loop, where synchronous and
    asynchronous callers meet. :meth:`stats`, :attr:`rung` and :meth:`hold` may be used from any thread.
    """

    def __init__(
        self,
        backends: Sequence[ChatBackend],
        spec: TrafficSpec | None = None,
        *,
        names: Sequence[str] | None = None,
        on_event: EventListener | None = None,
        clock: Callable[[], float] = time.monotonic,
        random: Random | None = None,
    ) -> None:
        """``names`` are the hosts' names in figures, events and shared limits; ``clock`` is monotonic, in
        seconds.

        Raises :class:`~cascade.errors.ConfigurationError` without a backend or with two of one name, and
        :class:`~cascade.errors.MissingExtra` when ``spec.redis`` is set and the redis package is not installed.
        """
        if not backends:
            raise ConfigurationError("a traffic layer needs a backend")
        self.backends = tuple(backends)
        self.spec = spec or TrafficSpec()
        self._names = tuple(names) if names is not None else _names(self.backends)
        if len(set(self._names)) != len(self.backends):
            raise ConfigurationError(f"the hosts need one name each, these are {', '.join(self._names)}")
        self._on_event = on_event or _ignore
        self.on_orphaned: Callable[[int, ChatReply | None], object] = _ignore
        """Told of calls whose callers all went away: how many, and the reply when one had come by then."""
        self._clock = clock
        self._random = random or Random()  # noqa: S311 - jitter, not secrets
        self._pipeline: Pipeline | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0
        self._held: Rung | None = None
        self._make_state = _state_maker(self.spec, self._clock, self._random, self._on_event)

    @property
    def model(self) -> str:
        """The first backend's model."""
        return self.backends[0].model

    @property
    def context_tokens(self) -> int:
        """The smallest context of the backends: a prompt must fit wherever it is sent."""
        return min(backend.context_tokens for backend in self.backends)

    @property
    def rung(self) -> Rung:
        """How much of the traffic reaches the model now."""
        pipeline = self._pipeline
        return pipeline.rungs.current if pipeline is not None else self._held or self.spec.rungs.start

    @property
    def held(self) -> Rung | None:
        """The rung that is set by hand; ``None`` when the load sets it."""
        return self._held

    def hold(self, rung: Rung | None) -> None:
        """Set the rung by hand; ``None`` gives it back to the load."""
        self._held = rung
        pipeline, loop = self._pipeline, self._loop
        if pipeline is not None and loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(pipeline.rungs.hold, rung)

    def stats(self) -> TrafficStats | None:
        """The counters and the hosts now; ``None`` before the first request."""
        return None if self._pipeline is None else self._pipeline.snapshot()

    async def chat(self, request: ChatRequest) -> ChatReply:
        """The reply to ``request``, within ``request.timeout_s``.

        Raises :class:`~cascade.errors.BackendOverloaded` at once when it is not to be asked now, and what the
        servers failed with.
        """
        return await self._bound().chat(request)

    async def probe(self) -> BackendHealth:
        """Probe every host: reachable when one is, with what each of them said."""
        found = await self._bound().probe()
        said = (f"{name}: {health.detail or 'well'}" for name, health in zip(self._names, found, strict=True))
        present = [health.model_present for health in found if health.reachable]
        return BackendHealth(
            reachable=bool(present),
            model_present=any(present) if any(known is not None for known in present) else None,
            version=next((health.version for health in found if health.version), None),
            detail="; ".join(said) if len(found) > 1 else found[0].detail,
            models=tuple(dict.fromkeys(name for health in found for name in health.models)),
        )

    async def drain(self, timeout_s: float) -> bool:
        """Refuse what is new and let what is under way end; whether all of it did within ``timeout_s``."""
        return True if self._pipeline is None else await self._pipeline.drain(timeout_s)

    async def aclose(self) -> None:
        """Cancel what is under way and close the backends."""
        if self._pipeline is not None and self._loop is asyncio.get_running_loop():
            await self._pipeline.aclose()
        for backend in self.backends:
            await backend.aclose()

    def _orphaned(self, calls: int, reply: ChatReply | None) -> None:
        self.on_orphaned(calls, reply)

    def _bound(self) -> Pipeline:
        """The pipeline of this process and event loop; a forked child and a loop that took over start afresh."""
        loop = asyncio.get_running_loop()
        if self._pipeline is not None and self._loop is loop and self._pid == os.getpid():
            return self._pipeline
        if self._loop is not None and self._pid == os.getpid() and not self._loop.is_closed():
            raise ConfigurationError(
                "a traffic layer serves one event loop", hint="give each cascade a Gate of its own"
            )
        hosts = [
            Host(name, backend, self.spec, self._clock)
            for name, backend in zip(self._names, self.backends, strict=True)
        ]
        pipeline = Pipeline(
            hosts,
            self.spec,
            model=self.model,
            state=self._make_state(),
            clock=self._clock,
            random=self._random,
            on_event=self._on_event,
            on_orphaned=self._orphaned,
        )
        if self._held is not None:
            pipeline.rungs.hold(self._held)
        self._pipeline, self._loop, self._pid = pipeline, loop, os.getpid()
        return pipeline


def _ignore(*_: object) -> None:
    """Nobody listens."""


def _names(backends: Sequence[ChatBackend]) -> tuple[str, ...]:
    """``model#1``, ``model#2``: the order the hosts were given in is the one thing all processes agree on."""
    return tuple(f"{backend.model}#{number}" for number, backend in enumerate(backends, 1))


def _state_maker(
    spec: TrafficSpec, clock: Callable[[], float], random: Random, on_event: EventListener
) -> Callable[[], State]:
    """State is made on the loop that it will live on; what is wrong with the settings is found at once."""
    redis = spec.redis
    if redis is None:
        return lambda: in_process(spec, clock)
    from cascade.traffic.redis import shared_state
    from cascade.traffic.redis_link import connect

    connect(redis)
    return lambda: shared_state(spec, redis, clock, random, on_event)
