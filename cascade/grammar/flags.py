"""How a flag of the whole order is read, as of a coupon that is to be spent, and where it may itself be what is wanted.

来一个免单卡 orders nothing that can be made, so that what names a flag is held against the words around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cascade.grammar.entry import ROLE
from cascade.grammar.reading import ALL, AROUND_A_FLAG, HEAD, Handler, Reading


def _spent(reading: Reading, place: int) -> bool:
    """Whether a flag that a model vouches for is said to be spent right after it, or by its own words: 券给我使上."""
    if not reading.vouched(place):
        return False
    if reading.tokens[place][0].form.endswith(reading.spec.words.spend):
        return True
    after = place + 1
    while reading.at(after)[0].roles & AROUND_A_FLAG and not reading.at(after)[0].roles & ROLE["spend"]:
        after += 1
    return bool(reading.at(after)[0].roles & ROLE["spend"])


def _asked_for(reading: Reading, place: int) -> bool:
    """Whether what orders follows a flag and ends what is said: 喜茶的免单卡我要."""
    orders = reading.at(place + 1)[0].roles
    rest = reading.tokens[place + 2 :]
    ends = all(entry.kind == "final" for entry, _, _ in rest)
    return bool(orders & ROLE["carrier"]) and not orders & ROLE["spend"] and ends


def _flag(reading: Reading, place: int) -> int:
    entry = reading.tokens[place][0]
    assert entry.slot is not None
    if entry.form in entry.slot.spec.alone and not (reading.begins_at(place) and reading.ends_at(place + 1)):
        return reading.refuse(place)
    if reading.changing and entry.form.endswith(reading.spec.words.of):
        reading.fail("tie", "which one, or what becomes of it")  # 那个免单的奶茶
    counted = reading.at(place - 1)[0]
    pays = entry.form.startswith(reading.spec.words.spend) and counted.kind == "measure"
    pays = pays and not counted.roles & (ROLE["portion"] | ROLE["which"])  # 再来一杯用券
    if counted.kind in ("measure", "count") and not reading.said(HEAD) and not pays:
        reading.fail("tie", f"{entry.form} may be what is wanted")  # 来一个免单卡
    noun = entry.value in entry.slot.spec.nouns or entry.form.startswith(entry.slot.spec.hints or (" ",))
    named = reading.at(place - 1)[0].kind == "head" and not reading.paused(place)  # 一杯奶茶 券抵
    if noun and named and not _spent(reading, place):
        reading.fail("tie", f"{entry.form} may be what is wanted")  # 给我个奶茶兑换券
    before = reading.at(place - 1)[0].roles
    if before & ROLE["carrier"] and not before & ROLE["spend"] and entry.value in entry.slot.spec.nouns:
        reading.fail("tie", f"{entry.form} may be what is wanted")  # 来一张免单卡，来一杯奶茶
    kinds = {token[0].kind for token in reading.tokens}
    bare = entry.form in entry.slot.spec.alone and kinds & {"measure", "count"}  # 整一个呗，券
    if "head" not in kinds and (
        bare
        or (noun and _asked_for(reading, place))
        or any(token[0].roles & ROLE["portion"] for token in reading.tokens[place:])
    ):
        reading.fail("tie", f"{entry.form} may be what is wanted")  # 免单的卡，给我来一个
    if reading.marks and reading.marks[-1][0] is ALL:
        reading.marks.pop()  # 全部用券，两杯奶茶
    reading.put(entry.slot.field, True)
    return place + 1


HANDLERS: Final[Mapping[str, Handler]] = {"flag": _flag}
