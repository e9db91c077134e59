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
    MORE,
    OMIT,
    OTHER,
    PART,
    QUANTITY,
    REST,
    SPLIT,
    TURN,
    VALUE,
    Mark,
)

_LINKS: Final = frozenset({BREAK, JOIN, EACH, ALL, OTHER, AMONG, REST})
_PARTITIVE: Final = frozenset({OTHER, AMONG, REST})
_DIVIDING: Final = _PARTITIVE | {EACH}
_DESCRIBED: Final = frozenset({VALUE, PART, OMIT})
_COUNTED_OR_NAMED: Final = frozenset({HEAD, QUANTITY})


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
    between: frozenset[str] = frozenset()
    """Fields that were said after its name and before its quantity."""
    turn: bool = False
    """Whether somebody else says what is theirs, which is no item before it."""
    more: bool = False
    """Whether it is said to come in addition to what stands before it: 再来一杯."""


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
    named: set[str] = set()
    link, clause, turn, more = BREAK, 0, False, False

    def cut(run: list[Mark], *, all_follow: bool = False) -> None:
        at = _said_again(run, named, all_follow=all_follow)
        new = _cut(run[:at], link, clause) if at or not run else []
        new += _named_again(run[at:], clause)
        new[0].turn, new[0].more = turn, more
        named.update(mark[2] for mark in run if mark[0] is HEAD)
        found.extend(new)

    for at, mark in enumerate(marks):
        kind = mark[0]
        if kind not in _LINKS:
            if kind is QUANTITY and link is ALL and _said_of_all(run):
                cut(run)
                run, link, turn = [], BREAK, False
            run.append(mark)
            continue
        if kind is ALL:
            _check_all(run, link)
        if not run:
            link = _joined(link, kind)
        elif kind is ALL and link is not EACH and _of_those(marks[:at], run, link):
            if link not in _PARTITIVE:  # 另外两杯都 speaks of the two, 两杯都 of both
                if run[:-1]:
                    cut(run[:-1])
                run, link, turn, more = run[-1:], ALL, False, False
        else:
            cut(run, all_follow=kind is ALL)
            run, link, turn, more = [], kind, False, False
        turn |= mark[1] is TURN
        more |= mark[1] is MORE
        clause += kind is BREAK
    if run or link in _DIVIDING:
        cut(run)
    return found


def _of_those(marks: list[Mark], run: list[Mark], link: str) -> bool:
    """Whether 都 speaks of what was counted right before it, and of nothing else."""
    if link in _PARTITIVE:
        return not any(mark[0] is HEAD for mark in run)  # 一杯拿铁另一杯美式都 speaks of both
    return _counts_all(run) or _sums_up(marks, run)


def _counts_all(run: list[Mark]) -> bool:
    """Whether a quantity before 都 is that of everything before it: 两杯都, 两杯奶茶两个都."""
    kinds = [mark[0] for mark in run]
    if kinds[-1] is not QUANTITY:
        return False
    heads, numbers = kinds.count(HEAD), kinds.count(QUANTITY)
    by_number = next(kind for kind in kinds if kind in _COUNTED_OR_NAMED) is QUANTITY
    if len(run) == 1 or (by_number and numbers == heads + 1 > 1 and run[-1][2] > 1):
        return True
    *counts, last = [mark[2] for mark in run if mark[0] is QUANTITY]
    if last < 2 or len(counts) < 2 or heads > 1:
        return False
    shares = counts[1:] if heads else counts
    return sum(shares) == last and (not heads or counts[0] == last)  # 两杯奶茶一杯热一杯温两杯都


def _said_of_all(run: list[Mark]) -> bool:
    """Whether all that was counted is described, and what is counted next is another: 两杯都半糖 一杯热一杯冰."""
    kinds = [mark[0] for mark in run]
    return kinds[:1] == [QUANTITY] and run[0][2] > 1 and {*kinds[1:]} == {VALUE}


def _sums_up(marks: list[Mark], run: list[Mark]) -> bool:
    """Whether the number before 都 is how many names there are, none of them counted: 橙汁和苹果汁两杯都.

    Raises :class:`Unclear` where it may be that, and may be how many of the last.
    """
    kinds = [mark[0] for mark in marks if mark[0] in _COUNTED_OR_NAMED]
    names, number = kinds.count(HEAD), run[-1][2]
    if run[-1][0] is not QUANTITY or names < 2 or number < 2 or kinds[-2:] != [HEAD, QUANTITY]:
        return False
    if kinds[0] is QUANTITY and kinds.count(QUANTITY) == names:
        others = [mark[2] for mark in marks if mark[0] is QUANTITY][:-1]
        if sum(others) + 1 == number:
            raise Unclear("tie", "how many of the last, or of all")  # 来一杯橙汁和苹果汁两杯都要冰的
    if kinds.count(QUANTITY) > 1:
        return False
    if number != names:
        raise Unclear("tie", "how many of the last, or of all")
    return True


def _check_all(run: list[Mark], link: str) -> None:
    """Hold 都 apart where something was said of some right before it: 其余中杯都热 may be all that are hot."""
    kinds = {mark[0] for mark in run}
    if link in _PARTITIVE and HEAD not in kinds and not kinds.isdisjoint(_DESCRIBED):
        raise Unclear("tie", "of all, or of some")


