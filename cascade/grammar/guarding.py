"""Words that forbid an answer, and where they only hurry what is brought or say what somebody is doing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cascade.grammar.entry import ROLE
from cascade.grammar.reading import HEAD, Handler, Reading

_BACKGROUND: Final = frozenset({"unknown", "aside", "toward", "filler", "person", "inside", "of"})
"""Kinds of words that may say where somebody is, and order nothing."""
_POINTS: Final = ROLE["reference"] | ROLE["demonstrative"] | ROLE["perfective"]


def _guard(reading: Reading, place: int) -> int:
    """Forbids, but where it only hurries what is brought, in a clause of its own: 送到公司，快点送.

    What ends where somebody is, or what they are doing, asks nothing: 来杯奶茶，在候车呢.
    """
    entry, start, end = reading.tokens[place]
    if entry.roles & ROLE["lasting"] and _of_oneself(reading, place):
        reading.uncovered.append((start, end))
        return place + 1
    leads = reading.spec.words.lead
    if entry.guard != "haste" or not entry.form.endswith(leads) or reading.changing:
        return reading.refuse(place)
    after = place + 1
    while reading.at(after)[0].roles & ROLE["final"]:
        after += 1
    brings = any(other.kind == "value" and other.roles & ROLE["lead"] for other, _, _ in reading.tokens)
    counted = any(other.roles & ROLE["measure"] for other, _, _ in reading.tokens)
    told = any(other.kind == "unknown" or other.roles & _POINTS for other, _, _ in reading.tokens)
    own = reading.begins_at(place) or reading.paused(place)
    if not (own and reading.begins(after) and brings and counted) or told:
        return reading.refuse(place)
    notes = [slot.field for slot in reading.spec.slots.values() if slot.role == "note" and slot.field]
    reading.wish(notes[0], reading.spoken(place, place))
    return after


def _of_oneself(reading: Reading, place: int) -> bool:
    """Whether nothing but where somebody is, or what they are doing, is said between an order and a place."""
    if reading.changing or not (reading.carried and reading.said(HEAD) and reading.ends_at(place + 1)):
        return False
    first = place
    while first and reading.tokens[first - 1][0].kind in _BACKGROUND:
        first -= 1
    text, words = reading.utterance.text, reading.spec.around.whereabouts
    while first < place and not text.startswith(words, reading.tokens[first][1]):
        first += 1
    own = reading.begins_at(first) or reading.tokens[first][0].roles & ROLE["aside"]
    return place > first + 1 and bool(own)


HANDLERS: Final[Mapping[str, Handler]] = {"guard": _guard}
