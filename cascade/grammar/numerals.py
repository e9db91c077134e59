"""Chinese and Arabic whole numbers, and nothing that only looks like one.

A numeral counts only before a measure word; that is the grammar's business. Here a run of numeral characters is either
one number or ``None``: 两三 and 二三十 are guesses, 一百五 is 150 to one speaker and 105 to another.
"""

from __future__ import annotations

import re
from typing import Final

_DIGITS: Final = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_PAIRS: Final = {"俩": 2, "仨": 3}
"""Numerals with the measure word inside them: 俩奶茶."""

NUMERAL_CHARS: Final = frozenset("0123456789十百千万") | _DIGITS.keys() | _PAIRS.keys()
TOO_LARGE: Final = 10**9
"""Stands for every number of thousands and more: outside every range that an order allows."""

_DIGIT = "[一二两三四五六七八九]"
_WRITTEN: Final = re.compile(f"(?:({_DIGIT})百(?!{_DIGIT}$))?零?(?:({_DIGIT}?)(十))?({_DIGIT})?")
_MAX_DIGITS: Final = 8


def carries_measure(run: str) -> bool:
    """Whether a numeral needs no measure word after it."""
    return run in _PAIRS


def parse_numeral(run: str) -> int | None:
    """The whole number that a run of :data:`NUMERAL_CHARS` spells, ``None`` when it spells none."""
    if run in _DIGITS:
        return _DIGITS[run]
    if run.isascii():
        return int(run) if len(run) <= _MAX_DIGITS else TOO_LARGE
    if run in _PAIRS:
        return _PAIRS[run]
    if "千" in run or "万" in run:
        return TOO_LARGE
    found = _WRITTEN.fullmatch(run)
    if found is None:
        return None
    hundreds, tens, ten, ones = found.groups()
    total = 100 * _DIGITS[hundreds] if hundreds else 0
    total += 10 * (_DIGITS[tens] if tens else 1) if ten else 0
    return total + _DIGITS[ones] if ones else total or None


def number_within(form: str) -> int | None:
    """The first number above one in a word that points: 2 in 那两杯."""
    numbers = (parse_numeral(char) or 0 for char in form if char in NUMERAL_CHARS)
    return next((number for number in numbers if number > 1), None)


def number_at_end(form: str) -> int | None:
    """The number that a word ends with before its last character: 2 in 我有两张, none in 千问送的那张."""
    words = form[:-1]
    run = words[len(words.rstrip("".join(NUMERAL_CHARS))) :]
    return parse_numeral(run) if run else None
