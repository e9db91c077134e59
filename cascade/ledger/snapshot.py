"""What a ledger had counted at one moment, and what it comes to in money.

A count that a server did not give is unknown and stays unknown: sums that it belongs to are ``None``, and how many
turns are behind that is told beside them.

Who pays for what: a request pays for every turn it had, those of tiers that passed it on included, with all calls
made for it (repairs, retries, hedges). A call that answered several identical questions is paid for by the one that
was told of it first, and an answer out of the cache by the one that asked first: as nobody is likelier to come first
than another, each group of requests pays on average its equal share of every answer (the Shapley value of a cost that
arises once for all who need it), and the sum is what the servers did, to the call. ``hits`` counts those that came
later. Audits, and calls whose callers went away, are nobody's request and stand under purposes of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from operator import add
from typing import Any, Literal

from cascade.histogram import Histogram
from cascade.ledger.charges import Charge, Turns, charged, gpu_time, text
from cascade.ledger.figures import AllLLM, Part, Throughput, TierTally
from cascade.ledger.tally import DECISION, Group, Slice, SliceKey, Tally, Turn
from cascade.ledger.units import count, duration, money
from cascade.prices import Currency, PriceBook, View
from cascade.result import FREE, Cost

Dimension = Literal["purpose", "campaign", "rung", "intent", "status", "tier"]
DIMENSIONS: tuple[Dimension, ...] = ("purpose", "campaign", "rung", "intent", "status", "tier")


@dataclass(frozen=True, slots=True)
class LedgerSnapshot:
    """What a ledger had counted at one moment. Immutable; :meth:`cascade.ledger.Ledger.merge` adds it to another."""

    prices: PriceBook
    currency: Currency
    assume: Cost | None
    _tally: Tally = field(repr=False)

    @property
    def statuses(self) -> Mapping[str, int]:
        """Requests by status."""
        found: dict[str, int] = {}
        for key, cell in self._tally.cells.items():
            status = Slice(*key).status
            found[status] = found.get(status, 0) + cell.requests
        return found

    @property
    def requests(self) -> int:
        """All requests, rejected ones included."""
        return sum(cell.requests for cell in self._tally.cells.values())

    @property
    def latency(self) -> Histogram:
        """Of whole calls, in nanoseconds; rejected ones left out."""
        alone = (histogram for turn, histogram in self._turns() if turn.alone)
        return _merged((self._tally.latency, *alone))

    @property
    def tiers(self) -> Mapping[str, TierTally]:
        """The tiers that had a turn, in the order in which they first had one."""
        return {name: self._tier(name) for name in dict.fromkeys(turn.tier for turn, _ in self._turns())}

    @property
    def lost_calls(self) -> int:
        """Calls that no reply came of: tried again, hedged and late, cut off."""
        return sum(cost.lost_calls for _, cost in self._tally.spent.values())

    @property
    def repaired(self) -> int:
        """Turns in which a model was asked again about its own answer."""
        return sum(turns for (_, group), (turns, _) in self._tally.spent.items() if group.repaired)

    @property
    def models(self) -> Mapping[str | None, int]:
        """The models that were asked, and in how many turns."""
        found: dict[str | None, int] = {}
        for (_, group), (turns, _) in self._tally.spent.items():
            if group.asked:
                found[group.model] = found.get(group.model, 0) + turns
        return found

    def share(self, tier: str) -> float | None:
        """Share of all requests that this tier answered; ``None`` when there were none."""
        return self._count(tier, "answered") / self.requests if self.requests else None

    def charge(self, tier: str | None = None, view: View = "paid") -> Charge:
        """Money spent, by one tier or in all."""
        return charged(self._costs(tier), self.prices, self.currency, view)

    def gpu_seconds(self, tier: str | None = None) -> Charge:
        """Time of one GPU, told like a charge."""
        return gpu_time(self._costs(tier), self.prices)

    def by(self, dimension: Dimension) -> Mapping[str | None, Part]:
        """All that was counted, parted by one thing; the charges add up to those of the whole."""
        at = Slice._fields.index(dimension)
        return {name: self._part(at, name) for name in dict.fromkeys(key[at] for key in self._keys())}

    def answered_by(self, dimension: Dimension) -> Mapping[tuple[str | None, str | None], int]:
        """Requests by a dimension and the tier that answered; ``None`` for the tier where nobody did."""
        at = Slice._fields.index(dimension)
        found: dict[tuple[str | None, str | None], int] = {}
        for key, cell in self._tally.cells.items():
            name = key[at], Slice(*key).tier
            found[name] = found.get(name, 0) + cell.requests
        return found

    @property
    def throughput(self) -> Mapping[str, Throughput]:
        """What models were measured to put out, where their servers tell."""
        found: dict[str, tuple[int, Cost]] = {}
        for (_, group), (turns, cost) in self._tally.spent.items():
            told = cost.output_tokens is not None and cost.output_ns is not None and cost.served_ns
            if told and group.model:
                before, sofar = found.get(group.model, (0, FREE))
                found[group.model] = before + turns, sofar + cost
        return {
            model: Throughput(
                turns, cost.output_tokens or 0, (cost.output_ns or 0) / 1e9, (cost.served_ns or 0) / 1e9
            )
            for model, (turns, cost) in found.items()
        }

    @property
    def all_llm(self) -> AllLLM:
        """What the same traffic would have cost if all of it had gone to the large model; an estimate."""
        requests = self.requests - self.statuses.get("rejected", 0)
        known = [
            (turns, amount)
            for (key, group), (turns, cost) in self._tally.spent.items()
            if group.asked and Slice(*key).purpose == DECISION
            if (amount := self.prices.charge(cost, self.currency)) is not None
        ]
        measured = sum(turns for turns, _ in known)
        if measured:
            mean = sum((amount for _, amount in known), Decimal(0)) / measured
            return AllLLM(mean * requests, mean, measured, assumed=False)
        each = self.prices.charge(self.assume, self.currency) if self.assume is not None else None
        return AllLLM(None if each is None else each * requests, each, 0, assumed=each is not None)

    def to_dict(self) -> dict[str, Any]:
        """The snapshot as plain JSON-able data: money as strings, times in microseconds, unknown ``None``."""
        all_llm = self.all_llm
        return {
            "requests": self.requests,
            "statuses": self.statuses,
            "latency_us": self.latency.summary(divisor=1e3),
            "tiers": {name: self._tier_to_dict(name, tally) for name, tally in self.tiers.items()},
            "money": {
                "currency": self.currency,
                "prices_of": self.prices.date.isoformat(),
                **self.charge().to_dict(),
                "views": {view: self.charge(view=view).to_dict() for view in ("list", "host")},
                "all_llm": {
                    "amount": text(all_llm.amount),
                    "per_request": text(all_llm.per_request),
                    "measured": all_llm.measured,
                    "assumed": all_llm.assumed,
                },
            },
            "gpu_seconds": self.gpu_seconds().to_dict(),
            "lost_calls": self.lost_calls,
            "repaired": self.repaired,
            "throughput": {model: speed.to_dict() for model, speed in self.throughput.items()},
            "by": {
                name: {
                    "unknown" if key is None else key: part.to_dict() for key, part in self.by(name).items()
                }
                for name in DIMENSIONS
            },
        }

    def _turns(self) -> Iterator[tuple[Turn, Histogram]]:
        return ((Turn(*key), histogram) for key, histogram in self._tally.turns.items())

    def _keys(self) -> Iterable[SliceKey]:
        return dict.fromkeys((*self._tally.cells, *(key for key, _ in self._tally.spent)))

    def _tier(self, name: str) -> TierTally:
        asked = list(self._tally.spent.items())
        its = [(group, turns, cost) for ((_, group), (turns, cost)) in asked if group.tier == name]
        return TierTally(
            answered=self._count(name, "answered"),
            escalated=self._count(name, "escalated"),
            fallback=self._count(name, "fallback"),
            latency=_merged(histogram for turn, histogram in self._turns() if turn.tier == name),
            cost=reduce(add, (cost for _, cost in self._costs(name)), FREE),
            asked=sum(turns for group, turns, _ in its if group.asked),
            hits=sum(turns for group, turns, _ in its if _is_hit(group)),
            told_tokens=(
                sum(cost.input_tokens or 0 for _, _, cost in its),
                sum(cost.output_tokens or 0 for _, _, cost in its),
            ),
            unknown_tokens=sum(turns for group, turns, _ in its if not (group.knows[0] and group.knows[2])),
        )

    def _count(self, tier: str, verdict: str) -> int:
        return sum(
            histogram.count
            for turn, histogram in self._turns()
            if turn.tier == tier and turn.verdict == verdict
        )

    def _costs(self, tier: str | None) -> Iterator[Turns]:
        """Turns and what they cost together, in groups that are alike in what is known."""
        for turn, histogram in self._turns():
            if turn.own == "own" and tier in (None, turn.tier):
                yield histogram.count, Cost(int(histogram.total))
        for (_, group), spent in self._tally.spent.items():
            if tier in (None, group.tier):
                yield spent

    def _part(self, at: int, name: str | None) -> Part:
        cells = [(Slice(*key), cell) for key, cell in self._tally.cells.items() if key[at] == name]
        spent = [(group, spent) for (key, group), spent in self._tally.spent.items() if key[at] == name]
        own_turns, own_ns = sum(cell.own_turns for _, cell in cells), sum(cell.own_ns for _, cell in cells)
        turns = [costs for _, costs in spent] + ([(own_turns, Cost(own_ns))] if own_turns else [])
        paid, listed, hosted = (
            charged(turns, self.prices, self.currency, view) for view in ("paid", "list", "host")
        )
        return Part(
            requests=sum(cell.requests for _, cell in cells),
            answered=sum(cell.requests for of, cell in cells if of.status == "answered"),
            paid=paid,
            listed=listed,
            hosted=hosted,
            gpu_seconds=gpu_time(turns, self.prices),
            calls=sum(cost.calls for _, (_, cost) in spent),
            hits=sum(number for group, (number, _) in spent if _is_hit(group)),
        )

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
            "hits": tally.hits,
            "unknown_tokens": tally.unknown_tokens,
            "money": self.charge(name).to_dict(),
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


def _is_hit(group: Group) -> bool:
    """What waited for a model, asked none and did not fail was answered by somebody else's call."""
    return not group.asked and group.model is not None and group.verdict != "fallback"


def _merged(histograms: Iterable[Histogram]) -> Histogram:
    merged = Histogram()
    for histogram in histograms:
        merged.merge(histogram)
    return merged
