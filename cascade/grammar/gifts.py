"""Names after each of which stands for whom it is: 奶茶给我妈热的果茶给我弟冰的.

What stands between two of them is said of the one before as it is of the last; where it may be of either, nothing is
said here.
"""

from __future__ import annotations

from typing import Final

from cascade.grammar.entry import ROLE
from cascade.grammar.reading import Reading

_WHO: Final = ROLE["person"] | ROLE["owner"]
_PAUSES: Final = ROLE["separator"] | ROLE["final"] | ROLE["filler"]
_OF_ITEMS: Final = frozenset({"attribute", "of", "numeral", "measure", "portion", "count"})


def handed(reading: Reading, heads: list[int]) -> tuple[set[int], set[int]]:
    """Words right after each of several names that say for whom it is, and where the next of them begins:
    奶茶给我妈热的果茶给我弟冰的. What stands between two of them is said of one as it is of the last.
    """
    gifts = [_gift(reading, head) for head in heads]
    people = {reading.tokens[after - 1][0].form for _, after in gifts if after}
    if not all(after for _, after in gifts) or len(people) != len(heads):
        return set(), set()
    last = _described(reading, gifts[-1][1])
    if reading.at(last)[0].kind in ("head", "numeral", "unknown"):
        return set(), set()
    trails = last > gifts[-1][1]
    leads = any(reading.at(heads[0] - 1)[0].kind == kind for kind in ("attribute", "of"))
    starts: set[int] = set()
    for (_, after), head in zip(gifts, heads[1:], strict=False):
        start = _begins_next(reading, after, head, trails=trails, leads=leads)
        if start < 0:
            return set(), set()
        starts.add(start)
    reading.served = True
    return {place for first, after in gifts for place in range(first, after)}, starts


def _gift(reading: Reading, head: int) -> tuple[int, int]:
    """Where the words begin that say for whom the name at a place is, and the place after them, 0 where none do."""
    at = _described(reading, head + 1)
    given, who = reading.at(at)[0], reading.at(at + 1)[0]
    if given.roles & ROLE["opener"] and given.form == f"{reading.spec.words.recipient[0]}{_me(reading)}":
        return at, at + 1
    single = who.roles & _WHO and who.slot is None and not who.roles & ROLE["couple"]
    crowd = any(word in who.form for word in reading.spec.words.crowd)
    joined = reading.at(at + 2)[0].roles & ROLE["connector"]
    gives = given.form == reading.spec.words.recipient[0]
    return (at, at + 2) if gives and single and not (crowd or joined) else (at, 0)


def _me(reading: Reading) -> str:
    return reading.spec.words.speaker[0]


def _described(reading: Reading, place: int) -> int:
    """The place after what is said of one item from a place on."""
    while True:
        entry, following = reading.at(place)[0], reading.at(place + 1)[0]
        if entry.roles & (ROLE["add"] | ROLE["remove"]) and following.kind == "part":
            place += 2
        elif entry.kind in ("attribute", "of"):
            place += 1
        else:
            return place


def _begins_next(reading: Reading, after: int, head: int, *, trails: bool, leads: bool) -> int:
    """Where the item of the name at a place begins, after the words for whom the one before it is; -1 where it may
    begin elsewhere. ``trails`` says that the last item is described after these words, ``leads`` the first before its
    name.
    """
    described = _described(reading, after)
    start = described
    while reading.at(start)[0].roles & _PAUSES:
        start += 1
    paused = start > described
    own = all(reading.tokens[at][0].kind in _OF_ITEMS for at in range(start, head))
    if not own:
        return -1
    if paused or described == after or (trails and not leads):
        return start
    return after if leads and not trails and described == head else -1
