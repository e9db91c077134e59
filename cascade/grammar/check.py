"""Holding an answer against the utterance: what it made up, and what it lost.

This is no second parse. It asks of each value in the answer whether the words for it were said, and of each thing
that was said whether it came into the answer. An answer of an intent that carries no order is not asked anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel

from cascade.grammar.entry import ROLE, Token
from cascade.grammar.lexicon import Lexicon
from cascade.grammar.numerals import parse_numeral
from cascade.grammar.parse import Problem
from cascade.grammar.spec import GrammarSpec, SlotSpec
from cascade.text import Utterance

_MEASURED = ROLE["measure"] | ROLE["counted"] | ROLE["bundle"]


class _Said:
    """What the utterance holds, ready to be asked."""

    def __init__(self, spec: GrammarSpec, lexicon: Lexicon, utterance: Utterance) -> None:
        self.text = utterance.text
        self.plain = _plain(utterance.text)
        self.raw = _plain(utterance.raw.lower())
        self.tokens = lexicon.scan(utterance.text)
        self.values: dict[str, set[str]] = {}
        for entry, _, _ in self.tokens:
            for sense in entry.variants or (entry,):
                if sense.slot is not None:
                    self.values.setdefault(sense.slot.name, set()).add(sense.value)
        self.numbers = set(_numbers(self.tokens, utterance.text))
        self.counted = [number for number, counts in _counted(self.tokens, utterance.text) if counts]

    def literally(self, value: str) -> bool:
        """Whether these very words were said, spacing aside."""
        words = _plain(value.lower())
        return words in self.plain or words in self.raw


def check(
    spec: GrammarSpec, lexicon: Lexicon, utterance: Utterance, answer: BaseModel
) -> tuple[Problem, ...]:
    """Every disagreement, those of the answer before those of the utterance."""
    data = answer.model_dump()
    if data.get("intent") not in (spec.intent, spec.modify):
        return ()
    said = _Said(spec, lexicon, utterance)
    items: list[dict[str, Any]] = list(data.get(spec.items) or ())
    return (*_unsupported(spec, said, data, items), *_lost(spec, said, data, items))


def _unsupported(
    spec: GrammarSpec, said: _Said, data: dict[str, Any], items: list[dict[str, Any]]
) -> Iterator[Problem]:
    for name, slot in spec.slots.items():
        for value in _values_of(slot, data, items):
            if not _supported(slot, said, name, value):
                yield Problem("unsupported", slot.field or name, f"{value} was not said")
    if spec.budget is not None:
        bound = _at(data, spec.budget.field)
        if bound is not None and bound not in said.numbers:
            yield Problem("unsupported", spec.budget.field, f"{bound:g} was not said")
    if spec.clock is not None:
        time = _at(data, spec.clock.field)
        if time and not said.literally(str(time)):
            yield Problem("unsupported", spec.clock.field, f"{time} was not said")
    for item in items:
        number = item.get(spec.quantity.field)
        if isinstance(number, int) and not _countable(number, said.numbers):
            yield Problem("unsupported", spec.quantity.field, f"{number} was not said")


def _lost(
    spec: GrammarSpec, said: _Said, data: dict[str, Any], items: list[dict[str, Any]]
) -> Iterator[Problem]:
    spoken = [_plain(str(text).lower()) for text in _spoken(spec, data)]
    for place, (entry, start, end) in enumerate(said.tokens):
        senses = [sense for sense in entry.variants or (entry,) if sense.slot is not None]
        if not senses or any(_plain(said.text[start:end]) in text for text in spoken):
            continue
        if any(
            _kept(sense.slot.spec, sense.value, data, items) for sense in senses if sense.slot is not None
        ):
            continue
        before = said.tokens[place - 1][0].roles if place else 0
        if senses[0].kind == "head" and before & ROLE["reject"]:
            continue  # 不要奶茶要果茶
        yield Problem(
            "lost", senses[0].slot.name if senses[0].slot else "", f"{said.text[start:end]} is missing"
        )
    numbers = [item.get(spec.quantity.field) for item in items]
    total = sum(number for number in numbers if isinstance(number, int))
    for number in said.counted:
        if number not in numbers and number != total and not any(str(number) in text for text in spoken):
            yield Problem("lost", spec.quantity.field, f"the quantity {number} is missing")


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
    if slot.role == "flag":
        return name in said.values
    if str(value) in said.values.get(name, ()):
        return True
    return slot.spoken and said.literally(str(value))


def _kept(slot: SlotSpec, value: str, data: dict[str, Any], items: list[dict[str, Any]]) -> bool:
    if slot.role == "flag":
        return bool(_at(data, slot.field or ""))
    if slot.role in ("note", "place"):
        return False  # kept as spoken, which was looked for already
    return any(str(found) == value for found in _values_of(slot, data, items))


def _spoken(spec: GrammarSpec, data: dict[str, Any]) -> Iterator[Any]:
    fields = {slot.field for slot in spec.slots.values() if slot.role in ("note", "place")}
    if spec.clock is not None:
        fields.add(spec.clock.field)
    for field in fields:
        value = _at(data, field or "")
        yield from value if isinstance(value, tuple | list) else (value,) if value else ()


def _counted(tokens: list[Token], text: str) -> Iterator[tuple[int, bool]]:
    """Each number said, and whether a measure word makes it a quantity."""
    for place, (entry, start, end) in enumerate(tokens):
        if entry.kind == "numeral":
            number = parse_numeral(text[start:end])
            following = tokens[place + 1][0] if place + 1 < len(tokens) else None
            if number is not None:
                factor = following.number if following is not None and following.number else 1
                yield number * factor, following is not None and bool(following.roles & _MEASURED)
        elif entry.roles & ROLE["count"]:
            yield entry.number, True


def _numbers(tokens: list[Token], text: str) -> Iterator[int]:
    return (number for number, _ in _counted(tokens, text))


def _countable(number: int, said: Iterable[int]) -> bool:
    """One goes without saying; others were said, or are what two numbers said leave or make together."""
    known = set(said)
    return (
        number == 1
        or number in known
        or any(abs(a - b) == number or a + b == number for a in known for b in known)
    )


def _at(data: dict[str, Any], path: str) -> Any:
    value: Any = data
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _plain(text: str) -> str:
    return "".join(text.split())
