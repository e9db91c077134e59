"""Orders that look like something else: 上杯拿铁, which is no cup before this one, and 来一杯拿铁可以吗."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cascade.grammar.entry import ROLE
from cascade.grammar.reading import QUANTITY, Handler, Reading

_OPENS: Final = ROLE["opener"] | ROLE["polite"] | ROLE["filler"] | ROLE["aside"] | ROLE["separator"]
_ADDRESSES: Final = ROLE["opener"] | ROLE["polite"] | ROLE["again"]
_POINTS: Final = ROLE["reference"] | ROLE["object"] | ROLE["change"]
_TRAILS: Final = ROLE["separator"] | ROLE["final"] | ROLE["lead"]
_DESCRIBES: Final = frozenset({"attribute", "note", "heard"})


def _serve(reading: Reading, place: int) -> int:
    """Serves one where a name follows and nothing else is spoken of: 上杯拿铁, not 上杯拿铁太甜."""
    if not (_addressed(reading, place) or _alone(reading, place)):
        return reading.refuse(place)
    spec = reading.spec.quantity
    reading.carried = True
    reading.marks.append((QUANTITY, spec.field, 1))
    return place + 1


def _addressed(reading: Reading, place: int) -> bool:
    """Whether somebody is asked for it, or was told how to pay: 直接给我下一杯拿铁, 用免单卡下一杯拿铁."""
    before = reading.at(place - 1)[0]
    words = reading.spec.words
    pays = before.kind == "flag" and before.form.startswith((*words.opener, *words.swap))
    asked = bool(before.roles & _ADDRESSES)
    return (pays or asked) and (_named(reading, place) or (asked and _sold(reading, place)))


def _named(reading: Reading, place: int) -> bool:
    """Whether a name follows, with no more before it than what it is like."""
    after = place + 1
    while reading.at(after)[0].kind in _DESCRIBES or reading.at(after)[0].roles & ROLE["of"]:
        after += 1
    return reading.at(after)[0].kind == "head"


def _sold(reading: Reading, place: int) -> bool:
    """Whether who sells it is all that the clause says, and what it is follows: 能帮我下一单喜茶吗，多肉葡萄大杯."""
    seller, after = reading.at(place + 1)[0], place + 2
    sells = seller.kind == "attribute" and seller.slot is not None and seller.slot.spec.spreads
    if reading.at(after)[0].roles & ROLE["asking"]:
        after += 1
    ends = after < reading.count and reading.ends_at(after)
    return sells and ends and any(entry.kind == "head" for entry, _, _ in reading.tokens[after:])


def _alone(reading: Reading, place: int) -> bool:
    """Whether the utterance begins with it and holds no word that may speak of one that exists."""
    if not (_first(reading, place) and _named(reading, place)):
        return False
    if any(
        entry.kind in ("unknown", "guard") or entry.roles & _POINTS
        for entry, _, _ in reading.tokens[place + 1 :]
    ):
        return False
    head = next(at for at in range(place, reading.count) if reading.tokens[at][0].kind == "head")
    rest = reading.tokens[head + 1 :]
    if reading.tokens[place][0].roles & ROLE["last"]:
        return all(entry.roles & _TRAILS for entry, _, _ in rest)  # 上一杯拿铁，去冰 may change one
    return not rest or bool(rest[0][0].roles & _TRAILS) or rest[0][0].kind == "flag"


def _first(reading: Reading, place: int) -> bool:
    """Whether nothing but addresses and fillers stands before a place."""
    return all(entry.roles & _OPENS for entry, _, _ in reading.tokens[:place])


def consents(reading: Reading, place: int) -> bool:
    """Whether a word asks no more than consent to an order that is all before it: 来一杯拿铁可以吗.

    减肥，来一杯可以吗 asks for advice, 来一杯怎么样 for an opinion, 我来一杯可以吗 for leave.
    """
    if not reading.tokens[place][0].form.startswith(reading.spec.words.assent):
        return False
    first = next((at for at in range(place) if not reading.tokens[at][0].roles & _OPENS), place)
    entry = reading.tokens[first][0]
    orders = entry.roles & (ROLE["carrier"] | ROLE["again"]) and not entry.roles & ROLE["speaker"]
    kinds = [token[0].kind for token in reading.tokens[first:place]]
    plain = "head" in kinds and "measure" in kinds and "unknown" not in kinds
    return bool(orders) and plain and not reading.guards


def asks_first(reading: Reading, place: int) -> bool:
    """Whether an order begins with a word that asks for consent both ways: 中不中给俺来一杯, not 可以不给我点奶茶."""
    if not (_first(reading, place) and reading.at(place + 1)[0].roles & ROLE["opener"]):
        return False
    form = reading.tokens[place][0].form
    yes, no, again = next(
        (form.partition(word) for word in reading.spec.words.no if word in form), ("", "", "")
    )
    orders = reading.at(place + 2)[0].roles & (ROLE["carrier"] | ROLE["again"])
    return bool(yes and no and again.startswith(yes) and orders)


HANDLERS: Final[Mapping[str, Handler]] = {"serve": _serve}
