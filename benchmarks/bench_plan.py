"""How far can a plan be believed? Predicted against measured, at loads the calibration has not seen.

- The real small model on llama.cpp, one slot and two: calibrated on a light load, then nearly full and overloaded.
- The recorded runs of a real Ollama, where CASCADE_SHARED (or ``../shared``) holds them: each calibrates in turn, all
  others are predicted.
  A machine that others use changes its pace between two runs; ``pace`` tells by how much (1.1: a tenth slower than
  when calibrated), and a prediction that met another pace says nothing of the model, for or against.
- How long the plan of the shipped promo day takes to compute. Its shares are examples; nothing of them is reported.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.harness import ROOT, write
from benchmarks.load import due, record, small_model
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

RECORDED = Path(os.environ.get("CASCADE_SHARED") or ROOT.parent / "shared") / "ollama" / "load"
SLOTS = {"np1_a": 1, "np1_burst": 1, "np1_c": 1, "np4_a": 4, "np4_c": 4}
LOADS = {"light": 0.4, "nearly full": 0.8, "overload": 1.6}  # of the capacity that the light run showed
SECONDS = 40.0
SAME_PACE = 0.1
PROBE_RATE = 1.0
SHARES = {"rules": 0.7, "classifier": 0.25}


def run(*, out: Path, rounds: int) -> int:
    """Measure, print, write the JSON; 1 when a mean or a 99th percentile at an equal pace was off by over a fifth."""
    rows = [row for _ in range(rounds) for slots in (1, 2) for row in _live(slots)]
    rows += list(_recorded()) if RECORDED.is_dir() else []
    seconds = _plan_seconds()
    path = write(out, "plan", {"comparisons": rows, "promo_day_seconds": seconds})
    for row in rows:
        errors = "  ".join(f"{name[:-2]} {value:+.0%}" for name, value in row["errors"].items())
        head = f"{row['calibrated_on']:18} -> {row['predicted']:22} {row['slots']} slot(s)"
        print(f"{head}  pace {row['pace']:.2f}  {errors}")
    steady = [row for row in rows if abs(row["pace"] - 1) <= SAME_PACE]
    within = [all(abs(row["errors"][name]) <= 0.2 for name in ("mean_s", "p99_s")) for row in steady]
    print(f"\n{sum(within)} of {len(steady)} within a fifth, {len(rows) - len(steady)} met another pace")
    print(f"the promo day takes {seconds:.1f} s to plan\n{path}")
    return 0 if all(within) else 1


def _live(slots: int) -> Iterator[dict[str, Any]]:
    with small_model(slots) as url:
        probe = calibrate(_load(url, PROBE_RATE, seed=1), slots=slots)
        capacity = probe.server.capacity_per_s
        runs = {
            name: _load(url, share * capacity, seed=number)
            for number, (name, share) in enumerate(LOADS.items(), start=2)
        }
    found = calibrate(runs["light"], slots=slots)
    for name in LOADS:
        yield _row(f"small, {slots}, light", f"small, {slots}, {name}", slots, found, runs[name])


def _load(url: str, rate: float, seed: int) -> RecordedRun:
    lines = asyncio.run(record(url, "small", due(rate, SECONDS, seed), seed))
    return RecordedRun.of([Served.model_validate(line) for line in lines])


def _recorded() -> Iterator[dict[str, Any]]:
    runs = {name: read_run(RECORDED / f"{name}.jsonl") for name in SLOTS}
    for one, slots in SLOTS.items():
        found = calibrate(runs[one], slots=slots)
        for other, other_slots in SLOTS.items():
            if other != one:
                yield _row(one, other, other_slots, found, runs[other])


def _row(one: str, other: str, slots: int, found: Any, measured: RecordedRun) -> dict[str, Any]:
    came = compare(found, measured, slots=slots)
    return {
        "calibrated_on": one,
        "predicted": other,
        "slots": slots,
        "pace": found.with_slots(slots).capacity_per_s
        / calibrate(measured, slots=slots).server.capacity_per_s,
        "figures": {"predicted": asdict(came.predicted), "measured": asdict(came.measured)},
        "errors": asdict(came.errors),
    }


def _plan_seconds() -> float:
    scenario, folder = read_scenario()
    started = time.process_time()
    for named in scenario.campaigns(folder):
        plan(named.campaign, Mix.from_shares(SHARES))
    return time.process_time() - started
