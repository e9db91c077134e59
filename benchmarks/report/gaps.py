"""What was not measured, listed as such."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.report.blocks import Items, Section

Result = Mapping[str, Any]


def unmeasured(accuracy: Result | None, absent: Mapping[str, str]) -> Section:
    """What a reader may expect here and does not find."""
    items = [
        "The full Qwen, or any large model: none was asked. Wherever its accuracy, tokens or speed enter, they are assumptions or published figures, and are named so.",
        "GPU hosts: hosts implied are arithmetic on published peaks.",
        "Orders of rivals: none of them gives an order, so order-level figures are ours alone.",
        "A real promo day: the mix of utterances is a stated assumption; the test's authors wrote it within days.",
        "Injections against a large model behind the cascade: what rules and classifier do was measured, what a model would do was not.",
    ]
    if accuracy is not None:
        items += [f"{name}: {why}" for name, why in accuracy["unavailable"].items()]
        items += [f"{name} failed in this run: {why}" for name, why in accuracy["failed"].items()]
        items += _full(accuracy)
        items += _few(accuracy)
    items += [f"{name}: not run; python -m benchmarks {name}" for name in absent]
    return Section("unmeasured", "What was not measured", "没有测的", (Items(tuple(items)),))


def _full(accuracy: Result) -> Iterator[str]:
    for key, title in accuracy["titles"].items():
        if key in accuracy["few_only"]:
            yield f"{title} on full train sets: not run, it is measured on few labels only"
            continue
        asked = [name for name in accuracy["sets"] if name in accuracy["asked"][key]]
        lacking = [name for name in asked if key not in accuracy["sets"][name]["systems"]]
        if lacking:
            yield f"{title} on the full train set of {', '.join(lacking)}: not run here"
        other = [name for name in accuracy["sets"] if name not in accuracy["asked"][key]]
        if other:
            yield f"{title} on {', '.join(other)}: there is no such bundle"


def _few(accuracy: Result) -> Iterator[str]:
    for key, title in accuracy["titles"].items():
        if key in accuracy["not_on_few"]:
            continue
        by_sets: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
        for shots in map(str, accuracy["few_only"].get(key, accuracy["shots"])):
            lacking = tuple(
                name
                for name, one in accuracy["sets"].items()
                if shots not in one["learning"].get(key, {})
                and f"{name}/{key}/{shots}" not in accuracy["failed"]
            )
            by_sets[lacking].append(shots)
        for lacking, labels in by_sets.items():
            if lacking:
                yield f"{title} at {', '.join(labels)} labels an intent on {', '.join(lacking)}: not run here"
