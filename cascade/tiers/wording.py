"""What in the words of an order, as the grammar read it, speaks against acting on it, whatever the tags say.

An order may be read without a gap and still not be asked for: it is told, or considered, or somebody else's, or only
half of what is to come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from cascade.grammar import Parse
from cascade.grammar.entry import ROLE
from cascade.grammar.hearing import Heard
from cascade.grammar.spec import GrammarSpec
from cascade.tiers.bounding import bounded, for_people, not_so_much, of_one_cup
from cascade.tiers.doubting import Doubting
from cascade.tiers.guarding import Place
from cascade.tiers.surroundings import (
    by_mistake,
    changed_and_ordered,
    claimed,
    counted_of,
    filled,
    gone,
    introduced,
    named_idly,
    only_named,
    paid_before,
    passed_over,
    pointed_number,
    spent_by,
    taken_away,
    told_of,
)
from cascade.tiers.unsaying import (
    emptied,
    exchanged,
    in_one_cup,
    kept_though_gone,
    likened,
    ordered_too,
    portioned,
    taken_off,
    unsaid,
)
from cascade.tiers.withholding import Withholding

Doubt = tuple[Place, str]
"""What is doubtful, and why."""
_LEAD: Final = ROLE["lead"]


class Wording:
    """Finds such words. Immutable, safe to share."""

    def __init__(self, spec: GrammarSpec) -> None:
        self._spec = spec
        self._doubting = Doubting(spec)
        self._withholding = Withholding(spec)
        fields = [(slot.role, slot.field) for slot in spec.slots.values() if slot.field]
        self._heads = [name for role, name in fields if role == "head"]
        self._ways = [name for role, name in fields if role == "value"]
        self._places = [name for role, name in fields if role == "place"]
        self._wishes = next((name for role, name in fields if role == "note"), "")
        self._ordinals = frozenset(spec.words.ordinal)

    def doubts(self, parse: Parse, apart: frozenset[Place] = frozenset()) -> Iterator[Doubt]:
        """Of any order or change; ``apart`` are places of words that forbid something else than this order."""
        if parse.intent == self._spec.intent:
            yield from self._of_order(parse)
        elif parse.intent == self._spec.modify:
            yield from self._of_change(parse)
        yield from self._withholding.doubts(parse)
        place = self._doubting.in_order(parse.text, parse.intent, apart | passed_over(parse))
        if place is not None:
            yield place, "told or considered, or not all of it said"
        if (place := self._doubting.done(parse)) is not None:
            yield place, "asked whether it is done"
        for place in by_mistake(parse, self._spec.around.mistaken):
            yield place, "what came by mistake"
        for place in (*taken_away(parse), *unsaid(parse)):
            yield place, "said, and then not wanted"
        for place in bounded(parse, self._spec.bounds):
            yield place, "a bound, or who likes it so"
        for place in not_so_much(parse, self._spec.bounds, self._spec.items):
            yield place, "less of it, or none"
        for place in likened(parse):
            yield place, "like something else"
        if only_named(parse, [*self._heads, self._spec.quantity.field], self._spec.items):
            yield _all(parse), "named, and nothing becomes of it"

    def _of_order(self, parse: Parse) -> Iterator[Doubt]:
        if not getattr(parse.answer, self._spec.items, ()):
            yield _all(parse), "nothing named"
        for place in self._doubting.awaited(parse):
            yield place, "once something else has come"
        for place in introduced(parse):
            yield place, "somebody's words"
        for place in spent_by(parse):
            yield place, "told, or asked for"
        for place in gone(parse, self._places, self._spec.words.perfective):
            yield place, "where it went"
        if changed_and_ordered(parse):
            yield _all(parse), "a change, and another order"
        for place in of_one_cup(parse, self._wishes, self._ordinals, self._spec.words.cup):
            yield place, "which of them"
        for place in for_people(parse):
            yield place, "so many of each, or together"
        if in_one_cup(parse, self._spec.items):
            yield _all(parse), "portions, or cups"
        if self.ordered(parse) > 1:
            for place in claimed(parse):
                yield place, "whose is it"  # 两杯奶茶，我的少糖

    def _of_change(self, parse: Parse) -> Iterator[Doubt]:
        for place in paid_before(parse):
            yield place, "how it was paid"
        if self.ordered(parse) > 1:
            for place in pointed_number(parse):
                yield place, "which of them, or how many"
        if ordered_too(parse):
            yield _all(parse), "a change, and another order"
        for place in (*portioned(parse), *taken_off(parse)):
            yield place, "how many of what"
        for place in kept_though_gone(parse, self._spec.items):
            yield place, "what becomes of it"
        for place in exchanged(parse, self._spec.items, self._spec.superseded.arrows):
            yield place, "what becomes of which"
        if emptied(parse):
            yield _all(parse), "what becomes of it"
        if told_of(parse):
            yield _all(parse), "what was changed, or is to change"  # 你给我改成少糖了
        if counted_of(parse, self._spec.quantity.field, self._spec.items):
            yield _all(parse), "how many there are, or are to be"
        if named_idly(parse, self._heads, self._spec.items):
            yield _all(parse), "named, and nothing becomes of it"
        ends = {parse.text.index(word) + len(word) for word in self._spec.words.ordinal if word in parse.text}
        if len(ends) > max(1, len(getattr(parse.answer, self._spec.items, ()))):
            yield _all(parse), "which of them"  # 第一杯改少糖第二杯改去冰

    def of_marks(self, parse: Parse, marks: Sequence[Heard]) -> Iterator[Doubt]:
        """Of an order that was put together by marks."""
        for mark in marks:
            if any(self._keeps(parse.text, mark, word) for word in self._spec.words.kept):
                yield (mark.start, mark.end), "what stays as it is"  # 糖不用 in 糖不用改
        denials = self._spec.around.denials
        ends = {guard.end for guard in parse.guards if parse.text[guard.start : guard.end] in denials}
        for mark in marks:
            if mark.field in self._ways and mark.start in ends:
                yield (mark.start, mark.end), "a way that is forbidden"  # 送 in 别送了
        if parse.intent == self._spec.intent:
            yield from self._whereto(parse)

    @staticmethod
    def _keeps(text: str, mark: Heard, word: str) -> bool:
        """Whether a word that keeps something as it is begins in a mark and ends after it."""
        at = text.find(word, mark.start, mark.end + len(word) - 1)
        return mark.start < at < mark.end < at + len(word)

    def _whereto(self, parse: Parse) -> Iterator[Doubt]:
        """A place that nothing leads to may be where somebody is: 12号桌两杯奶茶."""
        items = self._spec.items
        places = [name for name in self._places if filled(parse.answer, name, items)]
        leads = any(entry.roles & _LEAD for entry, _, _ in parse.tokens)
        if places and not leads and not any(filled(parse.answer, way, items) for way in self._ways):
            yield _all(parse), f"{places[0]} that nothing leads to"

    def ordered(self, parse: Parse) -> int:
        """How many are ordered."""
        items = getattr(parse.answer, self._spec.items, ())
        return sum(getattr(item, self._spec.quantity.field) for item in items)


def _all(parse: Parse) -> Place:
    return 0, len(parse.text)
