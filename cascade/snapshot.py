"""What a ledger had counted at one moment, and what it comes to in money.

A count that a server did not give is unknown and stays unknown: sums that it belongs to are ``None``, and how many
attempts are behind that is told beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from operator import add
from typing import Any

from cascade.histogram import Histogram
from cascade.prices import SYMBOLS, Currency, PriceBook
from cascade.result import FREE, Cost

Turn = tuple[str, str, bool, bool]
"""A kind of turn: tier, verdict, whether it was the whole call, whether it asked a server."""

Group = tuple[str, str | None, bool, bool, bool, bool]
"""Tier, model, and which of the four counts are known: costs of one group add up without losing an unknown."""

SMALLEST = Decimal("0.000001")
"""Money below this is told as less than this."""


@dataclass(frozen=True, slots=True)
class Charge:
    """An amount of money; ``None`` when part of it is unknown, and then ``known`` is the part that is not.

    ``unknown`` is the number of attempts whose charge is not known.
    """

    amount: Decimal | None
    known: Decimal
    unknown: int


@dataclass(frozen=True, slots=True)
class AllLLM:
    """What the same traffic would have cost if all of it had gone to the large model.

    An estimate: the mean charge of the ``measured`` attempts that did ask a model, times all requests that were
    not rejected. Those that went there are the hard ones and may be longer than the rest. ``amount`` is ``None``
    when no charge is known; ``assumed`` says that it comes from the caller's assumption and not from
    measurement.
    """

    amount: Decimal | None
    per_request: Decimal | None
    measured: int
    assumed: bool


@dataclass(frozen=True, slots=True)
class TierTally:
    """One tier's turns: how many attempts, what became of them, how long they took (nanoseconds)."""

    answered: int
    escalated: int
    fallback: int
    latency: Histogram
    cost: Cost
    """Sum over the attempts; a token count is ``None`` when some of them did not tell it."""
    asked: int
    """Attempts that asked a server."""
    unknown_tokens: int
    """Those of them that did not learn how many tokens went in or out."""

    @property
    def attempts(self) -> int:
        """How often the tier had its turn."""
        return self.answered + self.escalated + self.fallback


