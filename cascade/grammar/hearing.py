"""Words of an utterance where somebody has marked which of them belong to the order, and to which field.

The marks are the classifier's. A marked stretch is looked up by itself: a name, a sugar level, a topping must be found
in the lexicon under the marked field, or it stays unresolved. What is kept as spoken (an address, a time, a wish) is
taken as marked. What is named outside of the marks is passed over and reported. Function words keep their work.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from cascade.grammar.entry import ROLE, UNKNOWN, Entry, Slot, Token
from cascade.grammar.lexicon import Lexicon
from cascade.grammar.numerals import NUMERAL_CHARS
from cascade.grammar.sounds import Sound, Sounds
from cascade.grammar.spec import GrammarSpec, SlotSpec
from cascade.grammar.stretches import doubtful, inner, widened

_AS_SPOKEN: Final = frozenset({"note", "place"})
_MAY_MEAN: Final = frozenset({"unknown", "remove", "reject", "removed", "guard", "plenty", "toward"})
"""Kinds of words that, marked together with a value, may change it."""

_REJECTS: Final = ROLE["reject"] | ROLE["remove"]
_SOUNDED: Final = frozenset({"head", "attribute", "part"})
_NAMED: Final = _SOUNDED | {"flag"}
_LEAST_SYLLABLES: Final = 2
_ROOM: Final = 4
"""Digits of the longest number of a house or a room."""
_NEAR: Final = 6
"""How many characters from its marks a hint of a flag may stand: 新人券先用掉."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A stretch ``[start, end)`` of the normalised text that is said to belong to a field of the answer."""

    start: int
    end: int
    field: str


@dataclass(slots=True)
class HeardTokens:
    """The words of an utterance, and what became of the marks."""

    tokens: list[Token] = field(default_factory=list)
    fields: dict[int, str] = field(default_factory=dict)
    """Starts of the words that a mark vouches for, and the field it says."""
    dropped: list[tuple[int, int, str]] = field(default_factory=list)
    """Places of things of the trade that no mark claims, and the roles of their slots."""
    replaced: set[int] = field(default_factory=set)
    """Starts of those of them that a change begins with: 美式 in 冰美式换成热拿铁, where 拿铁 is marked."""
    unclaimed: dict[int, Entry] = field(default_factory=dict)
    """Starts of these words, and what they name."""
    more: dict[int, list[Entry]] = field(default_factory=dict)
    """Starts of the wishes that ask for more of parts, and the parts: 芋圆多来点, 西米多放芒果多放."""
    rejected: list[tuple[int, int]] = field(default_factory=list)
    """Places of marked values that were named to say that they are not wanted."""
    unresolved: list[tuple[int, int]] = field(default_factory=list)
    """Marked stretches in which the lexicon finds no value of the field."""

    def add(self, token: Token) -> None:
        last = self.tokens[-1] if self.tokens else None
        if last is not None and last[2] == token[1] and last[0].kind == token[0].kind == "numeral":
            self.tokens[-1] = (last[0], last[1], token[2])
        else:
            self.tokens.append(token)


