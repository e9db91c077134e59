"""Signals add up to the decisions, exporters tell them as they are, and the dashboard asks for what there is."""

import builtins
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from cascade.backends.base import ServerLoad
from cascade.errors import ConfigurationError, MissingExtra
from cascade.observe import otel, prometheus
from cascade.observe.audit import AuditStream
from cascade.observe.audit_watch import AuditBudget, Watch
from cascade.observe.decision_log import DecisionLog
from cascade.observe.metrics import BOUNDS_S, METRICS, Buckets
from cascade.observe.signals import MemoryReading, Signals, own_memory
from cascade.observe.tally import MAX_GROUPS, Tally
from cascade.result import Attempt, Cost, Proposal, Result
from cascade.traffic.stats import HostStats, TrafficStats
from observe.made import ASKED, MILK_TEA, by_classifier, by_llm, by_rules, personal, rejected

ALL = (by_rules(), by_classifier(), by_llm(), personal(), rejected())
TOLD = ("cascade_host_cache_ratio", "cascade_host_requests", "cascade_memory_bytes")
DASHBOARD = Path(__file__).parents[2] / "dashboards" / "grafana.json"


class Gate:
    """A traffic layer at some moment."""

    def stats(self) -> TrafficStats:
        told = ServerLoad(gpu_bytes=5_000_000_000, host_bytes=0, cache_share=0.25, running=3, waiting=None)
        host = HostStats("gpu-1", "up", "", "half_open", 8, 3, 1.5, 90, 4, 1, told)
        return TrafficStats(
            100, 80, 4, {"queue_full": 9, "deadline": 5}, 2, 10, 1, 7, 95, 93, 2, 6, 1, 3, 12, "amber", "local",
            (host, replace(host, name="gpu-2", state="ejected", latency_s=None, told=None)),
        )  # fmt: skip


@pytest.fixture
def signals(tmp_path: Path) -> Iterator[Signals]:
    watch = Watch("all", frozenset({"order_drink"}), 0.05, 0.05, 1.0)
    log = DecisionLog(tmp_path)
    audit = AuditStream([watch], budget=AuditBudget(1e9, 1, 10))

    class Model:
        def consult(self, *_: Any) -> Proposal:
            return Proposal("order_drink", MILK_TEA, usage=ASKED)

    signals = Signals(
        charge=lambda cost: Decimal(cost.latency_ns) / 10**9 if cost.output_tokens is not None else None,
        traffic=Gate(),
        log=log,
        audit=audit,
        memory=lambda: [MemoryReading("gpu-1", "gpu", 6e9)],
    )
    with log, audit:
        for result in ALL:
            for listener in (signals, log, audit):
                listener(result)
        audit.attach(Model())
        audit.join()
        assert log.flush()
        yield signals


def values(signals: Signals) -> dict[tuple[str, ...], Any]:
    return {(sample.metric, *sample.labels): sample.value for sample in signals.samples()}


def test_every_metric_has_a_value_and_its_labels(signals: Signals) -> None:
    samples = list(signals.samples())
    assert {sample.metric for sample in samples} | {"cascade_audits_skipped"} == set(METRICS)
    for sample in samples:
        assert len(sample.labels) == len(METRICS[sample.metric].labels)
        assert isinstance(sample.value, Buckets) == (METRICS[sample.metric].kind == "histogram")
    assert len({(sample.metric, sample.labels) for sample in samples}) == len(samples)


