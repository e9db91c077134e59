"""Predicted against measured: how far a calibrated server can be believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cascade.planning.calibration import Calibration
from cascade.planning.runs import RecordedRun
from cascade.planning.simulation import simulate

REPETITIONS = 10


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run comes down to, in seconds."""

    mean_s: float
    p99_s: float
    drained_s: float
    """From the start of the run until the last answer."""
    drain_s: float
    """From the last arrival until the last answer; where nothing piled up, one request's latency and so luck."""

    def errors(self, measured: Figures) -> Figures:
        """Relative error of each of them: 0.1 is predicted a tenth too high."""
        return Figures(
            self.mean_s / measured.mean_s - 1,
            self.p99_s / measured.p99_s - 1,
            self.drained_s / measured.drained_s - 1,
            self.drain_s / measured.drain_s - 1,
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """One run as it was and as it was predicted to be."""

    predicted: Figures
    measured: Figures

    @property
    def errors(self) -> Figures:
        """Relative errors of the prediction."""
        return self.predicted.errors(self.measured)


def measured(run: RecordedRun) -> Figures:
    """The figures of a recorded run."""
    latency, last = run.latency_s, float(run.done_s.max())
    p99 = float(np.quantile(latency, 0.99, method="inverted_cdf"))
    return Figures(float(latency.mean()), p99, last, last - float(run.planned_s[-1]))


def predict(
    calibration: Calibration,
    run: RecordedRun,
    *,
    slots: int,
    seed: int = 0,
    repetitions: int = REPETITIONS,
    by_tokens: bool = True,
) -> Figures:
    """The figures of ``run`` on one host with ``slots``, from its arrivals: means over ``repetitions`` simulations.

    Where calibration and run tell tokens, work follows the tokens of each request of the run, as it does for a
    recorded trace; with ``by_tokens=False``, or where they do not, it is drawn from what the calibration saw.
    What the run's server took for it is not looked at.
    """
    server = calibration.with_slots(slots)
    rates = calibration.rates if by_tokens and _tells_tokens(run) else None
    figures = []
    for repetition in range(repetitions):
        rng = np.random.default_rng([seed, repetition])
        work_s = None if rates is None else rates.work_s(run.tokens_in, run.tokens_out, rng)
        came = simulate(run.planned_s, server, hosts=1, seed=int(rng.integers(2**32)), work_s=work_s)
        drain_s = came.ended_s - float(run.planned_s[-1])
        figures.append((came.mean_latency_s or 0.0, came.quantile_s(0.99), came.ended_s, drain_s))
    return Figures(*(float(value) for value in np.mean(figures, axis=0)))


def compare(calibration: Calibration, run: RecordedRun, *, slots: int, by_tokens: bool = True) -> Comparison:
    """Predict ``run`` and hold it against what was measured.

    Just below a server's capacity, and for as long as a pile grows, a per cent of its pace is several of the wait.
    """
    return Comparison(predict(calibration, run, slots=slots, by_tokens=by_tokens), measured(run))


def _tells_tokens(run: RecordedRun) -> bool:
    whole = len(run.planned_s) == len(run.sent_s)
    return whole and bool(np.all(np.isfinite(run.tokens_in)) and np.all(np.isfinite(run.tokens_out)))
