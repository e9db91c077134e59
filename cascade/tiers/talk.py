"""Whether a word that forbids an order is talk: it stands in a clause of its own, and a later one plainly orders.

Or it takes back what named nothing and orders at once: 算了帮我点杯奶茶. A name beside it may be what it forbids.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from cascade.grammar import Guard, HeardParse
from cascade.grammar.entry import ROLE, Entry, Token
from cascade.grammar.spec import GrammarSpec

_ORDERS: Final = ROLE["carrier"] | ROLE["opener"] | ROLE["polite"] | ROLE["desire"] | ROLE["again"]
_POINTS: Final = ROLE["reference"] | ROLE["object"] | ROLE["change"]
_NAMES: Final = frozenset(
    {"head", "attribute", "part", "flag", "note", "heard", "value", "place", "measure", "count"}
)
_COUNTING: Final = frozenset({"numeral", "carrier", "measure", "count"})
"""Kinds of words after which a measure counts; elsewhere it is a part of another word: 桶 in 马桶."""
_COUNTS: Final = frozenset({"portion", "bundle", "times", "person", "headcount", "apiece", "each", "total"})
_COUNTED: Final = ROLE["counted"] | ROLE["reference"] | ROLE["change"]
_ADDRESSES: Final = ROLE["aside"] | ROLE["filler"] | ROLE["separator"]
_WANTED: Final = frozenset({"numeral", "count", "measure", "head", "attribute"})
_DESCRIBED: Final = frozenset({"count", "measure", "attribute"})
_SILENT: Final = frozenset({"final", "asking", "filler", "separator", "tag"})
_INTRODUCES: Final = ":"
_TELLS: Final = "quotation"
_PAST: Final = "past"
_PLACE: Final = "place"
_FLAG: Final = "flag"
_ASKS: Final = "?"

_DONE: Final = "了"
_ORDERED: Final = ("numeral", "measure")
_WHOM: Final = ROLE["person"] | ROLE["headcount"]

_Clause = Sequence[Token]


def talk(spec: GrammarSpec, guard: Guard, found: HeardParse) -> bool:
    """Whether a guard of an order forbids nothing: 打牌呢，来四杯绿茶, 有没有奶茶，来一杯, 算了帮我点杯奶茶.

    Nothing may be named before it, since that may be what is taken back: 奶茶，不对，来杯果茶.
    """
    text = found.parse.text
    if found.parse.intent != spec.intent:
        return False
    if _courteous(spec, guard, found) or _relayed(spec, guard, found) or _of_whom_it_is_for(guard, found):
        return True
    clauses = _clauses(found)
    at = next((at for at, clause in enumerate(clauses) if guard.start < clause[-1][2]), len(clauses))
    before = [word for clause in clauses[:at] for word in clause]
    if at == len(clauses) or _named(before, found):
        return False
    own, later = clauses[at], clauses[at + 1 :]
    word = text[guard.start : guard.end]
    if word in spec.offers and _offers(spec, own, later, found):
        return True
    if word not in spec.apart.get(guard.reason, ()):
        return False
    after = [token for token in own if token[1] >= guard.end]
    if _takes_back(own, guard) and _orders(after) and not _named(own[: len(own) - len(after)], found):
        return True
    if guard.reason == _TELLS and not _told(spec, own, guard, found):
        return False
    if text[own[-1][1] : own[-1][2]] == _INTRODUCES or any(_acts(entry) for entry, _, _ in own):
        return False
    if guard.reason == _PAST and any(one in text[own[0][1] : guard.start] for one in spec.pending):
        return False
    naming = next((clause for clause in later if _heads(clause)), ())
    first = naming[0][1] if naming else 0
    dropped = any(start < first for start in _left_out(found))  # 不对，奶茶，来杯果茶
    counted = guard.reason != "question" or any(
        entry.roles & ROLE["lasting"] for entry, start, _ in own if start == guard.start
    )
    return _orders(naming, counted=counted) and not (dropped or _named(own, found))


def idle(found: HeardParse, place: tuple[int, int]) -> bool:
    """Whether a place is in a clause that names and counts nothing, where another one names: 失恋第三天，来杯奶茶."""
    clauses = _clauses(found)
    own = next((clause for clause in clauses if any(start == place[0] for _, start, _ in clause)), ())
    counts = any(entry.kind in _COUNTS or entry.roles & _COUNTED for entry, _, _ in own)
    return bool(own) and not (counts or _heads(own) or _named(own, found)) and any(map(_heads, clauses))


def _clauses(found: HeardParse) -> list[_Clause]:
    """The words between pauses: signs, question marks, spaces that were typed."""
    clauses: list[list[Token]] = [[]]
    rests = False
    for at, token in enumerate(found.parse.tokens):
        entry, start, end = token
        if start in found.pauses or (rests and not entry.roles & ROLE["separator"]):  # 值班呢给我来杯奶茶
            clauses.append([])
        clauses[-1].append(token)
        rests = bool(entry.guard and entry.roles & ROLE["lasting"]) or _has_come(at, clauses[-1], found)
        if entry.roles & ROLE["separator"] or found.parse.text[start:end] == _ASKS:
            clauses.append([])
    return [clause for clause in clauses if clause]


def _has_come(at: int, own: _Clause, found: HeardParse) -> bool:
    """Whether a word says that something has come, and an order follows at once: 客人来了给我来三杯果茶.

    他来了点一杯奶茶 tells what somebody did.
    """
    entry, start, end = found.parse.tokens[at]
    if entry.guard != _PAST or not found.parse.text.endswith(_DONE, start, end):
        return False
    following = [other for other, _, _ in found.parse.tokens[at + 1 : at + 3]]
    told = any(other.roles & ROLE["owner"] or (other.guard and other is not entry) for other, _, _ in own)
    if told or len(following) < len(_ORDERED):
        return False
    addressed = following[0].roles & (ROLE["opener"] | ROLE["polite"])
    counted = following[0].kind == "carrier" and following[1].kind in _ORDERED
    return bool(addressed) or counted


def _named(words: _Clause, found: HeardParse) -> bool:
    """Whether words say anything of an order: a name, how many, or what no mark claims."""
    for at, (entry, start, _) in enumerate(words):
        before = words[at - 1] if at else None
        part = entry.kind == "measure" and before is not None and before[2] == start
        if part and before is not None and before[0].kind not in _COUNTING and not before[0].roles & _POINTS:
            continue
        if any(sense.kind in _NAMES for sense in entry.variants or (entry,)):
            return True
    return any(first[1] <= start < first[2] for start in _left_out(found) for first in words)


def _left_out(found: HeardParse) -> list[int]:
    """Where things of an order are named that no mark claims.

    Not of places where it is to be brought to another: 陪床呢 in 我在住院部陪床呢 says where somebody is.
    """
    slots = [entry.slot for entry, _, _ in found.parse.tokens if entry.slot is not None]
    goes = any(slot.spec.role == _PLACE for slot in slots)
    return [start for start, _, role in found.dropped if not (goes and role == _PLACE)]


def _heads(words: _Clause) -> int:
    return sum(entry.kind == "head" for entry, _, _ in words)


def _acts(entry: Entry) -> bool:
    return bool(entry.roles & (_ORDERS | _POINTS))


def _orders(words: _Clause, *, counted: bool = False) -> bool:
    """Whether a word that orders stands before a name, or before a measure beside it; or a measure, if ``counted``."""
    ordering = named = measured = False
    for entry, _, _ in words:
        ordering |= bool(entry.roles & _ORDERS)
        measured |= entry.kind == "measure" and (ordering or counted)
        named |= entry.kind == "head"
        if named and (measured or (ordering and entry.kind == "head")):
            return True
    return False


def _courteous(spec: GrammarSpec, guard: Guard, found: HeardParse) -> bool:
    """Whether a condition is mere courtesy: an order begins with it, 方便的话，给我来杯奶茶."""
    if found.parse.text[guard.start : guard.end] not in spec.courteous:
        return False
    before = [token for token in found.parse.tokens if token[2] <= guard.start]
    after = [token for token in found.parse.tokens if token[1] >= guard.end]
    while after and after[0][0].kind in _SILENT:
        after = after[1:]
    silent = all(entry.kind in _SILENT or entry.roles & _ADDRESSES for entry, _, _ in before)
    return silent and bool(after) and bool(after[0][0].roles & _ORDERS or after[0][0].kind == _FLAG)


def _relayed(spec: GrammarSpec, guard: Guard, found: HeardParse) -> bool:
    """Whether somebody is only said to want the order, and nothing else is told: 我妈说她要一杯红枣茶，热的.

    With a pronoun it is told of somebody, 他说要一杯; and what is only liked may not be ordered: 我妈说想喝奶茶.
    """
    parse = found.parse
    if parse.text[guard.start : guard.end] not in spec.apart.get(_TELLS, ()) or len(parse.guards) > 1:
        return False
    if any(end > guard.end for _, end in parse.uncovered if parse.text[end - 1] not in spec.words.owner):
        return False
    before = [token for token in parse.tokens if token[2] <= guard.start]
    after = [token for token in parse.tokens if token[1] >= guard.end]
    while before and before[0][0].kind in _SILENT:
        before = before[1:]
    while after and (after[0][0].roles & (ROLE["owner"] | ROLE["filler"])):
        after = after[1:]
    who = len(before) == 1 and before[0][0].roles & ROLE["person"] and not before[0][0].roles & ROLE["aside"]
    if not who or len(after) < 2 or parse.text[after[0][1] : after[0][2]] not in spec.relayed:
        return False
    return after[1][0].kind in _WANTED and any(entry.kind in _DESCRIBED for entry, _, _ in after)


def _of_whom_it_is_for(guard: Guard, found: HeardParse) -> bool:
    """Whether a guard only says which people an order is for: 给等我下班的人点杯奶茶, 给昨天帮我的师傅来杯红茶."""
    tokens = found.parse.tokens
    gives = [
        at for at, (entry, _, end) in enumerate(tokens) if entry.kind == "recipient" and end <= guard.start
    ]
    links = [
        at for at, (_, start, end) in enumerate(tokens) if start >= guard.end and _links(tokens[at], found)
    ]
    if not gives or not links or links[0] + 2 >= len(tokens):
        return False
    said, whom, orders = tokens[gives[-1] + 1 : links[0]], tokens[links[0] + 1][0], tokens[links[0] + 2][0]
    apart = any(entry.roles & ROLE["separator"] for entry, _, _ in said)
    end = tokens[links[0]][2]
    apart = apart or any(start < end and role == "head" for start, _, role in found.dropped)
    carries = orders.roles & (ROLE["carrier"] | ROLE["again"]) > 0
    return carries and whom.roles & _WHOM > 0 and not (apart or any(_heads([token]) for token in said))


def _links(token: Token, found: HeardParse) -> bool:
    return token[0].kind == "of" and found.parse.text[token[2] - 1] == "的"


def _takes_back(own: _Clause, guard: Guard) -> bool:
    """Whether a guard takes back what was said before, and what orders follows at once: 算了，直接帮我点杯奶茶."""
    for (entry, start, _), following in pairwise(own):
        if start == guard.start:
            return bool(entry.roles & ROLE["amend"] and following[0].roles & _ORDERS)
    return False


def _told(spec: GrammarSpec, own: _Clause, guard: Guard, found: HeardParse) -> bool:
    """Whether what somebody said is told in the same clause, and no other guard with it: 我朋友说好喝, 医生说能喝了."""
    start, end = own[0][1], own[-1][2]
    said = [entry for entry, first, _ in own if first >= guard.end and not entry.roles & ROLE["separator"]]
    others = [other for other in found.parse.guards if other != guard and start <= other.start < end]
    text = found.parse.text
    alone = all(
        text[other.start : other.end] in spec.harmless.get(other.reason, ()) and other.reason == _PAST
        for other in others
    )
    return bool(said) and alone


def _offers(spec: GrammarSpec, own: _Clause, later: Sequence[_Clause], found: HeardParse) -> bool:
    """Whether a clause asks for one thing whether there is any, and a later one orders it: 有没有奶茶，来一杯."""
    names = [entry for entry, _, _ in own if entry.kind in _NAMES]
    if len(names) != 1 or names[0].kind != "head" or any(map(_heads, later)):
        return False
    able = asked = False
    for entry, start, end in own:
        offers = found.parse.text[start:end] in spec.offers
        said = offers or entry is names[0] or entry.kind in _SILENT or (able and entry.roles & _ORDERS)
        if (_acts(entry) and not (able or offers)) or (asked and not said):
            return False  # 有没有奶茶店, 能退奶茶吗
        able, asked = offers, asked or offers or entry is names[0]
    ordering = next((clause for clause in later if any(_acts(entry) for entry, _, _ in clause)), ())
    counted = any(entry.kind == "measure" for entry, _, _ in ordering)
    return counted and not any(guard.start >= own[-1][2] for guard in found.parse.guards)
