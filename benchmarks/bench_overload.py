"""What becomes of the servers, and of everybody else, when a crowd asks once, three and ten times what they
can serve?

Open loop against the real small model on llama.cpp: requests go out when they are due, whatever has become of
those before. Each load is run twice, by a well-behaved client that gives up at its deadline, and by the same
client through ``cascade.traffic``; every run in a subprocess of its own and on a server of its own. No two
questions are the same, so that cache and coalescing take no part, and all are as long as each other. Beside each run
a thread asks rules and classifier.

Capacity is what the server answers when as many ask as it has slots, each as soon as the last answer is there
(closed loop): nothing is ever late, and no slot ever empty. It is measured on the same server just before the load
and, with the layer, just after it, and the mean is taken: on a machine that others share too it drifts by some per
cent within a minute. After a load without the layer there is nothing to measure: the server is still busy with those
who have gone. What others took of the processor during each run stands beside its figures, and where that is more than
a tenth the benchmark fails, whatever the figures are.

The small model's answers are wrong; what is measured is when they come.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.harness import in_subprocess, write
from benchmarks.load import UTTERANCES, due
from cascade.backends.base import ChatBackend, ChatRequest, Message
from cascade.backends.openai import OpenAIBackend
from cascade.errors import BackendError, BackendOverloaded
from cascade.testing import small_model
from cascade.traffic import Gate, TrafficSpec
from cascade.traffic.spec import RungSpec

MODULE = "benchmarks.bench_overload"
SLOTS = 2
TIMES = (1, 3, 10)
SECONDS = 25.0
WARM_S = 5.0
CAPACITY_S = 7.0
DEADLINE_S = 6.0
PATIENCE_S = 60.0
"""Outside the load, where nothing is to be cut off."""
SAMPLE_S = 0.5
IDLE_S = 3.0
PAUSE_S = 0.004
MAX_OTHERS = 0.1
"""Share of the processor that others may take before a run says nothing: capacity and load then met two machines."""
BESIDE = ("千问，帮我点两杯少糖去冰的珍珠奶茶", "今天上班好累啊你陪我聊会儿天好不好")
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "intent": {"type": "string", "enum": ["order_drink", "query_menu", "chitchat", "out_of_scope"]},
        "quantity": {"type": "integer", "minimum": 1, "maximum": 9},
    },
    "required": ["intent", "quantity"],
    "additionalProperties": False,
}
# The rung would refuse what is not urgent under lasting overload; here the line alone is looked at.
SPEC = TrafficSpec(rungs=RungSpec(automatic=False))


def run(*, out: Path, rounds: int) -> int:
    """Measure, print, write JSON and plot; 1 when one of the bounds was missed."""
    del rounds  # one go: capacity and loads must meet the same machine
    rows = [_on_a_fresh_server(system, times) for times in TIMES for system in ("bare", "guarded")]
    bounds = _bounds([row for row in rows if row["system"] == "guarded"])
    path = write(out, "overload", {"deadline_s": DEADLINE_S, "bounds": bounds, "runs": rows})
    capacities = ", ".join(f"{row['capacity_per_s']:.2f}" for row in rows)
    print(f"capacity {capacities}/s in turn; deadline {DEADLINE_S:g} s")
    for row in rows:
        share, late = row["goodput_per_s"] / row["capacity_per_s"], row["latest_s"] - DEADLINE_S
        print(
            f"{row['times']:>3} x {row['system']:8} goodput {row['goodput_per_s']:.2f}/s ({share:.0%})"
            f"  latest {late:+.2f} s after the deadline"
            f"  p99 beside {row['beside_p99_ratio']:.2f} x idle  memory {row['memory_growth_mb']:+.1f} MB"
            f"  others {row['others_share']:.0%} of the processor  {row['ends']}"
        )
    for name, held in bounds.items():
        print(f"{'held  ' if held else 'MISSED'} {name}")
    print(f"{_plot(rows, out / 'overload.svg')}\n{path}")
    return 0 if all(bounds.values()) else 1


def _bounds(guarded: Sequence[Mapping[str, Any]]) -> dict[str, bool]:
    worst = guarded[-1]
    budget = SPEC.retry.budget_burst + SPEC.retry.budget_ratio * worst["asked"]
    return {
        "goodput at ten times at least 95 % of capacity": worst["goodput_per_s"]
        >= 0.95 * worst["capacity_per_s"],
        "no answer later than its deadline plus 100 ms": max(r["latest_s"] for r in guarded)
        <= DEADLINE_S + 0.1,
        "retries within budget": worst["stats"]["retries"] + worst["stats"]["hedges"] <= budget,
        "rules and classifier p99 within 1.5 times of idle": max(r["beside_p99_ratio"] for r in guarded)
        <= 1.5,
        "memory flat, within 10 MB": max(r["memory_growth_mb"] for r in guarded) <= 10,
        f"others took at most {MAX_OTHERS:.0%} of the processor, so that the above can be believed": max(
            r["others_share"] for r in guarded
        )
        <= MAX_OTHERS,
    }


def _on_a_fresh_server(system: str, times: int) -> dict[str, Any]:
    """One load on a server of its own, between two measurements of its capacity."""
    with small_model(SLOTS, context_tokens=1024, name="small") as url:
        before = _system("capacity", url, 0.0)
        busy, own = _processor_s()
        row = _system(system, url, times * before["per_s"])
        busy_after, own_after = _processor_s()
        # The server is a child that has not ended: what it used is read from /proc, as the whole machine's is.
        others = max(0.0, (busy_after - busy) - (own_after - own)) / (row["took_s"] * (os.cpu_count() or 1))
        found = [before] + ([_system("capacity", url, 0.0)] if system == "guarded" else [])
    capacities = [one["per_s"] for one in found]
    return row | {
        "times": times,
        "capacity_per_s": statistics.fmean(capacities),
        "capacities_per_s": capacities,
        "beside_p99_us": {**row["beside_p99_us"], "server_full": before["beside_p99_us"]},
        "others_share": others,
    }


def _processor_s() -> tuple[float, float]:
    """Seconds that the machine's processors have worked so far, and those of this process and all its children."""
    tick = os.sysconf("SC_CLK_TCK")
    fields = [
        int(value) for value in Path("/proc/stat").read_text(encoding="ascii").split("\n")[0].split()[1:9]
    ]
    busy = (sum(fields) - fields[3] - fields[4]) / tick
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = time.process_time() + ended.ru_utime + ended.ru_stime
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if int(after_name[1]) == os.getpid():
            own += (int(after_name[11]) + int(after_name[12])) / tick
    return busy, own


