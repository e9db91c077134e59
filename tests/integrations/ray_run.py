"""A local Ray cluster in a process of its own (Ray leaves threads and children that outlive ``ray.shutdown``).

python -m integrations.ray_run FOLDER    prints one JSON object of what the cluster and one process made of it
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import ray

from cascade import Ledger
from cascade.errors import ConfigurationError
from cascade.integrations.ray import Loading, classified, ledger_of
from integrations.ray_kit import FATAL, SAID, Mortal

TESTS = Path(__file__).parent.parent
ROWS, FATAL_ROW = 400, 211


def killed(folder: Path) -> dict[str, Any]:
    """Rows of a run in which a worker was killed, and of one process over the same utterances."""
    many: list[dict[str, Any]] = [{"id": number, "text": SAID[number % len(SAID)]} for number in range(ROWS)]
    many[FATAL_ROW]["text"] = FATAL
    tombstone = folder / "killed"
    dataset = ray.data.from_items(many, override_num_blocks=6)
    done = classified(dataset, Mortal(tombstone), workers=2, batch_rows=50, campaign="t").materialize()
    single = Ledger(campaign="t")
    with Mortal()() as alone:
        results = alone.classify_many([row["text"] for row in many])
    for result in results:
        single(result)
    return {
        "killed": tombstone.exists(),
        "rows": [
            (row["id"], row["status"], row["tier"], row["intent"])
            for row in sorted(done.take_all(), key=lambda row: row["id"])
        ],
        "single_rows": [
            (number, result.status, result.tier, result.intent) for number, result in enumerate(results)
        ],
        "ledger": told(ledger_of(done)),
        "single_ledger": told(single),
    }


def told(ledger: Ledger) -> dict[str, Any]:
    """All of a ledger but how long things took, which is what the cores' money goes by."""
    snapshot = ledger.snapshot()
    return {
        "requests": snapshot.requests,
        "statuses": dict(sorted(snapshot.statuses.items())),
        "models": [[str(name), turns] for name, turns in snapshot.models.items()],
        "money": snapshot.charge("llm", "list").to_dict(),
        "tiers": {
            name: [tier.answered, tier.escalated, tier.fallback, tier.asked, *tier.told_tokens]
            for name, tier in sorted(snapshot.tiers.items())
        },
        "intents": sorted([str(name), part.requests] for name, part in snapshot.by("intent").items()),
        "campaigns": [[str(name), part.requests] for name, part in snapshot.by("campaign").items()],
    }


def written(folder: Path) -> list[dict[str, Any]]:
    """Answers of the bundle that ships, by way of Parquet."""
    source = ray.data.from_items([{"id": 1, "text": "来两杯少糖去冰的珍珠奶茶"}, {"id": 2, "text": None}])
    classified(source, Loading(), workers=1).write_parquet(str(folder / "answers"))
    return sorted(ray.data.read_parquet(str(folder / "answers")).take_all(), key=lambda row: row["id"])


def refused() -> list[str]:
    """What is said of datasets that do not fit, before anything runs."""
    said = []
    for row, workers in (
        ({"said": "来一杯"}, 1),
        ({"text": "来一杯", "tier": "x", "costs": "y"}, 1),
        ({"text": "来一杯"}, 0),
    ):
        try:
            classified(ray.data.from_items([row]), Loading(), workers=workers)
        except ConfigurationError as error:
            said.append(str(error))
    return said


def main() -> None:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing leaves the machine
    path = f"{TESTS.parent}{os.pathsep}{TESTS}"
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        runtime_env={"env_vars": {"PYTHONPATH": path}},
    )
    ray.data.DataContext.get_current().enable_progress_bars = False
    folder = Path(sys.argv[1])
    found = {"killed": killed(folder), "written": written(folder), "refused": refused()}
    (folder / "found.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
