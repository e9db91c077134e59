"""The Prometheus page of a service, whichever of its workers is asked for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cascade.observe.metrics import METRICS, Buckets, Sample
from cascade.observe.prometheus import HasSamples, SignalsCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Told:
    """Samples that another process told."""

    values: tuple[Sample, ...]

    def samples(self) -> Iterable[Sample]:
        """Them."""
        return self.values


def to_wire(signals: HasSamples) -> list[Any]:
    """The samples as JSON-able data."""
    return [
        [
            sample.metric,
            sample.labels,
            [sample.value.counts, sample.value.total_s]
            if isinstance(sample.value, Buckets)
            else sample.value,
        ]
        for sample in signals.samples()
    ]


def from_wire(data: Sequence[Any]) -> Told:
    """The samples again; those of metrics that this version does not know are left out."""
    return Told(
        tuple(
            Sample(
                metric,
                tuple(labels),
                Buckets(tuple(value[0]), value[1]) if isinstance(value, list) else value,
            )
            for metric, labels, value in data
            if metric in METRICS
        )
    )


def page(signals: HasSamples | Mapping[str, HasSamples]) -> bytes:
    """The page. Raises :class:`~cascade.errors.MissingExtra` without prometheus-client."""
    collector = SignalsCollector(signals)
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    return generate_latest(registry)
