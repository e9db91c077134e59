"""What an audit alarm may pull: a policy that asks more of some intents, or answers them no more, or a rung.

guard = Guard(ThresholdPolicy.from_bundle(bundle))                # the intents of the alarm escalate
guard = Guard(ThresholdPolicy.from_bundle(bundle), demand=0.995)  # or escalate below this confidence
AuditStream(watches, on_alarm=guard)
AuditStream(watches, on_alarm=RungGuard(cascade.traffic))         # no load loosens the thresholds any more
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from cascade.errors import ConfigurationError
from cascade.observe.audit_watch import AUDITED_TIERS, Alarm
from cascade.policy import Decision, Policy, Settlement, Threshold
from cascade.result import Attempt, Proposal
from cascade.traffic.spec import Rung

_WITHHELD = Decision(False, "audit_alarm")


class Guard:
    """Another policy's decisions, but for withheld intents: what the cheap tiers propose of these escalates.

    With ``demand`` (0 to 1) it escalates only below that confidence, and where none is known. Called with an alarm, it
    withholds the intents of its watch until :meth:`release`. Thread-safe.
    """

    def __init__(
        self, policy: Policy, *, demand: float | None = None, tiers: Iterable[str] = AUDITED_TIERS
    ) -> None:
        if demand is not None and not 0 <= demand <= 1:
            raise ConfigurationError(f"a confidence is between 0 and 1, not {demand}")
        self._policy = policy
        self._demand = demand
        self._tiers = frozenset(tiers)
        self.withheld: frozenset[str] = frozenset()
        """Intents that the cheap tiers do not answer now."""

    def __call__(self, alarm: Alarm) -> None:
        """Withhold the intents of an alarm."""
        self.withhold(alarm.watch.intents)

    def withhold(self, intents: Iterable[str]) -> None:
        """Stop answering these intents too."""
        self.withheld = self.withheld | frozenset(intents)

    def release(self, intents: Iterable[str] | None = None) -> None:
        """Answer these intents again; all without an argument."""
        self.withheld = frozenset() if intents is None else self.withheld - frozenset(intents)

    def decide(self, tier: str, proposal: Proposal) -> Decision:
        """What the other policy decides, unless the intent is withheld."""
        if proposal.intent in self.withheld and tier in self._tiers and not self._enough(proposal.confidence):
            return _WITHHELD
        return self._policy.decide(tier, proposal)

    def _enough(self, confidence: float | None) -> bool:
        return self._demand is not None and confidence is not None and confidence >= self._demand

    def settle(self, attempts: Sequence[Attempt]) -> Settlement:
        """What the other policy settles."""
        return self._policy.settle(attempts)

    def threshold(self, intent: str) -> Threshold | None:
        """The other policy's threshold, where it has any."""
        find = getattr(self._policy, "threshold", None)
        found: Threshold | None = find(intent) if callable(find) else None
        return found


class HasRung(Protocol):
    """Whatever holds a rung; :class:`cascade.traffic.Gate` does."""

    def hold(self, rung: Rung | None) -> None: ...


class RungGuard:
    """Holds a rung from the first alarm until :meth:`release`: ``normal`` has the strictest thresholds."""

    def __init__(self, traffic: HasRung, rung: Rung = "normal") -> None:
        self._traffic = traffic
        self._rung: Rung = rung

    def __call__(self, alarm: Alarm) -> None:
        """Hold the rung, whatever the load."""
        self._traffic.hold(self._rung)

    def release(self) -> None:
        """Give the rung back to the load."""
        self._traffic.hold(None)