@dataclass(frozen=True, slots=True)
class LedgerSnapshot:
    """What a ledger had counted at one moment. Immutable; :meth:`cascade.ledger.Ledger.merge` adds it to another."""

    statuses: Mapping[str, int]
    prices: PriceBook
    currency: Currency
    assume: Cost | None
    _several: Histogram = field(repr=False)
    _turns: Mapping[Turn, Histogram] = field(repr=False)
    _asked: Mapping[Group, tuple[int, Cost]] = field(repr=False)

    @property
    def requests(self) -> int:
        """All requests, rejected ones included."""
        return sum(self.statuses.values())

    @property
    def latency(self) -> Histogram:
        """Of whole calls, in nanoseconds; rejected ones left out."""
        alone = (histogram for turn, histogram in self._turns.items() if turn[2])
        return _merged((self._several, *alone))

    @property
    def tiers(self) -> Mapping[str, TierTally]:
        """The tiers that had a turn, in the order in which they first had one."""
        return {name: self._tier(name) for name in dict.fromkeys(turn[0] for turn in self._turns)}

    def share(self, tier: str) -> float | None:
        """Share of all requests that this tier answered; ``None`` when there were none."""
        return self._count(tier, "answered") / self.requests if self.requests else None

    def charge(self, tier: str | None = None) -> Charge:
        """Money spent, by one tier or in all."""
        known, unknown = Decimal(0), 0
        for attempts, cost in self._costs(tier):
            amount = self.prices.charge(cost, self.currency)
            known += amount or 0
            unknown += attempts if amount is None else 0
        return Charge(None if unknown else known, known, unknown)

    @property
    def all_llm(self) -> AllLLM:
        """What the same traffic would have cost if all of it had gone to the large model; an estimate."""
        requests = self.requests - self.statuses.get("rejected", 0)
        charged = [
            (attempts, amount)
            for attempts, cost in self._asked.values()
            if (amount := self.prices.charge(cost, self.currency)) is not None
        ]
        measured = sum(attempts for attempts, _ in charged)
        if measured:
            mean = sum((amount for _, amount in charged), Decimal(0)) / measured
            return AllLLM(mean * requests, mean, measured, assumed=False)
        each = self.prices.charge(self.assume, self.currency) if self.assume is not None else None
        return AllLLM(None if each is None else each * requests, each, 0, assumed=each is not None)

    def to_dict(self) -> dict[str, Any]:
        """The snapshot as plain JSON-able data: money as strings, times in microseconds, unknown ``None``."""
        all_llm = self.all_llm
        return {
            "requests": self.requests,
            "statuses": dict(self.statuses),
            "latency_us": self.latency.summary(divisor=1e3),
            "tiers": {name: self._tier_to_dict(name, tally) for name, tally in self.tiers.items()},
            "money": {
                "currency": self.currency,
                "prices_of": self.prices.date.isoformat(),
                **_money(self.charge()),
                "all_llm": {
                    "amount": _text(all_llm.amount),
                    "per_request": _text(all_llm.per_request),
                    "measured": all_llm.measured,
                    "assumed": all_llm.assumed,
                },
            },
        }

    def _tier(self, name: str) -> TierTally:
        asked = [(key, attempts) for key, (attempts, _) in self._asked.items() if key[0] == name]
        return TierTally(
            answered=self._count(name, "answered"),
            escalated=self._count(name, "escalated"),
            fallback=self._count(name, "fallback"),
            latency=_merged(histogram for turn, histogram in self._turns.items() if turn[0] == name),
            cost=reduce(add, (cost for _, cost in self._costs(name)), FREE),
            asked=sum(attempts for _, attempts in asked),
            unknown_tokens=sum(attempts for key, attempts in asked if not (key[2] and key[4])),
        )

    def _count(self, tier: str, verdict: str) -> int:
        return sum(histogram.count for turn, histogram in self._turns.items() if turn[:2] == (tier, verdict))

    def _costs(self, tier: str | None) -> Iterator[tuple[int, Cost]]:
        """Numbers of attempts and what they cost together, in groups that are alike in what is known."""
        for turn, histogram in self._turns.items():
            if not turn[3] and tier in (None, turn[0]):
                yield histogram.count, Cost(int(histogram.total))
        yield from (group for key, group in self._asked.items() if tier in (None, key[0]))

    def _tier_to_dict(self, name: str, tally: TierTally) -> dict[str, Any]:
        return {
            "attempts": tally.attempts,
            "answered": tally.answered,
            "escalated": tally.escalated,
            "fallback": tally.fallback,
            "answered_share": self.share(name),
            "latency_us": tally.latency.summary(divisor=1e3),
            "calls": tally.cost.calls,
            "input_tokens": tally.cost.input_tokens,
            "cached_tokens": tally.cost.cached_tokens,
            "output_tokens": tally.cost.output_tokens,
            "asked": tally.asked,
            "unknown_tokens": tally.unknown_tokens,
            "money": _money(self.charge(name)),
        }

    def __str__(self) -> str:
        """A few lines for people; unknown is called so."""
        statuses = ", ".join(f"{number} {status}" for status, number in self.statuses.items())
        lines = [f"{self.requests} requests" + (f": {statuses}" if statuses else "")]
        for name, tier in self.tiers.items():
            share = f"answered {tier.answered} of {tier.attempts}"
            times = f"p50 {duration(tier.latency.quantile(0.5))}, p99 {duration(tier.latency.quantile(0.99))}"
            tokens = f"{count(tier.cost.input_tokens)} + {count(tier.cost.output_tokens)} tokens, "
            spent = money(self.charge(name).amount, self.currency)
            lines.append(f"{name}: {share}, {times}, {tokens if tier.asked else ''}{spent}")
        total, other = self.charge().amount, self.all_llm.amount
        lines.append(
            f"spent: {money(total, self.currency)}; all of it to the large model: {money(other, self.currency)} "
            f"(prices of {self.prices.date.isoformat()})"
        )
        return "\n".join(lines)


def _merged(histograms: Iterable[Histogram]) -> Histogram:
    merged = Histogram()
    for histogram in histograms:
        merged.merge(histogram)
    return merged


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount.normalize(), "f")


def _money(charge: Charge) -> dict[str, Any]:
    return {"amount": _text(charge.amount), "known": _text(charge.known), "unknown": charge.unknown}


def duration(nanoseconds: float | None) -> str:
    """A time in the unit that suits it; unknown when ``None``."""
    if nanoseconds is None:
        return "unknown"
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return (
                f"{nanoseconds / size:.3g} {unit}"
                if nanoseconds < 1000 * size
                else f"{nanoseconds / size:.0f} {unit}"
            )
    return f"{nanoseconds:.0f} ns"


def money(amount: Decimal | None, currency: Currency) -> str:
    """An amount to three significant digits, never in powers of ten; unknown when ``None``."""
    if amount is None:
        return "unknown"
    symbol = SYMBOLS[currency]
    if 0 < amount < SMALLEST:
        return f"< {symbol}{SMALLEST:f}"
    digits = max(2, 2 - amount.adjusted()) if amount else 2
    text = f"{amount:.{digits}f}"
    return symbol + (text.rstrip("0") if digits > 2 else text)


def count(number: int | None) -> str:
    """A count; unknown when ``None``."""
    return "unknown" if number is None else f"{number:,}"
