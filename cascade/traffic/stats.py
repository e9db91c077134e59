"""What the traffic layer has done so far: plain counters, read as a frozen snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from cascade.backends.base import ServerLoad
from cascade.traffic.breaker import BreakerState
from cascade.traffic.spec import Rung

HostState = Literal["up", "ejected"]
SharedMode = Literal["off", "shared", "local"]
"""No Redis configured; Redis is used; Redis is gone and this process goes on with its local share."""

EventKind = Literal["rung", "host_out", "host_back", "shared_lost", "shared_back"]


@dataclass(frozen=True, slots=True)
class TrafficEvent:
    """Something that an operator wants to be told; carries no user text."""

    kind: EventKind
    subject: str
    """The rung, the host, or where the shared state lives."""
    detail: str = ""


EventListener = Callable[[TrafficEvent], None]


@dataclass(frozen=True, slots=True)
class HostStats:
    """One host, at the moment of the snapshot."""

    name: str
    state: HostState
    detail: str
    """Why it was ejected."""
    breaker: BreakerState
    limit: int
    in_flight: int
    latency_s: float | None
    """Usual latency of a served request, its spread left out."""
    served: int
    failed: int
    cancelled: int
    told: ServerLoad | None = None
    """What the server said of its load when it was probed; ``None`` when it said nothing, or not lately."""


@dataclass(frozen=True, slots=True)
class TrafficStats:
    """The layer, at the moment of the snapshot.

    ``asked`` is the sum of ``answered``, ``failed``, ``refused`` and ``withdrawn`` once nothing is under way,
    and ``calls`` (what servers were sent) the sum of ``charged`` and ``orphaned``.
    """

    asked: int
    answered: int
    failed: int
    """Ended in an error that a server made, timeouts included."""
    refused: Mapping[str, int]
    """By reason."""
    withdrawn: int
    """The caller went away."""
    from_cache: int
    replayed: int
    coalesced: int
    calls: int
    charged: int
    """Calls that callers were told of."""
    orphaned: int
    """Calls whose callers all went away before their end."""
    retries: int
    retries_denied: int
    """For want of retry budget."""
    hedges: int
    in_line: int
    rung: Rung
    shared: SharedMode
    hosts: tuple[HostStats, ...]


@dataclass(slots=True)
class Tally:
    """The counters while they count. For one event loop."""

    asked: int = 0
    answered: int = 0
    failed: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    withdrawn: int = 0
    from_cache: int = 0
    replayed: int = 0
    coalesced: int = 0
    calls: int = 0
    charged: int = 0
    orphaned: int = 0
    retries: int = 0
    retries_denied: int = 0
    hedges: int = 0

    def refuse(self, reason: str) -> None:
        """Count a refusal."""
        self.refused[reason] = self.refused.get(reason, 0) + 1

    def orphan(self, calls: int) -> None:
        """Count calls that nobody waits for any more."""
        self.orphaned += calls

    def snapshot(
        self, *, in_line: int, rung: Rung, shared: SharedMode, hosts: tuple[HostStats, ...]
    ) -> TrafficStats:
        """The counters now."""
        return TrafficStats(
            asked=self.asked,
            answered=self.answered,
            failed=self.failed,
            refused=dict(self.refused),
            withdrawn=self.withdrawn,
            from_cache=self.from_cache,
            replayed=self.replayed,
            coalesced=self.coalesced,
            calls=self.calls,
            charged=self.charged,
            orphaned=self.orphaned,
            retries=self.retries,
            retries_denied=self.retries_denied,
            hedges=self.hedges,
            in_line=in_line,
            rung=rung,
            shared=shared,
            hosts=hosts,
        )