def _system(system: str, url: str, rate: float) -> dict[str, Any]:
    return in_subprocess(MODULE, json.dumps([system, url, rate]))


def _request(number: int, timeout_s: float = DEADLINE_S) -> ChatRequest:
    text = f"{UTTERANCES[number % len(UTTERANCES)]}，我是第{10_000 + number}位"
    return ChatRequest((Message("user", text),), SCHEMA, 24, timeout_s)


async def _capacity(url: str) -> dict[str, Any]:
    """As many at once as there are slots, again and again, beside the same other work as under load."""
    beside = Beside()
    beside.start()
    backend, ends, number = OpenAIBackend("small", base_url=f"{url}/v1"), list[float](), iter(range(10**9))
    start = time.perf_counter()

    async def keep_asking() -> None:
        while time.perf_counter() - start < CAPACITY_S + WARM_S / 2:
            await backend.chat(_request(next(number), PATIENCE_S))
            ends.append(time.perf_counter() - start)

    await asyncio.gather(*(keep_asking() for _ in range(SLOTS)))
    await backend.aclose()
    beside.stop()
    counted = [end for end in ends if end >= WARM_S / 2]
    per_s = len(counted) / (max(ends) - WARM_S / 2)
    return {"per_s": per_s, "beside_p99_us": beside.p99_us(0, len(beside.took))}


class Beside:
    """Rules and classifier, asked at an even pace from a thread of their own."""

    def __init__(self) -> None:
        from cascade import Cascade

        self._cascade = Cascade.load()
        self._stop = threading.Event()
        self.took: list[float] = []
        self._thread = threading.Thread(target=self._ask)

    def start(self) -> None:
        for text in BESIDE * 100:
            self._cascade.classify(text)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self._cascade.close()

    def p99_us(self, first: int, last: int) -> float:
        took = sorted(self.took[first:last])
        return took[int(len(took) * 0.99)] * 1e6

    def _ask(self) -> None:
        while not self._stop.wait(PAUSE_S):
            for text in BESIDE:
                began = time.perf_counter()
                self._cascade.classify(text)
                self.took.append(time.perf_counter() - began)


