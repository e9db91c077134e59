"""Where it goes and how it gets there: known places, and addresses that can be nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from cascade.grammar import existing, parts
from cascade.grammar.entry import ROLE
from cascade.grammar.reading import HEAD, Handler, Reading
from cascade.grammar.stretches import said_twice

_NOT_IN_NAMES: Final = (
    *("add", "remove", "reject", "swap", "change", "object", "carrier", "again", "separator", "numeral"),
    *("opener", "recipient", "person", "all", "each", "amend", "asking", "toward", "lead", "copula"),
)
_ACTS: Final = sum(ROLE[name] for name in _NOT_IN_NAMES)
"""What no name of a place is made of, though a single other word may be: 和 in 和平路."""
_BEFORE_A_MOVE: Final = (
    ROLE["reference"] | ROLE["opener"] | ROLE["object"] | ROLE["filler"] | ROLE["final"] | ROLE["polite"]
)
_HYPHEN: Final = "-"
_LONGEST: Final = 4
"""Digits of the longest number of a room; a longer one is somebody's telephone."""
_DIGITS: Final = frozenset("零〇一二三四五六七八九")
_STOREY: Final = re.compile(r".*[楼层座区栋][a-z]")
_LABEL: Final = re.compile(r"(?:.*[^a-z0-9])?(?:[a-z]{1,2}[0-9]{1,4}|[0-9]{1,4}[a-z])")
"""A floor, a hall or a room as a sign says it after the name of the house: 13f, b12, t2."""
_LABELLED: Final = frozenset({"numeral", "unknown"})
_SAID_APART: Final = frozenset({"note", "flag", "bound", "final"})
_BROUGHT: Final = frozenset({"numeral", "measure", "count", "head", "attribute"})
_CHANGES: Final = frozenset({"attribute", "numeral", "head", "part"})
_ORDERS: Final = sum(ROLE[name] for name in ("carrier", "opener", "again"))
_COUNTED: Final = sum(ROLE[name] for name in ("measure", "counted", "bundle", "unit", "hour", "delay", "cap"))


def _value(reading: Reading, place: int) -> int:
    entry = reading.tokens[place][0]
    assert entry.slot is not None
    reading.put(entry.slot.field, entry.value)
    if not entry.roles & ROLE["lead"]:
        return place + 1
    reading.going = True
    after = _address(reading, place + 1)
    following = reading.at(place + 1)[0]
    if following.kind == "numeral" and reading.at(place + 2)[0].roles & ROLE["headcount"]:
        reading.fail("tie", f"{entry.form} may bring it or give it away")  # 四杯送四个室友
    if after == place + 1 and following.kind in ("numeral", "measure") and reading.said(HEAD):
        reading.fail("tie", f"{entry.form} may bring it or give it away")  # 来杯奶茶送一杯咖啡
    return _thither(reading, after) if after > place + 1 else after


def _thither(reading: Reading, after: int) -> int:
    """The place after 去 or 来 that ends what is said of a place: 改送后厨去."""
    spec = reading.spec.address
    ways = spec.ways if spec is not None else ()
    last = after + 1
    while reading.at(last)[0].roles & ROLE["final"]:
        last += 1
    stated = reading.at(last)[0].roles & ROLE["statement"]
    over = reading.begins(last) or last in reading.layout.passed  # 送到公司去吧别送宿舍了
    ends = reading.at(after)[0].form in ways and (over or stated)
    return after + 1 if ends and reading.changing else after


def _lead(reading: Reading, place: int) -> int:
    """送到 where no slot knows how: the place must follow."""
    after = _address(reading, place + 1)
    told = reading.begins_at(place) and reading.at(after)[0].roles & ROLE["final"]
    if told and after > place + 1 and reading.tokens[place][0].form.endswith(reading.spec.words.copula):
        reading.fail("tie", "where it goes, or whether it goes there")  # 地址是3号楼吧
    return after if after > place + 1 else reading.refuse(place)


