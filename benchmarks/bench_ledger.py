"""What do the books cost? A decision with a ledger and with sinks, against the bare decision in the same run.

Every system runs in a subprocess of its own, in turn: the exact phrase, which is the quickest answer there is and so
the worst ratio.

- ``hot_us``: processor time of the caller's thread, at a few thousand decisions a second (bursts of 32, then a rest):
  the hot path, with the writer's thread at work beside it;
- ``median_us``: what the caller waits in a loop without a rest, where writer and caller take the interpreter from each
  other and the queue grows;
- ``cpu_us``: all processor time of the process in that loop, until the last row is in the file.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.harness import rounds_of, time_calls, write
from cascade import Cascade, Ledger
from cascade.engine import Listener
from cascade.ledger.sinks import JsonlSink, ParquetSink, Sink, SqliteSink

MODULE = "benchmarks.bench_ledger"
PHRASE = "千问，帮我点杯奶茶"
QUEUED = 1_000_000  # the loop is quicker than any crowd: without room for all of it, drops would be measured
WARM_UP = 51  # calls that the harness makes before it measures
BURSTS, BURST, REST_S = 300, 32, 0.005
MAX_LEDGER_US = 1.5
MAX_HOT_PATH_RATIO = 2.0


def bare() -> dict[str, Any]:
    """Nobody listens."""
    return _measured()


def ledger() -> dict[str, Any]:
    """A ledger counts."""
    return _measured(Ledger())


def labelled() -> dict[str, Any]:
    """A ledger counts by campaign and rung, both asked for at every result."""
    return _measured(Ledger(campaign=lambda: "promo", rung=lambda: "normal"))


def jsonl() -> dict[str, Any]:
    """A ledger counts, and every turn is kept as a line."""
    return _with_sink(lambda folder: JsonlSink(folder, max_queued=QUEUED))


def sqlite() -> dict[str, Any]:
    """A ledger counts, and every turn is kept in a database."""
    return _with_sink(lambda folder: SqliteSink(folder / "costs.db", max_queued=QUEUED))


def parquet() -> dict[str, Any]:
    """A ledger counts, and every turn is kept in columns."""
    return _with_sink(lambda folder: ParquetSink(folder, max_queued=QUEUED))


def alone() -> dict[str, Any]:
    """The ledger by itself: one result counted again and again."""
    result = Cascade.load().classify(PHRASE)
    counting = Ledger()
    return {**time_calls(lambda: counting(result))}


def _with_sink(make: Callable[[Path], Sink]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        sink = make(Path(folder))
        figures = _measured(Ledger(), sink)
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        return {**figures, "dropped": float(sink.dropped), "bytes_a_request": size / sink.written}


def _measured(*listeners: Listener) -> dict[str, Any]:
    with ExitStack() as stack:
        cascade = stack.enter_context(Cascade.load(listeners=listeners))
        for listener in listeners:
            if isinstance(listener, Sink):
                stack.callback(listener.close, 600)
        result = cascade.classify(PHRASE)
        assert (result.status, result.tier) == ("answered", "rules"), result
        hot_us = at_a_crowds_pace(lambda: cascade.classify(PHRASE))
        started = time.process_time()
        figures = time_calls(lambda: cascade.classify(PHRASE), batches=100)
        for listener in listeners:
            if isinstance(listener, Sink):
                assert listener.flush(600)
        cpu_us = (time.process_time() - started) / (figures["calls"] + WARM_UP) * 1e6
        return {**figures, "hot_us": hot_us, "cpu_us": cpu_us}


def at_a_crowds_pace(call: Callable[[], object]) -> float:
    """Microseconds of this thread's processor time a call, the median burst."""
    bursts = []
    for _ in range(BURSTS):
        started = time.thread_time()
        for _ in range(BURST):
            call()
        bursts.append((time.thread_time() - started) / BURST * 1e6)
        time.sleep(REST_S)
    return statistics.median(bursts)


SYSTEMS: dict[str, Callable[[], dict[str, Any]]] = {
    system.__name__: system for system in (bare, alone, ledger, labelled, jsonl, sqlite, parquet)
}


def run(*, out: Path, rounds: int) -> int:
    """Measure all, print the table, write the JSON; 1 when a goal was missed."""
    measured = rounds_of(MODULE, list(SYSTEMS), rounds)
    floor = measured["bare"]
    ratios = {
        name: {key: figures[key] / floor[key] for key in ("hot_us", "median_us", "cpu_us")}
        for name, figures in measured.items()
        if "cpu_us" in figures
    }
    goals = [("ledger alone, us", float(measured["alone"]["median_us"]), MAX_LEDGER_US)]
    goals += [
        (f"{name} / bare, hot path", ratios[name]["hot_us"], MAX_HOT_PATH_RATIO)
        for name in ("ledger", "jsonl", "sqlite", "parquet")
    ]
    path = write(out, "ledger", {"rounds": rounds, "systems": measured, "ratios": ratios})
    for name, figures in measured.items():
        shown = "  ".join(f"{key} {value:.4g}" for key, value in figures.items())
        times = "/".join(f"{value:.2f}" for value in ratios.get(name, {}).values())
        ratio = f"  {times} x bare" if times else ""
        print(f"{name:10} {shown}{ratio}")
    print()
    for what, value, limit in goals:
        print(f"{'ok  ' if value <= limit else 'MISS'} {what}: {value:.3g} (at most {limit:g})")
    print(f"\n{path}")
    return 0 if all(value <= limit for _, value, limit in goals) else 1


if __name__ == "__main__":
    print(json.dumps(SYSTEMS[sys.argv[1]](), ensure_ascii=False))
