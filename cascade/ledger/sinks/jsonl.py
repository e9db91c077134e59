"""Costs as lines of JSON: ``costs-*.jsonl`` in a folder, a row a line, what is at its default left out."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cascade.ledger.entry import SCHEMA_VERSION, STEM, Entry, requests
from cascade.ledger.sinks.sink import Sink
from cascade.rotation import Fsync, RotatedFiles, Rotation

_NAMES = Entry._fields
_DEFAULTS = tuple(Entry._field_defaults.get(name, ...) for name in _NAMES)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # json.dumps makes one a call


class JsonlSink(Sink):
    """Keeps costs as lines of JSON in ``folder``; ``rotation`` and ``fsync`` as for the decision log."""

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        rotation: Rotation | None = None,
        fsync: Fsync = "close",
        clock: Callable[[], float] = time.time,
        **options: Any,
    ) -> None:
        """``options`` are those of :class:`~cascade.ledger.sinks.sink.Sink`."""
        super().__init__(
            lambda: _Lines(Path(folder), rotation or Rotation(), fsync, clock), clock=clock, **options
        )


class _Lines:
    def __init__(self, folder: Path, rotation: Rotation, fsync: Fsync, clock: Callable[[], float]) -> None:
        self.lost = 0
        self._files: RotatedFiles[Entry] = RotatedFiles(
            folder, STEM, line, clock=clock, rotation=rotation, fsync=fsync
        )

    def append(self, rows: list[Entry]) -> None:
        """Write the lines. A request whose lines are not all there is lost; readers pass it over."""
        self.lost += requests(rows[self._files.write(rows) :])

    def close(self) -> None:
        self._files.close()


def line(row: Entry) -> bytes:
    """One line without its end. What is not valid Unicode is replaced."""
    said: dict[str, Any] = {"v": SCHEMA_VERSION}
    for name, value, default in zip(_NAMES, row, _DEFAULTS, strict=True):
        if value != default:
            said[name] = value
    return _encode(said).encode("utf-8", "replace")
