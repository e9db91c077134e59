"""Stand-ins that follow a script: a chat backend, a clock."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cascade.backends.base import BackendHealth, ChatReply, ChatRequest


class FakeClock:
    """A monotonic clock in nanoseconds that moves only when it is told to.

    Pass it wherever a ``clock`` is taken.
    """

    def __init__(self, start_s: float = 1000.0) -> None:
        self._now_ns = round(start_s * 1e9)

    def __call__(self) -> int:
        return self._now_ns

    @property
    def seconds(self) -> float:
        """The time, in seconds, as deadlines are given."""
        return self._now_ns / 1e9

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass. Raises ``ValueError`` for a negative number: this clock is monotonic."""
        if seconds < 0:
            raise ValueError("a monotonic clock does not go back")
        self._now_ns += round(seconds * 1e9)


@dataclass(frozen=True, slots=True)
class After:
    """A reply or an error that takes ``seconds`` to come: really waited for, or, with a clock, only counted."""

    seconds: float
    then: Reply


Reply = ChatReply | str | Mapping[str, Any] | BaseException | After
"""What a :class:`FakeBackend` may be told to do: a whole reply, its text, its JSON, an error to raise, or one
of these late."""

Script = Iterable[Reply] | Callable[[ChatRequest], Reply]


class FakeBackend:
    """A :class:`~cascade.backends.base.ChatBackend` that follows a script.

    ``script`` is a list of replies, of which the last is repeated for ever, or a function from the request to a
    reply. ``clock`` makes an :class:`After` move that clock instead of waiting. ``requests`` holds what was
    asked, ``cancelled`` counts the calls that were cancelled while they waited, ``closed`` tells whether
    :meth:`aclose` was called.
    """

    def __init__(
        self,
        script: Script,
        *,
        model: str = "fake",
        context_tokens: int = 8192,
        clock: FakeClock | None = None,
        health: BackendHealth | None = None,
    ) -> None:
        self._script = script if callable(script) else list(script)
        if not self._script:
            raise ValueError("the script is empty")
        self._model = model
        self._context_tokens = context_tokens
        self._clock = clock
        self._health = health or BackendHealth(True, True, "fake", "", (model,))
        self.requests: list[ChatRequest] = []
        self.cancelled = 0
        self.closed = False

    @property
    def model(self) -> str:
        return self._model

    @property
    def context_tokens(self) -> int:
        return self._context_tokens

    async def chat(self, request: ChatRequest) -> ChatReply:
        """The next reply of the script."""
        self.requests.append(request)
        if callable(self._script):
            reply = self._script(request)
        else:
            reply = self._script[min(len(self.requests), len(self._script)) - 1]
        while isinstance(reply, After):
            await self._wait(reply.seconds)
            reply = reply.then
        if isinstance(reply, BaseException):
            raise reply
        return self._reply(reply)

    async def probe(self) -> BackendHealth:
        """The health it was built with."""
        return self._health

    async def aclose(self) -> None:
        """Note that it was closed."""
        self.closed = True

    async def _wait(self, seconds: float) -> None:
        if self._clock is not None:
            self._clock.advance(seconds)
            return
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    def _reply(self, reply: ChatReply | str | Mapping[str, Any]) -> ChatReply:
        if isinstance(reply, ChatReply):
            return reply
        text = reply if isinstance(reply, str) else json.dumps(reply, ensure_ascii=False)
        return ChatReply(text, finish_reason="stop", model=self._model)
