"""What gives way to another value of its kind, before it or after it: 不要美式了换成拿铁, 改成古茗的，不要喜茶了."""

from __future__ import annotations

from typing import Final

from cascade.grammar.entry import ROLE
from cascade.grammar.reading import CHANGE, Reading

_GONE: Final = ROLE["perfective"] | ROLE["final"]
_BEFORE_CHANGE: Final = ROLE["separator"] | ROLE["filler"] | ROLE["opener"] | ROLE["of"]
_GIVING_WAY: Final = frozenset({"head", "attribute", "value"})
_POINTS: Final = ROLE["reference"] | ROLE["demonstrative"] | ROLE["of"]


def gives_way(reading: Reading, place: int) -> int:
    """The place after a value that is not wanted any more, where another of its kind follows: 不要美式了换成拿铁."""
    after = place + 1
    slot = reading.at(place)[0].slot
    while reading.at(after)[0].roles & (_GONE | _BEFORE_CHANGE):
        after += 1
    other = after + 1
    while reading.at(other)[0].roles & _BEFORE_CHANGE:
        other += 1
    new = reading.at(other)[0]
    if slot is None or new.slot is None or new.slot.name != slot.name:
        return place
    changes = reading.altered and reading.at(after)[0].roles & ROLE["change"]
    wants = pointed(reading) and reading.at(after)[0].roles & ROLE["copula"]  # 那杯不要热的了要冰的
    if not (changes or wants) or new.value == reading.at(place)[0].value:
        return place
    return after if changes else other


def pointed(reading: Reading) -> bool:
    """Whether an order that exists is pointed at, before or after."""
    return reading.changing and any(entry.kind == "reference" for entry, _, _ in reading.tokens)


def gave_way(reading: Reading, place: int) -> int:
    """The place after a value at the end of a clause that is not wanted any more: 改成古茗的，不要喜茶了."""
    entry, after = reading.at(place)[0], place + 1
    while reading.at(after)[0].roles & _GONE:
        after += 1
    kinds = [mark[0] for mark in reading.marks]
    ends = reading.ends_at(after) or reading.at(after)[0].roles & ROLE["statement"]
    if entry.slot is None or not ends:
        return place
    if CHANGE not in kinds:
        said = reading.marks[-1:] if pointed(reading) else []
        return after if [mark[1] for mark in said if mark[2] != entry.value] == [entry.slot.field] else place
    became = [mark[2] for mark in reading.marks[kinds.index(CHANGE) :] if mark[1] == entry.slot.field]
    became += [value for name, value in reading.values.items() if name == entry.slot.field]
    return after if became and entry.value not in became else place


def _may_be_told(reading: Reading, place: int) -> bool:
    """Whether what something is not may be what it should have been: 刚点的那个半糖不是三分糖，改一下."""
    before = place - 1
    if reading.at(before)[0].kind not in _GIVING_WAY:
        return False  # 不是美式是拿铁, and 要冰的，不是热的
    said = reading.at(before - 1)[0]
    points = reading.at(before - 2)[0] if said.roles & ROLE["copula"] else said
    return bool(points.roles & _POINTS) and not points.roles & ROLE["statement"]


def denied(reading: Reading, place: int) -> int:
    """The place after what something is not, beside what it is: 说错了，是半糖不是全糖, 不是美式是拿铁."""
    if not any(entry.roles & ROLE["statement"] for entry, _, _ in reading.tokens):
        return place  # 我点的是大杯不是中杯 may complain
    if _may_be_told(reading, place):
        return place
    after = gives_way(reading, place + 1)
    if after == place + 1:
        after = gave_way(reading, place + 1)
    if after == place + 1:
        return place
    reading.forget(place + 1, place + 2)
    return after
