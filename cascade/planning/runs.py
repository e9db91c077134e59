"""Recorded load on a real server: one JSON object a request, in JSONL.

| key | meaning |
|---|---|
| ``sent_s`` | when the request was sent, in seconds from the start of the run; required |
| ``done_s`` | when its answer was complete; required unless ``status`` tells of a failure |
| ``planned_s`` | when it was to be sent; ``sent_s`` when left out |
| ``status`` | HTTP status; 200 when left out; other requests count as arrivals but are not measured |
| ``load_duration``, ``prompt_eval_duration``, ``eval_duration`` | what the server said, in nanoseconds, as Ollama |
| ``prompt_eval_count``, ``eval_count`` | tokens in and out |

Other keys are let be. What a server does not tell may be left out or null.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cascade.errors import ConfigurationError
from cascade.planning.distributions import Floats

_OK = 200


class Served(BaseModel):
    """One line of a run."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    sent_s: float = Field(ge=0)
    done_s: float | None = None
    planned_s: float | None = Field(default=None, ge=0)
    status: int | None = _OK
    load_duration: int | None = Field(default=None, ge=0)
    prompt_eval_duration: int | None = Field(default=None, ge=0)
    eval_duration: int | None = Field(default=None, ge=0)
    prompt_eval_count: int | None = Field(default=None, ge=0)
    eval_count: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> Served:
        if self.ok and (self.done_s is None or self.done_s < self.sent_s):
            raise ValueError("done_s: an answer comes after its request was sent")
        return self

    @property
    def ok(self) -> bool:
        """Whether it was answered."""
        return self.status == _OK


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A run as columns, in order of sending. Times in seconds from its start; unknown is NaN."""

    planned_s: Floats = field(repr=False)
    """Of every request, answered or not."""
    sent_s: Floats = field(repr=False)
    """Of the answered ones, as all that follows."""
    done_s: Floats = field(repr=False)
    load_s: Floats = field(repr=False)
    served_s: Floats = field(repr=False)
    """Prompt and answer together."""
    tokens_in: Floats = field(repr=False)
    tokens_out: Floats = field(repr=False)

    @classmethod
    def of(cls, lines: Sequence[Served]) -> RecordedRun:
        """From the lines of a run, in any order."""
        ordered = sorted(lines, key=lambda line: line.sent_s)
        answered = [line for line in ordered if line.ok]
        prompt = _column(line.prompt_eval_duration for line in answered)
        answer = _column(line.eval_duration for line in answered)
        return cls(
            planned_s=np.sort(
                _column(line.sent_s if line.planned_s is None else line.planned_s for line in ordered)
            ),
            sent_s=_column(line.sent_s for line in answered),
            done_s=_column(line.done_s for line in answered),
            load_s=_column(line.load_duration for line in answered) / 1e9,
            served_s=(prompt + answer) / 1e9,
            tokens_in=_column(line.prompt_eval_count for line in answered),
            tokens_out=_column(line.eval_count for line in answered),
        )

    @property
    def latency_s(self) -> Floats:
        """From sending to the answer."""
        return self.done_s - self.sent_s


def read_run(path: Path) -> RecordedRun:
    """Read a run from JSONL.

    Raises :class:`~cascade.errors.ConfigurationError` with file and line for what cannot be read, and for a run in
    which nothing was answered.
    """
    lines = []
    try:
        with path.open(encoding="utf-8") as file:
            for number, text in enumerate(file, start=1):
                if text.strip():
                    lines.append(_line(text, path, number))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"run {path}: {error}") from error
    if not any(line.ok for line in lines):
        raise ConfigurationError(f"run {path}: nothing was answered", hint="a run has one JSON object a line")
    return RecordedRun.of(lines)


def _line(text: str, path: Path, number: int) -> Served:
    try:
        return Served.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        message = f"{where}: {first['msg']}" if where else first["msg"]
        raise ConfigurationError(f"run {path}:{number}: {message}") from error


def _column(values: Iterable[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
