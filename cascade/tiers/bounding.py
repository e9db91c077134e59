"""Values that an order names and does not ask for: bounds of what is wanted, and what holds of one cup of several."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from cascade.grammar import Parse
from cascade.grammar.acting_words import BoundWords
from cascade.grammar.entry import ROLE
from cascade.tiers.guarding import Place
from cascade.tiers.surroundings import NOTHING, beside

_COUNTED = ROLE["measure"] | ROLE["counted"]
_ASKS = ROLE["carrier"] | ROLE["desire"] | ROLE["add"] | ROLE["opener"]
_REMOVES = ROLE["remove"] | ROLE["reject"] | ROLE["removed"]
_PEOPLE = ROLE["person"] | ROLE["speaker"] | ROLE["crowd"] | ROLE["couple"]


def bounded(parse: Parse, words: BoundWords) -> Iterator[Place]:
    """Values and numbers of cups that only bound what is wanted, or name who likes it so: 最少三分糖, 全糖党."""
    for (entry, start, end), (following, _, stop) in pairwise((*parse.tokens, (NOTHING, 0, 0))):
        counted = entry.kind == "numeral" and following.roles & _COUNTED > 0
        if entry.kind not in ("attribute", "part") and not counted:
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


def for_people(parse: Parse) -> Iterator[Place]:
    """So many cups that people all want, who may be so many each: 我和我妈都来两杯奶茶."""
    before = NOTHING
    for at, (entry, start, _) in enumerate(parse.tokens):
        if entry.roles & ROLE["all"] and before.roles & _PEOPLE:
            following = at + 1
            while following < len(parse.tokens) and parse.tokens[following][0].roles & _ASKS:
                following += 1
            counted = parse.tokens[following : following + 2]
            if any(word.roles & ROLE["measure"] for word, _, _ in counted):
                yield start, counted[-1][2]
        before = entry


def not_so_much(parse: Parse, words: BoundWords, items: str) -> Iterator[Place]:
    """Parts that would be left out, and of which there shall only be less: 珍珠不要那么多."""
    for at, (entry, start, _) in enumerate(parse.tokens):
        removes = beside(parse.tokens, at)[1]
        if entry.kind != "part" or entry.slot is None or not removes.roles & _REMOVES:
            continue
        end = parse.tokens[at + 1][2]
        without = entry.slot.spec.without or ""
        omitted = any(entry.value in getattr(item, without, ()) for item in getattr(parse.answer, items, ()))
        if omitted and parse.text.startswith(words.much, end):
            yield start, end
