"""What a benchmark is told on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """See ``python -m benchmarks --help``."""

    out: Path = Path("benchmarks/results")
    rounds: int = 5
    data: Path = Path("../shared/datasets")
    encoder: Path = Path("../shared/encoders/bge-small-zh-v1.5")
    peers: Path | None = None
    sets: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    shots: bool = True
    labels: tuple[int, ...] = ()
    kept: bool = False
    seconds: float = 60.0
