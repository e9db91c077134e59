"""Text folded so that one pattern finds every spelling, character by character: positions are the same as typed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import re2

from cascade._simplified import SIMPLIFIED, TRADITIONAL
from cascade.errors import ConfigurationError

Match = tuple[str, int, int]
"""Kind, start and end (in characters) of a piece of personal data."""

Rule = Callable[["Folded"], Iterator[Match]]


def _fold_table() -> dict[int, str]:
    """One character for one character: positions must survive."""
    table = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    table |= {ord(old): new for old, new in zip(TRADITIONAL, SIMPLIFIED, strict=True)}
    table |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")  # RE2 cannot read lone surrogates
    table |= {0x3000: " ", 0x00A0: " ", ord("〇"): "零", ord("○"): "零"}
    table |= {ord(dash): "-" for dash in "‐‑‒–—―−─"}
    for zero, count in ((0x0660, 10), (0x06F0, 10), (0x2080, 10), (0x1D7CE, 50)):  # ٠ ۰ ₀ 𝟎
        table |= {zero + step: str(step % 10) for step in range(count)}
    for one in (0x2460, 0x2776, 0x2780, 0x278A):  # ① ❶ ➀ ➊
        table |= {one + step: str(step + 1) for step in range(9)}
    table |= {ord(digit): str(value) for value, digit in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")} | {ord("⓪"): "0"}
    upper = {code: chr(code + 32) for code in range(ord("A"), ord("Z") + 1)}
    return table | {code: upper[ord(char)] for code, char in table.items() if ord(char) in upper} | upper


_FOLD = _fold_table()
_SPELLED = ("零洞o", "一幺妖壹", "二贰两", "三叁", "四肆", "五伍", "六陆", "七柒拐", "八捌", "九玖勾")
_SPELLED_DIGITS = {ord(char): str(digit) for digit, chars in enumerate(_SPELLED) for char in chars}


@dataclass(frozen=True, slots=True)
class Folded:
    """A text twice: ``letters`` with one spelling of each letter, ``digits`` with one of each digit as well."""

    letters: str
    digits: str

    @classmethod
    def of(cls, text: str) -> Folded:
        """Fold ``text``; both forms are as long as it is."""
        letters = text.translate(_FOLD)
        return cls(letters, letters.translate(_SPELLED_DIGITS))

    def part(self, start: int, end: int) -> Folded:
        """The same of a stretch of the text."""
        return Folded(self.letters[start:end], self.digits[start:end])


def compiled_pattern(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise ConfigurationError(f"not a pattern for RE2: {pattern!r}: {error}") from error


def pattern_rule(
    kind: str, pattern: str, *, digits: bool = False, accepts: Callable[[str], bool] | None = None
) -> Rule:
    """A rule that finds ``pattern``: its first group where it has one, all of the match otherwise.

    Raises :class:`~cascade.errors.ConfigurationError` for a pattern that RE2 does not take.
    """
    compiled = compiled_pattern(pattern)
    group = 1 if compiled.groups else 0

    def find(folded: Folded) -> Iterator[Match]:
        for found in compiled.finditer(folded.digits if digits else folded.letters):
            start, end = found.span(group)
            if start < end and (accepts is None or accepts(found[group])):
                yield kind, start, end

    return find


def han_without(excluded: str) -> str:
    """A character class of Han characters but those; RE2 cannot subtract classes."""
    ranges, first = [], 0x4E00
    for code in sorted({ord(char) for char in excluded if 0x4E00 <= ord(char) <= 0x9FFF}):
        if first < code:
            ranges.append((first, code - 1))
        first = code + 1
    ranges.append((first, 0x9FFF))
    return "[" + "".join(rf"\x{{{low:x}}}-\x{{{high:x}}}" for low, high in ranges) + "]"
