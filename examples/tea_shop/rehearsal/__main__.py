"""``python -m examples.tea_shop.rehearsal``: run a promo day in small and print its account."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from examples.tea_shop.rehearsal.day import Plan, rehearse


def main() -> int:
    """Rehearse; 0 when the account is clean."""
    usual = Plan()
    parser = argparse.ArgumentParser(prog="python -m examples.tea_shop.rehearsal", description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default=usual.database)
    parser.add_argument("--customers", type=int, default=usual.customers)
    parser.add_argument("--rate", type=float, default=usual.rate, help="customers a second")
    parser.add_argument("--processes", type=int, default=usual.processes)
    parser.add_argument("--kills", type=int, default=usual.kills, help="SIGKILLs of app processes")
    parser.add_argument(
        "--restarts", type=int, default=usual.restarts, help="of PostgreSQL, every other one a crash"
    )
    parser.add_argument(
        "--faults", type=float, default=usual.faults, help="share of remote calls that go wrong"
    )
    parser.add_argument("--seed", type=int, default=usual.seed)
    plan = Plan(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory(prefix="tea-shop-") as folder:
        Path(folder).chmod(0o755)  # the database's user must reach its own folder in here
        day = rehearse(plan, Path(folder))
    print(day.told())
    return 1 if day.findings.problems or day.findings.pending else 0


if __name__ == "__main__":
    sys.exit(main())
