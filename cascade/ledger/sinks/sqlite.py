"""Costs in a SQLite database: the table ``costs``, a row a turn. Several processes may write to one file."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from cascade.errors import ConfigurationError
from cascade.ledger.entry import SCHEMA_VERSION, Entry
from cascade.ledger.sinks.sink import Sink

_BUSY_S = 10.0
_TYPES = {"time_s": "REAL", **dict.fromkeys(("seq", "turn", "turns", "calls", "lost_calls"), "INTEGER")}
_COLUMNS = ", ".join(
    f"{name} {_TYPES.get(name, 'INTEGER' if name.endswith(('_ns', '_tokens')) else 'TEXT')}"
    for name in Entry._fields
)
_INSERT = f"INSERT INTO costs VALUES ({', '.join('?' * len(Entry._fields))})"  # noqa: S608 - question marks only


class SqliteSink(Sink):
    """Keeps costs in the SQLite file at ``path``, made when it is not there."""

    def __init__(self, path: str | os.PathLike[str], **options: Any) -> None:
        """``options`` are those of :class:`~cascade.ledger.sinks.sink.Sink`."""
        super().__init__(lambda: _Database(Path(path)), **options)


class _Database:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        self.lost = 0
        _write_ahead(self._connection)
        run = self._connection.execute
        run("BEGIN IMMEDIATE")
        (version,) = run("PRAGMA user_version").fetchone()
        if version not in (0, SCHEMA_VERSION):
            self._connection.close()
            raise ConfigurationError(f"{path} holds costs of schema {version}, not {SCHEMA_VERSION}")
        run(f"CREATE TABLE IF NOT EXISTS costs ({_COLUMNS})")
        run(f"PRAGMA user_version = {SCHEMA_VERSION}")
        run("COMMIT")

    def append(self, rows: list[Entry]) -> None:
        """Write the rows in one transaction: all of them or none."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany(_INSERT, rows)
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Readers and the writers of other processes then wait for nobody but the next writer."""
    end = time.monotonic() + _BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError:  # another process is at it, and SQLite does not wait for that
            if time.monotonic() >= end:
                raise
            time.sleep(0.01)
    connection.execute("PRAGMA synchronous = NORMAL")
