"""Percentiles of any number of values in constant memory, to one per cent, mergeable.

Buckets grow geometrically, so that the relative error is the same at a microsecond and at a minute. Sketches of several
threads, processes or hosts merge without a further loss: the merged sketch is the one that had seen all the values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

RELATIVE_ERROR = 0.01

_GROWTH = 1.02  # (growth - 1) / (growth + 1) is 0.0099: a bucket's centre is within 1 % of everything in it
_SCALE = 1 / math.log(_GROWTH)
_CENTRE = 2 * _GROWTH / (1 + _GROWTH)
_LARGEST = 10**18  # of nanoseconds: 31 years; it bounds the number of buckets


def bucket(value: float) -> int:
    """Index of the bucket that a value falls in; what is below 1 shares the bucket -1."""
    if value < 1:
        return -1
    return int(math.log(value if value < _LARGEST else _LARGEST) * _SCALE)


class Histogram:
    """Counts of non-negative values in geometric buckets. Not thread-safe: its owner locks.

    At most 2,094 buckets exist, whatever is added. Values below 1 are counted as 0 and values beyond 1e18 as 1e18; with
    nanoseconds neither occurs.
    """

    __slots__ = ("_counts", "count", "largest", "total")

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self.count = 0
        self.total: float = 0
        """Exact sum of the values."""
        self.largest: float = 0

    def add(self, value: float) -> None:
        """Count one value."""
        index = bucket(value)
        counts = self._counts
        counts[index] = counts.get(index, 0) + 1
        self.count += 1
        self.total += value
        if value > self.largest:  # noqa: PLR1730 - max() would take a quarter as long as all of this
            self.largest = value

    def merge(self, other: Histogram) -> None:
        """Take in all that ``other`` has counted."""
        counts = self._counts
        for index, count in other._counts.items():
            counts[index] = counts.get(index, 0) + count
        self.count += other.count
        self.total += other.total
        self.largest = max(self.largest, other.largest)

    def copy(self) -> Histogram:
        """An independent copy."""
        twin = Histogram()
        twin.merge(self)
        return twin

    @property
    def mean(self) -> float | None:
        """Exact mean; ``None`` when nothing was counted."""
        return self.total / self.count if self.count else None

    def quantile(self, share: float) -> float | None:
        """The value that ``share`` (0 to 1) of the values do not exceed, to one per cent; ``None`` when empty.

        It is the nearest-rank quantile: the smallest value with at least ``share`` of the values at or below it.
        Raises ``ValueError`` for a share outside 0 to 1.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"a share is between 0 and 1, not {share}")
        if not self.count:
            return None
        rank = max(1, math.ceil(share * self.count))
        if rank == self.count:
            return self.largest
        seen = 0
        for index in sorted(self._counts):
            seen += self._counts[index]
            if seen >= rank:
                centre = 0.0 if index < 0 else _CENTRE * _GROWTH**index
                return min(centre, self.largest)
        raise AssertionError("the buckets hold fewer values than were counted")

    def buckets(self) -> Mapping[int, int]:
        """Bucket indexes and their counts, in order."""
        return dict(sorted(self._counts.items()))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histogram):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Histogram(count={self.count}, mean={self.mean})"

    def to_wire(self) -> list[Any]:
        """The sketch as JSON-able data."""
        return [self.count, self.total, self.largest, *self._counts.items()]

    @classmethod
    def from_wire(cls, data: Sequence[Any]) -> Histogram:
        """The sketch that :meth:`to_wire` told. Raises ``TypeError`` or ``ValueError`` for anything else."""
        found = cls()
        found.count, found.total, found.largest, *counts = data
        found._counts = dict(counts)
        if sum(found._counts.values()) != found.count:
            raise ValueError("the buckets do not hold what was counted")
        return found

    def summary(self, *, divisor: float = 1) -> dict[str, Any]:
        """Count, mean, 50th, 90th, 95th and 99th percentile and maximum, in units of ``divisor``; JSON-able."""
        values: dict[str, float | None] = {"mean": self.mean}
        values |= {f"p{percent}": self.quantile(percent / 100) for percent in (50, 90, 95, 99)}
        values["max"] = self.largest if self.count else None
        scaled = {
            name: None if value is None else round(value / divisor, 3) for name, value in values.items()
        }
        return {"count": self.count, **scaled}
