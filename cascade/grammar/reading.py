"""One pass over the words of an utterance: each is explained by its neighbours, or it stays uncovered.

What comes out is a row of marks for the composer (a quantity, a head, an attribute, a boundary ...), what was said of
the order as a whole, and everything that forbids an answer: guards, uncovered words, a contradiction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Final

from cascade.grammar.entry import ROLE, Entry, Token
from cascade.grammar.layout import Layout
from cascade.grammar.numerals import NUMERAL_CHARS
from cascade.grammar.portions import again, beside_cups
from cascade.grammar.spec import GrammarSpec
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
POINTED: Final = "pointed"

Mark = tuple[str, str, Any]

_LEADS_TO_CHANGE: Final = (
    ROLE["opener"] | ROLE["filler"] | ROLE["separator"] | ROLE["all"] | ROLE["of"] | ROLE["statement"]
)
_OF_A_FLAG: Final = ROLE["spend"] | ROLE["which"] | ROLE["object"]
_AROUND_A_FLAG: Final = ROLE["opener"] | ROLE["filler"] | ROLE["recipient"] | ROLE["of"] | ROLE["spend"]
_NEAR: Final = 6
"""How many words a flag and its verb may be apart."""
_ENDS: Final = ROLE["separator"] | ROLE["asking"] | ROLE["tag"]
_BRINGS: Final = ROLE["change"] | ROLE["all"]
_TRAILS: Final = ROLE["final"] | ROLE["filler"] | ROLE["of"]
END: Final[Token] = (Entry("", "end"), 0, 0)


def changes(tokens: list[Token]) -> bool:
    """Whether something is changed; 换燕麦奶 only says how it is made."""
    return any(
        token[0].roles & ROLE["change"]
        and (at + 1 == len(tokens) or tokens[at + 1][0].kind != "note" or altered(tokens, at))
        for at, token in enumerate(tokens)
    )


def altered(tokens: list[Token], at: int) -> bool:
    """Whether the wish after a word is what something becomes, and the word no part of it: 改成放前台."""
    slot = tokens[at + 1][0].slot
    return slot is not None and slot.spec.loose and bool(tokens[at][0].roles & ROLE["alter"])


class Reading:
    """What one pass over an utterance has found so far."""

    __slots__ = (
        *(
            "tokens",
            "count",
            "utterance",
            "spec",
            "marks",
            "values",
            "notes",
            "uncovered",
            "guards",
            "problem",
        ),
        *("detail", "carried", "opened", "polite", "wished", "changing", "specified", "rejected"),
        *("served", "people", "going", "repeats", "referred", "altered", "inside", "led", "dropped"),
        *("layout", "paired", "replaced", "added", "counted"),
    )

    def __init__(
        self, utterance: Utterance, tokens: list[Token], spec: GrammarSpec, *, changing: bool = False
    ) -> None:
        self.utterance = utterance
        self.tokens = tokens
        self.count = len(tokens)
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

    @property
    def pauses(self) -> bool:
        """Whether spaces part anything here; 帮 我 点 一 杯 is how somebody types."""
        if " " not in self.utterance.raw:
            return False
        pieces = self.utterance.raw.split()
        return 2 * sum(len(piece) == 1 for piece in pieces) <= len(pieces)

    def paused(self, place: int) -> bool:
        """Whether there is a space before the word at a place, as it was typed."""
        if not self.pauses:
            return False
        begins = self.utterance.offsets[self.tokens[place][1]][0]
        return self.utterance.raw[:begins].endswith(" ")

    def begins(self, place: int) -> bool:
        """Whether a place comes after a pause, typed as a space or a separator, or after everything."""
        return place >= self.count or self.begins_at(place) or self.ends_at(place) or self.paused(place)

    def lead(self, place: int) -> None:
        """Note whether what an item begins with stands after values that were said for themselves."""
        kinds = {mark[0] for mark in self.marks}
        if kinds and kinds.isdisjoint((HEAD, QUANTITY)) and not kinds.isdisjoint((VALUE, PART, OMIT)):
            self.led = self.paused(place)

    def at(self, place: int) -> Token:
        """The word at a place; a word of no kind beyond either end."""
        return self.tokens[place] if 0 <= place < self.count else END

    def ends_at(self, place: int) -> bool:
        """Whether a clause ends before this place."""
        return place >= self.count or bool(self.tokens[place][0].roles & _ENDS)

    def begins_at(self, place: int) -> bool:
        """Whether a clause begins at this place."""
        return place == 0 or bool(self.tokens[place - 1][0].roles & ROLE["separator"])

    def fail(self, problem: str, detail: str) -> None:
        """Note why no answer may be given; the first reason stays."""
        if not self.problem:
            self.problem, self.detail = problem, detail

    def refuse(self, place: int) -> int:
        """A word that nothing explains here: a guard if it is one, uncovered otherwise."""
        entry, start, end = self.tokens[place]
        if entry.roles & ROLE["aspect"] and self.altered and self._leads_to_change(place + 1):
            return place + 1
        if entry.roles & _OF_A_FLAG and self._spends(place):
            return place + 1
        if entry.guard:
            self.guards.append((entry.guard, start, end))
        else:
            self.uncovered.append((start, end))
        return place + 1

    def _leads_to_change(self, place: int) -> bool:
        while self.at(place)[0].roles & _LEADS_TO_CHANGE:
            place += 1
        return bool(self.at(place)[0].roles & ROLE["change"])

    def _spends(self, place: int) -> bool:
        """Whether the word at a place is part of how a flag is said: 用, 那张 and 用上 around 免单卡."""
        verb = ROLE["spend"]
        roles = self.tokens[place][0].roles
        first = next((at for at in range(place, place - _NEAR, -1) if self.at(at)[0].kind == "flag"), -1)
        if roles & verb and first >= 0 and self._only(first + 1, place, _AROUND_A_FLAG):
            return True
        last = next((at for at in range(place, place + _NEAR) if self.at(at)[0].kind == "flag"), -1)
        if last < 0 or not self._only(place, last, _AROUND_A_FLAG | _OF_A_FLAG):
            return False
        after = last + 1
        while after < last + _NEAR and self.at(after)[0].roles & _AROUND_A_FLAG:
            after += 1
        said = (*range(max(0, place - 2), last), after)
        return any(self.at(at)[0].roles & verb for at in said)

    def _only(self, first: int, last: int, roles: int) -> bool:
        return all(self.at(at)[0].roles & roles for at in range(first, last))

    def put(self, field: str, value: Any) -> None:
        """Something said of the order as a whole."""
        if self.values.setdefault(field, value) != value:
            self.fail("conflict", f"two values for {field}")

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
        if changed and self.paused(place):
            self.marks.append((BREAK, "", None))

    def spoken(self, first: int, last: int) -> str:
        """The words from one place to another as they were typed, without what normalising leaves out: 公 司."""
        offsets = self.utterance.offsets[self.tokens[first][1] : self.tokens[last][2]]
        return "".join(self.utterance.raw[start:end] for start, end in dict.fromkeys(offsets))

    def between(self, first: int, last: int) -> str:
        """Everything from one place up to another as it was typed."""
        offsets = (
            self.utterance.offsets[self.tokens[first][1] : self.tokens[last - 1][2]] if last > first else []
        )
        return self.utterance.raw[offsets[0][0] : offsets[-1][1]] if offsets else ""

    def shows(self, place: int) -> bool:
        """Whether a picture at a place stands right after what it shows."""
        before, after = self.at(place - 1)[0], self.at(place + 1)[0]
        shown = before.kind in ("head", "attribute", "part", "reference") or before.roles & ROLE["picture"]
        return bool(shown) and after.kind not in ("head", "unknown")

    def wish(self, field: str, words: str) -> None:
        """Something kept as spoken; said twice it is one."""
        said = self.notes.setdefault(field, [])
        if words not in said:
            said.append(words)

    def vouched(self, place: int) -> bool:
        """Whether somebody else says that the word at a place belongs to the order."""
        return False

    def said(self, kind: str) -> bool:
        """Whether a mark of this kind has been made."""
        return any(mark[0] is kind for mark in self.marks)


Handler = Callable[[Reading, int], int]
"""Explains the word at a place, and those after it that belong to it; returns the place after them."""


def read(reading: Reading, handlers: Mapping[str, Handler], talk: Callable[[Reading, int], bool]) -> Reading:
    """Explain every word; those that ``talk`` tells of say nothing."""
    place, count, tokens = 0, reading.count, reading.tokens
    while place < count:
        if reading.changing:
            reading.part(place)
        if talk(reading, place):
            place += 1
            continue
        after = _laid_out(reading, place) or handlers[tokens[place][0].kind](reading, place)
        place = after if after > place else reading.refuse(place)  # whatever a handler does, reading ends
    return reading


def _laid_out(reading: Reading, place: int) -> int:
    """The place after what the layout alone explains, 0 where it explains nothing."""
    layout = reading.layout
    if place in layout.parted and reading.marks:
        reading.marks.append((BREAK, "", None))
    if place in layout.shares:
        after, shares = layout.shares[place]
        reading.lead(place)
        reading.specified = True
        reading.marks.append((SPLIT, "", shares))
        return after
    return layout.numbers.get(place, place + 1 if place in layout.passed else 0)


def head(reading: Reading, place: int) -> int:
    entry = reading.tokens[place][0]
    assert entry.slot is not None
    if entry.roles & ROLE["picture"] and reading.shows(place):
        return place + 1  # 拿铁☕ is one
    if entry.twofold and reading.said(HEAD) and beside_cups(reading, place):
        reading.fail("tie", f"{entry.form} by itself, or in the cup before it")  # 来一杯拿铁，两份浓缩
    if entry.twofold and again(reading, place) and not reading.said(HEAD):
        reading.fail("tie", f"another {entry.form}, or more of it in one that exists")  # 再补一份芋圆
    reading.lead(place)
    _, start, end = reading.tokens[place]
    torn = reading.pauses and any(
        " " in reading.utterance.raw[a[1] : b[0]] for a, b in pairwise(reading.utterance.offsets[start:end])
    )
    if torn and reading.said(HEAD):
        reading.fail("tie", f"{entry.form} or two names")  # 一杯奶茶一杯咖啡 奶茶少糖
    reading.marks.append((HEAD, entry.slot.field, entry.value))
    return place + 1


def _exclaimed(reading: Reading, place: int) -> bool:
    """Whether a single character is what somebody says and not what is wanted: 中，来杯奶茶, 奶茶就中, 订单中奶茶."""
    if reading.tokens[place][0].roles & ROLE["within"] and reading.at(place - 1)[0].kind == "reference":
        return True
    alone = reading.begins_at(place) and reading.at(place + 1)[0].roles & ROLE["separator"]
    return bool(reading.at(place - 1)[0].kind == "filler" or (alone and not reading.marks))


def _counts(reading: Reading, place: int) -> bool:
    """Whether a name that begins like a quantity stands where a quantity would."""
    before, after = reading.at(place - 1)[0].roles, reading.at(place + 1)[0]
    orders = before & (ROLE["carrier"] | ROLE["again"] | ROLE["desire"] | ROLE["opener"])
    return bool(orders) and after.kind != "head" and not after.roles & ROLE["of"]


def _clear(reading: Reading, place: int) -> bool:
    """Whether a value stands alone in its clause, or is what something is changed to: 糖改三分."""
    before, after = reading.at(place - 1)[0], place + 1
    while reading.at(after)[0].roles & _TRAILS:
        after += 1
    alone = reading.begins_at(place) or bool(before.roles & _BRINGS)
    return alone and reading.ends_at(after)


def _said_of_all(reading: Reading, place: int) -> bool:
    """奶茶两杯 果茶两杯 少冰: a pause before the first value that is said at all."""
    kinds = [mark[0] for mark in reading.marks]
    if not reading.paused(place):
        return False
    if kinds.count(HEAD) == 1 and kinds.count(QUANTITY) > 1:
        return True  # 三杯奶茶 两杯大的一杯小的 热
    return kinds.count(HEAD) > 1 and VALUE not in kinds


def attribute(reading: Reading, place: int) -> int:
    entry = reading.tokens[place][0]
    assert entry.slot is not None
    if entry.form in entry.slot.spec.alone and not _clear(reading, place):
        return reading.refuse(place)
    if len(entry.form) == 1 and "unknown" in (reading.at(place - 1)[0].kind, reading.at(place + 1)[0].kind):
        return reading.refuse(place)  # a single character beside a strange word belongs to that word: 好热
    if len(entry.form) == 1 and (reading.at(place - 1)[0].kind == "note" or _exclaimed(reading, place)):
        return reading.refuse(place)
    if entry.roles & ROLE["person"] and reading.at(place + 1)[0].roles & ROLE["wants"]:
        reading.fail("tie", f"{entry.form} may be who wants it")  # 阿嬷要喝热的
    beyond = reading.at(place + 2)[0]
    if (
        len(entry.form) == 1
        and reading.at(place + 1)[0].roles & ROLE["connector"]
        and beyond.kind == "attribute"
    ):
        return reading.refuse(place)  # 冰和糖都别放
    following, beyond = reading.at(place + 1)[0], reading.at(place + 2)[0]
    undone = (
        entry.form.endswith(reading.spec.words.undone) and reading.said(PART) is reading.said(HEAD) is False
    )
    if undone and not (reading.changing or reading.said(QUANTITY)):
        reading.fail("tie", "an order, or a change of one")  # 减脂期，糖去掉
    within = entry.roles & ROLE["within"] and reading.at(place - 1)[0].kind == "measure"
    if within and following.kind == "numeral":
        reading.fail("tie", "one share of several")  # 两杯中一杯去冰
    if following.roles & ROLE["demonstrative"] and beyond.kind == "attribute" and not reading.said(HEAD):
        reading.fail("tie", "which one, or what is wanted")  # 大杯那个去冰
    if entry.rejects and reading.at(place + 1)[0].kind == "head":
        reading.fail("tie", f"{entry.form} may reject what follows")
    if entry.slot.spec.spreads and entry.form[0] in NUMERAL_CHARS and _counts(reading, place):
        reading.fail("tie", f"{entry.form} is a name or a number of something")  # 来7杯茶
    if entry.slot.spec.specifies:
        reading.specified = True
        if _said_of_all(reading, place):
            reading.fail("tie", f"{entry.form} of all, or of the last")
    reading.marks.append((VALUE, entry.slot.field, entry.said))
    return place + 1


def _spent(reading: Reading, place: int) -> bool:
    """Whether a flag that a model vouches for is said to be spent right after it, or by its own words: 券给我使上."""
    if not reading.vouched(place):
        return False
    if reading.tokens[place][0].form.endswith(reading.spec.words.spend):
        return True
    after = place + 1
    while reading.at(after)[0].roles & _AROUND_A_FLAG and not reading.at(after)[0].roles & ROLE["spend"]:
        after += 1
    return bool(reading.at(after)[0].roles & ROLE["spend"])


def flag(reading: Reading, place: int) -> int:
    entry = reading.tokens[place][0]
    assert entry.slot is not None
    if entry.form in entry.slot.spec.alone and not (reading.begins_at(place) and reading.ends_at(place + 1)):
        return reading.refuse(place)
    if reading.changing and entry.form.endswith(reading.spec.words.of):
        reading.fail("tie", "which one, or what becomes of it")  # 那个免单的奶茶
    if reading.at(place - 1)[0].kind in ("measure", "count") and not reading.said(HEAD):
        reading.fail("tie", f"{entry.form} may be what is wanted")  # 来一个免单卡
    noun = entry.value in entry.slot.spec.nouns or entry.form.startswith(entry.slot.spec.hints or (" ",))
    if noun and reading.at(place - 1)[0].kind == "head" and not _spent(reading, place):
        reading.fail("tie", f"{entry.form} may be what is wanted")  # 给我个奶茶兑换券
    before = reading.at(place - 1)[0].roles
    if before & ROLE["carrier"] and not before & ROLE["spend"] and entry.value in entry.slot.spec.nouns:
        reading.fail("tie", f"{entry.form} may be what is wanted")  # 来一张免单卡，来一杯奶茶
    kinds = {token[0].kind for token in reading.tokens}
    if "head" not in kinds and any(token[0].roles & ROLE["portion"] for token in reading.tokens[place:]):
        reading.fail("tie", f"{entry.form} may be what is wanted")  # 免单的卡，给我来一个
    if reading.marks and reading.marks[-1][0] is ALL:
        reading.marks.pop()  # 全部用券，两杯奶茶
    reading.put(entry.slot.field, True)
    return place + 1


HANDLERS: Final[Mapping[str, Handler]] = {
    "head": head,
    "attribute": attribute,
    "flag": flag,
}
