"""``python -m benchmarks NAME [options]``: run one benchmark and write its JSON under ``benchmarks/results/``.

``all`` runs every one that the report needs, ``report`` makes one HTML file and ``RESULTS.md`` of the JSON,
``peers`` makes the environment of other people's systems.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.options import Options

PLAIN = ("headline", "latency", "ledger", "observe", "overload", "plan", "retrain", "serve")
"""Benchmarks that are told where to write and how often to run."""
REPORTED = ("accuracy", "rivals", "orders", "thresholds", "cost", "robustness", "promo")
NAMES = (*PLAIN, *REPORTED)
ALL = ("latency", *REPORTED)
OTHER = ("all", "report", "peers")


def main(argv: list[str] | None = None) -> int:
    """Run what is named on the command line; returns its exit code."""
    given = _parser().parse_args(argv)
    options = Options(
        out=given.out,
        rounds=given.rounds,
        data=given.data,
        encoder=given.encoder,
        peers=given.peers,
        sets=tuple(given.sets or ()),
        systems=tuple(given.systems or ()),
        shots=not given.no_shots,
        labels=tuple(given.labels or ()),
        kept=given.kept,
        seconds=given.seconds,
    )
    if given.name == "peers":
        from benchmarks import peers

        print(peers.install(given.peers or peers.HOME))
        return 0
    if given.name == "report":
        from benchmarks.report import write_report

        for path in write_report(options.out, given.html, given.markdown):
            print(path)
        return 0
    return max(_run(name, options) for name in (ALL if given.name == "all" else (given.name,)))


def _run(name: str, options: Options) -> int:
    benchmark = import_module(f"benchmarks.bench_{name}")
    if name in PLAIN:
        code: int = benchmark.run(out=options.out, rounds=options.rounds)
        return code
    told: int = benchmark.run(options)
    return told


def _parser() -> argparse.ArgumentParser:
    defaults = Options()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=(*NAMES, *OTHER))
    parser.add_argument("--out", type=Path, default=defaults.out, help="folder of the JSON results")
    parser.add_argument(
        "--rounds", type=int, default=defaults.rounds, help="subprocesses a system; the median round counts"
    )
    parser.add_argument("--data", type=Path, default=defaults.data, help="folder of the public sets")
    parser.add_argument(
        "--encoder", type=Path, default=defaults.encoder, help="folder of the Chinese sentence encoder"
    )
    parser.add_argument("--peers", type=Path, help="environment of other people's systems")
    parser.add_argument("--sets", nargs="+", help="accuracy: these sets only")
    parser.add_argument("--systems", nargs="+", help="accuracy: these systems only")
    parser.add_argument("--no-shots", action="store_true", help="accuracy: no learning curves")
    parser.add_argument(
        "--labels", type=int, nargs="+", help="accuracy: curves at so many labels an intent only"
    )
    parser.add_argument(
        "--seconds", type=float, default=defaults.seconds, help="promo: length of each replay"
    )
    parser.add_argument("--kept", action="store_true", help="accuracy: of scores kept from earlier runs only")
    parser.add_argument("--html", type=Path, default=Path("benchmarks/results/report.html"))
    parser.add_argument("--markdown", type=Path, default=Path("RESULTS.md"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
