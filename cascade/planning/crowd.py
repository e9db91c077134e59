"""What users do while they wait, and what is refused before they do."""

from __future__ import annotations

from dataclasses import dataclass

from cascade.errors import ConfigurationError
from cascade.planning.distributions import AT_ONCE, Distribution


@dataclass(frozen=True, slots=True)
class Crowd:
    """What users do while they wait, and after.

    ``patience`` is how many seconds a user waits for one answer; ``None`` waits for ever. Who hung up or was refused
    asks again with probability ``repeats`` after ``pause`` seconds, at most ``max_asks`` times in all.
    ``hangup_cancels`` says whether the server stops working for who left; one that does not, works for nobody.
    """

    patience: Distribution | None = None
    repeats: float = 0.0
    pause: Distribution = AT_ONCE
    max_asks: int = 10
    hangup_cancels: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.repeats <= 1:
            raise ConfigurationError(f"a probability is between 0 and 1, not {self.repeats}")
        if self.max_asks < 1:
            raise ConfigurationError("everybody asks at least once")


@dataclass(frozen=True, slots=True)
class Admission:
    """What is refused: beyond ``queue_per_host`` in line for each host, and after ``max_wait_s`` in line.

    ``None`` is no bound, which is what a bare Ollama does.
    """

    queue_per_host: int | None = None
    max_wait_s: float | None = None

    def __post_init__(self) -> None:
        if (self.queue_per_host is not None and self.queue_per_host < 0) or (
            self.max_wait_s is not None and not self.max_wait_s >= 0
        ):
            raise ConfigurationError("bounds of a queue are at least 0")


PATIENT = Crowd()
"""Everybody waits."""
UNBOUNDED = Admission()
"""Nothing is refused."""
