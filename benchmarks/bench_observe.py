"""What does watching cost the decision that is watched?

Each listener is called with results of the cascade in a subprocess of its own: microseconds a call in the caller's
thread. For the decision log, calls are timed in bursts that its queue holds, its writer at work beside them; what the
writer sustains is told apart, in lines a second. The scrubber is timed on the labelled training utterances, and how
many of them it touches is told.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.bench_ledger import PHRASE, at_a_crowds_pace
from benchmarks.harness import ROOT, rounds_of, time_calls, write
from cascade.engine import Listener

MODULE = "benchmarks.bench_observe"
BURST = 500


def _results() -> list[Any]:
    """One decision of the rules, one of the classifier's turn, one of the model's: as results, without their tiers."""
    from cascade.orders import OrderIntent, OrderItem
    from cascade.result import Abstention, Attempt, Cost, Proposal, Result
    from cascade.text import Normalizer

    utterance = Normalizer()("帮我点两杯少糖去冰的珍珠奶茶，用免单卡")
    item = OrderItem(drink="珍珠奶茶", quantity=2, sugar="less", temperature="no_ice")
    answer = OrderIntent(intent="order_drink", items=(item,), use_coupon=True)
    asked = Cost(1_500_000_000, 0, 1, 900, 0, 60, "qwen3:8b", 200_000_000, 1_200_000_000)
    rules = Attempt("rules", Abstention("no_match"), "escalated", "no_match", Cost(20_000))
    proposal = Proposal("order_drink", answer, 0.99, 5.0, ("query_menu", 0.004))
    classifier = Attempt("classifier", proposal, "answered", "", Cost(120_000))
    unsure = Attempt("classifier", proposal, "escalated", "confidence_below_0.995", Cost(120_000))
    llm = Attempt("llm", Proposal("order_drink", answer, usage=asked), "answered", "", asked)
    first = Attempt("rules", Proposal("order_drink", answer), "answered", "", Cost(20_000))
    turns = ((first,), (rules, classifier), (rules, unsure, llm))
    return [
        Result(
            "answered",
            utterance,
            chain[-1].tier,
            "order_drink",
            answer,
            None,
            "",
            (),
            chain,
            "tea_order_zh@1",
        )
        for chain in turns
    ]


def _called(listener: Callable[[Any], object]) -> dict[str, Any]:
    times = {result.tier: time_calls(partial(listener, result), seconds=0.5) for result in _results()}
    return {f"{tier}_median_us": measured["median_us"] for tier, measured in times.items()}


def floor() -> dict[str, Any]:
    """A listener that does nothing."""
    return _called(lambda result: None)


def ledger() -> dict[str, Any]:
    """The ledger, for comparison."""
    from cascade.ledger import Ledger

    return _called(Ledger())


def signals() -> dict[str, Any]:
    """Counting for Prometheus, and for OpenTelemetry's counters and gauges."""
    from cascade.observe.signals import Signals

    return _called(Signals())


def signals_with_money() -> dict[str, Any]:
    """The same with charges."""
    from cascade.observe.signals import Signals
    from cascade.prices import PriceBook

    return _called(Signals(charge=PriceBook.load().charge))


def prometheus_page() -> dict[str, Any]:
    """One reading of the page, after a hundred thousand decisions."""
    from prometheus_client import CollectorRegistry, generate_latest

    from cascade.observe.prometheus import export
    from cascade.observe.signals import Signals

    registry = CollectorRegistry()
    watched = Signals()
    export(watched, registry)
    for result in _results() * 33_000:
        watched(result)
    return {"page_us": time_calls(lambda: generate_latest(registry), batches=20)["median_us"]}


def otel_durations() -> dict[str, Any]:
    """OpenTelemetry's histograms, with the SDK behind the API."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    from cascade.observe.otel import Durations

    provider = MeterProvider([InMemoryMetricReader()])
    measured = _called(Durations(provider))
    provider.shutdown()
    return measured


def otel_spans() -> dict[str, Any]:
    """Spans recorded by the SDK and dropped at their end."""
    from opentelemetry.sdk.trace import TracerProvider

    from cascade.observe.otel import Spans

    return _called(Spans(TracerProvider()))


def otel_spans_1_percent() -> dict[str, Any]:
    """Spans of one trace in a hundred."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

    from cascade.observe.otel import Spans

    return _called(Spans(TracerProvider(sampler=TraceIdRatioBased(0.01))))


