"""Values that an order names and does not ask for: bounds of what is wanted, and what holds of one cup of several."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from cascade.grammar import Parse
from cascade.grammar.acting_words import BoundWords
from cascade.grammar.entry import ROLE
from cascade.tiers.guarding import Place
from cascade.tiers.surroundings import NOTHING

_COUNTED = ROLE["measure"] | ROLE["counted"]


def bounded(parse: Parse, words: BoundWords) -> Iterator[Place]:
    """Values and numbers of cups that only bound what is wanted, or name who likes it so: 最少三分糖, 全糖党."""
    for (entry, start, end), (following, _, stop) in pairwise((*parse.tokens, (NOTHING, 0, 0))):
        counted = entry.kind == "numeral" and following.roles & _COUNTED > 0
        if entry.kind != "attribute" and not counted:
            continue
        last = stop if counted else end
        if parse.text.endswith(words.before, 0, start) or parse.text.startswith(words.after, last):
            yield start, last


def of_one_cup(parse: Parse, wishes: str, ordinals: frozenset[str], cups: tuple[str, ...]) -> Iterator[Place]:
    """Wishes of an order that say of which cup the rest is said: 来三杯柠檬水，最后那杯不要冰."""
    for wish in getattr(parse.answer, wishes, ()):
        at = parse.text.find(wish)
        if at >= 0 and (wish in ordinals or wish.endswith(cups)):
            yield at, at + len(wish)
