"""What ``/v1/status`` tells, as types for OpenAPI; written by :mod:`.figures`, held to these by a test.

Counts are of all workers since ``since``. Money is text in the currency beside it; what is not known is null, never 0.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from cascade.prices import Currency
from cascade.result import Status
from cascade.traffic.breaker import BreakerState
from cascade.traffic.spec import Rung
from cascade.traffic.stats import HostState, SharedMode


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Workers(_Told):
    """The processes of the service."""

    expected: int
    answering: int = Field(description="Those whose figures are in these.")


class Spread(_Told):
    """Latencies in microseconds; null while there were none."""

    count: int
    mean: float | None
    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None
    max: float | None


class Charge(_Told):
    """Money, or seconds of one GPU."""

    amount: str | None = Field(description="The whole; null where some of it is not known.")
    known: str | None = Field(description="The part that is known.")
    unknown: int = Field(description="Turns of which it is not known.")
    estimate: str | None = Field(description="The whole, if those not known are as the known ones.")


class TierFigures(_Told):
    """One tier's turns, and what became of them."""

    attempts: int = Field(description="The sum of answered, escalated and fallback.")
    answered: int
    escalated: int
    fallback: int
    answered_share: float | None = Field(description="Of all requests, 0 to 1.")
    latency_us: Spread
    calls: int = Field(description="What servers were sent.")
    input_tokens: int | None
    cached_tokens: int | None
    output_tokens: int | None
    asked: int = Field(description="Turns that asked a server.")
    hits: int = Field(description="Turns answered by a call that was made for somebody else.")
    unknown_tokens: int = Field(description="Turns that did not learn how many tokens they took.")
    money: Charge


class Views(_Told):
    """The same turns at other prices."""

    list: Charge = Field(description="By the price of each token.")
    host: Charge = Field(description="By the hour of an own host.")


class AllLLM(_Told):
    """What the same requests would have cost if all had gone to the large model; an estimate."""

    amount: str | None
    per_request: str | None
    measured: int = Field(description="Turns whose charges it is estimated from.")
    assumed: bool = Field(description="Whether it comes from --assume instead.")


class Money(Charge):
    """What was spent."""

    currency: Currency
    prices_of: str = Field(description="The date of the price book.", examples=["2026-11-29"])
    views: Views
    all_llm: AllLLM


class Throughput(_Told):
    """Tokens a second that a model put out, as its servers tell."""

    turns: int = Field(description="Those that it was told of.")
    writing_per_s: float | None = Field(description="While it wrote, one request at a time.")
    per_s: float | None = Field(description="With the processing of prompts.")


class DecisionFigures(_Told):
    """What was decided, how fast, and for what money."""

    requests: int
    statuses: dict[Status, int]
    latency_us: Spread = Field(description="Of whole calls; rejected ones are left out.")
    tiers: dict[str, TierFigures] = Field(description="Those that had a turn.")
    money: Money
    gpu_seconds: Charge
    lost_calls: int = Field(description="Calls that no reply came of.")
    repaired: int = Field(description="Turns in which a model was asked again about its own answer.")
    throughput: dict[str, Throughput] = Field(description="By model.")
    intents: dict[str, int] = Field(description="Requests by intent, where one was found.")


class HostFigures(_Told):
    """One host of the large model, as the worker sees it who sees it worst."""

    name: str
    state: HostState
    detail: str = Field(description="Why it was ejected.")
    breaker: BreakerState
    latency_s: float | None = Field(description="Usual latency of a served request.")
    limit: int = Field(description="Requests that may be at it at once.")
    in_flight: int
    served: int
    failed: int
    cancelled: int


class TrafficFigures(_Told):
    """The layer before the large model. Once nothing is under way, ``asked`` is the sum of ``answered``, ``failed``,
    ``refused`` and ``withdrawn``, and ``calls`` that of ``charged`` and ``orphaned``."""

    asked: int
    answered: int
    failed: int = Field(description="Ended in an error that a server made.")
    refused: dict[str, int] = Field(description="By reason.")
    withdrawn: int = Field(description="The caller went away.")
    from_cache: int
    replayed: int
    coalesced: int
    calls: int = Field(description="What servers were sent.")
    charged: int = Field(description="Calls that callers were told of.")
    orphaned: int = Field(description="Calls whose callers all went away before their end.")
    retries: int
    retries_denied: int = Field(description="For want of retry budget.")
    hedges: int
    in_line: int = Field(description="Those that wait now.")
    shared: SharedMode = Field(
        description="No Redis is configured, it is used, or it is gone and each process goes on by itself."
    )
    hosts: list[HostFigures]


class LogFigures(_Told):
    """Lines of the decision log."""

    written: int
    dropped: int
    queued: int


class StatusModel(_Told):
    """The figures of all workers, added up."""

    now: float = Field(description="In seconds since 1970, UTC.")
    since: float = Field(description="When the oldest worker started, likewise.")
    bundle: str
    bundles: list[str] = Field(description="More than one while the workers do not have the same.")
    tiers: list[str] = Field(description="In the order in which they are asked.")
    workers: Workers
    decisions: DecisionFigures | None = Field(description="Null where no books are kept.")
    rung: Rung | None = Field(description="The worst that is in force; null without a large model.")
    held: Rung | None = Field(description="The rung that is held by hand.")
    traffic: TrafficFigures | None = Field(description="Null without a large model, or before its first use.")
    log: LogFigures | None = Field(description="Null without a decision log.")
    queue: int = Field(description="Decisions that wait for a person.")
