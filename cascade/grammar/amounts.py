"""What numerals mean where they stand: a quantity, a price bound, a time; nowhere else do they mean anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cascade.grammar.entry import ROLE
from cascade.grammar.numerals import NUMERAL_CHARS, carries_measure, parse_numeral
from cascade.grammar.reading import CHANGE, HEAD, QUANTITY, Handler, Reading

_MEASURE, _COUNTED = ROLE["measure"], ROLE["counted"]
_CARRIER: Final = ROLE["carrier"]
_UNIT, _CAP, _HOUR, _DELAY = ROLE["unit"], ROLE["cap"], ROLE["hour"], ROLE["delay"]
_ITEM_OPENS: Final = (
    ROLE["carrier"] | ROLE["opener"] | ROLE["polite"] | ROLE["again"] | ROLE["add"] | ROLE["desire"]
)
_NAMED: Final = frozenset({"head", "attribute"})
_LITTLE: Final = "一点"
_SEVERAL: Final = 2
_FIRST_MINUTES: Final = 10
"""三点二十杯 is twenty at three, or one at twenty past; 三点两杯 can only be two."""


def _number(reading: Reading, place: int) -> int | None:
    entry, start, end = reading.at(place)
    return parse_numeral(reading.utterance.text[start:end]) if entry.kind == "numeral" else None


def _numeral(reading: Reading, place: int) -> int:
    number = _number(reading, place)
    _, start, end = reading.tokens[place]
    if number is None:
        return reading.refuse(place)
    following = reading.at(place + 1)[0]
    roles = following.roles
    if place and reading.tokens[place - 1][0].form == "-" and reading.tokens[place - 1][2] == start:
        return reading.refuse(place)  # -1杯: less than nothing, or a range, or a dash
    if reading.at(place - 1)[0].roles & ROLE["demonstrative"] and not roles & _HOUR:
        return reading.refuse(place)  # 那五杯 are there already
    if roles & _HOUR and not _both(reading, number, place):
        return _clock(reading, place)
    people = _headcount(reading, number, place)
    if people > place:
        return people
    if roles & _MEASURE:
        return _quantity(reading, number, place, place + 2)
    if following.slot is not None and following.slot.spec.counts:
        return _quantity(reading, number, place, place + 1)
    if roles & ROLE["bundle"]:
        return _quantity(reading, number * following.number, place, place + 2)
    if roles & (_UNIT | _CAP):
        return _budget(reading, place, bounded=False)
    if roles & _DELAY:
        return _clock(reading, place)
    if roles & _COUNTED and (
        reading.at(place + 2)[0].kind in _NAMED or reading.at(place - 1)[0].kind == "head"
    ):
        return _quantity(reading, number, place, place + 2)
    counts = place in reading.layout.counts or carries_measure(reading.utterance.text[start:end])
    if counts or _changed_to(reading, number, place):
        return _quantity(reading, number, place, place + 1)
    return reading.refuse(place)


def _both(reading: Reading, number: int, place: int) -> bool:
    """我俩各一杯, 给我们俩点两杯: they are people."""
    _, start, end = reading.tokens[place]
    speaks = reading.at(place - 1)[0].roles & (ROLE["person"] | ROLE["opener"])
    orders = reading.at(place + 1)[0].roles & (ROLE["each"] | ROLE["carrier"] | ROLE["again"])
    pair = carries_measure(reading.utterance.text[start:end])
    return pair and bool(speaks and orders) and reading.people in (0, number)


def _changed_to(reading: Reading, number: int, place: int) -> bool:
    """数量改成6, and no other number."""
    after_change = bool(reading.marks) and reading.marks[-1][0] is CHANGE and reading.ends_at(place + 1)
    named = any(entry.roles & ROLE["number"] for entry, _, _ in reading.tokens[:place])
    return after_change and named and number > 1


def _headcount(reading: Reading, number: int, place: int) -> int:
    """四个人 counts nothing that is ordered, unless it is one for each of them: 我们四个一人一杯."""
    if _both(reading, number, place):
        reading.people = number
        reading.paired = not reading.at(place + 1)[0].roles & ROLE["each"]
        return place + 1
    _, start, end = reading.tokens[place]
    if told := counted_people(reading, place):
        return told if reading.people == number else place
    after = place + (1 if carries_measure(reading.utterance.text[start:end]) else 2)
    if not (
        reading.at(place + 1)[0].roles & ROLE["headcount"] or reading.at(after)[0].roles & ROLE["apiece"]
    ):
        return place
    if number == 1:
        return reading.refuse(place)  # 一人两杯: for each of how many?
    if reading.people not in (0, number):
        reading.fail("tie", "how many people")
    reading.people = number
    after = max(after, place + 2) if reading.at(place + 1)[0].roles & ROLE["headcount"] else after
    together = _together(reading, after)
    return _quantity(reading, number, place, together) if together else after


def _together(reading: Reading, after: int) -> int:
    """The place after 都 where all of the people want the same one: 三个同事都要拿铁; 0 where nothing says so."""
    after += 1 if reading.at(after)[0].roles & ROLE["separator"] else 0
    if not reading.at(after)[0].roles & ROLE["all"] or reading.said(HEAD) or reading.said(QUANTITY):
        return 0
    last = after + 1
    while not reading.ends_at(last):
        if reading.tokens[last][0].kind == "head":
            return after + 1
        last += 1
    return 0


def _apiece(reading: Reading, place: int) -> int:
    people = reading.people or _told_later(reading, place)
    if not people:
        return reading.refuse(place)
    reading.people = people
    return _quantity(reading, people, place, place + 1)


def _told_later(reading: Reading, place: int) -> int:
    """How many people a later clause says they are: 一人一杯，我们五个; 0 where none does, or several do."""
    found = [at for at in range(place + 1, reading.count) if counted_people(reading, at)]
    return _number(reading, found[0]) or 0 if len(found) == 1 else 0


def counted_people(reading: Reading, place: int) -> int:
    """The place after a clause that ends with how many people they are, from the number on: 我们五个; 0 elsewhere."""
    before, number = reading.at(place - 1)[0], _number(reading, place)
    if not number or number < _SEVERAL or not before.roles & ROLE["person"]:
        return 0
    _, start, end = reading.tokens[place]
    counted = reading.at(place + 1)[0].roles & (ROLE["portion"] | ROLE["headcount"])
    after = place + (2 if counted else 1)
    says = counted or carries_measure(reading.utterance.text[start:end])
    each = any(entry.roles & ROLE["apiece"] for entry, _, _ in reading.tokens[:place])
    return after if says and each and reading.begins_at(place - 1) and reading.ends_at(after) else 0


def _quantity(reading: Reading, number: int, place: int, after: int) -> int:
    spec = reading.spec.quantity
    if not spec.min <= number <= spec.max:
        reading.fail("quantity", f"{number} is outside {spec.min}..{spec.max}")
    reading.lead(place)
    reading.marks.append((QUANTITY, spec.field, number))
    return after


def _measure(reading: Reading, place: int) -> int:
    """A measure word without a numeral means one, right after what orders: 来杯奶茶."""
    before = reading.at(place - 1)[0]
    if before.roles & _ITEM_OPENS or before.kind in ("flag", "value", "change"):  # 用券点杯, 换杯
        return _quantity(reading, 1, place, place + 1)
    return reading.refuse(place)


def _misspelt(reading: Reading, place: int) -> int:
    """What sounds like a measure word is one between a word that orders and a name: 点背奶茶."""
    before, following = reading.at(place - 1)[0].roles, reading.at(place + 1)[0]
    orders = before & _CARRIER or (before & _ITEM_OPENS and not before & ROLE["add"])
    if not (reading.tokens[place][0].roles & _COUNTED and orders and following.kind in _NAMED):
        return reading.refuse(place)
    if reading.at(place + 2)[0].kind == "unknown":
        return reading.refuse(place)  # 买本奶茶书
    return _quantity(reading, 1, place, place + 1)


def _count(reading: Reading, place: int) -> int:
    return _quantity(reading, reading.tokens[place][0].number, place, place + 1)


def _times(reading: Reading, place: int) -> int:
    number = _number(reading, place + 1)
    following = reading.at(place + 2)[0]
    if number is None or following.roles & (_MEASURE | _UNIT) or not reading.said(HEAD):
        return reading.refuse(place)
    return _quantity(reading, number, place, place + 2)


def _bound(reading: Reading, place: int) -> int:
    if _number(reading, place + 1) is None:
        return reading.refuse(place)
    after = _budget(reading, place + 1, bounded=True)
    if after == place + 1:
        return reading.refuse(place)
    return after


def _budget(reading: Reading, place: int, *, bounded: bool) -> int:
    """A price, and whether a word before or after it makes it an upper bound. Stays at ``place`` when it is none."""
    number, after = _number(reading, place), place + 1
    if reading.at(place - 1)[0].kind == "all" or reading.at(place - 2)[0].kind == "all":
        reading.fail("tie", "a price for each")
    if reading.at(after)[0].roles & _UNIT:
        after += 1
    elif reading.at(after)[0].roles & (_MEASURE | _HOUR | _DELAY):
        return place if bounded else reading.refuse(place)
    if reading.at(after)[0].roles & _CAP:
        bounded, after = True, after + 1
    if not bounded or not number or reading.spec.budget is None or number >= 100_000:
        return place if bounded else reading.refuse(place)
    reading.put(reading.spec.budget.field, number)
    return after


def _clock(reading: Reading, place: int) -> int:
    """A time of day or a delay, kept as spoken; days and parts of the day count only with a time after them."""
    first = place
    while reading.at(place)[0].roles & ROLE["clock"]:
        place += 1
    after = _delay(reading, place) if place == first else place
    if after == place:
        after = _time_of_day(reading, place)
    if after == place or reading.spec.clock is None:
        return reading.refuse(first)
    reading.put(reading.spec.clock.field, reading.spoken(first, after - 1))
    return after


def _delay(reading: Reading, place: int) -> int:
    half = reading.at(place)[0].roles & ROLE["half"]
    if half or _number(reading, place) is not None:
        unit, later = reading.at(place + 1)[0], reading.at(place + 2)[0]
        if unit.roles & _DELAY and later.roles & ROLE["later"]:
            return place + 3
    return place


def _time_of_day(reading: Reading, place: int) -> int:
    hour, after = _number(reading, place), place + 2
    if (
        hour is None
        or hour > 24
        or _paired(reading, place)
        or not reading.at(place + 1)[0].roles & _HOUR
        or _a_little(reading, place)
    ):
        return place
    if reading.at(after)[0].roles & ROLE["fraction"]:
        after += 1
    elif reading.at(after)[0].kind == "numeral" and _counts_items(reading, after):
        decimal = not reading.at(place - 1)[0].roles & ROLE["clock"] and _joined_number(reading, place)
        if decimal or (_number(reading, after) or 0) >= _FIRST_MINUTES:
            reading.fail("tie", "minutes or a quantity")
    elif reading.at(after)[0].kind == "numeral":
        after += 1
        if reading.at(after)[0].roles & ROLE["minute"]:
            after += 1
    elif _bare_minutes(reading, after):
        after += 1
    elif reading.at(after)[0].slot is not None and reading.at(after)[0].form[0] in NUMERAL_CHARS:
        reading.fail("tie", f"{reading.at(after)[0].form} after an hour")
    return after + 1 if reading.at(after)[0].roles & ROLE["around"] else after


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
    counted = following.roles & (_MEASURE | _COUNTED | ROLE["bundle"])
    return bool(counted) or (following.slot is not None and following.slot.spec.counts)


HANDLERS: Final[Mapping[str, Handler]] = {
    "numeral": _numeral,
    "measure": _measure,
    "portion": _measure,
    "bundle": lambda reading, place: reading.refuse(place),
    "count": _count,
    "unknown": _misspelt,
    "times": _times,
    "apiece": _apiece,
    "bound": _bound,
    "clock": _clock,
    "half": _clock,
}
