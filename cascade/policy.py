"""Answer or escalate: what the tiers propose, the policy decides.

A policy is any object with ``decide`` and ``settle``; callers may pass their own, or wrap the bundle's. Thresholds are
read from the bundle's ``policy.yaml`` and are tighter for acting intents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from cascade.bundle import Bundle, validated
from cascade.result import Abstention, Attempt, Candidate, Proposal


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a proposal becomes the answer; ``reason`` says why it does not."""

    answer: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the caller is told when no tier answered."""

    status: Literal["clarify", "unresolved"]
    reason: str
    candidates: tuple[Candidate, ...] = ()


class Policy(Protocol):
    """Decides after each tier, and once more when all have had their turn."""

    def decide(self, tier: str, proposal: Proposal) -> Decision:
        """Whether ``proposal`` of ``tier`` may be the answer."""
        ...

    def settle(self, attempts: Sequence[Attempt]) -> Settlement:
        """What to tell the caller after every tier passed."""
        ...


class Threshold(BaseModel):
    """What a proposal must reach to be answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    confidence: float = Field(ge=0, le=1)
    margin: float = Field(default=0.0, ge=0, le=1)
    """Least distance between the best and the second-best confidence."""


class PolicySpec(BaseModel):
    """``policy.yaml``: thresholds for the tiers that have a calibrated confidence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    default: Threshold
    acting: Threshold
    intents: Mapping[str, Threshold] = Field(default_factory=dict)
    clarify_confidence: float = Field(default=0.5, ge=0, le=1)
    """A guess below this is not worth asking about."""
    max_candidates: int = Field(default=3, ge=1, le=10)


_ANSWER = Decision(True)
_INCOMPLETE = Decision(False, "incomplete")
_UNKNOWN_INTENT = Decision(False, "unknown_intent")


class ThresholdPolicy:
    """The bundle's own policy: per-intent threshold and margin.

    A proposal without a calibrated confidence (a rule that matched the whole utterance, a model's reply that passed
    every check of the contract) is answered when it is complete: there is no number to hold against a threshold.
    """

    def __init__(self, spec: PolicySpec, intents: Mapping[str, bool]) -> None:
        """``intents`` maps each intent of the bundle to whether it is acting."""
        self._spec = spec
        self._thresholds = {
            name: spec.intents.get(name, spec.acting if acting else spec.default)
            for name, acting in intents.items()
        }
        self._decisions = {
            (name, kind): Decision(False, f"{kind}_below_{limit:g}")
            for name, threshold in self._thresholds.items()
            for kind, limit in (("confidence", threshold.confidence), ("margin", threshold.margin))
        }

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> ThresholdPolicy:
        """Read ``policy.yaml``. Raises :class:`~cascade.errors.BundleCorrupt`."""
        document = bundle.yaml("policy.yaml")
        spec = validated(PolicySpec, document)
        for name in spec.intents:
            if name not in bundle.intents:
                raise document.error(f"intent {name!r} is not in the manifest", ("intents", name))
        return cls(spec, {intent.name: intent.acting for intent in bundle.manifest.intents})

    def threshold(self, intent: str) -> Threshold | None:
        """The threshold of an intent, ``None`` for one the bundle does not have."""
        return self._thresholds.get(intent)

    def decide(self, tier: str, proposal: Proposal) -> Decision:
        threshold = self._thresholds.get(proposal.intent)
        if threshold is None:
            return _UNKNOWN_INTENT
        if not proposal.complete:
            return _INCOMPLETE
        confidence = proposal.confidence
        if confidence is None:
            return _ANSWER
        if confidence < threshold.confidence:
            return self._decisions[proposal.intent, "confidence"]
        if proposal.runner_up is not None and confidence - proposal.runner_up[1] < threshold.margin:
            return self._decisions[proposal.intent, "margin"]
        return _ANSWER

    def settle(self, attempts: Sequence[Attempt]) -> Settlement:
        candidates: list[Candidate] = []
        for attempt in reversed(attempts):  # the later tier knew more
            candidate = self._candidate(attempt)
            if candidate is not None and all(_key(candidate) != _key(other) for other in candidates):
                candidates.append(candidate)
        reason = attempts[-1].reason if attempts else "no_tier"
        if not candidates:
            return Settlement("unresolved", reason)
        return Settlement("clarify", reason, tuple(candidates[: self._spec.max_candidates]))

    def _candidate(self, attempt: Attempt) -> Candidate | None:
        outcome = attempt.outcome
        if isinstance(outcome, Proposal):
            if outcome.confidence is not None and outcome.confidence < self._spec.clarify_confidence:
                return None
            if outcome.intent not in self._thresholds:
                return None
            return Candidate(
                outcome.intent, outcome.answer, attempt.tier, outcome.confidence, outcome.uncovered
            )
        if isinstance(outcome, Abstention) and outcome.partial is not None:
            return Candidate(outcome.partial.intent, outcome.partial, attempt.tier, None, outcome.uncovered)
        return None


def _key(candidate: Candidate) -> tuple[str, object]:
    return candidate.intent, candidate.answer
