"""Wishes that no slot holds and that are kept as spoken: where one may stand, and whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cascade.grammar import cups
from cascade.grammar.entry import ROLE
from cascade.grammar.reading import HEAD, QUANTITY, VALUE, Handler, Reading

_DOT: Final = "."
_ORDERS: Final = ROLE["opener"] | ROLE["polite"] | ROLE["carrier"] | ROLE["desire"]


def note(reading: Reading, place: int) -> int:
    """Anywhere when it can mean nothing else; otherwise spoken with the verb before it, or alone in its clause."""
    entry = reading.tokens[place][0]
    assert entry.slot is not None
    if entry.slot.spec.loose:
        return noted(reading, place, place)
    alone = reading.begins_at(place)
    return noted(reading, place, place) if alone and reading.ends_at(place + 1) else reading.refuse(place)


def noted(reading: Reading, first: int, last: int) -> int:
    """Keep the words from one place to another as spoken."""
    slot = reading.tokens[last][0].slot
    assert slot is not None
    reading.repeats |= slot.spec.item
    roles = reading.tokens[last][0].roles
    repeats = any(entry.roles & ROLE["again"] for entry, _, _ in reading.tokens[:first])
    if (roles & ROLE["ordinal"] and not reading.changing) or (roles & ROLE["alike"] and not repeats):
        return reading.refuse(last)
    if reading.changing and cups.points(reading, last):
        cups.pointed(reading, first, last)
    if reading.at(first - 1)[0].kind == "reference" and reading.tokens[first][0].form.startswith(
        reading.spec.words.either
    ):
        reading.fail("tie", "the drink, or what is in it")  # 那杯牛奶换成豆浆
    if reading.at(last + 1)[0].roles & ROLE["demonstrative"]:
        reading.fail("tie", f"more than {reading.tokens[last][0].form}")  # 最火的那个
    before = reading.at(first - 1)[0]
    _check_before(reading, first, last)
    named = any(entry.kind == "head" for entry, _, _ in reading.tokens)
    if first == 0 and _swaps(reading, first) and not (named or reading.changing):
        reading.fail("tie", "an order, or a change of one")  # 换燕麦奶少糖中杯
    swaps = before.kind == "note" and _swaps(reading, last)
    if swaps and not (reading.changing or reading.carried or reading.said(QUANTITY)):
        reading.fail("tie", "an order, or a change of one")  # 奶茶不要奶精换鲜奶
    then = reading.at(last + 2)[0].kind if reading.at(last + 1)[0].form == _DOT else ""
    if then in ("filler", "attribute"):
        reading.fail("tie", "one wish, or another instead")  # 甜一点…就正常糖吧
    earlier = first - 1
    while reading.at(earlier)[0].form == _DOT:
        earlier -= 1
    if earlier < first - 1 and reading.at(earlier)[0].kind == "note":
        reading.fail("tie", "one wish, or two")  # 少珍珠…少波霸
    if reading.at(last + 1)[0].roles & ROLE["settles"] and reading.tokens[first][0].form.startswith(
        reading.spec.words.set_down
    ):
        last += 1
    reading.wish(slot.field, reading.spoken(first, last))
    lasts = reading.at(last + 1)[0].roles & ROLE["lasting"]
    over = reading.ends_at(last + 2) or _orders_after(reading, last)
    return last + 2 if lasts and over else last + 1


def _orders_after(reading: Reading, last: int) -> bool:
    """Whether a state that nothing was named before gives way to an order at once: 我牙疼呢来杯热豆浆.

    What ends in 的 may be asked for: 低卡的呢来杯奶茶.
    """
    begins = not (reading.said(HEAD) or reading.said(QUANTITY) or reading.said(VALUE))
    orders = reading.at(last + 2)[0].roles & _ORDERS
    return begins and bool(orders) and not reading.tokens[last][0].form.endswith(reading.spec.words.of)


def _check_before(reading: Reading, first: int, last: int) -> None:
    """Fail where what stands before a wish leaves open where it begins, whose it is, or whether it is one."""
    before = reading.at(first - 1)[0]
    if before.kind == "final" and before.roles & ROLE["drunk"]:
        reading.fail("tie", "where the wish begins")  # 一杯喝不腻的
    someone = before.roles & ROLE["person"] and before.form not in reading.spec.words.speaker
    if before.form.endswith(reading.spec.words.no) and not reading.begins_at(first):
        reading.fail("tie", "wanted, or not")  # 要不甜的
    drunk = reading.tokens[last][0].form.endswith(reading.spec.words.drunk) and before.roles & ROLE["aside"]
    if (someone and not _ails(reading, first, last)) or drunk:
        reading.fail("tie", "whose wish it is")  # 孩子感冒, 我请三个人喝


def _ails(reading: Reading, first: int, last: int) -> bool:
    """Whether somebody is said to be ill in a clause of its own, and lastingly: 我妈牙口不好，来杯奶茶.

    孩子感冒 may only say why there is an order.
    """
    ill = reading.tokens[last][0].form.endswith(reading.spec.wishes.ails)
    alone = reading.begins_at(first - 1) and reading.ends_at(last + 1) and last + 1 < reading.count
    others = (*reading.tokens[: first - 1], *reading.tokens[last + 1 :])
    somebody = any(entry.roles & (ROLE["person"] | ROLE["speaker"]) for entry, _, _ in others)
    return ill and alone and not (somebody or reading.changing)  # 我爸糖尿病，我要一杯全糖的


def _swaps(reading: Reading, place: int) -> bool:
    """Whether a word takes another thing in place of one: 换燕麦奶."""
    return reading.tokens[place][0].form.startswith(reading.spec.words.swap)


HANDLERS: Final[Mapping[str, Handler]] = {"note": note}
