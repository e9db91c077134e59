"""Whether the tags of the model and the order of the grammar tell the same story about every character."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from cascade.grammar import Parse
from cascade.grammar.entry import ROLE
from cascade.grammar.spec import GrammarSpec
from cascade.tiers.calibration import Calibration, Vector

Place = tuple[int, int]

_CARRIERS = frozenset({"carrier", "desire", "again"})
_ORDERING = _CARRIERS | {"numeral", "measure", "portion"}
_EXACT_ROLES = frozenset({"head", "attribute", "part", "note"})
"""Slots whose words carry the whole value: what the tagger sees beside them belongs to no value of the grammar."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the tags say about a parse."""

    confidence: float
    """Least probability, over all that matters, that the tagger sees it as the grammar does."""
    doubtful: tuple[Place, ...]
    """Places of the normalised text about which they disagree, in order; empty when the order may stand."""
    detail: str = ""


@dataclass(slots=True)
class _Hearing:
    """The tags of one text, by field, and what has been found doubtful so far."""

    outside: Vector
    by_field: Vector
    best: npt.NDArray[np.intp]
    """Number of the likeliest field of each character, -1 outside of all."""
    explained: npt.NDArray[np.bool_]
    confidence: float = 1.0
    doubts: list[tuple[Place, str]] = field(default_factory=list)

    def doubt(self, place: Place, why: str) -> None:
        self.doubts.append((place, why))

    def heard(self, confidence: Any) -> None:
        self.confidence = min(self.confidence, float(confidence))


class Judge:
    """Holds the grammar's orders against the model's tags. Immutable, safe to share."""

    def __init__(self, calibration: Calibration, spec: GrammarSpec) -> None:
        self._spec = spec
        self._details = calibration.order_details
        self._fields = calibration.fields
        self._number = {name: place for place, name in enumerate(self._fields)}
        self._columns = [self._number[tag[2:]] for tag in calibration.tags[1:]]
        self._slot_fields = {
            name: frozenset(f for f in (slot.field, slot.without) if f is not None and f in self._number)
            for name, slot in spec.slots.items()
        }
        self._heads = [slot.field for slot in spec.slots.values() if slot.role == "head" and slot.field]
        self._exact = {
            name
            for slot in spec.slots.values()
            if slot.role in _EXACT_ROLES
            for name in (slot.field, slot.without)
        }

    def verdict(self, parse: Parse, tags: Vector) -> Verdict:
        """``tags`` are the probabilities ``[characters, tags]`` of the text that ``parse`` is of."""
        by_field = np.zeros((len(tags), len(self._fields)), np.float32)
        for column, number in enumerate(self._columns, 1):
            by_field[:, number] += tags[:, column]
        best = np.where(tags[:, 0] >= by_field.max(axis=1), -1, by_field.argmax(axis=1))
        hearing = _Hearing(tags[:, 0], by_field, best, np.zeros(len(tags), bool))
        if parse.intent == self._spec.intent and not getattr(parse.answer, self._spec.items, ()):
            hearing.doubt((0, len(tags)), "nothing named")
        self._chatter(hearing, parse)
        self._mentions(hearing, parse)
        self._tagged_alone(hearing, parse.answer)
        self._said_at_all(hearing, parse.answer)
        doubts = sorted(hearing.doubts)
        return Verdict(
            hearing.confidence if not doubts else 0.0,
            tuple(dict.fromkeys(place for place, _ in doubts)),
            "; ".join(dict.fromkeys(why for _, why in doubts)),
        )

    def order_details(self, parse: Parse) -> list[Place]:
        """Where a text that orders nothing speaks of what only an order has: 少糖, 两杯, 点奶茶."""
        places: list[Place] = []
        previous, ordering = "", False
        for at, (entry, start, end) in enumerate(parse.tokens):
            slots = [sense.slot for sense in entry.variants or (entry,) if sense.slot is not None]
            counted = previous == "numeral" and entry.kind == "measure"
            following = parse.tokens[at + 1][0].kind if at + 1 < len(parse.tokens) else ""
            ordered = ordering and entry.kind == "head" and following != "flag"  # 要奶茶券
            if counted or ordered or any(slot.field in self._details for slot in slots):
                places.append((start, end))
            carries = entry.kind in _CARRIERS or bool(entry.roles & ROLE["carrier"])
            ordering = carries or (ordering and entry.kind in ("numeral", "measure"))
            previous = entry.kind
        return places

    def _chatter(self, hearing: _Hearing, parse: Parse) -> None:
        """What the grammar cannot explain must be chatter, not what may say how many, or which: 仨百杯, 来杯美是."""
        counting = tuple(_counting(parse))
        describing = tuple(_describing(parse))
        nameless = parse.intent == self._spec.intent and not any(
            _filled(parse.answer, head, self._spec.items) for head in self._heads
        )
        for start, end in parse.uncovered:
            hearing.explained[start:end] = True
            hearing.heard(hearing.outside[start:end].min())
            counts = any(first <= end and start <= last for first, last in counting)
            describes = any(first <= start and end <= last for first, last in describing)
            if counts or describes or nameless or (hearing.best[start:end] >= 0).any():
                hearing.doubt((start, end), "uncovered")

    def _mentions(self, hearing: _Hearing, parse: Parse) -> None:
        """What the grammar found must be part of the order, in the same field."""
        places: dict[Place, frozenset[str]] = {}
        for mention in parse.mentions:
            if fields := self._slot_fields[mention.slot]:
                place = mention.start, mention.end
                places[place] = places.get(place, frozenset()) | fields
        for (start, end), fields in places.items():
            hearing.explained[start:end] = True
            numbers = sorted(self._number[name] for name in fields)
            hearing.heard(hearing.by_field[start:end, numbers].sum(axis=1).max())
            said = set(hearing.best[start:end].tolist()) - {-1}
            if not said or not said <= set(numbers):
                hearing.doubt((start, end), f"{'/'.join(sorted(fields))} by the grammar alone")

    def _tagged_alone(self, hearing: _Hearing, answer: BaseModel) -> None:
        """What only the tagger gives to a field: fine for a verb before a place, not for a word beside a value."""
        for start, end, number in _runs(hearing.best, hearing.explained):
            name = self._fields[number]
            if name == self._spec.quantity.field:
                continue  # one is said (一杯) or not, and is in the answer either way
            if name in self._exact or not _filled(answer, name, self._spec.items):
                hearing.doubt((start, end), f"{name} by the tagger alone")

    def _said_at_all(self, hearing: _Hearing, answer: BaseModel) -> None:
        """A field that the grammar filled without a mention (a number, a time) must be heard somewhere."""
        for number, name in enumerate(self._fields):
            if name not in self._exact and _filled(answer, name, self._spec.items):
                hearing.heard(hearing.by_field[:, number].max())
                if not (hearing.best == number).any():
                    hearing.doubt((0, len(hearing.best)), f"{name} by the grammar alone")


