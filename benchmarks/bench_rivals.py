"""How long do others take for one utterance, and in batches, on the same cores in the same run?

Each system learns 20 labels an intent of one public set (what it takes to answer does not hang on more, but for
those that compare with every example: their figure is kind to them), then answers test texts one at a time and
in batches.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from benchmarks.contest import SYSTEMS, SystemFailed, arena
from benchmarks.harness import write
from benchmarks.options import Options
from benchmarks.sets import load

SET: Final = "massive_zh_cn"
SHOTS: Final = 20
NOT_TIMED: Final = frozenset({"cascade_transformer", "cascade_distilled", "cascade_shipped", "set_fit"})
"""The first three are timed by ``latency``; the last is the encoder and its head, like ``frozen_lr``."""
TOLD: Final = ("single_median_us", "single_p99_us", "batch_us", "version", "package")


def run(options: Options) -> int:
    """Time every system; write ``rivals.json``; 1 when one failed."""
    held = arena(options.peers, options.encoder)
    sets = load(SET, options.data).shots(SHOTS, 1)
    sets = replace(sets, dev=sets.dev[:200], test=sets.test[:600])
    found: dict[str, Any] = {}
    failed: dict[str, str] = {}
    for name in options.systems or tuple(SYSTEMS):
        if name in NOT_TIMED:
            continue
        try:
            told = held.run(name, sets, label="timed", again=True, timed=True).told
        except SystemFailed as error:
            failed[name] = str(error)
            continue
        found[name] = {key: told[key] for key in TOLD if key in told}
        print(
            f"{name:16} {told['single_median_us']:9.1f} us"
            f"  p99 {told['single_p99_us']:9.1f}  batch {told['batch_us']:9.1f}"
        )
    titles = {name: SYSTEMS[name].title for name in found}
    print(
        write(
            options.out,
            "rivals",
            {"set": SET, "shots": SHOTS, "systems": found, "titles": titles, "failed": failed},
        )
    )
    return 1 if failed else 0
