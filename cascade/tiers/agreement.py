"""Whether the tags of the model and the order of the grammar tell the same story about every character."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from cascade.grammar import Guard, HeardParse, Parse
from cascade.grammar.entry import ROLE
from cascade.grammar.hearing import Heard
from cascade.grammar.lexicon import Lexicon
from cascade.grammar.spec import GrammarSpec
from cascade.tiers.calibration import Calibration
from cascade.tiers.edges import Edges
from cascade.tiers.giving_way import GivingWay
from cascade.tiers.guarding import CARRIERS, Guarding, Place
from cascade.tiers.spending import Spending, spoken_of
from cascade.tiers.surroundings import (
    ORDERING,
    beside,
    counted_by_name,
    counted_right_before,
    counting,
    describing,
    filled,
    ordered_after,
    pointed_at,
    runs,
    said,
)
from cascade.tiers.tagging import Tagging
from cascade.tiers.talk import idle, talk
from cascade.tiers.verdict import MOST, Hearing, Verdict, bounded_odds
from cascade.tiers.wording import Wording

_EXACT_ROLES = frozenset({"head", "attribute", "part", "note"})
"""Slots whose words carry the whole value: what the tagger sees beside them belongs to no value of the grammar."""


_COUNTED: Final = frozenset({"numeral", "head"})
_TALK: Final = frozenset({"unknown", "perfective"})
_ASKS: Final = ROLE["carrier"] | ROLE["opener"] | ROLE["polite"] | ROLE["desire"]
_ORDERED: Final = frozenset({"numeral", "measure", "count", "head"})
"""Kinds of words that what was ordered begins with: 点了一杯."""
_ELSEWHERE: Final = frozenset({"unknown", "clock"})
"""Kinds of words that a numeral before them counts, and no order: 五公里, 一上午."""
_IN_A_ROW: Final = "第"
_SURE: Final = 0.9
"""How likely a numeral must be no part of the order to be passed over."""


class Judge:
    """Holds the grammar's orders against the model's tags. Immutable, safe to share."""

    def __init__(self, calibration: Calibration, spec: GrammarSpec, lexicon: Lexicon) -> None:
        self._spec = spec
        self._guarding = Guarding(calibration.order_details, spec)
        self._wording = Wording(spec)
        self._edges = Edges(spec, lexicon)
        self._giving_way = GivingWay(spec, calibration.fields)
        self._fields = calibration.fields
        self._number = {name: place for place, name in enumerate(self._fields)}
        self._columns = [self._number[tag[2:]] for tag in calibration.tags[1:]]
        self._slot_fields = {
            name: frozenset(f for f in (slot.field, slot.without) if f is not None and f in self._number)
            for name, slot in spec.slots.items()
        }
        self._spoken = {
            slot.field for slot in spec.slots.values() if slot.role in ("note", "place") and slot.field
        }
        if spec.clock is not None:
            self._spoken.add(spec.clock.field)
        self._flags = {slot.field for slot in spec.slots.values() if slot.role == "flag"}
        self._heads = [slot.field for slot in spec.slots.values() if slot.role == "head" and slot.field]
        self._exact = {
            name
            for slot in spec.slots.values()
            if slot.role in _EXACT_ROLES
            for name in (slot.field, slot.without)
        }

    def tagging(self, tags: npt.NDArray[np.float32]) -> Tagging:
        """``tags`` are the probabilities ``[characters, tags]`` of a text."""
        return Tagging(tags, self._fields, self._columns)

    def verdict(self, parse: Parse, tagging: Tagging) -> Verdict:
        """About an order that the grammar found by itself."""
        hearing = Hearing(tagging, np.zeros(len(tagging.best), bool))
        hearing.doubts += self._wording.doubts(parse)
        self._chatter(hearing, parse)
        self._mentions(hearing, parse)
        self._tagged_alone(hearing, parse.answer)
        self._said_at_all(hearing, parse)
        return hearing.verdict(
            **_evidence(parse, unguarded=not parse.guards), alone=1.0, closed=1.0, undropped=1.0, edges=0.0
        )

    def heard(self, found: HeardParse, tagging: Tagging, marks: Sequence[Heard]) -> Verdict:
        """About an order that was put together by the marks of these tags."""
        parse = found.parse
        hearing = Hearing(tagging, np.zeros(len(tagging.best), bool))
        for place in found.unresolved:
            hearing.doubt(place, "marked, and not in the lexicon")
        spoken, edges = 0, 1.0
        for mark in marks:
            hearing.explained[mark.start : mark.end] = True
            if mark.start in parse.superseded:
                continue
            number = self._number[mark.field]
            if self._giving_way.needless(parse, tagging, mark, marks):
                continue
            hearing.heard(tagging.chance(mark.start, mark.end, number))
            if mark.field in self._spoken:
                edges = min(edges, self._edges.certainty(tagging, mark, number, parse))
                spoken += 1
        spending = spoken_of(parse, [(mark.start, mark.end) for mark in marks if mark.field in self._flags])
        if spending.number > 1 and not (spending.spends and spending.number == self._wording.ordered(parse)):
            hearing.doubt((spending.start, spending.end), "not as many to spend as are ordered")
        self._dropped(hearing, found)
        self._passed_over(hearing, found, spending)
        hearing.doubts += self._wording.doubts(parse, self._guards(hearing, found, spending))
        hearing.doubts += self._wording.of_marks(parse, marks)
        self._tagged_alone(hearing, parse.answer)
        self._said_at_all(hearing, parse)
        return hearing.verdict(
            **_evidence(
                parse,
                unguarded=all(self._guarding.harmless(one, parse, found.pauses) for one in parse.guards),
            ),
            alone=0.0,
            closed=float(not spoken),
            edges=bounded_odds(edges) - MOST,
            undropped=float(all(_gave_way(found, start) for start, _, _ in found.dropped)),
        )

    def _chatter(self, hearing: Hearing, parse: Parse) -> None:
        """What the grammar cannot explain must be chatter, not what may say how many, or which: 仨百杯, 来杯美是."""
        counts_at = tuple(counting(parse))
        describes_at = tuple(describing(parse))
        nameless = parse.intent == self._spec.intent and not any(
            filled(parse.answer, head, self._spec.items) for head in self._heads
        )
        for start, end in parse.uncovered:
            hearing.explained[start:end] = True
            hearing.passed(hearing.tagging.outside[start:end].min())
            counts = any(first <= end and start <= last for first, last in counts_at)
            describes = any(first <= start and end <= last for first, last in describes_at)
            counts |= any(self._adds_what_changes(parse, at) for at in parse.within(start, end))
            if counts or describes or nameless or (hearing.tagging.best[start:end] >= 0).any():
                hearing.doubt((start, end), "uncovered")

    def _passed_over(self, hearing: Hearing, found: HeardParse, spending: Spending) -> None:
        """What neither explains is chatter, unless it may say how many, or which."""
        parse = found.parse
        describes_at = tuple(describing(parse)) if parse.intent == self._spec.intent else ()
        nameless = parse.intent == self._spec.intent and not any(
            filled(parse.answer, head, self._spec.items) for head in self._heads
        )
        for at, (entry, start, end) in enumerate(parse.tokens):
            if start in found.replaced or not any(
                first <= start and end <= last for first, last in parse.uncovered
            ):
                continue
            before, after = beside(parse.tokens, at)
            told = entry.kind == "perfective" and after.kind in ORDERING
            if (spending.holds(start, end) and not told) or (spending and entry.roles & ROLE["spend"]):
                continue
            outside = hearing.tagging.chance(start, end, -1)
            if entry.kind == "numeral":
                chat = after.kind in _TALK  # 六十了, 八百遍; 十来杯, 1~2杯 and 一人两杯 count
                chat = chat or bool(after.roles & ROLE["hour"] and idle(found, (start, end)))
                chat = chat or self._counts_none(found, at)
                doubtful = not (chat or self._giving_way.a_little(parse, at)) or outside < _SURE
            elif entry.kind == "measure":
                misheard = before.kind == "unknown" and after.kind in ("head", "attribute")  # 贰杯奶茶
                doubtful = before.kind in _COUNTED or misheard or outside < _SURE  # 来个奶茶杯
            elif parse.text.startswith(self._spec.quantity.parted, start) and before.kind == "measure":
                doubtful = True  # 一杯半
            elif entry.kind == "unknown":
                hearing.passed(outside)
                spoils = after.kind == "numeral" and parse.text[start:end].endswith(
                    self._spec.quantity.spoils
                )
                describes = any(first <= start and end <= last for first, last in describes_at)
                misspelt = nameless and before.kind in ORDERING | {"attribute"}  # 来杯美是, 热巧来一杯
                doubtful = (spoils and not idle(found, (start, end))) or describes or misspelt
            elif entry.kind == "perfective":  # 朋友用券点了一杯奶茶
                told = before.kind in CARRIERS and not self._giving_way.closes(parse, at, found.pauses)
                doubtful = told or (after.kind in _ORDERED and not _counts_elsewhere(parse, at))
            elif entry.kind == "apiece" or self._adds_what_changes(parse, at):
                doubtful = True  # 全家一人一杯: how many they are is not said
            elif entry.kind in ("headcount", "copula"):  # 奶茶和果茶是两杯
                doubtful = after.kind == "numeral" and not self._giving_way.rightly(parse, at)  # 每人两杯
            else:
                continue
            if doubtful:
                hearing.doubt((start, end), "uncovered")

    def _counts_none(self, found: HeardParse, at: int) -> bool:
        """Whether a numeral says how long, or which in a row: 一上午, 一整天, 业绩第一."""
        tokens, text = found.parse.tokens, found.parse.text
        _, start, end = tokens[at]
        before, after = beside(tokens, at)
        whole = after.roles & ROLE["sharp"] and beside(tokens, at + 1)[1].kind == "unknown"
        first = tokens[at - 1][1] if before.kind == "unknown" else start
        in_a_row = text.endswith(_IN_A_ROW, first + 1, start) and idle(found, (start, end))
        return bool(after.kind == "clock" or whole or in_a_row)

    def _dropped(self, hearing: Hearing, found: HeardParse) -> None:
        """What was named and is left out: no name may be, where an item then has none."""
        items = getattr(found.parse.answer, self._spec.items, ())
        named = all(any(said(item, head) for head in self._heads) for item in items)
        for start, end, role in found.dropped:
            replaced = start in found.replaced
            if not replaced:
                hearing.passed(hearing.tagging.chance(start, end, -1))
            which = role == "attribute" or (role == "head" and not replaced)
            which = which and pointed_at(found.parse.tokens, start)
            if which and found.parse.intent == self._spec.modify:
                hearing.doubt((start, end), "which one, or what was it")  # 那杯少糖的改成多糖
            if role == "flag" and found.parse.intent == self._spec.modify:
                hearing.doubt((start, end), "spoken of, and not in the change")  # 用券点的奶茶换成果茶
            if role == "attribute" and ordered_after(found.parse.tokens, end):
                hearing.doubt((start, end), "named, and not in the order")  # 树林里来杯奶茶
            gone = role == "head" and any(guard.start == end for guard in found.parse.guards)
            if gone and found.parse.intent == self._spec.intent:
                hearing.doubt((start, end), "named, and said to be gone")  # 奶茶没了，来杯果茶
            if role == "head" and items and not named and found.parse.intent == self._spec.intent:
                hearing.doubt((start, end), "named, and not in the order")

    def _guards(self, hearing: Hearing, found: HeardParse, spending: Spending) -> frozenset[Place]:
        """Words that forbid an order, save for talk around it that speaks of no part of it. Places of that talk."""
        parse = found.parse
        items = len(getattr(parse.answer, self._spec.items, ()))
        apart: set[Place] = set()
        for guard in parse.guards:
            if spending.permits(guard) or self._guarding.harmless(guard, parse, found.pauses):
                continue
            if _between_parts(found, guard):
                hearing.doubt((guard.start, guard.end), guard.reason)
            elif talk(self._spec, guard, found):
                apart.add((guard.start, guard.end))
            elif items > 1 or not self._guarding.soft(guard, parse):
                hearing.doubt((guard.start, guard.end), guard.reason)
        return frozenset(apart)

    def _adds_what_changes(self, parse: Parse, at: int) -> bool:
        """Whether a word changes the part right before it, which the order adds: 加椰果换成加布丁, no 珍珠换成椰果."""
        before, _ = beside(parse.tokens, at)
        if not parse.tokens[at][0].roles & ROLE["change"] or before.kind != "part" or before.slot is None:
            return False
        items = getattr(parse.answer, self._spec.items, ())
        return any(before.value in getattr(item, before.slot.field) for item in items)

    def _mentions(self, hearing: Hearing, parse: Parse) -> None:
        """What the grammar found must be part of the order, in the same field."""
        places: dict[Place, frozenset[str]] = {}
        for mention in parse.mentions:
            taken_back = self._giving_way.taken_back(parse, mention, hearing.tagging)
            if mention.start in parse.superseded or taken_back or self._giving_way.gave_way(parse, mention):
                hearing.explained[mention.start : mention.end] = True
            elif fields := self._slot_fields[mention.slot]:
                place = mention.start, mention.end
                if self._spec.slots[mention.slot].counts and counted_right_before(parse, mention.start):
                    fields |= {self._spec.quantity.field}  # 两大杯
                places[place] = places.get(place, frozenset()) | fields
        for (start, end), fields in places.items():
            hearing.explained[start:end] = True
            numbers = sorted(self._number[name] for name in fields)
            hearing.heard(hearing.tagging.by_field[start:end, numbers].sum(axis=1).max())
            tagged = set(hearing.tagging.best[start:end].tolist()) - {-1}
            if not tagged or not tagged <= set(numbers):
                hearing.doubt((start, end), f"{'/'.join(sorted(fields))} by the grammar alone")

    def _tagged_alone(self, hearing: Hearing, answer: BaseModel) -> None:
        """What only the tagger gives to a field: fine for a verb before a place, not for a word beside a value."""
        for start, end, number in runs(hearing.tagging.pooled, hearing.explained):
            name = self._fields[number]
            if name == self._spec.quantity.field:
                continue  # one is said (一杯) or not, and is in the answer either way
            if name in self._exact or not filled(answer, name, self._spec.items):
                hearing.doubt((start, end), f"{name} by the tagger alone")

    def _said_at_all(self, hearing: Hearing, parse: Parse) -> None:
        """A field that the grammar filled without a mention (a number, a time) must be heard somewhere.

        Not how many of each where every name has its number: 热拿铁4，冰美式3.
        """
        answer = parse.answer
        for number, name in enumerate(self._fields):
            if name == self._spec.quantity.field and counted_by_name(parse):
                continue
            if name not in self._exact and filled(answer, name, self._spec.items):
                hearing.heard(hearing.tagging.by_field[:, number].max())
                if not (hearing.tagging.best == number).any():
                    hearing.doubt((0, len(hearing.tagging.best)), f"{name} by the grammar alone")


def _gave_way(found: HeardParse, start: int) -> bool:
    """Whether what is named at a place is left out because another value stands in its place: 不是大杯是中杯."""
    return start in found.replaced or start in found.parse.superseded


def _counts_elsewhere(parse: Parse, at: int) -> bool:
    """Whether what was done counts no cups, and an order is asked for: 跑了五公里，来杯椰子水, not 钱付了两遍，一杯."""
    before, after = beside(parse.tokens, at)
    asks = any(entry.roles & _ASKS for entry, _, _ in parse.tokens)
    counted = after.kind == "numeral" and beside(parse.tokens, at + 1)[1].kind in _ELSEWHERE
    return counted and before.kind == "unknown" and asks


def _between_parts(found: HeardParse, guard: Guard) -> bool:
    """Whether a guard stands between two parts that no mark claims: 加珍珠还是加椰果 asks which."""
    parts = [(start, end) for start, end, role in found.dropped if role == "part"]
    before = any(end == guard.start for _, end in parts)
    return before and any(start >= guard.end for start, _ in parts)


def _evidence(parse: Parse, *, unguarded: bool) -> dict[str, float]:
    strange = sum(end - start for start, end in parse.uncovered)
    return {
        "unguarded": float(unguarded),
        "covered": -strange / max(1, len(parse.text)),
    }
