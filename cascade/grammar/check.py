"""Holding an answer against the utterance: what it made up, and what it lost.

This is no second parse. It asks of each value in the answer whether the words for it were said, and of each thing
that was said whether it came into the answer, words included that the grammar cannot explain.
An answer of an intent that carries no order is not asked anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from pydantic import BaseModel

from cascade.grammar.entry import ROLE, UNKNOWN, Entry, Token
from cascade.grammar.lexicon import Lexicon
from cascade.grammar.numerals import carries_measure, number_within, parse_numeral
from cascade.grammar.parse import Parse, Problem
from cascade.grammar.remainder import passed_over
from cascade.grammar.spec import GrammarSpec, SlotSpec
from cascade.text import Utterance

_MEASURED = ROLE["measure"] | ROLE["counted"] | ROLE["bundle"]


class _Said:
    """What the utterance holds, ready to be asked."""

    def __init__(self, spec: GrammarSpec, lexicon: Lexicon, utterance: Utterance) -> None:
        self.utterance = utterance
        self.text = utterance.text
        self.plain = _plain(utterance.text)
        self.raw = _plain(utterance.raw.lower())
        self.tokens = lexicon.scan(utterance.text)
        self.values: dict[str, set[str]] = {}
        for entry, _, _ in self.tokens:
            for sense in entry.variants or (entry,):
                if sense.slot is not None:
                    self.values.setdefault(sense.slot.name, set()).add(sense.value)
        numbers = list(_counted(self.tokens, utterance.text))
        self.amounts = {number for _, number, counts in numbers if not counts}
        self.counted = [(at, number) for at, number, counts in numbers if counts]
        pointed = [number_within(entry.form) for entry, _, _ in self.tokens if entry.kind == "reference"]
        self.pointed = [number for number in pointed if number is not None]
        """How many are pointed at, which may be said of the change or only say which they are: 那两杯改少糖."""

    def as_spoken(self, start: int, end: int, value: str) -> bool:
        """Whether a value holds the words at a place, as they were typed or as they were normalised."""
        typed = _plain(self.utterance.raw_text(start, end).lower())
        return typed in value or _plain(self.text[start:end]) in value

    def literally(self, value: str) -> bool:
        """Whether these very words were said, spacing aside."""
        words = _plain(value.lower())
        return words in self.plain or words in self.raw


def check(
    spec: GrammarSpec, lexicon: Lexicon, utterance: Utterance, answer: BaseModel, parse: Parse
) -> tuple[Problem, ...]:
    """Every disagreement, those of the answer before those of the utterance; ``parse`` is of the answer's intent."""
    data = answer.model_dump()
    if data.get("intent") not in (spec.intent, spec.modify):
        return ()
    said = _Said(spec, lexicon, utterance)
    items: list[dict[str, Any]] = list(data.get(spec.items) or ())
    spoken = [_plain(str(text).lower()) for text in _spoken(spec, data)]
    lost = (
        *_lost(spec, said, data, items, spoken, superseded=parse.superseded),
        *passed_over(spec, lexicon, utterance, parse, [*spoken, *_hinted(spec, data)]),
    )
    lost = lost or tuple(_wishes_lost(spec, parse, spoken))
    return (*_unsupported(spec, said, data, items), *dict.fromkeys(lost))


def _unsupported(
    spec: GrammarSpec, said: _Said, data: dict[str, Any], items: list[dict[str, Any]]
) -> Iterator[Problem]:
    for name, slot in spec.slots.items():
        for value in _values_of(slot, data, items):
            if not _supported(slot, said, name, value):
                yield Problem("unsupported", slot.field or name, f"{value} was not said")
    if spec.budget is not None:
        bound = _at(data, spec.budget.field)
        if bound is not None and bound not in said.amounts:
            yield Problem("unsupported", spec.budget.field, f"{bound:g} was not said")
    if spec.clock is not None:
        time = _at(data, spec.clock.field)
        if time and not said.literally(str(time)):
            yield Problem("unsupported", spec.clock.field, f"{time} was not said")
    for item in items:
        number = item.get(spec.quantity.field)
        if isinstance(number, int) and not _countable(
            number, [*(count for _, count in said.counted), *said.pointed]
        ):
            yield Problem("unsupported", spec.quantity.field, f"{number} was not said")


def _lost(
    spec: GrammarSpec,
    said: _Said,
    data: dict[str, Any],
    items: list[dict[str, Any]],
    spoken: list[str],
    *,
    superseded: frozenset[int],
) -> Iterator[Problem]:
    for place, (entry, start, end) in enumerate(said.tokens):
        if start in superseded:
            continue  # 手滑点成热的
        senses = [sense for sense in entry.variants or (entry,) if sense.slot is not None]
        if not senses or any(said.as_spoken(start, end, text) for text in spoken):
            continue
        if any(_kept(sense, data, items) for sense in senses) or not _counts_as_said(said.tokens, place):
            continue
        if not any(_kept(sense, data, items) for sense in _instead(said.tokens, place)):
            yield Problem(
                "lost", senses[0].slot.name if senses[0].slot else "", f"{said.text[start:end]} is missing"
            )
    numbers = [number for item in items if isinstance(number := item.get(spec.quantity.field), int)]
    sums = {sum(some) for size in range(1, len(numbers[:8]) + 1) for some in combinations(numbers[:8], size)}
    for place, number in said.counted:
        if said.tokens[place][1] in superseded:
            continue
        corrected = sums.intersection(
            later for at, later in said.counted if _corrects(said.tokens, place, at)
        )
        if (
            number != 1
            and number not in sums
            and not corrected
            and not any(str(number) in text for text in spoken)
        ):
            yield Problem("lost", spec.quantity.field, f"the quantity {number} is missing")


