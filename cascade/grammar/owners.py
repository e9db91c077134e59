"""Shares that go by whose they are, or by what tells them apart: 我的少糖她的多糖, 大杯的去冰中杯的热.

No number says how many each is: one, or two where it is a couple's. They count only where no two of them are alike.
"""

from __future__ import annotations

from typing import Any, Final

from cascade.grammar.entry import ROLE
from cascade.grammar.reading import OMIT, PART, VALUE, Mark, Reading

_PAUSES: Final = ROLE["separator"] | ROLE["final"]
_WHO: Final = ROLE["person"] | ROLE["owner"] | ROLE["speaker"]
_WANTS: Final = ROLE["wants"] | ROLE["add"]

Group = tuple[int, int, Any, tuple[Mark, ...]]
"""The place after a share, how many it is, whose it is, and what is said of it."""


def owned(
    reading: Reading, heads: list[int]
) -> dict[int, tuple[int, tuple[tuple[int, tuple[Mark, ...]], ...]]]:
    """Where such shares begin, the place after them, and the shares; nothing unless they are of one name."""
    if len(heads) != 1 or reading.changing:
        return {}
    people: list[int] = []
    values: list[int] = []
    for place, (entry, _, _) in enumerate(reading.tokens):
        if entry.roles & _WHO:
            people.append(place)
        if entry.kind == "attribute" and _describes(reading, place):
            values.append(place)
    if len(values) > 1 and not any(
        entry.kind == "numeral" and reading.at(place + 1)[0].roles & ROLE["measure"]
        for place, (entry, _, _) in enumerate(reading.tokens)
    ):
        values = []
    for find, places in ((_by_person, people), (_by_value, values)):
        for place in places if len(places) > 1 else ():
            groups = _row(reading, place, find)
            whose = {whose for _, _, whose, _ in groups}
            if len(groups) > 1:
                shares = tuple((number, said) for _, number, _, said in groups)
                told_apart = len(whose) == len({said for _, said in shares}) == len(groups)
                return {place: (groups[-1][0], shares)} if told_apart and not _strange(reading, place) else {}
    return {}


def _describes(reading: Reading, place: int) -> bool:
    return reading.tokens[place][0].form.endswith("的") or reading.at(place + 1)[0].kind == "of"


def _strange(reading: Reading, place: int) -> bool:
    """Whether the first word may belong to one before it: 其他."""
    return reading.at(place - 1)[0].kind == "unknown" and not reading.begins(place)


def _row(reading: Reading, place: int, find: Any) -> list[Group]:
    groups: list[Group] = []
    while (group := find(reading, place)) is not None:
        groups.append(group)
        place = group[0]
        while groups and reading.at(place)[0].roles & _PAUSES:
            place += 1
    return groups


def _by_person(reading: Reading, place: int) -> Group | None:
    """我的少糖, 我妈要热的, 她加珍珠."""
    entry = reading.at(place)[0]
    speaks = entry.roles & ROLE["speaker"] and entry.roles & (ROLE["carrier"] | ROLE["desire"])
    whose = entry.form.rstrip("的") if not speaks else entry.form[:1]
    if not (entry.roles & (ROLE["person"] | ROLE["owner"]) or speaks):
        return None
    at = place + 1
    if reading.at(at)[0].kind == "of":
        at += 1
    if reading.at(at)[0].roles & _WANTS and reading.at(at + 1)[0].kind != "part":
        at += 1
    after, said = _said(reading, at)
    number = 2 if entry.roles & ROLE["couple"] else 1
    return (after, number, whose, said) if said else None


def _by_value(reading: Reading, place: int) -> Group | None:
    """大杯的去冰: what tells it apart, and what is said of it."""
    entry, slot = reading.at(place)[0], reading.at(place)[0].slot
    if entry.kind != "attribute" or slot is None or not slot.spec.specifies:
        return None
    if not _describes(reading, place):
        return None
    linked = reading.at(place + 1)[0].kind == "of"
    after, said = _said(reading, place + 1 + linked)
    if not said or any(field == slot.field for _, field, _ in said):
        return None
    return after, 1, (slot.field, str(entry.said)), ((VALUE, slot.field, entry.said), *said)


def _said(reading: Reading, place: int) -> tuple[int, tuple[Mark, ...]]:
    """What is said of one share from a place on, and the place after it."""
    said: list[Mark] = []
    while True:
        entry, part = reading.at(place)[0], reading.at(place + 1)[0]
        slot = part.slot if part.kind == "part" else entry.slot
        if entry.kind == "attribute" and slot is not None and slot.spec.specifies:
            if _by_value(reading, place) is not None and said:
                break
            said.append((VALUE, slot.field, entry.said))
            place += 1
        elif entry.roles & ROLE["add"] and part.kind == "part" and slot is not None:
            said.append((PART, slot.field, part.value))
            place += 2
        elif entry.roles & ROLE["remove"] and part.kind == "part" and slot is not None:
            said.append((OMIT, slot.spec.without or "", part.value))
            place += 2
        elif entry.kind == "of" and said:
            place += 1
        else:
            break
    if reading.at(place)[0].kind in ("head", "part", "numeral", "measure", "unknown") and not (
        reading.at(place)[0].roles & ROLE["owner"] or reading.begins(place)
    ):
        return place, ()
    return place, tuple(said)
