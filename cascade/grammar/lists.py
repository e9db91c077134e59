"""How a list of items is laid out: bare numbers that count, numbers that only number, spaces and brackets that part.

A layout counts only where it holds for the whole utterance: 拿铁2 美式1 has a number after every name, 1.奶茶 2.果茶
numbers its lines, 奶茶两杯去冰 果茶一杯热 has one name to a stretch. Where it does not, nothing is said here and the
words stay what they are. Shares are found here too, since their numbers count no names: 两冰两热, 我的少糖她的多糖.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from cascade.grammar.entry import ROLE, Entry
from cascade.grammar.gifts import handed
from cascade.grammar.layout import Layout, Shares
from cascade.grammar.numerals import carries_measure, parse_numeral
from cascade.grammar.owners import owned
from cascade.grammar.reading import HEAD, VALUE, Mark, Reading
from cascade.grammar.sections import sections
from cascade.grammar.sorts import halves, listed, sorts
from cascade.grammar.turns import ANYBODY, in_turn

_TIED: Final = (
    *("measure", "counted", "unit", "cap", "hour", "delay", "bundle", "headcount", "fraction"),
    *("minute", "apiece", "later"),
)
"""What a number may belong to that counts no name."""
_BELONGS: Final = sum(ROLE[name] for name in _TIED)
_OPENS, _CLOSES, _DOTS = "(", ")", ".、:)"
_CIRCLED: Final = "①②③④⑤⑥⑦⑧⑨⑩"
_BEGINS: Final = ROLE["separator"] | ROLE["opener"] | ROLE["carrier"]
_BESIDE_NAMES: Final = frozenset({"attribute", "of"})
_EACH: Final = ROLE["each"] | ROLE["sort"]
_WHICH: Final = ROLE["of"] | ROLE["demonstrative"] | ROLE["cup"]
_HALF: Final = ROLE["half"]
_DIVIDES: Final = _EACH | _HALF
_TWO: Final = 2
_IN_BRACKETS: Final = frozenset({"attribute", "part", "of", "add", "remove", "removed", "separator", "final"})
_STRANGE: Final = frozenset({"unknown", "numeral", "aspect", "ambiguous"})
_OF_ITEMS: Final = frozenset(
    {"attribute", "part", "numeral", "measure", "count", "each", "other", "among", "rest"}
)


def lay_out(reading: Reading) -> None:
    """Find the layout of an utterance before it is read."""
    tokens = reading.tokens
    kinds = [token[0].kind for token in tokens]
    heads = [place for place, kind in enumerate(kinds) if kind == "head"]
    bare = [place for place, kind in enumerate(kinds) if kind == "numeral" and _number(reading, place)]
    layout = Layout()
    if len(bare) > 1:
        layout.shares = _shares(reading, bare, heads)
    layout.shares = layout.shares or owned(reading, heads)
    said = 0
    for token in tokens:
        said |= token[0].roles
    layout.spends = bool(said & ROLE["spend"])
    if len(heads) == 1 and not (layout.shares or reading.changing):
        if said & _DIVIDES:
            layout.shares = sorts(reading, heads[0]) or halves(reading)
        if not layout.shares and (kinds.count("attribute") > 1 or said & ROLE["severally"]):
            layout.shares = listed(reading, heads[0])
    gifts: set[int] = set()
    given: set[int] = set()
    if said & ANYBODY and heads and not reading.changing:
        if said & ROLE["recipient"] and len(heads) > 1:
            gifts, given = handed(reading, heads)
        layout.turns = {} if gifts else in_turn(reading)
    if len(heads) > 1:
        layout.numbers = _numbers(reading, bare, heads)
        if not layout.numbers:
            layout.counts = _counts(reading, bare, heads)
        if any(kind == "unknown" for kind in kinds) and not reading.changing:
            layout.called = _called(reading, heads)
        brackets, closing = _brackets(reading)
        pauses, parted = sections(reading, heads)
        layout.passed = brackets | pauses | gifts
        numbered = layout.numbers.keys() | closing | parted | given
        layout.parted = frozenset(numbered) | _parted(reading, heads)
    layout.counts |= {place for place in bare if _each(reading, place)}
    reading.layout = layout


def _number(reading: Reading, place: int) -> int:
    """The number at a place that counts nothing by itself, 0 where there is none."""
    _, start, end = reading.tokens[place]
    words = reading.utterance.text[start:end]
    number = parse_numeral(words) or 0
    bounds = reading.spec.quantity
    if not bounds.min <= number <= bounds.max or carries_measure(words):
        return 0
    return 0 if reading.at(place + 1)[0].roles & _BELONGS else number


def _each(reading: Reading, place: int) -> bool:
    """奶茶果茶各一."""
    before, after = reading.at(place - 1)[0], place + 1
    return bool(before.roles & (ROLE["each"] | ROLE["sort"])) and (
        reading.ends_at(after) or reading.paused(after)
    )


def _counts(reading: Reading, bare: list[int], heads: list[int]) -> frozenset[int]:
    """The numbers that count names, where every name has one and all stand on the same side."""
    after, before = _after_names(reading, bare, heads), _before_names(reading, bare, heads)
    if after and before:
        return frozenset()  # 2奶茶1果茶3
    return frozenset(after or before)


def _after_names(reading: Reading, bare: list[int], heads: list[int]) -> list[int]:
    found = []
    for head in _named_first(reading, heads, bare):
        at = head + 1
        while reading.at(at)[0].kind in _BESIDE_NAMES:
            at += 1
        following = reading.at(at + 1)[0]
        if at not in bare or (following.kind in _STRANGE and not reading.begins(at + 1)):
            return []
        found.append(at)
    return found


def _named_first(reading: Reading, heads: list[int], bare: list[int]) -> list[int]:
    """Names up to the last number; those after it, which only say again what one is like, are counted already."""
    last = [head for head in heads if head < bare[-1]] if bare else []
    before = {reading.tokens[head][0].value for head in last}
    again = [reading.tokens[head][0].value for head in heads[len(last) :]]
    return last if len(last) > 1 and before.issuperset(again) else heads


def _before_names(reading: Reading, bare: list[int], heads: list[int]) -> list[int]:
    found = []
    for head in heads:
        at = head - 1
        while reading.at(at)[0].kind in _BESIDE_NAMES:
            at -= 1
        entry = reading.at(at)[0]
        if at in bare:
            strange = reading.at(at - 1)[0].kind in _STRANGE and not reading.begins(at)
            if strange or reading.at(at - 1)[0].roles & ROLE["demonstrative"]:
                return []
            found.append(at)
        elif entry.kind not in ("measure", "count") and not (entry.kind == "numeral" and at >= 0):
            return []
    said = [_number(reading, place) for place in found]
    return [] if said == list(range(1, len(heads) + 1)) else found  # 1奶茶2果茶 may only number them


def _numbers(reading: Reading, bare: list[int], heads: list[int]) -> dict[int, int]:
    """The numbers of a numbered list: 1 to the last, each where an item begins, and one name to an item."""
    found: dict[int, int] = {}
    for place in bare:
        if _number(reading, place) != len(found) + 1:
            continue
        start = reading.utterance.offsets[reading.tokens[place][1]][0]
        dotted = reading.at(place + 1)[0].form in tuple(_DOTS)
        if reading.utterance.raw[start] in _CIRCLED or (dotted and reading.begins(place)):
            found[place] = place + 1 + dotted
    edges = [*found, reading.count]
    one_each = all(sum(a < head < b for head in heads) == 1 for a, b in pairwise(edges))
    return found if len(found) == len(heads) > 1 and one_each else {}


def _brackets(reading: Reading) -> tuple[frozenset[int], set[int]]:
    """Brackets around what is said of the item before them, and the places after them where another begins."""
    passed: set[int] = set()
    closing: set[int] = set()
    opened = -1
    for place, (entry, _, _) in enumerate(reading.tokens):
        if entry.form == _OPENS:
            opened = place
        elif entry.form == _CLOSES and opened >= 0:
            inside = range(opened + 1, place)
            of_the_item = all(reading.tokens[at][0].kind in _IN_BRACKETS for at in inside)
            if inside and of_the_item and not reading.begins_at(opened):
                passed |= {opened, place} | {at for at in inside if reading.tokens[at][0].kind == "separator"}
                if reading.at(place + 1)[0].kind not in ("times", "numeral"):
                    closing.add(place + 1)
            opened = -1
        elif entry.kind == "head":
            opened = -1
    return frozenset(passed), closing


def _parted(reading: Reading, heads: list[int]) -> set[int]:
    """Spaces between stretches that hold one name each, and between what is said of each: 奶茶两杯去冰 果茶一杯热."""
    starts = [0, *(place for place in range(1, reading.count) if reading.paused(place))]
    if len(starts) < 2:
        return set()
    layout = []
    for first, last in pairwise([*starts, reading.count]):
        stretch = [token[0] for token in reading.tokens[first:last]]
        names = sum(entry.kind == "head" for entry in stretch)
        if names > 1 or (names and _broken_off(stretch)):
            return set()
        of_all = any(entry.roles & (ROLE["all"] | ROLE["headcount"]) for entry in stretch)
        of_all = of_all or bool(stretch[0].roles & ROLE["lead"])
        of_all = of_all or (_shop(stretch) and (not first or all(head < first for head in heads)))
        if names or (not of_all and any(entry.kind in _OF_ITEMS for entry in stretch)):
            layout.append(bool(names))
    alternating = layout == [True, False] * len(heads)
    if not (all(layout) or alternating):
        return set()
    return set(starts[1:])


def _broken_off(stretch: list[Entry]) -> bool:
    """Whether a stretch ends with who sells what comes after the space: 一杯果茶，点喜茶 in 一杯果茶，点喜茶 奶茶."""
    before, last = stretch[-2:] if len(stretch) > 1 else (stretch[0], stretch[0])
    return _shop([last]) and bool(before.roles & _BEGINS)


def _shop(stretch: list[Entry]) -> bool:
    """Whether a stretch says only who sells what is named before it, or after it: 喜茶的."""
    said = [entry for entry in stretch if entry.kind not in ("of", "final")]
    return len(said) == 1 and said[0].slot is not None and said[0].slot.spec.spreads


def _shares(reading: Reading, bare: list[int], heads: list[int]) -> dict[int, tuple[int, Shares]]:
    """两冰两热: how many of each value of one field."""
    found: dict[int, tuple[int, Shares]] = {}
    done = -1
    for place in bare:
        if place < done:
            continue
        pairs: list[tuple[int, str]] = []
        at, name = place, ""
        while at in bare:
            entry = reading.at(at + 1)[0]
            slot = entry.slot
            if entry.kind != "attribute" or slot is None or not slot.spec.specifies:
                break
            if name not in ("", slot.field) or any(entry.value == value for _, value in pairs):
                break
            name = slot.field
            pairs.append((_number(reading, at), entry.said))
            at += 2
            if reading.at(at)[0].roles & ROLE["separator"] and at + 1 in bare:
                at += 1
        if len(pairs) > 1 and _shared(reading, place, at, heads):
            found[place] = at, tuple((number, ((VALUE, name, value),)) for number, value in pairs)
            done = at
    return found


def _shared(reading: Reading, place: int, after: int, heads: list[int]) -> bool:
    """Whether shares are of what is ordered: a family may be two grown and two small."""
    if reading.at(after)[0].kind == "of":
        after += 1
    before, following = reading.at(place - 1)[0], reading.at(after)[0]
    named = any(head < place for head in heads)
    if before.roles & ROLE["person"] or before.kind in _STRANGE or following.kind in ("measure", "unknown"):
        return False
    if following.kind == "head" and named:
        return False  # 拿铁两热一冰摩卡
    counted = following.kind == "head" or (
        following.kind == "numeral" and reading.at(after + 1)[0].roles & ROLE["measure"]
    )
    sized = reading.at(place + 1)[0].slot
    loose = sized is not None and not sized.spec.counts
    return named or loose or (bool(counted) and not reading.paused(after))


def _called(reading: Reading, heads: list[int]) -> dict[int, tuple[int, Mark]]:
    """榴莲的少糖 after 一杯芒果奶昔，两杯榴莲奶昔: a part of one name and of no other, and what that one is like."""
    text = reading.utterance.text
    names = [(reading.tokens[at][0], text[reading.tokens[at][1] : reading.tokens[at][2]]) for at in heads]
    found: dict[int, tuple[int, Mark]] = {}
    for place in range(heads[-1] + 1, reading.count):
        entry, start, end = reading.tokens[place]
        after = place + 1
        while reading.at(after)[0].roles & _WHICH:
            after += 1
        meant = [named for named, name in names if text[start:end] in name]
        told = reading.begins(place) and after > place + 1 and end - start >= _TWO
        if entry.kind != "unknown" or not told or len(meant) != 1 or meant[0].slot is None:
            continue
        if _tells(reading, after):
            found[place] = after, (HEAD, meant[0].slot.field, meant[0].value)
    return found


def _tells(reading: Reading, place: int) -> bool:
    """Whether what something is like follows: 少糖, 都要热的, 加珍珠."""
    while reading.at(place)[0].roles & (ROLE["all"] | ROLE["wants"] | ROLE["filler"]):
        place += 1
    entry, following = reading.at(place)[0], reading.at(place + 1)[0]
    adds = entry.roles & (ROLE["add"] | ROLE["remove"]) and following.kind == "part"
    return bool(adds) or (entry.kind == "attribute" and entry.slot is not None and entry.slot.spec.specifies)
