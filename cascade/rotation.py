"""Lines in files that are rotated and never renamed.

Several processes may write to one folder: every file belongs to one of them, and its name begins with the time it was
opened, so that sorting by name is sorting by time.
"""

from __future__ import annotations

import itertools
import logging
import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Generic, Literal

from cascade.background import ItemT
from cascade.errors import ConfigurationError

logger = logging.getLogger("cascade")

Fsync = Literal["never", "close", "batch"]


@dataclass(frozen=True, slots=True)
class Rotation:
    """When a file is closed and the next one begun.

    ``max_bytes`` and ``max_age_s`` bound one file (the last 64 lines may go beyond the size); ``keep`` bounds how many
    files of this writer stay in the folder, the oldest go first, ``None`` keeps all.
    """

    max_bytes: int = 64 * 1024 * 1024
    max_age_s: float = 3600.0
    keep: int | None = None

    def __post_init__(self) -> None:
        if self.max_bytes <= 0 or self.max_age_s <= 0 or (self.keep is not None and self.keep < 1):
            raise ConfigurationError("a rotation needs sizes above zero")


class RotatedFiles(Generic[ItemT]):
    """The files of one writer in one process: a store of lines, see :class:`~cascade.background.Store`.

    ``encode`` turns an item into one line without its end; what it raises drops that item. ``name`` is the stem of the
    files, ``clock`` the wall clock in Unix seconds.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        encode: Callable[[ItemT], bytes],
        *,
        clock: Callable[[], float],
        rotation: Rotation,
        fsync: Fsync,
    ) -> None:
        self._folder = folder
        self._name = name
        self._encode = encode
        self._clock = clock
        self._rotation = rotation
        self._fsync = fsync
        self._file: FileIO | None = None
        self._file_bytes = 0
        self._file_opened = 0.0
        self._serials = itertools.count(1)
        self._own: deque[Path] = deque()

    lost = 0

    def write(self, items: Sequence[ItemT]) -> int:
        """Write the lines of the items; how many of them are whole in a file."""
        data = memoryview(b"".join(map(self._encoded, items)))
        done = 0
        try:
            file = self._file_for(self._clock())
            while done < len(data):
                done += file.write(data[done:])
            if self._fsync == "batch":
                os.fsync(file.fileno())
        except OSError as error:
            self._abandon_file(error)
        self._file_bytes += done
        return bytes(data[:done]).count(b"\n")

    def close(self) -> None:
        """Close the open file."""
        self._close_file()

    def _encoded(self, item: ItemT) -> bytes:
        try:
            return self._encode(item) + b"\n"
        except Exception:
            logger.exception("a line could not be made; it is dropped")
            return b""

    def _file_for(self, now: float) -> FileIO:
        """The open file, or the next one when it is full or old."""
        rotation = self._rotation
        if self._file is not None and (
            self._file_bytes >= rotation.max_bytes or now - self._file_opened >= rotation.max_age_s
        ):
            self._close_file()
        return self._file or self._open_file(now)

    def _open_file(self, now: float) -> FileIO:
        self._folder.mkdir(parents=True, exist_ok=True)
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now))
        while self._file is None:
            path = self._folder / f"{self._name}-{stamp}-{os.getpid()}-{next(self._serials):05d}.jsonl"
            try:
                self._file = FileIO(path, "xb")
            except FileExistsError:
                continue  # another writer of that name; numbers go on
        self._file_bytes, self._file_opened = 0, now
        self._own.append(path)
        keep = self._rotation.keep
        while keep is not None and len(self._own) > keep:
            self._own.popleft().unlink(missing_ok=True)
        return self._file

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        try:
            if self._fsync != "never":
                os.fsync(file.fileno())
            file.close()
        except OSError as error:
            logger.warning("closing a log file failed: %s", error)

    def _abandon_file(self, error: OSError) -> None:
        """A line may be torn: nothing is written behind it, the next batch begins a file of its own."""
        logger.warning("writing a log failed: %s", error)
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError:
                logger.debug("closing it failed as well")
