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
_COUNTS: Final = frozenset({"portion", "bundle", "times", "person", "headcount", "apiece", "each", "total"})
_COUNTED: Final = ROLE["counted"] | ROLE["reference"] | ROLE["change"]
_SILENT: Final = frozenset({"final", "asking", "filler", "separator", "tag"})
_INTRODUCES: Final = ":"
_TELLS: Final = "quotation"
_ASKS: Final = "?"

_Clause = Sequence[Token]


def talk(spec: GrammarSpec, guard: Guard, found: HeardParse) -> bool:
    """Whether a guard of an order forbids nothing: 打牌呢，来四杯绿茶, 有没有奶茶，来一杯, 算了帮我点杯奶茶.

    Nothing may be named before it, since that may be what is taken back: 奶茶，不对，来杯果茶.
    """
    text = found.parse.text
    if found.parse.intent != spec.intent:
        return False
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
    if guard.reason == _TELLS and not _told(own, guard, found):
        return False
    if text[own[-1][1] : own[-1][2]] == _INTRODUCES or any(_acts(entry) for entry, _, _ in own):
        return False
    naming = next((clause for clause in later if _heads(clause)), ())
    first = naming[0][1] if naming else 0
    dropped = any(start < first for start, _, _ in found.dropped)  # 不对，奶茶，来杯果茶
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
    for token in found.parse.tokens:
        entry, start, end = token
        if start in found.pauses:
            clauses.append([])
        clauses[-1].append(token)
        if entry.roles & ROLE["separator"] or found.parse.text[start:end] == _ASKS:
            clauses.append([])
    return [clause for clause in clauses if clause]


def _named(words: _Clause, found: HeardParse) -> bool:
    """Whether words say anything of an order: a name, how many, or what no mark claims."""
    if any(sense.kind in _NAMES for entry, _, _ in words for sense in entry.variants or (entry,)):
        return True
    return any(first[1] <= start < first[2] for start, _, _ in found.dropped for first in words)


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


def _takes_back(own: _Clause, guard: Guard) -> bool:
    """Whether a guard takes back what was said before, and what orders follows at once: 算了，直接帮我点杯奶茶."""
    for (entry, start, _), following in pairwise(own):
        if start == guard.start:
            return bool(entry.roles & ROLE["amend"] and following[0].roles & _ORDERS)
    return False


def _told(own: _Clause, guard: Guard, found: HeardParse) -> bool:
    """Whether what somebody said is told in the same clause, and no other guard with it: 我朋友说好喝."""
    start, end = own[0][1], own[-1][2]
    said = [entry for entry, first, _ in own if first >= guard.end and not entry.roles & ROLE["separator"]]
    alone = not any(other != guard and start <= other.start < end for other in found.parse.guards)
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
