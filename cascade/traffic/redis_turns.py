"""Taking turns with other processes through Redis: one asks a question, so many ask a host, and who is alive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random
from typing import Any, cast

from cascade.backends.base import ChatReply
from cascade.traffic.redis_link import RedisLink
from cascade.traffic.redis_state import dump, load
from cascade.traffic.refusal import refusal
from cascade.traffic.shared import Claim
from cascade.traffic.spec import RUNGS, Rung
from cascade.traffic.stats import SharedMode

_POLL_S = 0.02
_MAX_POLL_S = 0.1
_REPLY_MS = 500
"""How long a reply lies there for those who wait for it; those who come later have the cache. What cannot be
used is for those alone who waited."""
_RENEWALS = 3
"""Times a lease is renewed in its own length: one command may be lost."""

_CLAIM = """
local reply = redis.call('GET', KEYS[2])
if reply and (ARGV[3] == '1' or string.sub(reply, 1, 1) == '1') then return {'reply', string.sub(reply, 2)} end
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return {'ours', ''} end
if redis.call('GET', KEYS[1]) == ARGV[1] then return {'ours', ''} end
return {'wait', ''}
"""

_RENEW_CLAIM = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
"""

_END_CLAIM = """
if ARGV[2] ~= '' then redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]) end
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
"""

_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""

_PLACE = (
    _NOW
    + """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZSCORE', KEYS[1], ARGV[1]) or redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[3]) then
  redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 1
end
return 0
"""
)

_LEAVE_PLACE = "return redis.call('ZREM', KEYS[1], ARGV[1])"

_EXCHANGE = (
    _NOW
    + """
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. (now + ARGV[3]))
redis.call('PEXPIRE', KEYS[1], ARGV[3] * 2)
local all, alive, worst = redis.call('HGETALL', KEYS[1]), 0, 0
for i = 1, #all, 2 do
  local rung, till = string.match(all[i + 1], '^(%d+) (%d+)$')
  if not till or tonumber(till) < now then redis.call('HDEL', KEYS[1], all[i])
  else
    alive = alive + 1
    if all[i] ~= ARGV[1] then worst = math.max(worst, tonumber(rung)) end
  end
end
return {alive, worst}
"""
)

_LEAVE = "return redis.call('HDEL', KEYS[1], ARGV[1])"


class _Question:
    """A question that is this process's to ask."""

    def __init__(self, reply: ChatReply | None, finish: Callable[[ChatReply, bool], Awaitable[None]]) -> None:
        self.reply = reply
        self._finish = finish

    async def finish(self, reply: ChatReply, usable: bool) -> None:
        await self._finish(reply, usable)


class RedisTurns:
    """Claims, places and the board of processes. For one event loop."""

    def __init__(
        self,
        link: RedisLink,
        process: str,
        clock: Callable[[], float],
        random: Random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._link = link
        self._process = process
        self._clock = clock
        self._random = random
        self._sleep = sleep
        self._lease_ms = int(link.spec.lease_s * 1000)
        self._serial = 0
        self._here: dict[str, int] = {}
        self.processes = link.spec.processes
        """How many there were when they were last counted, this one included."""

    @property
    def mode(self) -> SharedMode:
        return self._link.mode

    def claim(self, key: str, deadline: float) -> AbstractAsyncContextManager[Claim]:
        """The question, or another process's reply to it. When Redis is gone every process asks for itself."""
        return cast("AbstractAsyncContextManager[Claim]", self._claim(key, deadline))

    def place(self, host: str, deadline: float) -> AbstractAsyncContextManager[None]:
        """A place at the host; when Redis is gone, one of this process's share."""
        return self._place(host, deadline)

    async def exchange(self, own: Rung) -> Rung:
        """Tell the others of this process; the highest of their rungs, the last known when Redis is gone."""
        args = [self._process, RUNGS.index(own), self._lease_ms]
        said = await self._link.script(_EXCHANGE, [self._link.key("processes")], args)
        if said is None:
            return "normal"
        self.processes = max(1, int(said[0]))
        return RUNGS[int(said[1])]

    async def aclose(self) -> None:
        """Say goodbye and close the connections."""
        await self._link.script(_LEAVE, [self._link.key("processes")], [self._process])
        await self._link.aclose()

    @asynccontextmanager
    async def _claim(self, key: str, deadline: float) -> AsyncIterator[_Question]:
        keys = [self._link.key("asking", key), self._link.key("reply", key)]
        token = self._token()
        reply = await self._turn(keys, token, deadline)
        kept = ""

        async def finish(given: ChatReply, usable: bool) -> None:
            nonlocal kept
            kept = f"{usable:d}{dump(given)}"

        if reply is not None:
            yield _Question(reply, finish)
            return
        renewing = asyncio.ensure_future(self._renew(_RENEW_CLAIM, keys[:1], [token, self._lease_ms]))
        try:
            yield _Question(None, finish)
        finally:
            await _stop(renewing)
            await self._link.script(_END_CLAIM, keys, [token, kept, _REPLY_MS])

    async def _turn(self, keys: list[str], token: str, deadline: float) -> ChatReply | None:
        """Another's reply, or ``None`` for our turn."""
        pause, waited = _POLL_S, 0
        while True:
            said: Any = await self._link.script(_CLAIM, keys, [token, self._lease_ms, waited])
            if said is None or said[0] == "ours":
                return None
            if said[0] == "reply":
                return load(said[1])
            if self._clock() + pause >= deadline:
                raise refusal("deadline", "another process is still asking the same", pause)
            waited = 1
            pause = await self._pause(pause)

    @asynccontextmanager
    async def _place(self, host: str, deadline: float) -> AsyncIterator[None]:
        most = self._link.spec.shared_concurrency
        if most is None:
            yield
            return
        key, token = self._link.key("place", host), self._token()
        await self._wait_for_place(host, key, token, most, deadline)
        self._here[host] = self._here.get(host, 0) + 1
        renewing = asyncio.ensure_future(self._renew(_PLACE, [key], [token, self._lease_ms, most]))
        try:
            yield
        finally:
            self._here[host] -= 1
            await _stop(renewing)
            await self._link.script(_LEAVE_PLACE, [key], [token])

    async def _wait_for_place(self, host: str, key: str, token: str, most: int, deadline: float) -> None:
        pause = _POLL_S
        while True:
            granted = await self._link.script(_PLACE, [key], [token, self._lease_ms, most])
            if granted == 1:
                return
            if granted is None and self._here.get(host, 0) < max(1, most // self.processes):
                return
            if self._clock() + pause >= deadline:
                raise refusal("deadline", "the other processes keep the host busy", pause)
            pause = await self._pause(pause)

    async def _renew(self, lua: str, keys: list[str], args: list[Any]) -> None:
        while True:
            await self._sleep(self._lease_ms / 1000 / _RENEWALS)
            await self._link.script(lua, keys, args)

    async def _pause(self, seconds: float) -> float:
        """Sleep about so long; the next pause."""
        await self._sleep(seconds * self._random.uniform(0.5, 1.0))
        return min(_MAX_POLL_S, seconds * 1.5)

    def _token(self) -> str:
        self._serial += 1
        return f"{self._process}/{self._serial}"


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait((task,))
