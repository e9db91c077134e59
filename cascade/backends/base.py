"""The protocol of a chat model, and the plain values that cross it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Literal, Protocol, runtime_checkable


class Priority(IntEnum):
    """Whose question goes first when not all can be asked: the smaller number."""

    ACTING = 0
    """It may spend money or change an order."""
    NORMAL = 1
    AUDIT = 2
    """Asked only to check an answer that was already given: last in line, first to be shed."""


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
    utterance: str = ""
    """The user's own words, normalised: what decides whether the question is worth a model's time."""
    scope: str = ""
    """Name and version of the bundle that asks; part of what makes two questions the same."""
    priority: Priority = Priority.NORMAL
    caller: str | None = None
    """A key of the caller that shared limits count by."""
    idempotency_key: str | None = None
    usable: Callable[[ChatReply], bool] | None = field(default=None, compare=False, repr=False)
    """Whether a reply holds the answer that was asked for; only such replies are kept for others."""


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
    prompt_ns: int | None = None
    """Time the server says it took to read the prompt."""
    output_ns: int | None = None
    """Time the server says it took to write the answer."""
    first_token_ns: int | None = None
    """From sending to the first token, as seen from here; ``None`` for a reply that came whole."""
    calls: int = 1
    """Calls that servers were sent for this reply, failed and hedged ones included; 0 when it was asked before."""
    source: Literal["model", "coalesced", "cache", "replayed"] = "model"
    """Where it came from: a server, somebody else's identical question in flight, the cache, an earlier request with
    the same idempotency key. All but the first spent no tokens, and their counts are 0."""


@dataclass(frozen=True, slots=True)
class ServerLoad:
    """What a server tells of itself when it is probed. ``None`` is what it does not tell."""

    gpu_bytes: int | None = None
    """Memory on its GPUs that models hold."""
    host_bytes: int | None = None
    """Memory of the host that models hold."""
    cache_share: float | None = None
    """Part of its key-value cache that is in use, 0 to 1."""
    running: int | None = None
    """Requests in service, whoever sent them."""
    waiting: int | None = None
    """Requests in its line, whoever sent them."""


@dataclass(frozen=True, slots=True)
class BackendHealth:
    """What a probe found: is the server there, has it the model, which version is it."""

    reachable: bool
    model_present: bool | None = None
    version: str | None = None
    detail: str = ""
    models: tuple[str, ...] = field(default=())
    load: ServerLoad | None = None
    """``None`` when the server tells nothing of it."""


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
