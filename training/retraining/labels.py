"""What people and models say an utterance of the log means. The two are kept apart: in files, in types, in use.

A label of a person may decide which model is better; a label of a model may only teach. Nothing here turns one into the
other, and reading a file of one source as the other is an error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from training.annotation import UNLAWFUL, AnnotationError, Example, format_order, parse_order
from training.scoring import canonical

Source = Literal["human", "llm"]
Spelling = Callable[[str], str]


class Label(BaseModel):
    """One utterance of the log, labelled by one person or one model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = ""
    """Of the queue's item that it answers; empty for one that came another way."""
    text: str = Field(min_length=1)
    intent: str
    order: str = ""
    """In the notation of ``data/ANNOTATION.md``."""
    source: Source
    by: str
    """Who: a person's name or number, a model's name."""

    def example(self, intents: Collection[str]) -> Example:
        """The label as the training sets have it. Raises :class:`~training.annotation.AnnotationError`."""
        where = f"label {self.id or self.text!r} by {self.by}"
        if self.intent not in intents:
            raise AnnotationError(f"{where}: unknown intent {self.intent!r}")
        try:
            order = None if self.order.strip() == UNLAWFUL else parse_order(self.order, self.intent)
        except ValueError as error:
            raise AnnotationError(f"{where}: {error}") from error
        return Example(self.text, self.intent, order, (self.source,), self.source)


@dataclass(frozen=True, slots=True)
class Labelled:
    """An utterance with the one meaning that its labels agree on."""

    id: str
    example: Example
    source: Source
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An utterance that is labelled in more than one way; it is used for nothing."""

    text: str
    labels: tuple[Label, ...]

    def __str__(self) -> str:
        said = dict.fromkeys(f"{label.by}: {label.intent} {label.order}".rstrip() for label in self.labels)
        return f"{self.text!r}: {'; '.join(said)}"


def write(path: Path, labels: Iterable[Label]) -> None:
    """Write labels, one JSON object a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(label.model_dump_json() + "\n" for label in labels), encoding="utf-8")


def read(paths: Iterable[Path], source: Source) -> list[Label]:
    """Labels of one source. Raises :class:`~training.annotation.AnnotationError` for a line of the other one."""
    found: list[Label] = []
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip():
                continue
            try:
                label = Label.model_validate(json.loads(line))
            except (ValueError, ValidationError) as error:
                raise AnnotationError(f"{path}:{number}: not a label: {_brief(error)}") from error
            if label.source != source:
                raise AnnotationError(
                    f"{path}:{number}: a label of source {label.source!r} among those of {source!r}"
                )
            found.append(label)
    return found


def _brief(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error)


def agreed(
    labels: Sequence[Label], intents: Collection[str], spelling: Spelling
) -> tuple[list[Labelled], list[Disagreement]]:
    """One meaning for each utterance (by normalised text), and those on which labels differ.

    Labels must be of one source. Raises ``ValueError`` otherwise, and :class:`~training.annotation.AnnotationError`
    for a label that does not keep to the notation.
    """
    if len({label.source for label in labels}) > 1:
        raise ValueError("labels of people and of models are never brought together")
    by_text: dict[str, list[Label]] = {}
    for label in labels:
        by_text.setdefault(spelling(label.text), []).append(label)
    settled: list[Labelled] = []
    disputed: list[Disagreement] = []
    for same in by_text.values():
        examples = [label.example(intents) for label in same]
        meanings = [
            (example.intent, None if example.order is None else canonical(example.order, spelling))
            for example in examples
        ]
        if all(meaning == meanings[0] for meaning in meanings):
            by = tuple(dict.fromkeys(label.by for label in same))
            settled.append(Labelled(same[0].id, examples[0], same[0].source, by))
        else:
            disputed.append(Disagreement(same[0].text, tuple(same)))
    return settled, disputed


def tsv(example: Example) -> str:
    """An example as a line of a training set. Raises ``ValueError`` for an order the notation cannot write."""
    text = " ".join(example.text.split())
    if text.startswith("#"):  # would be a comment; to the normaliser both are the same
        text = "＃" + text[1:]
    order = UNLAWFUL if example.order is None else format_order(example.order)
    return "\t".join([text, example.intent, order, " ".join(example.tags)]).rstrip("\t")
