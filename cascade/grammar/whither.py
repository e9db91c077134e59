"""Where an order went or how, said beside where it shall go, or only to tell which order it is.

别送宿舍了，送网吧 has one address and 送药房那杯改热的 none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from cascade.grammar.entry import ROLE
from cascade.grammar.reading import Reading
from cascade.grammar.values import BETWEEN, Found, Said, closed, is_place, preceded, skip, values, within

_ASKS: Final = (
    ROLE["opener"] | ROLE["polite"] | ROLE["change"] | ROLE["carrier"] | ROLE["recipient"] | ROLE["toward"]
)
_ORDERS: Final = ROLE["carrier"] | ROLE["again"] | ROLE["desire"] | ROLE["measure"]


def moved(reading: Reading) -> bool:
    """Whether all that is said is that something goes elsewhere than it was to: 别送宿舍了，送网吧.

    Who says so has ordered already, though no word points at the order.
    """
    if not any(entry.guard == "negation" for entry, _, _ in reading.tokens):
        return False
    if any(entry.roles & _ORDERS or entry.kind == "numeral" for entry, _, _ in reading.tokens):
        return False
    said = [value for value in values(reading) if is_place(reading, value)]
    left = {value.first for value, _, _ in unsent(reading, said)}
    return len(left) == 1 and any(value.first not in left and _goes_there(reading, value) for value in said)


def _goes_there(reading: Reading, value: Said) -> bool:
    """Whether something is sent to a place; 送我公司 may also send 我 something."""
    first = _sent(reading, value)
    mine = value.value.startswith(tuple(reading.spec.words.speaker))
    leads = reading.at(first)[0].form
    return first >= 0 and (not mine or leads.endswith(reading.spec.words.toward))


def unsent(reading: Reading, said: Sequence[Said]) -> Iterator[Found]:
    """别送宿舍了，送网吧."""
    for value in said:
        length = is_place(reading, value) and preceded(reading, value.first, "unsent")
        if length and (after := closed(reading, value.last)):
            yield value, within(reading, value.first, length), after


def sent_elsewhere(reading: Reading, said: Sequence[Said]) -> Iterator[Found]:
    """送到八楼改成送到一楼."""
    for value, following in pairwise(said):
        first, way = _sent(reading, value), _sent(reading, following)
        change = skip(reading, value.last, BETWEEN)
        becomes = reading.at(change)[0].roles & ROLE["change"] and change + 1 == way
        if first >= 0 and becomes and not reading.at(first - 1)[0].roles & _ASKS:
            yield value, first, value.last


def _sent(reading: Reading, value: Said) -> int:
    """The place of the word that sends something right before where it goes, -1 where there is none."""
    if not is_place(reading, value):
        return -1
    text, start = reading.utterance.text, reading.at(value.first)[1]
    leads = reading.spec.words.lead
    if not text.endswith(leads, 0, start):
        return -1
    length = max(len(form) for form in leads if text.endswith(form, 0, start))
    first = within(reading, value.first, length)
    return first if length and reading.at(value.first)[1] - reading.at(first)[1] == length else -1


def sent_before(reading: Reading, said: Sequence[Said]) -> Iterator[tuple[int, int]]:
    """Where an order went that is pointed at, said to tell which it is: 送药房那杯改热的, 那单送果园的奶茶."""
    for value in said:
        first = _sent(reading, value)
        if first < 0:
            continue
        before = reading.at(first - 1)[0]
        linked = reading.at(value.last)[0].roles & ROLE["of"]
        after = value.last + bool(linked)
        named = reading.at(after)[0]
        points = named.kind == "reference" and not named.roles & ROLE["statement"]
        points |= bool(linked) and named.kind == "head" and before.kind == "reference"
        past = before.guard == "past" and before.kind == "guard"
        begins = reading.begins_at(first) or reading.paused(first) or past or before.kind == "reference"
        begins |= bool(before.roles & (ROLE["object"] | ROLE["filler"]))
        if points and begins and not (before.roles & _ASKS or reading.paused(after)):
            yield first - past, after


def unwanted_ways(reading: Reading) -> Iterator[tuple[int, int]]:
    """A way that is not wanted any more, beside another that is: 不用送了，我自己去拿, 不要自取了，给我送到店里."""
    unsent_words = reading.spec.superseded.beside["unsent"]
    ways = [(at, entry) for at, (entry, _, _) in enumerate(reading.tokens) if entry.kind == "value"]
    for place, (_, start, _) in enumerate(reading.tokens):
        length = unsent_words.after(reading.utterance.text, start)
        if not length:
            continue
        last = _ending(reading, place, start + length)
        closes = last > place and reading.at(last)[0].kind == "value"  # 不用送了我自己去拿
        after = last if closes else closed(reading, last) if last > place else 0
        if after and any(not entry.roles & ROLE["lead"] and not place <= at < last for at, entry in ways):
            yield place, after
    for at, entry in ways:
        length = preceded(reading, at, "refused")
        if entry.roles & ROLE["lead"] or not length or not (after := closed(reading, at + 1)):
            continue
        if any(entry.slot == way.slot and entry.value != way.value for _, way in ways):
            yield within(reading, at, length), after


def _ending(reading: Reading, place: int, end: int) -> int:
    """The place after the word that ends at a character, or one later, which is 了: 别送 and 别送了."""
    return next(
        (
            at + 1
            for at in range(place, reading.count)
            if 0 <= reading.tokens[at][2] - end <= 1 and _said_of(reading, at, end)
        ),
        place,
    )


def _said_of(reading: Reading, place: int, end: int) -> bool:
    last = reading.tokens[place][2]
    return last == end or reading.utterance.text[end:last] in reading.spec.words.perfective