async def _overload(system: str, url: str, rate: float) -> dict[str, Any]:
    began, raw = time.perf_counter(), OpenAIBackend("small", base_url=f"{url}/v1")
    backend: ChatBackend = Gate([raw], SPEC) if system == "guarded" else raw
    await raw.chat(_request(0, PATIENCE_S))
    beside = Beside()
    beside.start()
    await asyncio.sleep(IDLE_S)
    idle_until = len(beside.took)
    moments, start = due(rate, SECONDS, seed=int(rate * 1000)), time.perf_counter()
    timeline: list[dict[str, Any]] = []
    sampling = asyncio.ensure_future(_sample(backend, start, timeline))
    ends = await asyncio.gather(*(_ask(backend, n, at, start) for n, at in enumerate(moments, 1)))
    sampling.cancel()
    beside.stop()
    stats = backend.stats() if isinstance(backend, Gate) else None
    await backend.aclose()
    good = [end["done_s"] for end in ends if end["end"] == "answered"]
    counted = [done for done in good if WARM_S <= done <= SECONDS]
    idle_us, loaded_us = beside.p99_us(0, idle_until), beside.p99_us(idle_until, len(beside.took))
    return {
        "system": system,
        "offered_per_s": rate,
        "asked": len(ends),
        "goodput_per_s": len(counted) / (SECONDS - WARM_S),
        "ends": dict(Counter(end["end"] for end in ends)),
        "latest_s": max(end["took_s"] for end in ends),
        "beside_p99_us": {"idle": idle_us, "loaded": loaded_us},
        "beside_p99_ratio": loaded_us / idle_us,
        "memory_growth_mb": max(s["memory_mb"] for s in timeline) - _at(timeline, WARM_S)["memory_mb"],
        "stats": asdict(stats) if stats is not None else None,
        "timeline": timeline,
        "requests": ends,
        "took_s": time.perf_counter() - began,
    }


async def _ask(backend: ChatBackend, number: int, at: float, start: float) -> dict[str, Any]:
    await asyncio.sleep(max(0.0, start + at - time.perf_counter()))
    began = time.perf_counter()
    try:
        await backend.chat(_request(number))
    except BackendError as error:
        end = error.reason if isinstance(error, BackendOverloaded) else type(error).__name__
    else:
        end = "answered"
    done = time.perf_counter()
    return {"due_s": at, "done_s": done - start, "took_s": done - began, "end": end}


async def _sample(backend: ChatBackend, start: float, timeline: list[dict[str, Any]]) -> None:
    while True:
        sample: dict[str, Any] = {"at_s": time.perf_counter() - start, "memory_mb": _memory_mb()}
        stats = backend.stats() if isinstance(backend, Gate) else None
        if stats is not None:
            sample |= {"in_line": stats.in_line, "limit": stats.hosts[0].limit, "rung": stats.rung}
        timeline.append(sample)
        await asyncio.sleep(SAMPLE_S)


def _memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _at(timeline: Sequence[Mapping[str, Any]], seconds: float) -> Mapping[str, Any]:
    return next(sample for sample in timeline if sample["at_s"] >= seconds)


def _plot(rows: Sequence[Mapping[str, Any]], path: Path) -> str:
    """Answers a second over time, with and without; a sentence that says where."""
    try:
        import matplotlib as mpl

        mpl.use("svg")
        from matplotlib import pyplot as plt
    except ImportError:
        return "no plot: matplotlib is not installed"
    mpl.rcParams["svg.fonttype"] = "none"
    figure, axes = plt.subplots(
        2, len(TIMES), figsize=(4 * len(TIMES), 6), sharex=True, sharey="row", squeeze=False
    )
    for column, times in enumerate(TIMES):
        rate, waits = axes[0][column], axes[1][column]
        rate.set_title(f"{times} x capacity offered")
        capacity = next(row["capacity_per_s"] for row in rows if row["times"] == times)
        rate.axhline(capacity, color="0.6", linestyle=":", label="capacity")
        waits.axhline(DEADLINE_S, color="0.6", linestyle=":", label="deadline")
        for row in (row for row in rows if row["times"] == times):
            color = "tab:green" if row["system"] == "guarded" else "tab:red"
            good = [end for end in row["requests"] if end["end"] == "answered"]
            seconds = [at + 0.5 for at in range(int(SECONDS + DEADLINE_S))]
            served = [sum(at - 1 <= end["done_s"] < at + 1 for end in good) / 2 for at in seconds]
            rate.plot(seconds, served, color=color, label=row["system"])
            waits.plot(
                [e["done_s"] for e in good], [e["took_s"] for e in good], ".", color=color, markersize=3
            )
        waits.set_xlabel("seconds")
    axes[0][0].set_ylabel("answers in time, 1/s")
    axes[1][0].set_ylabel("seconds until the answer")
    axes[0][0].legend()
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)
    return str(path)


def main() -> None:
    """One run, for the parent process: prints one JSON object."""
    system, url, rate = json.loads(sys.argv[1])
    measured = _capacity(url) if system == "capacity" else _overload(system, url, rate)
    print(json.dumps(asyncio.run(measured)))


if __name__ == "__main__":
    main()
