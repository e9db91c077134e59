"""What an utterance says beyond the order that was found in it, and no answer may pass over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from cascade.grammar.lexicon import Lexicon
from cascade.grammar.parse import Parse, Problem
from cascade.grammar.spec import GrammarSpec
from cascade.text import Utterance

_TAKEN_BACK: Final = "correction"
"""Reason of the guards that an answer may obey: 多冰，说错了，少冰."""
_KINDS: Final = (
    "of final perfective filler total separator connector opener polite carrier desire again all lead tag"
)
_EMPTY: Final = frozenset(_KINDS.split())
"""Kinds of words that carry nothing of their own."""


def passed_over(
    spec: GrammarSpec, lexicon: Lexicon, utterance: Utterance, parse: Parse, spoken: Sequence[str]
) -> Iterator[Problem]:
    """Words that forbid the order, and words that nothing accounts for, unless the answer keeps them as spoken.

    ``spoken`` are the values that an answer holds as spoken, without spaces.
    """
    for guard in parse.guards:
        word = _plain(parse.text[guard.start : guard.end])
        if guard.reason != _TAKEN_BACK and not any(word in value for value in spoken):
            yield Problem("lost", guard.reason, f"{word} is passed over")
    for start, end in parse.uncovered:
        typed, words = _plain(utterance.raw_text(start, end).lower()), _plain(parse.text[start:end])
        if not any(_means_nothing(spec, lexicon, _without(form, spoken)) for form in (words, typed)):
            yield Problem("lost", "", f"{words} is missing")


def _means_nothing(spec: GrammarSpec, lexicon: Lexicon, words: str) -> bool:
    for chatter in sorted(spec.chatter, key=len, reverse=True):
        words = words.replace(chatter, ",")
    return all(entry.kind in _EMPTY for entry, _, _ in lexicon.scan(words))


def _without(words: str, spoken: Sequence[str]) -> str:
    """The words less the values, or nothing where a value holds them all; what stood apart stays apart."""
    if any(words in value for value in spoken):
        return ""
    for value in sorted(spoken, key=len, reverse=True):
        words = words.replace(value, ",") if value else words
    return words


def _plain(text: str) -> str:
    return "".join(text.split())