def test_what_is_told_is_what_happened(signals: Signals) -> None:
    told = values(signals)
    assert told["cascade_requests", "answered", "rules", "order_drink"] == 1
    assert told["cascade_requests", "rejected", "", ""] == 1
    assert told["cascade_attempts", "classifier", "escalated", "confidence_below_0.8"] == 1
    assert told["cascade_llm_tokens", "qwen3:8b", "output"] == 40
    assert told["cascade_llm_tokens_unknown", "qwen3:8b"] == 1
    assert told["cascade_llm_queued_seconds", "qwen3:8b"].total_s == 0.5
    assert told["cascade_llm_time_per_output_token_seconds", "qwen3:8b"].total_s == 1 / 40
    assert told["cascade_llm_time_to_first_token_seconds", "qwen3:8b"].total_s == 0.8
    assert (told["cascade_llm_calls", "qwen3:8b"], told["cascade_llm_lost_calls", "qwen3:8b"]) == (2, 1)
    assert told["cascade_money", "rules", "CNY"] == pytest.approx(59e-6)
    assert told["cascade_money", "llm", "CNY"] == 2
    assert told["cascade_money_unknown", "llm"] == 1
    assert told["cascade_traffic_refused", "deadline"] == 5
    assert told["cascade_traffic_requests", "refused"] == 14
    assert [told["cascade_traffic_rung", rung] for rung in ("normal", "amber", "red", "llm_free")] == [
        0,
        1,
        0,
        0,
    ]
    assert told["cascade_host_breaker", "gpu-1", "half_open"] == 1
    assert ("cascade_host_latency_seconds", "gpu-2") not in told
    assert (told["cascade_log_lines", "written"], told["cascade_log_lines", "dropped"]) == (5, 0)
    assert (told["cascade_audits", "order_drink", "agrees"], told["cascade_audit_alarm", "all"]) == (2, 0)
    assert told["cascade_memory_bytes", "gpu-1", "gpu"] == 6e9
    assert [(reading.host, reading.kind, reading.bytes > 1e6) for reading in own_memory()] == [
        ("self", "host", True)
    ]


costs = st.builds(
    Cost,
    st.integers(0, 10**11),
    st.none() | st.integers(0, 10**10),
    st.integers(0, 2),
    st.none() | st.integers(0, 1000),
    st.just(0),
    st.none() | st.integers(0, 1000),
    st.sampled_from([None, "m", "n"]),
)
results = st.builds(
    lambda tier, attempts: replace(by_rules(), tier=tier, attempts=tuple(attempts)),
    st.sampled_from(["rules", "classifier", "llm"]),
    st.lists(
        st.builds(
            Attempt,
            st.sampled_from(["rules", "classifier", "llm"]),
            st.just(by_rules().attempts[0].outcome),
            st.sampled_from(["answered", "escalated", "fallback"]),
            st.sampled_from(["", "no_match", "tie"]),
            costs,
        ),
        max_size=3,
    ),
)


@settings(deadline=None)  # a busy machine is no bug
@given(st.lists(results, max_size=20))
def test_counts_and_histograms_add_up_to_the_results(given_results: list[Result[Any]]) -> None:
    tally = Tally()
    for result in given_results:
        tally.add(result)
    sums: dict[str, float] = {}
    seconds: dict[str, float] = {}
    for sample in tally.samples():
        value = sample.value
        count = sum(value.counts) if isinstance(value, Buckets) else value
        sums[sample.metric] = sums.get(sample.metric, 0) + count
        if isinstance(value, Buckets):
            seconds[sample.metric] = seconds.get(sample.metric, 0) + value.total_s
    attempts = [attempt for result in given_results for attempt in result.attempts]
    assert (
        sums.get("cascade_requests", 0)
        == len(given_results)
        == sums.get("cascade_request_duration_seconds", 0)
    )
    assert sums.get("cascade_attempts", 0) == len(attempts) == sums.get("cascade_attempt_duration_seconds", 0)
    assert sums.get("cascade_llm_calls", 0) == sum(attempt.cost.calls for attempt in attempts)
    whole = sum(attempt.cost.latency_ns for attempt in attempts) / 1e9
    assert seconds.get("cascade_request_duration_seconds", 0) == pytest.approx(whole)
    assert seconds.get("cascade_attempt_duration_seconds", 0) == pytest.approx(whole)


