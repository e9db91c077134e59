"""Lines to files in the background: the thread of :mod:`cascade.background`, the files of :mod:`cascade.rotation`."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from cascade.background import Background, ItemT
from cascade.rotation import Fsync, RotatedFiles, Rotation


class LineWriter(Background[ItemT]):
    """Encodes items to lines and writes them in a thread of its own, started with the first item.

    ``encode`` turns an item into one line without its end; it runs in the writer's thread and what it raises drops
    that item. ``name`` is the stem of the files. ``fsync`` says when the disk itself is waited for: after every
    ``batch``, when a file is ``close``d, or ``never``; whatever it says, lines are handed to the operating system at
    most ``flush_interval_s`` after they came, so that only a crash of the machine can lose them after that.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        name: str,
        encode: Callable[[ItemT], bytes],
        *,
        clock: Callable[[], float],
        max_queued: int = 10_000,
        flush_interval_s: float = 0.2,
        rotation: Rotation | None = None,
        fsync: Fsync = "close",
    ) -> None:
        files = partial(
            RotatedFiles[ItemT],
            Path(folder),
            name,
            encode,
            clock=clock,
            rotation=rotation or Rotation(),
            fsync=fsync,
        )
        super().__init__(name, files, max_queued=max_queued, flush_interval_s=flush_interval_s)