def _change(reading: Reading, place: int) -> int:
    """目的地改成火车站: what changes an order may itself lead to a place."""
    changed = existing.HANDLERS["change"](reading, place)
    whither = (
        reading.tokens[place][0].roles & ROLE["lead"]
        or existing.of_an_address(reading, place)
        or _to_a_place(reading, place)
    )
    if reading.changing and changed == place + 1 and whither and not _runs_on(reading, place + 1):
        after = max(changed, _address(reading, place + 1))
        if reading.pauses and " " in reading.between(place + 1, after):
            reading.fail("tie", "one address, or two")  # 改成老校区三号门 老校区
        return after
    return changed


def _to_a_place(reading: Reading, place: int) -> bool:
    """Whether 改到 says by itself where to, as all that its clause says: 订单改到南大门, not 甜度改到三分."""
    spec = reading.spec.address
    if spec is None or not reading.tokens[place][0].form.endswith(reading.spec.words.toward):
        return False
    first, after = place, extent(reading, place + 1)
    if after == place + 1 or _may_be_else(reading, after - 1, spec.unclear):
        return False
    while not reading.begins_at(first) and reading.tokens[first - 1][0].roles & _BEFORE_A_MOVE:
        first -= 1
    while reading.at(after)[0].roles & ROLE["final"]:
        after += 1
    return reading.begins_at(first) and reading.begins(after)


def _may_be_else(reading: Reading, last: int, unclear: tuple[str, ...]) -> bool:
    """Whether a place that nothing else leads to may be a day or a shop by its end: 改到3号, 改到南山店."""
    entry, start, end = reading.tokens[last]
    return entry.kind != "place" and reading.utterance.text[start:end].endswith(unclear)


def _runs_on(reading: Reading, place: int) -> bool:
    """Whether a place is no beginning of an address but the end of the word before it: 改了学校, 改道学校."""
    entry, start, end = reading.at(place)
    one = entry.kind == "unknown" and end - start == 1 and reading.at(place + 1)[0].kind == "place"
    return one or bool(entry.roles & ROLE["perfective"])


def _toward(reading: Reading, place: int) -> int:
    """送一杯到公司, and 在一点点点一杯."""
    name, verb = reading.at(place + 1)[0], reading.at(place + 2)[0]
    if reading.altered and reading.tokens[place][0].roles & ROLE["origin"] and name.kind in _CHANGES:
        return place + 1
    sells = name.kind == "attribute" and name.slot is not None and name.slot.spec.spreads
    if sells and verb.roles & _ORDERS and not reading.ends_at(place + 3):
        return place + 1
    if (there := fetched(reading, place)) > place:
        return there
    if reading.tokens[place][0].roles & ROLE["remove"] and reading.at(place + 1)[0].kind == "part":
        return parts.HANDLERS["remove"](reading, place)  # 去珍珠
    return _lead(reading, place) if reading.going else reading.refuse(place)


def _hither(reading: Reading, place: int) -> int:
    """送一杯奶茶过来 says no more than 送, where no place follows."""
    following = reading.at(place + 1)[0]
    stays = following.kind not in ("place", "unknown") and not following.roles & ROLE["of"]
    return place + 1 if reading.going and stays else reading.refuse(place)


def _place(reading: Reading, place: int) -> int:
    """A place nobody is sent to means nothing, save where it also joins words: 一点点家的."""
    entry = reading.tokens[place][0]
    if entry.roles & ROLE["of"] and reading.at(place - 1)[0].kind == "attribute":
        return place + 1
    return reading.refuse(place)


def _address(reading: Reading, first: int) -> int:
    """Keep the longest address from a place on, as spoken; returns the place after it, ``first`` when there is none."""
    start = first
    if first in reading.layout.passed:
        return start
    while _is_a_sign(reading, first):
        first += 1  # 送🏢12楼
    after = extent(reading, first)
    if after > first:
        field = next(slot.field for slot in reading.spec.slots.values() if slot.role == "place")
        address = reading.spoken(first, after - 1)
        if said_twice(address):
            reading.fail("tie", "one address, or two")  # 和平路三十号对和平路三十号
        if reading.spec.address is not None and address.startswith(reading.spec.address.misheard):
            reading.fail("tie", "a name, or a word before it misspelt")  # 送道五栋楼下, and 送道外区
        reading.put(field or "", address)
        reading.addressed = after
    return after if after > first else start


