"""Exact binomial statements about an error rate: tails, upper bounds, and how many samples a statement takes.

Nothing here is an approximation: the tail is the sum of its terms, formed in logarithms so that it neither
overflows nor loses its smallest terms.
"""

from __future__ import annotations

import math
from itertools import accumulate

_BISECTIONS = 200
"""More than doubles have bits: the bisection below ends where two neighbours meet."""


def lower_tail(errors: int, samples: int, rate: float) -> float:
    """P(at most ``errors`` among ``samples``) when each is wrong with probability ``rate``.

    The p-value of "the error rate is at least ``rate``" after seeing ``errors``: small when errors are too few
    for that to be true. Raises ``ValueError`` unless ``0 <= errors <= samples`` and ``0 <= rate <= 1``.
    """
    if not (0 <= errors <= samples and 0 <= rate <= 1):
        raise ValueError(f"{errors} errors among {samples} at rate {rate}")
    if errors == samples or rate == 0:
        return 1.0
    if rate == 1:
        return 0.0
    odds = math.log(rate) - math.log1p(-rate)
    steps = (math.log(samples - k) - math.log(k + 1) + odds for k in range(errors))
    terms = list(accumulate(steps, initial=samples * math.log1p(-rate)))
    largest = max(terms)
    total = math.exp(largest) * math.fsum(math.exp(term - largest) for term in terms)
    return min(1.0, total)


def upper_bound(errors: int, samples: int, delta: float) -> float:
    """The Clopper-Pearson bound: the largest error rate that the sample does not refute at level ``delta``.

    The true rate exceeds it with probability at most ``delta`` over the draw of the sample. 1 when there are no
    samples. Raises ``ValueError`` as :func:`lower_tail` does, or unless ``0 < delta < 1``.
    """
    if not 0 < delta < 1:
        raise ValueError(f"delta is {delta}")
    if errors == samples:
        return 1.0
    low, high = errors / samples, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (low, middle) if lower_tail(errors, samples, middle) <= delta else (middle, high)
    return high


def samples_needed(errors: int, epsilon: float, delta: float) -> int:
    """Fewest samples with which ``errors`` still show an error rate of at most ``epsilon`` at level ``delta``.

    Without errors this is the closed form ``ceil(ln(delta) / ln(1 - epsilon))``: 299 for 1 % at 95 %.
    Raises ``ValueError`` unless both lie strictly between 0 and 1 and ``errors`` is not negative.
    """
    if not (0 < epsilon < 1 and 0 < delta < 1 and errors >= 0):
        raise ValueError(f"{errors} errors, epsilon {epsilon}, delta {delta}")
    few = max(math.ceil(math.log(delta) / math.log1p(-epsilon)), errors)
    while few > 1 and errors == 0 and lower_tail(0, few - 1, epsilon) <= delta:  # rounding of the logarithms
        few -= 1
    many = few
    while lower_tail(errors, many, epsilon) > delta:
        few, many = many, 2 * many
    while few < many:  # the tail falls as samples grow
        middle = (few + many) // 2
        few, many = (few, middle) if lower_tail(errors, middle, epsilon) <= delta else (middle + 1, many)
    return many