def _wishes_lost(spec: GrammarSpec, parse: Parse, spoken: list[str]) -> Iterator[Problem]:
    """Wishes that no word says by itself, and that an answer does not hold: 杯子上写生日快乐."""
    whole = parse.answer.model_dump() if parse.complete else {}
    notes = {slot.field for slot in spec.slots.values() if slot.role == "note" and slot.field}
    for wish in (str(wish) for field in notes for wish in _at(whole, field) or ()):
        if not any(_plain(wish.lower()) in text for text in spoken):
            yield Problem("lost", "", f"{wish} is missing")


def _counts_as_said(tokens: list[Token], place: int) -> bool:
    """A rejected name (不要奶茶要果茶), a place nobody is sent to and a character of a strange word order nothing."""
    entry = tokens[place][0]
    before = tokens[place - 1][0].roles if place else 0
    if entry.kind == "head" and before & ROLE["reject"]:
        return False
    if entry.kind == "place":
        return bool(before & ROLE["lead"])
    beside = tokens[max(0, place - 1) : place] + tokens[place + 1 : place + 2]
    return len(entry.form) > 1 or all(other.kind != "unknown" for other, _, _ in beside)


def _instead(tokens: list[Token], place: int) -> Iterator[Entry]:
    """What was said in place of a mention: of the same slot, after a word that takes back or changes."""
    slot = tokens[place][0].slot
    for at in range(place + 1, len(tokens)):
        if slot is not None and tokens[at][0].slot == slot and _corrects(tokens, place, at):
            yield tokens[at][0]


def _corrects(tokens: list[Token], first: int, second: int) -> bool:
    return any(entry.guard or entry.roles & ROLE["change"] for entry, _, _ in tokens[first + 1 : second])


def _values_of(slot: SlotSpec, data: dict[str, Any], items: list[dict[str, Any]]) -> Iterator[Any]:
    if slot.field is None:
        return
    if slot.role in ("head", "attribute"):
        yield from (item[slot.field] for item in items if item.get(slot.field) is not None)
    elif slot.role == "part":
        for item in items:
            yield from item.get(slot.field) or ()
            yield from item.get(slot.without or "") or ()
    elif slot.role == "note":
        yield from _at(data, slot.field) or ()
    else:
        value = _at(data, slot.field)
        if value is not None and value is not False:
            yield value


def _supported(slot: SlotSpec, said: _Said, name: str, value: Any) -> bool:
    if slot.role in ("note", "place"):
        return said.literally(str(value))
    if name not in said.values and any(hint in said.text for hint in slot.hints):
        return True
    if slot.role == "flag":
        return name in said.values
    if str(value) in said.values.get(name, ()):
        return True
    return slot.spoken and said.literally(str(value))


def _kept(sense: Entry, data: dict[str, Any], items: list[dict[str, Any]]) -> bool:
    assert sense.slot is not None
    slot = sense.slot.spec
    if slot.role == "flag":
        return bool(_at(data, slot.field or ""))
    if slot.role in ("note", "place"):
        return False  # kept as spoken, which was looked for already
    return any(str(found) == sense.value for found in _values_of(slot, data, items))


def _spoken(spec: GrammarSpec, data: dict[str, Any]) -> Iterator[Any]:
    fields = {slot.field for slot in spec.slots.values() if slot.role in ("note", "place")}
    if spec.clock is not None:
        fields.add(spec.clock.field)
    for field in fields:
        value = _at(data, field or "")
        yield from value if isinstance(value, tuple | list) else (value,) if value else ()


def _hinted(spec: GrammarSpec, data: dict[str, Any]) -> Iterator[str]:
    """Words that may have said what the answer holds true: 卡 where a card is used."""
    for slot in spec.slots.values():
        if slot.role == "flag" and _at(data, slot.field or ""):
            yield from slot.hints


def _counts(following: Entry) -> bool:
    return bool(following.roles & _MEASURED) or (following.slot is not None and following.slot.spec.counts)


def _counted(tokens: list[Token], text: str) -> Iterator[tuple[int, int, bool]]:
    """The place of each number said, the number, and whether a measure word makes it a quantity."""
    for place, (entry, start, end) in enumerate(tokens):
        if entry.kind == "numeral":
            number = parse_numeral(text[start:end])
            following = tokens[place + 1][0] if place + 1 < len(tokens) else None
            if number is not None:
                factor = following.number if following is not None and following.number else 1
                before = tokens[place - 1][0] if place else UNKNOWN
                counts = carries_measure(text[start:end]) or bool(before.roles & ROLE["times"])
                yield place, number * factor, counts or (following is not None and _counts(following))
        elif entry.roles & ROLE["count"]:
            yield place, entry.number, True


def _countable(number: int, said: Sequence[int]) -> bool:
    """One goes without saying; others were said, or are what two quantities said leave or make together."""
    pairs = combinations(said, 2)
    return number == 1 or number in said or any(number in (a + b, abs(a - b)) for a, b in pairs)


def _at(data: dict[str, Any], path: str) -> Any:
    value: Any = data
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _plain(text: str) -> str:
    return "".join(text.split())
