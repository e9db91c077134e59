"""From what was read to the plain data that the answer model is built from."""

from __future__ import annotations

from typing import Any, Final

from cascade.grammar import parts
from cascade.grammar.alterations import check_added, several
from cascade.grammar.assembly import Assembly
from cascade.grammar.composer import pieces, simple
from cascade.grammar.each import distributed
from cascade.grammar.entry import ROLE, Vague
from cascade.grammar.piece import Fields, Unclear, merge, put
from cascade.grammar.reading import (
    ALL,
    BREAK,
    CHANGE,
    CUP,
    EACH,
    HEAD,
    JOIN,
    MORE,
    OMIT,
    PART,
    QUANTITY,
    SPLIT,
    VALUE,
    Mark,
    Reading,
)
from cascade.grammar.rows import in_row
from cascade.grammar.spec import GrammarSpec
from cascade.grammar.spent import check_spent

_GIVEN: Final = ROLE["person"] | ROLE["recipient"]
_ANEW: Final = ROLE["carrier"] | ROLE["again"] | ROLE["desire"] | ROLE["falter"] | ROLE["amend"]
_OWNED: Final = ROLE["person"] | ROLE["owner"]
_SAID_OF_ONE: Final = frozenset({VALUE, PART, OMIT})
_ONE_CUP: Final = frozenset({HEAD, VALUE, PART, OMIT, CHANGE})
_BOUNDS: Final = frozenset({BREAK, JOIN})
_PARTS: Final = frozenset({PART, OMIT})
_WHOLE: Final = frozenset({"place", "value", "heard", "note"})
"""Kinds of words that a change of the whole order leads to: where it goes, how it gets there, what is asked for."""
_TOLD: Final = frozenset({HEAD, VALUE, PART, OMIT, BREAK, ALL})
_ADDED: Final = _TOLD | {JOIN, QUANTITY}


def composed(reading: Reading, head: str, spreading: frozenset[str]) -> list[Fields]:
    """The items of an order. Raises :class:`~cascade.grammar.piece.Unclear`."""
    apart = reading.served or reading.people > 1 or reading.said(EACH)
    reading.marks = distributed(reading)
    names = [mark[2] for mark in reading.marks if mark[0] is HEAD]
    counted = [mark[0] for mark in reading.marks if mark[0] in (HEAD, QUANTITY)][-1:] == [QUANTITY]
    if reading.inside and counted and len(names) > len(set(names)):
        raise Unclear("tie", "some of which")  # 三杯奶茶一杯果茶，奶茶里有一杯热的
    if len(names) > 1 and _falters(reading) and _counted_again(reading.marks):
        raise Unclear("tie", "how many, or as many more")  # 一杯西瓜汁，呃，两杯西瓜汁
    single = simple(reading.marks)
    if single is not None:
        items = [single] if single else []
    elif reading.led:
        raise Unclear("tie", "said before several items")  # 少冰 一杯奶茶 一杯果茶
    else:
        assembly = Assembly(
            head,
            spreading,
            reading.spec,
            apart=apart,
            shop=not (reading.served or (JOIN, MORE, None) in reading.marks or _spoken_by_several(reading)),
            given=any(entry.roles & _GIVEN for entry, _, _ in reading.tokens),
            plain=any(entry.roles & ROLE["plain"] for entry, _, _ in reading.tokens),
            some=not _begins_anew(reading),
        )
        row = pieces(reading.marks)
        if not _falters(reading):
            row = in_row(row, reading.spec, head, spreading)
        for piece in row:
            assembly.add(piece)
        name = reading.spec.quantity.field
        items = [numbered(item.fields, name, item.number) for item in assembly.finish()]
    if reading.repeats and not items:
        items = [{}]
    _check_rejected(reading, items)
    if single is None:
        _check_kept(reading.marks, items)
    check_parts(reading.spec, items)
    _check_people(reading, items)
    check_spent(reading, items)
    return items