def audit() -> dict[str, Any]:
    """Drawing one answer in a hundred; those drawn find the budget spent."""
    from cascade.observe.audit import AuditStream
    from cascade.observe.audit_watch import AuditBudget, Watch

    watches = [Watch("acting", frozenset({"order_drink", "modify_order"}), epsilon=0.01)]
    return _called(AuditStream(watches, budget=AuditBudget(per_minute=1e-9)))


def decision_log() -> dict[str, Any]:
    """Every decision logged and scrubbed: the caller's part, and what the writer sustains."""
    from cascade.observe.decision_log import DecisionLog

    results = _results()
    with tempfile.TemporaryDirectory() as folder, DecisionLog(folder) as log:
        told: dict[str, Any] = {}
        for result in results:
            samples = []
            for _ in range(20):
                started = time.perf_counter()
                for _ in range(BURST):
                    log(result)
                samples.append((time.perf_counter() - started) / BURST * 1e6)
                log.flush()
            told[f"{result.tier}_median_us"] = statistics.median(samples)
        before, started = log.written, time.perf_counter()
        for _ in range(10):
            for result in results * 300:
                log(result)
            log.flush()
        told["lines_per_s"] = (log.written - before) / (time.perf_counter() - started)
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        told["bytes_per_line"] = size / log.written
        assert log.dropped == 0
    return told


def decision() -> dict[str, Any]:
    """The exact phrase, the quickest decision there is, with nobody listening: processor time of the caller."""
    return _decided([])


def decision_watched() -> dict[str, Any]:
    """The same with all of it: ledger, signals with money, audits of one in a hundred, every decision logged."""
    from cascade.ledger import Ledger
    from cascade.observe.audit import AuditStream
    from cascade.observe.audit_watch import AuditBudget, Watch
    from cascade.observe.decision_log import DecisionLog
    from cascade.observe.signals import Signals
    from cascade.prices import PriceBook

    watch = Watch("acting", frozenset({"order_drink", "modify_order"}), epsilon=0.01)
    audits = AuditStream([watch], budget=AuditBudget(per_minute=1e-9))
    with tempfile.TemporaryDirectory() as folder, DecisionLog(folder, max_queued=100_000) as log:
        told = _decided([Ledger(), Signals(charge=PriceBook.load().charge), audits, log])
        assert log.flush(600)
        assert log.dropped == 0
    return told


def _decided(listeners: list[Listener]) -> dict[str, Any]:
    from cascade import Cascade

    with Cascade.load(listeners=listeners) as cascade:
        for _ in range(2000):
            cascade.classify(PHRASE)
        return {"hot_us": at_a_crowds_pace(lambda: cascade.classify(PHRASE))}


def scrubber() -> dict[str, Any]:
    """Personal data out of the labelled training utterances."""
    from cascade.observe.privacy import Scrubber

    texts = [
        line.split("\t")[0]
        for file in sorted((ROOT / "data" / "train").glob("*.tsv"))
        for line in file.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    scrub = Scrubber()
    touched = sum(scrub(text) != text for text in texts)
    started = time.perf_counter()
    for text in texts:
        scrub(text)
    each = (time.perf_counter() - started) / len(texts) * 1e6
    return {"texts": len(texts), "touched": touched, "mean_us": each}


SYSTEMS: dict[str, Callable[[], dict[str, Any]]] = {
    system.__name__: system
    for system in (
        floor,
        ledger,
        signals,
        signals_with_money,
        prometheus_page,
        otel_durations,
        otel_spans,
        otel_spans_1_percent,
        audit,
        decision_log,
        decision,
        decision_watched,
        scrubber,
    )
}


def run(*, out: Path, rounds: int) -> int:
    """Measure every system and write ``observe.json``."""
    measured = rounds_of(MODULE, list(SYSTEMS), rounds)
    for system, figures in measured.items():
        told = "  ".join(f"{name} {value:,.4g}" for name, value in figures.items())
        print(f"{system:22} {told}")
    print(f"\n{write(out, 'observe', {'rounds': rounds, 'systems': measured})}")
    return 0


if __name__ == "__main__":
    print(json.dumps(SYSTEMS[sys.argv[1]]()))
