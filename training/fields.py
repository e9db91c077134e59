"""Labels of a pack with a grammar and an answer model of its own: how they are written, compared and found in a text.

A label is the answer's fields as YAML, without the outer braces: ``rides: [{kind: 快车}], destination: 机场``. What is
not said is left out. Where a value stands in its text is told by the pack's own grammar, so that a tagger learns to see
what the grammar sees; what is kept as spoken is looked for as it stands.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from cascade.errors import BundleCorrupt
from cascade.grammar import OrderGrammar
from cascade.grammar.entry import ROLE
from cascade.grammar.spec import GrammarSpec
from cascade.strict_yaml import parse
from training.alignment import Alignment, Find, everywhere, money

_COUNTED = ROLE["measure"] | ROLE["counted"]


def parse_fields(column: str, intent: str, answers: type[BaseModel]) -> Any:
    """The answer that a column writes. Raises ``ValueError`` that says what is wrong."""
    try:
        data = parse(f"{{{column}}}", "label").data
        return answers.model_validate({**data, "intent": intent})
    except BundleCorrupt as error:
        raise ValueError(f"not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def format_fields(answer: BaseModel) -> str:
    """The column of an answer; JSON, which is YAML."""
    said = answer.model_dump(mode="json", exclude_defaults=True, exclude={"intent"})
    return json.dumps(said, ensure_ascii=False)[1:-1]


def canonical_fields(answer: BaseModel, spelling: Callable[[str], str]) -> Any:
    """An answer as plain values that compare: texts in one spelling, lists of texts as counts."""
    return _plain(answer.model_dump(mode="json"), spelling)


def _plain(value: Any, spelling: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return spelling(value) if value else value
    if isinstance(value, dict):
        return {name: _plain(inside, spelling) for name, inside in value.items()}
    if isinstance(value, list):
        plain = [_plain(inside, spelling) for inside in value]
        return dict(Counter(plain)) if plain and all(isinstance(one, str) for one in plain) else plain
    return value


def fields_of(spec: GrammarSpec) -> tuple[str, ...]:
    """The fields that a grammar fills; a field of an item is named without the field that holds the items."""
    names = [name for slot in spec.slots.values() for name in (slot.field, slot.without) if name]
    names.append(spec.quantity.field)
    names += [part.field for part in (spec.budget, spec.clock) if part is not None]
    return tuple(dict.fromkeys(names))


def details_of(spec: GrammarSpec) -> frozenset[str]:
    """Fields that speak of an order and of nothing else: what describes an item, and how many."""
    described = [slot for slot in spec.slots.values() if slot.role in ("attribute", "part")]
    return frozenset(name for slot in described for name in (slot.field, slot.without) if name) | {
        spec.quantity.field
    }


class FieldAligner:
    """Finds the values of answers in texts by the pack's grammar."""

    def __init__(self, grammar: OrderGrammar, normalised: Callable[[str], str]) -> None:
        """``normalised`` brings a spoken value to the spelling of the texts."""
        self._grammar = grammar
        self._spec = grammar.spec
        self._normalised = normalised

    def align(self, text: str, answer: BaseModel) -> Alignment:
        """Find every value of ``answer`` in the normalised ``text``."""
        said = list(self._said(text))
        finds: list[Find] = list(self._quantities(text))
        missing: list[tuple[str, str]] = []
        for field, value, slots in self._values(answer):
            found = [
                Find(start, end, field, value) for slot, name, start, end in said if (slot, name) in slots
            ]
            found = found or [Find(*place, field, value) for place in self._spoken(text, field, value)]
            if not found:
                missing.append((field, value))
            finds += found
        return Alignment(_longest(finds), tuple(dict.fromkeys(missing)))

    def _said(self, text: str) -> Iterator[tuple[str, str, int, int]]:
        """What the grammar's words name: slot, canonical value, place."""
        for entry, start, end in self._grammar.lexicon.scan(text):
            for sense in entry.variants or (entry,):
                if sense.slot is not None:
                    yield sense.slot.name, sense.value, start, end

    def _quantities(self, text: str) -> Iterator[Find]:
        tokens = self._grammar.lexicon.scan(text)
        for at, (entry, start, end) in enumerate(tokens):
            if entry.kind == "count":
                yield Find(start, end, self._spec.quantity.field, entry.form)
            following = tokens[at + 1] if at + 1 < len(tokens) else None
            if entry.kind == "numeral" and following is not None and following[0].roles & _COUNTED:
                yield Find(start, following[2], self._spec.quantity.field, entry.form)

    def _values(self, answer: BaseModel) -> Iterator[tuple[str, str, set[tuple[str, str]]]]:
        """Each value: its field, how it is written, and the slots' values that say it."""
        for name, slot in self._spec.slots.items():
            for field in (slot.field, slot.without):
                for value in _filled(answer, field, self._spec.items) if field else ():
                    if slot.role == "flag":
                        yield field or "", name, {(name, one) for one in self._names(name)}
                    else:
                        yield field or "", str(value), {(name, str(value))}
        for part in (self._spec.budget, self._spec.clock):
            for value in _filled(answer, part.field, self._spec.items) if part is not None else ():
                yield part.field if part is not None else "", str(value), set()

    def _names(self, slot: str) -> Iterator[str]:
        for entry in self._grammar.lexicon.words:
            yield from (
                sense.value for sense in entry.variants or (entry,) if sense.slot and sense.slot.name == slot
            )

    def _spoken(self, text: str, field: str, value: str) -> Iterator[tuple[int, int]]:
        if self._spec.budget is not None and field == self._spec.budget.field:
            yield from money(text, float(value))
        else:
            yield from everywhere(text, self._normalised(value))


def _filled(answer: BaseModel, field: str, items: str) -> Iterator[Any]:
    """Every value of a field of the answer, or of its items."""
    first, *rest = field.split(".")
    records: list[Any] = [answer] if first in type(answer).model_fields else list(getattr(answer, items))
    for record in records:
        value = getattr(record, first)
        for name in rest:
            value = None if value is None else getattr(value, name)
        if isinstance(value, tuple):
            yield from value
        elif value is not None and value is not False:
            yield value


def _longest(candidates: list[Find]) -> tuple[Find, ...]:
    """Finds that do not overlap, the longest first."""
    taken: set[int] = set()
    chosen: list[Find] = []
    for find in sorted(candidates, key=lambda find: (find.start - find.end, find.start)):
        places = range(find.start, find.end)
        if taken.isdisjoint(places):
            taken.update(places)
            chosen.append(find)
    return tuple(sorted(chosen, key=lambda find: find.start))