def _said_again(run: list[Mark], named: set[str], *, all_follow: bool) -> int:
    """Where names begin to be said again, each with what it is like: 奶茶一杯果茶一杯奶茶热; the end where none are.

    ``all_follow`` says that 都 follows, and what is said of the last of them after it.
    """
    kinds = [mark[0] for mark in run]
    for at in (at for at, kind in enumerate(kinds) if kind is HEAD):
        again = [mark[2] for mark in run[at:] if mark[0] is HEAD]
        before = named | {mark[2] for mark in run[:at] if mark[0] is HEAD}
        if not before.issuperset(again) or len(again) > len(set(again)) or (len(again) == 1 and not at):
            continue
        if _listed(kinds[:at]) and _each_described(kinds[at:], all_follow=all_follow):
            return at
    return len(run)


def _listed(kinds: list[str]) -> bool:
    """Whether these are whole items, each counted, and nothing is said of the last after its name and quantity."""
    core = [kind for kind in kinds if kind in _COUNTED_OR_NAMED]
    pairs = len(core) // 2
    return core in ([HEAD, QUANTITY] * pairs, [QUANTITY, HEAD] * pairs) and kinds[-1:] == core[-1:]


def _each_described(kinds: list[str], *, all_follow: bool) -> bool:
    """Whether something is said of every name and nothing else; of the last of them what follows may say it."""
    if not {HEAD, *_DESCRIBED}.issuperset(kinds):
        return False
    bare = [at for at, kind in enumerate(kinds) if kind is HEAD and kinds[at + 1 : at + 2] in ([], [HEAD])]
    return not bare or (all_follow and bare == [len(kinds) - 1])


def _named_again(run: list[Mark], clause: int) -> list[Piece]:
    """A piece for each name that is said again."""
    starts = [at for at, mark in enumerate(run) if mark[0] is HEAD]
    return [_piece(run[a:b], BREAK, clause) for a, b in pairwise([*starts, len(run)])]


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
    if link is ALL and (at := _of_all_first(kinds)):
        return [_piece(run[:at], ALL, clause), *_cut(run[at:], BREAK, clause)]
    if heads <= 1 and numbers <= 1:
        return [_piece(run, link, clause)]
    _check_told(run, kinds, heads)
    by_number = next(kind for kind in kinds if kind in (HEAD, QUANTITY)) is QUANTITY
    opens = QUANTITY if by_number or heads == 1 else HEAD
    starts = [at for at, kind in enumerate(kinds) if kind is opens]
    if not by_number and heads > 1:
        _check_heads_first(run, kinds, heads, numbers)
        starts = [0, *(at + 1 for at, kind in enumerate(kinds) if kind is QUANTITY)][:-1]
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
    return [_piece(run[a:b], link if a == 0 else BREAK, clause) for a, b in pairwise(edges)]


def _of_all_first(kinds: list[str]) -> int:
    """Where shares begin after what is said of all of them, 0 where none do: 都冰的一杯大杯一杯中杯."""
    if QUANTITY not in kinds or HEAD in kinds or kinds[-1] is QUANTITY:
        return 0
    at = kinds.index(QUANTITY)
    return at if _DESCRIBED.issuperset(kinds[:at]) else 0


def _counts_follow(run: list[Mark], kinds: list[str], heads: int) -> bool:
    """Whether what is said of each share stands before how many it is: 奶茶热的两杯冰的三杯, 大杯奶茶两杯小杯一杯."""
    if heads > 1 or kinds[-1] is not QUANTITY:
        return False
    counts = [at for at, kind in enumerate(kinds) if kind is QUANTITY]
    if any(kinds[at + 1] not in _DESCRIBED for at in counts[:-1]):
        return False
    if kinds[0] is HEAD:
        return kinds[1] in _DESCRIBED
    if kinds[0] not in _DESCRIBED or HEAD in kinds[counts[0] :]:
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


def _check_heads_first(run: list[Mark], kinds: list[str], heads: int, numbers: int) -> None:
    """奶茶一杯果茶一杯 is clear; 珍珠奶茶两杯果茶 and 奶茶一杯少糖果茶一杯 are not.

    What an item has already is the next one's: 冰奶茶五杯热奶茶一杯.
    """
    core = [kind for kind in kinds if kind in (HEAD, QUANTITY)]
    if heads != numbers or core != [HEAD, QUANTITY] * heads:
        raise Unclear("tie", "which quantity belongs to which name")
    start = 0
    for at in (at for at, kind in enumerate(kinds) if kind is QUANTITY):
        own = {mark[1] for mark in run[start:at] if mark[0] is VALUE}
        following = run[at + 1 :] if HEAD in kinds[at:] else []
        following = following[: next((one for one, mark in enumerate(following) if mark[0] is HEAD), 0)]
        if any(mark[0] is not VALUE or mark[1] not in own for mark in following):
            raise Unclear("tie", "an attribute between two items")
        start = at + 1


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
            elif kind is VALUE and piece.number is None and piece.headed:
                piece.between |= {name}
            elif kind is VALUE and piece.number is None:
                piece.leads |= {name}
            put(piece.fields, kind, name, value)
    return piece
