"""What is said beside a change only to be replaced, or only to say which order: 手滑点成热的，改冰的, 别送宿舍了送网吧.

Found before anything is read, since what replaces it may come later. A value is passed over only where another of its
kind is said too, and that one is not passed over itself; all else is read as it always is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from cascade.grammar import whither
from cascade.grammar.entry import ROLE, Token
from cascade.grammar.reading import Reading
from cascade.grammar.values import (
    BETWEEN,
    TAKES_BACK,
    Found,
    Said,
    closed,
    is_place,
    preceded,
    skip,
    values,
    within,
)

_CHANGES: Final = ROLE["change"] | ROLE["lead"]
_ACTS: Final = ROLE["change"] | ROLE["statement"]
_LEADS: Final = ROLE["copula"] | _CHANGES
_SAYS_ONE: Final = frozenset({"numeral", "count", "unknown", "heard"})
"""Kinds of words without a slot that a value may be made of."""
_HOURS: Final = ROLE["clock"] | ROLE["numeral"]
_NAMES: Final = frozenset({"head", "attribute"})
_GIVES: Final = ROLE["origin"] | ROLE["lead"] | TAKES_BACK


def pass_over(reading: Reading, *, known: bool = False) -> None:
    """Have the reading skip such words. ``known`` says that it is known to be a change by more than its words."""
    if _plain(reading):
        return
    said = list(values(reading))
    found = [
        *whither.unsent(reading, said),
        *whither.sent_elsewhere(reading, said),
        *_mistaken(reading, said),
        *_became(reading, said),
    ]
    if not _asks(reading):
        found += [*_corrected(reading, said), *_instead(reading, said)]
        found += [
            one for one in _denied(reading, said) if known or is_place(reading, one[0]) or _stated(reading)
        ]
    given_up = {value.first for value, _, _ in found}
    kept = [value for value in said if value.claimed and value.first not in given_up]
    passed: set[int] = set()
    exchanged: set[str] = set()
    for value, first, last in found:
        others = {other.value for other in kept if other.field == value.field and _counts(reading, other)}
        if others - {value.value} or (others and _differs(reading, value)):
            exchanged.add(value.field)
            passed.update(range(first, last))
            passed |= _taken(reading, kept, value.field)
    for first, last in (*whither.sent_before(reading, said), *whither.unwanted_ways(reading)):
        passed.update(range(first, last))
    for place in passed:
        reading.forget(place, place + 1)
    reading.superseded, reading.exchanged = frozenset(passed), frozenset(exchanged)
    reading.layout.passed |= passed


def _plain(reading: Reading) -> bool:
    """Whether nothing in an utterance can have anything give way."""
    if not any(entry.slot or entry.variants or entry.kind in _SAYS_ONE for entry, _, _ in reading.tokens):
        return True
    text, words = reading.utterance.text, reading.spec.superseded
    before, after = words.beside["any"].before, words.beside["any"].after
    for at, (entry, start, end) in enumerate(reading.tokens):
        if entry.roles & ROLE["aspect"] and reading.at(at + 1)[0].roles & _HOURS:
            return False
        if entry.roles & _GIVES or entry.kind == "value" or before(text, start) or after(text, end):
            return False
    return not any(arrow in text for arrow in words.arrows)


def left(reading: Reading) -> list[Token]:
    """The words that are not passed over."""
    return [token for place, token in enumerate(reading.tokens) if place not in reading.superseded]


def _counts(reading: Reading, value: Said) -> bool:
    """Whether a number or a name is what it becomes; others may only say of how many, or which: 三杯改几杯."""
    heads = [slot.field for slot in reading.spec.slots.values() if slot.role == "head"]
    counted = value.field in (reading.spec.quantity.field, *heads)
    before = reading.at(value.first - 1)[0]
    led = before.roles & (_LEADS | ROLE["rightly"]) or preceded(reading, value.first, "rightly")
    return not counted or bool(led) or before.form in reading.spec.superseded.arrows  # 奶茶→果茶


def _differs(reading: Reading, value: Said) -> bool:
    """Whether a value only says by how much it was wrong: 多点了一杯, beside 改成一杯."""
    return bool(preceded(reading, value.first, "differs"))


def _stated(reading: Reading) -> bool:
    return any(entry.roles & ROLE["statement"] for entry, _, _ in reading.tokens)


def _asks(reading: Reading) -> bool:
    return any(entry.guard == "question" for entry, _, _ in reading.tokens)


def _taken(reading: Reading, kept: Sequence[Said], field: str) -> set[int]:
    """Take an address that nothing leads to but 是, and what leads to it: 地址错了是8栋不是3栋."""
    if field != reading.spec.place:
        return set()
    taken: set[int] = set()
    for value in kept:
        first = value.first
        while (
            reading.at(first - 1)[0].roles & ROLE["copula"] and not reading.at(first - 1)[0].roles & _CHANGES
        ):
            first -= 1
        before = first - 1
        while reading.at(before)[0].roles & ROLE["separator"]:
            before -= 1
        if value.field == field and (first < value.first or reading.at(before)[0].roles & TAKES_BACK):
            heard = reading.tokens[value.first][0].kind == "heard"
            if not heard:
                reading.put(field, value.value)
            taken.update(range(first, value.first if heard else value.last))
    return taken


def _denied(reading: Reading, said: Sequence[Said]) -> Iterator[Found]:
    """不是两杯是六杯, and 是八栋不是三栋."""
    for at, value in enumerate(said):
        length = preceded(reading, value.first, "contrast")
        if not length:
            continue
        first = within(reading, value.first, length)
        told = reading.at(first - 1)[0]
        following = said[at + 1] if at + 1 < len(said) else value
        if following.field == value.field and _led(reading, value, following):
            if not told.roles & ROLE["reference"] or told.roles & ROLE["statement"]:
                yield value, first, _led(reading, value, following)
            continue  # 那杯不是热的是冰的 may complain
        earlier = next((one for one in said if one.last == first and one.field == value.field), None)
        after = closed(reading, value.last)
        if earlier is not None and after and _rightly(reading, earlier):
            yield value, first, after


def _instead(reading: Reading, said: Sequence[Said]) -> Iterator[Found]:
    """改成去冰，不是少冰."""
    for earlier, value in pairwise(said):
        entry = reading.tokens[value.first][0]
        length = preceded(reading, value.first, "contrast")
        if not length or earlier.field != value.field or entry.kind not in _NAMES:
            continue
        first, after = within(reading, value.first, length), closed(reading, value.last)
        becomes = reading.at(earlier.first - 1)[0].roles & ROLE["change"]
        if becomes and after and skip(reading, earlier.last, BETWEEN) == first:
            yield value, first, after


def _led(reading: Reading, value: Said, following: Said) -> int:
    """The place after 是 between what something is not and what it is, 0 where more stands between them."""
    place = first = skip(reading, value.last, BETWEEN)
    while place < following.first and reading.tokens[place][0].roles & _LEADS:
        place += 1
    if not place == following.first > first:
        return 0
    return next((at for at in range(first, place) if reading.tokens[at][0].roles & _CHANGES), place)


def _rightly(reading: Reading, value: Said) -> bool:
    """Whether a value is what is wanted, by the words right before it: 我要的是四杯, no 我点的是四杯."""
    if is_place(reading, value):
        return True
    return bool(preceded(reading, value.first, "rightly"))


def _mistaken(reading: Reading, said: Sequence[Said]) -> Iterator[Found]:
    """手滑点成热的, 你记成全糖了, 少冰打错了."""
    for value in said:
        length = preceded(reading, value.first, "mistaken") or preceded(reading, value.first, "differs")
        if not length and _acts_after(reading, value.last):
            length = preceded(reading, value.first, "shown")
        wrong = _wrong(reading, value.last)
        after, first = closed(reading, wrong), within(reading, value.first, length)
        if reading.at(first - 1)[0].roles & ROLE["change"]:
            continue  # 改成刚才说的半糖
        if after and (length or wrong > value.last):
            yield value, _from(reading, first), after


def _acts_after(reading: Reading, place: int) -> bool:
    """Whether it is asked after a place to change something: what an order shows may only be complained of."""
    return any(entry.roles & _ACTS for entry, _, _ in reading.tokens[place:])


def _from(reading: Reading, place: int) -> int:
    """The first of the words before a place that only say that somebody slipped: 我刚手滑 before 点成热的."""
    while length := preceded(reading, place, "slips"):
        first = within(reading, place, length)
        if reading.at(place)[1] - reading.at(first)[1] != length:
            return place
        place = first
    return place


def _wrong(reading: Reading, place: int) -> int:
    """The place after what says of a value right before it that it is wrong: 打错了, 多了."""
    start = reading.at(place)[1]
    length = reading.spec.superseded.beside["wrong"].after(reading.utterance.text, start) if start else 0
    ends = (at + 1 for at in range(place, reading.count) if reading.tokens[at][2] == start + length)
    return next(ends, place) if length else place


def _became(reading: Reading, said: Sequence[Said]) -> Iterator[Found]:
    """从两点提前到一点, 少糖→无糖, no 大杯→中杯→小杯."""
    text, arrows = reading.utterance.text, reading.spec.superseded.arrows
    pointed = sum(text[start:end] in arrows for _, start, end in reading.tokens)
    for value, following in pairwise(said):
        if following.first != value.last + 1 or following.field != value.field:
            continue
        _, start, end = reading.tokens[value.last]
        origin = value.first - 1
        if not reading.at(origin)[0].roles & ROLE["origin"]:
            origin = _of_its_kind(reading, value)
        if origin >= 0 and reading.tokens[value.last][0].roles & ROLE["change"]:
            yield value, origin, value.last
        elif text[start:end] in arrows and pointed == 1:
            yield value, value.first, following.first


def _of_its_kind(reading: Reading, value: Said) -> int:
    """The place of what is changed, right before what it was: 送餐时间三点改成五点; -1 where it is not said."""
    spec, place = reading.spec, value.first - 1
    if value.field not in (spec.place, spec.clock.field if spec.clock is not None else ""):
        return -1
    while reading.at(place)[0].roles & ROLE["clock"]:
        place -= 1
    return place if reading.at(place)[0].roles & ROLE["aspect"] else -1


def _corrected(reading: Reading, said: Sequence[Said]) -> Iterator[Found]:
    """送到北门，说错了，南门."""
    spec = reading.spec
    fields = {reading.spec.place, spec.clock.field if spec.clock is not None else ""}
    for value, following in pairwise(said):
        if value.field not in fields or following.field != value.field:
            continue
        place = skip(reading, value.last, BETWEEN)
        back = skip(reading, place, TAKES_BACK | BETWEEN)
        takes_back = any(_takes_back(reading, at) for at in range(place, back))
        if takes_back and skip(reading, back, _LEADS) == following.first:
            yield value, value.first, back


def _takes_back(reading: Reading, place: int) -> bool:
    """Whether a word takes back what stands before it; 不是 only where a pause follows: 北门，不是，南门."""
    roles = reading.at(place)[0].roles
    return bool(roles & TAKES_BACK) and not (roles & ROLE["contrast"] and not reading.ends_at(place + 1))