@settings(deadline=None)
@given(st.integers(0, 10**11))
def test_a_duration_falls_in_the_bucket_that_holds_it(latency_ns: int) -> None:
    tally = Tally()
    tally.add(by_rules(latency_ns=latency_ns))
    (value,) = (s.value for s in tally.samples() if s.metric == "cascade_request_duration_seconds")
    assert isinstance(value, Buckets)
    at = value.counts.index(1)
    assert at == len(BOUNDS_S) or latency_ns / 1e9 <= BOUNDS_S[at]
    assert at == 0 or latency_ns / 1e9 > BOUNDS_S[at - 1]


def test_labels_without_end_do_not_grow_the_memory_without_end() -> None:
    tally = Tally()
    attempt = by_rules().attempts[0]
    for number in range(MAX_GROUPS + 200):
        cost = Cost(1, model=f"m{number}", calls=1)
        odd = replace(
            by_rules(), intent=f"i{number}", attempts=(replace(attempt, reason=f"r{number}", cost=cost),)
        )
        tally.add(odd)
    samples = list(tally.samples())
    assert len(samples) < 5 * (MAX_GROUPS + 20)
    assert (
        sum(s.value for s in samples if s.metric == "cascade_requests" and not isinstance(s.value, Buckets))
        == 700
    )


def test_threads_count_without_loss() -> None:
    signals = Signals()

    def work() -> None:
        for _ in range(500):
            signals(by_llm())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert values(signals)["cascade_requests", "answered", "llm", "order_drink"] == 2000


def test_prometheus_pages_tell_the_same(signals: Signals) -> None:
    registry = CollectorRegistry()
    prometheus.export(signals, registry)
    page = generate_latest(registry).decode()
    families = {family.name: family for family in text_string_to_metric_families(page)}
    assert set(families) | {"cascade_audits_skipped"} == set(METRICS)
    for name, family in families.items():
        assert (family.type, family.documentation) == (METRICS[name].kind, METRICS[name].meaning)
    want = values(signals)
    for family in families.values():
        metric = METRICS[family.name]
        for sample in family.samples:
            labels = tuple(sample.labels[label] for label in metric.labels)
            value = want[(metric.name, *labels)]
            if not isinstance(value, Buckets):
                assert sample.value == value
            elif sample.name.endswith("_count"):
                assert sample.value == sum(value.counts)
            elif sample.name.endswith("_sum"):
                assert sample.value == value.total_s
    with pytest.raises(ValueError, match="Duplicated"):
        prometheus.export(signals, registry)


def test_opentelemetry_metrics_tell_the_same(signals: Signals) -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    otel.export(signals, provider)
    durations = otel.Durations(provider)
    for result in ALL:
        durations(result)
    for _ in range(2):  # a second collection reads anew
        collected = reader.get_metrics_data()
        assert collected is not None
        data = json.loads(collected.to_json())
        metrics = {m["name"]: m for m in data["resource_metrics"][0]["scope_metrics"][0]["metrics"]}
        assert set(metrics) | {"cascade_audits_skipped"} == set(METRICS)
        for (name, *labels), value in values(signals).items():
            points = {
                tuple(str(point["attributes"][label]) for label in METRICS[name].labels): point
                for point in metrics[name]["data"]["data_points"]
            }
            point = points[tuple(labels)]
            if not isinstance(value, Buckets):
                assert point["value"] == value
                continue
            assert tuple(point["bucket_counts"]) == value.counts
            assert point["sum"] == pytest.approx(value.total_s)
    provider.shutdown()


def spans_of(result: Result[Any], **options: Any) -> list[ReadableSpan]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("app").start_as_current_span("app"):
        otel.Spans(provider, clock=lambda: 10**18, **options)(result)
    provider.shutdown()
    return list(exporter.get_finished_spans())


