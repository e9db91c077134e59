"""What numerals mean where they stand: a quantity, people, a price, a time; elsewhere they mean nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cascade.grammar import budgets, clock
from cascade.grammar.entry import ROLE
from cascade.grammar.numerals import carries_measure, parse_numeral
from cascade.grammar.reading import AMEND, CHANGE, HEAD, QUANTITY, Handler, Reading

_MEASURE, _COUNTED = ROLE["measure"], ROLE["counted"]
_CARRIER: Final = ROLE["carrier"]
_UNIT, _CAP, _HOUR, _DELAY = ROLE["unit"], ROLE["cap"], ROLE["hour"], ROLE["delay"]
_ITEM_OPENS: Final = (
    ROLE["carrier"] | ROLE["opener"] | ROLE["polite"] | ROLE["again"] | ROLE["add"] | ROLE["desire"]
)
_NAMED: Final = frozenset({"head", "attribute"})
_COUNTS: Final = frozenset({"numeral", "measure", "count"})
_SEVERAL: Final = 2
_REPEATS: Final = ROLE["carrier"] | ROLE["separator"] | ROLE["filler"] | ROLE["total"]
"""What a number that was said already is said again after."""


def _numeral(reading: Reading, place: int) -> int:
    number = reading.number(place)
    _, start, end = reading.tokens[place]
    if number is None:
        return reading.refuse(place)
    following = reading.at(place + 1)[0]
    roles = following.roles
    if place and reading.tokens[place - 1][0].form == "-" and reading.tokens[place - 1][2] == start:
        return reading.refuse(place)  # -1杯: less than nothing, or a range, or a dash
    if reading.at(place - 1)[0].roles & ROLE["demonstrative"] and not roles & _HOUR:
        return reading.refuse(place)  # 那五杯 are there already
    if clock.shown(reading, place) > place or (roles & _HOUR and not _both(reading, number, place)):
        return clock.read(reading, place)
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
        return budgets.read(reading, place, bounded=False)
    if roles & _DELAY:
        return clock.read(reading, place)
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
    if reading.said(HEAD) and reading.at(place - 1)[0].roles & ROLE["person"]:
        orders |= reading.at(place + 1)[0].roles & ROLE["all"]  # 我要奶茶她要果茶，我俩都少糖
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
    if _are_people(reading, after) and number > 1 and reading.people in (0, number):
        reading.people = number
        return after + 1
    if not (
        reading.at(place + 1)[0].roles & ROLE["headcount"] or reading.at(after)[0].roles & ROLE["apiece"]
    ):
        return place
    if number == 1:
        return reading.refuse(place)  # 一人两杯: for each of how many?
    if (
        reading.at(place + 2)[0].roles & ROLE["drunk"]
        and reading.begins_at(place)
        and reading.ends_at(place + 3)
    ):
        return _drinkers(reading, place)
    if wanted := _wanted(reading, place + 2):
        return _quantity(reading, number, place, wanted)
    if _one_each(reading, number, place + 2):
        return place + 2
    if reading.people not in (0, number):
        reading.fail("tie", "how many people")
    reading.people = number
    after = max(after, place + 2) if reading.at(place + 1)[0].roles & ROLE["headcount"] else after
    together = _together(reading, after)
    return _quantity(reading, number, place, together) if together else after


def _are_people(reading: Reading, place: int) -> bool:
    """Whether what was counted up to a place are people who get one each: 七个工友一人一杯, 俩娃一人一杯."""
    who, each = reading.at(place)[0], reading.at(place + 1)[0]
    counted = reading.at(place - 1)[0]
    names = who.roles & ROLE["person"] and who.form not in reading.spec.words.speaker
    return bool(names and each.roles & ROLE["apiece"] and counted.roles & (ROLE["portion"] | ROLE["numeral"]))


def _drinkers(reading: Reading, place: int) -> int:
    """三个小孩喝, a clause of its own, is a wish that is kept as spoken."""
    notes = [slot.field for slot in reading.spec.slots.values() if slot.role == "note" and slot.field]
    if not notes:
        return place
    reading.wish(notes[0], reading.spoken(place, place + 2))
    return place + 3


def _one_each(reading: Reading, number: int, place: int) -> bool:
    """Whether as many cups as people follow at once: 三个大人三杯拿铁，两个小孩两杯草莓奶昔."""
    return reading.number(place) == number and bool(reading.at(place + 1)[0].roles & _MEASURE)


def _wanted(reading: Reading, place: int) -> int:
    """The place after 要 where each of the people counted wants the same one, 0 where they want what is counted itself.

    They are as many cups where others want another: 三个同事要美式，两个要拿铁. 三个人要奶茶 may share one.
    """
    if not reading.at(place)[0].roles & ROLE["wants"]:
        return 0
    last, names = place + 1, []
    while not (reading.ends_at(last) or reading.tokens[last][0].kind in _COUNTS):
        if reading.tokens[last][0].kind == "head":
            names.append(reading.utterance.text[reading.tokens[last][1]])
        last += 1
    if not names or not (reading.ends_at(last) or _wants(reading, last)):
        return 0
    groups = sum(_wants(reading, at) for at in range(reading.count))
    if groups < _SEVERAL or len(names) > 1 or parse_numeral(names[0]):
        reading.fail("tie", "how many of them")  # 四个人要奶茶和果茶, 四个人要一桶水果茶
    return place + 1


def _wants(reading: Reading, place: int) -> bool:
    """Whether so many people want something: 三个同事要, 两个要."""
    counted = reading.at(place + 1)[0].roles & (ROLE["headcount"] | ROLE["portion"])
    people = reading.at(place)[0].kind == "numeral" and counted
    return bool(people and reading.at(place + 2)[0].roles & ROLE["wants"])


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
    if not people and counted_too(reading, place):
        return place + 1
    if not people:
        return reading.refuse(place)
    reading.people = people
    return _quantity(reading, people, place, place + 1)


def counted_too(reading: Reading, place: int) -> bool:
    """Whether how many there are is said, and one for each, in a clause of its own, only why: 五杯奶茶，全车一人一杯.

    Of people who are named nobody knows whether they are as many: 五杯奶茶，我和她一人一杯.
    """
    if not reading.at(place)[0].roles & ROLE["apiece"]:
        return False
    counts = [at for at in range(reading.count) if (reading.number(at) or 0) and _measured(reading, at)]
    names = sum(entry.kind == "head" for entry, _, _ in reading.tokens)
    if len(counts) != 1 or names != 1 or (reading.number(counts[0]) or 0) < _SEVERAL:
        return False
    who = reading.at(place - 1)[0]
    alone = reading.begins_at(place) or (
        reading.begins_at(place - 1)
        and who.roles & ROLE["person"]
        and any(word in who.form for word in reading.spec.words.crowd)
    )
    after = place + 1
    while reading.at(after)[0].roles & ROLE["final"]:
        after += 1
    return bool(alone) and reading.begins(after)


def _measured(reading: Reading, place: int) -> bool:
    """Whether the number at a place counts cups, and no people or coupons."""
    _, start, end = reading.tokens[place]
    measured = carries_measure(reading.utterance.text[start:end])
    return measured or bool(reading.at(place + 1)[0].roles & (_MEASURE | ROLE["headcount"]))


def _told_later(reading: Reading, place: int) -> int:
    """How many people a later clause says they are: 一人一杯，我们五个; 0 where none does, or several do."""
    found = [at for at in range(place + 1, reading.count) if counted_people(reading, at)]
    return reading.number(found[0]) or 0 if len(found) == 1 else 0


def counted_people(reading: Reading, place: int) -> int:
    """The place after a clause that ends with how many people they are, from the number on: 我们五个; 0 elsewhere.

    三个人 and 一共三个人 may be the whole clause. Right after how many each of them gets it may stand without a pause,
    and what they get follow: 一人一杯我们五个人奶茶.
    """
    before, number = reading.at(place - 1)[0], reading.number(place)
    follows = bool(reading.at(place - 2)[0].roles & ROLE["apiece"])
    named = before.roles & ROLE["person"] and (follows or reading.begins_at(place - 1))
    whole = reading.begins_at(place) or (before.roles & ROLE["total"] and reading.begins_at(place - 1))
    alone = whole and reading.at(place + 1)[0].roles & ROLE["headcount"]
    if not number or number < _SEVERAL or not (named or alone):
        return 0
    _, start, end = reading.tokens[place]
    counted = reading.at(place + 1)[0].roles & (ROLE["portion"] | ROLE["headcount"])
    after = place + (2 if counted else 1)
    says = counted or carries_measure(reading.utterance.text[start:end])
    each = any(entry.roles & ROLE["apiece"] for entry, _, _ in reading.tokens[:place])
    gets = follows and reading.at(after)[0].kind == "head"
    return after if says and each and (gets or reading.ends_at(after)) else 0


def _quantity(reading: Reading, number: int, place: int, after: int) -> int:
    spec = reading.spec.quantity
    name, (_, start, end) = reading.at(place + 2)[0], reading.at(place)
    misheard = name.kind == "head" and reading.at(place + 1)[0].roles & _COUNTED
    if misheard and name.value.startswith(reading.utterance.text[start:end]):
        reading.fail("tie", f"how many, or the beginning of {name.value}")  # 三平霸霸奶茶
    if number > 1 and name.kind in _NAMED and reading.at(place + 1)[0].roles & ROLE["variety"]:
        reading.fail("tie", f"{number} kinds of it")  # 三种奶茶
    if not spec.min <= number <= spec.max:
        reading.fail("quantity", f"{number} is outside {spec.min}..{spec.max}")
    if _said_before(reading, number, place, after):
        return after
    reading.lead(place)
    reading.marks.append((QUANTITY, spec.field, number))
    return after


def _said_before(reading: Reading, number: int, place: int, after: int) -> bool:
    """Whether the one number of the one name is said once more, and nothing after it: 来三杯奶茶来三杯.

    Of one cup only where it is said to be enough: 来一杯奶茶一杯 may go on.
    """
    if not reading.marks or reading.marks[-1][0] is AMEND:
        return False
    said = [mark[2] for mark in reading.marks if mark[0] is QUANTITY]
    names = sum(mark[0] is HEAD for mark in reading.marks)
    before, settles = reading.at(place - 1)[0], reading.at(after)[0].roles & ROLE["settles"]
    again = before.kind == "head" or before.roles & _REPEATS
    while reading.at(after)[0].roles & ROLE["final"]:
        after += 1
    return bool(
        said == [number] and names == 1 and again and after >= reading.count and (number > 1 or settles)
    )


def _measure(reading: Reading, place: int) -> int:
    """A measure word without a numeral means one, right after what orders: 来杯奶茶."""
    before = reading.at(place - 1)[0]
    if before.roles & _ITEM_OPENS or before.kind in ("flag", "value", "change"):  # 用券点杯, 换杯
        return _quantity(reading, 1, place, place + 1)
    if before.kind == "note" and before.form.endswith(reading.spec.words.carrier):  # 随便点杯
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
    number = reading.number(place + 1)
    following = reading.at(place + 2)[0]
    if number is None or following.roles & (_MEASURE | _UNIT) or not reading.said(HEAD):
        return reading.refuse(place)
    return _quantity(reading, number, place, place + 2)


HANDLERS: Final[Mapping[str, Handler]] = {
    "numeral": _numeral,
    "measure": _measure,
    "portion": _measure,
    "bundle": lambda reading, place: reading.refuse(place),
    "count": _count,
    "unknown": _misspelt,
    "times": _times,
    "apiece": _apiece,
}