def extent(reading: Reading, first: int) -> int:
    """The place after the longest address from a place on, the same place where there is none."""
    at = after = first
    while (not reading.ends_at(at) and _may_name(reading, at)) or _joins(reading, at, first):
        at += 1
        if (
            _may_end(reading, at - 1)
            or _ends_there(reading, first, at - 1)
            or _labelled(reading, first, at - 1)
        ):
            after = at
    return _tail(reading, after) if after > first else first


def whereabouts(reading: Reading, place: int) -> int:
    """The place after 我在图书馆, which is all of a clause and says no more where the order goes to another place.

    ``place`` is that of 在; it is returned where no such clause stands there.
    """
    if reading.changing:
        return place  # 送错了，我在新校区
    after = extent(reading, place + 1)
    led = (at for at, (entry, _, _) in enumerate(reading.tokens) if entry.roles & ROLE["lead"])
    told = after > place + 1 and reading.ends_at(after)
    return after if told and any(extent(reading, at + 1) > at + 1 for at in led) else place


def brought_to(reading: Reading, place: int) -> int:
    """The place after the address in 给教研室送四杯美式; ``place``, which follows 给, where none is said that way."""
    after = extent(reading, place)
    brings, what = reading.at(after)[0], reading.at(after + 1)[0]
    if (
        after == place
        or reading.changing
        or _ends_there(reading, place, after - 1)
        or brings.kind != "value"
        or not brings.roles & ROLE["lead"]
    ):
        return place
    return _address(reading, place) if what.kind in _BROUGHT else place


def fetched(reading: Reading, place: int) -> int:
    """The place after the address in 去万达店自取, whose way to get it follows; ``place``, that of 去, elsewhere."""
    after = extent(reading, place + 1)
    way, then = reading.at(after)[0], reading.at(after + 1)[0]
    if (
        after == place + 1
        or reading.changing
        or reading.tokens[place][0].roles & ROLE["origin"]
        or way.kind != "value"
        or way.roles & ROLE["lead"]
        or then.roles & (ROLE["perfective"] | ROLE["of"] | ROLE["toward"])
        or (reading.said(HEAD) and any(entry.kind == "head" for entry, _, _ in reading.tokens[after:]))
    ):
        return place
    return _address(reading, place + 1)


def readdress(reading: Reading, place: int) -> int:
    """The place after an address that is said instead of the one right before: 送到一号楼，啊错了，七号楼.

    ``place`` is the first of what may be one; it is returned where none stands there as all of its clause.
    """
    field = next((slot.field for slot in reading.spec.slots.values() if slot.role == "place"), None) or ""
    first = place
    if reading.at(first)[0].roles & ROLE["lead"]:
        first += 1
    said = reading.values.pop(field)
    after = _address(reading, first)
    if after > first and reading.begins(after):
        return after
    reading.values[field] = said
    return place


def _tail(reading: Reading, after: int) -> int:
    """The place after what still belongs to an address: 宿管阿姨那里."""
    spec = reading.spec.address
    tails, beside = (spec.tails, spec.beside) if spec is not None else ((), ())
    if reading.at(after)[0].form in beside and reading.begins(after + 1):
        return after + 1  # 沙滩入口那
    start = reading.at(after)[1]
    ends = [start + len(tail) for tail in tails if reading.utterance.text.startswith(tail, start)]
    return next((at + 1 for at in range(after, reading.count) if reading.tokens[at][2] in ends), after)


