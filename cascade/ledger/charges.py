"""From counts to money: charges of groups of turns, where some of them may not be known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cascade.prices import Currency, PriceBook, View
from cascade.result import Cost

Turns = tuple[int, Cost]
"""Turns that are alike in what is known of them, and what they cost together."""

_Kind = tuple[str | None, bool]


@dataclass(frozen=True, slots=True)
class Charge:
    """An amount of money; ``None`` when part of it is unknown, and then ``known`` is the part that is not.

    ``unknown`` is the number of turns whose charge is not known, or not whole. ``estimate`` takes each of them, and
    each call that was lost, to cost what a known turn of the same model costs; ``None`` where there is none.
    """

    amount: Decimal | None
    known: Decimal
    unknown: int
    estimate: Decimal | None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able data; money as text."""
        return {
            "amount": text(self.amount),
            "known": text(self.known),
            "unknown": self.unknown,
            "estimate": text(self.estimate),
        }


def charged(turns: Iterable[Turns], prices: PriceBook, currency: Currency, view: View) -> Charge:
    """What the turns come to in one view."""
    return _summed(
        turns,
        lambda cost: prices.charge(cost, currency, view),
        lambda cost: prices.known(cost, currency, view),
    )


def gpu_time(turns: Iterable[Turns], prices: PriceBook) -> Charge:
    """Seconds of one GPU, told like a charge."""
    return _summed(turns, prices.gpu_seconds, lambda _: Decimal(0))


def text(amount: Decimal | None) -> str | None:
    """An amount as JSON carries it: all its digits, never in powers of ten."""
    return None if amount is None else format(amount.normalize(), "f")


def _summed(
    turns: Iterable[Turns], whole: Callable[[Cost], Decimal | None], part: Callable[[Cost], Decimal]
) -> Charge:
    known, unknown = Decimal(0), 0
    means: dict[_Kind, tuple[int, Decimal]] = {}
    missing: dict[_Kind, int] = {}
    for number, cost in sorted(turns, key=repr):  # the last digit must not hang on who was merged first
        kind = cost.model, cost.calls > 0
        amount = whole(cost)
        if amount is None:
            unknown += number
            missing[kind] = missing.get(kind, 0) + (cost.lost_calls or number)
            known += part(cost)
        else:
            count, sofar = means.get(kind, (0, Decimal(0)))
            means[kind] = count + number, sofar + amount
            known += amount
    if not unknown:
        return Charge(known, known, 0, known)
    estimate: Decimal | None = known
    for kind, number in missing.items():
        like, amount = means.get(kind, (0, Decimal(0)))
        estimate = None if estimate is None or not like else estimate + number * amount / like
    return Charge(None, known, unknown, estimate)
