"""What earlier runs of the contest measured, to which a run adds."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from benchmarks.sets import Sets

Named = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OnSet:
    """What was measured on the rows of one set."""

    systems: Named = field(default_factory=dict)
    learning: Mapping[str, Named] = field(default_factory=dict)

    def learning_with(self, new: Mapping[str, Named]) -> Named:
        """The curves with the points of a new run; a point with fewer draws than there are does not count as newer."""
        curves = {name: dict(points) for name, points in self.learning.items()}
        for name, points in new.items():
            curve = curves.setdefault(name, {})
            for shots, point in points.items():
                if len(point["seeds"]) >= len(curve.get(shots, {"seeds": ()})["seeds"]):
                    curve[shots] = point
            curves[name] = {shots: curve[shots] for shots in sorted(curve, key=int)}
        return curves


@dataclass(frozen=True, slots=True)
class Earlier:
    """A result file as it stands; empty where there is none."""

    sets: Named
    failed: Mapping[str, str]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Every entry with the commit and time of its measurement: its own, or those of the file."""
        if not path.is_file():
            return cls({}, {})
        held = json.loads(path.read_text(encoding="utf-8"))
        whole = {"commit": held["commit"], "date": held["date"]}
        for one in held["sets"].values():
            points = (point for curve in one["learning"].values() for point in curve.values())
            for entry in (*one["systems"].values(), *points):
                entry.setdefault("measured", whole)
        return cls(held["sets"], held["failed"])

    def on(self, sets: Sets) -> OnSet:
        """What was measured on these very rows: nothing, where they are others by now."""
        one = self.sets.get(sets.name)
        if one is None or one.get("rows") != sets.fingerprint:
            return OnSet()
        return OnSet(one["systems"], one["learning"])

    def failed_but(self, sets: Collection[str], systems: Collection[str]) -> dict[str, str]:
        """Failures of what is not run anew: of other sets or other systems."""
        return {
            name: why
            for name, why in self.failed.items()
            for of_set, system, *_ in [name.split("/")]
            if of_set not in sets or system not in systems
        }
