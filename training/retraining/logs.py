"""The decision log as a table: from JSON lines or Parquet, scrubbed, audits and corrections joined to their decisions.

The log's schema is :class:`cascade.observe.record.DecisionRecord`. What is nested in a line (answers, attempts) is kept
as JSON text in the table and parsed where it is needed. Columns: ``time``, ``run``, ``seq``, ``text``, ``status``,
``tier``, ``intent``, ``answer``, ``confidence``, ``reason``, ``candidates``, ``attempts``, ``bundle``, ``weight``,
``audit``, ``corrected``, and after :func:`prepare` also ``said`` (the normalised text).
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from cascade.observe.record import SCHEMA_VERSION
from training.recipe import RecipeError

_SCHEMA: Final = {
    "v": pl.Int64,
    "kind": pl.String,
    "time": pl.String,
    "run": pl.String,
    "seq": pl.Int64,
    "text": pl.String,
    "scrubbed": pl.Boolean,
    "status": pl.String,
    "tier": pl.String,
    "intent": pl.String,
    "answer": pl.String,
    "confidence": pl.Float64,
    "reason": pl.String,
    "candidates": pl.String,
    "attempts": pl.String,
    "bundle": pl.String,
    "weight": pl.Float64,
    "audit": pl.String,
    "corrected": pl.String,
}
_NEEDED: Final = ("time", "run", "seq", "status")
_SAME: Final = ("run", "text", "status", "attempts")
"""What two lines about one decision have in common, and lines about two have not: the attempts tell their times."""
SUFFIXES: Final = (".jsonl", ".ndjson", ".parquet")


class LogError(RecipeError):
    """A log that cannot be used; the message names the file."""


@dataclass(frozen=True, slots=True)
class Log:
    """Decisions, one a row, and what could not be read."""

    frame: pl.DataFrame
    problems: tuple[str, ...]
    """``file:line: why`` for each line that was left out."""


def files(path: Path) -> list[Path]:
    """The log files at a path, in the order of their names, which is that of their time.

    Raises :class:`LogError` when there are none.
    """
    found = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES)
    if not found:
        raise LogError(f"{path}: no decision log there ({', '.join(SUFFIXES)})")
    return found


def read(paths: Iterable[Path]) -> Log:
    """Decisions in the order of their time, with what was learned of them later.

    A line that is no JSON, such as the torn last line of a process that was killed, is left out and told. Raises
    :class:`LogError` for a file of another schema.
    """
    frames: list[pl.DataFrame] = []
    problems: list[str] = []
    for path in paths:
        if path.suffix == ".parquet":
            frames.append(_flat(_opened(path)))
        else:
            frame, bad = _lines(path)
            frames.append(frame)
            problems += bad
    frame = pl.concat(frames) if frames else pl.DataFrame(schema=_SCHEMA)
    return Log(_joined(_checked(frame)), tuple(problems))


def _opened(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise LogError(f"{path}: not a Parquet file: {error}") from error


def _lines(path: Path) -> tuple[pl.DataFrame, list[str]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LogError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        return pl.read_ndjson(io.BytesIO(content), schema=_SCHEMA), []
    except pl.exceptions.PolarsError:
        good, problems = _sorted_out(content, path.name)
        return pl.read_ndjson(io.BytesIO(good), schema=_SCHEMA), problems


def _sorted_out(content: bytes, name: str) -> tuple[bytes, list[str]]:
    """The lines that can be read one by one, and what is wrong with the others."""
    good: list[bytes] = []
    problems: list[str] = []
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            if not isinstance(json.loads(line), dict):
                raise TypeError("no JSON object")
            pl.read_ndjson(io.BytesIO(line + b"\n"), schema=_SCHEMA)
        except (ValueError, TypeError, pl.exceptions.PolarsError) as error:
            problems.append(f"{name}:{number}: {error}")
        else:
            good.append(line)
    return b"\n".join(good) + b"\n", problems


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """A Parquet table as the JSON lines come: what is missing is null, what is nested is JSON text."""
    columns: dict[str, Any] = {}
    for name, kind in _SCHEMA.items():
        if name not in frame.columns:
            columns[name] = pl.Series([None] * len(frame), dtype=kind)
        elif frame[name].dtype.is_nested():
            texts = [None if value is None else _json(value) for value in frame[name].to_list()]
            columns[name] = pl.Series(texts, dtype=pl.String)
        elif name == "time" and frame[name].dtype.is_temporal():
            columns[name] = frame[name].dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
        else:
            columns[name] = frame[name].cast(kind)
    return pl.DataFrame(columns)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _checked(frame: pl.DataFrame) -> pl.DataFrame:
    versions = set(frame["v"].drop_nulls().to_list()) - {SCHEMA_VERSION}
    if versions:
        raise LogError(f"decision log of schema {sorted(versions)}, this reads {SCHEMA_VERSION}")
    frame = frame.drop_nulls(list(_NEEDED))
    try:
        time = frame["time"].str.to_datetime(time_zone="UTC", time_unit="us")
    except pl.exceptions.PolarsError as error:
        raise LogError(f"a time of the decision log is not ISO 8601: {error}") from error
    return frame.with_columns(
        time.alias("time"), pl.col("weight").fill_null(1.0), pl.col("kind").fill_null("decision")
    )


def _joined(frame: pl.DataFrame) -> pl.DataFrame:
    """One row a decision. A later line repeats its decision to the microsecond and adds an audit or a correction.

    One whose decision the log did not keep stands for itself, with weight 0: the lines kept speak for it already.
    """
    frame = frame.unique(["run", "seq"], keep="first", maintain_order=True)
    decisions = frame.filter(pl.col("kind") == "decision").drop("audit", "corrected")
    later = (
        frame.filter(pl.col("kind") != "decision")
        .sort("time", maintain_order=True)
        .group_by(_SAME, maintain_order=True)
        .agg(
            pl.exclude("audit", "corrected", "weight").first(),
            *(_last(name) for name in ("audit", "corrected")),
        )
        .with_columns(weight=pl.lit(0.0))
    )
    told = decisions.join(later.select(*_SAME, "audit", "corrected"), on=_SAME, how="left")
    orphans = later.join(decisions, on=_SAME, how="anti")
    return pl.concat([told, orphans.select(told.columns)]).drop("v", "kind").sort("time", "run", "seq")


def _last(name: str) -> pl.Expr:
    return pl.col(name).drop_nulls().last()


def prepare(
    frame: pl.DataFrame, scrub: Callable[[str], str], normalised: Callable[[str], str | None]
) -> pl.DataFrame:
    """The rows with a text, scrubbed (again, where the log already was), and their normalised text ``said``.

    ``normalised`` gives ``None`` for a text the cascade refuses; such rows go.
    """
    frame = frame.drop_nulls("text")
    clean = {text: scrub(text) for text in frame["text"].unique()}
    said = {text: normalised(text) for text in set(clean.values())}
    texts = [clean[text] for text in frame["text"]]
    return (
        frame.drop("scrubbed")
        .with_columns(
            pl.Series("text", texts, pl.String), pl.Series("said", [said[text] for text in texts], pl.String)
        )
        .drop_nulls("said")
    )
