"""What the grammar made of an utterance."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any, Final

from cascade.grammar.entry import Token
from cascade.result import Span
from cascade.text import Utterance

_OF_ITEMS: Final = frozenset({"head", "attribute", "part"})


@dataclass(frozen=True, slots=True)
class Mention:
    """A thing of the trade that was named: ``text[start:end]`` of the normalised utterance."""

    start: int
    end: int
    slot: str
    values: tuple[str, ...]
    """Canonical values; more than one when the word has several senses in this slot."""
    text: str


@dataclass(frozen=True, slots=True)
class Guard:
    """A word that forbids taking the utterance for an order: ``reason`` is ``negation``, ``past``, ``question`` ..."""

    reason: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Problem:
    """A disagreement between an answer and the utterance.

    ``kind`` is ``unsupported`` (in the answer, not said), ``lost`` (said, not in the answer) or ``illegal``.
    """

    kind: str
    field: str
    detail: str


@dataclass(frozen=True, slots=True)
class Parse:
    """An utterance as an order.

    ``complete`` means that every character is accounted for and that ``answer`` is the one order it can mean. Otherwise
    ``reason`` says why not, in a word of :class:`~cascade.result.Abstention`, and ``answer`` is the order so far,
    ``None`` where a guess would be needed to have one.
    """

    intent: str
    answer: Any
    complete: bool
    reason: str = ""
    detail: str = ""
    uncovered: tuple[tuple[int, int], ...] = ()
    """Places in the normalised text that nothing accounts for, merged; punctuation and fillers do not count."""
    guards: tuple[Guard, ...] = ()
    tokens: tuple[Token, ...] = field(default=(), repr=False)
    text: str = field(default="", repr=False)
    superseded: frozenset[int] = frozenset()
    """Starts of the words of a change that another value replaces, or that only say which order."""
    exchanged: frozenset[str] = frozenset()
    """Fields of which one value was said only to be replaced by another."""

    @property
    def mentions(self) -> tuple[Mention, ...]:
        """Everything of the lexicon that was named, in the order spoken, whatever became of it."""
        return tuple(mention for token in self.tokens for mention in _mentions(token, self.text))

    def within(self, first: int, last: int) -> range:
        """Numbers of the words that begin in a stretch of the normalised text."""
        starts = [start for _, start, _ in self.tokens]
        return range(bisect_left(starts, first), bisect_left(starts, last))

    @property
    def outline(self) -> str:
        """The text with every thing that an item is made of replaced by the name of its slot: ``<drink>多少钱``."""
        pieces: list[str] = []
        done = 0
        for entry, start, end in self.tokens:
            slot = (entry.variants[0] if entry.variants else entry).slot
            if slot is not None and slot.spec.role in _OF_ITEMS:
                pieces += [self.text[done:start], f"<{slot.name}>"]
                done = end
        return "".join(pieces) + self.text[done:]

    def uncovered_spans(self, utterance: Utterance) -> tuple[Span, ...]:
        """What is uncovered, as it was typed."""
        return tuple(
            Span(*utterance.raw_span(start, end), utterance.raw_text(start, end))
            for start, end in self.uncovered
        )


def _mentions(token: Token, text: str) -> list[Mention]:
    entry, start, end = token
    by_slot: dict[str, list[str]] = {}
    for sense in entry.variants or (entry,):
        if sense.slot is not None:
            by_slot.setdefault(sense.slot.name, []).append(sense.value)
    return [Mention(start, end, slot, tuple(values), text[start:end]) for slot, values in by_slot.items()]