def _check_kept(marks: list[Mark], items: list[Fields]) -> None:
    """Every value that was read is in some item: 两杯拿铁都换燕麦奶 一热一冰 must not end as two of no temperature."""
    splits = (shares for kind, _, shares in marks if kind is SPLIT)
    shared = (mark for shares in splits for _, said in shares for mark in said)
    for kind, name, value in (*marks, *shared):
        if kind not in _SAID_OF_ONE:
            continue
        kept = [item[name] for item in items if name in item]
        said = any(value in one if isinstance(one, list) else one == value for one in kept)
        if not said and not (isinstance(value, Vague) and any(one in value.exact for one in kept)):
            raise Unclear("tie", f"{value} is said of nothing")


def _spoken_by_several(reading: Reading) -> bool:
    """Whether what is said last may be of one person's cup alone: 我要奶茶，她要拿铁，瑞幸的."""
    return any(entry.roles & _OWNED for entry, _, _ in reading.tokens)


def _falters(reading: Reading) -> bool:
    """Whether somebody thinks again after a number was said: 奶茶一杯半糖，欸两杯全糖."""
    first = next(
        (at for at, (entry, _, _) in enumerate(reading.tokens) if entry.kind == "numeral"), reading.count
    )
    return any(entry.roles & ROLE["falter"] for entry, _, _ in reading.tokens[first:])


def _begins_anew(reading: Reading) -> bool:
    """Whether somebody orders, or thinks again, once the first number was said: 两杯奶茶，来一杯加椰果."""
    first = next((at for at, (entry, _, _) in enumerate(reading.tokens) if entry.kind == "numeral"), 0)
    return any(entry.roles & _ANEW for entry, _, _ in reading.tokens[first:])


def _counted_again(marks: list[Mark]) -> bool:
    """Whether a name is counted twice in a row with nothing else said of it in between."""
    said = [mark for mark in marks if mark[0] is not BREAK]
    for at in range(len(said) - 3):
        first, second = said[at : at + 2], said[at + 2 : at + 4]
        kinds = [mark[0] for mark in first]
        if kinds not in ([QUANTITY, HEAD], [HEAD, QUANTITY]) or kinds != [mark[0] for mark in second]:
            continue
        if [mark[2] for mark in first if mark[0] is HEAD] == [mark[2] for mark in second if mark[0] is HEAD]:
            return True
    return False


def changed(reading: Reading) -> list[Fields]:
    """The item that a change leads to: before 改成 stands what it was, after it what it becomes.

    Raises :class:`~cascade.grammar.piece.Unclear`.
    """
    check_added(reading)
    kinds = [mark[0] for mark in reading.marks]
    if CHANGE not in kinds:
        return several(reading) or _told(reading) if CUP in kinds else _told(reading)
    if reading.carried:
        raise Unclear("tie", "an order and a change at once")
    if (items := several(reading)) is not None:
        return items
    if kinds.count(CHANGE) > 1:
        return _changed_twice(reading)
    at = kinds.index(CHANGE)
    told = _told_apart(reading, at)
    before, after = simple(reading.marks[told:at]), simple(reading.marks[at + 1 :])
    if (
        before is None
        or after is None
        or not (after or reading.values or reading.notes)
        or (True in reading.values.values() and (before or after))
    ):
        raise Unclear("tie", "more than one change")
    later = kinds[at:]
    if PART in later and HEAD in later[later.index(PART) :] and HEAD in kinds[:at]:
        raise Unclear("tie", "a drink for a part")  # 抹茶换芋泥，那杯奶茶
    exchanged = (PART in later or OMIT in kinds[:at]) and not reading.referred
    another = BREAK in later and HEAD in later[later.index(BREAK) :]
    if another and (exchanged or HEAD in kinds[:at]):
        # 糖浆换成蜂蜜，柠檬红茶热 may order, 拿铁换成大杯，奶绿加椰果 may change another
        raise Unclear("tie", "one that changes, or another beside it")
    recounted = {HEAD, QUANTITY} <= set(kinds) and QUANTITY in later and HEAD not in later
    recounted = recounted and kinds.index(HEAD) < kinds.index(QUANTITY)
    if {HEAD, QUANTITY} <= set(kinds[:at]) and not recounted and not reading.counted:  # 奶茶两杯改成三杯
        raise Unclear("tie", "an order before a change")
    _check_exchange(kinds, told, at)
    named = {mark[1] for mark in reading.marks[:at] if mark[0] in (HEAD, OMIT)}
    if reading.counted:  # 那两杯改半糖
        named.add(reading.spec.quantity.field)
    if reading.referred:  # 喜茶那杯改半糖
        named |= {str(slot.field) for slot in reading.spec.slots.values() if slot.spreads}
    if any(name not in after and name not in named for name in before):
        raise Unclear("tie", "what was it, and what is it now")
    result = {name: value for name, value in before.items() if name not in after or isinstance(value, list)}
    merge(result, after)
    merge(result, simple(reading.marks[:told]) or {})
    check_parts(reading.spec, [result])
    return [result] if result else []


