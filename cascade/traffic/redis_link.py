"""The way to Redis: short, and never waited for twice. A Redis that is slow or gone costs one time limit, then
nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from cascade.errors import ConfigurationError, MissingExtra
from cascade.traffic.spec import RedisSpec
from cascade.traffic.stats import EventListener, SharedMode, TrafficEvent

if TYPE_CHECKING:
    from redis.asyncio import Redis

logger = logging.getLogger("cascade")

T = TypeVar("T")


class RedisLink:
    """Runs commands on a Redis that may be gone. For one event loop.

    After a failure Redis is left alone for ``spec.retry_s``; then one command tries again while the others
    still go on without. Losing it and having it back are each logged and told once.
    """

    def __init__(
        self,
        spec: RedisSpec,
        clock: Callable[[], float],
        *,
        on_event: EventListener = lambda _: None,
        client: Redis | None = None,
    ) -> None:
        """``client`` replaces the one made of ``spec.url``. Raises :class:`~cascade.errors.MissingExtra`."""
        self.spec = spec
        self._clock = clock
        self._on_event = on_event
        self._client: Any = client if client is not None else connect(spec)
        self._down = False
        self._try_again_at = 0.0
        self._scripts: dict[str, Any] = {}

    @property
    def mode(self) -> SharedMode:
        """``shared``, or ``local`` while Redis is gone."""
        return "local" if self._down else "shared"

    def key(self, *parts: str) -> str:
        """A key of this namespace."""
        return ":".join((self.spec.namespace, *parts))

    async def script(self, lua: str, keys: list[str], args: list[Any]) -> Any:
        """What a Lua script returns; ``None`` when Redis is gone. Scripts never return nil of themselves."""
        if lua not in self._scripts:
            self._scripts[lua] = self._client.register_script(lua)
        return await self._run(lambda: self._scripts[lua](keys=keys, args=args))

    async def get(self, key: str) -> str | None:
        """A value; ``None`` also when Redis is gone."""
        found: str | None = await self._run(lambda: self._client.get(key))
        return found

    async def set(self, key: str, value: str, ttl_s: float) -> None:
        """Keep a value for a while, if Redis is there."""
        await self._run(lambda: self._client.set(key, value, px=max(1, int(ttl_s * 1000))))

    async def aclose(self) -> None:
        """Close the connections."""
        try:
            await self._client.aclose()
        except Exception:
            logger.debug("closing the connection to Redis failed", exc_info=True)

    async def _run(self, command: Callable[[], Awaitable[Any]]) -> Any:
        if self._down:
            if self._clock() < self._try_again_at:
                return None
            self._try_again_at = self._clock() + self.spec.retry_s  # the others go on without meanwhile
        task = asyncio.current_task()
        cancels = task.cancelling() if task else 0
        result = None
        try:
            async with asyncio.timeout(self.spec.timeout_s):
                result = await command()
        except Exception as error:
            self._lost(error)
        else:
            self._found()
        # The client awaits ``asyncio.wait_for``, which before Python 3.12 loses a cancellation that comes as it ends.
        if task and task.cancelling() > cancels:
            raise asyncio.CancelledError
        return result

    def _lost(self, error: Exception) -> None:
        self._try_again_at = self._clock() + self.spec.retry_s
        if self._down:
            return
        self._down = True
        logger.warning("Redis is gone (%s); this process goes on with its local share", type(error).__name__)
        self._tell(TrafficEvent("shared_lost", self.spec.namespace, type(error).__name__))

    def _found(self) -> None:
        if not self._down:
            return
        self._down = False
        logger.warning("Redis is back; limits and replies are shared again")
        self._tell(TrafficEvent("shared_back", self.spec.namespace))

    def _tell(self, event: TrafficEvent) -> None:
        try:
            self._on_event(event)
        except Exception:
            logger.exception("the listener of traffic events failed")


def connect(spec: RedisSpec) -> Redis:
    """A client that opens no connection yet. Raises :class:`~cascade.errors.MissingExtra` or
    ``ConfigurationError``.
    """
    try:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError:
        raise MissingExtra("redis", "redis") from None
    try:
        return Redis.from_url(
            spec.url,
            decode_responses=True,
            encoding_errors="replace",
            socket_timeout=spec.timeout_s,
            socket_connect_timeout=spec.timeout_s,
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError as error:
        raise ConfigurationError(
            "the address of Redis is not one", hint="write redis://host:6379/0, rediss://... or unix://..."
        ) from error
