"""Answer or escalate: what the tiers propose, the policy decides.

A policy is any object with ``decide`` and ``settle``; callers may pass their own, or wrap the bundle's.
Thresholds are read from the bundle's ``policy.yaml`` and are tighter for acting intents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


LoadedRung = Literal["amber", "red", "llm_free"]


class Threshold(BaseModel):
    """What a proposal must reach to be answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    confidence: float = Field(ge=0, le=1)
    margin: float = Field(default=0.0, ge=0, le=1)
    """Least distance between the best and the second-best confidence."""


class Thresholds(BaseModel):
    """Thresholds of all intents: ``default`` and ``acting`` for those that ``intents`` does not name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    default: Threshold
    acting: Threshold
    intents: Mapping[str, Threshold] = Field(default_factory=dict)


class RungThresholds(Thresholds):
    """What holds instead while the traffic is on a rung."""

    certificate: str | None = None
    """File of the bundle that shows what it is worth; a rung that asks less of any intent must have one."""


class PolicySpec(Thresholds):
    """``policy.yaml``: thresholds for the tiers that have a calibrated confidence."""

    rungs: Mapping[LoadedRung, RungThresholds] = Field(default_factory=dict)
    """For the rungs on which little or nothing reaches the large model; a rung not named keeps the normal ones.
    """
    clarify_confidence: float = Field(default=0.5, ge=0, le=1)
    """A guess below this is not worth asking about."""
    max_candidates: int = Field(default=3, ge=1, le=10)


NORMAL = "normal"

_ANSWER = Decision(True)
_INCOMPLETE = Decision(False, "incomplete")
_UNKNOWN_INTENT = Decision(False, "unknown_intent")


class ThresholdPolicy:
    """The bundle's own policy: per-intent threshold and margin.

    A proposal without a calibrated confidence (a rule that matched the whole utterance, a model's reply that
    passed every check of the contract) is answered when it is complete: there is no number to hold against a
    threshold.
    """

    def __init__(
        self, spec: PolicySpec, intents: Mapping[str, bool], *, rung: Callable[[], str] = lambda: NORMAL
    ) -> None:
        """``intents`` maps each intent of the bundle to whether it is acting; ``rung`` tells how loaded the
        large model is, and is called from any thread.
        """
        self._spec = spec
        self._rung = rung
        self._normal = _Table.of(spec, intents)
        self._loaded: dict[str, _Table] = {
            name: _Table.of(thresholds, intents) for name, thresholds in spec.rungs.items()
        }

    @classmethod
    def from_bundle(cls, bundle: Bundle, *, rung: Callable[[], str] = lambda: NORMAL) -> ThresholdPolicy:
        """Read ``policy.yaml``. Raises :class:`~cascade.errors.BundleCorrupt`."""
        document = bundle.yaml("policy.yaml")
        spec = validated(PolicySpec, document)
        for where, thresholds in ((), spec), *((("rungs", name), rung) for name, rung in spec.rungs.items()):
            for name in thresholds.intents:
                if name not in bundle.intents:
                    raise document.error(f"intent {name!r} is not in the manifest", (*where, "intents", name))
        acting = {intent.name: intent.acting for intent in bundle.manifest.intents}
        for name, loaded in spec.rungs.items():
            if loaded.certificate is not None:
                bundle.file(loaded.certificate)
            elif _asks_less(loaded, spec, acting):
                raise document.error("a rung that asks less than normal names a certificate", ("rungs", name))
        return cls(spec, acting, rung=rung)

    def threshold(self, intent: str) -> Threshold | None:
        """The threshold of an intent on the rung in force, ``None`` for one the bundle does not have."""
        return self._table().thresholds.get(intent)

    def decide(self, tier: str, proposal: Proposal) -> Decision:
        table = self._table()
        threshold = table.thresholds.get(proposal.intent)
        if threshold is None:
            return _UNKNOWN_INTENT
        if not proposal.complete:
            return _INCOMPLETE
        confidence = proposal.confidence
        if confidence is None:
            return _ANSWER
        if confidence < threshold.confidence:
            return table.decisions[proposal.intent, "confidence"]
        if proposal.runner_up is not None and confidence - proposal.runner_up[1] < threshold.margin:
            return table.decisions[proposal.intent, "margin"]
        return _ANSWER

    def _table(self) -> _Table:
        return self._loaded.get(self._rung(), self._normal) if self._loaded else self._normal

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
            if outcome.intent not in self._normal.thresholds:
                return None
            return Candidate(
                outcome.intent, outcome.answer, attempt.tier, outcome.confidence, outcome.uncovered
            )
        if isinstance(outcome, Abstention) and outcome.partial is not None:
            return Candidate(outcome.partial.intent, outcome.partial, attempt.tier, None, outcome.uncovered)
        return None


@dataclass(frozen=True, slots=True)
class _Table:
    """Thresholds by intent, and the refusals that they give, made once."""

    thresholds: Mapping[str, Threshold]
    decisions: Mapping[tuple[str, str], Decision]

    @classmethod
    def of(cls, spec: Thresholds, intents: Mapping[str, bool]) -> _Table:
        thresholds = {name: _threshold(spec, name, acting) for name, acting in intents.items()}
        decisions = {
            (name, kind): Decision(False, f"{kind}_below_{limit:g}")
            for name, threshold in thresholds.items()
            for kind, limit in (("confidence", threshold.confidence), ("margin", threshold.margin))
        }
        return cls(thresholds, decisions)


def _threshold(spec: Thresholds, intent: str, acting: bool) -> Threshold:
    return spec.intents.get(intent, spec.acting if acting else spec.default)


def _asks_less(loaded: Thresholds, normal: Thresholds, intents: Mapping[str, bool]) -> bool:
    pairs = ((_threshold(loaded, *item), _threshold(normal, *item)) for item in intents.items())
    return any(less.confidence < more.confidence or less.margin < more.margin for less, more in pairs)


def _key(candidate: Candidate) -> tuple[str, object]:
    return candidate.intent, candidate.answer
