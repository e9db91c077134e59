"""Counts decisions for the exporters: a few dictionary look-ups on the hot path, all else when somebody reads."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from cascade.observe.metrics import BOUNDS_S, METRICS, Buckets, Sample
from cascade.result import Cost, Result

MAX_GROUPS = 500
_OTHER = "other"
_BOUNDS_NS = tuple(round(bound * 1e9) for bound in BOUNDS_S)
_NONE = ""

Charge = Callable[[Cost], Decimal | None]

_Key = tuple[str, tuple[str, ...]]
"""Metric and labels."""

_NOTHING = (0, 0)

_Values = list[int]
"""Sum in nanoseconds, then the counts of the buckets."""


class Tally:
    """Counts results. Thread-safe; constant memory: beyond 500 combinations of labels, new ones count as ``other``."""

    def __init__(self, charge: Charge | None = None, currency: str = "CNY") -> None:
        """``charge`` tells the money of a turn, ``None`` where it is not known; without it no money is told. It must be
        linear in the latency of turns that ask nobody, as a price book's is: they are charged in sum."""
        self._charge = charge
        self._currency = currency
        self._lock = threading.Lock()
        self._requests: dict[tuple[str, ...], _Values] = {}
        self._attempts: dict[tuple[str, ...], _Values] = {}
        self._served: dict[tuple[str, ...], _Values] = {}
        self._idle: dict[str, tuple[int, int]] = {}
        self._counts: dict[_Key, float] = {}

    def add(self, result: Result[Any]) -> None:
        """Count one result."""
        with self._lock:
            whole = 0
            for attempt in result.attempts:
                cost = attempt.cost
                latency = cost.latency_ns
                whole += latency
                _add(self._attempts, (attempt.tier, attempt.verdict, attempt.reason), latency)
                if cost.calls or cost.model is not None:
                    self._asked(attempt.tier, cost)
                else:
                    idle = self._idle.get(attempt.tier, _NOTHING)
                    self._idle[attempt.tier] = (idle[0] + 1, idle[1] + latency)
            _add(self._requests, (result.status, result.tier or _NONE, result.intent or _NONE), whole)

    def samples(self) -> Iterator[Sample]:
        """Everything counted so far."""
        with self._lock:
            requests, attempts, served = (
                {labels: tuple(values) for labels, values in of.items()}
                for of in (self._requests, self._attempts, self._served)
            )
            counts, idle = dict(self._counts), dict(self._idle)
        for labels, values in requests.items():
            yield Sample("cascade_requests", labels, sum(values[1:]))
        for labels, values in attempts.items():
            yield Sample("cascade_attempts", labels, sum(values[1:]))
        yield from _histograms("cascade_request_duration_seconds", requests, 1)
        yield from _histograms("cascade_attempt_duration_seconds", attempts, 0)
        for (metric, model), values in served.items():
            yield Sample(metric, (model,), Buckets(values[1:], values[0] / 1e9))
        self._charge_idle(idle, counts)
        for (metric, labels), value in counts.items():
            yield Sample(metric, labels, value)

    def _charge_idle(self, idle: dict[str, tuple[int, int]], counts: dict[_Key, float]) -> None:
        """Add what turns that asked nobody cost: the charge of a sum is the sum of the charges."""
        if self._charge is None:
            return
        for tier, (turns, latency_ns) in idle.items():
            amount = self._charge(Cost(latency_ns))
            key = (
                ("cascade_money_unknown", (tier,))
                if amount is None
                else ("cascade_money", (tier, self._currency))
            )
            counts[key] = counts.get(key, 0) + float(turns if amount is None else amount)

    def _asked(self, tier: str, cost: Cost) -> None:
        model = cost.model or _NONE
        self._count("cascade_llm_calls", (model,), cost.calls)
        if cost.lost_calls:
            self._count("cascade_llm_lost_calls", (model,), cost.lost_calls)
        if cost.input_tokens is None or cost.output_tokens is None:
            self._count("cascade_llm_tokens_unknown", (model,), 1)
        kinds = (("input", cost.input_tokens), ("cached", cost.cached_tokens), ("output", cost.output_tokens))
        for kind, tokens in kinds:
            if tokens is not None:
                self._count("cascade_llm_tokens", (model, kind), tokens)
        for metric, value in server_times_ns(cost):
            _add(self._served, (metric, model), value)
        if self._charge is None:
            return
        amount = self._charge(cost)
        if amount is None:
            self._count("cascade_money_unknown", (tier,), 1)
        else:
            self._count("cascade_money", (tier, self._currency), float(amount))

    def _count(self, metric: str, labels: tuple[str, ...], value: float) -> None:
        key = metric, labels
        counts = self._counts
        if key not in counts and len(counts) >= MAX_GROUPS:
            key = metric, (_OTHER,) * len(labels)
        counts[key] = counts.get(key, 0) + value


def server_times_ns(cost: Cost) -> Iterator[tuple[str, int]]:
    """What was told or seen of one reply, by metric; nothing where nobody knows, or of several replies in sum."""
    if cost.queued_ns is not None:
        yield "cascade_llm_queued_seconds", cost.queued_ns
    if cost.first_token_ns is not None:
        yield "cascade_llm_time_to_first_token_seconds", cost.first_token_ns
    elif cost.calls == 1 and cost.queued_ns is not None and cost.prompt_ns:
        yield "cascade_llm_time_to_first_token_seconds", cost.queued_ns + cost.prompt_ns
    if cost.output_ns and cost.output_tokens:
        yield "cascade_llm_time_per_output_token_seconds", cost.output_ns // cost.output_tokens


def _add(groups: dict[tuple[str, ...], _Values], labels: tuple[str, ...], value_ns: int) -> None:
    values = groups.get(labels)
    if values is None:
        if len(groups) >= MAX_GROUPS:
            first = labels[0] if labels[0] in METRICS else _OTHER
            labels = (first, *(_OTHER for _ in labels[1:]))
        values = groups.setdefault(labels, [0] * (len(_BOUNDS_NS) + 2))
    values[0] += value_ns
    values[1 + bisect_left(_BOUNDS_NS, value_ns)] += 1


def _histograms(metric: str, groups: dict[tuple[str, ...], tuple[int, ...]], label: int) -> Iterator[Sample]:
    """One histogram for each value of one label, the others summed over."""
    merged: dict[str, list[int]] = {}
    for labels, values in groups.items():
        into = merged.setdefault(labels[label], [0] * len(values))
        for at, value in enumerate(values):
            into[at] += value
    for name, sums in merged.items():
        yield Sample(metric, (name,), Buckets(tuple(sums[1:]), sums[0] / 1e9))
