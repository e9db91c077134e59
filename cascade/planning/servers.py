"""What serves: a host with slots, and how much slower each request gets when others run beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from cascade.errors import ConfigurationError
from cascade.planning.distributions import AT_ONCE, Distribution


@dataclass(frozen=True, slots=True)
class Slowdown:
    """How many times as long a request takes with ``n`` in service on its host; 1 when it is alone.

    ``points`` are pairs (n, times as long), rising in n, from n = 1; straight lines between them, the last one carried
    on. Three shapes that servers show: no slowdown at all (every slot has a processor of its own), ``linear(1.0)`` (a
    processor shared by all: four at once take four times as long each), and in between, batching.
    """

    points: tuple[tuple[int, float], ...] = ((1, 1.0),)

    def __post_init__(self) -> None:
        numbers = [n for n, _ in self.points]
        factors = [factor for _, factor in self.points]
        if self.points[:1] != ((1, 1.0),) or numbers != sorted(set(numbers)):
            raise ConfigurationError("a slowdown starts at (1, 1.0), and n rises")
        if factors != sorted(factors):
            raise ConfigurationError("a request does not get faster because others run beside it")

    @classmethod
    def linear(cls, beta: float) -> Self:
        """``1 + beta * (n - 1)``: 0 for slots that do not disturb each other, 1 for a shared processor."""
        return cls(((1, 1.0), (2, 1.0 + beta)))

    @classmethod
    def capped(cls, alone_per_s: float, peak_per_s: float, slots: int) -> Self:
        """Nobody is slowed until ``n`` requests at ``alone_per_s`` reach ``peak_per_s``; then all share the peak."""
        if not 0 < alone_per_s <= peak_per_s:
            raise ConfigurationError("the peak is at least what one request alone reaches, both above 0")
        factors = [max(1.0, n * alone_per_s / peak_per_s) for n in range(1, slots + 1)]
        return cls(tuple(enumerate(factors, start=1)))

    def table(self, slots: int) -> list[float]:
        """Factors for 0 to ``slots`` requests in service; that of none is 1."""
        numbers, factors = zip(*self.points, strict=True)
        wanted = np.arange(1, slots + 1)
        values = np.interp(wanted, numbers, factors)
        if len(numbers) > 1:
            slope = (factors[-1] - factors[-2]) / (numbers[-1] - numbers[-2])
            values = np.where(wanted > numbers[-1], factors[-1] + slope * (wanted - numbers[-1]), values)
        return [1.0, *(float(value) for value in values)]


UNDISTURBED = Slowdown()
"""Slots that do not slow each other."""


@dataclass(frozen=True, slots=True)
class Server:
    """One host: ``slots`` requests at once, each with seconds of ``work`` as if it were alone there.

    ``overhead`` is spent before a request stands in line and takes no slot: the network, the tiers below, what the
    server does before it queues. ``intake_s`` is what a request that comes takes from those in service there, in
    seconds of the host.
    """

    slots: int
    work: Distribution
    slowdown: Slowdown = UNDISTURBED
    overhead: Distribution = AT_ONCE
    intake_s: float = 0.0

    def __post_init__(self) -> None:
        if self.slots < 1:
            raise ConfigurationError(f"a host has at least one slot, not {self.slots}")
        if self.work.mean <= 0:
            raise ConfigurationError("work takes more than 0 s")
        if not self.intake_s >= 0:
            raise ConfigurationError("intake takes at least 0 s")

    @property
    def capacity_per_s(self) -> float:
        """Requests per second that a host puts out with all its slots busy."""
        return 1 / (self.work.mean * self.slowdown.table(self.slots)[-1] / self.slots + self.intake_s)
