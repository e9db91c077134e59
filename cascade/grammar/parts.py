"""What is added to an item and what is left out of it: 加珍珠和椰果, 不要珍珠, 珍珠去掉, and 不要奶茶要果茶."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from cascade.grammar import portions, yielding
from cascade.grammar.entry import ROLE, Entry
from cascade.grammar.reading import BREAK, CHANGE, HEAD, JOIN, MORE, OMIT, PART, QUANTITY, Handler, Reading

_GONE: Final = ROLE["perfective"] | ROLE["final"]
_BEFORE_CHANGE: Final = ROLE["separator"] | ROLE["filler"] | ROLE["opener"] | ROLE["of"]
_GIVING_WAY: Final = frozenset({"head", "attribute", "value"})
_PUTS: Final = ROLE["add"] | ROLE["carrier"] | ROLE["desire"] | ROLE["more"] | ROLE["again"]
_IN_A_ROW: Final = frozenset({"part", "connector", "of", "filler", "opener", "all"})
"""Kinds of words that may stand between a part and what says that it becomes something else."""
_TRAILS: Final = ROLE["connector"] | ROLE["filler"] | ROLE["opener"]
_LEAST: Final = 2
_WANTS: Final = ROLE["carrier"] | ROLE["add"] | ROLE["again"] | ROLE["desire"]


def _add(reading: Reading, place: int) -> int:
    """加 before parts adds them, before a quantity it starts another item; 要 also orders."""
    entry = reading.tokens[place][0]
    if entry.roles & ROLE["plenty"] and reading.at(place + 1)[0].kind == "part":
        return _plenty(reading, place)
    if entry.roles & ROLE["increase"] and reading.at(place + 1)[0].kind == "part":
        return reading.refuse(place)
    if (after := portions.several(reading, place)) > place:
        return after
    if _added_before(reading, place):
        return place + 2
    first = portions.after_one(reading, place + 1)
    if reading.at(first)[0].kind == "part":
        return _list(reading, first, PART)
    following = reading.at(place + 1)[0]
    if following.kind == "plenty" and reading.at(place + 2)[0].kind == "part":
        return place + 1
    if entry.roles & ROLE["carrier"]:
        reading.carried = True
        return place + 1
    if entry.roles & ROLE["separator"]:  # 奶茶+大杯
        reading.marks.append((BREAK, "", None))
        return place + 1
    if following.kind == "numeral" or following.roles & ROLE["measure"]:
        _in_it_or_another(reading, place, first)
        if not (reading.said(HEAD) or reading.said(QUANTITY)):
            if not reading.changing:
                reading.fail("tie", f"{entry.form} before anything was ordered")
            reading.added = len(reading.marks)
        reading.marks.append((JOIN, MORE, None))
        return place + 1
    return reading.refuse(place)


def _added_before(reading: Reading, place: int) -> bool:
    """Whether 加的 says of a part that is taken out or becomes another that it was added before: 把加的红豆去掉."""
    linked, part = reading.at(place + 1)[0], reading.at(place + 2)[0]
    gone = reading.at(place + 3)[0].roles & (ROLE["removed"] | ROLE["change"])
    return reading.changing and linked.kind == "of" and part.kind == "part" and gone > 0


def _in_it_or_another(reading: Reading, place: int, first: int) -> None:
    """Leave open what is added to something named and may be in it; ``first`` comes after one portion of it."""
    entry, name = reading.tokens[place][0], reading.at(first)[0]
    if not reading.said(HEAD):
        return
    several = first > place + 1 and name.kind == "head"
    if several and name.twofold and not (reading.carried or reading.said(QUANTITY)):
        reading.fail("tie", "an order, or a change of one")  # 拿铁再加一份浓缩
    if several and entry.roles & ROLE["increase"]:
        reading.fail("tie", f"{name.form} in it, or another")  # 拿铁加一份浓缩
    after = reading.at(place + 3)[0]
    if first == place + 1 and reading.at(place + 2)[0].roles & ROLE["portion"] and after.twofold:
        reading.fail("tie", f"{after.form} in it, or another")  # 拿铁加两份浓缩


def _plenty(reading: Reading, place: int) -> int:
    """双份珍珠: added, and how much of it kept as spoken."""
    entry = reading.at(place + 1)[0]
    notes = [
        slot.field for slot in reading.spec.slots.values() if slot.role == "note" and slot.field is not None
    ]
    if entry.kind != "part" or entry.slot is None or not notes:
        return reading.refuse(place)
    if reading.tokens[place][0].roles & ROLE["more"]:
        add_more(reading, entry)
    else:
        reading.marks.append((PART, entry.slot.field, entry.value))
    reading.wish(notes[0], reading.spoken(place, place + 1))
    return place + 2


def add_more(reading: Reading, part: Entry) -> None:
    """More of a part adds it, but to what is named for it: 豆花奶茶，多加豆花."""
    assert part.slot is not None
    names = [str(mark[2]) for mark in reading.marks if mark[0] is HEAD]
    if not any(part.value in name for name in names):
        reading.marks.append((PART, part.slot.field, part.value))


def _list(reading: Reading, place: int, kind: str) -> int:
    """Parts one after the other, with or without a connector; a head right after them makes them part of its name."""
    while True:
        slot = reading.tokens[place][0].slot
        assert slot is not None
        if reading.torn(place):
            reading.fail("tie", f"{reading.tokens[place][0].form} or two words")  # 奶茶 大 珍珠不要
        field = slot.field if kind is PART else slot.spec.without
        reading.marks.append((kind, field or "", reading.tokens[place][0].value))
        reading.specified |= slot.spec.specifies
        place += 1
        following = reading.at(place)[0]
        if following.kind == "part":
            continue
        joined = following.roles & ROLE["connector"] or following.form == "、"
        if joined and reading.at(place + 1)[0].kind == "part":
            place += 1
            continue
        if following.kind == "head" and place not in reading.layout.parted:  # 加椰果 柠檬茶中杯
            reading.fail("tie", f"{following.form} may be named after what stands before it")
        after = reading.at(place + 1)[0] if joined else following
        if kind is OMIT and after.kind == "attribute" and (joined or len(after.form) == 1):
            reading.fail("tie", f"{after.form} may be left out too")  # 不要珍珠和冰
        return place


def _part(reading: Reading, place: int) -> int:
    """A part with no word before it: left out (珍珠不要), or what is exchanged (把珍珠换成椰果)."""
    slot = reading.tokens[place][0].slot
    assert slot is not None
    if reading.torn(place):
        reading.fail("tie", f"{reading.tokens[place][0].form} or two words")  # 奶茶 大 珍珠不要
    if stays(reading, place):
        return place + 1
    taken = place + 1
    while reading.changing and reading.at(taken)[0].roles & ROLE["opener"]:
        taken += 1  # 椰果帮我去掉
    orders = reading.changing or reading.carried or reading.said(QUANTITY)
    filler = orders and reading.at(taken)[0].roles & ROLE["filler"]
    if filler and reading.at(taken + 1)[0].roles & ROLE["removed"]:
        taken += 1  # 珍珠就别放了
    gone = taken + 1
    removed = reading.at(taken)[0].roles & ROLE["removed"]
    while removed and reading.at(gone)[0].roles & _GONE:
        gone += 1
    ends = reading.ends_at(gone) or (gone > taken + 1 and reading.carried and _valued(reading, gone))
    if removed and (ends or _exchanged(reading, gone) or _adds_instead(reading, taken)):
        reading.marks.append((OMIT, slot.spec.without or "", reading.tokens[place][0].value))
        reading.specified |= slot.spec.specifies
        reading.dropped |= gone > taken + 1 and not reading.carried
        return gone
    if wanted := _all_wanted(reading, place):
        return wanted
    after = reading.at(place + 1)[0].roles
    if after & ROLE["add"] and not after & ROLE["increase"] and reading.ends_at(place + 2):
        return min(_list(reading, place, PART) + 1, place + 2)
    named = any(mark[0] is HEAD and reading.tokens[place][0].value in str(mark[2]) for mark in reading.marks)
    if named and reading.said(CHANGE) and reading.at(place - 1)[0].kind == "unknown":
        return reading.refuse(place)  # 换成红豆奶茶，老人爱吃红豆
    instead = reading.at(place - 1)[0].kind == "carrier" and [mark[0] for mark in reading.marks[-1:]] == [
        OMIT
    ]
    if reading.altered and instead and not reading.at(place + 1)[0].roles & ROLE["change"]:
        return _list(reading, place, PART)  # 不要椰果就要珍珠
    if reading.altered:
        becomes = reading.said(CHANGE) and not _is_exchanged(reading, place)
        return _list(reading, place, PART if becomes else OMIT)
    return reading.refuse(place)


def stays(reading: Reading, place: int) -> bool:
    """Whether a clause says of the part at a place, and of nothing else, that it stays: 布丁去掉，珍珠留着."""
    after = place + 1
    while reading.at(after)[0].roles & (ROLE["filler"] | ROLE["all"]):
        after += 1
    alone = reading.begins_at(place) or reading.paused(place)
    return reading.changing and alone and reading.at(after)[0].roles & ROLE["kept"] > 0


def _is_exchanged(reading: Reading, place: int) -> bool:
    """Whether a clause of its own says what becomes of the part at a place: 大杯改中杯，珍珠换椰果."""
    after = place + 1
    while reading.at(after)[0].kind in _IN_A_ROW:
        after += 1
    changes = reading.at(after)[0].roles & ROLE["change"] and reading.at(after)[0].kind == "change"
    return bool(changes) and not any(mark[0] is CHANGE for mark in reading.clause())


def spelled_out(reading: Reading, number: int) -> bool:
    """Whether so many parts before the first change are each said to be added or left out, and none says which one.

    不要珍珠，糖改成半糖, no 珍珠，糖改成半糖 and no 加珍珠的，改成半糖.
    """
    found = 0
    for place, (entry, _, _) in enumerate(reading.tokens):
        if entry.kind == "change" or entry.roles & ROLE["change"]:
            break
        if entry.kind != "part":
            continue
        first = place
        while reading.at(first - 1)[0].kind in ("part", "connector", "numeral", "measure", "portion"):
            first -= 1
        said = reading.at(first - 1)[0].roles & (ROLE["add"] | ROLE["remove"])
        said |= reading.at(place + 1)[0].roles & ROLE["removed"]
        if not said or reading.at(place + 1)[0].kind in ("of", "reference"):
            return False
        found += 1
    return found == number


def _valued(reading: Reading, place: int) -> bool:
    """Whether another thing is said of the same cup at once: 珍珠不要了不加糖."""
    return reading.at(place)[0].kind == "attribute"


def _exchanged(reading: Reading, place: int) -> bool:
    """Whether what something becomes follows at once: 布丁不要了，给我换成珍珠."""
    while reading.at(place)[0].roles & _BEFORE_CHANGE:
        place += 1
    return reading.altered and bool(reading.at(place)[0].roles & ROLE["change"])


def _adds_instead(reading: Reading, place: int) -> bool:
    """Whether a part is taken out at a place, and another put in at once: 仙草去掉加布丁, 仙草去掉布丁加上."""
    entry, following, last = (reading.at(at)[0] for at in (place, place + 1, place + 2))
    if not entry.roles & ROLE["undo"] or len(entry.form) < _LEAST:
        return False
    if following.roles & ROLE["add"]:
        return last.kind == "part"
    puts = last.roles & ROLE["add"] and not last.roles & ROLE["increase"]
    return bool(following.kind == "part" and puts and reading.begins(place + 3))


def _all_wanted(reading: Reading, place: int) -> int:
    """The place after parts of which all are wanted, 0 where they are not: 红豆花生都要."""
    several = {mark[0] for mark in reading.marks if mark[0] is QUANTITY and mark[2] > 1}
    if several or sum(mark[0] is HEAD for mark in reading.marks) != 1:
        return 0
    last = place
    while reading.at(last + 1)[0].kind == "part" or (
        reading.at(last + 1)[0].roles & ROLE["connector"] and reading.at(last + 2)[0].kind == "part"
    ):
        last += 1
    entry = reading.at(last + 1)[0]
    wants = entry.roles & ROLE["all"] and entry.form.endswith(reading.spec.words.wants)
    if last == place or not wants or not reading.begins(last + 2):
        return 0
    return _list(reading, place, PART) + 1


def contradicted(reading: Reading, fields: Mapping[int, str]) -> Iterator[tuple[int, int]]:
    """Parts in a field that what is said right after them contradicts: 椰果 left out in 椰果加上.

    ``fields`` are by the start of the word.
    """
    for place, (entry, start, end) in enumerate(reading.tokens):
        if entry.slot is None or entry.slot.spec.role != "part" or start not in fields:
            continue
        last = place + 1
        while reading.at(last)[0].kind == "part" or reading.at(last)[0].roles & _TRAILS:
            last += 1
        after, ends = reading.at(last)[0], last + 1
        while reading.at(ends)[0].roles & _GONE:
            ends += 1
        if not reading.begins(ends):
            continue  # 珍珠加椰果
        wanted = fields[start] == entry.slot.field
        wants = after.roles & _PUTS and not after.roles & ROLE["removed"]
        wants = wants or (after.roles & ROLE["all"] and after.form.endswith(reading.spec.words.wants))
        if (after.roles & ROLE["removed"]) if wanted else wants:
            yield start, end


def _remove(reading: Reading, place: int) -> int:
    """Before parts; before a head it rejects that head, if what is wanted instead follows at once."""
    entry, following = reading.tokens[place][0], reading.at(place + 1)[0]
    if entry.form.startswith(reading.spec.words.speaker) and not reading.changing:
        return reading.refuse(place)  # 一人一杯，我不要奶盖
    if following.kind == "part":
        return _list(reading, place + 1, OMIT)
    if following.kind in _GIVING_WAY and entry.roles & ROLE["reject"]:
        then = yielding.gives_way(reading, place + 1)
        if then > place + 1:
            reading.forget(place + 1, place + 2)
            return then
        gone = yielding.gave_way(reading, place + 1)
        if gone > place + 1:
            reading.forget(place + 1, place + 2)
            return gone
    if following.kind == "head" and entry.roles & ROLE["reject"] and not reading.said(HEAD):
        then = place + 2
        if reading.at(then)[0].roles & ROLE["separator"]:
            then += 1
        if reading.at(then)[0].roles & _WANTS:
            reading.rejected.append(following.value)
            return then
    return reading.refuse(place)


HANDLERS: Final[Mapping[str, Handler]] = {
    "add": _add,
    "plenty": _plenty,
    "part": _part,
    "remove": _remove,
    "reject": _remove,
    "removed": lambda reading, place: reading.refuse(place),
}
