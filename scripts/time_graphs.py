"""Median time of the bare graphs of bundles, one thread, in turn in one process.

python -m scripts.time_graphs BUNDLE...
"""

from __future__ import annotations

import statistics
import sys
from functools import partial
from pathlib import Path
from typing import Any

import onnxruntime

from benchmarks.bench_latency import UNSEEN
from benchmarks.harness import time_calls
from cascade.bundle import Bundle
from cascade.features import Vocabulary

ROUNDS = 9


def session(bundle: Bundle) -> tuple[Any, dict[str, Any]]:
    """A bundle's graph and its ready input: a sentence of 17 characters that no rule knows."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    graph = onnxruntime.InferenceSession(str(bundle.file("model.onnx")), options)
    vocabulary = Vocabulary.parse(bundle.file("vocab.txt").read_text(encoding="utf-8"))
    return graph, {"ids": vocabulary.batch(UNSEEN)}


def medians(folders: list[Path]) -> dict[Path, float]:
    """Microseconds a call: the median of the rounds' medians."""
    graphs = {folder: session(Bundle.open(folder)) for folder in folders}
    seen: dict[Path, list[float]] = {folder: [] for folder in folders}
    for _ in range(ROUNDS):
        for folder, (graph, feed) in graphs.items():
            seen[folder].append(time_calls(partial(graph.run, None, feed), batches=100)["median_us"])
    return {folder: statistics.median(times) for folder, times in seen.items()}


if __name__ == "__main__":
    for name, microseconds in medians([Path(given) for given in sys.argv[1:]]).items():
        print(f"{name}: {microseconds / 1000:.2f} ms")
