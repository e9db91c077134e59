"""What a campaign cost, from the files that sinks kept: totals to the last digit, means with intervals.

    account(read_costs("costs/"), PriceBook.load()).money["list"].per_thousand

Means are per utterance and per order, over everything that was spent, audits and cancelled work included. Intervals are
percentile bootstrap intervals over utterances: they cover the chance of who came and what they said, not a wrong price.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np

from cascade.errors import ConfigurationError
from cascade.ledger import Ledger, LedgerSnapshot
from cascade.ledger.entry import Kept
from cascade.ledger.sinks import CostReader
from cascade.observe.bootstrap import Figure, Floats, PoissonBootstrap
from cascade.prices import Currency, PriceBook
from cascade.reporting.sums import VIEWS, Layout, Measure

ORDERS = ("order_drink",)
MAX_MODELS = 8

_THOUSAND = 1000.0


@dataclass(frozen=True, slots=True)
class Money:
    """One measure of what was spent: money by one view, or GPU-seconds. ``None`` in a figure is unknown.

    Turns whose charge is not known are taken to cost what the known ones of the same model do; ``unknown`` is how many.
    """

    per_thousand: Figure
    """Per thousand utterances."""
    per_thousand_orders: Figure
    all_llm_per_thousand: Figure
    """Had every utterance that was not rejected gone to the large model, at the mean of those that did."""
    saved: Figure
    """Share of that which was not spent."""
    unknown: int

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        names = ("per_thousand", "per_thousand_orders", "all_llm_per_thousand", "saved")
        return {**{name: getattr(self, name).to_dict() for name in names}, "unknown": self.unknown}


@dataclass(frozen=True, slots=True)
class Account:
    """What was counted, what it cost, and what may be missing from it."""

    snapshot: LedgerSnapshot
    money: Mapping[Measure, Money]
    """By ``list``, by ``host`` and by ``paid`` price, and in GPU-seconds (``gpu``)."""
    orders: int
    """Utterances answered with an intent that orders."""
    order_intents: tuple[str, ...]
    began: datetime
    ended: datetime
    files: int
    runs: int
    dropped: int
    """Requests that sinks had to drop: they are in no figure."""
    unended: tuple[str, ...]
    """Runs that told no end: what they had not written is in no figure."""
    skipped: int
    problems: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able data."""
        return {
            **self.snapshot.to_dict(),
            "orders": self.orders,
            "order_intents": list(self.order_intents),
            "per_thousand": {name: money.to_dict() for name, money in self.money.items()},
            "began": self.began.isoformat(),
            "ended": self.ended.isoformat(),
            "files": self.files,
            "runs": self.runs,
            "dropped": self.dropped,
            "unended": list(self.unended),
            "skipped": self.skipped,
            "problems": list(self.problems),
        }


def account(
    costs: CostReader,
    prices: PriceBook,
    *,
    currency: Currency = "CNY",
    order_intents: Collection[str] = ORDERS,
    replicates: int = 400,
    seed: int = 0,
    level: float = 0.95,
) -> Account:
    """Add up what sinks kept. The files are read twice; memory does not grow with them.

    ``order_intents`` are those whose answers count as orders. Intervals are of ``level``, from ``replicates`` bootstrap
    replicates drawn with ``seed``. Raises :class:`~cascade.errors.ConfigurationError` when nothing was kept.
    """
    ledger, span = Ledger(prices, currency=currency), _Span()
    ledger.recount(span.passing(costs))
    if not span.requests:
        raise ConfigurationError("there is nothing to report: no file holds the cost of a request")
    snapshot = ledger.snapshot()
    layout = Layout(prices, currency, frozenset(order_intents), _models(snapshot))
    bootstrap = PoissonBootstrap(layout.width, replicates=replicates, seed=seed)
    for one in costs:
        bootstrap.add(layout.row(one))
    unknown = {view: snapshot.charge(view=view).unknown for view in VIEWS}
    return Account(
        snapshot=snapshot,
        money={
            **{view: _money(layout, bootstrap, view, unknown[view], level) for view in VIEWS},
            "gpu": _money(layout, bootstrap, "gpu", snapshot.gpu_seconds().unknown, level),
        },
        orders=round(bootstrap.figure(lambda sums: sums[..., layout.orders]).value or 0),
        order_intents=tuple(order_intents),
        began=datetime.fromtimestamp(span.began, UTC),
        ended=datetime.fromtimestamp(span.ended, UTC),
        files=len(costs.files),
        runs=len(costs.runs),
        dropped=costs.dropped,
        unended=costs.unended,
        skipped=costs.skipped,
        problems=tuple(costs.problems),
    )


class _Span:
    """Watches what passes: how much, from when to when."""

    def __init__(self) -> None:
        self.requests = 0
        self.began = np.inf
        self.ended = -np.inf

    def passing(self, kept: Iterable[Kept]) -> Iterator[Kept]:
        for one in kept:
            self.requests += 1
            self.began, self.ended = min(self.began, one.time_s), max(self.ended, one.time_s)
            yield one


def _models(snapshot: LedgerSnapshot) -> tuple[str | None, ...]:
    """The models that were asked, most asked first; the rest shares a place."""
    asked = sorted(snapshot.models.items(), key=lambda item: (-item[1], str(item[0])))
    return tuple(model for model, _ in asked[:MAX_MODELS])


def _money(
    layout: Layout, bootstrap: PoissonBootstrap, measure: Measure, unknown: int, level: float
) -> Money:
    def figure(part: Literal["spent", "all"], per: int) -> Figure:
        sums_of = layout.spent if part == "spent" else layout.all
        return bootstrap.figure(lambda sums: _THOUSAND * sums_of(measure, sums) / sums[..., per], level=level)

    def saved(sums: Floats) -> Floats:
        return np.asarray(1 - layout.spent(measure, sums) / layout.all(measure, sums))

    return Money(
        per_thousand=figure("spent", layout.requests),
        per_thousand_orders=figure("spent", layout.orders),
        all_llm_per_thousand=figure("all", layout.requests),
        saved=bootstrap.figure(saved, level=level),
        unknown=unknown,
    )
