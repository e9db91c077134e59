"""Several cups of an order that exists, each pointed at, and what becomes of each: 第一杯去冰，第二杯热的."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from cascade.grammar.entry import ROLE
from cascade.grammar.piece import Fields, put
from cascade.grammar.reading import BREAK, CHANGE, CUP, HEAD, JOIN, OMIT, PART, VALUE, Mark, Reading

_BOUNDS: Final = frozenset({BREAK, JOIN})
_OF_ONE: Final = frozenset({VALUE, PART, OMIT})
_SAID: Final = _OF_ONE | {HEAD, CHANGE}


def pointed(reading: Reading, first: int, last: int) -> None:
    """Note that the words from one place to another say which cup what follows is said of."""
    reading.marks.append((CUP, "", reading.spoken(first, last)))


def points(reading: Reading, place: int) -> bool:
    """Whether the word at a place, kept as spoken, says which cup: 第二杯, 小王那杯."""
    entry, start, end = reading.at(place)
    if entry.kind not in ("note", "heard"):
        return False
    words, cups = reading.utterance.text[start:end], reading.spec.words.cup
    return bool(entry.roles & ROLE["ordinal"]) or words.endswith(cups) or words in reading.spec.words.ordinal


def own(reading: Reading, place: int) -> bool:
    """Whether 我那杯 at a place stands beside another cup that is pointed at: 我妈那杯热的，我那杯去冰."""
    form = reading.tokens[place][0].form
    mine = form.startswith(reading.spec.words.speaker) and form.endswith(reading.spec.words.cup)
    return mine and reading.begins(place) and any(points(reading, at) for at in range(reading.count))


def stays(reading: Reading) -> bool:
    """Take back which cup was pointed at last, where it is all that is said of it that it stays: 我那杯不动."""
    if not reading.marks or reading.marks[-1][0] is not CUP:
        return False
    words = reading.marks.pop()[2]
    for notes in reading.notes.values():
        if notes and notes[-1] == words:
            notes.pop()
    return True


def settle(reading: Reading) -> None:
    """Leave out which cup is spoken of where there is one, and fail where it is not clear what becomes of each."""
    if sum(mark[0] is CUP for mark in reading.marks) < 2:
        reading.marks = [mark for mark in reading.marks if mark[0] is not CUP]
    elif each(reading.marks) is None:
        reading.fail("tie", "which of them")


def each(marks: Sequence[Mark]) -> list[Fields] | None:
    """The items of a change that says of every cup in turn what becomes of it; ``None`` where it does not.

    Raises :class:`~cascade.grammar.piece.Unclear` where one of them has two values.
    """
    starts = [at for at, mark in enumerate(marks) if mark[0] is CUP]
    names = {marks[at][2] for at in starts}
    if (
        len(starts) < 2
        or len(names) < len(starts)
        or any(mark[0] is not BREAK for mark in marks[: starts[0]])
    ):
        return None
    runs = [_trimmed(marks[a + 1 : b]) for a, b in pairwise([*starts, len(marks)])]
    cups = [_becomes(run) for run in runs]
    return [_fields(cup) for cup in cups if cup] if all(cups) else None


def _trimmed(run: Sequence[Mark]) -> Sequence[Mark]:
    """Without what ends a clause, and what only says that something is to change: 第二杯去冰，改."""
    while run and (run[-1][0] in _BOUNDS or run[-1][0] is CHANGE):
        run = run[:-1]
    return run


def _becomes(run: Sequence[Mark]) -> Sequence[Mark]:
    """What one cup is after a change, empty where that is not clear: 半糖改全糖 is 全糖, 拿铁改热的 both."""
    kinds = [mark[0] for mark in run]
    if not _SAID.issuperset(kinds) or kinds.count(CHANGE) > 1 or kinds.count(HEAD) > 1 + kinds.count(CHANGE):
        return ()
    if CHANGE not in kinds:
        return (
            run if run and _OF_ONE.issuperset(kinds) else ()
        )  # 我那杯拿铁热的，他那杯美式热的 may be ordered
    at = kinds.index(CHANGE)
    before, after = run[:at], run[at + 1 :]
    changed = {mark[1] for mark in after}
    kept = [mark for mark in before if mark[1] not in changed]
    if not after or kinds[at + 1 :].count(HEAD) > 1 or any(mark[0] is VALUE for mark in kept):
        return ()
    if any(mark[0] is PART for mark in before) or (OMIT in kinds[:at] and PART not in kinds[at:]):
        return ()
    return [*kept, *after]


def _fields(marks: Sequence[Mark]) -> Fields:
    fields: Fields = {}
    for kind, name, value in marks:
        put(fields, kind, name, value)
    return fields
