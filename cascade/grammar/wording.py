"""The words of an utterance as they stand, and as they were typed: where clauses begin and end, and where one pauses.

Nothing here depends on what the words were found to mean, so that it may be asked before and while they are read.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from cascade.grammar.entry import ROLE, Entry, Token
from cascade.grammar.numerals import parse_numeral
from cascade.text import Utterance

_ENDS: Final = ROLE["separator"] | ROLE["asking"] | ROLE["tag"]
_END: Final[Token] = (Entry("", "end"), 0, 0)


class Wording:
    """An utterance in words."""

    __slots__ = ("count", "tokens", "utterance")

    def __init__(self, utterance: Utterance, tokens: list[Token]) -> None:
        self.utterance = utterance
        self.tokens = tokens
        self.count = len(tokens)

    def torn(self, place: int) -> bool:
        """Whether there is a space inside the word at a place, as it was typed: 大 珍珠 is no 大珍珠."""
        _, start, end = self.tokens[place]
        offsets = self.utterance.offsets[start:end]
        return self.pauses and any(" " in self.utterance.raw[a[1] : b[0]] for a, b in pairwise(offsets))

    def at(self, place: int) -> Token:
        """The word at a place; a word of no kind beyond either end."""
        return self.tokens[place] if 0 <= place < self.count else _END

    def number(self, place: int) -> int | None:
        """The number that a numeral at a place says; ``None`` where there is none."""
        entry, start, end = self.at(place)
        return parse_numeral(self.utterance.text[start:end]) if entry.kind == "numeral" else None

    @property
    def pauses(self) -> bool:
        """Whether spaces part anything here; 帮 我 点 一 杯 is how somebody types."""
        if " " not in self.utterance.raw:
            return False
        pieces = self.utterance.raw.split()
        return 2 * sum(len(piece) == 1 for piece in pieces) <= len(pieces)

    def paused(self, place: int) -> bool:
        """Whether there is a space before the word at a place, as it was typed."""
        if not self.pauses:
            return False
        begins = self.utterance.offsets[self.tokens[place][1]][0]
        return self.utterance.raw[:begins].endswith(" ")

    def begins(self, place: int) -> bool:
        """Whether a place comes after a pause, typed as a space or a separator, or after everything."""
        return place >= self.count or self.begins_at(place) or self.ends_at(place) or self.paused(place)

    def ends_at(self, place: int) -> bool:
        """Whether a clause ends before this place."""
        return place >= self.count or bool(self.tokens[place][0].roles & _ENDS)

    def begins_at(self, place: int) -> bool:
        """Whether a clause begins at this place."""
        return place == 0 or bool(self.tokens[place - 1][0].roles & ROLE["separator"])

    def spoken(self, first: int, last: int) -> str:
        """The words from one place to another as they were typed, without what normalising leaves out: 公 司."""
        offsets = self.utterance.offsets[self.tokens[first][1] : self.tokens[last][2]]
        return "".join(self.utterance.raw[start:end] for start, end in dict.fromkeys(offsets))

    def between(self, first: int, last: int) -> str:
        """Everything from one place up to another as it was typed."""
        offsets = (
            self.utterance.offsets[self.tokens[first][1] : self.tokens[last - 1][2]] if last > first else []
        )
        return self.utterance.raw[offsets[0][0] : offsets[-1][1]] if offsets else ""

    def shows(self, place: int) -> bool:
        """Whether a picture at a place stands right after what it shows."""
        before, after = self.at(place - 1)[0], self.at(place + 1)[0]
        shown = before.kind in ("head", "attribute", "part", "reference") or before.roles & ROLE["picture"]
        return bool(shown) and after.kind not in ("head", "unknown")
