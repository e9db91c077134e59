"""Who speaks, whom it is for, and what is said beside the order: no slot holds it, all of it is accounted for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cascade.grammar import amounts, clock, people, places, words
from cascade.grammar.entry import ROLE, Entry
from cascade.grammar.reading import BREAK, CHANGE, HEAD, Handler, Reading

_LOOSE: Final = ROLE["aside"] | ROLE["filler"] | ROLE["final"] | ROLE["perfective"] | ROLE["person"]
_WANTS: Final = ROLE["wants"]
_ADDRESSES: Final = ROLE["opener"] | ROLE["polite"]
_ORDERS: Final = _ADDRESSES | ROLE["carrier"] | ROLE["desire"] | ROLE["again"]
_MAY_FOLLOW: Final = frozenset({"flag", "note", "value", "clock", "half"})
_NOT_OF_ITEMS: Final = ROLE["headcount"] | ROLE["apiece"] | ROLE["hour"] | ROLE["delay"] | ROLE["final"]
_REDEEMED: Final = frozenset({"head", "attribute", "numeral", "measure", "count", "thing"})
_BEFORE_ITEM: Final = ROLE["separator"] | ROLE["filler"]
_GIVES: Final = _ORDERS | ROLE["measure"] | ROLE["numeral"] | ROLE["apiece"] | ROLE["each"]


def _polite(reading: Reading, place: int) -> int:
    """能来一杯奶茶吗 orders; where the word is also a guard, 能来奶茶吗 asks whether there is any."""
    asks = reading.at(place + 1)[0].kind == "head" or reading.at(place - 1)[0].kind == "note"
    if reading.tokens[place][0].guard and asks:
        return reading.refuse(place)  # 生理期可以来杯奶茶吗
    reading.polite = True
    return _opener(reading, place)


def _opener(reading: Reading, place: int) -> int:
    reading.opened = True
    after = _spoken(reading, place)
    if reading.at(after)[0].roles & ROLE["connector"] and reading.at(after + 1)[0].roles & ROLE["person"]:
        after, others = people.persons(reading, after + 1)
        people.counted(reading, others + 1, place, after)  # 给我和我妈
    return after


def _carrier(reading: Reading, place: int) -> int:
    """A carrier that is also a guard orders what is counted: 我叫一杯奶茶, not 我叫奶茶."""
    if reading.tokens[place][0].guard and reading.at(place + 1)[0].kind == "head":
        return reading.refuse(place)
    if reading.changing and reading.at(place + 1)[0].roles & (ROLE["change"] | ROLE["object"]):
        return place + 1  # 要改热的
    reading.carried = True
    if reading.tokens[place][0].roles & ROLE["redeem"]:
        _redeem(reading, place)
    return _spoken(reading, place)


def _redeem(reading: Reading, place: int) -> None:
    """兑一杯奶茶 spends what can be spent, whether it is named or not; 浓缩兑牛奶 says what is in a cup."""
    field = next((slot.field for slot in reading.spec.slots.values() if slot.role == "flag"), None)
    after = place + 1
    while reading.at(after)[0].roles & _BEFORE_ITEM:
        after += 1
    if field is None or reading.changing or reading.at(after)[0].kind not in _REDEEMED:
        return
    if reading.said(HEAD):
        reading.fail("tie", "paid for, or mixed with what was named")
    if any(entry.roles & ROLE["unspent"] for entry, _, _ in reading.tokens):
        reading.fail("conflict", "spent, and not to be spent")
    reading.put(field, True)


def _desire(reading: Reading, place: int) -> int:
    reading.wished = reading.carried = True
    return _spoken(reading, place)


def _spoken(reading: Reading, place: int) -> int:
    """我要 after 我妈要一杯奶茶 speaks of another cup than hers."""
    orders = reading.at(place + 1)[0].roles & ROLE["carrier"]  # 他喝奶茶我喝果茶帮我点上
    last = reading.tokens[place][0].roles & ROLE["opener"] and reading.ends_at(place + 1 + bool(orders))
    if reading.served and reading.tokens[place][0].roles & ROLE["speaker"] and not last:  # 一杯给我妈一杯给我
        if not people.of_a_share(reading, place, place + 1):
            people.serve(reading, place + 1)
        if people.next_in_turn(reading, place, place + 1):
            reading.marks.append((BREAK, "", None))
    return place + 1


def _aside(reading: Reading, place: int) -> int:
    """Chatter is passed over as a whole clause, or where a clause begins and an order follows at once."""
    if (
        reading.tokens[place][0].form in reading.spec.words.speaker
        and reading.at(place + 1)[0].roles & ROLE["toward"]
    ):
        there = places.whereabouts(reading, place + 1) if reading.begins_at(place) else 0
        there = max(there, places.fetched(reading, place + 1))  # 我去万达店自取
        if there > place + 1:
            return there  # 我在图书馆，来杯果茶送到二楼
    if _says_of_oneself(reading, place):
        return place + 1
    after = _run(reading, place)
    if after > place:
        reading.carried |= any(entry.roles & ROLE["carrier"] for entry, _, _ in reading.tokens[place:after])
        return after
    roles = reading.tokens[place][0].roles
    for name, handler in _OTHERWISE:
        if roles & ROLE[name]:
            return handler(reading, place)
    return reading.refuse(place)


def _says_of_oneself(reading: Reading, place: int) -> bool:
    """Whether 我 only begins what the one who orders needs, or when they come, in the middle of what is said.

    果茶热的我乳糖不耐, and 少糖我八点去取; where others get a share it may be mine.
    """
    if reading.changing or reading.served or reading.tokens[place][0].form not in reading.spec.words.speaker:
        return False
    if any(
        entry.roles & ROLE["person"]
        for entry, _, _ in (*reading.tokens[:place], *reading.tokens[place + 1 :])
    ):
        return False
    following, then = reading.at(place + 1)[0], reading.at(place + 2)[0]
    if following.kind == "note":
        return not following.form.endswith(tuple(reading.spec.words.of))  # 我甜的 may be another cup
    timed = following.roles & (ROLE["clock"] | ROLE["half"])
    timed |= following.kind == "numeral" and then.roles & (ROLE["hour"] | ROLE["delay"])
    last = place + 1
    while not reading.ends_at(last):
        entry = reading.tokens[last][0]
        if entry.kind == "value" and not entry.roles & ROLE["lead"]:
            return bool(timed)
        last += 1
    return False


def _run(reading: Reading, place: int) -> int:
    """The place after the chatter around a place, the same place where it is not chatter alone."""
    if not _begins(reading, place):
        return place
    after = place + 1
    while reading.at(after)[0].roles & _LOOSE:
        after += 1
    following, last = reading.at(after)[0], reading.tokens[after - 1][0].roles
    over = reading.tokens[after - 1][0].form.endswith(reading.spec.words.perfective)
    if over and following.roles & ROLE["again"] and not reading.paused(after):
        return place  # 孩子睡着了再来一杯奶茶
    if (
        last & ROLE["person"]
        and not last & ROLE["aside"]
        and following.roles & _ORDERS
        and not _called(following)
    ):
        return after - 1  # whoever wants something is no chatter
    if following.roles & ROLE["asking"] and not following.form.isalnum():
        return after + 1  # 在吗?
    ends = after >= reading.count or following.roles & (ROLE["separator"] | ROLE["recipient"] | _ORDERS)
    beyond = reading.at(after + 1)[0].roles | (reading.at(after + 2)[0].roles & ROLE["apiece"])
    beyond |= last & ROLE["final"]
    counts = following.kind == "numeral" and beyond & _NOT_OF_ITEMS  # 我们四个一人一杯, 谢谢千问 一杯奶茶
    counts = counts or amounts.counted_people(reading, after)
    return after if ends or counts or following.kind in _MAY_FOLLOW else place


def _called(following: Entry) -> bool:
    """Whether the person before this word is called, and whoever speaks orders: 妈妈我要喝奶茶."""
    return bool(following.roles & (_ADDRESSES | ROLE["speaker"]))


def _begins(reading: Reading, place: int) -> bool:
    """Whether nothing but chatter stands between a place and the beginning of its clause."""
    while place and reading.tokens[place - 1][0].roles & _LOOSE:
        place -= 1
    return reading.begins_at(place)


def _person(reading: Reading, place: int) -> int:
    """我妈要一杯, 我和我妈一人一杯, and 老板, whom somebody calls."""
    after, count = people.persons(reading, place)
    if people.orders_for_speaker(reading, after):
        reading.fail("tie", "who orders")
    following = reading.at(after)[0]
    counted = following.kind == "numeral" and reading.at(after + 1)[0].roles & ROLE["headcount"]
    if counted or (count == 1 and amounts.counted_too(reading, after)):  # 五杯奶茶，大家一人一杯
        return after
    if _begins(reading, place) or reading.at(place - 1)[0].roles & ROLE["connector"]:
        if count > 1 and following.roles & (ROLE["apiece"] | ROLE["each"] | _WANTS):
            people.counted(reading, count, place, after)
            return after
        if following.roles & _WANTS and not following.roles & ROLE["speaker"]:
            couple = reading.tokens[place][0].roles & ROLE["couple"] or people.among_others(
                reading, place, after
            )
            if couple and reading.at(after + 1)[0].kind != "numeral":
                reading.fail("tie", "one, or two")  # 爸妈喝奶茶，我喝果茶
            if not reading.ends_at(after + 1):
                people.serve(reading, after)  # 孩子要喝, said last, only tells for whom it was
            return after
        if count > 1 and reading.begins(after):
            people.counted(reading, count)  # 我和老公，一杯拿铁，一杯美式
            return after
    wants = following.roles & _WANTS and not following.roles & ROLE["speaker"]
    if count == 1 and wants and reading.served and not reading.ends_at(after + 1):
        if people.next_in_turn(reading, place, after + 1):
            reading.marks.append((BREAK, "", None))
            return after
        people.serve(reading, after)  # 妈妈要奶茶爸爸要热的
    if count == 1 and place in people.served_in_turn(reading):
        reading.served = True
        reading.marks.append((BREAK, "", None))
        return after
    mine = reading.tokens[place][0].form.startswith(tuple(reading.spec.words.speaker))
    told = reading.said(HEAD) or (reading.said(CHANGE) and not mine)
    if reading.at(place - 1)[0].roles & ROLE["final"] and told and reading.ends_at(after):
        return after  # 来杯奶茶呗老铁, 改热的吧姐
    after = _run(reading, place)
    return after if after > place else reading.refuse(place)


def _recipient(reading: Reading, place: int) -> int:
    """给我妈, before what orders or at the end of a clause."""
    there = places.brought_to(reading, place + 1)
    if there > place + 1:
        reading.opened = True
        return there
    after, count = people.persons(reading, place + 1)
    following = reading.at(after)[0]
    gives = following.roles & _GIVES or following.kind in ("flag", "value")
    tells = following.roles & ROLE["of"] and reading.ends_at(after + 1)  # 给我妈的
    if tells and reading.at(place - 1)[0].kind == "reference":
        reading.fail("tie", "whose is it")  # 那杯给我姐的
    if following.kind == "numeral" and not count and reading.at(after + 1)[0].roles & ROLE["headcount"]:
        reading.opened = True
        return after  # 给三个同事
    share = count == 1 and people.of_a_share(reading, place, after)
    if not count or not (gives or tells or share or reading.ends_at(after)):
        return reading.refuse(place)
    if count > 1:
        people.counted(reading, count, place + 1, after)
    elif following.kind == "numeral" and reading.at(after + 1)[0].roles & ROLE["measure"]:
        reading.served = True
        reading.marks.append((BREAK, "", None))  # 一杯热的给我妈一杯冰的给我: another cup, whoever gets it
    elif share:
        reading.served = True
    elif not (tells or reading.ends_at(after)):
        people.serve(reading, after)
    reading.opened = True
    return after + 1 if tells else after


_OTHERWISE: Final[tuple[tuple[str, Handler], ...]] = (
    ("person", _person),
    ("carrier", _carrier),
    ("clock", clock.HANDLERS["clock"]),
    ("final", words.HANDLERS["final"]),
    ("filler", words.HANDLERS["filler"]),
)
"""What else a word of chatter may be, where it is not chatter."""

HANDLERS: Final[Mapping[str, Handler]] = {
    "polite": _polite,
    "opener": _opener,
    "carrier": _carrier,
    "desire": _desire,
    "aside": _aside,
    "person": _person,
    "recipient": _recipient,
}
