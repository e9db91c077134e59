"""What a change says beside what something becomes: what stays, what is added, and which of several changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cascade.grammar import cups, existing, parts
from cascade.grammar.entry import ROLE
from cascade.grammar.piece import Fields, Unclear, put
from cascade.grammar.reading import (
    ALL,
    AMONG,
    BREAK,
    CHANGE,
    HEAD,
    JOIN,
    KEPT,
    OMIT,
    OTHER,
    PART,
    POINTED,
    QUANTITY,
    REST,
    VALUE,
    Handler,
    Mark,
    Reading,
)

_BOUNDS: Final = frozenset({BREAK, JOIN, ALL})
_SAID: Final = frozenset({HEAD, VALUE, PART, OMIT, QUANTITY, CHANGE})
_OF_ONE: Final = frozenset({VALUE, PART, OMIT})
_POINTS: Final = ROLE["of"] | ROLE["all"] | ROLE["reference"] | ROLE["filler"]
_ENDS: Final = ROLE["final"] | ROLE["perfective"] | ROLE["filler"]


def _kept(reading: Reading, place: int) -> int:
    """不变, at the end of a clause that says what stays as it is where something else changes."""
    after = place + 1
    while reading.at(after)[0].roles & _ENDS:
        after += 1
    if not reading.changing or not reading.ends_at(after) or reading.begins_at(place):
        return reading.refuse(place)
    what = place - 1
    while reading.at(what)[0].roles & _POINTS:
        what -= 1
    if cups.stays(reading) or _rest_stays(reading):
        return after
    named = reading.at(what)[0]
    if named.kind == "part" and parts.stays(reading, what):
        return after
    if named.kind == "attribute" and _stays_beside(reading, what, place):
        reading.marks.pop()
        reading.forget(what, place)
        return after
    if named.kind in ("attribute", "part", "note"):
        reading.fail("tie", "what stays, or what becomes of it")  # 少糖不变
    stays = ""
    if named.kind == "head" and reading.marks and reading.marks[-1][0] is HEAD:
        alone = reading.begins_at(what) or reading.paused(what)
        if not alone and any(mark[0] is CHANGE for mark in reading.clause()):
            reading.fail("tie", "what stays, or what becomes of it")  # 拿铁改热的美式不变
        stays = str(reading.marks.pop()[2])
        reading.forget(what, place)
    reading.marks.append((KEPT, "", stays))
    return after


def _rest_stays(reading: Reading) -> bool:
    """Take back which are spoken of, where it is said of the rest that they stay: 其余两杯不用动."""
    clause = reading.clause()
    if not clause or clause[0][0] not in (REST, OTHER) or any(mark[0] is not QUANTITY for mark in clause[1:]):
        return False
    del reading.marks[-len(clause) :]
    return True


def _stays_beside(reading: Reading, what: int, place: int) -> bool:
    """Whether one value stays and another kind of one changes, of one cup: 中杯不变，糖改半糖, no 热的不变."""
    slot, form = reading.tokens[what][0].slot, reading.tokens[what][0].form
    if what != place - 1 or not reading.begins_at(what) or form.endswith(reading.spec.words.of):
        return False
    if (
        not reading.marks
        or reading.marks[-1][0] is not VALUE
        or any(e.kind == "head" for e, _, _ in reading.tokens)
    ):
        return False
    others = [entry for at, (entry, _, _) in enumerate(reading.tokens) if at != what]
    if any(entry.kind == "reference" and not entry.roles & ROLE["statement"] for entry in others):
        return False
    return any(entry.kind == "attribute" for entry in others) and all(entry.slot != slot for entry in others)


def _turn(reading: Reading, place: int) -> int:
    """外卖转自取, and nothing else that is passed on: 免单卡转给我妈."""
    ways = reading.at(place - 1)[0].kind == reading.at(place + 1)[0].kind == "value"
    return existing.HANDLERS["change"](reading, place) if ways and reading.changing else reading.refuse(place)


HANDLERS: Final[Mapping[str, Handler]] = {"kept": _kept, "turn": _turn}


def settle(reading: Reading) -> None:
    """Leave out what stays as it is and which one of several is spoken of, and check what was replaced."""
    if not reading.changing:
        return
    for name in reading.replaced:
        if name not in reading.values and not reading.notes:
            reading.fail("tie", "where it went, and what becomes of it")  # 外卖改少糖
    for _, _, name in [mark for mark in reading.marks if mark[0] is KEPT]:
        if name and not any(mark[0] is HEAD and mark[2] != name for mark in reading.marks):
            reading.fail("tie", "what stays, or which one changes")  # 奶茶不变，改少糖
    if reading.shifted and reading.said(HEAD) and not reading.referred:
        reading.fail("tie", "an order, or a change of one")  # 奶茶推迟半小时送
    if reading.unspent and any(mark[0] in (HEAD, *_OF_ONE, QUANTITY) for mark in reading.marks):
        reading.fail("tie", "all that changes, or said beside it")  # 改成大杯，别用券
    reading.marks = _once([mark for mark in reading.marks if mark[0] is not KEPT])
    cups.settle(reading)
    _settle_one_of(reading)
    _settle_pointed(reading)
    _check_all(reading)


def _settle_pointed(reading: Reading) -> None:
    """How many are pointed at is their quantity, where it is not spelled out what becomes of each."""
    told = [mark for mark in reading.marks if mark[0] is not POINTED]
    if len(told) == len(reading.marks):
        return
    if len(told) < len(reading.marks) - 1:
        reading.fail("tie", "which of them")
    if _shares(told, reading.spec.quantity.field) is None:
        told = [(QUANTITY, *mark[1:]) if mark[0] is POINTED else mark for mark in reading.marks]
        reading.counted = True
    reading.marks = told
    shops = {slot.field for slot in reading.spec.slots.values() if slot.spreads}
    changed = any(mark[0] in (CHANGE, *_OF_ONE) and mark[1] not in shops for mark in told)
    becomes = changed or reading.values or reading.notes
    if reading.counted and (reading.carried or not becomes):
        reading.fail("tie", "what becomes of it")  # 那两杯奶茶, 来那两杯, 喜茶那两杯


def _check_all(reading: Reading) -> None:
    """两杯都改热的, 那两杯都改热的: how many they are may be said of the change, or only say which they are."""
    kinds = [mark[0] for mark in reading.marks if mark[0] in (QUANTITY, ALL, CHANGE)]
    if kinds[:2] == [QUANTITY, ALL] or (kinds.count(QUANTITY) == 1 and _counts_existing(reading)):
        reading.fail("tie", "how many, or which of them")


def _counts_existing(reading: Reading) -> bool:
    """Whether a number stands right after what points at an order that exists: 那单里的两杯改成热的."""
    for place in range(1, reading.count - 1):
        if place in reading.superseded:
            continue
        if (reading.number(place) or 0) > 1 and reading.at(place + 1)[0].roles & ROLE["measure"]:
            before = place - 1
            while reading.at(before)[0].kind in ("of", "inside"):
                before -= 1
            points = reading.at(before)[0].roles
            if points & ROLE["reference"] and not points & (ROLE["statement"] | ROLE["change"]):
                return True
    return False


def _find(marks: list[Mark], kind: str) -> int:
    return next((at for at, mark in enumerate(marks) if mark[0] is kind), -1)


def _once(marks: list[Mark]) -> list[Mark]:
    """A change that is said again is one: 改成两杯！改成两杯！"""
    kept: list[list[Mark]] = []
    clause: list[Mark] = []
    for mark in (*marks, (BREAK, "", None)):
        if mark[0] is not BREAK:
            clause.append(mark)
            continue
        clause = _single(clause)
        said_before = clause in kept and any(mark[0] is CHANGE for mark in clause)
        kept.append([] if said_before else clause)
        clause = []
    return [mark for clause in kept for mark in (*clause, (BREAK, "", None))][:-1]


def _single(clause: list[Mark]) -> list[Mark]:
    """A clause that is the same change twice, as one: 换热的换热的."""
    half = len(clause) // 2
    twice = half and clause[:half] == clause[half:] and clause[0][0] is CHANGE
    return clause[:half] if twice else clause


def _settle_one_of(reading: Reading) -> None:
    """其中一杯改成热的: how many of them is no quantity that something is changed to."""
    marks = reading.marks
    at = _find(marks, AMONG)
    if at < 0 or any(mark[0] in (AMONG, QUANTITY) for mark in (*marks[:at], *marks[at + 2 :])):
        return
    if [mark[0] for mark in marks[at + 1 : at + 3]] == [QUANTITY, CHANGE] and marks[at + 1][2] == 1:
        reading.marks = [mark for mark in (*marks[:at], *marks[at + 2 :]) if mark[0] is not POINTED]


def check_added(reading: Reading) -> None:
    """Raises :class:`~cascade.grammar.piece.Unclear` where 再加一杯奶茶 is not all that becomes of an order."""
    at = reading.added
    if at is None:
        return
    before, after = reading.marks[:at], reading.marks[at + 1 :]
    named = any(mark[0] is HEAD for mark in after)
    if named == any(mark[0] is CHANGE for mark in after):
        one = any(mark[0] is QUANTITY and mark[2] == 1 for mark in after)
        if named or (one and not reading.notes):
            raise Unclear("tie", "a change, and another item")  # 再加一杯，少糖
    if any(mark[0] in _SAID for mark in before):
        raise Unclear("tie", "a change, and another item")  # 改成大杯，再加一杯拿铁


def several(reading: Reading) -> list[Fields] | None:
    """The items of a change that spells out each of several cups; ``None`` where it does not.

    Raises :class:`~cascade.grammar.piece.Unclear` where one of them has two values.
    """
    if (named := cups.each(reading.marks)) is not None:
        return named
    pointed = sum(bool(entry.roles & ROLE["cup"]) for entry, _, _ in reading.tokens)
    return _each_named(reading.marks, pointed) or _shares(reading.marks, reading.spec.quantity.field)


def _clauses(marks: list[Mark]) -> list[list[Mark]]:
    clauses: list[list[Mark]] = [[]]
    for mark in marks:
        if mark[0] in _BOUNDS:
            clauses.append([])
        else:
            clauses[-1].append(mark)
    return [clause for clause in clauses if clause]


def _each_named(marks: list[Mark], cups: int) -> list[Fields] | None:
    """拿铁改热的，美式改冰的: in every clause a name, and what becomes of it.

    Where as many cups are pointed at, no word need say that something becomes of them: 奶绿那杯加椰果.
    """
    clauses = _clauses(marks)
    if len(clauses) < 2 or len({clause[0] for clause in clauses}) < len(clauses):
        return None
    for clause in clauses:
        kinds = [mark[0] for mark in clause]
        changes = kinds[1:2] == [CHANGE]
        told = kinds[2:] if changes else kinds[1:]
        if kinds[0] is not HEAD or not told or not (changes or cups == len(clauses)):
            return None
        if not _OF_ONE.issuperset(told) and (told != [QUANTITY] or not changes):
            return None
    return [_fields([mark for mark in clause if mark[0] is not CHANGE]) for clause in clauses]


def _shares(marks: list[Mark], quantity: str) -> list[Fields] | None:
    """改成一杯少糖一杯半糖: shares of one name, said before them or after them, and of each the same things."""
    runs: list[list[Mark]] = []
    heads: list[Mark] = []
    for mark in marks:
        if mark[0] is QUANTITY:
            runs.append([mark])
        elif mark[0] is HEAD:
            heads.append(mark)
            if runs and (len(runs) < 2 or len(runs[-1]) < 2):
                return None
        elif mark[0] is VALUE and runs:
            runs[-1].append(mark)
        elif mark[0] not in (CHANGE, BREAK, ALL):
            return None
        elif mark[0] is CHANGE and runs and len(runs[-1]) > 1:
            return None  # 一杯少糖改成半糖
    names = {tuple(sorted(mark[1] for mark in run[1:])) for run in runs}
    if len(runs) < 2 or len(heads) > 1 or len(names) != 1 or names == {()}:
        return None
    if len({tuple(map(str, (mark[2] for mark in run[1:]))) for run in runs}) < len(runs):
        return None
    return [_fields([*heads, *run], quantity) for run in runs]


def _fields(marks: list[Mark], quantity: str = "") -> Fields:
    fields: Fields = {}
    for kind, name, value in marks:
        put(fields, kind, name, value)
    return fields