def _joins(reading: Reading, place: int, first: int) -> bool:
    """Whether a hyphen stands here between the numbers of a house and of a flat: 3-401."""
    if not first < place < reading.count - 1:
        return False
    (before, _, end), (after, start, _) = reading.tokens[place - 1], reading.tokens[place + 1]
    numbers = before.kind == after.kind == "numeral" and reading.utterance.text[end:start] == _HYPHEN
    return numbers and _may_name(reading, place + 1)


def _ends_there(reading: Reading, first: int, last: int) -> bool:
    """Whether what stands from one place to another is somewhere by its last word: 宿管那儿."""
    tails = reading.spec.address.tails if reading.spec.address is not None else ()
    said = reading.utterance.text[reading.tokens[first][1] : reading.tokens[last][2]]
    return any(said.endswith(tail) and len(said) > len(tail) for tail in tails)


def _labelled(reading: Reading, first: int, last: int) -> bool:
    """Whether the words up to a place end with a letter and a number, read as one: B12 in 露营地B12."""
    if last - 1 <= first or not _closes(reading, last + 1):
        return False
    (before, start, end), (entry, begin, stop) = reading.tokens[last - 1], reading.tokens[last]
    joined = end == begin and {before.kind, entry.kind} == _LABELLED
    return joined and bool(_LABEL.fullmatch(reading.utterance.text[start:stop]))


def _is_a_sign(reading: Reading, place: int) -> bool:
    entry, start, end = reading.at(place)
    return entry.kind == "unknown" and not any(map(str.isalnum, reading.utterance.text[start:end]))


def _may_name(reading: Reading, place: int) -> bool:
    entry, start, end = reading.tokens[place]
    if entry.kind == "place":
        return True
    if entry.kind == "unknown":
        verbs = reading.spec.address.verbs if reading.spec.address is not None else ()
        return not any(verb in reading.utterance.text[start:end] for verb in verbs)
    following = reading.at(place + 1)[0]
    if entry.roles & ROLE["person"] and (reading.changing or (end - start > 1 and following.kind == "place")):
        return following.kind == "place" and not reading.ends_at(place + 1)  # 改成我妈家
    who = entry.roles & ROLE["person"] and end - start > 1
    if who and reading.at(place - 1)[0].kind == "unknown" and not reading.paused(place):
        return following.kind in ("place", "unknown") and not reading.ends_at(place + 1)  # 隔壁老王家
    if entry.kind == "numeral":
        counts = following.slot is not None and following.slot.spec.counts
        return not (following.roles & _COUNTED or counts)
    if entry.roles & ROLE["connector"] and reading.at(place - 1)[0].kind == following.kind == "place":
        return False  # 公司和家
    return end - start == 1 and not entry.guard and not entry.roles & _ACTS


def _may_end(reading: Reading, place: int) -> bool:
    entry, start, end = reading.tokens[place]
    spec = reading.spec.address
    if entry.kind == "place":
        return True
    if spec is None:
        return False
    text = reading.utterance.text[start:end]
    if entry.kind == "numeral":
        return _is_a_room(reading, place, text) and _closes(reading, place + 1)
    return entry.kind == "unknown" and bool(text.endswith(spec.endings) or _STOREY.fullmatch(text))


def _is_a_room(reading: Reading, place: int, text: str) -> bool:
    """Whether a number may be that of a room: 302, 六零二, 401 in 3-401."""
    spec = reading.spec.address
    least = spec.digits if spec is not None else 0
    joined = place > 1 and _joins(reading, place - 1, 0)
    return joined or (least <= len(text) <= _LONGEST and (text.isascii() or _DIGITS.issuperset(text)))


def _closes(reading: Reading, place: int) -> bool:
    """Whether what is said from a place on counts nothing: 502，两杯, 502 两杯 and 502放门口, not 502两杯."""
    return reading.begins(place) or reading.tokens[place][0].kind in _SAID_APART


HANDLERS: Final[Mapping[str, Handler]] = {
    "value": _value,
    "lead": _lead,
    "change": _change,
    "toward": _toward,
    "hither": _hither,
    "place": _place,
}
