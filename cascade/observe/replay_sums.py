"""The sums behind a replay: every measure of every decision, as it was logged and as another policy would have it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np

from cascade.observe.bootstrap import NOTHING, Comparison, Figure, Floats, PoissonBootstrap
from cascade.observe.record import AttemptRecord, DecisionRecord
from cascade.policy import Policy
from cascade.result import FREE, Cost

Charge = Callable[[Cost], Decimal | None]
"""Money for a cost; ``None`` when it is not known."""

_PLAIN = ("coverage", "asked", "latency_s")
_COUNTED = ("input_tokens", "output_tokens", "money")
_NOBODY = 1e-9
_PARTS = ("asked", "idle", "unknown_asked", "unknown_idle")


@dataclass(frozen=True, slots=True)
class _End:
    """How a decision ended, or would have: who answered (``None``: nobody), what, at what cost; ``next_tier`` is the
    first tier of whose turn nothing is known."""

    tier: str | None
    answer: Any
    cost: Cost
    turns: int
    next_tier: str | None = None


class Sums:
    """What a log comes to, logged and replayed.

    Columns, in blocks: weight and counts · logged · replayed, as far as known · which tier's turn is not known · for
    each tier, how often and with what rest it was reached.
    """

    _COUNTS = ("weight", "imputed", "both", "contradicted")

    def __init__(
        self, tiers: tuple[str, ...], charge: Charge | None, bootstrap: PoissonBootstrap, level: float
    ) -> None:
        self._tiers = tiers
        self._charge = charge
        self._bootstrap = bootstrap
        self._level = level
        self._columns = _columns(tiers)
        self.lines = 0
        """Decisions taken in."""

    @classmethod
    def width(cls, tiers: tuple[str, ...]) -> int:
        """Number of columns."""
        columns = len(_columns(tiers))
        return len(cls._COUNTS) + 2 * columns + len(tiers) * (2 + columns)

    def add(self, record: DecisionRecord, policy: Policy) -> None:
        """Take in one decision."""
        self.lines += 1
        logged = _logged(record)
        other = self._again(record.attempts, policy)
        both = other.tier is not None and logged.tier is not None and other.turns < logged.turns
        row = [1.0, float(other.next_tier is not None), float(both)]
        row += [float(both and other.answer != logged.answer)]
        row += self._values(logged)
        row += self._values(other)
        row += [float(other.next_tier == tier) for tier in self._tiers]
        reached = {attempt.tier: at for at, attempt in enumerate(record.attempts[: other.turns])}
        for tier in self._tiers:
            if tier in reached and other.next_tier is None:
                rest = _spent(record.attempts[reached[tier] : other.turns])
                row += [1.0, *self._values(replace(other, cost=rest))]
            else:
                row += [0.0] * (1 + len(self._columns))
        self._bootstrap.add([value * record.weight for value in row])

    def _again(self, attempts: tuple[AttemptRecord, ...], policy: Policy) -> _End:
        for turn, attempt in enumerate(attempts, 1):
            proposal = attempt.proposal()
            if proposal is not None and policy.decide(attempt.tier, proposal).answer:
                return _End(attempt.tier, proposal.answer, _spent(attempts[:turn]), turn)
        next_tier = None
        if attempts[-1].verdict == "answered":
            behind = self._tiers.index(attempts[-1].tier) + 1
            next_tier = self._tiers[behind] if behind < len(self._tiers) else None
        return _End(None, None, _spent(attempts), len(attempts), next_tier)

    def _values(self, end: _End) -> list[float]:
        cost = end.cost
        money = None if self._charge is None else self._charge(cost)
        asked = cost.calls > 0
        counted = (cost.input_tokens, cost.output_tokens, money)
        parts = [
            (value or 0) * (asked == side) if known else float((value is None) and asked == side)
            for value in counted
            for known in (True, False)
            for side in (True, False)
        ]
        return [
            float(end.tier is not None),
            float(asked),
            cost.latency_s,
            *map(float, parts),
            *(float(end.tier == tier) for tier in self._tiers),
        ]

    @property
    def decisions(self) -> float:
        """Sum of the weights."""
        return float(self._bootstrap.figure(lambda sums: sums[..., 0]).value or 0)

    @property
    def imputed(self) -> Figure:
        """Share of the decisions whose replayed end is not known."""
        return self._share(1, 0)

    @property
    def contradicted(self) -> Figure:
        """Of the decisions answered earlier than they were, the share with another answer."""
        return self._share(3, 2)

    def measures(self) -> dict[str, Comparison]:
        """Every measure, by name."""
        names = (*_PLAIN, *_COUNTED, *self._columns[-len(self._tiers) :])
        return {name: self._comparison(name) for name in names}

    def unknown(self) -> dict[str, Figure]:
        """Shares of the logged decisions in which a count is not known."""
        return {name: self._unknown_share(name) for name in _COUNTED}

    def _share(self, part: int, whole: int) -> Figure:
        return self._bootstrap.figure(lambda sums: sums[..., part] / sums[..., whole], level=self._level)

    def _unknown_share(self, name: str) -> Figure:
        at = len(self._COUNTS) + self._columns.index(f"{name}_unknown_asked")
        return self._bootstrap.figure(
            lambda sums: (sums[..., at] + sums[..., at + 1]) / sums[..., 0], level=self._level
        )

    def _comparison(self, name: str) -> Comparison:
        def figure(of: Callable[[Floats], Floats]) -> Figure:
            return self._bootstrap.figure(of, level=self._level)

        def logged(sums: Floats) -> Floats:
            return self._mean(name, self._block(sums, 0), sums)

        def other(sums: Floats) -> Floats:
            return self._mean(name, self._whole_other(sums), sums)

        if name == "money" and self._charge is None:
            return NOTHING
        return Comparison(figure(logged), figure(other), figure(lambda sums: other(sums) - logged(sums)))

    def _mean(self, name: str, block: Floats, sums: Floats) -> Floats:
        weight = sums[..., 0]
        if name not in _COUNTED:
            mean: Floats = block[..., self._columns.index(name)] / weight
            return mean
        start = self._columns.index(f"{name}_asked")
        asked = block[..., self._columns.index("asked")]
        total = np.zeros_like(weight)
        for at, count in ((start, asked), (start + 1, weight - asked)):
            unknown = block[..., at + 2]
            known = block[..., at] * count / _or_nan(count - unknown)
            total = total + np.where(count <= _NOBODY, 0.0, known)
        return total / weight

    def _block(self, sums: Floats, number: int) -> Floats:
        start = len(self._COUNTS) + number * len(self._columns)
        return sums[..., start : start + len(self._columns)]

    def _whole_other(self, sums: Floats) -> Floats:
        """What is known of the other policy, and for what is not the mean of those that reached the tier."""
        whole = self._block(sums, 1).copy()
        start = len(self._COUNTS) + 2 * len(self._columns)
        for at in range(len(self._tiers)):
            missing = sums[..., start + at]
            rest = start + len(self._tiers) + at * (1 + len(self._columns))
            mean = sums[..., rest + 1 : rest + 1 + len(self._columns)] / sums[..., rest : rest + 1]
            whole += np.where(missing[..., None] > 0, missing[..., None] * mean, 0.0)
        return whole


def _columns(tiers: tuple[str, ...]) -> list[str]:
    """Names of the columns of a block."""
    counted = (f"{name}_{part}" for name in _COUNTED for part in _PARTS)
    return [*_PLAIN, *counted, *(f"answered_{tier}" for tier in tiers)]


def _or_nan(count: Floats) -> Floats:
    return np.where(count > _NOBODY, count, np.nan)


def _logged(record: DecisionRecord) -> _End:
    return _End(record.tier, record.answer, _spent(record.attempts), len(record.attempts))


def _spent(attempts: Iterable[AttemptRecord]) -> Cost:
    return sum((attempt.cost.cost() for attempt in attempts), FREE)
