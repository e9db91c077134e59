"""From marks to items: which quantity and which attribute belong to which head.

Marks are cut into pieces with at most one quantity and one head each; the assembly puts the pieces together. Wherever
two listeners could understand two different orders the outcome is :class:`Unclear`, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from cascade.grammar.entry import Vague
from cascade.grammar.reading import (
    ALL,
    AMONG,
    BREAK,
    EACH,
    HEAD,
    JOIN,
    OMIT,
    OTHER,
    PART,
    QUANTITY,
    REST,
    SPLIT,
    VALUE,
    Mark,
)

_LINKS: Final = frozenset({BREAK, JOIN, EACH, ALL, OTHER, AMONG, REST})
_PARTITIVE: Final = frozenset({OTHER, AMONG, REST})
_DIVIDING: Final = _PARTITIVE | {EACH}


Fields = dict[str, Any]
"""Fields of one item as the answer model takes them; parts are lists."""


class Unclear(Exception):
    """The marks make no one order; ``reason`` is ``tie`` or ``conflict``."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(slots=True)
class Piece:
    """A quantity, a head and what is said of them, as far as any of it is there."""

    link: str
    clause: int
    number: int | None = None
    headed: bool = False
    fields: Fields = field(default_factory=dict)
    shares: list[tuple[int, Fields]] = field(default_factory=list)
    """What it is made of, where that was said in one word: 一冰一热."""
    leads: frozenset[str] = frozenset()
    """Fields that were said before its quantity and its name."""


def put(fields: Fields, kind: str, name: str, value: Any) -> None:
    """Add what one mark says. Raises :class:`Unclear` when something else was said before."""
    if kind is PART or kind is OMIT:
        values = fields.setdefault(name, [])
        if value not in values:
            values.append(value)
    elif (said := fields.setdefault(name, value)) is value or (said == value and isinstance(value, Vague)):
        return
    elif said == value or (isinstance(said, Vague) and value in said.exact):
        fields[name] = value
    elif not (isinstance(value, Vague) and said in value.exact):
        raise Unclear("conflict", f"two values for {name}: {said} and {value}")


def merge(into: Fields, other: Fields) -> None:
    """Add all that ``other`` says. Raises as :func:`put` does."""
    for name, value in other.items():
        if isinstance(value, list):
            for one in value:
                put(into, PART, name, one)
        else:
            put(into, "", name, value)


def simple(marks: list[Mark]) -> Fields | None:
    """The one item of an utterance that names one at most; ``None`` when there may be more.

    Raises :class:`Unclear` when that one item has two values.
    """
    said: list[Mark] = []
    numbers = heads = 0
    for mark in marks:
        kind = mark[0]
        if kind is SPLIT:
            return None
        if kind is QUANTITY:
            numbers += 1
        elif kind is HEAD:
            heads += 1
        elif kind in _LINKS:
            if kind in _DIVIDING or (kind is JOIN and (numbers or heads)):
                return None
            continue
        if numbers > 1 or heads > 1:
            return None
        said.append(mark)
    fields: Fields = {}
    for kind, name, value in said:
        put(fields, kind, name, value)
    return fields


def pieces(marks: list[Mark]) -> list[Piece]:
    """Cut marks at boundaries, and between boundaries where a new item must begin."""
    found: list[Piece] = []
    run: list[Mark] = []
    link, clause = BREAK, 0
    for mark in marks:
        kind = mark[0]
        if kind not in _LINKS:
            run.append(mark)
        elif not run:
            link = _joined(link, kind)
        elif (
            kind is ALL
            and link is not EACH
            and (link in _PARTITIVE or (len(run) == 1 and run[0][0] is QUANTITY))
        ):
            link = link if link in _PARTITIVE else ALL  # 另外两杯都 speaks of the two, 两杯都 of both
        else:
            found.extend(_cut(run, link, clause))
            run, link = [], kind
        clause += kind is BREAK
    if run or link in _DIVIDING:
        found.extend(_cut(run, link, clause))
    return found


