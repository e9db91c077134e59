"""OpenTelemetry: a span for each request with a child for each tier, and the signals as metrics.

    cascade = Cascade.load(llm=..., listeners=[Spans(names="new"), signals, Durations()])
    export(signals)

Spans are made after the fact, when the decision is known: children follow one another and end when the decision did.
Nothing of what the user said is recorded. The GenAI attribute names are not stable yet: ``names`` chooses those of the
conventions up to 1.36 (``old``), those since (``new``), or ``both``. Needs the extra ``otel``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from cascade.errors import ConfigurationError, MissingExtra
from cascade.observe.metrics import BOUNDS_S, METRICS, Buckets
from cascade.observe.signals import Signals
from cascade.observe.tally import server_times_ns
from cascade.result import Attempt, Proposal, Result

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation
    from opentelemetry.trace import Span, Tracer, TracerProvider

Names = Literal["old", "new", "both"]
_Value = str | bool | int | float

SCOPE: Final = "cascade"
_OLD: Final = {
    "provider": "gen_ai.system",
    "input_tokens": "gen_ai.usage.prompt_tokens",
    "output_tokens": "gen_ai.usage.completion_tokens",
}
_NEW: Final = {
    "provider": "gen_ai.provider.name",
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "cached_tokens": "gen_ai.usage.cache_read.input_tokens",
}
_TABLES: Final = {"old": (_OLD,), "new": (_NEW,), "both": (_OLD, _NEW)}


class Spans:
    """A listener that makes spans of decisions, in whatever trace the caller's code is in.

    ``provider`` is what the GenAI conventions call the server (``ollama``, ``openai``). ``clock`` is the wall clock, in
    nanoseconds. Raises :class:`~cascade.errors.MissingExtra` without opentelemetry-api and
    :class:`~cascade.errors.ConfigurationError` for unknown ``names``.
    """

    def __init__(
        self,
        tracer_provider: TracerProvider | None = None,
        *,
        names: Names = "new",
        provider: str = "ollama",
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        if names not in get_args(Names):
            raise ConfigurationError(f"names are one of {', '.join(get_args(Names))}, not {names!r}")
        try:
            from opentelemetry import trace
        except ImportError as error:
            raise MissingExtra("opentelemetry-api", "otel") from error
        self._trace = trace
        self._tracer: Tracer = trace.get_tracer(SCOPE, tracer_provider=tracer_provider)
        self._tables = _TABLES[names]
        self._provider = provider
        self._clock = clock

    def __call__(self, result: Result[Any]) -> None:
        """Record one decision."""
        end = self._clock()
        start = end - sum(attempt.cost.latency_ns for attempt in result.attempts)
        parent = self._tracer.start_span("cascade.classify", start_time=start, attributes=_of_result(result))
        if parent.is_recording():
            context = self._trace.set_span_in_context(parent)
            for attempt in result.attempts:
                start = self._child(attempt, start, context)
        parent.end(end)

    def _child(self, attempt: Attempt, start: int, context: Any) -> int:
        asked = attempt.cost.model is not None
        span = self._tracer.start_span(
            f"chat {attempt.cost.model}" if asked else f"cascade.tier {attempt.tier}",
            context=context,
            kind=self._trace.SpanKind.CLIENT if asked else self._trace.SpanKind.INTERNAL,
            start_time=start,
            attributes=self._of_attempt(attempt),
        )
        if attempt.verdict == "fallback":
            _failed(span, self._trace, attempt.reason)
        end = start + attempt.cost.latency_ns
        span.end(end)
        return end

    def _of_attempt(self, attempt: Attempt) -> dict[str, _Value]:
        outcome, cost = attempt.outcome, attempt.cost
        proposal = outcome if isinstance(outcome, Proposal) else None
        told: dict[str, _Value | None] = {
            "cascade.tier": attempt.tier,
            "cascade.verdict": attempt.verdict,
            "cascade.reason": attempt.reason or None,
            "cascade.intent": proposal.intent if proposal else None,
            "cascade.confidence": proposal.confidence if proposal else None,
        }
        if cost.model is not None:
            told |= {
                "gen_ai.operation.name": "chat",
                "gen_ai.request.model": cost.model,
                "cascade.llm.calls": cost.calls,
                "cascade.llm.queued_ms": None if cost.queued_ns is None else cost.queued_ns / 1e6,
            }
            counts: Mapping[str, _Value | None] = {
                "provider": self._provider,
                "input_tokens": cost.input_tokens,
                "output_tokens": cost.output_tokens,
                "cached_tokens": cost.cached_tokens,
            }
            told |= {name: counts[key] for table in self._tables for key, name in table.items()}
        return _known(told)


def _of_result(result: Result[Any]) -> dict[str, _Value]:
    return _known(
        {
            "cascade.status": result.status,
            "cascade.tier": result.tier,
            "cascade.intent": result.intent,
            "cascade.confidence": result.confidence,
            "cascade.reason": result.reason or None,
            "cascade.bundle": result.bundle or None,
        }
    )


def _known(told: Mapping[str, _Value | None]) -> dict[str, _Value]:
    return {name: value for name, value in told.items() if value is not None}


def _failed(span: Span, trace: Any, reason: str) -> None:
    span.set_attribute("error.type", reason)
    span.set_status(trace.Status(trace.StatusCode.ERROR, reason))


def export(signals: Signals, meter_provider: MeterProvider | None = None) -> None:
    """Counters and gauges of the signals as observable instruments, read when metrics are collected.

    Names are those of :mod:`cascade.observe.metrics`; histograms need :class:`Durations`, since OpenTelemetry knows no
    observable ones. Raises :class:`~cascade.errors.MissingExtra` without opentelemetry-api.
    """
    try:
        from opentelemetry import metrics
    except ImportError as error:
        raise MissingExtra("opentelemetry-api", "otel") from error
    reading = _Reading(signals)
    observation = metrics.Observation

    def observe(name: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
        labels = METRICS[name].labels
        return lambda options: [
            observation(value, dict(zip(labels, given, strict=True))) for given, value in reading.of(name)
        ]

    meter = metrics.get_meter(SCOPE, meter_provider=meter_provider)
    for metric in METRICS.values():
        if metric.kind == "counter":
            meter.create_observable_counter(metric.name, [observe(metric.name)], description=metric.meaning)
        elif metric.kind == "gauge":
            meter.create_observable_gauge(metric.name, [observe(metric.name)], description=metric.meaning)


class _Reading:
    """The signals read once for all instruments of a collection: each metric once, and then anew."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self._lock = threading.Lock()
        self._values: dict[str, list[tuple[tuple[str, ...], float]]] = {}
        self._given: set[str] = set(METRICS)

    def of(self, name: str) -> list[tuple[tuple[str, ...], float]]:
        """Labels and values of one metric. Asked again for it, everything is read again."""
        with self._lock:
            if name in self._given:
                self._given, self._values = set(), {}
                for sample in self._signals.samples():
                    if not isinstance(sample.value, Buckets):
                        self._values.setdefault(sample.metric, []).append((sample.labels, sample.value))
            self._given.add(name)
            return self._values.get(name, [])


