"""Reading an order where the classifier has marked what belongs to it: the grammar still puts it together.

What the grammar alone could not explain may now be chatter, and what only a neighbour could make part of the order is
part of it where a mark says so. What the two of them disagree about is named; who asked decides.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from cascade.grammar import cups
from cascade.grammar.alterations import check_added, several
from cascade.grammar.answer import check_parts, composed, numbered
from cascade.grammar.assembly import Assembly
from cascade.grammar.composer import pieces, simple
from cascade.grammar.entry import ROLE, Entry
from cascade.grammar.hearing import HeardTokens
from cascade.grammar.numerals import parse_numeral
from cascade.grammar.parse import Parse
from cascade.grammar.parts import add_more
from cascade.grammar.piece import Fields, Unclear
from cascade.grammar.portions import again
from cascade.grammar.reading import (
    BREAK,
    CHANGE,
    EACH,
    HEAD,
    JOIN,
    OMIT,
    PART,
    QUANTITY,
    SPLIT,
    TURN,
    VALUE,
    Handler,
    Mark,
    Reading,
)
from cascade.grammar.spec import GrammarSpec
from cascade.text import Utterance

Place = tuple[int, int]

_SINGLE: Final = frozenset({HEAD, VALUE, QUANTITY})
_TYPED: Final = frozenset({HEAD, VALUE, PART, OMIT})


@dataclass(frozen=True, slots=True)
class HeardParse:
    """An order put together with marks, and everything that speaks against it."""

    parse: Parse
    """``guards`` and ``uncovered`` are what the grammar cannot explain; ``answer`` is there all the same."""
    dropped: tuple[tuple[int, int, str], ...] = ()
    """Things of the trade that were named and no mark claims, and the roles of their slots."""
    replaced: frozenset[int] = frozenset()
    """Starts of those of them that a change begins with and something marked replaces."""
    unresolved: tuple[Place, ...] = ()
    """Marked stretches that the lexicon does not know under their field, and marks the grammar reads otherwise."""
    pauses: frozenset[int] = frozenset()
    """Starts of the words that were typed after a space."""


class HeardReading(Reading):
    """A reading that takes a marked word for what it is marked as, where its neighbours do not explain it."""

    __slots__ = ("fields", "more", "unclaimed")

    def __init__(
        self, utterance: Utterance, heard: HeardTokens, spec: GrammarSpec, *, changing: bool
    ) -> None:
        super().__init__(utterance, heard.tokens, spec, changing=changing)
        self.fields = heard.fields
        self.more = heard.more
        self.unclaimed = heard.unclaimed

    def named(self, place: int) -> Entry:
        entry, start, _ = self.at(place)
        return self.unclaimed.get(start, entry) if place < self.count else entry

    def vouched(self, place: int) -> bool:
        return self.tokens[place][1] in self.fields

    def refuse(self, place: int) -> int:
        entry, start, _ = self.tokens[place]
        name = self.fields.get(start)
        if entry.kind == "numeral" and self._changed_to(place):
            return place + 1
        if name is None or entry.slot is None:
            return super().refuse(place)
        slot = entry.slot.spec
        if slot.role == "part":
            if again(self, place) and not self.changing and not self.said(HEAD):
                self.fail("tie", f"more {entry.form} in one that exists")  # 再来一份芋圆
            self.marks.append((PART if name == slot.field else OMIT, name, entry.value))
        elif slot.role in ("flag", "value"):
            self.put(name, True if slot.role == "flag" else entry.value)
        else:
            self.marks.append((HEAD if slot.role == "head" else VALUE, name, entry.said))
        return place + 1

    def timed(self, first: int, last: int) -> None:
        """A time is passed over where another is marked: 七点 in 七点看电影 六点半送到影院."""
        clock = self.spec.clock
        if clock is not None and clock.field in self.fields.values():
            self.uncovered += [(start, end) for _, start, end in self.tokens[first : last + 1]]
        else:
            super().timed(first, last)

    def forget(self, first: int, last: int) -> None:
        for _, start, _ in self.tokens[first:last]:
            self.fields.pop(start, None)

    def _changed_to(self, place: int) -> bool:
        """数量改成6: a number that a change ends with, and that counts nothing else."""
        last = self.marks[-1][0] if self.marks else ""
        _, start, end = self.tokens[place]
        number = parse_numeral(self.utterance.text[start:end])
        bounds = self.spec.quantity
        if last is not CHANGE or number is None or not self.ends_at(place + 1):
            return False
        if not bounds.min <= number <= bounds.max:
            return False
        self.marks.append((QUANTITY, bounds.field, number))
        return True


def heard(reading: Reading, place: int) -> int:
    """A stretch marked as something that is kept as spoken. More of a part also adds it: 芋圆多来点."""
    entry, start, _ = reading.tokens[place]
    assert entry.slot is not None
    name, value = entry.slot.field, reading.spoken(place, place)
    if entry.slot.spec.role == "note":
        if reading.changing and cups.points(reading, place):
            cups.pointed(reading, place, place)
        for part in reading.more.get(start, ()) if isinstance(reading, HeardReading) else ():
            add_more(reading, part)
        reading.notes.setdefault(name, []).append(value)
    else:
        reading.put(name, value)
    return place + 1


HANDLERS: Final[dict[str, Handler]] = {"heard": heard}


def misread(reading: HeardReading) -> list[Place]:
    """Marked words that came into another field than the marked one, or none: 不要 before what is marked as added."""
    wanted = Counter(
        (name, value)
        for entry, start, _ in reading.tokens
        if (name := reading.fields.get(start)) is not None
        and entry.slot is not None
        and (value := entry.value)
        and entry.slot.spec.role in ("head", "attribute", "part")
    )
    made = Counter((mark[1], str(mark[2])) for mark in reading.marks if mark[0] in _TYPED)
    for mark in reading.marks:
        for _, said in mark[2] if mark[0] is SPLIT else ():
            made.update((name, str(value)) for _, name, value in said)
    wrong = set(wanted - made)
    return [
        (start, end)
        for entry, start, end in reading.tokens
        if (reading.fields.get(start), entry.value) in wrong
    ]


def items_of(reading: HeardReading, head: str, spreading: frozenset[str]) -> list[Fields]:
    """The items of the order, or of the change. Raises :class:`~cascade.grammar.piece.Unclear`."""
    if not reading.changing:
        if any(
            (a[0], b[0], c[0]) == (PART, CHANGE, PART)
            for a, b, c in zip(reading.marks, reading.marks[1:], reading.marks[2:], strict=False)
        ):
            raise Unclear("tie", "added, or changed for another")  # 加椰果换成加布丁
        reading.marks = [mark for mark in reading.marks if mark[0] is not CHANGE]
        if not (reading.layout.numbers or reading.said(EACH)):
            reading.marks = _once(reading.marks)
        return composed(reading, head, spreading)
    if any(a[0].kind == "measure" and b[0].roles & ROLE["inside"] for a, b in pairwise(reading.tokens)):
        raise Unclear("tie", "one share of several")  # 两杯里的柠檬水改热的
    check_added(reading)
    if (shares := several(reading)) is not None:
        return shares
    marks = _after_changes(reading.marks)
    single = simple(marks)
    if single is not None:
        items = [single] if single else []
    else:
        assembly = Assembly(head, spreading, reading.spec)
        for piece in pieces(marks):
            assembly.add(piece)
        items = [
            numbered(item.fields, reading.spec.quantity.field, item.number) for item in assembly.finish()
        ]
    check_parts(reading.spec, items)
    bare = {reading.spec.quantity.field: 1}
    return [item for item in items if item != bare]  # 加一份红豆 changes no quantity


def _once(marks: list[Mark]) -> list[Mark]:
    """A name that is called again at once is one: 奶茶奶茶，来杯奶茶."""
    kept: list[Mark] = []
    for mark in marks:
        if mark[0] is HEAD:
            at = len(kept)
            while at and kept[at - 1][0] is BREAK and kept[at - 1][1] is not TURN:
                at -= 1
            if at and kept[at - 1] == mark:
                several = len({other for other in marks if other[0] is HEAD}) > 1
                if several and all(other[0] is not QUANTITY for other in marks):
                    raise Unclear("tie", "the same item twice")  # 美式、美式、拿铁
                continue
        kept.append(mark)
    return kept


def _clause(marks: list[Mark], start: int) -> list[Mark]:
    """The marks from a place to the end of its clause."""
    end = next((at for at in range(start, len(marks)) if marks[at][0] is BREAK), len(marks))
    return marks[start:end]


def _after_changes(marks: list[Mark]) -> list[Mark]:
    """Without the values that a later 改成 replaces by others of their kind: 两杯改成三杯.

    Raises :class:`~cascade.grammar.piece.Unclear` where one of these is itself what something was changed to.
    """
    kept: list[Mark] = []
    for at, mark in enumerate(marks):
        if mark[0] in (CHANGE, JOIN):
            kept.append((BREAK, "", None))
            continue
        changed = next((place for place in range(at, len(marks)) if marks[place][0] is CHANGE), None)
        replaced = (
            changed is not None
            and mark[0] in _SINGLE
            and any(later[:2] == mark[:2] for later in _clause(marks, changed + 1))
            and not any(between[0] is BREAK for between in marks[at:changed])
        )
        if not replaced:
            kept.append(mark)
        elif any(before[0] is CHANGE for before in marks[:at]):
            raise Unclear("tie", "more than one change")  # 奶茶那杯改热的柠檬茶那杯改去冰
    return kept