def _check_exchange(kinds: list[str], told: int, change: int) -> None:
    """Fail where it is open which part becomes which; the clause of the change begins at ``told``."""
    if OMIT in kinds[told:change] and PART not in kinds[change:]:
        raise Unclear("tie", "what is left out, or which one")  # 那杯芋泥换成热的
    if PART in kinds[:change] and PART in kinds[change:] and OMIT not in kinds[told:change]:
        raise Unclear("tie", "what becomes of which")  # 加珍珠换成加布丁, 加珍珠，换成布丁


def _told_apart(reading: Reading, change: int) -> int:
    """Where among the marks the clause of a change begins, after clauses that add parts or leave them out.

    那杯加珍珠，糖改成半糖; 0 where anything else is said before it, which may be what it was.
    """
    marks = reading.marks
    bounds = [at for at in range(change) if marks[at][0] in _BOUNDS]
    first = bounds[-1] + 1 if bounds else 0
    told = [mark[0] for mark in marks[:first] if mark[0] not in _BOUNDS]
    if told[:1] == [HEAD]:
        told = told[1:]
    if not told or not _PARTS.issuperset(told) or any(mark[0] is HEAD for mark in marks[first:]):
        return 0
    return first if parts.spelled_out(reading, len(told)) else 0


def _changed_twice(reading: Reading) -> list[Fields]:
    """大杯改中杯，糖改少糖: one cup, and in every clause what it was and what it becomes."""
    if sum(mark[0] is HEAD for mark in reading.marks) > 1 or True in reading.values.values():
        raise Unclear("tie", "more than one change")
    clauses: list[list[Mark]] = [[]]
    for mark in reading.marks:
        if mark[0] in (BREAK, JOIN):
            clauses.append([])
        else:
            clauses[-1].append(mark)
    result: Fields = {}
    whole = _changed_as_a_whole(reading)
    for clause in filter(None, clauses):
        kinds = [mark[0] for mark in clause]
        if kinds == [CHANGE] and whole:
            whole -= 1  # 地址改成公司，糖改成半糖
            continue
        if kinds.count(CHANGE) > 1 or not _ONE_CUP.issuperset(kinds):
            raise Unclear("tie", "more than one change")
        at = kinds.index(CHANGE) if CHANGE in kinds else -1
        before, after = simple(clause[: max(at, 0)]), simple(clause[at + 1 :])
        if before is None or not after:
            raise Unclear("tie", "more than one change")
        kept = {name: value for name, value in before.items() if isinstance(value, list) or name not in after}
        if {mark[0] for mark in clause[: max(at, 0)] if mark[1] in kept} - {HEAD, OMIT}:
            raise Unclear("tie", "what was it, and what is it now")
        merge(result, kept)
        merge(result, after)
    check_parts(reading.spec, [result])
    return [result]


def _changed_as_a_whole(reading: Reading) -> int:
    """How many times something is said to become what belongs to the whole order: 改送公司, 时间改成五点."""
    return sum(
        entry.roles & ROLE["change"] > 0 and _belongs_to_all(reading, place + 1)
        for place, (entry, _, _) in enumerate(reading.tokens)
        if place not in reading.superseded
    )


def _belongs_to_all(reading: Reading, place: int) -> bool:
    """Whether an address, a way, a wish or an hour begins at a place; an address may have a strange name."""
    following = reading.at(place)[0]
    if reading.number(place) is not None and reading.at(place + 1)[0].roles & ROLE["hour"]:
        return True
    return following.kind in _WHOLE or (following.kind == "unknown" and reading.spec.place in reading.values)


