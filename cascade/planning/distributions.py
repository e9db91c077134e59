"""How long things take: distributions that a simulation draws its seconds from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from cascade.errors import ConfigurationError

Floats = NDArray[np.float64]


class Distribution(Protocol):
    """A law of non-negative seconds. Plug in your own: :meth:`sample` and :attr:`mean` are all that is used."""

    @property
    def mean(self) -> float:
        """Expected value, in seconds."""

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """``size`` independent values, in seconds, drawn from ``rng`` and from nothing else."""


def _demand(holds: bool, message: str) -> None:
    if not holds:
        raise ConfigurationError(message)


@dataclass(frozen=True, slots=True)
class Constant:
    """Always the same number of seconds."""

    seconds: float

    def __post_init__(self) -> None:
        _demand(self.seconds >= 0 and math.isfinite(self.seconds), "a time is a finite number of at least 0")

    @property
    def mean(self) -> float:
        return self.seconds

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return np.full(size, self.seconds)


AT_ONCE = Constant(0.0)
"""Takes no time."""


@dataclass(frozen=True, slots=True)
class Exponential:
    """Memoryless, with a mean in seconds: what the textbook formulas assume."""

    mean: float

    def __post_init__(self) -> None:
        _demand(self.mean > 0 and math.isfinite(self.mean), "an exponential has a mean above 0")

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.exponential(self.mean, size)


@dataclass(frozen=True, slots=True)
class Lognormal:
    """Skewed to the right, as times of service are: ``median`` in seconds, ``sigma`` of the logarithm."""

    median: float
    sigma: float

    def __post_init__(self) -> None:
        _demand(self.median > 0 and math.isfinite(self.median), "a lognormal has a median above 0")
        _demand(self.sigma >= 0 and math.isfinite(self.sigma), "sigma is at least 0")

    @classmethod
    def through(cls, p50: float, p99: float) -> Self:
        """The one with these two percentiles, in seconds."""
        _demand(0 < p50 <= p99, "percentiles rise and are above 0")
        return cls(p50, math.log(p99 / p50) / NormalDist().inv_cdf(0.99))

    @property
    def mean(self) -> float:
        return self.median * math.exp(self.sigma**2 / 2)

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.lognormal(math.log(self.median), self.sigma, size)


@dataclass(frozen=True, slots=True)
class Empirical:
    """What was measured, drawn from again with replacement. Nothing beyond the largest value is ever drawn."""

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        _demand(len(self.values) > 0, "nothing was measured")
        _demand(all(value >= 0 and math.isfinite(value) for value in self.values), "a time is at least 0")

    @classmethod
    def of(cls, values: Sequence[float] | Floats) -> Self:
        """From measured seconds, in any order."""
        return cls(tuple(sorted(float(value) for value in values)))

    @property
    def mean(self) -> float:
        return math.fsum(self.values) / len(self.values)

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return np.asarray(self.values)[rng.integers(0, len(self.values), size)]
