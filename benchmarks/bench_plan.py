"""How far can a plan be believed? Predicted against measured, at loads the calibration has not seen.

- The real small model on llama.cpp, one slot and four: calibrated on each load in turn (light, nearly full, overload, a
  burst), all others are predicted.
- The recorded runs of a real Ollama, where CASCADE_SHARED (or ``../shared``) holds them: each calibrates in turn, all
  others are predicted.
- How long the plan of the shipped promo day takes to compute. Its shares are examples; nothing of them is reported.

A machine that others use changes its pace between two runs; ``pace`` tells by how much (1.1: a tenth slower than when
calibrated), and a prediction that met another pace says nothing of the model, for or against.

The runs are kept as JSONL under ``plan-runs`` beside the result. In pieces, for a machine that is quiet for
minutes only:

    python -m benchmarks.bench_plan record 1     # the loads of the small model with one slot
    python -m benchmarks.bench_plan record 4
    python -m benchmarks.bench_plan compare      # predictions for all runs that were kept
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.harness import ROOT, write
from benchmarks.load import due, record
from cascade.planning import (
    Mix,
    RecordedRun,
    Served,
    calibrate,
    compare,
    plan,
    read_run,
    read_scenario,
)
from cascade.testing import small_model

RECORDED = Path(os.environ.get("CASCADE_SHARED") or ROOT.parent / "shared") / "ollama" / "load"
RESULTS = Path("benchmarks/results")
SLOTS = {"np1_a": 1, "np1_burst": 1, "np1_c": 1, "np4_a": 4, "np4_c": 4}
LIVE_SLOTS = (1, 4)
LOADS = {"light": 0.4, "nearly_full": 0.8, "overload": 1.6}  # of the capacity that a first short run showed
BURST = (0.5, 2.5)  # of the capacity: before and after, and in the middle fifth
SECONDS = 40.0
PROBE_RATE, PROBE_SECONDS = 1.5, 15.0
SAME_PACE = 0.1
SHARES = {"rules": 0.7, "classifier": 0.25}
OTHER_SLOTS = "small model, another number of slots"
"""Told, and no promise: a plan says to calibrate with the slots that are planned with."""
MEASURES = ("mean_s", "p99_s", "drained_s", "drain_s")


def run(*, out: Path, rounds: int) -> int:
    """Record, predict, print, write the JSON; 1 when a mean or a 99th percentile at an equal pace was off by over a
    fifth. One round: a prediction is held against each run, and there are many."""
    del rounds
    for slots in LIVE_SLOTS:
        record_live(slots, out)
    return compare_all(out)


def record_live(slots: int, out: Path) -> None:
    """Load the small model and keep the runs."""
    folder = out / "plan-runs"
    folder.mkdir(parents=True, exist_ok=True)
    with small_model(slots, context_tokens=1024, name="small") as url:
        probe = _load(url, due(PROBE_RATE, PROBE_SECONDS, seed=1), seed=1)
        capacity = calibrate(_run_of(probe), slots=slots).server.capacity_per_s
        for number, (name, moments) in enumerate(_loads(capacity).items(), start=2):
            lines = _load(url, moments, seed=number)
            text = "".join(json.dumps(line) + "\n" for line in lines)
            (folder / f"small{slots}_{name}.jsonl").write_text(text, encoding="utf-8")
            print(f"small{slots}_{name}: {len(lines)} requests at a capacity of {capacity:.2f}/s", flush=True)


def _loads(capacity: float) -> dict[str, list[float]]:
    loads = {
        name: due(share * capacity, SECONDS, seed) for seed, (name, share) in enumerate(LOADS.items(), 2)
    }
    usual, burst = (share * capacity for share in BURST)
    start, end = 0.4 * SECONDS, 0.6 * SECONDS
    around = [moment for moment in due(usual, SECONDS, 9) if not start <= moment < end]
    within = [start + moment for moment in due(burst, end - start, 10)]
    return {**loads, "burst": sorted(around + within)}


def compare_all(out: Path) -> int:
    """Predict every run that was kept, or recorded by others, from every other on the same kind of server."""
    folder = out / "plan-runs"
    live = {path.stem: int(path.stem[5]) for path in sorted(folder.glob("small*_*.jsonl"))}
    rows = list(_pairs(folder, live)) + (list(_pairs(RECORDED, SLOTS)) if RECORDED.is_dir() else [])
    seconds = _plan_seconds()
    summary = {name: _summary(group) for name, group in _groups(rows).items()}
    path = write(out, "plan", {"summary": summary, "comparisons": rows, "promo_day_seconds": seconds})
    for row in rows:
        errors = "  ".join(f"{name[:-2]} {row['errors'][name]:+.0%}" for name in MEASURES)
        head = f"{row['calibrated_on']:18} -> {row['predicted']:18} {row['slots']} slot(s)"
        print(f"{head}  pace {row['pace']:.2f}  {errors}")
    for name, told in summary.items():
        print(f"\n{name}: {told['pairs']} predictions, {told['other_pace']} of them met another pace")
        for measure, one in told["measures"].items():
            print(
                f"  {measure[:-2]:8} {one['within_a_fifth']} of {one['of']} within a fifth"
                f" ({one['steady_within']} of {one['steady']} at the same pace),"
                f" median error {one['median']:.0%}, worst {one['worst']:+.0%}"
            )
    print(f"\nthe promo day takes {seconds:.1f} s to plan\n{path}")
    return int(any(_missed(told["measures"]) for kind, told in summary.items() if kind != OTHER_SLOTS))


def _missed(measures: Mapping[str, Mapping[str, Any]]) -> bool:
    return any(measures[name]["steady_within"] < measures[name]["steady"] for name in ("mean_s", "p99_s"))


def _groups(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if not row["calibrated_on"].startswith("small"):
            name = "recorded Ollama"
        elif row["calibrated_on"][:6] == row["predicted"][:6]:
            name = "small model, as many slots as calibrated with"
        else:
            name = OTHER_SLOTS
        groups.setdefault(name, []).append(row)
    return groups


def _summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    measures = {}
    for name in MEASURES:
        told = [row for row in rows if name != "drain_s" or row["piles_up"]]
        sizes = [abs(row["errors"][name]) for row in told]
        steady = [abs(row["errors"][name]) for row in told if _is_steady(row)]
        measures[name] = {
            "of": len(told),
            "within_a_fifth": sum(size <= 0.2 for size in sizes),
            "steady": len(steady),
            "steady_within": sum(size <= 0.2 for size in steady),
            "median": statistics.median(sizes) if sizes else 0.0,
            "worst": max((row["errors"][name] for row in told), key=abs, default=0.0),
        }
    other_pace = sum(not _is_steady(row) for row in rows)
    return {"pairs": len(rows), "other_pace": other_pace, "measures": measures}


def _is_steady(row: Mapping[str, Any]) -> bool:
    return abs(float(row["pace"]) - 1) <= SAME_PACE


def _load(url: str, moments: list[float], seed: int) -> list[dict[str, Any]]:
    return asyncio.run(record(url, "small", moments, seed))


def _run_of(lines: list[dict[str, Any]]) -> RecordedRun:
    return RecordedRun.of([Served.model_validate(line) for line in lines])


def _pairs(folder: Path, slots_of: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    runs = {name: read_run(folder / f"{name}.jsonl") for name in slots_of}
    for one, slots in slots_of.items():
        found = calibrate(runs[one], slots=slots)
        for other, other_slots in slots_of.items():
            if other != one:
                yield _row(one, other, other_slots, found, runs[other])


def _row(one: str, other: str, slots: int, found: Any, measured: RecordedRun) -> dict[str, Any]:
    came = compare(found, measured, slots=slots)
    pace = found.with_slots(slots).capacity_per_s / calibrate(measured, slots=slots).server.capacity_per_s
    return {
        "calibrated_on": one,
        "predicted": other,
        "slots": slots,
        "pace": pace,
        "piles_up": came.measured.drain_s > came.measured.mean_s,
        "figures": {"predicted": asdict(came.predicted), "measured": asdict(came.measured)},
        "errors": asdict(came.errors),
    }


def _plan_seconds() -> float:
    scenario, folder = read_scenario()
    started = time.process_time()
    for named in scenario.campaigns(folder):
        plan(named.campaign, Mix.from_shares(SHARES))
    return time.process_time() - started


if __name__ == "__main__":
    if sys.argv[1:2] == ["record"]:
        record_live(int(sys.argv[2]), RESULTS)
    else:
        sys.exit(compare_all(RESULTS))
