"""Prometheus: the signals as a collector, read when the page is read.

    export(signals)                                   # into the default registry
    prometheus_client.start_http_server(9090)

Needs the extra ``prometheus``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, Protocol

from cascade.errors import MissingExtra
from cascade.observe.metrics import BOUNDS_S, METRICS, Buckets, Metric, Sample
from cascade.observe.signals import Signals

if TYPE_CHECKING:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
    from prometheus_client.registry import CollectorRegistry

    Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily

_EDGES = (*(str(bound) for bound in BOUNDS_S), "+Inf")


class HasSamples(Protocol):
    """Whatever tells values of metrics; :class:`~cascade.observe.signals.Signals` does."""

    def samples(self) -> Iterable[Sample]: ...


class SignalsCollector:
    """A Prometheus collector of the signals. One for each registry."""

    def __init__(self, signals: HasSamples | Mapping[str, HasSamples]) -> None:
        """Signals of several processes come by name; every series then carries the name as its label ``worker``.

        Raises :class:`~cascade.errors.MissingExtra` without prometheus-client.
        """
        try:
            from prometheus_client import core
        except ImportError as error:
            raise MissingExtra("prometheus-client", "prometheus") from error
        self._core = core
        self._sources: dict[tuple[str, ...], HasSamples]
        self._worker: tuple[str, ...] = ()
        if isinstance(signals, Mapping):
            self._sources = {(name,): source for name, source in signals.items()}
            self._worker = ("worker",)
        else:
            self._sources = {(): signals}

    def describe(self) -> Iterator[Family]:
        """Every family without a value: registering needs names, not numbers."""
        return (self._family(metric) for metric in METRICS.values())

    def collect(self) -> Iterator[Family]:
        """Every family that has a value now."""
        families: dict[str, Family] = {}
        for source, signals in self._sources.items():
            for sample in signals.samples():
                family = families.get(sample.metric)
                if family is None:
                    family = families[sample.metric] = self._family(METRICS[sample.metric])
                _add(family, (*sample.labels, *source), sample.value)
        return iter(families.values())

    def _family(self, metric: Metric) -> Family:
        labels = (*metric.labels, *self._worker)
        if metric.kind == "counter":
            return self._core.CounterMetricFamily(metric.name, metric.meaning, labels=labels)
        if metric.kind == "gauge":
            return self._core.GaugeMetricFamily(metric.name, metric.meaning, labels=labels)
        return self._core.HistogramMetricFamily(metric.name, metric.meaning, labels=labels)


def export(signals: Signals, registry: CollectorRegistry | None = None) -> SignalsCollector:
    """Register the signals, in the default registry unless another is given.

    Raises :class:`~cascade.errors.MissingExtra` without prometheus-client.
    """
    collector = SignalsCollector(signals)
    if registry is None:
        from prometheus_client import REGISTRY

        registry = REGISTRY
    registry.register(collector)
    return collector


def _add(family: Family, labels: tuple[str, ...], value: float | Buckets) -> None:
    if isinstance(value, Buckets):
        buckets = list(zip(_EDGES, map(float, accumulate(value.counts)), strict=True))
        family.add_metric(labels, buckets, value.total_s)  # type: ignore[arg-type]
    else:
        family.add_metric(labels, value)  # type: ignore[call-arg, arg-type]
