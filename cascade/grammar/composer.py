"""From marks to items: which quantity and which attribute belong to which head.

Marks are cut into pieces with at most one quantity and one head each; the assembly puts the pieces together. Wherever
two listeners could understand two different orders the outcome is :class:`Unclear`, never a guess.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from cascade.grammar.cutting import DESCRIBED, cut, piece_of
from cascade.grammar.piece import Fields, Piece, Unclear, put
from cascade.grammar.reading import (
    ALL,
    AMONG,
    BREAK,
    EACH,
    HEAD,
    JOIN,
    MORE,
    OTHER,
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
_COUNTED_OR_NAMED: Final = frozenset({HEAD, QUANTITY})


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

    def close(run: list[Mark], *, all_follow: bool = False) -> None:
        at = _said_again(run, named, all_follow=all_follow)
        new = cut(run[:at], link, clause) if at or not run else []
        new += _named_again(run[at:], clause)
        new[0].turn, new[0].more = turn, more
        named.update(mark[2] for mark in run if mark[0] is HEAD)
        found.extend(new)

    for at, mark in enumerate(marks):
        kind = mark[0]
        if kind not in _LINKS:
            if kind is QUANTITY and link is ALL and _said_of_all(run):
                close(run)
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
                    close(run[:-1])
                run, link, turn, more = run[-1:], ALL, False, False
        else:
            close(run, all_follow=kind is ALL)
            run, link, turn, more = [], kind, False, False
        turn |= mark[1] is TURN
        more |= mark[1] is MORE
        clause += kind is BREAK
    if run or link in _DIVIDING:
        close(run)
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
    if link in _PARTITIVE and HEAD not in kinds and not kinds.isdisjoint(DESCRIBED):
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
    if not {HEAD, *DESCRIBED}.issuperset(kinds):
        return False
    bare = [at for at, kind in enumerate(kinds) if kind is HEAD and kinds[at + 1 : at + 2] in ([], [HEAD])]
    return not bare or (all_follow and bare == [len(kinds) - 1])


def _named_again(run: list[Mark], clause: int) -> list[Piece]:
    """A piece for each name that is said again."""
    starts = [at for at, mark in enumerate(run) if mark[0] is HEAD]
    return [piece_of(run[a:b], BREAK, clause) for a, b in pairwise([*starts, len(run)])]


def _joined(link: str, following: str) -> str:
    """What two boundaries with nothing between them mean together."""
    if following is BREAK or (following is ALL and link in _PARTITIVE):
        return link
    if following is JOIN:
        return link if link in _DIVIDING and link is not OTHER else JOIN
    return following
