"""Whether what is said of a flag goes with what an order does of it: 券被我删了 spends none, 白嫖一杯 may ask for one.

A flag that is spent though it is not there, or is for somebody else, is as bad as one that is forgotten. Where the
words beside it say the one and the order says the other, nobody should act on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from cascade.grammar import Parse
from cascade.grammar.entry import Token
from cascade.grammar.spec import GrammarSpec
from cascade.tiers.guarding import CARRIERS, Place, kinds_of
from cascade.tiers.surroundings import clauses, filled

_NAMED: Final = frozenset(
    {"head", "attribute", "part", "note", "value", "place", "measure", "count", "heard"}
)
"""Kinds of words that are of the order itself: what stands behind them says nothing of a flag before them."""


class Withholding:
    """Finds such words. Immutable, safe to share."""

    def __init__(self, spec: GrammarSpec) -> None:
        self._words = spec.withheld
        self._items = spec.items
        self._flag = next((slot.field for slot in spec.slots.values() if slot.role == "flag"), None)

    def doubts(self, parse: Parse) -> Iterator[tuple[Place, str]]:
        """Where what is said of the flag of an order, or a change, speaks against what becomes of it."""
        if self._flag is None:
            return
        if filled(parse.answer, self._flag, self._items):
            kept = [found for place in _stretches(parse) for found in self._kept(parse.text, place)]
            if kept and not self._spent_after(parse.text, max(kept)[1]):
                yield max(kept), "not to be spent, or not there"
            return
        for place in self._meant(parse.text):
            yield place, "for nothing, and not said how"
        for place in _found(self._words.refused, parse.text, (0, len(parse.text))):
            if self._spent_after(parse.text, place[1]):
                yield place, "refused, and then spent"

    def _kept(self, text: str, place: Place) -> Iterator[Place]:
        """Words of a stretch that say that the flag in it is not spent."""
        spared = list(_found(self._words.spared, text, place))
        for first, last in _found(self._words.kept, text, place):
            if not any(start <= first and last <= end for start, end in spared):
                yield first, last

    def _spent_after(self, text: str, first: int) -> bool:
        """Whether what was denied of it is taken back: 不用券，还是用吧, 没用券，用上."""
        return any(text.find(word, first) >= 0 for word in self._words.spent)

    def _meant(self, text: str) -> Iterator[Place]:
        """Words that ask for something for nothing, that are not denied: 白嫖, not 不白嫖; 0元, not 20元."""
        for first, last in _found(self._words.meant, text, (0, len(text))):
            price = text[first - 1 : first].isdigit() if first else False
            if not price and not text.endswith(self._words.denied, 0, first):
                yield first, last


def _found(words: Sequence[str], text: str, place: Place) -> Iterator[Place]:
    """Each place of each of the words within a stretch of the text."""
    for word in words:
        at = text.find(word, *place)
        while at >= 0:
            yield at, at + len(word)
            at = text.find(word, at + 1, place[1])


def _stretches(parse: Parse) -> Iterator[Place]:
    """Where a flag is spoken of: its clause, up to what is ordered in it, and clauses after it that name nothing."""
    found = list(clauses(parse))
    for number, clause in enumerate(found):
        at = next((at for at, (entry, _, _) in enumerate(clause) if "flag" in kinds_of(entry)), None)
        if at is None:
            continue
        start = next(
            (end for entry, _, end in reversed(clause[:at]) if kinds_of(entry) & _NAMED), clause[0][1]
        )
        cut = next((first for entry, first, _ in clause[at + 1 :] if kinds_of(entry) & _NAMED), None)
        end = clause[-1][2] if cut is None else cut
        for following in found[number + 1 :] if cut is None else ():
            if _orders(following):
                break
            end = following[-1][2]
        yield start, end


def _orders(clause: Sequence[Token]) -> bool:
    """Whether a clause names something, or asks for it, or speaks of another flag."""
    return any(kinds_of(entry) & (_NAMED | CARRIERS | {"flag"}) for entry, _, _ in clause)
