"""What of a change may be told apart in the wrong way and leave the change as it is: what gives way, or is said again.

红茶 in 红茶换乌龙 is the drink that was, or no part of the change: either way it becomes 乌龙.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cascade.grammar import Mention, Parse
from cascade.grammar.entry import ROLE
from cascade.grammar.hearing import Heard
from cascade.grammar.numerals import parse_numeral
from cascade.grammar.spec import GrammarSpec
from cascade.tiers.surroundings import beside, filled, holds, valued
from cascade.tiers.tagging import Tagging
from cascade.tiers.verdict import LIKELY

_SINGLE: Final = frozenset({"head", "attribute", "value", "flag"})
_CLOSES: Final = frozenset({"separator", "end"})
_ALONE: Final = 0.95
"""How likely a mark must be of its field or of none, where the order is the same either way."""


class GivingWay:
    """Finds it. Immutable, safe to share."""

    def __init__(self, spec: GrammarSpec, fields: Sequence[str]) -> None:
        """``fields`` are those that a text is tagged with, in the order of their numbers."""
        self._spec = spec
        self._number = {name: place for place, name in enumerate(fields)}
        self._single = {slot.field for slot in spec.slots.values() if slot.role in _SINGLE}

    def needless(self, parse: Parse, tagging: Tagging, mark: Heard, marks: Sequence[Heard]) -> bool:
        """Whether a change is the same without a mark that is of its field or of none."""
        items = self._spec.items
        if parse.intent != self._spec.modify or len(getattr(parse.answer, items, ())) > 1:
            return False
        number, place = self._number[mark.field], (mark.start, mark.end)
        if tagging.chance(*place, number) + tagging.chance(*place, -1) < _ALONE:
            return False
        value = valued(parse, mark)
        again = any(
            other is not mark
            and (other.field, valued(parse, other)) == (mark.field, value)
            and tagging.chance(other.start, other.end, number) >= LIKELY
            for other in marks
        )
        gave_way = bool(value) and mark.field in self._single and filled(parse.answer, mark.field, items)
        return again or (gave_way and not holds(parse.answer, mark.field, value, items))

    def gave_way(self, parse: Parse, mention: Mention) -> bool:
        """Whether another value is in the place of one that the grammar found named: 冰 in 冰美式改成热拿铁."""
        spec, items = self._spec.slots[mention.slot], self._spec.items
        plain = parse.intent == self._spec.modify and not parse.uncovered
        if not plain or spec.role not in ("head", "attribute") or spec.field is None:
            return False
        kept = any(holds(parse.answer, spec.field, value, items) for value in mention.values)
        return filled(parse.answer, spec.field, items) and not kept

    def taken_back(self, parse: Parse, mention: Mention, tagging: Tagging) -> bool:
        """Whether an order holds another value in the place of one that the tags pass over: 半糖，算了全糖."""
        spec = self._spec.slots[mention.slot]
        if parse.intent != self._spec.intent or spec.role != "attribute" or spec.field is None:
            return False
        if (tagging.best[mention.start : mention.end] >= 0).any():
            return False
        kept = any(holds(parse.answer, spec.field, value, self._spec.items) for value in mention.values)
        return not kept and filled(parse.answer, spec.field, self._spec.items)

    def a_little(self, parse: Parse, at: int) -> bool:
        """Whether a numeral in a change is the one of 晚一点, 尝一口 and 少一个人, which counts no cups."""
        _, start, end = parse.tokens[at]
        one = parse_numeral(parse.text[start:end]) == 1 and not parse.text[start:end].isascii()
        little = beside(parse.tokens, at)[1].roles & (ROLE["hour"] | ROLE["headcount"])
        return parse.intent == self._spec.modify and one and bool(little)

    def closes(self, parse: Parse, at: int, pauses: frozenset[int]) -> bool:
        """Whether 了 ends a clause of a change, where it tells of no order: 地址改成家里，我今天提前走了."""
        closed = beside(parse.tokens, at)[1].kind in _CLOSES or parse.tokens[at][2] in pauses
        return parse.intent == self._spec.modify and closed

    def rightly(self, parse: Parse, at: int) -> bool:
        """Whether 是 says in a change what should have been ordered: 应当是十二杯."""
        entry, _, end = parse.tokens[at]
        said = parse.text.endswith(self._spec.superseded.rightly, 0, end)
        return parse.intent == self._spec.modify and entry.kind == "copula" and said
