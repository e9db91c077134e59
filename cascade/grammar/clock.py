"""Times of day and delays, kept as spoken: 明天下午三点半, 半小时后.

The numbers in them count nothing that is ordered, and 三点二十杯 leaves open which of its numbers does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from cascade.grammar.entry import ROLE
from cascade.grammar.numerals import NUMERAL_CHARS, carries_measure
from cascade.grammar.reading import Handler, Reading

_HOUR, _DELAY = ROLE["hour"], ROLE["delay"]
_COUNTED: Final = ROLE["measure"] | ROLE["counted"] | ROLE["bundle"]
_LEADS: Final = sum(ROLE[name] for name in ("aspect", "opener", "reference", "filler", "of", "object"))
_LITTLE: Final = "一点"
_ARRIVES: Final = ("到", "到店", "要")
_HOURS: Final = 24
_SHOWN: Final = re.compile(r"(?:[01]?[0-9]|2[0-4]):[0-5][0-9]")
_FIRST_MINUTES: Final = 10
"""三点二十杯 is twenty at three, or one at twenty past; 三点两杯 can only be two."""


def read(reading: Reading, place: int) -> int:
    """A time of day or a delay, kept as spoken; days and parts of the day count only with a time after them."""
    first = place
    while reading.at(place)[0].roles & ROLE["clock"]:
        place += 1
    after = _delay(reading, place) if place == first else place
    if after == place:
        after = _time_of_day(reading, place)
    if after == place and place > first and _brought(reading, first, place):
        after = place  # 中午送到店里
    elif after == place or reading.spec.clock is None:
        return reading.refuse(first)
    while first and reading.at(first - 1)[0].roles & ROLE["clock"]:
        first -= 1  # 今天 may have been taken for talk before
    reading.timed(first, after - 1)
    return after + 1 if _arrives(reading, after) else after


def shown(reading: Reading, place: int) -> int:
    """The place after a time as a clock shows it, 17:45, from the hour on; the same place where none is shown.

    Two digits of minutes with nothing between, and what follows counts nothing: no 3:20杯, and no 2:1.
    """
    text, (_, start, end) = reading.utterance.text, reading.at(place)
    (_, first, _), (_, begin, stop) = reading.at(place + 1), reading.at(place + 2)
    following = reading.at(place + 3)[0]
    told = _SHOWN.fullmatch(text[start:stop]) if first == end and begin > end else None
    if (
        told is None
        or following.kind in ("numeral", "measure", "count")
        or following.roles & (_COUNTED | ROLE["unit"] | ROLE["cap"])
        or (following.slot is not None and following.slot.spec.counts)
    ):
        return place
    return place + 4 if following.roles & ROLE["around"] else place + 3


def _brought(reading: Reading, first: int, place: int) -> bool:
    """Whether parts of a day without an hour say when something is to be brought: 今天中午送到店里, 下午送."""
    spec, way = reading.spec.clock, reading.at(place)[0]
    if spec is None or reading.tokens[place - 1][0].form not in spec.parts:
        return False
    plain = all(entry.guard == "" for entry, _, _ in reading.tokens[first:place])
    brings = way.kind == "value" and way.roles & ROLE["lead"]
    return plain and bool(brings) and (reading.begins_at(first) or reading.paused(first))


def _arrives(reading: Reading, place: int) -> bool:
    """Whether a word only says that something is to be there by then, where a way was said: 送到公司三点之前到."""
    ways = {slot.field for slot in reading.spec.slots.values() if slot.role == "value"}
    soon = reading.at(place - 1)[0].roles & ROLE["soon"]
    return _arrives_at(reading, place) and bool(soon or not ways.isdisjoint(reading.values))


def _arrives_at(reading: Reading, place: int) -> bool:
    """Whether a clause ends with a word for being there: 十分钟内到."""
    return reading.at(place)[0].form in _ARRIVES and reading.ends_at(place + 1)


def _shift(reading: Reading, place: int) -> int:
    """推迟半小时, of an order that exists; 晚半小时 may only tell what came, but for 晚半小时再送."""
    before, entry = reading.at(place - 1)[0], reading.tokens[place][0]
    unit = reading.at(place + 2)[0]
    counted = reading.at(place + 1)[0].roles & ROLE["half"] or reading.number(place + 1) is not None
    leads = reading.begins_at(place) or reading.paused(place) or before.roles & _LEADS
    told = len(entry.form) == 1 and reading.at(place + 3)[0].kind not in ("value", "again")
    if (
        not (reading.changing and counted and unit.roles & _DELAY and leads)
        or told
        or reading.spec.clock is None
    ):
        return reading.refuse(place)
    reading.put(reading.spec.clock.field, reading.spoken(place, place + 2))
    reading.shifted = True
    then = reading.at(place + 3)[0].roles & ROLE["again"] and reading.at(place + 4)[0].kind == "value"
    return place + 4 if then else place + 3  # 推迟半小时再送


def _delay(reading: Reading, place: int) -> int:
    half = reading.at(place)[0].roles & ROLE["half"]
    if half or reading.number(place) is not None:
        unit, later = reading.at(place + 1)[0], reading.at(place + 2)[0]
        if unit.roles & _DELAY and (later.roles & ROLE["later"] or _soon(reading, place + 2)):
            return place + 3
    return place


def _soon(reading: Reading, place: int) -> bool:
    """Whether 内 ends a time within which something is to be there: 半小时内送到, and no 十分钟内下单."""
    brings = reading.at(place + 1)[0].kind in ("value", "hither")
    ends = reading.begins(place + 1) or _arrives_at(reading, place + 1)
    return bool(reading.at(place)[0].roles & ROLE["soon"]) and (brings or ends)


def _time_of_day(reading: Reading, place: int) -> int:
    if (after := shown(reading, place)) > place:
        return after
    hour, after = reading.number(place), place + 2
    if (
        hour is None
        or hour > _HOURS
        or _paired(reading, place)
        or not reading.at(place + 1)[0].roles & _HOUR
        or _a_little(reading, place)
    ):
        return place
    if reading.at(after)[0].roles & ROLE["fraction"]:
        after += 1
    elif reading.at(after)[0].kind == "numeral" and _counts_items(reading, after):
        decimal = not reading.at(place - 1)[0].roles & ROLE["clock"] and _joined_number(reading, place)
        if decimal or (reading.number(after) or 0) >= _FIRST_MINUTES:
            reading.fail("tie", "minutes or a quantity")
    elif reading.at(after)[0].kind == "numeral":
        after += 1
        if reading.at(after)[0].roles & ROLE["minute"]:
            after += 1
    elif _bare_minutes(reading, after):
        after += 1
    elif reading.at(after)[0].slot is not None and reading.at(after)[0].form[:1] in NUMERAL_CHARS:
        reading.fail("tie", f"{reading.at(after)[0].form} after an hour")
    if _sharp(reading, after):
        return after + 1
    return after + 1 if reading.at(after)[0].roles & ROLE["around"] else after


def _sharp(reading: Reading, place: int) -> bool:
    """四点整 is a time, and 四点整两杯 orders at four."""
    following = reading.at(place + 1)[0]
    orders = following.kind in ("numeral", "measure", "head", "attribute") or following.roles & _COUNTED
    return bool(reading.at(place)[0].roles & ROLE["sharp"]) and not orders


def _paired(reading: Reading, place: int) -> bool:
    """我们俩点两杯: no hour."""
    _, start, end = reading.at(place)
    return carries_measure(reading.utterance.text[start:end])


def _joined_number(reading: Reading, place: int) -> bool:
    """三点五杯 may be three and a half cups, 三点两杯 is none."""
    _, start, end = reading.at(place + 2)
    return reading.utterance.text[start:end] not in ("两", "俩")


def _bare_minutes(reading: Reading, place: int) -> bool:
    """五分 is half of the sugar, and after an hour it is minutes."""
    entry, clock = reading.at(place)[0], reading.spec.clock
    bare = entry.slot is not None and entry.form in entry.slot.spec.alone and entry.form[0] in NUMERAL_CHARS
    return bare and clock is not None and entry.form.endswith(clock.minutes)


def _a_little(reading: Reading, place: int) -> bool:
    """热一点, 来一点 name no hour; 下午一点, 一点半 and 一点前 do."""
    (_, start, _), (_, _, end) = reading.at(place), reading.at(place + 1)
    before, after = reading.at(place - 1)[0].roles, reading.at(place + 2)[0].roles
    exact = after & (ROLE["fraction"] | ROLE["around"])
    return reading.utterance.text[start:end] == _LITTLE and not (before & ROLE["clock"] or exact)


def _counts_items(reading: Reading, place: int) -> bool:
    """Whether the numeral at a place counts what follows it rather than minutes."""
    following = reading.at(place + 1)[0]
    counted = following.roles & _COUNTED
    return bool(counted) or (following.slot is not None and following.slot.spec.counts)


HANDLERS: Final[Mapping[str, Handler]] = {"clock": read, "half": read, "shift": _shift}
