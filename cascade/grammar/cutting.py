"""Where one item ends and the next begins, where no word says so: 奶茶一杯果茶一杯, 两杯少糖一杯去冰."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from cascade.grammar.entry import Vague
from cascade.grammar.piece import Fields, Piece, Unclear, put
from cascade.grammar.reading import ALL, BREAK, HEAD, OMIT, PART, QUANTITY, SPLIT, VALUE, Mark

DESCRIBED: Final = frozenset({VALUE, PART, OMIT})
"""Marks that say what an item is like."""


def cut(run: list[Mark], link: str, clause: int) -> list[Piece]:
    """The pieces of a run of marks in which no word parts one item from the next.

    Raises :class:`~cascade.grammar.piece.Unclear` where two listeners might part them otherwise.
    """
    kinds = [mark[0] for mark in run]
    heads, numbers = kinds.count(HEAD), kinds.count(QUANTITY)
    if link is ALL and (at := _of_all_first(kinds)):
        return [piece_of(run[:at], ALL, clause), *cut(run[at:], BREAK, clause)]
    if heads <= 1 and numbers <= 1:
        return [piece_of(run, link, clause)]
    _check_told(run, kinds, heads)
    by_number = next(kind for kind in kinds if kind in (HEAD, QUANTITY)) is QUANTITY
    opens = QUANTITY if by_number or heads == 1 else HEAD
    starts = [at for at, kind in enumerate(kinds) if kind is opens]
    if not by_number and heads > 1:
        starts = _heads_first(run, kinds, heads, numbers)
    if _counts_follow(run, kinds, heads):
        starts = [0, *(at + 1 for at in starts[:-1])]
    if heads == 1 and numbers > 2 and by_number and kinds[-1] is QUANTITY and kinds[0] is QUANTITY:
        starts = [
            0,
            kinds.index(HEAD) + 1,
            *(at + 1 for at in starts[1:-1]),
        ]  # 四杯奶茶加珍珠的两杯加椰果的两杯
    # what stands before the first of them belongs to the first item; a head first has its quantity after it
    edges = [0, *(starts[1:]), len(run)]
    return [piece_of(run[a:b], link if a == 0 else BREAK, clause) for a, b in pairwise(edges)]


def _of_all_first(kinds: list[str]) -> int:
    """Where shares begin after what is said of all of them, 0 where none do: 都冰的一杯大杯一杯中杯."""
    if QUANTITY not in kinds or HEAD in kinds or kinds[-1] is QUANTITY:
        return 0
    at = kinds.index(QUANTITY)
    return at if DESCRIBED.issuperset(kinds[:at]) else 0


def _counts_follow(run: list[Mark], kinds: list[str], heads: int) -> bool:
    """Whether what is said of each share stands before how many it is: 奶茶热的两杯冰的三杯, 大杯奶茶两杯小杯一杯."""
    if heads > 1 or kinds[-1] is not QUANTITY:
        return False
    counts = [at for at, kind in enumerate(kinds) if kind is QUANTITY]
    if any(kinds[at + 1] not in DESCRIBED for at in counts[:-1]):
        return False
    if kinds[0] is HEAD:
        return kinds[1] in DESCRIBED
    if kinds[0] not in DESCRIBED or HEAD in kinds[counts[0] :]:
        return False
    groups = [{mark[1] for mark in run[a:b] if mark[0] is VALUE} for a, b in pairwise([0, *counts])]
    return bool(set.intersection(*groups))  # 大杯两杯热的一杯 may be two that are hot


def _check_told(run: list[Mark], kinds: list[str], heads: int) -> None:
    """少冰两杯奶茶少冰两杯果茶, 奶茶一杯果茶一杯中杯中杯: the same said twice is said of each."""
    values = [mark for mark in run if mark[0] is VALUE]
    twice = any(mark == other and mark[0] is VALUE for mark, other in pairwise(run))
    leads = run[0][0] is VALUE and len(values) != len(set(values))
    if heads > 1 and (twice or leads):
        raise Unclear("tie", "a value said twice")


def _heads_first(run: list[Mark], kinds: list[str], heads: int, numbers: int) -> list[int]:
    """Where items begin, each named before it is counted; 珍珠奶茶两杯果茶 and 奶茶一杯少糖果茶一杯 are not clear.

    What an item has already is the next one's: 冰奶茶五杯热奶茶一杯. What the next one cannot have beside its own is
    not: 豆浆一杯热的奶茶一杯温的.
    """
    core = [kind for kind in kinds if kind in (HEAD, QUANTITY)]
    if heads != numbers or core != [HEAD, QUANTITY] * heads:
        raise Unclear("tie", "which quantity belongs to which name")
    names = [at for at, kind in enumerate(kinds) if kind is HEAD]
    counts = [-1, *(at for at, kind in enumerate(kinds) if kind is QUANTITY)]
    starts, end = [0], len(run)
    for before, at, name in reversed([*zip(counts, counts[1:], names[1:], strict=False)]):
        between = run[at + 1 : name]
        if between and all(_excluded(mark, run[name:end]) for mark in between):
            end = name
        else:
            own = {mark[1] for mark in run[before + 1 : at] if mark[0] is VALUE}
            if any(mark[0] is not VALUE or mark[1] not in own for mark in between):
                raise Unclear("tie", "an attribute between two items")
            end = at + 1
        starts.insert(1, end)
    return starts


def _excluded(mark: Mark, run: list[Mark]) -> bool:
    """Whether a value cannot be of the item of a run, beside what it has: 热的 and 温的; 冰的 and 去冰 may both be."""
    kind, name, value = mark
    values = [other for of, field, other in run if of is VALUE and field == name]
    if kind is not VALUE or not values:
        return False
    return not any(_may_both(value, other) or _may_both(other, value) for other in values)


def _may_both(value: str, other: str) -> bool:
    return value == other or (isinstance(value, Vague) and other in value.exact)


def _together(marks: Iterable[Mark]) -> Fields:
    fields: Fields = {}
    for kind, name, value in marks:
        put(fields, kind, name, value)
    return fields


def piece_of(run: list[Mark], link: str, clause: int) -> Piece:
    """One piece of all these marks."""
    piece = Piece(link, clause)
    for kind, name, value in run:
        if kind is SPLIT:
            if piece.shares:
                raise Unclear("tie", "shares of shares")
            piece.shares = [(number, _together(said)) for number, said in value]
            piece.late = piece.headed
        elif kind is QUANTITY:
            if piece.number is not None:
                raise Unclear("tie", "two quantities for one item")
            piece.number = value
            piece.late = piece.headed
        else:
            if kind is HEAD:
                if piece.headed:
                    raise Unclear("tie", "two names for one quantity")
                piece.headed = True
            elif kind is VALUE and piece.number is None and piece.headed:
                piece.between |= {name}
            elif kind is VALUE and piece.number is None:
                piece.leads |= {name}
            put(piece.fields, kind, name, value)
    return piece
