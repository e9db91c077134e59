"""Who understands most, who knows when it does not, and how much does each learn from few labels?

Every system gets the same rows and the same sentence encoder, chooses what its documentation lets it choose on
dev alone, and scores the test rows once; the figures are made from the scores here, in one place for all. Full
train sets, and 5, 20 and 100 labels an intent, drawn by seed, few labels more than once.

A run adds to the result that is there: what another run measured on the same rows stays, with the commit and the
time of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, Final, Literal

import numpy as np

from benchmarks import peers
from benchmarks.contest import SYSTEMS, Arena, Entry, NotKept, SystemFailed, arena
from benchmarks.earlier import Earlier
from benchmarks.figures import Answers, answers, summary
from benchmarks.harness import when, write
from benchmarks.options import Options
from benchmarks.sets import NAMES, Sets, load

SHOTS: Final[Mapping[int, tuple[int, ...]]] = {5: (1, 2), 20: (1, 2), 100: (1,)}
"""Labels an intent, and the seeds that they are drawn by: draws of many hardly differ."""
FEW_ONLY: Final = {"set_fit": (5, 20)}
"""Systems for few labels, and the shots that they are run with."""
NOT_ON_FEW: Final = frozenset({"cascade_transformer", "cascade_distilled", "cascade_shipped"})
TOLD: Final = ("fit_s", "tuned", "version", "package")


def run(options: Options) -> int:
    """Run the contest, print a table, write ``accuracy.json``; 1 when a system failed."""
    held = arena(options.peers, options.encoder, kept_only=options.kept)
    systems = options.systems or tuple(SYSTEMS)
    earlier = Earlier.read(options.out / "accuracy.json")
    failed: dict[str, str] = {}
    found = dict(earlier.sets)
    for name in options.sets or NAMES:
        sets = load(name, options.data)
        before = earlier.on(sets)
        labels = [shots for shots in options.labels or SHOTS if options.shots]
        learning = _learning(held, sets, systems, labels, failed)
        found[name] = {
            "rows": sets.fingerprint,
            "train": len(sets.train),
            "dev": len(sets.dev),
            "test": len(sets.test),
            "dropped": sets.dropped,
            "intents": len({intent for _, intent in sets.train}),
            "systems": before.systems | _full(held, sets, systems, failed),
            "learning": before.learning_with(learning),
        }
        _write(options.out, found, failed | earlier.failed_but(options.sets or NAMES, systems))
    for name, why in failed.items():
        print(f"FAILED {name}: {why}")
    return 1 if failed else 0


def _write(out: Path, found: Mapping[str, Any], failed: Mapping[str, str]) -> None:
    result = {
        "shots": tuple(SHOTS),
        "sets": {name: found[name] for name in NAMES if name in found},
        "titles": {name: system.title for name, system in SYSTEMS.items()},
        "asked": {name: system.sets for name, system in SYSTEMS.items()},
        "few_only": FEW_ONLY,
        "not_on_few": sorted(NOT_ON_FEW),
        "unavailable": peers.UNAVAILABLE,
        "failed": failed,
    }
    print(write(out, "accuracy", result))


def _full(held: Arena, sets: Sets, systems: Sequence[str], failed: dict[str, str]) -> dict[str, Any]:
    figures: dict[str, dict[str, Any]] = {}
    for name in systems:
        if name in FEW_ONLY or sets.name not in SYSTEMS[name].sets:
            continue
        try:
            entry = held.run(name, sets, label="full")
        except NotKept:
            continue
        except SystemFailed as error:
            failed[f"{sets.name}/{name}"] = str(error)
            continue
        told = entry.told
        figures[name] = {
            **{key: told[key] for key in TOLD if key in told},
            "measured": _stamp(told),
            **summary(judged(entry, sets), probability=told["probability"]),
        }
        shown = figures[name]
        print(
            f"{sets.name:14} {name:20} accuracy {shown['accuracy']:.4f}  AURC {shown['aurc']:.4f}", flush=True
        )
    return figures


def judged(entry: Entry, sets: Sets, part: Literal["dev", "test"] = "test") -> Answers:
    """A system's answers to the test rows, or to those of dev."""
    truth = [intent for _, intent in getattr(sets, part)]
    stated = getattr(entry, f"{part}_confidence")
    return answers(getattr(entry, part), entry.told["classes"], truth, sets.out_of_scope, stated)


def _learning(
    held: Arena, sets: Sets, systems: Sequence[str], labels: Sequence[int], failed: dict[str, str]
) -> dict[str, Any]:
    curves: dict[str, Any] = {}
    for name in systems:
        if name in NOT_ON_FEW:
            continue
        for shots in labels:
            if shots not in FEW_ONLY.get(name, SHOTS):
                continue
            try:
                point = _few(held, sets, name, shots)
            except SystemFailed as error:
                failed[f"{sets.name}/{name}/{shots}"] = str(error)
                continue
            if point is not None:
                curves.setdefault(name, {})[str(shots)] = point
                print(
                    f"{sets.name:14} {name:20} {shots:>4} labels: {point['accuracy']:.4f}"
                    f" of {len(point['seeds'])} draws",
                    flush=True,
                )
    return curves


def _few(held: Arena, sets: Sets, name: str, shots: int) -> dict[str, Any] | None:
    """The mean in-scope accuracy over the draws that there are; ``None`` where none was kept."""
    reached: list[float] = []
    told: dict[str, Any] = {}
    for seed in SHOTS[shots][:1] if name in FEW_ONLY else SHOTS[shots]:
        few = sets.shots(shots, seed)
        try:
            entry = held.run(name, few, label=f"{shots}-{seed}", seed=seed)
        except NotKept:
            break
        found = judged(entry, few)
        reached.append(float(np.mean(found.correct[found.in_scope])))
        told = entry.told
    if not reached:
        return None
    return {
        "accuracy": fmean(reached),
        "seeds": reached,
        "tuned": told["tuned"],
        "measured": _stamp(told),
    }


def _stamp(told: Mapping[str, Any]) -> dict[str, str]:
    """This commit, which has the source that made the scores, and when they were made."""
    now = when()
    return {"commit": now["commit"], "date": told.get("scored", now["date"])}
