"""Upper bounds of the price: 二十块以内, 预算30, 别超过25."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cascade.grammar.entry import ROLE
from cascade.grammar.reading import Handler, Reading

_COUNTS: Final = ROLE["measure"] | ROLE["hour"] | ROLE["delay"]
_SPACE: Final = " "


def read(reading: Reading, place: int, *, bounded: bool) -> int:
    """A price, and whether a word before or after it makes it an upper bound. Stays at ``place`` when it is none."""
    number, after = reading.number(place), place + 1
    if reading.at(place - 1)[0].kind == "all" or reading.at(place - 2)[0].kind == "all":
        reading.fail("tie", "a price for each")
    if reading.at(after)[0].roles & ROLE["unit"]:
        after += 1
    elif reading.at(after)[0].roles & _COUNTS:
        return place if bounded else reading.refuse(place)
    if reading.at(after)[0].roles & ROLE["cap"]:
        bounded, after = True, after + 1
    if not bounded or not number or reading.spec.budget is None or number >= 100_000:
        return place if bounded else reading.refuse(place)
    reading.put(reading.spec.budget.field, number)
    return after


def _bound(reading: Reading, place: int) -> int:
    first = place + 1
    while reading.at(first)[0].form == _SPACE:
        first += 1  # budget 20
    if reading.number(first) is None:
        return reading.refuse(place)
    if reading.at(first + 1)[0].roles & ROLE["measure"]:
        reading.fail("tie", "at most so many")  # 别超25杯奶茶
    after = read(reading, first, bounded=True)
    return after if after > first else reading.refuse(place)


HANDLERS: Final[Mapping[str, Handler]] = {"bound": _bound}