class Listener:
    """Puts marks and lexicon together. Immutable, safe to share."""

    def __init__(self, spec: GrammarSpec, lexicon: Lexicon, sounds: Sounds) -> None:
        self._spec = spec
        self._lexicon = lexicon
        self._sounds = sounds
        self._spoken: dict[str, Entry] = {}
        self._typed: dict[str, frozenset[str]] = {}
        self._flags: dict[str, Entry] = {}
        self._heads: set[str] = set()
        self._ways: set[str] = set()
        self._places: set[str] = set()
        for name, slot in spec.slots.items():
            if slot.role in _AS_SPOKEN and slot.field is not None:
                self._spoken[slot.field] = Entry("", "heard", 0, Slot(name, slot, slot.field))
                if slot.role == "place":
                    self._places.add(slot.field)
            elif slot.role in ("head", "attribute", "part", "flag", "value"):
                for path in (slot.field, slot.without):
                    if path is not None:
                        self._typed[path] = self._typed.get(path, frozenset()) | {name}
                        if slot.role == "flag":
                            self._flags[path] = Entry("", "flag", 0, Slot(name, slot, path))
                        elif slot.role == "value":
                            self._ways.add(path)
                        elif slot.role == "head":
                            self._heads.add(path)
        if spec.clock is not None:
            clock = SlotSpec(role="value", field=spec.clock.field)
            self._spoken[spec.clock.field] = Entry("", "heard", 0, Slot("clock", clock, spec.clock.field))

    @property
    def fields(self) -> frozenset[str]:
        """Fields whose marks are looked at; what others mark is the grammar's own business."""
        return frozenset(self._spoken) | frozenset(self._typed)

    @property
    def spoken(self) -> frozenset[str]:
        """Those of them that are kept as spoken."""
        return frozenset(self._spoken)

    def tokens(self, text: str, marks: Sequence[Heard]) -> HeardTokens:
        """The words of a normalised text; ``marks`` are in order and do not overlap."""
        found = HeardTokens()
        done = 0
        for mark in self._widened(text, marks):
            self._outside(text, done, mark.start, found)
            if mark.field in self._spoken:
                self._as_spoken(text, mark, found)
            else:
                self._by_lexicon(text, mark, found)
            done = mark.end
        self._outside(text, done, len(text), found)
        _reject(found)
        self._give_way(text, found)
        return found

    def _widened(self, text: str, marks: Sequence[Heard]) -> list[Heard]:
        """The marks, those of places with what is left of the words they cut."""
        wide: list[Heard] = []
        for at, mark in enumerate(marks):
            start, end = mark.start, mark.end
            if mark.field in self._spoken and mark.field not in self._places:
                start = self._after_talk(text, start, end)
            if mark.field in self._places:
                free = wide[-1].end if wide else 0, marks[at + 1].start if at + 1 < len(marks) else len(text)
                start, end = widened(self._spec, text, self._lexicon.scan(text), (start, end), free)
            wide.append(Heard(start, end, mark.field))
        return wide

    def _after_talk(self, text: str, start: int, end: int) -> int:
        """Where a mark begins that cuts a word of talk in two: 随便 of 啥随便 after 不知道喝."""
        for entry, first, last in self._lexicon.scan(text):
            if entry.kind == "guard" and first < start < last < end:
                return last
        return start

    def _scan(self, text: str, start: int, end: int) -> Iterator[Token]:
        for entry, first, last in self._lexicon.scan(text[start:end]):
            yield entry, first + start, last + start

    def _outside(self, text: str, start: int, end: int, found: HeardTokens) -> None:
        for entry, first, last in self._scan(text, start, end) if start < end else ():
            role = _role(entry)
            if role in ("", "measure"):  # measures are the grammar's business
                found.add((entry, first, last))
            else:
                found.dropped.append((first, last, role))
                found.unclaimed[first] = entry
                found.add((UNKNOWN, first, last))

    def _give_way(self, text: str, found: HeardTokens) -> None:
        """Find out which of what no mark claims a change begins with, and something marked of the same field replaces.

        It is the last of its role that was named before the change, in the same clause or the one before it.
        """
        left = {start: self._lexicon.scan(text[start:end])[0] for start, end, _ in found.dropped}
        became = {end for entry, _, end in found.tokens if entry.roles & ROLE["change"]}
        for start, word in left.items():
            if start in became:
                continue  # 改成大杯，也改成小杯
            changed, pauses = False, 0
            for entry, first, _ in found.tokens:
                if first <= start:
                    continue
                pauses += bool(entry.roles & ROLE["separator"])
                if pauses > 1 or (first in left and _role(left[first][0]) == _role(word[0])):
                    break
                changed |= bool(entry.roles & ROLE["change"])
                name = found.fields.get(first)
                if name in self._typed and self._sense(word, name) is not None:
                    if changed:
                        found.replaced.add(start)
                    break

    def _as_spoken(self, text: str, mark: Heard, found: HeardTokens) -> None:
        words = list(self._scan(text, mark.start, mark.end))
        place = inner(self._spec, text, words, place=mark.field in self._places)
        if place is None:
            found.tokens += words
            return
        start, end = place
        said = [word for word in words if start <= word[1] and word[2] <= end]
        if said and all(_role(word[0]) in _NAMED for word in said):  # 椰果 is no wish
            found.unresolved.append((start, end))
        pauses = any(entry.roles & ROLE["separator"] for entry, _, _ in said)
        called = _longest_number(text[start:end]) > _ROOM
        if doubtful(self._spec, text, said, start, end) or (
            (pauses or called) and mark.field in self._places
        ):
            # 书画院，门口有石狮子: an address, and what may be a wish; 3号楼13812345678: and a telephone
            found.unresolved.append((start, end))
        for word in self._scan(text, mark.start, start):
            found.add(word)
        if more := _more(said):
            found.more[start] = more
        elif sum(bool(entry.roles & ROLE["more"]) for entry, _, _ in said) > 1:
            found.unresolved.append((start, end))  # 西米多放芒果多放: one of them may be no part
        found.tokens.append((self._spoken[mark.field], start, end))
        found.fields[start] = mark.field
        for word in self._scan(text, end, mark.end):
            found.add(word)

    def _by_lexicon(self, text: str, mark: Heard, found: HeardTokens) -> None:
        words = [(self._sense(token, mark.field), token) for token in self._scan(text, mark.start, mark.end)]
        if len(words) > 1 and mark.field in self._heads:
            whole = self._lexicon.compound(text[mark.start : mark.end])
            words = [(whole, (whole, mark.start, mark.end))] if whole is not None else words
        if not any(sense for sense, _ in words):
            other = self._hinted(text[mark.start : mark.end], mark.field)
            other = other or self._by_sound(text[mark.start : mark.end], mark.field)
            other = other or self._hinted(text[max(0, mark.start - _NEAR) : mark.end + _NEAR], mark.field)
            if other is not None:
                words = [(other, (other, mark.start, mark.end))]
            elif mark.field in self._ways:  # 到 alone names no way to get it
                self._outside(text, mark.start, mark.end, found)
                return
            else:
                found.unresolved.append((mark.start, mark.end))
        for sense, (entry, start, end) in words:
            if sense is not None:
                found.fields[start] = mark.field
                found.tokens.append((sense, start, end))
            elif entry.slot is not None or entry.variants:
                found.unresolved.append((start, end))
                found.tokens.append((UNKNOWN, start, end))
            else:
                found.add((entry, start, end))
                if self._may_mean(mark.field, entry) and any(map(str.isalnum, text[start:end])):
                    found.unresolved.append((start, end))  # 冰要去 is no 冰

    def _may_mean(self, name: str, entry: Entry) -> bool:
        """Whether a word beside a value, marked with it, may make it another: of a flag only what denies it."""
        if name in self._flags:
            return _negates(entry)
        return entry.kind in _MAY_MEAN

    def _sense(self, token: Token, name: str) -> Entry | None:
        """The word as a value of a field, where it is one."""
        entry, slots = token[0], self._typed[name]
        senses = [
            sense
            for sense in entry.variants or (entry,)
            if sense.slot is not None and sense.slot.name in slots
        ]
        if len(senses) > 1:
            return replace(entry, variants=tuple(senses))
        return senses[0] if senses else None

    def _hinted(self, words: str, name: str) -> Entry | None:
        """A flag that is said in other words than the lexicon's: the marks and a hint of it are enough."""
        flag = self._flags.get(name)
        if flag is None or flag.slot is None or not any(hint in words for hint in flag.slot.spec.hints):
            return None
        return flag

    def _by_sound(self, words: str, name: str) -> Entry | None:
        """The one value of a field that sounds like a marked stretch; none where several do, or one syllable is all."""
        sounding = self._sounding.get((name, self._sounds.of(words)), [])
        found = [
            entry for entry in sounding if _role(entry) != "attribute" or _same_numbers(words, entry.form)
        ]
        return found[0] if len({entry.value for entry in found}) == 1 else None

    @cached_property
    def _sounding(self) -> dict[tuple[str, Sound], list[Entry]]:
        forms: dict[tuple[str, Sound], list[Entry]] = {}
        for entry in self._lexicon.entries:
            slot = entry.slot
            if slot is None or slot.spec.role not in _SOUNDED or len(entry.form) < _LEAST_SYLLABLES:
                continue
            sound = self._sounds.of(entry.form)
            for name in filter(None, (slot.spec.field, slot.spec.without)):
                forms.setdefault((name, sound), []).append(entry)
        return forms


