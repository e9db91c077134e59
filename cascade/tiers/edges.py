"""How certain it is where a value begins and ends that is kept as spoken.

A mark is less sure of its ends than of what it is. Where the grammar takes off what says nothing (要 before a wish, 的
and 就行 after it), or the lexicon knows the wish as a whole, the mark need not be sure of that end: the answer is the
same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cascade.grammar import Parse
from cascade.grammar.entry import ROLE, Token
from cascade.grammar.hearing import Heard
from cascade.grammar.lexicon import Lexicon
from cascade.grammar.spec import GrammarSpec
from cascade.tiers.tagging import Tagging

_SILENT: Final = frozenset({"of"})
_CLOSING: Final = _SILENT | {"perfective", "final"}
"""What may follow a wish that the lexicon knows: 来例假 in 我来例假了."""
_HASTE: Final = "haste"
"""The guard of what is a wish where it is marked: 快点送."""


class Edges:
    """Weighs them. Immutable, safe to share."""

    def __init__(self, spec: GrammarSpec, lexicon: Lexicon) -> None:
        self._leads = spec.spoken.leads
        self._lexicon = lexicon

    def certainty(self, tagging: Tagging, mark: Heard, number: int, parse: Parse) -> float:
        """How likely a marked value of a field of this number begins and ends where the answer lets it.

        ``parse`` is the order that was put together by marks, with the value among its words.
        """
        text, heard = parse.text, parse.tokens
        at = next(
            (
                at
                for at, (entry, start, end) in enumerate(heard)
                if entry.kind == "heard" and mark.start <= start and end <= mark.end
            ),
            None,
        )
        if at is None:
            around = _open(text, mark.start, -1), _open(text, mark.end, 0)
            return tagging.edges(mark.start, mark.end, number, around)
        _, start, end = heard[at]
        named = self._names(text[start:end]) and not _goes_on(heard, at)
        quiet = _quiet_until(heard, at, _CLOSING if named else _SILENT)
        if quiet < mark.end:
            end = quiet = mark.end
        if text[mark.start : start] not in self._leads:
            start = mark.start
        around = _open(text, self._led_from(text, mark.start), -1), _open(text, quiet, 0)
        return tagging.edges(start, end, number, around, named=named)

    def _names(self, value: str) -> bool:
        """Whether a value is one wish of the lexicon."""
        words = self._lexicon.scan(value)
        return len(words) == 1 and (words[0][0].kind == "note" or words[0][0].guard == _HASTE)

    def _led_from(self, text: str, start: int) -> int:
        """Where what leads to a wish begins that begins at a place, the same place where nothing leads to it."""
        return start - max((len(lead) for lead in self._leads if text[:start].endswith(lead)), default=0)


def _goes_on(words: Sequence[Token], at: int) -> bool:
    """Whether what nothing explains follows a word at once: 加急一下."""
    kinds = ["unknown" if entry.kind == "unknown" else "" for entry, _, _ in words[at + 1 : at + 3]]
    numeral = bool(kinds) and words[at + 1][0].kind == "numeral"
    joined = bool(kinds) and words[at + 1][1] == words[at][2]
    return joined and "unknown" in (kinds if numeral else kinds[:1])


def _quiet_until(words: Sequence[Token], at: int, kinds: frozenset[str]) -> int:
    """The place after the words that follow a word at once and say nothing."""
    end = words[at][2]
    for entry, first, last in words[at + 1 :]:
        if first != end or not (entry.kind in kinds or entry.roles & ROLE["settles"]):
            break
        end = last
    return end


def _open(text: str, edge: int, side: int) -> int | None:
    """The character beyond an edge, to its left (-1) or right (0); ``None`` where no word goes on."""
    beyond = edge + side
    return beyond if 0 <= beyond < len(text) and text[beyond].isalnum() else None
