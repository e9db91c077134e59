"""What every benchmark shares: a subprocess a system, timing in the subprocess, and stamped JSON."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PACKAGES = ("intent-cascade", "onnxruntime", "numpy", "pydantic", "google-re2", "ahocorasick-rs")


def time_calls(call: Callable[[], object], *, batches: int = 200, seconds: float = 1.0) -> dict[str, float]:
    """Microseconds a call: median and 99th percentile over batches sized to last about ``seconds`` in all."""
    for _ in range(50):
        call()
    started = time.perf_counter()
    call()
    once = max(time.perf_counter() - started, 1e-7)
    size = max(1, int(seconds / batches / once))
    samples = []
    for _ in range(batches):
        started = time.perf_counter()
        for _ in range(size):
            call()
        samples.append((time.perf_counter() - started) / size * 1e6)
    samples.sort()
    return {
        "median_us": statistics.median(samples),
        "p99_us": samples[int(len(samples) * 0.99)],
        "calls": float(size * batches),
    }


def in_subprocess(module: str, system: str) -> dict[str, Any]:
    """Run one system of a benchmark module in a fresh interpreter; it prints one JSON object."""
    done = subprocess.run(
        [sys.executable, "-m", module, system],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{module} {system} failed:\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def rounds_of(module: str, systems: Sequence[str], rounds: int) -> dict[str, dict[str, Any]]:
    """Every system once a round, in turn, so that noise of the machine meets them alike; medians over the rounds."""
    seen: dict[str, list[dict[str, Any]]] = {system: [] for system in systems}
    for _ in range(rounds):
        for system in systems:
            seen[system].append(in_subprocess(module, system))
    return {system: _median(results) for system, results in seen.items()}


def _median(results: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        key: statistics.median(result[key] for result in results) if isinstance(value, float) else value
        for key, value in results[0].items()
    }


def when() -> dict[str, str]:
    """Commit and time of a measurement."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    return {"commit": commit, "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def stamp() -> dict[str, Any]:
    """Where and when a run was made: commit, machine, versions."""
    return {
        **when(),
        "machine": {"cores": os.cpu_count(), "processor": _processor(), "system": platform.platform()},
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def write(out: Path, name: str, result: Mapping[str, Any]) -> Path:
    """Write a stamped result as ``out/name.json``."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.json"
    path.write_text(json.dumps({**stamp(), **result}, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return path
