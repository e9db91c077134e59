"""Signals to run a cascade by: what decisions, traffic, decision log and audits tell, for any exporter to read.

    signals = Signals(log=log, audit=audit)
    cascade = Cascade.load(llm=..., listeners=[signals, log, audit])
    signals.watch(cascade.traffic)
    export(signals)                                   # of cascade.observe.prometheus, or of cascade.observe.otel

The metrics are listed in :mod:`cascade.observe.metrics`. Times to the first token and for each token are seen where
replies are streamed (``openai:...?stream=true``), and the server's own word elsewhere (Ollama, llama.cpp).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from cascade.backends.base import ServerLoad
from cascade.observe.audit import AuditStream
from cascade.observe.decision_log import DecisionLog
from cascade.observe.metrics import Sample
from cascade.observe.tally import Charge, Tally
from cascade.result import Result
from cascade.traffic.breaker import BreakerState
from cascade.traffic.spec import RUNGS
from cascade.traffic.stats import HostStats, SharedMode, TrafficStats


class HasStats(Protocol):
    """Whatever stands before the model and tells how it goes; :class:`cascade.traffic.Gate` does."""

    def stats(self) -> TrafficStats | None: ...


@dataclass(frozen=True, slots=True)
class MemoryReading:
    """Memory in use on a host, as somebody told; ``gpu`` only where the server says it."""

    host: str
    kind: Literal["host", "gpu"]
    bytes: float


MemorySource = Callable[[], Iterable[MemoryReading]]


class Signals:
    """A listener that counts, and one place to read everything from. Thread-safe.

    ``charge`` tells the money of a turn (``PriceBook.charge``), in ``currency``. ``memory`` is asked whenever somebody
    reads; :func:`own_memory` tells this process's. What servers tell of theirs when the traffic layer probes them is in
    any case among the samples; of one host and kind, what ``memory`` says counts.
    """

    def __init__(
        self,
        *,
        charge: Charge | None = None,
        currency: str = "CNY",
        traffic: HasStats | None = None,
        log: DecisionLog | None = None,
        audit: AuditStream | None = None,
        memory: MemorySource | None = None,
    ) -> None:
        self._tally = Tally(charge, currency)
        self._traffic = traffic
        self._log = log
        self._audit = audit
        self._memory = memory
        self._add = self._tally.add

    def __call__(self, result: Result[Any]) -> None:
        """Count a decision."""
        self._add(result)

    def watch(self, traffic: HasStats | None) -> None:
        """Tell of this traffic layer too; ``None`` where there is none."""
        self._traffic = traffic

    def samples(self) -> Iterator[Sample]:
        """The value of every metric that has one now."""
        yield from self._tally.samples()
        stats = None if self._traffic is None else self._traffic.stats()
        if stats is not None:
            yield from _of_traffic(stats)
            for host in stats.hosts:
                yield from _of_host(host)
        if self._log is not None:
            yield Sample("cascade_log_lines", ("written",), self._log.written)
            yield Sample("cascade_log_lines", ("dropped",), self._log.dropped)
            yield Sample("cascade_log_queued", (), self._log.queued)
        if self._audit is not None:
            yield from _of_audit(self._audit)
        given = () if self._memory is None else self._memory()
        yield from _of_memory(() if stats is None else stats.hosts, given)


def own_memory() -> Iterator[MemoryReading]:
    """Resident memory of this process; nothing where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return
    yield MemoryReading("self", "host", pages * os.sysconf("SC_PAGE_SIZE"))


def _of_traffic(stats: TrafficStats) -> Iterator[Sample]:
    outcomes = {
        "answered": stats.answered,
        "failed": stats.failed,
        "refused": sum(stats.refused.values()),
        "withdrawn": stats.withdrawn,
    }
    for metric, values in (
        ("requests", outcomes),
        ("refused", stats.refused),
        ("saved", {"cache": stats.from_cache, "coalesced": stats.coalesced, "replayed": stats.replayed}),
        ("calls", {"charged": stats.charged, "orphaned": stats.orphaned}),
        (
            "extra_calls",
            {"retry": stats.retries, "retry_denied": stats.retries_denied, "hedge": stats.hedges},
        ),
        ("rung", {rung: rung == stats.rung for rung in RUNGS}),
        ("shared", {mode: mode == stats.shared for mode in get_args(SharedMode)}),
    ):
        for label, value in values.items():
            yield Sample(f"cascade_traffic_{metric}", (label,), float(value))
    yield Sample("cascade_traffic_in_line", (), stats.in_line)


def _of_host(host: HostStats) -> Iterator[Sample]:
    name = host.name
    yield Sample("cascade_host_up", (name,), float(host.state == "up"))
    for state in get_args(BreakerState):
        yield Sample("cascade_host_breaker", (name, state), float(state == host.breaker))
    yield Sample("cascade_host_limit", (name,), host.limit)
    yield Sample("cascade_host_in_flight", (name,), host.in_flight)
    if host.latency_s is not None:
        yield Sample("cascade_host_latency_seconds", (name,), host.latency_s)
    for outcome in ("served", "failed", "cancelled"):
        yield Sample("cascade_host_calls", (name, outcome), getattr(host, outcome))
    if host.told is not None:
        yield from _of_server(name, host.told)


def _of_server(host: str, told: ServerLoad) -> Iterator[Sample]:
    """What a probe was told; nothing of what it was not told."""
    values = (
        ("cascade_host_cache_ratio", (host,), told.cache_share),
        ("cascade_host_requests", (host, "running"), told.running),
        ("cascade_host_requests", (host, "waiting"), told.waiting),
    )
    for metric, labels, value in values:
        if value is not None:
            yield Sample(metric, labels, float(value))


def _of_memory(hosts: Iterable[HostStats], given: Iterable[MemoryReading]) -> Iterator[Sample]:
    found: dict[tuple[str, ...], float] = {}
    for host in hosts:
        told = host.told or ServerLoad()
        for kind, size in (("gpu", told.gpu_bytes), ("host", told.host_bytes)):
            if size is not None:
                found[host.name, kind] = float(size)
    found |= {(reading.host, reading.kind): reading.bytes for reading in given}
    for labels, total in found.items():
        yield Sample("cascade_memory_bytes", labels, total)


def _of_audit(audit: AuditStream) -> Iterator[Sample]:
    report = audit.report()
    for intent, one in report.intents.items():
        if one.audited or one.open:
            yield Sample("cascade_audits", (intent, "agrees"), one.audited - one.wrong)
            yield Sample("cascade_audits", (intent, "disagrees"), one.wrong)
            yield Sample("cascade_audits", (intent, "open"), one.open)
    for reason, number in report.skipped.items():
        yield Sample("cascade_audits_skipped", (reason,), number)
    for watch, wealth in report.wealth.items():
        yield Sample("cascade_audit_wealth", (watch,), wealth)
        yield Sample("cascade_audit_alarm", (watch,), float(watch in report.alarmed))
