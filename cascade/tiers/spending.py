"""The stretch of an utterance that speaks of a flag, as of a coupon that is to be spent: 拿我刚领的那张25块的券抵了.

What is said there says which coupon, since when, and that it is used. Of the order it says nothing but the flag itself,
so that numbers and words of the past in it count nothing and forbid nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cascade.grammar import Guard, Parse
from cascade.grammar.entry import ROLE, Entry, Token
from cascade.grammar.numerals import number_at_end, parse_numeral
from cascade.tiers.guarding import Place

_ROLES: Final = sum(
    ROLE[name]
    for name in (
        *("spend", "which", "object", "of", "filler", "opener", "all"),
        *("perfective", "final", "demonstrative", "unit", "times", "person"),
    )
)
_CLOSES: Final = ROLE["asking"] | ROLE["tag"]
_KINDS: Final = frozenset({"numeral", "measure", "flag", "unknown"})
_TOLD: Final = frozenset({"past"})
_BEFORE: Final = _TOLD | {"question"}
"""Reasons of guards that may stand before a coupon that is spent all the same: 我刚领的, 能用券. A denial never may."""
_LONGEST: Final = 5
"""Characters that a strange word beside a flag may have: 无门槛的券, 快过期的卡."""


@dataclass(frozen=True, slots=True)
class Spending:
    """Where a flag is spoken of; empty where it is not."""

    start: int = 0
    end: int = 0
    asking: frozenset[int] = frozenset()
    """Starts of the words that ask for it politely, before what is ordered: 能 and 吗 of 能用免单卡帮我点杯奶茶吗.

    None of 来杯奶茶能用券吗, and never 几杯 or 什么奶茶, which ask something else.
    """
    number: int = 1
    """How many are to be spent, which a flag cannot say: as many as are ordered, one for each."""
    spends: bool = False
    """Whether a word there says that they are spent: 来两张券，来两杯奶茶 may ask for both."""

    def __bool__(self) -> bool:
        return self.end > self.start

    def holds(self, start: int, end: int) -> bool:
        """Whether a place is within."""
        return self.start <= start and end <= self.end

    def permits(self, guard: Guard) -> bool:
        """Whether a guard only says which coupon, or asks for what is asked for politely."""
        if guard.reason == "question":
            return guard.start in self.asking
        return self.holds(guard.start, guard.end) and guard.reason in _TOLD


def spoken_of(parse: Parse, flags: Sequence[Place]) -> Spending:
    """The stretch around the first marked flag."""
    tokens = parse.tokens
    inside = [at for at, (_, start, end) in enumerate(tokens) if flags and _meet((start, end), flags[0])]
    if not inside:
        return Spending()
    first, last = inside[0], inside[-1]
    while first and tokens[first - 1][2] == tokens[first][1] and _may_speak(tokens[first - 1], _BEFORE):
        first -= 1
    while last + 1 < len(tokens) and _may_speak(tokens[last + 1], _TOLD):
        last += 1
    start, end = tokens[first][1], tokens[last][2]
    asking = _asking(parse, start, tokens[inside[0]][1], end)
    spends = any(
        entry.roles & ROLE["spend"] and not entry.roles & ROLE["carrier"]
        for entry, _, _ in tokens[first : last + 1]
    )
    return Spending(start, end, asking, _many(parse, start, end), spends)


def _asking(parse: Parse, start: int, flag: int, end: int) -> frozenset[int]:
    questions = {guard.start for guard in parse.guards if guard.reason == "question"}
    within = {at for at in questions if start <= at < flag}
    if not within or not any(_names(entry) for entry, first, _ in parse.tokens if first >= end):
        return frozenset()
    closing = {first for entry, first, _ in parse.tokens if first >= end and entry.roles & _CLOSES}
    return frozenset(within | (questions & closing))


def _many(parse: Parse, start: int, end: int) -> int:
    """How many are to be spent: 用两张免单卡."""
    number = 1
    for at, (entry, first, last) in enumerate(parse.tokens):
        if not start <= first < end:
            continue
        following = parse.tokens[at + 1][0] if at + 1 < len(parse.tokens) else entry
        counted = entry.kind == "numeral" and following.roles & ROLE["which"]
        said = parse_numeral(parse.text[first:last]) if counted else number_at_end(entry.form)
        if counted or entry.roles & ROLE["which"]:
            number = max(number, said or 1)
    return number


def _meet(a: Place, b: Place) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def _may_speak(token: Token, guards: frozenset[str]) -> bool:
    entry, start, end = token
    if _names(entry):
        return False
    if entry.guard:
        return entry.guard in guards or bool(entry.roles & _ROLES)
    return bool(entry.roles & _ROLES) or (entry.kind in _KINDS and end - start <= _LONGEST)


def _names(entry: Entry) -> bool:
    """Whether a word is of the order itself."""
    kinds = {sense.kind for sense in entry.variants or (entry,)}
    return bool(kinds & {"head", "attribute", "part", "value", "place", "note"})
