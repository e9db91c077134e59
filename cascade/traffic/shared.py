"""What processes may share, as protocols, and the stand-ins of a process that shares nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from cascade.backends.base import ChatReply
from cascade.traffic.budget import Counters, MemoryCounters
from cascade.traffic.cache import MemoryStore, ReplyStore
from cascade.traffic.spec import Rung, TrafficSpec
from cascade.traffic.stats import SharedMode


class Claims(Protocol):
    """One process at a time asks a question; the others wait for its reply."""

    def claim(self, key: str, deadline: float) -> AbstractAsyncContextManager[Claim]:
        """Wait until the question is this process's to ask, or its reply is there, at most until ``deadline``."""
        ...


class Claim(Protocol):
    """What came of a claim."""

    @property
    def reply(self) -> ChatReply | None:
        """Another process's reply; ``None`` when the question is ours to ask."""
        ...

    async def finish(self, reply: ChatReply, usable: bool) -> None:
        """Give the reply to those who wait, and a usable one to those who come a moment later."""
        ...


class Places(Protocol):
    """A bound on the requests that one host is sent by all processes together."""

    def place(self, host: str, deadline: float) -> AbstractAsyncContextManager[None]:
        """Hold a place at ``host``. Raises :class:`~cascade.errors.BackendOverloaded` when none is free in
        time.
        """
        ...


class Board(Protocol):
    """Where processes tell each other their rung, and that they are alive."""

    @property
    def mode(self) -> SharedMode: ...

    async def exchange(self, own: Rung) -> Rung:
        """Tell ``own``; the highest rung of the other processes."""
        ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class State:
    """All that outlives a single request."""

    cache: ReplyStore
    replays: ReplyStore
    counters: Counters
    claims: Claims
    places: Places
    board: Board


@dataclass(frozen=True, slots=True)
class _Ours:
    reply: ChatReply | None = None

    async def finish(self, reply: ChatReply, usable: bool) -> None:
        """Nobody else waits."""


class Alone:
    """A process that shares nothing: every claim is granted, every place free."""

    mode: SharedMode = "off"

    def claim(self, key: str, deadline: float) -> AbstractAsyncContextManager[Claim]:
        return nullcontext(_Ours())

    def place(self, host: str, deadline: float) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    async def exchange(self, own: Rung) -> Rung:
        return "normal"

    async def aclose(self) -> None:
        """Nothing to close."""


def in_process(spec: TrafficSpec, clock: Callable[[], float]) -> State:
    """State of this process alone."""
    alone = Alone()
    cache = MemoryStore(ttl_s=spec.cache.ttl_s, max_bytes=spec.cache.max_bytes, clock=clock)
    replays = MemoryStore(ttl_s=spec.idempotency.ttl_s, max_bytes=spec.idempotency.max_bytes, clock=clock)
    return State(cache, replays, MemoryCounters(clock), alone, alone, alone)
