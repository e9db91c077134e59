"""Where to put what is brought, a wish that is kept as spoken whatever the place is: 放十二楼楼道口就行."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cascade.grammar import parts, places
from cascade.grammar.entry import ROLE
from cascade.grammar.reading import HEAD, QUANTITY, VALUE, Handler, Reading

_ORDERED: Final = frozenset({QUANTITY, VALUE})


def _add(reading: Reading, place: int) -> int:
    """放 before a place puts it there, elsewhere it adds a part: 放珍珠."""
    after = _put_down(reading, place)
    return after if after > place else parts.HANDLERS["add"](reading, place)


def _put_down(reading: Reading, place: int) -> int:
    """The place after a wish that says where to put it, 放十二楼楼道口就行, from 放 on; ``place`` elsewhere.

    Where it ends must be certain: with its clause, or with a word that settles it.
    """
    notes = [slot.field for slot in reading.spec.slots.values() if slot.role == "note" and slot.field]
    if reading.changing or not notes or reading.tokens[place][0].form not in reading.spec.words.set_down:
        return place
    first = place + 1
    if reading.at(first)[0].roles & ROLE["toward"]:
        first += 1  # 放到值班室
    after = places.extent(reading, first)
    if after == first or reading.at(first)[0].form.startswith(reading.spec.words.speaker):
        return place
    settled = bool(reading.at(after)[0].roles & ROLE["settles"])
    after += settled
    if not (settled or reading.begins(after)):
        return place
    if not (reading.carried or {mark[0] for mark in reading.marks} & _ORDERED or not reading.said(HEAD)):
        reading.fail("tie", "ordered, or only told where it is")  # 奶茶放家里
    reading.wish(notes[0], reading.spoken(place, after - 1))
    return after


HANDLERS: Final[Mapping[str, Handler]] = {"add": _add}
