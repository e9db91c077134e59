"""The protocol of a chat model, and the plain values that cross it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question to a chat model, answered by JSON that keeps to ``schema``."""

    messages: tuple[Message, ...]
    schema: Mapping[str, Any] | None
    max_output_tokens: int
    timeout_s: float
    """For the whole call, from sending to the last byte, time in the server's line included."""
    temperature: float = 0.0
    seed: int | None = 1


@dataclass(frozen=True, slots=True)
class ChatReply:
    """What the model said and what the server told about it. Counts the server did not give are ``None``."""

    content: str
    thinking: str = ""
    finish_reason: str | None = None
    """``stop``, ``length`` (the text was cut) or the server's own word."""
    model: str | None = None
    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    queued_ns: int | None = None
    """Time the request stood in line at the server, where that can be derived."""


@dataclass(frozen=True, slots=True)
class BackendHealth:
    """What a probe found: is the server there, has it the model, which version is it."""

    reachable: bool
    model_present: bool | None = None
    version: str | None = None
    detail: str = ""
    models: tuple[str, ...] = field(default=())


@runtime_checkable
class ChatBackend(Protocol):
    """A chat model that a cascade can ask.

    ``chat`` raises only :class:`~cascade.errors.BackendError` (and lets ``asyncio.CancelledError`` through);
    cancelling it closes the connection, which frees the server. It is always called on one event loop, the
    cascade's own.
    """

    @property
    def model(self) -> str: ...

    @property
    def context_tokens(self) -> int:
        """Size of the context window that requests are sent with, prompt and reply together."""
        ...

    async def chat(self, request: ChatRequest) -> ChatReply: ...

    async def probe(self) -> BackendHealth: ...

    async def aclose(self) -> None: ...