def _reject(found: HeardTokens) -> None:
    """Leave out a value right after a negation, where another value of its field is wanted: 不要热的，来杯冰的."""
    places = [
        (at, found.fields[start])
        for at, (entry, start, _) in enumerate(found.tokens)
        if start in found.fields and entry.kind in ("head", "attribute")
    ]
    negated = [(at, name) for at, name in places if at and _negates(found.tokens[at - 1][0])]
    for at, name in negated:
        if any(other != at and field == name and (other, field) not in negated for other, field in places):
            token = found.tokens[at]
            start, end = token[1], token[2]
            del found.fields[start]
            found.rejected.append((start, end))
            found.tokens[at] = (UNKNOWN, start, end)


def _more(words: Sequence[Token]) -> list[Entry]:
    """The parts that a wish asks for more of, where it says nothing else: 多放红豆, 芋圆多来点, 双份珍珠."""
    found: list[Entry] = []
    for at in range(0, len(words), 2):
        pair = words[at : at + 2]
        parts = [sense for word in pair for sense in word[0].variants or (word[0],) if sense.kind == "part"]
        asks = any(entry.roles & (ROLE["more"] | ROLE["plenty"]) for entry, _, _ in pair)
        if len(pair) != 2 or not asks or len(parts) != 1:
            return []
        found += parts
    return found


def _same_numbers(words: str, form: str) -> bool:
    """Whether a form has each numeral of the words that sound like it: 四分糖 is not 十分糖 misheard."""
    return all(one == other for one, other in zip(words, form, strict=True) if one in NUMERAL_CHARS)


def _longest_number(text: str) -> int:
    return max(map(len, "".join(one if one.isdigit() else " " for one in text).split()), default=0)


def _negates(entry: Entry) -> bool:
    return entry.guard == "negation" or bool(entry.roles & _REJECTS)


def _role(entry: Entry) -> str:
    """The role of the slot that a word is a value of, empty for other words."""
    return next((sense.slot.spec.role for sense in entry.variants or (entry,) if sense.slot is not None), "")
