"""A quantity that is said once for each of several names or people: 奶茶果茶各一杯, 我和闺蜜各一杯奶茶."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from cascade.grammar.entry import ROLE
from cascade.grammar.piece import Unclear
from cascade.grammar.reading import (
    ALL,
    AMONG,
    BREAK,
    EACH,
    HEAD,
    JOIN,
    OTHER,
    QUANTITY,
    REST,
    SPLIT,
    Mark,
    Reading,
)

_OF_SOMEBODY: Final = ROLE["person"] | ROLE["which"]
_LINKS: Final = frozenset({BREAK, JOIN, EACH, ALL, OTHER, AMONG, REST})


def distributed(reading: Reading) -> list[Mark]:
    """The marks of a reading, where each of several gets as many: names are set apart, people are counted."""
    marks = reading.marks
    kinds = [mark[0] for mark in marks]
    if kinds.count(EACH) != 1:
        return marks
    at = kinds.index(EACH)
    if kinds[at + 1 : at + 2] != [QUANTITY]:
        return marks
    heads, numbers = kinds.count(HEAD), kinds.count(QUANTITY)
    if heads == numbers == 1 and reading.people > 1 and HEAD in kinds[at:]:
        if SPLIT not in kinds and any(
            entry.roles & _OF_SOMEBODY for entry, _, _ in reading.tokens[_each(reading) + 1 :]
        ):
            raise Unclear("tie", "whose is it")  # 我和她各一杯奶茶，我的少糖
        field, number = marks[at + 1][1:]
        return [*marks[:at], (QUANTITY, field, reading.people * number), *marks[at + 2 :]]
    total = kinds[0] is QUANTITY and at > 0 and kinds[1] in _LINKS
    if heads < 2 or numbers - total != 1 or SPLIT in kinds:
        return marks
    if HEAD not in kinds[:at] and kinds[at + 2 : at + 3] == [BREAK]:  # 各来一杯，拿铁美式
        marks = [*marks[:at], *marks[at + 3 :], (BREAK, "", None), *marks[at : at + 2]]
    elif HEAD in _run(kinds, at + 1):
        return marks
    return _apart(marks)


def _each(reading: Reading) -> int:
    """The place of the word that says that each gets as many."""
    said = ROLE["each"] | ROLE["sort"]
    return next(at for at, (entry, _, _) in enumerate(reading.tokens) if entry.roles & said)


def _run(kinds: list[str], start: int) -> list[str]:
    """The kinds of marks from a place to the next boundary."""
    end = next((at for at in range(start, len(kinds)) if kinds[at] in _LINKS), len(kinds))
    return kinds[start:end]


def _apart(marks: list[Mark]) -> list[Mark]:
    """With a boundary between names that stand side by side: 奶茶果茶, 热拿铁冰美式."""
    apart: list[Mark] = []
    run: list[Mark] = []
    for mark in [*marks, (BREAK, "", None)]:
        if mark[0] not in _LINKS:
            run.append(mark)
            continue
        apart += [*_names_apart(run), mark]
        run = []
    return apart[:-1]


def _names_apart(run: list[Mark]) -> list[Mark]:
    named = [mark[0] is HEAD for mark in run]
    heads = sum(named)
    if heads < 2:
        return run
    described = not any(a and b for a, b in pairwise(named))
    before, after = described and not named[0] and named[-1], described and named[0] and not named[-1]
    if not (all(named) or before or after):
        return run
    apart: list[Mark] = []
    for at, mark in enumerate(run):
        begins = named[at] if all(named) or after else not named[at] and named[at - 1]
        if at and begins:
            apart.append((JOIN, "", None))
        apart.append(mark)
    return apart
