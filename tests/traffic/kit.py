"""A loop whose time is not real, and servers simulated on it: seconds of overload in milliseconds, always the same."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from cascade.backends.base import BackendHealth, ChatReply, ChatRequest, Message, Priority
from cascade.errors import BackendError

T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    """Never sleeps: tells the loop how long it would have."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise AssertionError("everything waits for something that will never come")
        self.skipped += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on which time passes only while nobody has anything to do."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.skipped


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` on a virtual loop."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


def now() -> float:
    """The virtual time: the clock to inject."""
    return asyncio.get_running_loop().time()


class ManualClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def question(
    text: str = "适合减脂的奶茶",
    *,
    timeout_s: float = 10.0,
    priority: Priority = Priority.NORMAL,
    caller: str | None = None,
    key: str | None = None,
) -> ChatRequest:
    """A request as the large-model tier makes them."""
    return ChatRequest(
        messages=(Message("system", "answer in JSON"), Message("user", text)),
        schema={"type": "object"},
        max_output_tokens=50,
        timeout_s=timeout_s,
        utterance=text,
        scope="pack@1",
        priority=priority,
        caller=caller,
        idempotency_key=key,
    )


WELL = BackendHealth(True, True)


@dataclass
class SimulatedServer:
    """A chat server with ``slots`` and an unbounded line, like Ollama. ``faults`` are raised one a call, in order."""

    service_s: float = 1.0
    slots: int = 1
    jitter: float = 0.0
    faults: list[BackendError] = field(default_factory=list)
    tells_queue: bool = True
    model: str = "m"
    context_tokens: int = 4096
    content: str = '{"intent":"order_drink"}'
    healthy: BackendHealth = WELL
    random: Random = field(default_factory=lambda: Random(7))
    received: int = 0
    served: int = 0
    cancelled: int = 0
    peak: int = 0
    closed: bool = False

    def __post_init__(self) -> None:
        self._free = asyncio.Semaphore(self.slots)
        self._inside = 0

    async def chat(self, request: ChatRequest) -> ChatReply:
        self.received += 1
        if self.faults:
            raise self.faults.pop(0)
        self._inside += 1
        self.peak = max(self.peak, self._inside)
        came = now()
        try:
            async with self._free:
                queued = now() - came
                await asyncio.sleep(self.service_s * (1 + self.jitter * self.random.uniform(-1, 1)))
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self._inside -= 1
        self.served += 1
        return ChatReply(
            self.content,
            finish_reason="stop",
            model=self.model,
            input_tokens=40,
            cached_tokens=0,
            output_tokens=20,
            queued_ns=int(queued * 1e9) if self.tells_queue else None,
        )

    async def probe(self) -> BackendHealth:
        return self.healthy

    async def aclose(self) -> None:
        self.closed = True
