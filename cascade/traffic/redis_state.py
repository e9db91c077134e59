"""Replies and sums that processes share through Redis, each with what a process does when Redis is gone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

from cascade.backends.base import ChatReply
from cascade.traffic.budget import Counters, Hold, MemoryCounters
from cascade.traffic.cache import ReplyStore
from cascade.traffic.redis_link import RedisLink

_FIELDS = frozenset(field.name for field in fields(ChatReply))


def dump(reply: ChatReply) -> str:
    """A reply as JSON."""
    return json.dumps(asdict(reply), separators=(",", ":"))


def load(text: str | None) -> ChatReply | None:
    """A reply from JSON; ``None`` for anything that is none, such as another version's."""
    try:
        data = json.loads(text or "null")
        return ChatReply(**data) if isinstance(data, dict) and data.keys() <= _FIELDS else None
    except (TypeError, ValueError, RecursionError):
        return None


class SharedStore:
    """Replies in Redis and, for when it is gone, in this process too."""

    def __init__(self, link: RedisLink, kind: str, ttl_s: float, local: ReplyStore) -> None:
        self._link = link
        self._kind = kind
        self._ttl_s = ttl_s
        self._local = local

    async def get(self, key: str) -> ChatReply | None:
        """The reply that any process has kept."""
        own = await self._local.get(key)
        return own if own is not None else load(await self._link.get(self._link.key(self._kind, key)))

    async def put(self, key: str, reply: ChatReply) -> None:
        """Keep the reply for all."""
        await self._local.put(key, reply)
        await self._link.set(self._link.key(self._kind, key), dump(reply), self._ttl_s)


_TAKE = """
local now = redis.call('TIME'); now = now[1] + now[2] / 1000000
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local saved, at = unpack(redis.call('HMGET', KEYS[1], 'saved', 'at'))
saved = math.min(burst, (tonumber(saved) or burst) + (now - (tonumber(at) or now)) * rate)
local wait = 0
if saved >= 1 then saved = saved - 1 else wait = (1 - saved) / rate end
redis.call('HSET', KEYS[1], 'saved', tostring(saved), 'at', tostring(now))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 1000)
return tostring(wait)
"""

_GIVE_BACK = """
local saved = tonumber(redis.call('HGET', KEYS[1], 'saved'))
if saved then redis.call('HSET', KEYS[1], 'saved', tostring(math.min(tonumber(ARGV[1]), saved + 1))) end
return 1
"""

# A process writes its own sums whole, so that a command whose answer was lost may be sent again.
_SPEND = """
local function other(key)
  local sum = 0
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do if all[i] ~= ARGV[1] then sum = sum + tonumber(all[i + 1]) end end
  return sum
end
local tokens, micros = other(KEYS[1]), other(KEYS[2])
local more_tokens, more_micros = tonumber(ARGV[4]), tonumber(ARGV[5])
local verdict = ''
if ARGV[6] ~= '' and tokens + tonumber(ARGV[2]) + more_tokens > tonumber(ARGV[6]) then verdict = 'token_budget'
elseif ARGV[7] ~= '' and micros + tonumber(ARGV[3]) + more_micros > tonumber(ARGV[7]) then verdict =
'money_budget' end
if verdict ~= '' then more_tokens, more_micros = 0, 0 end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', tonumber(ARGV[2]) + more_tokens))
redis.call('HSET', KEYS[2], ARGV[1], string.format('%.0f', tonumber(ARGV[3]) + more_micros))
return {verdict, string.format('%.0f', tokens), string.format('%.0f', micros)}
"""


class SharedCounters:
    """Sums over all processes. When Redis is gone each process may use its share of what was left at that time.

    What a process has spent is its own number, kept here and written to Redis whole, so that nothing is
    counted twice or lost when Redis comes and goes.
    """

    def __init__(
        self, link: RedisLink, process: str, clock: Callable[[], float], processes: Callable[[], int]
    ) -> None:
        """``process`` names this process; ``processes`` tells how many there were when they were last counted."""
        self._link = link
        self._process = process
        self._processes = processes
        self._local: Counters = MemoryCounters(clock)
        self._tokens = 0
        self._micros = 0
        self._others = (0, 0)
        self._told = (0, 0)
        """Own sums when Redis last had them: what was left then is shared out among the processes."""

    async def take(self, caller: str, per_minute: float, burst: int) -> float:
        key = self._caller(caller)
        wait = await self._link.script(_TAKE, [key], [per_minute / 60, burst])
        if wait is not None:
            return float(wait)
        return await self._local.take(caller, per_minute / self._processes(), burst)

    async def give_back(self, caller: str, burst: int) -> None:
        if await self._link.script(_GIVE_BACK, [self._caller(caller)], [burst]) is None:
            await self._local.give_back(caller, burst)

    async def hold(self, hold: Hold, max_tokens: int | None, max_micros: int | None) -> str | None:
        said = await self._spend(hold.tokens, hold.micros, max_tokens, max_micros)
        verdict = self._alone(hold, max_tokens, max_micros) if said is None else said
        if not verdict:
            self._tokens += hold.tokens
            self._micros += hold.micros
            if said is not None:
                self._told = self._tokens, self._micros
        return verdict or None

    async def adjust(self, tokens: int, micros: int) -> None:
        self._tokens += tokens
        self._micros += micros
        if await self._spend(0, 0, None, None) is not None:
            self._told = self._tokens, self._micros

    async def spent(self) -> tuple[int, int]:
        await self._spend(0, 0, None, None)
        return self._others[0] + self._tokens, self._others[1] + self._micros

    def _caller(self, caller: str) -> str:
        """Who asks is nobody's business in Redis."""
        return self._link.key("caller", hashlib.sha256(caller.encode("utf-8", "replace")).hexdigest())

    async def _spend(
        self, tokens: int, micros: int, max_tokens: int | None, max_micros: int | None
    ) -> str | None:
        caps = ["" if cap is None else cap for cap in (max_tokens, max_micros)]
        args: list[Any] = [self._process, self._tokens, self._micros, tokens, micros, *caps]
        keys = [self._link.key("spent", "tokens"), self._link.key("spent", "micros")]
        said = await self._link.script(_SPEND, keys, args)
        if said is None:
            return None
        verdict, other_tokens, other_micros = said
        self._others = int(other_tokens), int(other_micros)
        return str(verdict)

    def _alone(self, hold: Hold, max_tokens: int | None, max_micros: int | None) -> str:
        sums = (
            ("token_budget", max_tokens, hold.tokens, self._tokens, self._others[0], self._told[0]),
            ("money_budget", max_micros, hold.micros, self._micros, self._others[1], self._told[1]),
        )
        for name, cap, more, own, others, told in sums:
            if cap is None:
                continue
            share = max(0, cap - others - told) // self._processes()
            if own - told + more > share:
                return name
        return ""
