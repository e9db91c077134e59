"""Replies kept for the identical question: exact keys only, for a while, within a size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from cachetools import TTLCache

from cascade.backends.base import ChatReply


class ReplyStore(Protocol):
    """Where replies are kept by key. A store that cannot be reached behaves as if it were empty."""

    async def get(self, key: str) -> ChatReply | None: ...

    async def put(self, key: str, reply: ChatReply) -> None: ...


class MemoryStore:
    """Replies in this process, bounded by age and by the size of their text. For one event loop."""

    def __init__(self, *, ttl_s: float, max_bytes: int, clock: Callable[[], float]) -> None:
        self._replies: TTLCache[str, ChatReply] = TTLCache(max_bytes, ttl_s, clock, size_of)

    def __len__(self) -> int:
        return len(self._replies)

    async def get(self, key: str) -> ChatReply | None:
        """The reply, unless it is too old or had to make room."""
        return self._replies.get(key)

    async def put(self, key: str, reply: ChatReply) -> None:
        """Keep the reply; the least recently used make room. One larger than the whole store is not kept."""
        if size_of(reply) <= self._replies.maxsize:
            self._replies[key] = reply


_OVERHEAD_BYTES = 512


def size_of(reply: ChatReply) -> int:
    """Bytes that keeping a reply takes, about: UTF-8 text and a flat rate for everything else."""
    return (
        _OVERHEAD_BYTES
        + len(reply.content.encode("utf-8", "replace"))
        + len(reply.thinking.encode("utf-8", "replace"))
    )
