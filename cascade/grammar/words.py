"""How function words are read: what joins items, what is said of all or of each, what asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cascade.grammar.entry import ROLE, Entry
from cascade.grammar.reading import (
    ALL,
    AMONG,
    BREAK,
    CHANGE,
    CUP,
    EACH,
    HEAD,
    JOIN,
    MORE,
    OMIT,
    OTHER,
    PART,
    POINTED,
    QUANTITY,
    REST,
    VALUE,
    Handler,
    Reading,
)
from cascade.grammar.serving import asks_first, consents

_DESCRIBES: Final = frozenset({"head", "attribute", "part", "note"})
_LINKS: Final = frozenset({"of", "inside"})
_LAST: Final = ROLE["final"] | ROLE["separator"]
_UNCOUNTED: Final = frozenset({HEAD, VALUE, PART, OMIT, JOIN, BREAK})
_SEVERAL: Final = 2
_ORDERS: Final = ROLE["carrier"] | ROLE["desire"] | ROLE["opener"] | ROLE["polite"] | ROLE["again"]


def _again(reading: Reading, place: int) -> int:
    reading.carried = True
    reading.marks.append((JOIN, MORE, None))
    return place + 1


def _connector(reading: Reading, place: int) -> int:
    if reading.ends_at(place + 1) or reading.tokens[place + 1][0].kind == "unknown":
        return reading.refuse(place)  # 和 in 和平路 is part of the name
    if not reading.marks and _among_people(reading, place):
        return reading.refuse(place)  # 我和老伴金婚，两杯奶茶
    if not reading.marks and not reading.tokens[place + 1][0].roles & _ORDERS:
        if reading.changing and reading.referred and len(reading.tokens[place][0].form) > 1:
            return place + 1  # 加急一下我那单 然后去冰
        reading.fail("tie", f"{reading.tokens[place][0].form} joins nothing")  # 还有一杯奶茶 may only be told
    only_joins = len(reading.tokens[place][0].form) == 1  # 和, and no 顺便, 还要
    reading.marks.append((JOIN, "" if only_joins else MORE, None))
    return place + 1


def _among_people(reading: Reading, place: int) -> bool:
    """Whether a word that only joins stands between people, of whom more may be said than who they are."""
    before, following = reading.at(place - 1)[0], reading.at(place + 1)[0]
    joins = len(reading.tokens[place][0].form) == 1 and not reading.begins_at(place)
    return (
        joins
        and bool(following.roles & ROLE["person"])
        and (before.kind == "unknown" or bool(before.roles & ROLE["person"]))
    )


def _other(reading: Reading, place: int) -> int:
    """另外, which speaks of another item but where it only goes on with a change: 改加急，另外去冰."""
    one = not any(mark[0] in (CUP, POINTED, QUANTITY) for mark in reading.marks)
    if one and reading.altered and reading.begins_at(place) and _goes_on_changing(reading, place + 1):
        return place + 1
    reading.marks.append((OTHER, "", None))
    return place + 1


def _goes_on_changing(reading: Reading, place: int) -> bool:
    """Whether what changes, or one value and no more, follows: not 另外大杯去冰, which may be another cup."""
    entry = reading.at(place)[0]
    alone = entry.kind == "attribute" and not entry.form.endswith(reading.spec.words.of)
    return bool(entry.roles & ROLE["change"]) or (alone and reading.ends_at(place + 1))


def _marker(kind: str) -> Handler:
    def handler(reading: Reading, place: int) -> int:
        reading.marks.append((kind, "", None))
        return place + 1

    return handler


def _all(reading: Reading, place: int) -> int:
    """都, and no 一杯都 where a pause is between: 我一杯她一杯 都少糖."""
    if (
        reading.marks
        and reading.marks[-1][0] is QUANTITY
        and reading.marks[-1][2] == 1
        and reading.paused(place)
    ):
        reading.marks.append((BREAK, "", None))
    adds = reading.at(place + 1)[0].roles
    if adds & ROLE["add"] and not adds & ROLE["carrier"] and reading.ends_at(place + 2):
        reading.fail("tie", "all of what")  # 一个加布丁一个加红豆一个都加
    reading.marks.append((EACH if _as_many_of_each(reading, place) else ALL, "", None))
    return place + 1


def _as_many_of_each(reading: Reading, place: int) -> bool:
    """Whether what is ordered of all names before 都 is so many of each: 奶茶和果茶都来两杯."""
    kinds = [mark[0] for mark in reading.marks]
    if reading.changing or kinds.count(HEAD) < _SEVERAL or not _UNCOUNTED.issuperset(kinds):
        return False
    at = place + 1
    while reading.at(at)[0].roles & (_ORDERS | ROLE["add"]):
        at += 1
    return reading.at(at)[0].kind == "numeral" and bool(reading.at(at + 1)[0].roles & ROLE["measure"])


def _each(reading: Reading, place: int) -> int:
    """各, and how many they are: 给爸妈各来一杯."""
    if not reading.people and reading.at(place - 1)[0].roles & ROLE["couple"]:
        reading.people = 2
    reading.marks.append((EACH, "", None))
    return place + 1


def _sort(reading: Reading, place: int) -> int:
    """一样一杯, and no 都一样."""
    if reading.at(place + 1)[0].kind not in ("numeral", "measure", "count"):
        return reading.refuse(place)
    return _each(reading, place)


def _total(reading: Reading, place: int) -> int:
    """一共三杯 says how many the one name before it are, or how many several names are together."""
    if sum(mark[0] is HEAD for mark in reading.marks) > 1:
        reading.marks.append((ALL, "", None))
    return place + 1


def _of(reading: Reading, place: int) -> int:
    before = reading.at(place - 1)[0]
    if before.kind == "part" and reading.said(PART) and reading.said(HEAD) and reading.ends_at(place + 1):
        reading.fail("tie", f"{before.form} may say which")  # 美式要西柚的
    if before.roles & ROLE["carrier"] and before.kind != "measure":  # 我点的奶茶 was ordered before
        reading.guards.append(("past", *reading.tokens[place][1:]))
        return place + 1
    if reading.tokens[place][0].roles & ROLE["house"] and _may_be_a_name(before):
        reading.fail("tie", f"{before.form} may be who sells it")  # 七分甜家的杨枝甘露
    pointed = before.kind == "reference" or (
        before.kind in _LINKS and reading.at(place - 2)[0].kind == "reference"
    )
    if reading.changing and pointed:
        return place + 1  # 刚才那单的奶茶, 刚才那杯里的珍珠
    if before.kind in _DESCRIBES or before.roles & (ROLE["cap"] | ROLE["unit"]):
        return place + 1
    return reading.refuse(place)


def _may_be_a_name(entry: Entry) -> bool:
    """Whether a word is a value of an item, and of no slot that says who sells it."""
    return entry.kind == "attribute" and entry.slot is not None and not entry.slot.spec.spreads


def _inside(reading: Reading, place: int) -> int:
    """奶茶里 may speak of one that exists: nothing is ordered by adding to it."""
    reading.inside |= reading.at(place - 1)[0].kind == "head"
    return _of(reading, place)


def _final(reading: Reading, place: int) -> int:
    if reading.tokens[place][0].roles & ROLE["hurry"] and reading.marks:
        before = reading.at(place - 1)[0]
        if reading.values or before.kind != "head":
            reading.fail("tie", "hurry, or a wish")  # 送到公司，快点
    return place + 1 if place or reading.tokens[place][0].roles & ROLE["filler"] else reading.refuse(place)


def _filler(reading: Reading, place: int) -> int:
    """Nothing, but for 别用券 of an order that exists, where it is a wish."""
    if not (reading.changing and reading.tokens[place][0].roles & ROLE["unspent"]):
        return place + 1
    field = next((slot.field for slot in reading.spec.slots.values() if slot.role == "note"), None)
    reading.wish(field or "", reading.spoken(place, place))
    reading.unspent = True
    gone = reading.at(place + 1)[0].roles & ROLE["perfective"] and reading.ends_at(place + 2)
    return place + 2 if gone else place + 1


def _perfective(reading: Reading, place: int) -> int:
    before = reading.at(place - 1)[0]
    took = bool(reading.marks) and reading.marks[-1][0] is OMIT
    took |= before.kind == "attribute" and before.form.startswith(reading.spec.words.remove)
    ends = reading.ends_at(place + 1) or place + 1 in reading.layout.passed
    if took and ends and not reading.carried:
        reading.dropped = True
        return place + 1
    if reading.changing and _wanted_instead(reading, place):
        return place + 1
    if reading.changing and before.kind == "note" and before.form.startswith(reading.spec.words.remove):
        reading.fail("tie", "a wish, or why something changes")  # 不加料了，芋圆拿掉
    if before.kind in _DESCRIBES and reading.ends_at(place + 1):
        if reading.wished or before.kind == "note":
            return place + 1
        if reading.carried:  # 来杯奶茶了 may tell of one that came
            reading.guards.append(("past", *reading.tokens[place][1:]))
            return place + 1
    return reading.refuse(place)


def _wanted_instead(reading: Reading, place: int) -> bool:
    """Whether right after 了 another value is wanted than the one before, which is taken back: 不要冰了要温的."""
    before, leads, value = (reading.at(at)[0] for at in (place - 1, place + 1, place + 2))
    if before.slot is None or before.form not in before.slot.spec.unlike or value.slot is not before.slot:
        return False
    return bool(leads.roles & (ROLE["add"] | ROLE["copula"])) and value.value in before.slot.spec.instead


def _asking(reading: Reading, place: int) -> int:
    """吗 and ? after a polite request; anything else that asks is a question."""
    entry, before = reading.tokens[place][0], reading.at(place - 1)[0]
    asks_no_more = entry.guard == "question" or not entry.form.isalnum()  # 不 may begin another word
    if (
        reading.polite
        and not before.roles & ROLE["separator"]
        and (asks_no_more or reading.ends_at(place + 1))
    ):
        if not reading.ends_at(place + 1):
            reading.marks.append((BREAK, "", None))
        return place + 1
    reading.refuse(place)
    if not reading.tokens[place][0].guard:
        reading.guards.append(("question", *reading.tokens[place][1:]))
    return place + 1


def _tag(reading: Reading, place: int) -> int:
    """好吗, 可以吗 after an order that was addressed to the assistant, or that is nothing else; 中不中给俺来一杯."""
    if asks_first(reading, place):
        reading.polite = True
        return place + 1
    if (reading.opened or consents(reading, place) or _changed(reading, place)) and reading.ends_at(
        place + 1
    ):
        reading.polite = True
        return place + 1
    return _asking(reading, place)


def _changed(reading: Reading, place: int) -> bool:
    """Whether all that is said before a place is that something becomes something else: 推迟一小时送可以吗."""
    told = reading.shifted or any(mark[0] is CHANGE for mark in reading.marks)
    ends = all(entry.roles & _LAST for entry, _, _ in reading.tokens[place + 1 :])
    return reading.changing and told and ends


def _separator(reading: Reading, place: int) -> int:
    reading.marks.append((BREAK, "", None))
    return place + 1


def _refuse(reading: Reading, place: int) -> int:
    return reading.refuse(place)


def _thing(reading: Reading, place: int) -> int:
    before = reading.at(place - 1)[0]
    orders = (
        before.roles & (_ORDERS | ROLE["measure"] | ROLE["of"] | ROLE["filler"]) or before.kind == "attribute"
    )
    if before.kind == "note" and before.form.endswith(reading.spec.words.of):
        return place + 1  # 不含咖啡因的饮料
    return place + 1 if orders or reading.begins_at(place) else reading.refuse(place)


def _picture(reading: Reading, place: int) -> int:
    if reading.shows(place):
        return place + 1
    return _thing(reading, place) if reading.tokens[place][0].roles & ROLE["thing"] else reading.refuse(place)


def _ambiguous(reading: Reading, place: int) -> int:
    reading.fail("tie", f"{reading.tokens[place][0].form} reads two ways")
    return place + 1


HANDLERS: Final[Mapping[str, Handler]] = {
    "again": _again,
    "connector": _connector,
    "all": _all,
    "each": _each,
    "sort": _sort,
    "other": _other,
    "among": _marker(AMONG),
    "rest": _marker(REST),
    "total": _total,
    "of": _of,
    "inside": _inside,
    "final": _final,
    "perfective": _perfective,
    "filler": _filler,
    "asking": _asking,
    "tag": _tag,
    "separator": _separator,
    "picture": _picture,
    "thing": _thing,
    "headcount": _refuse,
    "copula": _refuse,
    "aspect": _refuse,
    "spend": _refuse,
    "which": _refuse,
    "ambiguous": _ambiguous,
}
