"""The costs that sinks kept, read back: any kind of file, several processes at once, one request at a time."""

from __future__ import annotations

import itertools
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from operator import attrgetter
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from cascade.errors import ConfigurationError
from cascade.ledger.entry import DROPPED, END, SCHEMA_VERSION, STEM, Entry, Kept, kept
from cascade.ledger.sinks.parquet import SCHEMA_KEY, arrow

MAX_LINE_BYTES = 1 << 20
MAX_PROBLEMS = 100
_ROWS = 8192

_FIELDS: dict[str, Any] = {
    name: (kind, Entry._field_defaults.get(name, ...)) for name, kind in get_type_hints(Entry).items()
}
_Line: type[BaseModel] = create_model("Line", __config__=ConfigDict(extra="ignore"), v=(int, ...), **_FIELDS)


class CostReader:
    """The requests of some files, in the order of the files. Can be iterated more than once.

    After an iteration :attr:`dropped` is how many requests the sinks had to drop, :attr:`unended` the runs that did not
    end in order (what they had not written is not known), and :attr:`problems` what could not be read.
    """

    def __init__(self, files: tuple[Path, ...]) -> None:
        self.files = files
        self._begin()

    def _begin(self) -> None:
        self.dropped = 0
        self.skipped = 0
        """Rows that could not be read."""
        self.problems: list[str] = []
        self._runs: dict[str, bool] = {}

    @property
    def runs(self) -> tuple[str, ...]:
        """The runs that were read: a sink in a process each."""
        return tuple(self._runs)

    @property
    def unended(self) -> tuple[str, ...]:
        """The runs that told no end."""
        return tuple(run for run, ended in self._runs.items() if not ended)

    def __iter__(self) -> Iterator[Kept]:
        self._begin()
        for path in self.files:
            rows = self._rows(path)
            for _, request in itertools.groupby(rows, attrgetter("run", "seq")):
                yield from self._request(list(request))

    def _request(self, rows: list[Entry]) -> Iterator[Kept]:
        first = rows[0]
        self._runs.setdefault(first.run, False)
        if first.purpose == END:
            self._runs[first.run] = True
        elif first.purpose == DROPPED:
            self.dropped += first.turns
        elif len(rows) < first.turns and first.turn:
            self.skipped += len(rows)  # the rest was torn off
        else:
            yield kept(rows)

    def _rows(self, path: Path) -> Iterator[Entry]:
        try:
            with path.open("rb") as stream:
                start = stream.read(16)
            read = _kind(start)
            if read is None:
                yield from self._lines(path)
            else:
                yield from read(path)
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(f"cannot read the costs in {path}: {error}") from error

    def _lines(self, path: Path) -> Iterator[Entry]:
        with path.open("rb") as stream:
            for number in itertools.count(1):
                text = stream.readline(MAX_LINE_BYTES)
                if not text:
                    return
                try:
                    row = _Line.model_validate_json(text)
                except ValidationError as error:
                    self._skip(path, number, text, error)
                    continue
                values = row.__dict__
                if values["v"] != SCHEMA_VERSION:
                    raise ConfigurationError(f"{path} holds costs of schema {values['v']}")
                yield Entry(*(values[name] for name in Entry._fields))

    def _skip(self, path: Path, number: int, text: bytes, error: ValidationError) -> None:
        self.skipped += 1
        if len(self.problems) < MAX_PROBLEMS:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            why = f"{where}: {first['msg']}" if text.endswith(b"\n") else "torn: the line has no end"
            self.problems.append(f"{path}:{number}: {why}")


def read_costs(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> CostReader:
    """Read what sinks kept: files (JSONL, SQLite, Parquet), or folders of ``costs-*``.

    A file that is named twice is read once. Raises :class:`~cascade.errors.ConfigurationError` when one is not there,
    and, on iteration, when it is no file of costs.
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    files: dict[Path, Path] = {}
    for path in map(Path, given):
        if path.is_dir():
            found = sorted(one for one in path.glob(f"{STEM}*") if _is_costs(one))
        elif path.is_file():
            found = [path]
        else:
            raise ConfigurationError(f"no costs at {path}")
        files |= {one.resolve(): one for one in found}
    return CostReader(tuple(files.values()))


def _is_costs(path: Path) -> bool:
    return path.suffix in (".jsonl", ".parquet", ".db", ".sqlite", ".sqlite3")


def _kind(start: bytes) -> Callable[[Path], Iterator[Entry]] | None:
    if start == b"SQLite format 3\0":
        return _from_sqlite
    return _from_parquet if start.startswith(b"PAR1") else None


def _from_sqlite(path: Path) -> Iterator[Entry]:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != SCHEMA_VERSION:
            raise ConfigurationError(f"{path} holds costs of schema {version}, not {SCHEMA_VERSION}")
        names = ", ".join(Entry._fields)
        yield from map(Entry._make, connection.execute(f"SELECT {names} FROM costs ORDER BY rowid"))  # noqa: S608


def _from_parquet(path: Path) -> Iterator[Entry]:
    pyarrow, parquet = arrow()
    try:
        with parquet.ParquetFile(path) as file:
            version = (file.schema_arrow.metadata or {}).get(SCHEMA_KEY)
            if version != str(SCHEMA_VERSION).encode():
                raise ConfigurationError(f"{path} is no file of costs of schema {SCHEMA_VERSION}")
            for batch in file.iter_batches(_ROWS, columns=list(Entry._fields)):
                columns: list[list[Any]] = [batch.column(name).to_pylist() for name in Entry._fields]
                yield from map(Entry._make, zip(*columns, strict=True))
    except pyarrow.ArrowException as error:
        raise ConfigurationError(f"cannot read the costs in {path}: {error}") from error