def _told(reading: Reading) -> list[Fields]:
    """What is said of an order that was pointed at, and nothing that could be another cup: 刚才那杯加珍珠."""
    added = reading.added is not None and reading.said(HEAD) and not reading.said(ALL)
    kinds = {mark[0] for mark in reading.marks} - ({QUANTITY} if reading.counted else set())
    if not (_ADDED if added else _TOLD).issuperset(kinds):
        raise Unclear("tie", "an order and a change at once")
    pointers = [entry for entry, _, _ in reading.tokens if entry.kind == "reference"]
    if reading.said(HEAD) and pointers and all(entry.roles & ROLE["near"] for entry in pointers):
        raise Unclear("tie", "one that exists, or the one that follows")  # 这杯给自己，奶茶少糖
    if _is_to_change(reading):
        raise Unclear("tie", "what becomes of it")
    item = simple(reading.marks)
    described = any(mark[0] not in (HEAD, BREAK, ALL) for mark in reading.marks) or reading.exchanged
    # 把免单卡给我 points at no order
    pointed = any(entry.kind == "reference" for entry, _, _ in reading.tokens)
    pointed |= reading.shifted
    if item is None or not (described or (pointed and (reading.values or reading.notes))):
        raise Unclear("tie", "what becomes of it")
    check_parts(reading.spec, [item])
    return [item] if item else []


def _is_to_change(reading: Reading) -> bool:
    """Whether what is said of a cup is what shall change, and into what is not: 把那杯少糖改一下, no 那杯少糖改一下."""
    objects = (place for place, (entry, _, _) in enumerate(reading.tokens) if entry.roles & ROLE["object"])
    for place in objects:
        after = place + 1
        while reading.at(after)[0].kind in ("reference", "of"):
            after += 1
        stated = reading.at(after + 1)[0].roles & ROLE["statement"]
        if reading.at(after)[0].kind in ("attribute", "part") and stated:
            return True
    return False


def numbered(fields: Fields, name: str, number: int | None) -> Fields:
    """``fields`` with the quantity, where one was said."""
    if number is not None:
        put(fields, QUANTITY, name, number)
    return fields


def _check_rejected(reading: Reading, items: list[Fields]) -> None:
    for rejected in reading.rejected:
        if not items or any(rejected in item.values() for item in items):
            raise Unclear("conflict", f"{rejected} is rejected and ordered")


def _check_people(reading: Reading, items: list[Fields]) -> None:
    """给我和我妈点一杯奶茶: one to share, or one for each?"""
    name = reading.spec.quantity.field
    total = sum(item.get(name, 1) for item in items)
    if reading.people > 1 and items and (total == 1 or (reading.paired and total != reading.people)):
        raise Unclear("tie", f"one for {reading.people}")


def check_parts(spec: GrammarSpec, items: list[Fields]) -> None:
    """Raises :class:`~cascade.grammar.piece.Unclear` where a part is both added and left out."""
    for slot in spec.slots.values():
        if slot.role == "part" and slot.field is not None and slot.without is not None:
            for item in items:
                parts, without = item.get(slot.field, ()), item.get(slot.without, ())
                if not parts:
                    continue
                heads = {value for value in item.values() if isinstance(value, str)}
                if heads.intersection(parts):
                    raise Unclear("tie", "the same name twice")  # 烧仙草，要烧仙草
                if not set(parts).isdisjoint(without):
                    raise Unclear("conflict", "added and left out at once")
                if any(one != other and one in other for one in parts for other in parts):
                    raise Unclear("tie", "one part, or two")  # 要芝士，加芝士奶盖


def _plain(value: Any) -> Any:
    return str.__str__(value) if isinstance(value, Vague) else value


def to_data(spec: GrammarSpec, reading: Reading, items: list[Fields], intent: str) -> dict[str, Any]:
    """Everything that was read, as the answer model takes it."""
    plain = [{name: _plain(value) for name, value in item.items()} for item in items]
    data: dict[str, Any] = {"intent": intent, spec.items: plain, **reading.notes}
    for path, value in reading.values.items():
        *parents, name = path.split(".")
        place = data
        for parent in parents:
            place = place.setdefault(parent, {})
        place[name] = value
    return data
