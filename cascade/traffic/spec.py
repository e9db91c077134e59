"""What a user may set of the traffic layer. Every value has a default; times are in seconds."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Rung = Literal["normal", "amber", "red", "llm_free"]
RUNGS: tuple[Rung, ...] = ("normal", "amber", "red", "llm_free")
"""From everything asked to nothing asked."""


class _Spec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class LimitSpec(_Spec):
    """How many requests a host is given at once: adapted between a floor and a ceiling."""

    floor: int = Field(default=1, ge=1)
    ceiling: int = Field(default=64, ge=1)
    tolerance: float = Field(default=3.0, gt=1)
    """A median latency this many times that of a host at its floor means too much at once. Continuous batching
    makes every request slower while it serves more of them, which is why this is not near 1."""
    queued_share: float = Field(default=0.2, gt=0, lt=1)
    """The same for servers that tell how long a request stood in their line: its share of the latency."""
    decrease: float = Field(default=0.8, gt=0, lt=1)

    @model_validator(mode="after")
    def _ordered(self) -> LimitSpec:
        if self.floor > self.ceiling:
            raise ValueError("the floor is above the ceiling")
        return self


class BreakerSpec(_Spec):
    """When a host is left alone for a while."""

    window: int = Field(default=20, ge=1)
    """Last calls that are looked at."""
    min_calls: int = Field(default=5, ge=1)
    failure_rate: float = Field(default=0.5, gt=0, le=1)
    streak: int = Field(default=3, ge=1)
    """Failures in a row that are enough by themselves: a dead host refuses quickly, looks idle, and draws
    everybody.
    """
    slow_s: float = Field(default=60.0, gt=0)
    slow_rate: float = Field(default=0.8, gt=0, le=1)
    open_s: float = Field(default=2.0, gt=0)
    """First pause; it doubles with each probe that fails."""
    max_open_s: float = Field(default=60.0, gt=0)
    probes: int = Field(default=2, ge=1)
    """Calls let through when half-open, and successes needed to close."""


class HealthSpec(_Spec):
    """Probes of the hosts, and how one comes back."""

    interval_s: float = Field(default=5.0, gt=0)
    timeout_s: float = Field(default=3.0, gt=0)
    failures: int = Field(default=2, ge=1)
    """Probes in a row that must fail before a host is ejected; a missing model ejects at once."""
    idle_s: float = Field(default=120.0, gt=0)
    """Without any request for this long nothing is probed."""
    slow_start_s: float = Field(default=10.0, ge=0)
    """A host that came back is given its full share only after this."""


class QueueSpec(_Spec):
    """The line before the hosts."""

    size: int = Field(default=256, ge=0)
    max_wait_s: float = Field(default=5.0, gt=0)
    """Nobody is made to stand in line longer than this, whatever the deadline."""


class RetrySpec(_Spec):
    """Second tries, for errors that say they may pass."""

    attempts: int = Field(default=3, ge=1)
    """Calls in all, the first included."""
    base_s: float = Field(default=0.1, gt=0)
    max_s: float = Field(default=2.0, gt=0)
    budget_ratio: float = Field(default=0.1, ge=0, le=1)
    """Retries and hedges allowed per request over time."""
    budget_burst: int = Field(default=10, ge=0)
    """How many may be saved up."""


class HedgeSpec(_Spec):
    """A second call to another host when the first takes unusually long; paid from the retry budget."""

    after_factor: float = Field(default=3.0, ge=1)
    """Times the usual latency."""
    min_s: float = Field(default=0.5, gt=0)


class CacheSpec(_Spec):
    """Replies kept for the identical question."""

    ttl_s: float = Field(default=300.0, gt=0)
    max_bytes: int = Field(default=16 * 1024 * 1024, ge=0)
    """Of text, in this process; 0 keeps nothing."""


class IdempotencySpec(_Spec):
    """Replies kept for the caller who asks again with the same key."""

    ttl_s: float = Field(default=24 * 3600.0, gt=0)
    max_bytes: int = Field(default=16 * 1024 * 1024, ge=0)


class BudgetSpec(_Spec):
    """Caps on what may be asked; ``None`` sets none."""

    caller_per_minute: float | None = Field(default=None, gt=0)
    """Questions to the model per caller key and minute."""
    caller_burst: int = Field(default=5, ge=1)
    tokens: int | None = Field(default=None, ge=0)
    """Of the whole campaign, input and output together."""
    money: Decimal | None = Field(default=None, ge=0)
    """Of the whole campaign, in the currency of the prices."""
    input_price: Decimal | None = Field(default=None, ge=0)
    """Per million tokens."""
    output_price: Decimal | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _priced(self) -> BudgetSpec:
        if self.money is not None and (self.input_price is None or self.output_price is None):
            raise ValueError("a cap on money needs input_price and output_price")
        return self


class RungSpec(_Spec):
    """When the load moves the rung, and how soon it moves back."""

    start: Rung = "normal"
    """``llm_free`` runs the whole campaign without the model."""
    automatic: bool = True
    window_s: float = Field(default=10.0, gt=0)
    amber_wait_s: float = Field(default=1.0, gt=0)
    """Mean time in line."""
    red_wait_s: float = Field(default=3.0, gt=0)
    amber_errors: float = Field(default=0.2, gt=0, le=1)
    red_errors: float = Field(default=0.5, gt=0, le=1)
    min_outcomes: int = Field(default=5, ge=1)
    """Fewer outcomes than this in the window say nothing of the error rate."""
    rise_s: float = Field(default=1.0, ge=0)
    """A signal must last this long to move the rung up."""
    calm_s: float = Field(default=10.0, ge=0)
    """And be this long under ``calm_share`` of its limit to move it down, one rung at a time."""
    calm_share: float = Field(default=0.5, gt=0, lt=1)

    @model_validator(mode="after")
    def _ordered(self) -> RungSpec:
        if self.amber_wait_s > self.red_wait_s or self.amber_errors > self.red_errors:
            raise ValueError("amber must not come after red")
        return self


class RedisSpec(_Spec):
    """State shared by several processes."""

    url: str
    namespace: str = Field(default="cascade", min_length=1)
    timeout_s: float = Field(default=0.05, gt=0)
    """For one command; a Redis that is slower counts as gone."""
    retry_s: float = Field(default=1.0, gt=0)
    """How long a Redis that failed is left alone."""
    lease_s: float = Field(default=3.0, ge=1.5)
    """What a process holds is free again this long after it died."""
    processes: int = Field(default=4, ge=1)
    """How many there are likely to be: what one's share is of, until they could be counted."""
    shared_concurrency: int | None = Field(default=None, ge=1)
    """Requests to one host at once, over all processes."""


class TrafficSpec(_Spec):
    """What stands between the crowd and the model; ``TrafficSpec()`` is a sound start."""

    limit: LimitSpec = LimitSpec()
    breaker: BreakerSpec = BreakerSpec()
    health: HealthSpec = HealthSpec()
    queue: QueueSpec = QueueSpec()
    retry: RetrySpec = RetrySpec()
    hedge: HedgeSpec | None = None
    cache: CacheSpec = CacheSpec()
    idempotency: IdempotencySpec = IdempotencySpec()
    budget: BudgetSpec = BudgetSpec()
    rungs: RungSpec = RungSpec()
    screen: bool = True
    """Whether gibberish and padding are kept from the model."""
    redis: RedisSpec | None = None
