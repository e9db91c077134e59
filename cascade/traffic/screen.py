"""Keeps from the model what no model can make an order of: gibberish and padding.

Conservative on purpose: a real wish that is refused here is lost, a senseless one that passes costs one call.
"""

from __future__ import annotations

import zlib
from collections import Counter

_LEAST_REPEATED = 8
_MAX_ONE_CHAR = 0.7
_LONG = 24
_MIN_LETTERS = 0.3
_MIN_COMPRESSED = 0.25
_LATIN_RUN = 9
_MIN_VOWELS = 0.15
_VOWELS = frozenset("aeiouy")


def senseless(text: str) -> str | None:
    """Why ``text`` (normalised) is not worth asking about; ``None`` when it may be."""
    if not any(char.isalnum() for char in text):
        return "no word in it"
    length = len(text)
    if length >= _LEAST_REPEATED and Counter(text).most_common(1)[0][1] > _MAX_ONE_CHAR * length:
        return "one character over and over"
    if all(_is_noise(word) for word in text.split()):
        return "letters at random"
    if length < _LONG:
        return None
    if sum(char.isalpha() or char.isspace() for char in text) < _MIN_LETTERS * length:
        return "next to no letters"
    raw = text.encode("utf-8", "replace")
    if len(zlib.compress(raw, 6)) < _MIN_COMPRESSED * len(raw):
        return "the same words over and over"
    return None


def _is_noise(word: str) -> bool:
    """A long run of Latin letters that nobody could say aloud."""
    if len(word) < _LATIN_RUN or not (word.isascii() and word.isalpha()):
        return False
    return sum(char in _VOWELS for char in word.lower()) < _MIN_VOWELS * len(word)
