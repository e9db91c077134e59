"""What stands between the crowd and the model, so that ten times the servers' capacity is a dull day.

    remembered (idempotency key, cache) ─▶ worth it (screen) ─▶ allowed (rung, caller's budget) ─▶ shared (one
    call for identical questions) ─▶ paid for (campaign budget) ─▶ in line (bounded, by priority and deadline)
    ─▶ a host (adaptive limit, breaker, health) ─▶ a second try, where worth it and within budget

:class:`Gate` is the whole of it as a chat backend. Each part is a file, and can be used and tested alone.
"""

from __future__ import annotations

from cascade.traffic.gate import Gate
from cascade.traffic.spec import RUNGS, Rung, TrafficSpec
from cascade.traffic.stats import HostStats, TrafficEvent, TrafficStats

__all__ = ["RUNGS", "Gate", "HostStats", "Rung", "TrafficEvent", "TrafficSpec", "TrafficStats"]
