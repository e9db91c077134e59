"""The decision log: one JSON line a decision, made and written off the hot path, personal data scrubbed.

    with DecisionLog("logs/") as log, Cascade.load(listeners=[log]) as cascade:
        ...
    for record in read_decisions("logs/"):
        record.text, record.intent, record.attempts

It is what retraining, replay and audits read. The schema is :class:`~cascade.observe.record.DecisionRecord`.
"""

from __future__ import annotations

import itertools
import os
import random
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple, Self

from pydantic import ValidationError

from cascade.errors import ConfigurationError
from cascade.observe.privacy import Scrubber
from cascade.observe.record import DecisionRecord, Kind
from cascade.observe.recorder import Recorder, encoded
from cascade.observe.writer import LineWriter
from cascade.result import Result
from cascade.rotation import Fsync, Rotation

PREFIX = "decisions"
MAX_LINE_BYTES = 4 * 1024 * 1024
MAX_PROBLEMS = 100

Sampling = float | Callable[[Result[Any]], float]
"""The probability with which a decision is kept: one for all, or one by what it is."""


class _Item(NamedTuple):
    kind: Kind
    time_s: float
    seq: int
    weight: float
    rung: str | None
    result: Result[Any]
    more: dict[str, Any]


class DecisionLog:
    """A listener that keeps decisions as lines of JSON. Thread-safe; a child process goes on in files of its own.

    ``sample`` keeps a share of the decisions; each line carries the inverse of its probability as ``weight``, so that
    sums over lines estimate sums over decisions. A function may keep more of what is rare or went wrong; one that
    gives 0 keeps nothing of it, and no weight makes up for that. ``scrubber`` takes personal data out of every
    text; ``keep_personal_data=True`` leaves it in, and the lines say so. ``rung`` tells the rung of the moment and
    ``campaign`` names the run. ``clock`` is the wall clock in Unix seconds.

    Nothing here slows a decision or breaks it: a full queue (``max_queued``) or a failing disk drops lines, and
    :attr:`dropped` counts them. Lines reach the operating system within ``flush_interval_s``; ``rotation`` and
    ``fsync`` are those of :class:`~cascade.observe.writer.LineWriter`. Close it after the cascade: what comes later
    is dropped.

    Raises :class:`~cascade.errors.ConfigurationError` for a share outside 0 to 1 and sizes that are not above zero.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        sample: Sampling = 1.0,
        scrubber: Scrubber | None = None,
        keep_personal_data: bool = False,
        campaign: str | None = None,
        rung: Callable[[], str | None] | None = None,
        max_queued: int = 10_000,
        flush_interval_s: float = 0.2,
        rotation: Rotation | None = None,
        fsync: Fsync = "close",
        clock: Callable[[], float] = time.time,
        rng: random.Random | None = None,
        run: str | None = None,
    ) -> None:
        if not callable(sample) and not 0 <= sample <= 1:
            raise ConfigurationError(f"a share is between 0 and 1, not {sample}")
        if keep_personal_data and scrubber is not None:
            raise ConfigurationError("a scrubber was given together with keep_personal_data=True")
        self._sample = sample
        self._recorder = Recorder(None if keep_personal_data else scrubber or Scrubber())
        self._campaign = campaign
        self._rung = rung
        self._clock = clock
        self._draw = (rng or random.Random()).random  # noqa: S311 - a sample, not a secret
        self._run = run or secrets.token_hex(4)
        self._serials = itertools.count(1)
        self._writer: LineWriter[_Item] = LineWriter(
            folder,
            PREFIX,
            self._encode,
            clock=clock,
            max_queued=max_queued,
            flush_interval_s=flush_interval_s,
            rotation=rotation,
            fsync=fsync,
        )

    def __call__(self, result: Result[Any]) -> None:
        """Keep a decision, or not, as the sampling says."""
        seq = next(self._serials)
        share = self._sample
        if callable(share):
            share = min(1.0, max(0.0, share(result)))
        if share < 1 and self._draw() >= share:
            return
        self._put("decision", seq, 1 / share, result)

    def audited(self, result: Result[Any], **fields: Any) -> bool:
        """Keep what an audit found: the decision again, with the fields of an ``AuditRecord``; false when dropped."""
        return self._put("audit", next(self._serials), 1.0, result, audit=fields)

    def corrected(
        self, result: Result[Any], intent: str, answer: Any = None, *, source: str = "user"
    ) -> bool:
        """Keep the right answer to a decision, told afterwards; false when it was dropped."""
        told = {"source": source, "intent": intent, "answer": answer}
        return self._put("correction", next(self._serials), 1.0, result, corrected=told)

    @property
    def written(self) -> int:
        """Lines handed to the operating system."""
        return self._writer.written

    @property
    def dropped(self) -> int:
        """Lines lost: the queue was full, the disk refused, or they came after the end."""
        return self._writer.dropped

    @property
    def queued(self) -> int:
        """Lines that wait to be written."""
        return self._writer.queued

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until every line so far is with the operating system; false when that took too long."""
        return self._writer.flush(timeout_s)

    def close(self, timeout_s: float = 10.0) -> None:
        """Write what is queued and end. Idempotent."""
        self._writer.close(timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _put(self, kind: Kind, seq: int, weight: float, result: Result[Any], **more: Any) -> bool:
        rung = None if self._rung is None else self._rung()
        return self._writer.put(_Item(kind, self._clock(), seq, weight, rung, result, more))

    def _encode(self, item: _Item) -> bytes:
        head = {
            "kind": item.kind,
            "run": f"{self._run}-{os.getpid()}",
            "seq": item.seq,
            "rung": item.rung,
            "campaign": self._campaign,
            "weight": item.weight,
        }
        return encoded(self._recorder.line(item.result, item.time_s, head, **item.more))


@dataclass(frozen=True, slots=True)
class LogProblem:
    """A line that could not be read: where (1-based) and why, in words that repeat nothing of it."""

    file: str
    line: int
    reason: str


class DecisionReader:
    """The decisions of some files, one at a time, in the order of the files.

    A line torn by a crash, or of another schema version, is passed over and told in :attr:`problems` (the first
    100; :attr:`skipped` counts all). Can be iterated more than once.
    """

    def __init__(self, files: tuple[Path, ...], kinds: frozenset[str]) -> None:
        self.files = files
        self._kinds = kinds
        self.problems: list[LogProblem] = []
        self.skipped = 0

    def __iter__(self) -> Iterator[DecisionRecord]:
        self.problems, self.skipped = [], 0
        for path in self.files:
            try:
                with path.open("rb") as stream:
                    yield from self._read(path, stream)
            except OSError as error:
                raise ConfigurationError(f"cannot read the log {path}: {error}") from error

    def _read(self, path: Path, stream: BinaryIO) -> Iterator[DecisionRecord]:
        for number in itertools.count(1):
            line = stream.readline(MAX_LINE_BYTES)
            if not line:
                return
            try:
                record = DecisionRecord.model_validate_json(line)
            except ValidationError as error:
                self._skip(path, number, _why(line, error))
            else:
                if record.kind in self._kinds:
                    yield record

    def _skip(self, path: Path, number: int, reason: str) -> None:
        self.skipped += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(LogProblem(str(path), number, reason))


def read_decisions(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], *, kinds: Iterable[Kind] = ("decision",)
) -> DecisionReader:
    """Read decision logs: files, or folders of ``decisions-*.jsonl``.

    Raises :class:`~cascade.errors.ConfigurationError` when one is not there or cannot be read.
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    files: list[Path] = []
    for path in map(Path, given):
        if path.is_dir():
            files += sorted(path.glob(f"{PREFIX}-*.jsonl"))
        elif path.is_file():
            files.append(path)
        else:
            raise ConfigurationError(f"no decision log at {path}")
    return DecisionReader(tuple(files), frozenset(kinds))


def _why(line: bytes, error: ValidationError) -> str:
    if not line.endswith(b"\n"):
        return "torn: the line has no end"
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else str(first["msg"])