def _joined(link: str, following: str) -> str:
    """What two boundaries with nothing between them mean together."""
    if following is BREAK or (following is ALL and link in _PARTITIVE):
        return link
    if following is JOIN:
        return link if link in _DIVIDING and link is not OTHER else JOIN
    return following


def _cut(run: list[Mark], link: str, clause: int) -> list[Piece]:
    kinds = [mark[0] for mark in run]
    heads, numbers = kinds.count(HEAD), kinds.count(QUANTITY)
    if heads <= 1 and numbers <= 1:
        return [_piece(run, link, clause)]
    _check_told(run, kinds, heads)
    by_number = next(kind for kind in kinds if kind in (HEAD, QUANTITY)) is QUANTITY
    if not by_number and heads > 1:
        _check_heads_first(kinds, heads, numbers)
    opens = QUANTITY if by_number or heads == 1 else HEAD
    starts = [at for at, kind in enumerate(kinds) if kind is opens]
    if heads == 1 and _counts_follow(kinds):
        starts = [0, *(at + 1 for at in starts[:-1])]
    if heads == 1 and numbers > 2 and by_number and kinds[-1] is QUANTITY:
        starts = [
            0,
            kinds.index(HEAD) + 1,
            *(at + 1 for at in starts[1:-1]),
        ]  # 四杯奶茶加珍珠的两杯加椰果的两杯
    # what stands before the first of them belongs to the first item; a head first has its quantity after it
    edges = [0, *(starts[1:]), len(run)]
    return [_piece(run[a:b], link if a == 0 else BREAK, clause) for a, b in pairwise(edges)]


def _counts_follow(kinds: list[str]) -> bool:
    """Whether what is said of each share stands before how many it is: 奶茶热的两杯冰的三杯."""
    described = {VALUE, PART, OMIT}
    return (
        kinds[0] is HEAD
        and kinds[-1] is QUANTITY
        and kinds[1] in described
        and all(kinds[at + 1] in described for at, kind in enumerate(kinds[:-1]) if kind is QUANTITY)
    )


def _check_told(run: list[Mark], kinds: list[str], heads: int) -> None:
    """少冰两杯奶茶少冰两杯果茶, 奶茶一杯果茶一杯中杯中杯: the same said twice is said of each."""
    values = [mark for mark in run if mark[0] is VALUE]
    twice = any(mark == other and mark[0] is VALUE for mark, other in pairwise(run))
    leads = run[0][0] is VALUE and len(values) != len(set(values))
    if heads > 1 and (twice or leads):
        raise Unclear("tie", "a value said twice")


def _check_heads_first(kinds: list[str], heads: int, numbers: int) -> None:
    """奶茶一杯果茶一杯 is clear; 珍珠奶茶两杯果茶 and 奶茶一杯少糖果茶一杯 are not."""
    core = [kind for kind in kinds if kind in (HEAD, QUANTITY)]
    if heads != numbers or core != [HEAD, QUANTITY] * heads:
        raise Unclear("tie", "which quantity belongs to which name")
    counted = False
    for at, kind in enumerate(kinds):
        if kind is HEAD:
            counted = False
        elif kind is QUANTITY:
            counted = True
        elif counted and HEAD in kinds[at:]:
            raise Unclear("tie", "an attribute between two items")


def _together(marks: Iterable[Mark]) -> Fields:
    fields: Fields = {}
    for kind, name, value in marks:
        put(fields, kind, name, value)
    return fields


def _piece(run: list[Mark], link: str, clause: int) -> Piece:
    piece = Piece(link, clause)
    for kind, name, value in run:
        if kind is SPLIT:
            if piece.shares:
                raise Unclear("tie", "shares of shares")
            piece.shares = [(number, _together(said)) for number, said in value]
        elif kind is QUANTITY:
            if piece.number is not None:
                raise Unclear("tie", "two quantities for one item")
            piece.number = value
        else:
            if kind is HEAD:
                if piece.headed:
                    raise Unclear("tie", "two names for one quantity")
                piece.headed = True
            elif kind is VALUE and piece.number is None and not piece.headed:
                piece.leads |= {name}
            put(piece.fields, kind, name, value)
    return piece
