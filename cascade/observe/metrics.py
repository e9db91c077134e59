"""Every metric there is: name, kind, labels and meaning. Exporters and the dashboard take their names from here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric, named as Prometheus has it, a counter without its ``_total``."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    meaning: str

    @property
    def series(self) -> tuple[str, ...]:
        """Names that it has on a Prometheus page."""
        if self.kind == "counter":
            return (f"{self.name}_total",)
        if self.kind == "histogram":
            return (f"{self.name}_bucket", f"{self.name}_count", f"{self.name}_sum")
        return (self.name,)


_ALL: Final = (
    Metric(
        "cascade_requests",
        "counter",
        ("status", "tier", "intent"),
        "Decisions; tier and intent when answered.",
    ),
    Metric(
        "cascade_request_duration_seconds",
        "histogram",
        ("tier",),
        "Whole decisions, by the tier that answered.",
    ),
    Metric("cascade_attempts", "counter", ("tier", "verdict", "reason"), "Turns of tiers."),
    Metric("cascade_attempt_duration_seconds", "histogram", ("tier",), "Turns of tiers."),
    Metric("cascade_llm_calls", "counter", ("model",), "Calls to chat servers, repairs included."),
    Metric("cascade_llm_lost_calls", "counter", ("model",), "Calls among them that no reply came of."),
    Metric(
        "cascade_llm_tokens",
        "counter",
        ("model", "type"),
        "Tokens, as counted by servers.",
    ),
    Metric("cascade_llm_tokens_unknown", "counter", ("model",), "Turns whose tokens no server told."),
    Metric("cascade_llm_queued_seconds", "histogram", ("model",), "Time in line at the chat server."),
    Metric(
        "cascade_llm_time_to_first_token_seconds",
        "histogram",
        ("model",),
        "As seen in a stream; else line and prompt, as the server told.",
    ),
    Metric(
        "cascade_llm_time_per_output_token_seconds",
        "histogram",
        ("model",),
        "Writing, as told or seen in a stream.",
    ),
    Metric("cascade_money", "counter", ("tier", "currency"), "Charges of turns, where known."),
    Metric("cascade_money_unknown", "counter", ("tier",), "Turns whose charge is not known."),
    Metric(
        "cascade_traffic_requests",
        "counter",
        ("outcome",),
        "Questions: answered, failed, refused, withdrawn.",
    ),
    Metric("cascade_traffic_refused", "counter", ("reason",), "Questions refused before a server was asked."),
    Metric(
        "cascade_traffic_saved",
        "counter",
        ("source",),
        "Answered without a call: cache, coalesced, replayed.",
    ),
    Metric(
        "cascade_traffic_calls", "counter", ("kind",), "Calls to servers: charged to a caller, or orphaned."
    ),
    Metric("cascade_traffic_extra_calls", "counter", ("kind",), "Second tries: retry, retry_denied, hedge."),
    Metric("cascade_traffic_in_line", "gauge", (), "Questions that wait for a host."),
    Metric("cascade_traffic_rung", "gauge", ("rung",), "1 for the rung in force."),
    Metric("cascade_traffic_shared", "gauge", ("mode",), "1 for how limits are shared among processes."),
    Metric("cascade_host_up", "gauge", ("host",), "1 while the host takes questions."),
    Metric("cascade_host_breaker", "gauge", ("host", "state"), "1 for the state of the host's breaker."),
    Metric("cascade_host_limit", "gauge", ("host",), "Questions that the host is given at once."),
    Metric("cascade_host_in_flight", "gauge", ("host",), "Questions that the host has now."),
    Metric("cascade_host_latency_seconds", "gauge", ("host",), "Usual latency of the host."),
    Metric("cascade_host_calls", "counter", ("host", "outcome"), "Calls: served, failed, cancelled."),
    Metric(
        "cascade_host_cache_ratio", "gauge", ("host",), "Part of its key-value cache in use, where it tells."
    ),
    Metric(
        "cascade_host_requests",
        "gauge",
        ("host", "state"),
        "Requests running and waiting there, whoever sent them, where it tells.",
    ),
    Metric(
        "cascade_memory_bytes",
        "gauge",
        ("host", "kind"),
        "Memory in use, host or gpu, where it is told: of a model's host by its server.",
    ),
    Metric("cascade_log_lines", "counter", ("result",), "Lines of the decision log: written, dropped."),
    Metric("cascade_log_queued", "gauge", (), "Lines that wait to be written."),
    Metric("cascade_audits", "counter", ("intent", "verdict"), "Audited answers: agrees, disagrees, open."),
    Metric("cascade_audits_skipped", "counter", ("reason",), "Answers drawn for an audit and not audited."),
    Metric(
        "cascade_audit_wealth", "gauge", ("watch",), "Evidence that the error is above the watch's epsilon."
    ),
    Metric("cascade_audit_alarm", "gauge", ("watch",), "1 since the watch raised its alarm."),
)

METRICS: Final = {metric.name: metric for metric in _ALL}

BOUNDS_S: Final = (
    *(1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01),
    *(0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
"""Upper bounds of the latency buckets, in seconds: from an exact phrase to a server that does not answer."""


@dataclass(frozen=True, slots=True)
class Buckets:
    """Values of a histogram: counts of the buckets (one more than there are bounds), their sum in seconds."""

    counts: tuple[int, ...]
    total_s: float


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of a metric; ``labels`` in the order of the metric's."""

    metric: str
    labels: tuple[str, ...]
    value: float | Buckets
