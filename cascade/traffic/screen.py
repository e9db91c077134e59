"""Keeps from the model what no model can make an order of: gibberish and repetition.

Conservative on purpose: a real wish that is refused here is lost, a senseless one that passes costs one call.
"""

from __future__ import annotations

import zlib
from collections import Counter
from functools import cache

_LEAST_REPEATED = 8
_MAX_ONE_CHAR = 0.7
_LONG = 24
_MIN_LETTERS = 0.3
_MIN_COMPRESSED = 0.25
_LATIN_RUN = 9
_MIN_VOWELS = 0.15
_VOWELS = frozenset("aeiouy")
_LEAST_HAN = 10
_MAX_RARE = 0.6
_SPOKEN = "嗯喔噢唷嘞啰咩唔啱嗰哋冇俾畀嘅咗啲喺嘢佢咁啩嚟嘥攞揾搵乜噉嗌喎囉㗎嗮睇嚿咪呗"
"""What GB 2312 does not count among the common, and people write when they chat, or in Cantonese."""


def senseless(text: str) -> str | None:
    """Why ``text`` (normalised) is not worth asking about; ``None`` when it may be."""
    if not any(char.isalnum() for char in text):
        return "no word in it"
    length = len(text)
    if length >= _LEAST_REPEATED and Counter(text).most_common(1)[0][1] > _MAX_ONE_CHAR * length:
        return "one character over and over"
    if all(_is_noise(word) for word in text.split()):
        return "letters at random"
    if _is_garbled(text):
        return "characters at random"
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


def _is_garbled(text: str) -> bool:
    """Mostly Chinese characters that hardly anybody writes: drawn at random, or bytes read in the wrong encoding."""
    han = [char for char in text if "\u4e00" <= char <= "\u9fff"]
    if len(han) < _LEAST_HAN:
        return False
    common = _common()
    return sum(char not in common for char in han) > _MAX_RARE * len(han)


@cache
def _common() -> frozenset[str]:
    """The 3,755 characters of GB 2312's first level, which is nearly all that is written, and :data:`_SPOKEN`."""
    first = bytes(byte for row in range(0xB0, 0xD8) for column in range(0xA1, 0xFF) for byte in (row, column))
    return frozenset(first.decode("gb2312", "ignore")) | frozenset(_SPOKEN)
