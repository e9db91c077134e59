"""What audits watch over, what they may take, and what they tell."""

from __future__ import annotations

from dataclasses import dataclass

from cascade.bundle import Bundle
from cascade.certificate import Certificate
from cascade.errors import ConfigurationError
from cascade.observe.anytime import Interval, rate_interval

AUDITED_TIERS = frozenset({"rules", "classifier"})


@dataclass(frozen=True, slots=True)
class Watch:
    """A group of intents that is audited at one rate and held to one error.

    An alarm is raised when the share of disagreement is above ``epsilon``, falsely with probability at most ``delta``.
    """

    name: str
    intents: frozenset[str]
    epsilon: float
    delta: float = 0.05
    rate: float = 0.01
    """Share of the answers that is audited."""


def watches_of(
    bundle: Bundle,
    *,
    epsilon: float,
    acting_epsilon: float | None = None,
    delta: float = 0.05,
    rate: float = 0.01,
) -> tuple[Watch, ...]:
    """A watch over the bundle's acting intents and one over the others; ``delta`` is divided between them."""
    groups = (
        ("acting", bundle.acting, acting_epsilon or epsilon),
        ("other", frozenset(bundle.intents) - bundle.acting, epsilon),
    )
    kept = [group for group in groups if group[1]]
    return tuple(Watch(name, intents, limit, delta / len(kept), rate) for name, intents, limit in kept)


def certified_watches(
    certificate: Certificate, *, delta: float = 0.05, rate: float = 0.01
) -> tuple[Watch, ...]:
    """A watch over each statement that was certified, at its epsilon; ``delta`` is divided among them."""
    statements = [statement for statement in certificate.statements if statement.certified]
    return tuple(
        Watch("+".join(one.intents), frozenset(one.intents), one.epsilon, delta / len(statements), rate)
        for one in statements
    )


@dataclass(frozen=True, slots=True)
class AuditBudget:
    """What audits may take: how many a minute and at once, how many tokens in all (``None``: no bound)."""

    per_minute: float = 60.0
    at_once: int = 4
    max_queued: int = 100
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """The error of a watch is above its epsilon, or something happened that has probability delta."""

    watch: Watch
    audited: int
    wrong: int
    interval: Interval
    """Of the share of disagreement since the start, at the watch's delta."""


@dataclass(slots=True)
class IntentAudit:
    """What is known of one intent's answers by the audited tiers."""

    watch: str
    rate: float
    answered: int = 0
    audited: int = 0
    """Audits with a verdict."""
    wrong: int = 0
    open: int = 0
    """Audits without one: the model failed, gave up or contradicted the utterance."""

    @property
    def error(self) -> float | None:
        """Estimated share of disagreement; ``None`` when nothing was audited."""
        return self.wrong / self.audited if self.audited else None

    def interval(self, delta: float) -> Interval:
        """Where that share lies, at all times at once with probability 1 - ``delta``, while it does not change."""
        return rate_interval(self.wrong, self.audited, delta)


@dataclass(frozen=True, slots=True)
class AuditReport:
    """The state of a stream at one moment."""

    intents: dict[str, IntentAudit]
    wealth: dict[str, float]
    """Evidence of each watch; its alarm is raised at 1/delta."""
    alarmed: frozenset[str]
    skipped: dict[str, int]
    """Drawn and not audited, by reason: ``budget``, ``queue_full``, ``closing``."""
    tokens: int
    """Spent on audits, as far as servers told."""

    @property
    def error(self) -> float | None:
        """Share of disagreement among all audited answers, each weighted by one over its probability."""
        weight = sum(one.audited / one.rate for one in self.intents.values())
        return sum(one.wrong / one.rate for one in self.intents.values()) / weight if weight else None


def check(watches: tuple[Watch, ...], budget: AuditBudget) -> None:
    """Raises :class:`~cascade.errors.ConfigurationError` for watches that overlap and numbers out of range."""
    names = [watch.name for watch in watches]
    intents = [intent for watch in watches for intent in watch.intents]
    if len(set(names)) < len(names) or len(set(intents)) < len(intents):
        raise ConfigurationError("a watch or an intent stands twice")
    if any(not 0 < watch.rate <= 1 for watch in watches):
        raise ConfigurationError("a rate lies above 0 and at most at 1")
    if budget.per_minute <= 0 or budget.at_once < 1 or budget.max_queued < 1:
        raise ConfigurationError("a budget that allows nothing audits nothing")
