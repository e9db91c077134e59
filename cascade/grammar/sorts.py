"""Shares told apart by a value, as many of each: 全糖半糖无糖各一杯, 一半热一半去冰, 三杯奶茶，半糖、少糖、全糖."""

from __future__ import annotations

from typing import Final

from cascade.grammar.entry import ROLE
from cascade.grammar.layout import Shares
from cascade.grammar.reading import PART, VALUE, Mark, Reading

_EACH: Final = ROLE["each"] | ROLE["sort"]
_BETWEEN_SORTS: Final = ROLE["of"] | ROLE["connector"] | ROLE["separator"]
_HALF: Final = ROLE["half"]
_STRANGE: Final = frozenset({"unknown", "numeral", "aspect", "ambiguous"})
_ALIKE: Final = ROLE["sort"] | ROLE["alike"]
_GOES_ON: Final = frozenset({"final", "value", "flag", "all", "place", "note"})
_LISTS: Final = "、"
_TWO: Final = 2


def sorts(reading: Reading, head: int) -> dict[int, tuple[int, Shares]]:
    """全糖半糖无糖各一杯: as many of each value of one field, and of one name."""
    each = next((at for at, token in enumerate(reading.tokens) if token[0].roles & _EACH), 0)
    number, after = (reading.number(each + 1), each + 3) if each else (None, 0)
    if number is None or not reading.at(each + 2)[0].roles & ROLE["measure"]:
        return {}
    place, values = each, []
    while True:
        entry = reading.at(place - 1)[0]
        if entry.kind == "attribute" and entry.slot is not None and entry.slot.spec.specifies:
            values.append((VALUE, entry.slot.field, entry.said))
        elif not entry.roles & _BETWEEN_SORTS:
            break
        place -= 1
    told_apart = len(values) == len(set(values)) > 1 and len({field for _, field, _ in values}) == 1
    if not told_apart or reading.at(place - 1)[0].kind in _STRANGE:
        return {}
    if head > each and not (head == after or reading.begins(after)):
        return {}
    return {place: (after, tuple((number, (value,)) for value in reversed(values)))}


def listed(reading: Reading, head: int) -> dict[int, tuple[int, Shares]]:
    """三杯奶茶，半糖、少糖、全糖: one of each of as many values as are ordered, in a row after the name.

    Where no word says that they differ, a sign or a word must make them a list: 两杯奶茶，半糖，少糖 may think again.
    Parts may all go into each, unless a word says otherwise: 两杯奶茶，分别加椰果和布丁.
    """
    number = _one_number(reading)
    if any(entry.roles & _ALIKE and not entry.roles & ROLE["severally"] for entry, _, _ in reading.tokens):
        return {}  # 两杯一样的奶茶，半糖、全糖
    for place in range(head + 1, reading.count) if number >= _TWO else ():
        first = _differing(reading, place, number)
        values, after, joined = _row(reading, place, parts=first < place)
        if len(values) < _TWO:
            continue
        ends = reading.begins(after) or reading.at(after)[0].kind in _GOES_ON
        apart = len(values) == len(set(values)) == number
        if apart and ends and (first < place or joined):
            return {first: (after, tuple((1, (value,)) for value in values))}
        return {}
    return {}


def _one_number(reading: Reading) -> int:
    """How many are ordered, where it is said once; 0 where it is not."""
    counted = [
        at
        for at, (entry, _, _) in enumerate(reading.tokens)
        if entry.kind == "numeral" and reading.at(at + 1)[0].roles & ROLE["measure"]
    ]
    counted = [at for at in counted if not reading.at(at + 1)[0].roles & ROLE["variety"]]
    return (reading.number(counted[0]) or 0) if len(counted) == 1 else 0


def _row(reading: Reading, place: int, *, parts: bool) -> tuple[list[Mark], int, bool]:
    """Values of one field from a place on, the place after them, and whether each is joined to the one before."""
    values: list[Mark] = []
    after, joined, links = place, True, 0
    while True:
        entry, slot = reading.at(place)[0], reading.at(place)[0].slot
        kind = {"attribute": VALUE, "part": PART}.get(entry.kind, "") if slot is not None else ""
        if kind and slot is not None and slot.spec.specifies and (parts or kind is VALUE):
            if values and values[0][:2] != (kind, slot.field):
                break
            joined &= bool(links or not values)
            values.append((kind, slot.field, entry.said))
            after, links = place + 1, 0
        elif parts and entry.roles & ROLE["add"] and reading.at(place + 1)[0].kind == "part":
            pass
        elif not values or not entry.roles & _BETWEEN_SORTS:
            break
        elif entry.roles & ROLE["connector"] or entry.form == _LISTS:
            links += 1
        elif entry.kind == "of":
            after = place + 1
        place += 1
    return values, after, joined


def _differing(reading: Reading, place: int, number: int) -> int:
    """Where the words begin that say that so many values follow: 三种甜度, 分别; the same place where none do."""
    at = place
    while reading.at(at - 1)[0].roles & ROLE["separator"]:
        at -= 1
    if reading.at(at - 1)[0].roles & ROLE["severally"]:
        return at - 1
    sort, counts = reading.at(at - 2)[0], reading.number(at - 3)
    named = reading.at(at - 1)[0].roles & ROLE["aspect"] and sort.roles & ROLE["variety"]
    return at - 3 if named and counts == number else place


def halves(reading: Reading) -> dict[int, tuple[int, Shares]]:
    """六杯奶茶，一半热一半去冰: two halves of the one number that is said, where it has halves."""
    halves = [at - 1 for at, token in enumerate(reading.tokens) if token[0].roles & _HALF]
    if len(halves) != _TWO or any(reading.number(at) != 1 for at in halves):
        return {}
    counted = [
        at
        for at, (entry, _, _) in enumerate(reading.tokens)
        if entry.kind == "numeral" and reading.at(at + 1)[0].roles & ROLE["measure"]
    ]
    if len(counted) != 1:
        return {}
    number = reading.number(counted[0]) or 0
    first, after_first = _values(reading, halves[0] + _TWO)
    second, after = _values(reading, halves[1] + _TWO)
    fields = [{field for _, field, _ in said} for said in (first, second)]
    apart = fields[0] == fields[1] and fields[0] and not set(first) & set(second)
    while reading.at(after_first)[0].roles & ROLE["separator"]:
        after_first += 1
    if number % _TWO or not apart or after_first != halves[1] or reading.at(after)[0].kind == "unknown":
        return {}
    return {halves[0]: (after, tuple((number // _TWO, said) for said in (first, second)))}


def _values(reading: Reading, place: int) -> tuple[tuple[Mark, ...], int]:
    """The values said from a place on, and the place after them."""
    said: list[Mark] = []
    while True:
        entry = reading.at(place)[0]
        if entry.kind == "attribute" and entry.slot is not None and entry.slot.spec.specifies:
            said.append((VALUE, entry.slot.field, entry.said))
        elif not (said and entry.kind == "of"):
            return tuple(said), place
        place += 1
