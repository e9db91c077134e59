"""How function words are read: what carries an order, what joins items, what asks, and what forbids an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cascade.grammar.entry import ROLE
from cascade.grammar.reading import (
    ALL,
    AMONG,
    BREAK,
    CHANGE,
    EACH,
    JOIN,
    OTHER,
    REST,
    Handler,
    Reading,
    noted,
)

_DESCRIBES: Final = frozenset({"head", "attribute", "part", "note"})
_ASKS: Final = ROLE["asking"] | ROLE["tag"]


def _polite(reading: Reading, place: int) -> int:
    reading.polite = reading.opened = True
    return place + 1


def _opener(reading: Reading, place: int) -> int:
    reading.opened = True
    return place + 1


def _carrier(reading: Reading, place: int) -> int:
    reading.carried = True
    return place + 1


def _desire(reading: Reading, place: int) -> int:
    reading.wished = reading.carried = True
    return place + 1


def _again(reading: Reading, place: int) -> int:
    reading.carried = True
    reading.marks.append((JOIN, "", None))
    return place + 1


def _connector(reading: Reading, place: int) -> int:
    if reading.ends_at(place + 1):
        return reading.refuse(place)
    reading.marks.append((JOIN, "", None))
    return place + 1


def _other(reading: Reading, place: int) -> int:
    reading.marks.append((OTHER, "", None))
    return place + 1


def _marker(kind: str) -> Handler:
    def handler(reading: Reading, place: int) -> int:
        reading.marks.append((kind, "", None))
        return place + 1

    return handler


def _of(reading: Reading, place: int) -> int:
    before = reading.at(place - 1)[0]
    if before.kind in _DESCRIBES or before.roles & (ROLE["cap"] | ROLE["unit"]):
        return place + 1
    return reading.refuse(place)


def _final(reading: Reading, place: int) -> int:
    return place + 1 if place else reading.refuse(place)


def _perfective(reading: Reading, place: int) -> int:
    before = reading.at(place - 1)[0]
    if reading.wished and before.kind in _DESCRIBES and reading.ends_at(place + 1):
        return place + 1
    return reading.refuse(place)


def _asking(reading: Reading, place: int) -> int:
    """吗 and ? after a polite request; anything else that asks is a question."""
    if reading.polite and reading.ends_at(place + 1):
        return place + 1
    reading.refuse(place)
    if not reading.tokens[place][0].guard:
        reading.guards.append(("question", *reading.tokens[place][1:]))
    return place + 1


def _tag(reading: Reading, place: int) -> int:
    """好吗, 可以吗 after an order that was addressed to the assistant."""
    if reading.opened and reading.ends_at(place + 1):
        reading.polite = True
        return place + 1
    return _asking(reading, place)


def _separator(reading: Reading, place: int) -> int:
    reading.marks.append((BREAK, "", None))
    return place + 1


def _reference(reading: Reading, place: int) -> int:
    return place + 1 if reading.changing else reading.refuse(place)


def _change(reading: Reading, place: int) -> int:
    """Changes an order that exists; before a note it is spoken with it: 换燕麦奶."""
    if reading.tokens[place][0].roles & ROLE["swap"] and reading.at(place + 1)[0].kind == "note":
        return noted(reading, place, place + 1)
    if not reading.changing:
        return reading.refuse(place)
    reading.marks.append((CHANGE, "", None))
    return place + 1


def _swap(reading: Reading, place: int) -> int:
    return (
        noted(reading, place, place + 1) if reading.at(place + 1)[0].kind == "note" else reading.refuse(place)
    )


def _lead(reading: Reading, place: int) -> int:
    return place + 1 if reading.at(place + 1)[0].kind == "place" else reading.refuse(place)


def _refuse(reading: Reading, place: int) -> int:
    return reading.refuse(place)


def _ambiguous(reading: Reading, place: int) -> int:
    reading.fail("tie", f"{reading.tokens[place][0].form} reads two ways")
    return place + 1


HANDLERS: Final[Mapping[str, Handler]] = {
    "polite": _polite,
    "opener": _opener,
    "carrier": _carrier,
    "desire": _desire,
    "again": _again,
    "connector": _connector,
    "all": _marker(ALL),
    "each": _marker(EACH),
    "other": _marker(OTHER),
    "among": _marker(AMONG),
    "rest": _marker(REST),
    "of": _of,
    "final": _final,
    "perfective": _perfective,
    "filler": lambda reading, place: place + 1,
    "asking": _asking,
    "tag": _tag,
    "separator": _separator,
    "reference": _reference,
    "object": _reference,
    "change": _change,
    "swap": _swap,
    "lead": _lead,
    "guard": _refuse,
    "unknown": _refuse,
    "ambiguous": _ambiguous,
}
