"""A policy that can be told to stop answering some intents: what an audit alarm may pull."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cascade.observe.audit_watch import AUDITED_TIERS, Alarm
from cascade.policy import Decision, Policy, Settlement, Threshold
from cascade.result import Attempt, Proposal

_WITHHELD = Decision(False, "audit_alarm")


class Guard:
    """Another policy's decisions, but for withheld intents: what the cheap tiers propose of these escalates.

        guard = Guard(ThresholdPolicy.from_bundle(bundle))
        AuditStream(watches, on_alarm=guard)

    Called with an alarm, it withholds the intents of its watch until :meth:`release`. Thread-safe.
    """

    def __init__(self, policy: Policy, *, tiers: Iterable[str] = AUDITED_TIERS) -> None:
        self._policy = policy
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
        if proposal.intent in self.withheld and tier in self._tiers:
            return _WITHHELD
        return self._policy.decide(tier, proposal)

    def settle(self, attempts: Sequence[Attempt]) -> Settlement:
        """What the other policy settles."""
        return self._policy.settle(attempts)

    def threshold(self, intent: str) -> Threshold | None:
        """The other policy's threshold, where it has any."""
        find = getattr(self._policy, "threshold", None)
        found: Threshold | None = find(intent) if callable(find) else None
        return found