class Durations:
    """A listener that records the histograms of decisions, turns, queueing and tokens, in seconds.

    Raises :class:`~cascade.errors.MissingExtra` without opentelemetry-api.
    """

    def __init__(self, meter_provider: MeterProvider | None = None) -> None:
        try:
            from opentelemetry import metrics
        except ImportError as error:
            raise MissingExtra("opentelemetry-api", "otel") from error
        meter = metrics.get_meter(SCOPE, meter_provider=meter_provider)
        self._histograms = {
            metric.name: meter.create_histogram(
                metric.name, "s", metric.meaning, explicit_bucket_boundaries_advisory=list(BOUNDS_S)
            )
            for metric in METRICS.values()
            if metric.kind == "histogram"
        }

    def __call__(self, result: Result[Any]) -> None:
        """Record one decision."""
        histograms, whole = self._histograms, 0
        for attempt in result.attempts:
            cost = attempt.cost
            whole += cost.latency_ns
            histograms["cascade_attempt_duration_seconds"].record(
                cost.latency_ns / 1e9, {"tier": attempt.tier}
            )
            if cost.calls or cost.model is not None:
                for metric, value in server_times_ns(cost):
                    histograms[metric].record(value / 1e9, {"model": cost.model or ""})
        histograms["cascade_request_duration_seconds"].record(whole / 1e9, {"tier": result.tier or ""})
