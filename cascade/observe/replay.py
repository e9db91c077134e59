"""What another policy would have answered and cost, told from the decisions that were logged.

    policy_at = policies(bundle, {"default.confidence": 0.9})
    report = replay(read_decisions("logs/"), policy_at)

Where the other policy answers earlier than the logged one did, all is known from the log. Where it passes on what
the logged policy answered, the tiers behind were never asked: what they would have done is taken from the decisions
that did reach them, and ``imputed`` tells how large that part is. Those are the harder ones, so the estimate of what
they cost leans high, and of what they answer low. The intervals cover the chance of the sample, not that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cascade.errors import ConfigurationError
from cascade.observe.bootstrap import Comparison, Figure, PoissonBootstrap
from cascade.observe.record import AuditRecord, DecisionRecord
from cascade.observe.replay_sums import Charge, Sums
from cascade.observe.settings import PolicyAt
from cascade.policy import NORMAL, Policy


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What came of a replay. Rejected input is left out throughout."""

    lines: int
    """Decisions read."""
    decisions: float
    """That they stand for, by their weights."""
    imputed: Figure
    """Share of the decisions whose end under the other policy is an estimate."""
    contradicted: Figure
    """Of the decisions that the other policy answers and a later tier answered, the share with another answer."""
    measures: Mapping[str, Comparison]
    """A decision: ``coverage`` (share answered), ``answered_TIER``, ``asked`` (share that asked a server),
    ``latency_s``, ``input_tokens``, ``output_tokens`` and ``money``. Of those that asked a server and those that did
    not, the ones whose tokens or money are not known are taken to be like the others of their sort."""
    unknown: Mapping[str, Figure]
    """Share of the logged decisions in which a measure is not known."""
    disagreement: Comparison
    """Share of the answers of the cheaper tiers that an audit by the large model did not bear out; under the other
    policy, among those audited answers that it would still give."""

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able data."""
        return {
            "lines": self.lines,
            "decisions": self.decisions,
            "imputed": self.imputed.to_dict(),
            "contradicted": self.contradicted.to_dict(),
            "measures": {name: comparison.to_dict() for name, comparison in self.measures.items()},
            "unknown": {name: figure.to_dict() for name, figure in self.unknown.items()},
            "disagreement": self.disagreement.to_dict(),
        }


def replay(
    records: Iterable[DecisionRecord],
    policy_at: PolicyAt,
    *,
    audits: Iterable[DecisionRecord] = (),
    charge: Charge | None = None,
    replicates: int = 400,
    seed: int = 0,
    level: float = 0.95,
) -> ReplayReport:
    """Decide every logged decision again by ``policy_at``, which is given the rung that it was logged on.

    ``audits`` are lines of that kind, for the disagreement. ``charge`` tells money. Intervals are of ``level``, from
    ``replicates`` bootstrap replicates drawn with ``seed``. Memory is constant: ``records`` is iterated twice, the
    first time to learn the names of the tiers, and must allow it.

    Raises :class:`~cascade.errors.ConfigurationError` when there is no decision in it.
    """
    tiers = _tiers(records)
    sums = Sums(tiers, charge, PoissonBootstrap(Sums.width(tiers), replicates=replicates, seed=seed), level)
    for record in records:
        if record.attempts:
            sums.add(record, policy_at(record.rung or NORMAL))
    audited = PoissonBootstrap(4, replicates=replicates, seed=seed)
    for record in audits:
        if record.audit is not None and record.audit.agrees is not None:
            audited.add(_audited(record, record.audit, policy_at(record.rung or NORMAL)))
    return ReplayReport(
        sums.lines,
        sums.decisions,
        sums.imputed,
        sums.contradicted,
        sums.measures(),
        sums.unknown(),
        _disagreement(audited, level),
    )


def _audited(record: DecisionRecord, audit: AuditRecord, policy: Policy) -> list[float]:
    """Weights: all · wrong · still answered by the same tier · still answered and wrong."""
    answered = (
        attempt.tier
        for attempt in record.attempts
        if (proposal := attempt.proposal()) is not None and policy.decide(attempt.tier, proposal).answer
    )
    weight, wrong = 1 / audit.probability, float(not audit.agrees)
    still = float(next(answered, None) == record.tier)
    return [weight, weight * wrong, weight * still, weight * still * wrong]


def _disagreement(audited: PoissonBootstrap, level: float) -> Comparison:
    return Comparison(
        audited.figure(lambda sums: sums[..., 1] / sums[..., 0], level=level),
        audited.figure(lambda sums: sums[..., 3] / sums[..., 2], level=level),
        audited.figure(lambda sums: sums[..., 3] / sums[..., 2] - sums[..., 1] / sums[..., 0], level=level),
    )


def _tiers(records: Iterable[DecisionRecord]) -> tuple[str, ...]:
    """Names of the tiers in the order they are asked in. Some decisions skip some: a new one goes where it must."""
    order: list[str] = []
    for record in records:
        at = len(order)
        for attempt in reversed(record.attempts):
            if attempt.tier not in order:
                order.insert(at, attempt.tier)
            at = order.index(attempt.tier)
    if not order:
        raise ConfigurationError("the log has no decision to replay")
    return tuple(order)
