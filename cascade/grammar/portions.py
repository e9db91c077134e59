"""Whether a portion of something is a drink of its own, or goes into a cup: 再来一份芋圆, 一杯拿铁两份浓缩."""

from __future__ import annotations

from typing import Final

from cascade.grammar.entry import ROLE
from cascade.grammar.numerals import number_within, parse_numeral
from cascade.grammar.reading import PART, Reading

_LEAST: Final = 2
_MOST: Final = 9
"""Portions of a part in one cup; more are a slip."""
_OF_SEVERAL: Final = ROLE["all"] | ROLE["each"] | ROLE["sort"] | ROLE["apiece"] | ROLE["couple"]


def beside_cups(reading: Reading, place: int) -> bool:
    """Whether portions are counted where cups were counted before."""
    counts = [
        entry.roles & ROLE["portion"] for entry, _, _ in reading.tokens[:place] if entry.kind == "measure"
    ]
    counted = len(counts) > 1 and reading.at(place - 1)[0].kind == "measure"
    return counted and bool(counts[-1]) and not counts[0] and not again(reading, place)


def again(reading: Reading, place: int) -> bool:
    """Whether a portion is ordered in addition: 再来一份."""
    at = place - 1
    portion = reading.at(at)[0].roles & ROLE["portion"]
    while at >= 0 and reading.at(at)[0].roles & (ROLE["portion"] | ROLE["numeral"]):
        at -= 1
    return bool(portion and reading.at(at)[0].roles & ROLE["again"])


def several(reading: Reading, place: int) -> int:
    """The place after 两份珍珠 in 加两份珍珠: added, and how much of it kept as spoken; ``place`` where it is not that.

    Where more than one cup is counted, the portions may be shared among them: 三杯奶茶加三份珍珠.
    """
    part, after = reading.at(place + 3)[0], place + 4
    number = reading.number(place + 1)
    measured = reading.at(place + 2)[0].roles & ROLE["portion"] and part.kind == "part"
    if number is None or not _LEAST <= number <= _MOST or not measured or part.slot is None or part.twofold:
        return place
    while reading.at(after)[0].roles & ROLE["final"]:
        after += 1
    notes = [slot.field for slot in reading.spec.slots.values() if slot.role == "note" and slot.field]
    if not notes or not (reading.begins(after) or reading.at(after)[0].kind == "reference"):
        return place
    if reading.tokens[place][0].roles & ROLE["carrier"] or _spoken_of_as_several(reading, place + 1):
        return place
    reading.marks.append((PART, part.slot.field, part.value))
    reading.specified |= part.slot.spec.specifies
    reading.wish(notes[0], reading.spoken(place + 1, place + 3))
    return after


def _spoken_of_as_several(reading: Reading, place: int) -> bool:
    """Whether anything but one is counted beside the number at a place, or spoken of as several."""
    for at, (entry, _, _) in enumerate(reading.tokens):
        number = reading.number(at) if at != place else 1
        if number not in (None, 1) or entry.roles & _OF_SEVERAL or entry.kind == "count":
            return True
        if entry.kind == "reference" and number_within(entry.form) not in (None, 1):
            return True
    return False


def after_one(reading: Reading, place: int) -> int:
    """The place after one portion (一份, 份) of something, or the same place."""
    following = place
    entry, start, end = reading.at(place)
    if entry.kind == "numeral":
        if parse_numeral(reading.utterance.text[start:end]) != 1:
            return place
        following += 1
    return following + 1 if reading.at(following)[0].roles & ROLE["portion"] else place
