"""Labelled rows as files have them: JSONL, every fault told with file and line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from cascade.errors import InputRejected
from cascade.text import Normalizer, Utterance
from training.recipe import RecipeError

Place = tuple[int, int]
_WORD = re.compile(r"\S+")
_MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Slot:
    """A labelled slot."""

    name: str
    place: Place
    """Characters ``[start, end)`` of the normalised text."""
    value: str
    """The normalised text there."""


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled utterance."""

    raw: str
    text: str
    """Normalised."""
    intent: str
    slots: tuple[Slot, ...]
    where: str
    """File and line, for messages."""


class BadRow(ValueError):
    """What is wrong with one line."""


def read(path: Path, normalizer: Normalizer, shown: Path) -> list[Row]:
    """All rows of a file. Raises :class:`~training.recipe.RecipeError` with every line that is wrong (the first few).

    ``shown`` is what messages call the file.
    """
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{shown}: cannot be read: {error}") from error
    rows: list[Row] = []
    wrong: list[str] = []
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            try:
                rows.append(_row(line, normalizer, f"{shown}:{number}"))
            except BadRow as error:
                wrong.append(f"{shown}:{number}: {error}")
    if wrong:
        more = f"\n... and {len(wrong) - _MOST_TOLD} more" if len(wrong) > _MOST_TOLD else ""
        raise RecipeError("\n".join(wrong[:_MOST_TOLD]) + more)
    if not rows:
        raise RecipeError(f"{shown}: no rows")
    return rows


def _row(line: str, normalizer: Normalizer, where: str) -> Row:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadRow(f"not JSON: {error}") from error
    if not isinstance(data, dict):
        raise BadRow("not a JSON object")
    for field in ("text", "intent"):
        if not isinstance(data.get(field), str) or not data[field].strip():
            raise BadRow(f"{field!r} is missing, empty or not a string")
    try:
        utterance = normalizer(data["text"])
    except InputRejected as error:
        raise BadRow(
            f"the text cannot be taken: {error.reason} (max_chars is {normalizer.max_chars})"
        ) from error
    return Row(data["text"], utterance.text, data["intent"].strip(), tuple(slots(data, utterance)), where)


def slots(data: dict[str, Any], utterance: Utterance) -> list[Slot]:
    """The slots of a row, in order. Raises :class:`BadRow`.

    Objects with ``name`` and either ``start`` and ``end`` (characters of ``text``) or ``value`` (which must stand in it
    once); or BIO tags, one a word between spaces or one a character.
    """
    given = data.get("slots") or []
    if not isinstance(given, list):
        raise BadRow("'slots' is not a list")
    if given and all(isinstance(one, str) for one in given):
        found = list(_from_tags(given, data["text"]))
    else:
        found = [_span(one, data["text"]) for one in given]
    found.sort(key=lambda one: one[1])
    for (_, left), (name, right) in pairwise(found):
        if right[0] < left[1]:
            raise BadRow(f"slot {name!r} overlaps another")
    made = [(name, _normalised(place, utterance)) for name, place in found]
    return [Slot(name, place, utterance.text[slice(*place)]) for name, place in made if place[0] < place[1]]


def _span(one: Any, text: str) -> tuple[str, Place]:
    name = one.get("name") if isinstance(one, dict) else None
    if not isinstance(name, str) or not re.fullmatch(r"\S{1,60}", name):
        raise BadRow("a slot is an object with a 'name' without spaces, or a BIO tag")
    if "start" not in one and "end" not in one:
        value = one.get("value")
        if not isinstance(value, str) or not value or text.count(value) != 1:
            raise BadRow(
                f"the value of slot {name!r} does not stand in the text once: give its start and end"
            )
        return name, (text.index(value), text.index(value) + len(value))
    start, end = one.get("start"), one.get("end")
    if type(start) is not int or type(end) is not int or not 0 <= start < end <= len(text):
        raise BadRow(f"start and end of slot {name!r} are not a place in the text")
    return name, (start, end)


def _from_tags(tags: Sequence[str], text: str) -> Iterator[tuple[str, Place]]:
    places = [found.span() for found in _WORD.finditer(text)]
    if len(tags) != len(places):
        places = [(at, at + 1) for at in range(len(text))]
    if len(tags) != len(places):
        raise BadRow(f"{len(tags)} tags are neither one a word nor one a character")
    name, start, end = "", 0, 0
    for tag, place in zip([*tags, "O"], [*places, (0, 0)], strict=True):
        if tag != "O" and not re.fullmatch(r"[BI]-\S{1,60}", tag):
            raise BadRow(f"{tag!r} is not a BIO tag")
        if name and tag == f"I-{name}":
            end = place[1]
            continue
        if name:
            yield name, (start, end)
        name, (start, end) = tag[2:], place


def _normalised(place: Place, utterance: Utterance) -> Place:
    """The characters of the normalised text that come from a place of the raw one."""
    inside = [at for at, (start, end) in enumerate(utterance.offsets) if start < place[1] and end > place[0]]
    return (inside[0], inside[-1] + 1) if inside else (0, 0)


def distinct(
    rows: Iterable[Row], conflicts: str, told: Callable[[str], None] = lambda message: None
) -> list[Row]:
    """Rows without those that contradict each other. Raises :class:`~training.recipe.RecipeError` for ``refuse``."""
    rows = list(rows)
    first: dict[str, Row] = {}
    contradicted: dict[str, str] = {}
    for row in rows:
        other = first.setdefault(row.text, row)
        if other.intent != row.intent:
            contradicted.setdefault(
                row.text, f"{other.where} and {row.where}: {row.raw!r} is {other.intent!r} and {row.intent!r}"
            )
    if contradicted and conflicts == "refuse":
        more = f"\n... and {len(contradicted) - _MOST_TOLD} more" if len(contradicted) > _MOST_TOLD else ""
        raise RecipeError(
            "\n".join(list(contradicted.values())[:_MOST_TOLD])
            + more
            + '\nlabel them alike, or say conflicts = "drop" (none of them) or "keep" (all) in [data]'
        )
    if contradicted:
        told(f"texts with more than one intent: {len(contradicted)}, {conflicts}")
    return [row for row in rows if row.text not in contradicted] if conflicts == "drop" else rows
