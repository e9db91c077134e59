"""The figures of a service: this worker's, and those of all of them added up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from cascade.engine import Engine
from cascade.integrations._web.books import Books
from cascade.ledger import Ledger
from cascade.ledger.wire import from_wire, to_wire
from cascade.traffic import RUNGS, Gate

_OWN_BREAKER = ("closed", "half_open", "open")
_SHARED = ("off", "shared", "local")


class Figures:
    """Reads a cascade and its books. ``clock`` is the wall clock in Unix seconds."""

    def __init__(
        self, engine: Engine[Any], books: Books | None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._engine = engine
        self._books = books
        self._clock = clock
        self._since = clock()

    @property
    def gate(self) -> Gate | None:
        """What stands before the large model."""
        return getattr(self._engine, "traffic", None)

    def own(self, _: Any = None) -> dict[str, Any]:
        """This worker's figures, as another can add them up."""
        books, gate = self._books, self.gate
        stats = None if gate is None else gate.stats()
        log = None if books is None else books.log
        return {
            "since": self._since,
            "bundle": "" if self._engine.bundle is None else self._engine.bundle.id,
            "ledger": None if books is None else to_wire(books.ledger.snapshot()),
            "rung": None if gate is None else gate.rung,
            "held": None if gate is None else gate.held,
            "traffic": None if stats is None else asdict(stats),
            "log": None
            if log is None
            else {"written": log.written, "dropped": log.dropped, "queued": log.queued},
            "queue": 0 if books is None else len(books.queue),
        }

    def added_up(self, workers: Mapping[int, Mapping[str, Any]], expected: int) -> dict[str, Any]:
        """The figures of all workers as one."""
        all_of = list(workers.values())
        first = all_of[0]
        return {
            "now": self._clock(),
            "since": min(one["since"] for one in all_of),
            "bundle": first["bundle"],
            "bundles": sorted({one["bundle"] for one in all_of}),
            "tiers": [tier.name for tier in self._engine.tiers],
            "workers": {"expected": expected, "answering": len(all_of)},
            "decisions": self._decisions([one["ledger"] for one in all_of]),
            "rung": None if first["rung"] is None else max((one["rung"] for one in all_of), key=RUNGS.index),
            "held": first["held"],
            "traffic": _traffic([one["traffic"] for one in all_of if one["traffic"] is not None]),
            "log": _sums([one["log"] for one in all_of if one["log"] is not None]) or None,
            "queue": sum(one["queue"] for one in all_of),
        }

    def _decisions(self, ledgers: Sequence[Mapping[str, Any] | None]) -> dict[str, Any] | None:
        if self._books is None:
            return None
        ours = self._books.ledger
        whole = Ledger(ours.prices, currency=ours.currency, assume=ours.assume)
        for wire in ledgers:
            if wire is not None:
                whole.merge(from_wire(wire, whole))
        told = whole.snapshot().to_dict()
        intents = told.pop("by")["intent"]
        told["intents"] = {name: part["requests"] for name, part in intents.items() if name != "unknown"}
        return told


def _traffic(stats: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    if not stats:
        return None
    hosts: dict[str, list[Mapping[str, Any]]] = {}
    for one in stats:
        for host in one["hosts"]:
            hosts.setdefault(host["name"], []).append(host)
    counts = [
        {name: value for name, value in one.items() if isinstance(value, int) and name != "in_line"}
        for one in stats
    ]
    return {
        **_sums(counts),
        "in_line": sum(one["in_line"] for one in stats),
        "refused": _sums([one["refused"] for one in stats]),
        "shared": max((one["shared"] for one in stats), key=_SHARED.index),
        "hosts": [_host(name, seen) for name, seen in hosts.items()],
    }


def _host(name: str, seen: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One host as its workers see it: the worst state, the slowest latency, all requests."""
    latencies = [one["latency_s"] for one in seen if one["latency_s"] is not None]
    counts = ("limit", "in_flight", "served", "failed", "cancelled")
    out = next((one for one in seen if one["state"] == "ejected"), seen[0])
    return {
        "name": name,
        "state": out["state"],
        "detail": out["detail"],
        "breaker": max((one["breaker"] for one in seen), key=_OWN_BREAKER.index),
        "latency_s": max(latencies, default=None),
        **{count: sum(one[count] for one in seen) for count in counts},
    }


def _sums(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for name, value in part.items():
            total[name] = total.get(name, 0) + value
    return total
