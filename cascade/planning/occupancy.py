"""Who was in service when, read off a recorded run.

A server tells when a request came and went, not when it got its slot. With requests taken in the order in which they
came, that follows: a request starts when it is there and a slot is free.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapreplace

import numpy as np
from numpy.typing import NDArray

from cascade.planning.distributions import Floats
from cascade.planning.runs import RecordedRun

_TINY_S = 1e-9


@dataclass(frozen=True, slots=True)
class Occupancy:
    """For each answered request of a run, in its order: its slot, and what happened until it gave it back."""

    started_s: Floats
    duration_s: Floats
    exposure_s: Floats
    """Seconds that it spent with 1, 2, ... slots in use: shape (requests, slots)."""
    queued_s: Floats
    """Moments, in order, at which a request found no slot free and stood in line."""

    @property
    def company(self) -> Floats:
        """Mean number in service, itself included, while each request was."""
        numbers = np.arange(1, self.exposure_s.shape[1] + 1)
        return np.asarray(self.exposure_s @ numbers / self.exposure_s.sum(axis=1))

    def joined(self, expected_s: Floats) -> NDArray[np.int64]:
        """How many stood in line anew within ``expected_s`` seconds of each request's start."""
        first = np.searchsorted(self.queued_s, self.started_s, side="right")
        last = np.searchsorted(self.queued_s, self.started_s + expected_s, side="right")
        return np.asarray(np.maximum(last - first, 0), dtype=np.int64)


def occupancy(run: RecordedRun, *, slots: int, overhead_s: float) -> Occupancy:
    """Work out who was in service, when every request stands in line ``overhead_s`` after it was sent."""
    ready = np.minimum(run.sent_s + overhead_s, run.done_s)
    told = run.done_s - run.served_s
    order = np.argsort(np.where(np.isfinite(told), told, ready), kind="stable")
    free = [0.0] * slots
    started = np.empty_like(ready)
    for index in order:
        # what overtook others at the server may seem to end before its slot was free
        started[index] = min(max(ready[index], free[0]), run.done_s[index])
        heapreplace(free, max(free[0], float(run.done_s[index])))
    return Occupancy(
        started_s=started,
        duration_s=run.done_s - started,
        exposure_s=_exposure(started, run.done_s, slots),
        queued_s=np.sort(ready[started > ready]),
    )


def _exposure(started: Floats, done: Floats, slots: int) -> Floats:
    edges = np.unique(np.concatenate([started, done]))
    first, last = np.searchsorted(edges, started), np.searchsorted(edges, done)
    changes = np.zeros(len(edges), dtype=int)
    np.add.at(changes, first, 1)
    np.add.at(changes, last, -1)
    active = np.clip(np.cumsum(changes)[:-1], 1, slots)
    so_far = np.zeros((len(edges), slots))
    so_far[np.arange(1, len(edges)), active - 1] = np.diff(edges)
    so_far = np.cumsum(so_far, axis=0)
    return np.maximum(so_far[last] - so_far[first], _TINY_S)
