"""How many requests one host is given at once, learned from what it makes of them.

Additive increase, multiplicative decrease. The signal is the share of the latency that a request stood in the
server's own line, where the server tells it; else the median latency against that of the host at its floor. After a
cut only requests that began since then are judged: those before tell what the old limit was worth, and would cut the
new one too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from cascade.traffic.spec import LimitSpec

_BASELINE_GAIN = 0.2
_MAX_WINDOW = 40
_MIN_COOLDOWN_S = 0.5
_MAX_CUT_OFF = 0.2
"""Share of the requests that may meet their deadlines at a host that is not given too much."""


@dataclass(frozen=True, slots=True)
class _Sample:
    latency_s: float
    queued_s: float | None


class AdaptiveLimit:
    """A concurrency limit between ``spec.floor`` and ``spec.ceiling``. For one thread."""

    def __init__(self, spec: LimitSpec, clock: Callable[[], float]) -> None:
        self._spec = spec
        self._clock = clock
        self._limit = float(spec.floor)
        self._baseline: float | None = None
        self._samples: list[_Sample] = []
        self._cut_off = 0
        self._peak = 0
        self._growing = True
        self._cut_at = float("-inf")

    @property
    def value(self) -> int:
        """The limit now."""
        return int(self._limit)

    @property
    def baseline_s(self) -> float | None:
        """Latency of the host at its floor, in seconds; ``None`` before the first reply."""
        return self._baseline

    def replied(self, latency_s: float, queued_s: float | None, in_flight: int) -> None:
        """A request was served just now; ``in_flight`` is how many the host had when it began, this one included."""
        if in_flight <= self._spec.floor:
            known = self._baseline
            self._baseline = latency_s if known is None else known + _BASELINE_GAIN * (latency_s - known)
        if self._is_since_cut(latency_s):
            self._samples.append(_Sample(latency_s, queued_s))
            self._peak = max(self._peak, in_flight)
            self._judge_full_window()

    def cut_off(self, took_s: float) -> None:
        """A request met its deadline before the host was slow by any measure: one says nothing, many do."""
        if self._is_since_cut(took_s):
            self._cut_off += 1
            self._judge_full_window()

    def overloaded(self, took_s: float = 0.0) -> None:
        """The host was too slow or said it is busy after ``took_s``: less at once, one step for all that began
        before the step, and no more than one in the time that a request takes.
        """
        now = self._clock()
        if not self._is_since_cut(took_s) or now - self._cut_at < max(self._baseline or 0.0, _MIN_COOLDOWN_S):
            return
        self._cut_at = now
        self._growing = False
        self._limit = max(float(self._spec.floor), self._limit * self._spec.decrease)
        self._forget()

    def restart(self) -> None:
        """The host came back from elsewhere: what was learned of it is old."""
        self._baseline = None
        self._growing = True
        self._limit = float(self._spec.floor)
        self._forget()

    def _judge_full_window(self) -> None:
        seen = len(self._samples) + self._cut_off
        if seen < min(2 * self.value, _MAX_WINDOW):
            return
        if self._cut_off > _MAX_CUT_OFF * seen:
            self.overloaded()
            self._forget()
        else:
            self._judge()

    def _judge(self) -> None:
        latency = median(sample.latency_s for sample in self._samples)
        self._baseline = latency if self._baseline is None else min(self._baseline, latency)
        if self._is_late(latency):
            self.overloaded()
        elif self._peak >= self.value:
            # Doubling until the first sign of too much finds a large host in a few rounds.
            step = self._limit if self._growing else 1.0
            self._limit = min(float(self._spec.ceiling), self._limit + step)
        self._forget()

    def _is_late(self, latency: float) -> bool:
        queued = [sample for sample in self._samples if sample.queued_s is not None]
        if 2 * len(queued) > len(self._samples):
            shares = (min(1.0, (s.queued_s or 0.0) / s.latency_s) if s.latency_s > 0 else 0.0 for s in queued)
            return median(shares) > self._spec.queued_share
        return latency > self._spec.tolerance * (self._baseline or latency)

    def _is_since_cut(self, took_s: float) -> bool:
        """Whether a request that ends now after ``took_s`` began under a limit that was not cut since."""
        return self._clock() - took_s >= self._cut_at

    def _forget(self) -> None:
        self._samples.clear()
        self._cut_off = 0
        self._peak = 0
