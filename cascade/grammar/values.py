"""The values that an utterance says, and what stands right around each, before any of it is read.

A change may say a value only to have it replaced, and what replaces it may come later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cascade.grammar import places
from cascade.grammar.entry import ROLE
from cascade.grammar.reading import Reading

BETWEEN: Final = ROLE["perfective"] | ROLE["final"] | ROLE["filler"] | ROLE["separator"]
TAKES_BACK: Final = ROLE["amend"] | ROLE["halt"]
_TAIL: Final = ROLE["perfective"] | ROLE["final"] | ROLE["of"]
_GOES_ON: Final = (
    ROLE["lead"] | ROLE["change"] | ROLE["opener"] | ROLE["reference"] | ROLE["object"] | ROLE["rightly"]
)
_LEADS: Final = ROLE["lead"] | ROLE["copula"] | ROLE["change"] | TAKES_BACK
_TYPED: Final = frozenset({"attribute", "value", "head"})
_KEPT: Final = frozenset({"place", "value"})
"""Roles of the slots whose values, marked and kept as spoken, may give way: where it goes, and when."""


@dataclass(frozen=True, slots=True)
class Said:
    """A value in the words from one place to another."""

    field: str
    value: str
    first: int
    last: int
    claimed: bool = True
    """Whether it may be part of the order, and is not left out of it by somebody who heard it."""


Found = tuple[Said, int, int]
"""A value that gives way, and the words that are passed over with it."""


def values(reading: Reading) -> Iterator[Said]:
    """The values of an utterance: what is named, how many, where it goes and when."""
    place = 0
    while place < reading.count:
        found = _value(reading, place)
        if found is not None:
            yield found
        place = found.last if found is not None else place + 1


def _value(reading: Reading, place: int) -> Said | None:
    entry, _, _ = reading.tokens[place]
    if entry.slot is not None and entry.kind == "heard":
        whole = entry.slot.spec.role in _KEPT
        return Said(entry.slot.field, reading.spoken(place, place), place, place + 1) if whole else None
    named = reading.named(place)
    if named.slot is not None and named.kind in _TYPED and not named.roles & ROLE["lead"]:
        return Said(named.slot.field, named.value, place, place + 1, claimed=named is entry)
    last = _stretch(reading, place) if _may_be_a_place(reading, place) else place
    if last > place:
        return Said(reading.spec.place, reading.spoken(place, last - 1), place, last)
    number, unit, clock = reading.number(place), reading.at(place + 1)[0], reading.spec.clock
    if number is not None and unit.roles & ROLE["measure"]:
        return Said(reading.spec.quantity.field, str(number), place, place + 2)
    if number is not None and unit.roles & ROLE["hour"] and clock is not None:
        return Said(clock.field, reading.spoken(place, place + 1), place, place + 2)
    return None


def _may_be_a_place(reading: Reading, place: int) -> bool:
    before = reading.at(place - 1)[0]
    leads = before.roles & _LEADS
    leads = leads or (before.roles & ROLE["separator"] and reading.at(place - 2)[0].roles & TAKES_BACK)
    return bool(leads) or bool(preceded(reading, place, "places"))


def _stretch(reading: Reading, place: int) -> int:
    """The place after an address, and what of it no mark claims."""
    last, spec = place, reading.spec.address
    while True:
        after = last + 1 if _left_out(reading, last) else places.extent(reading, last)
        if after == last:
            break
        last = after
    entry, start, end = reading.at(place)
    digits = entry.kind == "numeral" and spec is not None and end - start >= spec.digits
    return place + 1 if last == place and digits and reading.at(place + 1)[0].roles & _TAIL else last


def _left_out(reading: Reading, place: int) -> bool:
    return reading.named(place).kind == "place" != reading.at(place)[0].kind


def is_place(reading: Reading, value: Said) -> bool:
    return value.field == reading.spec.place


def preceded(reading: Reading, place: int, name: str) -> int:
    """How many characters of a word of a class stand right before a place, 0 for none."""
    return reading.spec.superseded.beside[name].before(reading.utterance.text, reading.at(place)[1])


def within(reading: Reading, place: int, length: int) -> int:
    """The first of the words before a place that lie in so many characters before it."""
    start = reading.at(place)[1] - length
    while place and reading.tokens[place - 1][1] >= start:
        place -= 1
    return place


def skip(reading: Reading, place: int, roles: int) -> int:
    while place < reading.count and reading.tokens[place][0].roles & roles:
        place += 1
    return place


def closed(reading: Reading, place: int) -> int:
    """The place after what may end a clause from a place on, 0 where the clause goes on with what it says."""
    after = skip(reading, place, _TAIL)
    ends = reading.ends_at(after) or reading.paused(after)
    return after if ends or reading.at(after)[0].roles & _GOES_ON else 0
