"""The sums behind an account: every request as a row of numbers, and what sums of rows come to."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

import numpy as np

from cascade.ledger.entry import Aside, Kept
from cascade.observe.bootstrap import Floats
from cascade.prices import Currency, PriceBook, View
from cascade.result import Cost

Measure = Literal["paid", "list", "host", "gpu"]
VIEWS: tuple[View, ...] = ("paid", "list", "host")
MEASURES: tuple[Measure, ...] = (*VIEWS, "gpu")

_NOBODY = 1e-9
_HEAD = 3
_BASE = 4
_EACH = 3


class Layout:
    """Which column holds what: utterances, those not rejected, orders; then a block for each measure.

    A block: what is known · own turns without a price · over the decisions' known turns that asked a model their sum
    and their number · for each model, over known turns their sum and number, and how many turns or lost calls are not.
    """

    requests = 0
    accepted = 1
    orders = 2

    def __init__(
        self,
        prices: PriceBook,
        currency: Currency,
        order_intents: frozenset[str],
        models: Sequence[str | None],
    ) -> None:
        self._prices = prices
        self._currency: Currency = currency
        self._order_intents = order_intents
        self._models = {model: at for at, model in enumerate(models)}
        self._block = _BASE + _EACH * (len(models) + 1)
        self.width = _HEAD + self._block * len(MEASURES)

    def row(self, kept: Kept) -> list[float]:
        """A request, or something spent aside, in numbers."""
        row = [0.0] * self.width
        what = kept.what
        if isinstance(what, Aside):
            self._turn(row, what.cost, what.turns, decision=False)
            return row
        row[self.requests] = 1.0
        row[self.accepted] = float(what.status != "rejected")
        row[self.orders] = float(what.status == "answered" and what.intent in self._order_intents)
        for attempt in what.attempts:
            self._turn(row, attempt.cost, 1, decision=True)
        return row

    def spent(self, measure: Measure, sums: Floats) -> Floats:
        """Sums (``[..., columns]``) to what was spent; NaN where it is not known."""
        start = self._start(measure)
        total: Floats = np.where(sums[..., start + 1] > _NOBODY, np.nan, sums[..., start])
        for at in range(start + _BASE, start + self._block, _EACH):
            missing = sums[..., at + 2]
            mean = sums[..., at] / np.where(sums[..., at + 1] > _NOBODY, sums[..., at + 1], np.nan)
            total = total + np.where(missing > _NOBODY, missing * mean, 0.0)
        return total

    def all(self, measure: Measure, sums: Floats) -> Floats:
        """Sums to what the large model alone would have taken: the mean of those that asked it, for everybody."""
        start = self._start(measure)
        asked = sums[..., start + 3]
        mean = sums[..., start + 2] / np.where(asked > _NOBODY, asked, np.nan)
        return np.asarray(mean * sums[..., self.accepted])

    def _start(self, measure: Measure) -> int:
        return _HEAD + MEASURES.index(measure) * self._block

    def _turn(self, row: list[float], cost: Cost, turns: int, *, decision: bool) -> None:
        if not cost.calls and cost.model is not None:
            return
        for number, measure in enumerate(MEASURES):
            start = _HEAD + number * self._block
            amount = self._amount(cost, measure)
            if not cost.calls:
                row[start] += float(amount or 0)
                row[start + 1] += amount is None
                continue
            at = start + _BASE + _EACH * self._models.get(cost.model, len(self._models))
            if amount is None:
                row[start] += self._known(cost, measure)
                row[at + 2] += cost.lost_calls or turns
                continue
            row[start] += float(amount)
            row[at] += float(amount)
            row[at + 1] += turns
            row[start + 2] += float(amount) * decision
            row[start + 3] += turns * decision

    def _amount(self, cost: Cost, measure: Measure) -> Decimal | None:
        if measure == "gpu":
            return self._prices.gpu_seconds(cost)
        return self._prices.charge(cost, self._currency, measure)

    def _known(self, cost: Cost, measure: Measure) -> float:
        return 0.0 if measure == "gpu" else float(self._prices.known(cost, self._currency, measure))
