"""How much may be asked: questions per caller and minute, tokens and money per campaign."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from cachetools import LRUCache

from cascade.backends.base import ChatReply, ChatRequest
from cascade.traffic.refusal import refusal
from cascade.traffic.spec import BudgetSpec

_MAX_CALLERS = 100_000
_MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Spent:
    """What a campaign has used so far; held-back amounts of requests under way are part of it."""

    tokens: int = 0
    money: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Hold:
    """What is held back for a request until its true use is known: tokens, and money in millionths."""

    tokens: int
    micros: int


class Counters(Protocol):
    """The sums behind a budget. ``micros`` are millionths of the currency."""

    async def take(self, caller: str, per_minute: float, burst: int) -> float:
        """Take one question of the caller's; 0, or the seconds until there is one."""
        ...

    async def give_back(self, caller: str, burst: int) -> None:
        """The question was not asked after all."""
        ...

    async def hold(self, hold: Hold, max_tokens: int | None, max_micros: int | None) -> str | None:
        """Add to the campaign's sums unless a cap would be passed; the cap's name if so."""
        ...

    async def adjust(self, tokens: int, micros: int) -> None:
        """Correct the campaign's sums."""
        ...

    async def spent(self) -> tuple[int, int]:
        """The campaign's tokens and micros."""
        ...


class MemoryCounters:
    """The sums in this process. For one event loop."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._buckets: LRUCache[str, tuple[float, float]] = LRUCache(_MAX_CALLERS)
        self._tokens = 0
        self._micros = 0

    async def take(self, caller: str, per_minute: float, burst: int) -> float:
        now = self._clock()
        saved, at = self._buckets.get(caller, (float(burst), now))
        saved = min(float(burst), saved + (now - at) * per_minute / 60)
        granted = saved >= 1
        self._buckets[caller] = (saved - granted, now)
        return 0.0 if granted else (1 - saved) * 60 / per_minute

    async def give_back(self, caller: str, burst: int) -> None:
        if caller in self._buckets:
            saved, at = self._buckets[caller]
            self._buckets[caller] = (min(float(burst), saved + 1), at)

    async def hold(self, hold: Hold, max_tokens: int | None, max_micros: int | None) -> str | None:
        if max_tokens is not None and self._tokens + hold.tokens > max_tokens:
            return "token_budget"
        if max_micros is not None and self._micros + hold.micros > max_micros:
            return "money_budget"
        self._tokens += hold.tokens
        self._micros += hold.micros
        return None

    async def adjust(self, tokens: int, micros: int) -> None:
        self._tokens += tokens
        self._micros += micros

    async def spent(self) -> tuple[int, int]:
        return self._tokens, self._micros


class Budget:
    """Refuses what the caps do not allow.

    Before a call the most that it can cost is held back, so that many calls at once cannot pass a cap
    together; after it what it did cost is put in its place. A call that nobody told the tokens of keeps what
    was held back: unknown is not 0.
    """

    def __init__(self, spec: BudgetSpec, counters: Counters) -> None:
        self._spec = spec
        self._counters = counters
        self._capped = spec.tokens is not None or spec.money is not None
        self._max_micros = None if spec.money is None else int(spec.money * _MICRO)

    async def take(self, caller: str | None) -> bool:
        """Count a question of the caller's; whether it was counted (a caller without a key is not).

        Raises :class:`~cascade.errors.BackendOverloaded` when there is none left this minute.
        """
        spec = self._spec
        if caller is None or spec.caller_per_minute is None:
            return False
        wait_s = await self._counters.take(caller, spec.caller_per_minute, spec.caller_burst)
        if wait_s > 0:
            raise refusal("caller_budget", f"more than {spec.caller_per_minute:g} questions a minute", wait_s)
        return True

    async def give_back(self, caller: str | None) -> None:
        """The question that was counted did not come to a call."""
        if caller is not None:
            await self._counters.give_back(caller, self._spec.caller_burst)

    async def hold(self, request: ChatRequest) -> Hold:
        """Hold back the most that one call can cost. Raises :class:`~cascade.errors.BackendOverloaded` at a
        cap.
        """
        if not self._capped:
            return Hold(0, 0)
        tokens_in = sum(len(message.content.encode("utf-8", "replace")) for message in request.messages)
        hold = Hold(tokens_in + request.max_output_tokens, self._micros(tokens_in, request.max_output_tokens))
        cap = await self._counters.hold(hold, self._spec.tokens, self._max_micros)
        if cap is not None:
            raise refusal(cap, "the campaign's budget for the model is used up", None)
        return hold

    async def settle(self, hold: Hold, reply: ChatReply) -> None:
        """The call was served: put what it cost in the place of what was held back."""
        if not self._capped or reply.input_tokens is None or reply.output_tokens is None:
            return
        tokens = reply.input_tokens + reply.output_tokens
        micros = self._micros(reply.input_tokens, reply.output_tokens)
        await self._counters.adjust(tokens - hold.tokens, micros - hold.micros)

    async def release(self, hold: Hold) -> None:
        """The call never reached a model."""
        if self._capped:
            await self._counters.adjust(-hold.tokens, -hold.micros)

    async def spent(self) -> Spent:
        """What the campaign has used."""
        tokens, micros = await self._counters.spent()
        return Spent(tokens, Decimal(micros) / _MICRO)

    def _micros(self, tokens_in: int, tokens_out: int) -> int:
        """Rounded up: a cap is never passed by rounding."""
        price_in, price_out = self._spec.input_price or Decimal(0), self._spec.output_price or Decimal(0)
        exact = tokens_in * price_in + tokens_out * price_out  # per million tokens is millionths per token
        return int(exact.to_integral_value(rounding="ROUND_CEILING"))
