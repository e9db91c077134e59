"""Logs too large for one machine, classified on Ray Data. Needs the ``ray`` extra.

    import ray
    from cascade.integrations.ray import Loading, classified, ledger_of

    rows = ray.data.read_parquet("logs/")
    classified(rows, Loading("registry/current"), workers=8).write_parquet("answers/")
    ledger = ledger_of(ray.data.read_parquet("answers/"))

``Loading(llm="ollama:qwen3:8b@http://gpu-1:11434", only="llm")`` asks the large model alone: labels of a teacher.

What a row cost travels in the row. When a worker dies, Ray gives its unfinished batches to another one and keeps only
what the finished attempt put out, so every row is there once and the ledger counts each once. What a dead worker had
asked of a model server for a batch that it never finished is in no row; the server's own counts tell it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Final
from uuid import uuid4

from cascade.engine import Engine
from cascade.errors import ConfigurationError, MissingExtra
from cascade.ledger import Ledger
from cascade.ledger.entry import Entry, Kept, entries, kept
from cascade.loading import Loading
from cascade.result import Result

Load = Callable[[], Engine[Any]]
"""How a worker makes its cascade, once; must be picklable."""

__all__ = ["COLUMNS", "Load", "Loading", "classified", "ledger_of"]

COLUMNS: Final = ("status", "tier", "intent", "confidence", "reason", "answer", "bundle", "costs")
"""Added to each row: the decision, its answer as JSON or null, and its turns as the ledger's rows."""


def classified(
    rows: Any,
    load: Load,
    *,
    text: str = "text",
    workers: int = 2,
    batch_rows: int = 256,
    campaign: str | None = None,
) -> Any:
    """A dataset of the same rows with :data:`COLUMNS` added. Lazy: nothing runs before it is read or written.

    ``rows`` is a ``ray.data.Dataset`` with a column ``text`` of utterances; what is no text, null included, is
    answered ``rejected``. ``workers`` processes each load a cascade once and take ``batch_rows`` rows at a time;
    with a large model the calls of a batch run side by side, as its traffic layer allows.

    Raises :class:`~cascade.errors.MissingExtra` without Ray and :class:`~cascade.errors.ConfigurationError` for a
    dataset without the column, or with one that would be overwritten.
    """
    data = _ray_data()
    if workers < 1 or batch_rows < 1:
        raise ConfigurationError("workers and batch_rows are one at least")
    _checked(rows, text)
    return rows.map_batches(
        _Worker,
        fn_constructor_args=(load, text, campaign),
        batch_format="pyarrow",
        batch_size=batch_rows,
        zero_copy_batch=True,
        # Ray starts a worker of such a pool anew when it dies, and gives its batches out again, however often.
        compute=data.ActorPoolStrategy(size=workers),
    )


def ledger_of(done: Any, ledger: Ledger | None = None) -> Ledger:
    """Count what classified rows cost, into ``ledger`` or a new one, by their column ``costs``."""
    _ray_data()
    counted = Ledger() if ledger is None else ledger
    counted.recount(_kept(done))
    return counted


def _kept(done: Any) -> Iterator[Kept]:
    for batch in done.select_columns(["costs"]).iter_batches(batch_format="pyarrow"):
        for cell in batch.column("costs").to_pylist():
            yield kept([Entry(*turn) for turn in json.loads(cell)])


class _Worker:
    """One process: a cascade, and batches as they come."""

    def __init__(self, load: Load, text: str, campaign: str | None) -> None:
        self._engine = load()
        self._text = text
        self._label = campaign, None
        self._run = uuid4().hex
        self._seq = 0

    def __call__(self, batch: Any) -> Any:
        arrow = import_module("pyarrow")
        results = self._engine.classify_many(batch.column(self._text).to_pylist())
        now = time.time()
        decided = [self._decided(result, now) for result in results]
        for place, name in enumerate(COLUMNS):
            kind = arrow.float64() if name == "confidence" else arrow.string()
            batch = batch.append_column(name, arrow.array([row[place] for row in decided], kind))
        return batch

    def _decided(self, result: Result[Any], now: float) -> tuple[Any, ...]:
        self._seq += 1
        turns = entries(Kept(now, self._run, self._label, result), self._seq)
        answer = None if result.answer is None else result.answer.model_dump_json(exclude_defaults=True)
        return (
            result.status,
            result.tier,
            result.intent,
            result.confidence,
            result.reason or None,
            answer,
            result.bundle,
            json.dumps(list(turns), ensure_ascii=False, separators=(",", ":")),
        )


def _checked(rows: Any, text: str) -> None:
    names = rows.columns() or []
    if text not in names:
        raise ConfigurationError(
            f"the dataset has no column {text!r}", hint=f"it has {', '.join(map(repr, names)) or 'none'}"
        )
    if taken := sorted(set(COLUMNS) & set(names)):
        raise ConfigurationError(
            f"the dataset has columns that would be overwritten: {', '.join(taken)}",
            hint="rename or drop them first",
        )


def _ray_data() -> Any:
    try:
        return import_module("ray.data")
    except ModuleNotFoundError as error:
        raise MissingExtra("ray", "ray") from error
