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
    "of inside final perfective filler total separator connector opener polite carrier desire again all lead tag "
    "aside person recipient thing picture"
)
_EMPTY: Final = frozenset(_KINDS.split())
"""Kinds of words that carry nothing of their own."""


def passed_over(
    spec: GrammarSpec, lexicon: Lexicon, utterance: Utterance, parse: Parse, spoken: Sequence[str]
) -> Iterator[Problem]:
    """Words that forbid the order, and words that nothing accounts for, unless the answer keeps them as spoken.

    ``spoken`` are the values that an answer holds as spoken, without spaces.
    """
    kept = _kept(utterance, spoken)
    for guard in parse.guards:
        if guard.reason != _TAKEN_BACK and not kept.issuperset(range(guard.start, guard.end)):
            yield Problem("lost", guard.reason, f"{parse.text[guard.start : guard.end]} is passed over")
    for start, end in parse.uncovered:
        rest = "".join("," if at in kept else parse.text[at] for at in range(start, end))
        if not _means_nothing(spec, lexicon, rest):
            yield Problem("lost", "", f"{parse.text[start:end]} is missing")


def _kept(utterance: Utterance, spoken: Sequence[str]) -> set[int]:
    """Places of the characters that a value holds, as they were normalised or as they were typed."""
    places: set[int] = set()
    count = range(len(utterance.text))
    for characters in (utterance.text, [utterance.raw_text(at, at + 1).lower() for at in count]):
        origin = [at for at in count for char in characters[at] if not char.isspace()]
        words = "".join("".join(characters).split())
        for value in filter(None, spoken):
            start = words.find(value)
            while start >= 0:
                places.update(origin[start : start + len(value)])
                start = words.find(value, start + 1)
    return places


def _means_nothing(spec: GrammarSpec, lexicon: Lexicon, words: str) -> bool:
    for chatter in sorted(spec.chatter, key=len, reverse=True):
        words = words.replace(chatter, ",")
    return all(entry.kind in _EMPTY for entry, _, _ in lexicon.scan(words))
