"""One day: the crowd, the kills and restarts in its midst, and the account of it afterwards."""

from __future__ import annotations

import asyncio
import itertools
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from examples.tea_shop import check
from examples.tea_shop.check import Findings
from examples.tea_shop.database import Database
from examples.tea_shop.rehearsal.customers import Crowd, come
from examples.tea_shop.rehearsal.postgres import Postgres
from examples.tea_shop.rehearsal.processes import App

DELIVERY_S = 60.0
DOWN_S = 0.3


@dataclass(frozen=True)
class Plan:
    """What is to happen. ``rate`` is customers a second; ``faults`` the share of remote calls that go wrong."""

    database: Literal["sqlite", "postgresql"] = "sqlite"
    customers: int = 1000
    rate: float = 20.0
    processes: int = 2
    kills: int = 8
    restarts: int = 4
    faults: float = 0.2
    seed: int = 0


@dataclass
class Day:
    """What happened."""

    findings: Findings
    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    latencies_s: list[float] = field(default_factory=list)

    def told(self) -> str:
        """All counts, a line each."""
        lines = [f"{name:<52}  {number:>8}" for name, number in sorted(self.counts.items())]
        cuts = statistics.quantiles(self.latencies_s, n=100)
        lines.append(f"{'requests answered':<52}  {len(self.latencies_s):>8}")
        lines.append(f"answered within, outages included: median {cuts[49]:.3f} s, 99 % {cuts[98]:.3f} s")
        lines.append(f"the crowd was there for {self.seconds:.1f} s")
        return "\n".join([*lines, "", check.told(self.findings)])


def rehearse(plan: Plan, folder: Path) -> Day:
    """Run a day with all its files in ``folder``; raises when a customer was not answered at all."""
    with ExitStack() as stack:
        server = stack.enter_context(Postgres(folder / "postgres")) if plan.database == "postgresql" else None
        url = server.url if server is not None else f"sqlite:///{folder / 'shop.db'}"
        apps = [stack.enter_context(App(url, folder, plan.faults)) for _ in range(plan.processes)]
        database = Database(url)
        stack.callback(database.close)
        journal = folder / "journal.jsonl"
        with journal.open("w", encoding="utf-8") as told:
            crowd = Crowd([app.url for app in apps], told, plan.seed)
            began = time.monotonic()
            asyncio.run(_live(plan, crowd, apps, server))
            seconds = time.monotonic() - began
        check.wait_until_delivered(database, DELIVERY_S)
        findings = check.check(database, folder / "book.db", journal)
        return Day(findings, crowd.counts, seconds, crowd.latencies_s)


async def _live(plan: Plan, crowd: Crowd, apps: list[App], server: Postgres | None) -> None:
    crowding = asyncio.create_task(come(crowd, plan.customers, plan.rate))
    await _break(plan, crowd.counts, apps, server)
    await crowding


async def _break(plan: Plan, counts: Counter[str], apps: list[App], server: Postgres | None) -> None:
    """Kill and restart at even moments while customers come."""
    restarts = plan.restarts if server is not None else 0
    events: list[Any] = [None] * plan.kills + [server] * restarts
    rng = random.Random(plan.seed)  # noqa: S311 - an order of events, not a secret
    rng.shuffle(events)
    pause = plan.customers / plan.rate / (len(events) + 1)
    modes: Iterator[Literal["fast", "immediate"]] = itertools.cycle(("immediate", "fast"))
    for number, broken in enumerate(events):
        began = time.monotonic()
        if broken is None:
            app = apps[number % len(apps)]
            await asyncio.to_thread(app.kill)
            await asyncio.sleep(DOWN_S)
            await asyncio.to_thread(app.start)
            counts["app processes killed in mid-load"] += 1
        else:
            mode = next(modes)
            await asyncio.to_thread(broken.stop, mode)
            await asyncio.sleep(DOWN_S)
            await asyncio.to_thread(broken.start)
            counts[f"database stopped ({mode}) and started"] += 1
        await asyncio.sleep(max(0.0, pause - (time.monotonic() - began)))
