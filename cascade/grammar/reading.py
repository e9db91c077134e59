"""One pass over the words of an utterance: each is explained by its neighbours, or it stays uncovered.

What comes out is a row of marks for the composer (a quantity, a head, an attribute, a boundary ...), what was said of
the order as a whole, and everything that forbids an answer: guards, uncovered words, a contradiction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from cascade.grammar.changing import changes
from cascade.grammar.entry import ROLE, Entry, Token
from cascade.grammar.layout import Layout
from cascade.grammar.spec import GrammarSpec
from cascade.grammar.wording import Wording
from cascade.text import Utterance

# Kinds of marks. A mark is (kind, field, value).
QUANTITY: Final = "quantity"
HEAD: Final = "head"
VALUE: Final = "value"
PART: Final = "part"
OMIT: Final = "omit"
BREAK: Final = "break"
JOIN: Final = "join"
EACH: Final = "each"
ALL: Final = "all"
OTHER: Final = "other"
AMONG: Final = "among"
REST: Final = "rest"
CHANGE: Final = "change"
AMEND: Final = "amend"
SPLIT: Final = "split"
"""What an item is made of, in one word: 一冰一热. The value are the shares."""
KEPT: Final = "kept"
MORE: Final = "more"
"""The field of a :data:`JOIN` by which something is ordered in addition: 再来一杯."""
POINTED: Final = "pointed"
TURN: Final = "turn"
"""The field of a :data:`BREAK` after which somebody else says what is theirs: 我奶茶她果茶."""
CUP: Final = "cup"
"""Which cup of an order that exists is spoken of, as spoken: 第二杯."""

Mark = tuple[str, str, Any]

_LEADS_TO_CHANGE: Final = (
    ROLE["opener"] | ROLE["filler"] | ROLE["separator"] | ROLE["all"] | ROLE["of"] | ROLE["statement"]
)
_OF_A_FLAG: Final = ROLE["spend"] | ROLE["which"] | ROLE["object"]
AROUND_A_FLAG: Final = ROLE["opener"] | ROLE["filler"] | ROLE["recipient"] | ROLE["of"] | ROLE["spend"]
_NEAR: Final = 6
"""How many words a flag and its verb may be apart."""


class Reading(Wording):
    """What one pass over an utterance has found so far."""

    __slots__ = (
        *("spec", "marks", "values", "notes", "uncovered", "guards", "problem"),
        *("detail", "carried", "opened", "polite", "wished", "changing", "specified", "rejected"),
        *("served", "people", "going", "repeats", "referred", "altered", "inside", "led", "dropped"),
        *("layout", "paired", "replaced", "added", "counted", "shifted", "unspent", "spent", "addressed"),
        *("superseded", "exchanged"),
    )

    def __init__(
        self, utterance: Utterance, tokens: list[Token], spec: GrammarSpec, *, changing: bool = False
    ) -> None:
        super().__init__(utterance, tokens)
        self.spec = spec
        self.marks: list[Mark] = []
        self.values: dict[str, Any] = {}
        self.notes: dict[str, list[str]] = {}
        self.uncovered: list[tuple[int, int]] = []
        self.guards: list[tuple[str, int, int]] = []
        self.problem = ""
        self.detail = ""
        self.carried = self.opened = self.polite = self.wished = self.specified = False
        self.changing = changing
        self.altered = changing and changes(tokens)
        """Whether a word says that something becomes something else."""
        self.rejected: list[str] = []
        self.replaced: list[str] = []
        """Fields of the whole order whose value was said to become another: 外卖改自取."""
        self.counted = False
        """Whether it was said how many of an order that exists are spoken of: 那两杯."""
        self.shifted = False
        """Whether an order that exists is to come sooner or later."""
        self.unspent = False
        """Whether it is not to be paid with what could pay for it."""
        self.superseded: frozenset[int] = frozenset()
        """Places of words that another value replaces, or that only say which order is changed."""
        self.exchanged: frozenset[str] = frozenset()
        """Fields of which a value was said only to be replaced by another."""
        self.addressed = 0
        """The place after the address that was read last."""
        self.spent = 0
        """How many of what pays for it are said to be spent, 0 where it is not said."""
        self.added: int | None = None
        """Where among the marks something is added to an order that exists: 那单再加一杯奶茶."""
        self.served = self.going = False
        """Whether somebody was named whom it is for, and whether a way to get it there was said."""
        self.dropped = False
        """Whether something is said not to be wanted any more: 不要珍珠了."""
        self.led = False
        """Whether a value stands before the items and a pause after it."""
        self.inside = False
        """Whether something is said of what is in a drink."""
        self.referred = False
        """Whether something pointed at an order that exists."""
        self.repeats = False
        """Whether what was ordered before is ordered again."""
        self.people = 0
        """How many people it is for, 0 when not said."""
        self.paired = False
        """Whether they order together as many as they are: 给我们俩点两杯."""
        self.layout = Layout()
        """How the items of a list are laid out."""

    def lead(self, place: int) -> None:
        """Note whether what an item begins with stands after values that were said for themselves."""
        kinds = {mark[0] for mark in self.marks}
        if kinds and kinds.isdisjoint((HEAD, QUANTITY)) and not kinds.isdisjoint((VALUE, PART, OMIT)):
            shops = {slot.field for slot in self.spec.slots.values() if slot.spreads}
            own = any(mark[0] in (VALUE, PART, OMIT) and mark[1] not in shops for mark in self.marks)
            listed = place in self.layout.parted and not own  # 喜茶 一杯奶茶 一杯果茶
            self.led = self.paused(place) and not listed

    def fail(self, problem: str, detail: str) -> None:
        """Note why no answer may be given; the first reason stays."""
        if not self.problem:
            self.problem, self.detail = problem, detail

    def refuse(self, place: int) -> int:
        """A word that nothing explains here: a guard if it is one, uncovered otherwise."""
        entry, start, end = self.tokens[place]
        if entry.roles & ROLE["aspect"] and self.altered and (change := self._change_after(place + 1)):
            counted = self.at(change + 1)[0].kind == "numeral" and self.at(change + 2)[0].kind == "measure"
            if counted and not entry.roles & ROLE["number"]:
                self.fail("tie", f"how many, or how much of {entry.form}")  # 糖改成三份
            return place + 1
        if entry.roles & _OF_A_FLAG and self._spends(place):
            return place + 1
        if entry.guard:
            self.guards.append((entry.guard, start, end))
        else:
            self.uncovered.append((start, end))
        return place + 1

    def _change_after(self, place: int) -> int:
        """The place of the change that the words from a place on lead to, 0 where they lead to none."""
        while self.at(place)[0].roles & _LEADS_TO_CHANGE:
            place += 1
        return place if self.at(place)[0].roles & ROLE["change"] else 0

    def _spends(self, place: int) -> bool:
        """Whether the word at a place is part of how a flag is said: 用, 那张 and 用上 around 免单卡."""
        verb = ROLE["spend"]
        roles = self.tokens[place][0].roles
        first = next((at for at in range(place, place - _NEAR, -1) if self.at(at)[0].kind == "flag"), -1)
        if roles & verb and first >= 0 and self._only(first + 1, place, AROUND_A_FLAG | ROLE["separator"]):
            return True  # 领到免单卡了，用它
        last = next((at for at in range(place, place + _NEAR) if self.at(at)[0].kind == "flag"), -1)
        if last < 0 or not self._only(place, last, AROUND_A_FLAG | _OF_A_FLAG):
            return False
        if self.at(last)[0].form.endswith(self.spec.words.spend):
            return True  # 送的那张卡给我用上
        after = last + 1
        while after < last + _NEAR and self.at(after)[0].roles & AROUND_A_FLAG:
            after += 1
        said = (*range(max(0, place - 2), last), after)
        return any(self.at(at)[0].roles & verb for at in said)

    def _only(self, first: int, last: int, roles: int) -> bool:
        return all(self.at(at)[0].roles & roles for at in range(first, last))

    def put(self, field: str, value: Any) -> None:
        """Something said of the order as a whole."""
        if self.values.setdefault(field, value) != value:
            self.fail("conflict", f"two values for {field}")

    def timed(self, first: int, last: int) -> None:
        """Keep the words from one place to another as the time when it is wanted."""
        if self.spec.clock is not None:
            self.put(self.spec.clock.field, self.spoken(first, last))

    def forget(self, first: int, last: int) -> None:
        """The words from one place up to another were named for no part of the order: 美式 in 美式不变."""

    def clause(self) -> list[Mark]:
        """What has been found since the last boundary."""
        last = max((at for at, mark in enumerate(self.marks) if mark[0] is BREAK), default=-1)
        return self.marks[last + 1 :]

    def part(self, place: int) -> None:
        """Note where a pause begins another change, as it was typed: 糖改三分糖 冰改去冰."""
        clause = self.clause()
        changed = any(mark[0] is CHANGE for mark in clause) and clause[-1][0] is not CHANGE
        entry = self.tokens[place][0]
        if clause and entry.roles & ROLE["change"]:  # 加椰果 杯型换成大杯, 珍珠去掉 改常温
            changed |= entry.kind == "attribute" or clause[-1][0] in (PART, OMIT)
        if changed and self.paused(place):
            self.marks.append((BREAK, "", None))

    def wish(self, field: str, words: str) -> None:
        """Something kept as spoken; said twice it is one."""
        said = self.notes.setdefault(field, [])
        if words not in said:
            said.append(words)

    def vouched(self, place: int) -> bool:
        """Whether somebody else says that the word at a place belongs to the order."""
        return False

    def named(self, place: int) -> Entry:
        """What the word at a place names, whether or not somebody else says that it belongs to the order."""
        return self.at(place)[0]

    def said(self, kind: str) -> bool:
        """Whether a mark of this kind has been made."""
        return any(mark[0] is kind for mark in self.marks)


Handler = Callable[[Reading, int], int]
"""Explains the word at a place, and those after it that belong to it; returns the place after them."""


def read(reading: Reading, handlers: Mapping[str, Handler], talk: Callable[[Reading, int], bool]) -> Reading:
    """Explain every word; those that ``talk`` tells of say nothing."""
    place, count, tokens, laid_out = 0, reading.count, reading.tokens, reading.layout.says
    while place < count:
        if reading.changing:
            reading.part(place)
        if talk(reading, place):
            place += 1
            continue
        after = (laid_out and _laid_out(reading, place)) or handlers[tokens[place][0].kind](reading, place)
        place = after if after > place else reading.refuse(place)  # whatever a handler does, reading ends
    return reading


def _laid_out(reading: Reading, place: int) -> int:
    """The place after what the layout alone explains, 0 where it explains nothing."""
    layout = reading.layout
    if place in layout.wishes:
        return _wished(reading, *layout.wishes[place], place)
    if place in layout.told:
        return layout.told[place]
    if place in layout.parted and reading.marks:
        reading.marks.append((BREAK, "", None))
    if place in layout.turns:
        return _takes_turn(reading, place, layout.turns[place])
    if place in layout.called:
        after, mark = layout.called[place]
        reading.marks += [(BREAK, "", None), mark]
        return after
    if place in layout.shares:
        after, shares = layout.shares[place]
        reading.lead(place)
        reading.specified = True
        reading.marks.append((SPLIT, "", shares))
        return after
    return layout.numbers.get(place, place + 1 if place in layout.passed else 0)


def _wished(reading: Reading, after: int, mark: Mark | None, place: int) -> int:
    """Keep the wish at a place as spoken, and what it adds."""
    field = next(slot.field for slot in reading.spec.slots.values() if slot.role == "note" and slot.field)
    reading.wish(field, reading.spoken(place, after - 1))
    if mark is not None:
        reading.marks.append(mark)
        reading.specified = True
    return after


def _takes_turn(reading: Reading, place: int, after: int) -> int:
    """Pass over who it is and that they want something; what follows is theirs."""
    said = [entry.roles for entry, _, _ in reading.tokens[place:after]]
    reading.carried |= any(roles & (ROLE["carrier"] | ROLE["desire"]) for roles in said)
    reading.opened |= any(roles & (ROLE["opener"] | ROLE["recipient"]) for roles in said)
    reading.served = True
    reading.marks.append((BREAK, TURN, None))
    return after
