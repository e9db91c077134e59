"""Statistics that may be looked at after every observation: a test for a risen error, an interval for a rate.

Both keep their promise at all times at once, so that stopping when it looks bad is no cheat. The test is a betting
martingale in the manner of Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting (Journal of
the Royal Statistical Society B 86, 2024), mixed over the size of the error and, for drift that begins late, over the
time at which the betting starts; by Ville's inequality (1939) it exceeds 1/delta with probability at most delta while
the error is at most epsilon. The interval is the beta-binomial mixture of Robbins (Annals of Mathematical Statistics
41, 1970), a confidence sequence in the sense of Howard, Ramdas, McAuliffe and Sekhon (Annals of Statistics 49, 2021).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cascade.errors import ConfigurationError

Floats = NDArray[np.float64]

_ALTERNATIVES = 8
_LARGEST = 1e280  # wealth is cut off before it overflows; it has alarmed long before


def bets(epsilon: float) -> tuple[Floats, Floats]:
    """What one unit of wealth becomes on an error, and on a right answer, for each alternative bet on.

    A bet on the rate q is a likelihood ratio against epsilon: fair when the error rate is epsilon, and losing on
    average when it is smaller. The alternatives reach from 1.5 epsilon half way to 1.
    """
    odds = (
        np.geomspace(1.5, (1 + epsilon) / (2 * epsilon), _ALTERNATIVES)
        if epsilon < 0.4
        else np.array([1.2, 1.5])
    )
    rates = np.minimum(odds * epsilon, (1 + epsilon) / 2)
    return rates / epsilon, (1 - rates) / (1 - epsilon)


def kept_aside(seen: int) -> float:
    """The part of the first unit of wealth that after ``seen`` observations still waits for a drift to begin.

    It goes so slowly that a drift after thousands of good observations is bet on with millionths, not billionths.
    """
    return 1 / (1 + math.log1p(seen))


class DriftTest:
    """Raises an alarm when the error rate is above ``epsilon``; a false one with probability at most ``delta``, ever.

    The promise holds whatever the past has brought, as long as each error has, given that past, a probability of at
    most epsilon. Constant memory and time.

    Raises :class:`~cascade.errors.ConfigurationError` for an epsilon or delta that is not strictly between 0 and 1.
    """

    def __init__(self, epsilon: float, delta: float) -> None:
        if not (0 < epsilon < 1 and 0 < delta < 1):
            raise ConfigurationError("epsilon and delta lie strictly between 0 and 1")
        self.epsilon = epsilon
        self.delta = delta
        gain, loss = bets(epsilon)
        self._gain, self._loss = gain.tolist(), loss.tolist()
        self._wealth = [0.0] * len(gain)
        self.seen = 0
        self.errors = 0
        self.alarmed_after: int | None = None
        """Observations seen when the alarm was raised; ``None`` while there was none."""

    @property
    def wealth(self) -> float:
        """The evidence so far: at 20, say, an error of at most epsilon has been refuted with delta 0.05."""
        return sum(self._wealth) / len(self._wealth) + kept_aside(self.seen)

    @property
    def alarmed(self) -> bool:
        """Whether the alarm was raised; it stays raised."""
        return self.alarmed_after is not None

    def update(self, error: bool) -> bool:
        """Take in one observation; true when this one raises the alarm."""
        self.seen += 1
        self.errors += error
        start = kept_aside(self.seen - 1) - kept_aside(self.seen)
        factors = self._gain if error else self._loss
        self._wealth = [
            min((wealth + start) * factor, _LARGEST)
            for wealth, factor in zip(self._wealth, factors, strict=True)
        ]
        if not self.alarmed and self.wealth >= 1 / self.delta:
            self.alarmed_after = self.seen
            return True
        return False


def wealth_paths(errors: NDArray[np.bool_], epsilon: float) -> Floats:
    """The wealth of a :class:`DriftTest` after each observation of many independent runs, ``[runs, observations]``."""
    gain, loss = bets(epsilon)
    wealth = np.zeros((errors.shape[0], len(gain)))
    paths = np.empty(errors.shape)
    for at in range(errors.shape[1]):
        factors = np.where(errors[:, at, None], gain, loss)
        wealth = np.minimum((wealth + kept_aside(at) - kept_aside(at + 1)) * factors, _LARGEST)
        paths[:, at] = wealth.mean(axis=1) + kept_aside(at + 1)
    return paths


@dataclass(frozen=True, slots=True)
class Interval:
    """Of a rate."""

    low: float
    high: float


def rate_interval(errors: int, seen: int, delta: float) -> Interval:
    """Where a rate lies that gave ``errors`` among ``seen``, at all times at once with probability 1 - ``delta``.

    It speaks of a rate that did not change. The prior is Jeffreys'.
    """
    if not 0 <= errors <= seen:
        raise ValueError("errors are among those seen")
    if seen == 0:
        return Interval(0.0, 1.0)
    mode = errors / seen
    evidence = _log_beta(errors + 0.5, seen - errors + 0.5) - _log_beta(0.5, 0.5)
    limit = evidence + math.log(delta)  # rates whose likelihood is below this are refuted

    def edge(outside: float) -> float:
        if _log_likelihood(outside, errors, seen) >= limit:
            return outside
        inside = mode
        for _ in range(60):
            middle = (inside + outside) / 2
            if _log_likelihood(middle, errors, seen) >= limit:
                inside = middle
            else:
                outside = middle
        return outside

    return Interval(edge(0.0), edge(1.0))


def _log_beta(one: float, other: float) -> float:
    return math.lgamma(one) + math.lgamma(other) - math.lgamma(one + other)


def _log_likelihood(rate: float, errors: int, seen: int) -> float:
    right = seen - errors
    if (rate <= 0 and errors) or (rate >= 1 and right):
        return -math.inf
    return (errors * math.log(rate) if errors else 0.0) + (right * math.log1p(-rate) if right else 0.0)
