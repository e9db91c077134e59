"""How much of the traffic may reach the model: normal, amber, red, LLM-free; moved by load, with hysteresis,
or by hand.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from cascade.backends.base import Priority
from cascade.traffic.spec import RUNGS, Rung, RungSpec

_MAX_SAMPLES = 512

ADMITTED: dict[Rung, frozenset[Priority]] = {
    "normal": frozenset(Priority),
    "amber": frozenset({Priority.ACTING, Priority.NORMAL}),
    "red": frozenset({Priority.ACTING}),
    "llm_free": frozenset(),
}
"""Who is asked for on each rung."""


class _Window:
    """Numbers of the last seconds."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._samples: deque[tuple[float, float]] = deque(maxlen=_MAX_SAMPLES)

    def add(self, now: float, value: float) -> None:
        self._samples.append((now, value))

    def mean(self, now: float, least: int = 1) -> float:
        """Their mean; 0 when there are fewer than ``least``."""
        while self._samples and self._samples[0][0] < now - self._window_s:
            self._samples.popleft()
        if len(self._samples) < least:
            return 0.0
        return sum(value for _, value in self._samples) / len(self._samples)


class Rungs:
    """The rung that traffic is on. For one event loop; reading ``current`` is safe from any thread.

    A signal over its limit for ``rise_s`` moves the rung up, straight to red when it is that bad. Under
    ``calm_share`` of the limit for ``calm_s`` it moves down one rung. LLM-free is entered and left by hand
    alone.
    """

    def __init__(
        self,
        spec: RungSpec,
        clock: Callable[[], float],
        *,
        moved: Callable[[Rung, Rung], None] = lambda _a, _b: None,
    ) -> None:
        """``moved`` is told the old and the new rung."""
        self._spec = spec
        self._clock = clock
        self._moved = moved
        self._waits = _Window(spec.window_s)
        self._errors = _Window(spec.window_s)
        self._own: Rung = spec.start
        self._held: Rung | None = None
        self._others: Rung = "normal"
        self._since: dict[str, float] = {}
        self.current: Rung = spec.start
        """The rung now: what is held by hand, else the higher of this process's and the others'."""

    def waited(self, seconds: float) -> None:
        """A request stood in line this long, or would have."""
        self._waits.add(self._clock(), seconds)

    def ended(self, *, failed: bool) -> None:
        """A server served a call, or failed to."""
        self._errors.add(self._clock(), float(failed))

    def hold(self, rung: Rung | None) -> None:
        """Set the rung by hand; ``None`` gives it back to the load."""
        self._held = rung
        if rung is None:
            self._own = self._spec.start if self._own == "llm_free" else self._own
        self._apply()

    def follow(self, rung: Rung) -> None:
        """The highest rung of the other processes."""
        self._others = rung
        self._apply()

    @property
    def own(self) -> Rung:
        """The rung that this process's own load, or hand, asks for."""
        return self._held or self._own

    def update(self, oldest_wait_s: float = 0.0) -> Rung:
        """Look at the signals; ``oldest_wait_s`` is how long the longest waiting request has waited so far."""
        if self._spec.automatic and self._own != "llm_free":
            now = self._clock()
            waits = max(self._waits.mean(now), oldest_wait_s)
            errors = self._errors.mean(now, self._spec.min_outcomes)
            self._climb(now, waits, errors)
            self._descend(now, waits, errors)
            self._apply()
        return self.current

    def admits(self, priority: Priority) -> bool:
        """Whether questions of this priority are asked on the current rung."""
        return priority in ADMITTED[self.current]

    def _climb(self, now: float, waits: float, errors: float) -> None:
        spec = self._spec
        over_red = waits > spec.red_wait_s or errors > spec.red_errors
        over_amber = over_red or waits > spec.amber_wait_s or errors > spec.amber_errors
        if self._lasts("red", over_red, now, spec.rise_s):
            self._own = "red"
        elif self._lasts("amber", over_amber, now, spec.rise_s) and self._own == "normal":
            self._own = "amber"

    def _descend(self, now: float, waits: float, errors: float) -> None:
        spec, share = self._spec, self._spec.calm_share
        red = self._own == "red"
        wait_limit, error_limit = (
            (spec.red_wait_s, spec.red_errors) if red else (spec.amber_wait_s, spec.amber_errors)
        )
        calm = self._own != "normal" and waits <= share * wait_limit and errors <= share * error_limit
        if self._lasts("calm", calm, now, spec.calm_s):
            self._own = "amber" if red else "normal"
            self._since.pop("calm", None)  # the next rung down has its own calm to prove

    def _lasts(self, name: str, on: bool, now: float, least_s: float) -> bool:
        if not on:
            self._since.pop(name, None)
            return False
        return now - self._since.setdefault(name, now) >= least_s

    def _apply(self) -> None:
        loaded = max((self._own, self._others), key=RUNGS.index)
        rung = loaded if self._held is None else self._held
        if rung != self.current:
            before, self.current = self.current, rung
            self._moved(before, rung)
