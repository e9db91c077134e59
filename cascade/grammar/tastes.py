"""What somebody does not like, or likes, said only as the reason of a change: 婆婆嫌冰，改常温, 换红豆的，老人爱吃红豆.

Such a clause is passed over where it says nothing of the order that is not said outside of it too.
"""

from __future__ import annotations

from typing import Final

from cascade.grammar.entry import ROLE
from cascade.grammar.reading import Reading

_ENDS: Final = frozenset({"opener", "polite", "object", "reference", "change", "value", "recipient"})
"""Kinds of words that what is asked for begins with."""
_TALK: Final = frozenset({"unknown", "because", "of", "perfective", "final", "aside", "person", "filler"})
_TYPED: Final = frozenset({"attribute", "part", "head"})
_WHO: Final = ROLE["person"] | ROLE["owner"] | ROLE["aside"]


def pass_over(reading: Reading) -> None:
    """Have the reading skip such clauses, where what is to change is said beside them."""
    words = reading.spec.tastes
    if not reading.altered and not any(entry.kind == "reference" for entry, _, _ in reading.tokens):
        return
    text = reading.utterance.text
    for word in (*words.dislikes, *words.likes):
        at = text.find(word)
        while at >= 0:
            _pass(reading, at, at + len(word), likes=word in words.likes)
            at = text.find(word, at + len(word))


def weather(reading: Reading) -> None:
    """Have the reading of a change skip a clause that only says how warm it is: 换成柠檬水，天热."""
    words = reading.spec.tastes.of_weather
    first = 0
    for place in range(1, reading.count + 1) if reading.altered and words else ():
        if not reading.begins(place):
            continue
        if reading.at(first)[0].roles & ROLE["separator"]:
            first += 1
        said = reading.utterance.text[reading.at(first)[1] : reading.tokens[place - 1][2]]
        if said in words:
            for at in range(first, place):
                reading.forget(at, at + 1)
            reading.layout.passed |= frozenset(range(first, place))
        first = place


def _pass(reading: Reading, start: int, end: int, *, likes: bool) -> None:
    """Skip the clause around the word in these characters, where it is a reason and nothing more."""
    place = next((at for at, (_, _, last) in enumerate(reading.tokens) if last > start), reading.count)
    first, last = _who(reading, place, start), place
    while last < reading.count and (reading.tokens[last][1] < end or not _over(reading, last)):
        last += 1
    if first < 0 or place in reading.layout.passed:
        return
    if (first == 0 and last == reading.count) or _conditional(reading, end, last):
        return
    if not _says_no_more(reading, first, place, end, last, likes=likes):
        return
    for at in range(first, last):
        reading.forget(at, at + 1)
    reading.layout.passed |= frozenset(range(first, last))


def _conditional(reading: Reading, end: int, last: int) -> bool:
    """Whether what follows the word makes it a condition: 嫌甜的话，改少糖."""
    words = reading.spec.guards.get("condition", ())
    clause = reading.utterance.text[end : reading.tokens[last - 1][2]]
    return any(word in clause for word in words)


def _over(reading: Reading, place: int) -> bool:
    return reading.begins(place) or reading.tokens[place][0].kind in _ENDS


def _who(reading: Reading, place: int, start: int) -> int:
    """Where a clause begins with who does or does not like it, -1 where it may begin with anything else."""
    first = place
    while first and reading.tokens[first - 1][0].roles & _WHO and not _begins(reading, first):
        first -= 1
    pronoun = reading.at(first - 1)[0].kind == "unknown" and not _begins(reading, first)
    if first == place and pronoun and _text(reading, first - 1) in reading.spec.words.owner:
        first -= 1  # 他不喜欢甜的
    said = reading.utterance.text[reading.at(place)[1] : start]
    named = not said or said in reading.spec.words.owner
    return first if _begins(reading, first) or (named and (first < place or said)) else -1


def _begins(reading: Reading, place: int) -> bool:
    return reading.begins_at(place) or reading.paused(place)


def _text(reading: Reading, place: int) -> str:
    _, start, end = reading.tokens[place]
    return reading.utterance.text[start:end]


def _says_no_more(reading: Reading, first: int, place: int, end: int, last: int, *, likes: bool) -> bool:
    """Whether nothing is said from one place to another that is not said outside too, and nothing asks or forbids."""
    related = False
    before = reading.at(first - 1)[0]
    if before.guard or before.roles & ROLE["amend"] or before.kind in ("of", "unknown"):
        return False
    for at in range(place, last):
        entry, begins, _ = reading.tokens[at]
        if begins < end and entry.kind not in _TYPED:
            continue  # part of the word itself
        if entry.kind in _TYPED:
            if not _said_outside(reading, at, first, last, likes=likes):
                return False
            related = True
        elif entry.kind == "note" and reading.tokens[at - 1][1] < end:
            continue  # 不爱喝酸的
        elif entry.kind not in _TALK or entry.guard or (likes and entry.kind == "unknown"):
            return False
    return related or not likes


def _said_outside(reading: Reading, place: int, first: int, last: int, *, likes: bool) -> bool:
    """Whether what is named at a place is spoken of beside the clause: the same value, or another of its kind."""
    entry = reading.tokens[place][0]
    for at, (other, _, _) in enumerate(reading.tokens):
        if first <= at < last or other.slot is None or entry.slot is None:
            continue
        same = bool(entry.value) and entry.value in str(other.value)
        if same or (not likes and entry.kind != "part" and other.slot.name == entry.slot.name):
            return True
    return False
