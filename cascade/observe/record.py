"""The line of the decision log: its schema, for those who write it and those who read it.

Schema version 1. A line is one JSON object. What is at its default is left out, in the line and inside answers:
validating with the model (:class:`DecisionRecord`, or the pack's answer class) brings it back. Unknown is ``null`` or
absent, never 0.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cascade.result import Cost, Proposal, Span, Status, Verdict

SCHEMA_VERSION = 1

Kind = Literal["decision", "audit", "correction"]


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CostRecord(_Line):
    """What a turn cost; times in microseconds, counts as the server gave them, ``None`` where it did not."""

    latency_us: float
    queued_us: float | None = 0.0
    calls: int = 0
    input_tokens: int | None = 0
    cached_tokens: int | None = 0
    output_tokens: int | None = 0
    model: str | None = None
    prompt_us: float | None = 0.0
    output_us: float | None = 0.0
    lost_calls: int = 0
    first_token_us: float | None = None

    def cost(self) -> Cost:
        """The same as the library counts it."""
        return Cost(
            latency_ns=round(self.latency_us * 1e3),
            queued_ns=_ns(self.queued_us),
            calls=self.calls,
            input_tokens=self.input_tokens,
            cached_tokens=self.cached_tokens,
            output_tokens=self.output_tokens,
            model=self.model,
            prompt_ns=_ns(self.prompt_us),
            output_ns=_ns(self.output_us),
            lost_calls=self.lost_calls,
            first_token_ns=_ns(self.first_token_us),
        )


def _ns(microseconds: float | None) -> int | None:
    return None if microseconds is None else round(microseconds * 1e3)


class CandidateRecord(_Line):
    """A guess that the user was asked to confirm."""

    tier: str
    intent: str
    answer: dict[str, Any] | None = None
    confidence: float | None = None
    uncovered: tuple[str, ...] = ()


class AttemptRecord(_Line):
    """One tier's turn: what it gave (``outcome``), what was made of it (``verdict``) and why, and its cost."""

    tier: str
    outcome: Literal["proposal", "abstention", "failure"]
    verdict: Verdict
    reason: str = ""
    intent: str | None = None
    answer: dict[str, Any] | None = None
    """Of a proposal, or the part of an order that an abstention understood."""
    confidence: float | None = None
    score: float | None = None
    runner_up: tuple[str, float] | None = None
    complete: bool = True
    uncovered: tuple[str, ...] = ()
    detail: str = ""
    retryable: bool | None = None
    """Of a failure: whether the same request may succeed later."""
    cost: CostRecord

    def proposal(self) -> Proposal | None:
        """What a policy decides about, with the answer as plain data; ``None`` when nothing was proposed."""
        if self.outcome != "proposal" or self.intent is None:
            return None
        spans = tuple(Span(-1, -1, text) for text in self.uncovered)
        return Proposal(
            self.intent,
            self.answer,
            self.confidence,
            self.score,
            self.runner_up,
            self.complete,
            spans,
            self.detail,
        )


class AuditRecord(_Line):
    """What the large model said of an answer that a cheaper tier had given."""

    watch: str
    """The group of intents that it was drawn for."""
    probability: float = Field(gt=0, le=1)
    """With which an answer of the group is audited."""
    agrees: bool | None = None
    """Whether the model's answer is the same; ``None`` when it gave none that counts."""
    intent: str | None = None
    answer: dict[str, Any] | None = None
    reason: str = ""
    """Why there is no verdict."""
    cost: CostRecord


class CorrectionRecord(_Line):
    """The right answer, told afterwards."""

    source: str
    """Who told: ``user``, ``operator``, ``label``, or the application's own word."""
    intent: str
    answer: dict[str, Any] | None = None


class DecisionRecord(_Line):
    """One line. A ``decision`` as it was made; an ``audit`` or a ``correction`` repeats the decision and adds to it.

    Personal data is scrubbed from every string that a user's words may have reached, unless ``scrubbed`` is false.
    """

    v: Literal[1] = Field(default=SCHEMA_VERSION, validate_default=True)
    kind: Kind = "decision"
    time: datetime
    """When the line was made, UTC, to the millisecond."""
    run: str
    """One writer in one process; ``seq`` counts its results from 1, sampled or not, so that gaps can be told."""
    seq: int
    text: str | None = None
    """As typed; ``None`` for what was no text."""
    scrubbed: bool = True
    text_hash: str | None = None
    """BLAKE2b-64 of the normalised text after scrubbing: equal for what the tiers saw as equal, and telling no more
    than ``text`` does."""
    status: Status
    tier: str | None = None
    intent: str | None = None
    answer: dict[str, Any] | None = None
    confidence: float | None = None
    reason: str = ""
    candidates: tuple[CandidateRecord, ...] = ()
    attempts: tuple[AttemptRecord, ...] = ()
    bundle: str = ""
    rung: str | None = None
    campaign: str | None = None
    weight: float = Field(default=1.0, ge=1)
    """One over the probability with which the line was kept: lines stand for this many decisions."""
    audit: AuditRecord | None = None
    corrected: CorrectionRecord | None = None
