"""The figures that a snapshot tells."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cascade.histogram import Histogram
from cascade.ledger.charges import Charge
from cascade.result import Cost


@dataclass(frozen=True, slots=True)
class AllLLM:
    """What the same traffic would have cost if all of it had gone to the large model.

    An estimate: the mean charge of the ``measured`` turns that did ask a model, times all requests that were
    not rejected. Those that went there are the hard ones and may be longer than the rest. ``amount`` is ``None``
    when no charge is known; ``assumed`` says that it comes from the caller's assumption and not from
    measurement.
    """

    amount: Decimal | None
    per_request: Decimal | None
    measured: int
    assumed: bool


@dataclass(frozen=True, slots=True)
class TierTally:
    """One tier's turns: how many, what became of them, how long they took (nanoseconds)."""

    answered: int
    escalated: int
    fallback: int
    latency: Histogram
    cost: Cost
    """Sum over the turns; a token count is ``None`` when some of them did not tell it."""
    asked: int
    """Turns that asked a server."""
    hits: int
    """Turns answered by a call that was made for somebody else: in flight, or out of the cache."""
    told_tokens: tuple[int, int]
    """Input and output tokens of those turns that told."""
    unknown_tokens: int
    """Those that asked and did not learn how many tokens went in or out."""

    @property
    def attempts(self) -> int:
        """How often the tier had its turn."""
        return self.answered + self.escalated + self.fallback


@dataclass(frozen=True, slots=True)
class Part:
    """A part of all requests: those of one campaign, rung, intent, status, purpose, or answered by one tier.

    Requests pay for all their turns, so ``paid`` of the part that one tier answered holds the tiers before it too.
    """

    requests: int
    answered: int
    paid: Charge
    listed: Charge
    hosted: Charge
    gpu_seconds: Charge
    calls: int
    hits: int

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able data."""
        views = {name: getattr(self, name).to_dict() for name in ("paid", "listed", "hosted", "gpu_seconds")}
        return {
            "requests": self.requests,
            "answered": self.answered,
            "calls": self.calls,
            "hits": self.hits,
            **views,
        }


@dataclass(frozen=True, slots=True)
class Throughput:
    """How fast a model was, as its servers told: while it wrote, and prompts included. Of ``turns`` that told."""

    turns: int
    output_tokens: int
    output_s: float
    served_s: float

    @property
    def writing_per_s(self) -> float | None:
        """Output tokens per second of writing, one request at a time."""
        return self.output_tokens / self.output_s if self.output_s else None

    @property
    def per_s(self) -> float | None:
        """Output tokens per second of work, prompt processing included: times its slots, what a host puts out."""
        return self.output_tokens / self.served_s if self.served_s else None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able data."""
        return {"turns": self.turns, "writing_per_s": self.writing_per_s, "per_s": self.per_s}
