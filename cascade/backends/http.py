"""The one module that speaks HTTP: a request out, a bounded reply in, every failure one of ours.

A client belongs to the event loop it was made on. The link makes one lazily for each loop that uses it, so a backend
may be built anywhere, be shared by several cascades, and survive a fork.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import httpx

from cascade.backends.base import BackendHealth
from cascade.backends.mapping import foreign_error, retry_after, status_error
from cascade.errors import BackendError, BackendReplyInvalid, BackendTimeout

MAX_REPLY_BYTES = 1024 * 1024
"""More than any answer: a server that sends this much is not answering the question."""

CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Longest wait for a connection and for the next byte, in seconds; each request's own total bounds both."""

    connect_s: float = CONNECT_TIMEOUT_S
    read_s: float = READ_TIMEOUT_S

    def within(self, total_s: float) -> httpx.Timeout:
        """The transport's timeouts for a request of at most ``total_s``."""
        return httpx.Timeout(
            min(self.read_s, total_s), connect=min(self.connect_s, total_s), pool=min(self.connect_s, total_s)
        )


DEFAULT_DEADLINES = Deadlines()


@dataclass(frozen=True, slots=True)
class Received:
    """A good reply, and when its bytes came."""

    text: str
    arrivals: tuple[tuple[int, int], ...]
    """Bytes so far, and nanoseconds since the request was sent, for each piece of it."""

    def by(self, size: int) -> int | None:
        """Nanoseconds until the first ``size`` bytes were here; ``None`` when it has not so many."""
        return next((took for so_far, took in self.arrivals if so_far >= size), None)


class HttpLink:
    """Requests to one server. ``make`` builds a client; it is called on the loop that will use it."""

    def __init__(
        self,
        make: Callable[[], httpx.AsyncClient],
        *,
        model: str,
        deadlines: Deadlines,
        pull_hint: str = "",
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._make = make
        self._model = model
        self._deadlines = deadlines
        self._pull_hint = pull_hint
        self._wall_clock = wall_clock
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()

    async def send(
        self,
        method: str,
        path: str,
        *,
        timeout_s: float,
        body: Mapping[str, Any] | None = None,
        private: Iterable[str] = (),
    ) -> str:
        """The text of a good reply, as :meth:`receive` has it."""
        received = await self.receive(method, path, timeout_s=timeout_s, body=body, private=private)
        return received.text

    async def receive(
        self,
        method: str,
        path: str,
        *,
        timeout_s: float,
        body: Mapping[str, Any] | None = None,
        private: Iterable[str] = (),
    ) -> Received:
        """A good reply. ``timeout_s`` bounds everything from here to the last byte.

        ``private`` are texts that must not come back in an error's message. Raises :class:`BackendError` and nothing
        else (cancellation apart, which closes the connection).
        """
        doing = f"{method} {path}"
        if timeout_s <= 0:
            late = BackendTimeout(f"{doing}: the deadline had passed before it was sent")
            late.calls = 0
            raise late
        try:
            async with asyncio.timeout(timeout_s):
                return await self._exchange(method, path, body, timeout_s, private)
        except BackendError:
            raise
        except TimeoutError as error:
            raise BackendTimeout(f"{doing}: no whole reply within {timeout_s:.3g} s") from error
        except Exception as error:
            raise foreign_error(error, doing) from error

    async def aclose(self) -> None:
        """Close this loop's connections; a later request opens new ones."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    async def _exchange(
        self, method: str, path: str, body: Mapping[str, Any] | None, timeout_s: float, private: Iterable[str]
    ) -> Received:
        timeout, sent = self._deadlines.within(timeout_s), time.perf_counter_ns()
        arrivals: list[tuple[int, int]] = []
        async with self._client().stream(method, path, json=body, timeout=timeout) as response:
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                arrivals.append((len(content), time.perf_counter_ns() - sent))
                if len(content) > MAX_REPLY_BYTES:
                    raise BackendReplyInvalid(f"{method} {path}: more than {MAX_REPLY_BYTES} bytes of reply")
            if response.status_code == 200:
                return Received(content.decode("utf-8"), tuple(arrivals))
            raise status_error(
                response.status_code,
                content.decode("utf-8", "replace"),
                model=self._model,
                pull=self._pull_hint,
                retry_after_s=retry_after(response.headers.get("retry-after"), self._wall_clock),
                private=private,
            )

    def _client(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            client = self._clients[loop] = self._make()
        return client


def unhealthy(error: BackendError) -> BackendHealth:
    """What a probe that met ``error`` has found out: a server that says anything at all is there."""
    answered = error.status is not None or isinstance(error, BackendReplyInvalid)
    return BackendHealth(reachable=answered, detail=str(error))


NO_POOL_LIMIT = httpx.Limits(max_connections=None, max_keepalive_connections=64)
"""A pool that is full makes callers wait where nobody sees it; how many may wait is decided above the backend."""
