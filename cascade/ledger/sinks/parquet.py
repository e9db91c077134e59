"""Costs as Parquet files, for tools that read columns. Needs the ``parquet`` extra.

A Parquet file can be read once it is whole: rows gather under ``.costs-*.parquet.part``, which gets its name when it is
closed, after ``rows_per_file`` rows or ``max_age_s`` seconds. A process that dies loses the file it was at.
"""

from __future__ import annotations

import itertools
import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from cascade.errors import ConfigurationError, MissingExtra
from cascade.ledger.entry import SCHEMA_VERSION, STEM, Entry, requests
from cascade.ledger.sinks.sink import Sink

logger = logging.getLogger("cascade")

SCHEMA_KEY = b"cascade_costs"
_ROWS_A_GROUP = 8192
_REPEATED = (
    "run",
    "purpose",
    "campaign",
    "rung",
    "intent",
    "status",
    "answered_by",
    "tier",
    "verdict",
    "model",
)


class ParquetSink(Sink):
    """Keeps costs as ``costs-*.parquet`` in ``folder``.

    Raises :class:`~cascade.errors.MissingExtra` when pyarrow is not installed.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        rows_per_file: int = 500_000,
        max_age_s: float = 3600.0,
        clock: Callable[[], float] = time.time,
        **options: Any,
    ) -> None:
        """``options`` are those of :class:`~cascade.ledger.sinks.sink.Sink`."""
        if rows_per_file < 1 or max_age_s <= 0:
            raise ConfigurationError("a Parquet file needs sizes above zero")
        arrow()
        super().__init__(
            lambda: _Folder(Path(folder), rows_per_file, max_age_s, clock), clock=clock, **options
        )


class _Folder:
    def __init__(
        self, folder: Path, rows_per_file: int, max_age_s: float, clock: Callable[[], float]
    ) -> None:
        self._folder = folder
        self._rows_per_file = rows_per_file
        self._max_age_s = max_age_s
        self._clock = clock
        self._serials = itertools.count(1)
        self._gathered: list[Entry] = []
        self._writer: Any = None
        self._part = folder
        self._rows = 0
        self._opened_s = 0.0
        self._open = 0
        """Requests in the file that is not whole yet, and gathered for it."""
        self.lost = 0

    def append(self, rows: list[Entry]) -> None:
        """Take in rows; they are written by the thousand."""
        self._gathered += rows
        self._open += requests(rows)
        try:
            if len(self._gathered) >= _ROWS_A_GROUP:
                self._write()
            age_s = self._clock() - self._opened_s
            if self._writer is not None and (self._rows >= self._rows_per_file or age_s >= self._max_age_s):
                self._finish()
        except Exception:
            logger.exception("a Parquet file cannot be written; %d requests are lost", self._open)
            self._abandon()

    def close(self) -> None:
        """Make the file whole."""
        try:
            self._finish()
        except Exception:
            logger.exception("a Parquet file cannot be closed; %d requests are lost", self._open)
            self._abandon()

    def _write(self) -> None:
        if not self._gathered:
            return
        pyarrow, _ = arrow()
        schema = _schema(pyarrow)
        if self._writer is None:
            self._begin(schema)
        columns = zip(*self._gathered, strict=True)
        arrays = [pyarrow.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
        self._writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
        self._rows += len(self._gathered)
        self._gathered = []

    def _begin(self, schema: Any) -> None:
        _, parquet = arrow()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._opened_s = self._clock()
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(self._opened_s))
        name = f"{STEM}-{stamp}-{self._gathered[0].run}-{next(self._serials):05d}.parquet"
        self._part = self._folder / f".{name}.part"
        self._writer = parquet.ParquetWriter(
            self._part, schema, use_dictionary=list(_REPEATED), compression="zstd"
        )

    def _finish(self) -> None:
        self._write()
        if self._writer is not None:
            self._writer.close()
            self._part.rename(self._part.with_name(self._part.name.removeprefix(".").removesuffix(".part")))
        self._writer, self._rows, self._open = None, 0, 0

    def _abandon(self) -> None:
        """Begin anew: what is in the file that failed cannot be read."""
        self.lost += self._open
        writer, self._writer = self._writer, None
        self._gathered, self._rows, self._open = [], 0, 0
        with suppress(Exception):
            if writer is not None:
                writer.close()
            self._part.unlink()


def arrow() -> tuple[Any, Any]:
    """The packages ``pyarrow`` and ``pyarrow.parquet``. Raises :class:`~cascade.errors.MissingExtra`."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtra("pyarrow", "parquet") from None
    return pyarrow, pyarrow.parquet


def _schema(pyarrow: Any) -> Any:
    def kind(name: str) -> Any:
        if name == "time_s":
            return pyarrow.float64()
        if name in _REPEATED:
            return pyarrow.string()
        return pyarrow.int64()

    fields = [pyarrow.field(name, kind(name)) for name in Entry._fields]
    return pyarrow.schema(fields, {SCHEMA_KEY: str(SCHEMA_VERSION).encode()})
