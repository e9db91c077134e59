"""Bootstrap intervals of ratios of sums, in constant memory: one pass, every row weighted anew in each replicate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_CHUNK = 1024


@dataclass(frozen=True, slots=True)
class Figure:
    """An estimate and its interval; ``None`` throughout where nothing is known."""

    value: float | None
    low: float | None = None
    high: float | None = None

    def to_dict(self) -> dict[str, float | None]:
        """As plain data."""
        return {"value": self.value, "low": self.low, "high": self.high}


UNKNOWN = Figure(None)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One measure as it was logged, as it would have been otherwise, and the second less the first."""

    logged: Figure
    other: Figure
    difference: Figure

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able data."""
        return {
            "logged": self.logged.to_dict(),
            "other": self.other.to_dict(),
            "difference": self.difference.to_dict(),
        }


NOTHING = Comparison(UNKNOWN, UNKNOWN, UNKNOWN)


class PoissonBootstrap:
    """Sums of rows, and what they might have been had other rows been drawn.

    Each replicate counts each row a Poisson(1) number of times, which for many rows is the multinomial bootstrap
    without holding them (Chamandy, Muralidharan, Najmi and Naidu: Estimating Uncertainty for Massive Data Streams,
    2012).
    """

    def __init__(self, columns: int, *, replicates: int = 400, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        self._replicates = replicates
        self._sums = np.zeros(columns)
        self._drawn = np.zeros((replicates, columns))
        self._rows: list[list[float]] = []

    def add(self, row: list[float]) -> None:
        """Take in one row, already multiplied by its weight."""
        self._rows.append(row)
        if len(self._rows) >= _CHUNK:
            self._fold()

    def figure(self, of: Callable[[Floats], Floats], *, level: float = 0.95) -> Figure:
        """An estimate with its percentile interval.

        ``of`` takes sums of columns (``[..., columns]``) to the estimate (``[...]``), NaN where it has none.
        """
        self._fold()
        with np.errstate(divide="ignore", invalid="ignore"):
            value = float(of(self._sums))
            drawn = of(self._drawn)
        drawn = drawn[np.isfinite(drawn)]
        if not np.isfinite(value):
            return UNKNOWN
        if not drawn.size:  # a row or two, and no replicate with any of them
            return Figure(value)
        tail = (1 - level) / 2
        low, high = np.quantile(drawn, [tail, 1 - tail])
        return Figure(value, float(low), float(high))

    def _fold(self) -> None:
        if not self._rows:
            return
        rows = np.asarray(self._rows)
        self._rows = []
        self._sums += rows.sum(axis=0)
        self._drawn += self._rng.poisson(1.0, (self._replicates, len(rows))) @ rows