def _counting(parse: Parse) -> Iterator[Place]:
    """Places of numerals and measure words, which may also be all that is left of a numeral misspelt."""
    for entry, start, end in parse.tokens:
        if entry.kind in ("numeral", "measure"):
            yield start, end


def _describing(parse: Parse) -> Iterator[Place]:
    """Places from a word that orders to the name it orders: what stands there says which, 来只奶茶, 来杯好喝的奶茶."""
    opened: int | None = None
    for entry, start, end in parse.tokens:
        if entry.kind in _ORDERING:
            opened = end
        elif entry.kind == "separator":
            opened = None
        elif entry.kind == "head" and opened is not None:
            yield opened, start
            opened = None


def _runs(best: npt.NDArray[np.intp], explained: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int, int]]:
    """Runs of unexplained characters of one field, and its number."""
    start = 0
    for end in range(1, len(best) + 1):
        if end < len(best) and best[end] == best[start] and explained[end] == explained[start]:
            continue
        if best[start] >= 0 and not explained[start]:
            yield start, end, int(best[start])
        start = end


def _filled(answer: BaseModel, name: str, items: str) -> bool:
    """Whether the answer says something in a field, its own or one of an item's."""
    first, *rest = name.split(".")
    if first not in type(answer).model_fields:
        return any(_said(item, name) for item in getattr(answer, items, ()))
    if rest:
        part = getattr(answer, first)
        return part is not None and _said(part, ".".join(rest))
    return _said(answer, first)


def _said(record: BaseModel, name: str) -> bool:
    described = type(record).model_fields.get(name)
    return described is not None and getattr(record, name) != described.get_default(call_default_factory=True)
