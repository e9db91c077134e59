"""When people ask: a curve of rates, or a trace of moments.

Both can be thinned: ``sample(rng, share)`` is the stream that reaches a part of the fleet when every request picks its
part at random. Equal seeds give comparable streams at every share, so that two plans differ by what was planned and
not by luck.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Protocol, Self

import numpy as np

from cascade.errors import ConfigurationError
from cascade.planning.distributions import Floats

BIN_S = 60.0


class Arrivals(Protocol):
    """A stream of requests; plug in your own."""

    @property
    def duration_s(self) -> float:
        """How long people ask, in seconds from 0."""

    @property
    def expected(self) -> float:
        """Mean number of requests in all."""

    @property
    def peak_per_s(self) -> float:
        """The highest rate that lasts."""

    def shortened(self, factor: float) -> Arrivals:
        """The same rates, each for a time ``factor`` times as short."""

    def sample(self, rng: np.random.Generator, share: float = 1.0) -> Floats:
        """Moments in seconds from 0, in order, of a random ``share`` of the requests.

        A share above 1 is more of the same where there is a rate to raise.
        """


@dataclass(frozen=True, slots=True)
class Curve:
    """Poisson arrivals at a rate that is constant within each segment.

    ``segments`` are pairs of a duration in seconds and a rate per second.
    """

    segments: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        for seconds, rate in self.segments:
            if not (seconds > 0 and rate >= 0 and math.isfinite(seconds) and math.isfinite(rate)):
                raise ConfigurationError(
                    f"a segment lasts more than 0 s at a rate of at least 0, not {seconds} s at {rate}/s"
                )

    @classmethod
    def from_totals(cls, totals: Sequence[tuple[float, float]]) -> Self:
        """From running totals, as news give them: (hours since the start, requests so far), rising."""
        segments, hour, count = [], 0.0, 0.0
        for next_hour, next_count in totals:
            if next_hour <= hour or next_count < count:
                raise ConfigurationError("running totals rise with the hours")
            seconds = (next_hour - hour) * 3600
            segments.append((seconds, (next_count - count) / seconds))
            hour, count = next_hour, next_count
        return cls(tuple(segments))

    @property
    def duration_s(self) -> float:
        return math.fsum(seconds for seconds, _ in self.segments)

    @property
    def expected(self) -> float:
        return math.fsum(seconds * rate for seconds, rate in self.segments)

    @property
    def peak_per_s(self) -> float:
        return max((rate for _, rate in self.segments), default=0.0)

    def scaled(self, total: float) -> Curve:
        """The same shape with ``total`` requests in all."""
        expected = self.expected
        if not expected:
            raise ConfigurationError("a curve without requests has no shape to scale")
        return Curve(tuple((seconds, rate * total / expected) for seconds, rate in self.segments))

    def shortened(self, factor: float) -> Curve:
        """Every segment ``factor`` times as short, at the same rate."""
        return Curve(tuple((seconds / factor, rate) for seconds, rate in self.segments))

    def sample(self, rng: np.random.Generator, share: float = 1.0) -> Floats:
        total = self.expected * _legal(share, inf)
        if not total:
            return np.empty(0)
        size = int(total + 6 * math.sqrt(total) + 20)
        marks = np.cumsum(rng.exponential(size=size))
        while marks[-1] < total:
            marks = np.concatenate([marks, marks[-1] + np.cumsum(rng.exponential(size=size))])
        seconds, rates = np.array(self.segments).T
        edges = np.concatenate([[0.0], np.cumsum(seconds)])
        counts = np.concatenate([[0.0], np.cumsum(seconds * rates * share)])
        moments: Floats = np.interp(marks[marks < total], counts, edges)
        return moments


@dataclass(frozen=True, slots=True)
class Trace:
    """Recorded moments, in seconds from 0, in order."""

    times: tuple[float, ...]

    def __post_init__(self) -> None:
        times = np.asarray(self.times, dtype=float)
        if not np.all(np.isfinite(times)) or np.any(times < 0) or np.any(np.diff(times) < 0):
            raise ConfigurationError("a trace is of rising, finite moments of at least 0 s")

    @classmethod
    def of(cls, moments: Iterable[float]) -> Self:
        """From moments in any order and of any origin; the first becomes 0."""
        ordered = sorted(moments)
        return cls(tuple(moment - ordered[0] for moment in ordered))

    @property
    def duration_s(self) -> float:
        return self.times[-1] if self.times else 0.0

    @property
    def expected(self) -> float:
        return float(len(self.times))

    @property
    def peak_per_s(self) -> float:
        return self.curve().peak_per_s if self.times else 0.0

    def curve(self, bin_s: float = BIN_S) -> Curve:
        """Its counts per ``bin_s`` seconds as a curve: what to scale to another day."""
        if not self.times:
            return Curve(())
        bins = np.floor(np.asarray(self.times) / bin_s).astype(int)
        return Curve(tuple((bin_s, float(count) / bin_s) for count in np.bincount(bins)))

    def shortened(self, factor: float) -> Curve:
        """Its :meth:`curve`, each minute ``factor`` times as short."""
        return self.curve().shortened(factor)

    def sample(self, rng: np.random.Generator, share: float = 1.0) -> Floats:
        times: Floats = np.asarray(self.times, dtype=np.float64)
        kept: Floats = times[rng.random(len(times)) < _legal(share, 1.0)]
        return kept


def read_trace(path: Path) -> Trace:
    """A trace from a file: CSV with a column ``TIMESTAMP`` (ISO dates or seconds), or JSONL with ``planned_s``.

    Raises :class:`~cascade.errors.ConfigurationError` that names the file and the line.
    """
    moments = []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file) if path.suffix == ".csv" else _json_rows(file)
            column = next(rows, ["TIMESTAMP"]).index("TIMESTAMP")
            for number, row in enumerate(rows, start=2 if path.suffix == ".csv" else 1):
                try:
                    moments.append(_moment(row[column]))
                except (ValueError, IndexError, TypeError) as error:
                    raise ConfigurationError(f"trace {path}:{number}: no moment: {error}") from error
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"trace {path}: {error}") from error
    return Trace.of(moments)


def _json_rows(lines: Iterable[str]) -> Iterator[list[str]]:
    yield ["TIMESTAMP"]
    for line in lines:
        try:
            yield [str(json.loads(line)["planned_s"])]
        except (ValueError, KeyError, TypeError) as error:
            yield [f"{error!r}"]


def _moment(text: str) -> float:
    try:
        moment = float(text)
    except ValueError:
        date = datetime.fromisoformat(text)
        moment = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    if not math.isfinite(moment):
        raise ValueError(f"{text} is no moment")
    return moment


def _legal(share: float, most: float) -> float:
    if not 0 <= share <= most or share == inf:
        raise ConfigurationError(f"a share is at least 0 and at most {most}, not {share}")
    return share