def test_a_request_is_a_span_with_a_child_for_each_tier() -> None:
    *children, request, app = spans_of(by_llm())
    assert [child.name for child in children] == [
        "cascade.tier rules",
        "cascade.tier classifier",
        "chat qwen3:8b",
    ]
    assert request.parent is not None
    assert app.context is not None
    assert request.parent.span_id == app.context.span_id
    assert request.attributes == {
        "cascade.status": "answered",
        "cascade.tier": "llm",
        "cascade.intent": "order_drink",
        "cascade.bundle": "tea@1",
    }
    at = request.start_time
    for child, attempt in zip(children, by_llm().attempts, strict=True):
        assert child.parent is not None
        assert request.context is not None
        assert child.parent.span_id == request.context.span_id
        assert at is not None
        assert (child.start_time, child.end_time) == (at, at + attempt.cost.latency_ns)
        at = child.end_time
    assert request.end_time == at == 10**18


def test_the_names_of_the_genai_conventions_are_one_switch() -> None:
    old, new, both = (
        {*(spans_of(by_llm(), names=names)[2].attributes or {})} for names in ("old", "new", "both")
    )
    assert both == old | new
    assert {name for name in new - old if name.startswith("gen_ai")} == {
        "gen_ai.provider.name",
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.cache_read.input_tokens",
    }
    assert old - new == {"gen_ai.system", "gen_ai.usage.prompt_tokens", "gen_ai.usage.completion_tokens"}
    with pytest.raises(ConfigurationError, match="names are one of"):
        otel.Spans(names="older")  # type: ignore[arg-type]


def test_spans_tell_failures_and_nothing_that_was_said() -> None:
    rules, llm, request, _ = spans_of(personal())
    assert not llm.status.is_ok
    assert llm.attributes is not None
    assert llm.attributes["error.type"] == "BackendTimeout"
    assert "gen_ai.usage.output_tokens" not in llm.attributes  # unknown, and not 0
    text = "".join(span.to_json() for span in (rules, llm, request))
    assert not any(piece in text for piece in ("奶茶", "13800138000", "张伟", "建国"))


@pytest.mark.parametrize(
    ("build", "extra"),
    [
        (lambda: prometheus.export(Signals()), "prometheus"),
        (lambda: otel.export(Signals()), "otel"),
        (otel.Spans, "otel"),
        (otel.Durations, "otel"),
    ],
)
def test_a_missing_package_says_how_to_install_it(
    build: Any, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] in ("prometheus_client", "opentelemetry"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match=re.escape(f"pip install 'intent-cascade[{extra}]'")):
        build()


def test_what_a_server_tells_of_itself_is_told_and_what_it_does_not_is_absent(signals: Signals) -> None:
    told = values(signals)
    assert told["cascade_host_cache_ratio", "gpu-1"] == 0.25
    assert told["cascade_host_requests", "gpu-1", "running"] == 3
    assert ("cascade_host_requests", "gpu-1", "waiting") not in told
    assert told["cascade_memory_bytes", "gpu-1", "host"] == 0  # told to be none
    assert told["cascade_memory_bytes", "gpu-1", "gpu"] == 6e9  # a source of one's own knows better
    assert not [key for key in told if key[0] in TOLD and key[1] == "gpu-2"]


def test_the_dashboard_asks_for_what_there_is_and_for_all_of_it() -> None:
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    series = {name: metric for metric in METRICS.values() for name in metric.series}
    asked: set[str] = set()
    for expression in expressions:
        names = set(re.findall(r"\bcascade_[a-z_]+", expression))
        assert names <= set(series), expression
        asked |= {series[name].name for name in names}
        allowed = {"le"} | {label for name in names for label in series[name].labels}
        grouped = re.findall(r"by \(([^)]*)\)", expression) + re.findall(
            r"[{,]\s*([a-z_]+)(?:=|!=)", expression
        )
        assert {label.strip() for group in grouped for label in group.split(",")} <= allowed, expression
        assert expression.count("(") == expression.count(")")
    assert asked == set(METRICS)
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    for panel in dashboard["panels"]:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
