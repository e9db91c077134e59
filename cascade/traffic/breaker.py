"""A circuit breaker by failures in a row, failure rate and slow-call rate, with a bounded number of half-open
probes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cascade.traffic.spec import BreakerSpec

BreakerState = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave for one call; to be handed back by exactly one of ``succeeded``, ``failed`` and ``forgotten``."""

    generation: int
    probe: bool


class Breaker:
    """Closed, open, half-open. ``clock`` is monotonic, in seconds. For one thread.

    While half-open at most ``spec.probes`` calls are under way, however many ask. What comes back from calls
    that began in an earlier state says nothing of this one and is ignored.
    """

    def __init__(self, spec: BreakerSpec, clock: Callable[[], float]) -> None:
        self._spec = spec
        self._clock = clock
        self._state: BreakerState = "closed"
        self._generation = 0
        self._calls: deque[tuple[bool, bool]] = deque(maxlen=spec.window)
        self._reopens_at = 0.0
        self._pause_s = spec.open_s
        self._probing = 0
        self._proved = 0
        self._streak = 0

    @property
    def state(self) -> BreakerState:
        """The state now; an open breaker whose pause is over is half-open."""
        if self._state == "open" and self._clock() >= self._reopens_at:
            self._enter("half_open")
        return self._state

    @property
    def room(self) -> int | None:
        """How many calls would be let through now; ``None`` for no bound."""
        state = self.state
        if state == "closed":
            return None
        return 0 if state == "open" else max(0, self._spec.probes - self._probing - self._proved)

    @property
    def opens_in_s(self) -> float:
        """Seconds until an open breaker lets probes through; 0 when it is not open."""
        return max(0.0, self._reopens_at - self._clock()) if self.state == "open" else 0.0

    def permit(self) -> Permit | None:
        """Leave for a call, or ``None``."""
        if self.room == 0:
            return None
        probe = self._state == "half_open"
        self._probing += probe
        return Permit(self._generation, probe)

    def succeeded(self, permit: Permit, latency_s: float) -> None:
        """The call came back after ``latency_s``; a slow one counts as slow."""
        self._finished(permit, failed=False, slow=latency_s >= self._spec.slow_s)

    def failed(self, permit: Permit, *, at_once: bool = True) -> None:
        """The host did not serve the call; ``at_once`` is false for one that took all the time there was."""
        self._finished(permit, failed=True, slow=False, at_once=at_once)

    def forgotten(self, permit: Permit) -> None:
        """The call was cancelled, or failed for no fault of the host: nothing is learned."""
        if permit.generation == self._generation and permit.probe:
            self._probing -= 1

    def _finished(self, permit: Permit, *, failed: bool, slow: bool, at_once: bool = False) -> None:
        if permit.generation != self._generation:
            return
        if permit.probe:
            self._probing -= 1
            if failed or slow:
                self._pause_s = min(self._pause_s * 2, self._spec.max_open_s)
                self._enter("open")
            else:
                self._proved += 1
                if self._proved >= self._spec.probes:
                    self._pause_s = self._spec.open_s
                    self._enter("closed")
            return
        self._calls.append((failed, slow))
        self._streak = self._streak + at_once if failed else 0
        if self._tripped():
            self._enter("open")

    def _tripped(self) -> bool:
        if self._streak >= self._spec.streak:
            return True
        calls = len(self._calls)
        if calls < min(self._spec.min_calls, self._spec.window):
            return False
        failures = sum(failed for failed, _ in self._calls)
        slow = sum(slow for _, slow in self._calls)
        return failures >= calls * self._spec.failure_rate or slow >= calls * self._spec.slow_rate

    def _enter(self, state: BreakerState) -> None:
        self._state = state
        self._generation += 1
        self._probing = self._proved = self._streak = 0
        self._calls.clear()
        if state == "open":
            self._reopens_at = self._clock() + self._pause_s
