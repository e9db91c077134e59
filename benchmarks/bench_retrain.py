"""How long does it take from 100,000 new log lines to a promoted bundle, step by step?

The log is made up (``training.retraining.simulate``) by the bundle that ships, its queue is answered by people who know
the truth at once, and the challenger goes on from the student of the bundle that ships, as a recipe's ``[go_on]`` does
by default. The gates are open: a made-up log says nothing about which model is better. Only times are measured here.
The time that people take to label is not in them.
"""

from __future__ import annotations

import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.harness import ROOT, write
from cascade.bundle import Bundle
from training.annotation import read_all
from training.recipe import GoingOn, Recipe
from training.retraining import retrain, simulate
from training.retraining.compare import Gates
from training.retraining.mine import Shop, mine
from training.retraining.recipe import RetrainRecipe
from training.retraining.registry import Registry

ROWS = 100_000
LIMIT_S = 30 * 60.0
START = 1_770_343_200.0  # 6 February 2026, 10:00 in China
TRAINING = ROOT / "training" / "recipes" / "tiny.toml"
OPEN = Gates(
    utterances=1,
    order_error=1,
    acting_error=1,
    coverage=1,
    calibration_error=1,
    broken_pairs=10**6,
    latency_ratio=10**6,
    model_bytes=10**9,
)


def measure(home: Path, training: Path, rows: int, console: Console) -> dict[str, Any]:
    """Simulate ``rows`` decisions under ``home`` and take them to a promoted version; seconds by step."""
    bundle = Bundle.open()
    source = ROOT / Recipe.read(training, ROOT).sets.train
    examples = read_all(sorted(source.glob("*.tsv")), bundle.intents, source)
    started = time.perf_counter()
    truth = simulate.simulate(bundle, examples, home / "logs", simulate.Day(rows=rows, start=START))
    simulated = time.perf_counter() - started
    recipe = RetrainRecipe(
        name="bench",
        training=training,
        logs=home / "logs",
        labels=home / "labels",
        registry=home / "registry",
        work=home / "work",
        gates=OPEN,
        go_on=GoingOn(),
        promote=True,
        root=ROOT,
    )
    shop = Shop.open(recipe, console)
    answered = simulate.answer(
        mine(shop).queue.folder / "queue.json",
        home / "labels" / "human" / "told.jsonl",
        truth,
        shop.pack.normalised,
    )
    if not retrain.retrain(shop):
        raise RuntimeError("the challenger was refused with every gate open")
    state = Registry(home / "registry").state()
    return {
        "rows": rows,
        "distinct": len(truth),
        "labels": answered,
        "promoted": state.current,
        "simulate_s": simulated,
        "steps_s": dict(shop.cache.seconds),
        "total_s": sum(
            seconds for name, seconds in shop.cache.seconds.items() if not name.startswith("challenger.")
        ),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def run(*, out: Path, rounds: int) -> int:
    """Measure once (``rounds`` is not used: a round takes as long as a training), write the JSON; 1 over the limit."""
    home = Path(tempfile.mkdtemp(prefix="bench-retrain-"))
    try:
        seen = measure(home, TRAINING, ROWS, Console())
    finally:
        shutil.rmtree(home, ignore_errors=True)
    path = write(out, "retrain", {**seen, "limit_s": LIMIT_S})
    for name, seconds in seen["steps_s"].items():
        print(f"{name:24} {seconds:8.1f} s")
    met = seen["total_s"] <= LIMIT_S
    print(
        f"{'ok  ' if met else 'MISS'} logs to promoted bundle: {seen['total_s']:.0f} s (at most {LIMIT_S:.0f})"
    )
    print(path)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(run(out=Path("benchmarks/results"), rounds=1))
