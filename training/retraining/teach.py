"""A large model as the teacher: its labels for the queue, through the same chat backends that serve the crowd.

Kept as they come, so that a run that was interrupted, or a queue that grew, asks only what has no label yet. An
utterance that the model gave no answer for that stands is asked again in the next run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl

from cascade.engine import Engine
from cascade.ledger.entry import Entry
from cascade.result import Result
from training.annotation import AnnotationError
from training.retraining import labels
from training.retraining.labels import Label
from training.retraining.mining import suggestion, utterance_id

FILE: Final = "teacher.jsonl"
"""In ``labels/llm/``: one label a line."""

AT_ONCE: Final = 64
"""Utterances asked side by side, and kept together; what the backend's traffic layer lets through is its own affair."""

Tick = Callable[[int], None]


def teach(
    engine: Engine[Any], texts: Sequence[str], folder: Path, tick: Tick = lambda _: None
) -> tuple[int, int]:
    """Ask the teacher about normalised texts that have no label of its yet: how many it labelled, and how many not.

    Raises :class:`~training.annotation.AnnotationError` where the file is not what a teacher wrote.
    """
    path = folder / FILE
    folder.mkdir(parents=True, exist_ok=True)
    _mend(path)
    done = {label.id for label in labels.read([path], "llm")} if path.exists() else set()
    open_ = list({utterance_id(text): text for text in texts if utterance_id(text) not in done}.values())
    tick(len(texts) - len(open_))
    labelled = 0
    with path.open("a", encoding="utf-8") as out:
        for start in range(0, len(open_), AT_ONCE):
            asked = open_[start : start + AT_ONCE]
            for label in _labels(asked, engine.classify_many(asked)):
                out.write(label.model_dump_json() + "\n")
                labelled += 1
            out.flush()
            os.fsync(out.fileno())
            tick(len(asked))
    return labelled, len(open_) - labelled


def _labels(texts: Sequence[str], results: Sequence[Result[Any]]) -> Iterator[Label]:
    for text, result in zip(texts, results, strict=True):
        if result.status == "answered" and result.answer is not None:
            label = label_of(text, result.answer.model_dump_json(), result.cost.model or "llm")
            if label is not None:
                yield label


def label_of(text: str, answer: str | None, by: str) -> Label | None:
    """A model's answer as a label; ``None`` for one that the notation cannot write."""
    said = suggestion(answer)
    if not said or "suggested_order" not in said:
        return None
    return Label(
        id=utterance_id(text),
        text=text,
        intent=said["suggested_intent"],
        order=said["suggested_order"],
        source="llm",
        by=by,
    )


def _mend(path: Path) -> None:
    """Drop a last line that a killed run left torn."""
    if not path.exists():
        return
    data = path.read_bytes()
    if data and not data.endswith(b"\n"):
        with path.open("r+b") as torn:
            torn.truncate(data.rfind(b"\n") + 1)


def from_answers(path: Path) -> list[Label]:
    """The large model's labels among rows that :func:`cascade.integrations.ray.classified` wrote as Parquet.

    Raises :class:`~training.annotation.AnnotationError` for another file.
    """
    try:
        rows = pl.read_parquet(path, columns=["text", "status", "tier", "answer", "costs"])
    except (OSError, pl.exceptions.PolarsError) as error:
        raise AnnotationError(f"{path}: no answers of a classified dataset: {error}") from error
    told = rows.filter((pl.col("status") == "answered") & (pl.col("tier") == "llm"))
    found = (
        label_of(text, answer, _model(costs))
        for text, answer, costs in told.select("text", "answer", "costs").iter_rows()
    )
    return [label for label in found if label is not None]


def _model(costs: str) -> str:
    turns = [Entry(*turn) for turn in json.loads(costs)]
    return next((turn.model for turn in reversed(turns) if turn.model), "llm")
