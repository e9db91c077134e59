"""How words are read that speak of an order that exists: what points at one (那杯, 把), and what changes it (改成, 换).

What stood before them changes its meaning: it says which one, or it is what gives way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cascade.grammar import cups
from cascade.grammar.changing import altered
from cascade.grammar.entry import ROLE
from cascade.grammar.notes import noted
from cascade.grammar.numerals import number_within
from cascade.grammar.reading import CHANGE, HEAD, PART, POINTED, Handler, Reading

_BETWEEN: Final = (
    ROLE["of"] | ROLE["filler"] | ROLE["opener"] | ROLE["all"] | ROLE["perfective"] | ROLE["final"]
)
_ORDERS: Final = frozenset({"carrier", "desire"})
_TOLD: Final = ROLE["aspect"] | ROLE["where"] | ROLE["change"]


def _reference(reading: Reading, place: int) -> int:
    points = reading.tokens[place][0].kind == "reference"
    if reading.changing and points and cups.own(reading, place):
        return _own(reading, place)
    reading.referred |= points or not reading.said(HEAD)  # 布丁奶茶把布丁换成仙草 may be ordered
    before = reading.at(place - 1)[0]
    if points and before.kind in _ORDERS and reading.at(place + 1)[0].kind == "head":
        reading.fail("tie", "one that exists, or one that is wanted")  # 我要那杯柠檬水，冰多放
    if before.roles & ROLE["of"]:
        before = reading.at(place - 2)[0]
    described = before.kind == "attribute" and before.slot is not None and before.slot.spec.specifies
    if described and reading.altered and _names_it(reading, place):
        return place + 1
    if described and (after := _another_stays(reading, place)):
        return after
    which = described or before.kind in ("part", "flag", "note")  # 没错，半糖的那杯, 加珍珠的那杯
    if reading.tokens[place][0].roles & ROLE["statement"] and before.kind != "note":
        which = False
    if which and reading.tokens[place][0].kind == "reference" and not _follows(reading, place):
        reading.fail("tie", "which one, or what becomes of it")
    if reading.tokens[place][0].roles & ROLE["near"] and reading.at(place + 1)[0].kind == "flag":
        reading.fail("tie", "one that exists, or the one that follows")  # 这杯用券，拿铁
    if not reading.changing:
        return reading.refuse(place)
    _count_pointed(reading, reading.tokens[place][0].form)
    return place + 1


def _another_stays(reading: Reading, place: int) -> int:
    """The place after a clause that says which cup stays, beside one that says of another what becomes of it.

    热的那杯不变，冰的那杯改少冰; 0 where it says anything else.
    """
    first = place - 1 - (reading.at(place - 1)[0].kind == "of")
    cup, after = reading.tokens[place][0].roles & ROLE["cup"], place + 2
    while reading.at(after)[0].roles & ROLE["final"]:
        after += 1
    kept = reading.at(place + 1)[0].roles & ROLE["kept"] and reading.ends_at(after)
    pointed = sum(entry.roles & ROLE["cup"] > 0 for entry, _, _ in reading.tokens)
    if not (cup and kept and reading.altered and reading.begins_at(first) and pointed > 1):
        return 0
    reading.marks.pop()
    reading.forget(first, place)
    return after


def _follows(reading: Reading, place: int) -> bool:
    """Whether what points at an order comes last: 把券用上 刚才那单, 冰少一点我刚点的那杯."""
    last = place + 1
    while reading.at(last)[0].roles & ROLE["final"]:
        last += 1
    words, before, form = reading.spec.words, reading.at(place - 1)[0], reading.tokens[place][0].form
    spent = before.kind == "flag" and reading.paused(place)
    if spent and all(entry.kind in ("flag", "opener") for entry, _, _ in reading.tokens[last:]):
        return True  # 用券 刚才那单帮我用上券
    if last < reading.count or reading.carried:
        return False  # 来一杯去冰的，刚才那杯
    if before.kind == "part" and form.startswith(words.recipient):
        return reading.marks[-1:] != [] and reading.marks[-1][0] is PART  # 再加个椰果给刚才那单
    bare = form in words.cup or reading.tokens[place][0].roles & ROLE["near"]  # 大杯 那杯 may say which
    if reading.paused(place) and not (bare or before.form.endswith(words.of)):
        return True
    changes = any(mark[0] is CHANGE for mark in reading.clause())
    rough = before.slot is not None and before.form.endswith(before.slot.spec.rough or (" ",))
    acts = changes or rough or before.form.endswith((*words.undone, *words.spend))
    return form.startswith(words.lately) and acts


def _own(reading: Reading, place: int) -> int:
    """我那杯 beside another cup says which, and is kept as spoken."""
    field = next((slot.field for slot in reading.spec.slots.values() if slot.role == "note"), None)
    if field is None:
        return reading.refuse(place)
    reading.wish(field, reading.spoken(place, place))
    cups.pointed(reading, place, place)
    reading.referred = True
    return place + 1


def _count_pointed(reading: Reading, form: str) -> None:
    """那两杯 says how many; 那两杯里 speaks of some of them."""
    number = number_within(form)
    if number is not None and not form.endswith(reading.spec.words.inside):
        reading.marks.append((POINTED, reading.spec.quantity.field, number))


def _names_it(reading: Reading, place: int) -> bool:
    """半糖那杯改全糖: what one was ordered with says which it is, and is kept as spoken."""
    entry, following = reading.tokens[place][0], reading.at(place + 1)[0]
    field = next((slot.field for slot in reading.spec.slots.values() if slot.role == "note"), None)
    bare = entry.kind == "reference" and entry.roles & ROLE["cup"] and reading.begins_at(place - 1)
    if not bare or field is None or not following.roles & ROLE["change"]:
        return False
    reading.marks.pop()
    reading.wish(field, reading.spoken(place - 1, place))
    reading.referred = True
    return True


def _change(reading: Reading, place: int) -> int:
    """Changes an order that exists; before a note it is spoken with it: 换燕麦奶."""
    if reading.tokens[place][0].roles & ROLE["swap"] and reading.at(place + 1)[0].kind == "note":
        of_what = reading.at(place - 1)[0]
        if of_what.kind == "head" and reading.referred and reading.begins_at(place - 1):
            reading.fail("tie", "the drink, or what is in it")  # 喜茶那杯，绿妍改金凤茶底
        if not altered(reading.tokens, place):
            return noted(reading, place, place + 1)
    if not reading.changing:
        return reading.refuse(place)
    if reading.superseded and place + 1 >= reading.count and reading.begins(place) and place:
        reading.referred = True  # 你记成热的了，我要冰的，改
        return place + 1
    if place and reading.begins(place) and (after := _once(reading, place)):
        reading.referred = True  # 奶茶→果茶，换一下
        return after
    if place == 0 and reading.ends_at(1):
        reading.fail("tie", "changed into what")  # 变！奶茶
    if _says_which(reading, place - 1):
        reading.fail("tie", "which one, or what was it")
    _replace(reading, place)
    reading.marks.append((CHANGE, "", None))
    return place + 1


def _once(reading: Reading, place: int) -> int:
    """The place after 换一下, where no more is said in its clause; 0 where it is said of something."""
    after = place + 1
    while not reading.begins(after) and not reading.at(after)[0].roles & ROLE["final"]:
        after += 1
    said = reading.utterance.text[reading.at(place)[2] : reading.tokens[after - 1][2]]
    last = after
    while reading.at(last)[0].roles & ROLE["final"]:
        last += 1
    return after if said in reading.spec.words.once and reading.begins(last) else 0


def _replace(reading: Reading, place: int) -> None:
    """What the whole order was to be gives way to what it becomes: 外卖改自取, 打包的改堂食."""
    before = place - 1
    while reading.at(before)[0].roles & _BETWEEN:
        before -= 1
    entry, slot = reading.at(before)[0], reading.at(before)[0].slot
    if entry.kind == "value" and slot is not None and slot.field in reading.values:
        reading.replaced.append(slot.field)
        del reading.values[slot.field]
    elif entry.kind == "note" and slot is not None and not entry.roles & (ROLE["ordinal"] | ROLE["cup"]):
        said = reading.notes.get(slot.field, [])
        if said and said[-1] == reading.spoken(before, before) and reading.at(place + 1)[0].kind == "note":
            said.pop()
    if (
        any(reading.notes.values())
        and reading.at(place + 1)[0].kind == "note"
        and not reading.begins_at(place)
    ):
        reading.fail("tie", "which wish becomes which")
    ways = {slot.field for slot in reading.spec.slots.values() if slot.role == "value"}
    way = reading.at(place + 1)[0]
    if way.slot is not None and reading.values.get(way.slot.field) == way.value:
        return  # 换个地方送，改送公司
    if not ways.isdisjoint(reading.values) and not of_an_address(reading, place):
        reading.fail("tie", "where it went, and what becomes of it")  # 外卖，改堂食


def of_an_address(reading: Reading, place: int) -> bool:
    """Whether the last thing said before a place that can change is where it goes: 地址写错了，改成8号楼."""
    told = next((entry for entry, _, _ in reversed(reading.tokens[:place]) if entry.roles & _TOLD), None)
    return told is not None and bool(told.roles & ROLE["where"])


def _says_which(reading: Reading, place: int) -> bool:
    """大杯的那个, and 少糖的 right after 那杯."""
    linked = reading.at(place)[0].kind == "of"
    entry, before = reading.at(place - linked)[0], reading.at(place - linked - 1)[0]
    if entry.roles & ROLE["demonstrative"] and before.kind == "attribute":
        return True
    if before.roles & ROLE["statement"]:
        return False  # 我改主意了冰的换热的
    ends = linked or any(entry.form.endswith(form) for form in reading.spec.words.of)
    return entry.kind == "attribute" and ends and bool(before.roles & ROLE["reference"])


def _swap(reading: Reading, place: int) -> int:
    return (
        noted(reading, place, place + 1) if reading.at(place + 1)[0].kind == "note" else reading.refuse(place)
    )


HANDLERS: Final[Mapping[str, Handler]] = {
    "reference": _reference,
    "object": _reference,
    "change": _change,
    "swap": _swap,
}
