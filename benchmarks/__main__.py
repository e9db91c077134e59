"""``python -m benchmarks NAME [options]``: run one benchmark and write its JSON under ``benchmarks/results/``."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

NAMES = ("headline", "latency", "ledger", "observe", "overload", "plan", "retrain", "serve")


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark named on the command line; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument(
        "--out", type=Path, default=Path("benchmarks/results"), help="folder of the JSON results"
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="subprocesses a system; the median round counts"
    )
    given = parser.parse_args(argv)
    benchmark = import_module(f"benchmarks.bench_{given.name}")
    code: int = benchmark.run(out=given.out, rounds=given.rounds)
    return code


if __name__ == "__main__":
    sys.exit(main())
