"""What is said around a change, and beside one alone, and changes nothing: 等等，太甜了，我想给那杯改成半糖."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cascade.grammar.changing import shifts
from cascade.grammar.entry import ROLE
from cascade.grammar.reading import Handler, Reading

_BEFORE: Final = sum(
    ROLE[name] for name in ("filler", "separator", "opener", "aside", "halt", "final", "person", "statement")
)
_FOLLOWS: Final = ROLE["change"] | ROLE["object"] | ROLE["reference"] | ROLE["shift"]
_LEADS: Final = ROLE["opener"] | ROLE["filler"] | ROLE["aspect"] | ROLE["object"]
_ACTS: Final = ROLE["statement"] | ROLE["change"]
_TRAILS: Final = ROLE["final"] | ROLE["perfective"] | ROLE["filler"]
_NAMES: Final = frozenset({"head", "attribute", "part"})


def passes(reading: Reading, place: int) -> bool:
    """Whether a word that nothing else explains is talk around a change."""
    roles = reading.tokens[place][0].roles
    if not reading.changing:
        return False
    if roles & ROLE["halt"]:  # nothing was said yet that it could take back
        return reading.altered and all(entry.roles & _BEFORE for entry, _, _ in reading.tokens[:place])
    if roles & ROLE["aspect"] and reading.at(place + 1)[0].roles & ROLE["shift"]:
        return True  # 送餐时间推迟半小时
    if roles & ROLE["copula"] and reading.at(place + 2)[0].roles & ROLE["contrast"]:
        return reading.at(place + 1)[0].kind in _NAMES  # 说错了，是半糖不是全糖
    if roles & ROLE["because"] and (reading.altered or shifts(reading.tokens)):
        return _beside(reading, place)
    if roles & ROLE["intend"]:
        takes = reading.altered and reading.tokens[place][0].form.endswith(reading.spec.words.object)
        return bool(takes or reading.at(place + 1)[0].roles & (ROLE["change"] | ROLE["object"]))
    if roles & ROLE["mine"]:
        named = place + 1 + (reading.at(place + 1)[0].kind == "attribute")  # 我那个冰美式
        return reading.at(named)[0].kind == "head"
    if roles & ROLE["recipient"] and reading.at(place + 1)[0].kind == "reference":
        return True
    if roles & ROLE["rightly"] and _follows_what_was_wrong(reading, place):
        told = any(entry.roles & ROLE["statement"] for entry, _, _ in reading.tokens[:place])
        return (told or _stated_after(reading, place)) and reading.at(place + 1)[0].kind in _NAMES
    return False


def _follows_what_was_wrong(reading: Reading, place: int) -> bool:
    """Whether a clause begins, or what came by mistake was said right before: 点错了要的是拿铁."""
    wrong = place - 1 in reading.superseded or reading.at(place - 1)[0].roles & ROLE["statement"]
    return bool(wrong) or reading.begins_at(place) or reading.paused(place)


def _stated_after(reading: Reading, place: int) -> bool:
    """Whether another value gave way to what is wanted, and it is asked for: 看到是热的，我要的是冰的，改过来."""
    return bool(reading.superseded) and any(entry.roles & _ACTS for entry, _, _ in reading.tokens[place:])


def _beside(reading: Reading, place: int) -> bool:
    """Whether a reason is a clause of its own, or stands right before what it is the reason for."""
    first = place
    while first and reading.tokens[first - 1][0].roles & ROLE["filler"]:
        first -= 1
    after = place + 1
    while reading.at(after)[0].roles & _TRAILS:
        after += 1
    if not (reading.begins_at(first) or reading.paused(first)):
        happened = reading.tokens[place][0].roles & ROLE["happened"]
        return bool(happened) and first == place and reading.ends_at(after)
    if reading.ends_at(after) or reading.paused(after):
        return True
    while reading.at(after)[0].roles & _LEADS:
        after += 1
    return bool(reading.at(after)[0].roles & _FOLLOWS)


def _talk(reading: Reading, place: int) -> int:
    return reading.refuse(place)


HANDLERS: Final[Mapping[str, Handler]] = dict.fromkeys(
    ("halt", "because", "intend", "mine", "rightly"), _talk
)
