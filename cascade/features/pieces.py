"""``pieces-1``: a leading ``[CLS]``, then words cut into the longest pieces of a list, as BERT cuts them (WordPiece).

Words end at spaces; punctuation and Han stand alone. A piece inside a word is listed as ``##piece``. A word that cannot
be cut is one ``[UNK]``. Accents are not seen; the normalised text is in lower case already.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from cascade.features.chars import CLS, SPECIAL, UNK
from cascade.features.encoder import Feeds, Place, batch

VERSION: Final = "pieces-1"
INSIDE: Final = "##"
LONGEST_WORD: Final = 100
"""Characters of a word that is looked at; a longer one is unknown, or its cutting would be quadratic."""

_ALONE: Final = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_WORD: Final = re.compile(rf"[^\W_{_ALONE}]+|[^\s]")


class Pieces:
    """The words and pieces a model knows, numbered from 0 after the special ones. Immutable, safe to share."""

    __slots__ = ("_ids", "_longest", "entries")

    version: Final = VERSION

    def __init__(self, entries: Iterable[str]) -> None:
        """``entries`` are different, none of them empty or with a space. Raises ``ValueError`` otherwise."""
        self.entries: Sequence[str] = tuple(entries)
        self._ids = {entry: number for number, entry in enumerate(self.entries, len(SPECIAL))}
        self._longest = max((len(entry.removeprefix(INSIDE)) for entry in self.entries), default=0)
        for entry in self.entries:
            if not entry.removeprefix(INSIDE) or entry.split() != [entry]:
                raise ValueError(f"{entry!r} is not a piece")
        if len(self._ids) != len(self.entries):
            raise ValueError("a piece stands twice")

    @classmethod
    def parse(cls, text: str) -> Pieces:
        """Read a ``vocab.txt``: one entry a line, the special ones first. Raises ``ValueError``."""
        lines = text.removesuffix("\n").split("\n")
        if tuple(lines[: len(SPECIAL)]) != SPECIAL:
            raise ValueError(f"a list of pieces begins with {', '.join(SPECIAL)}")
        return cls(lines[len(SPECIAL) :])

    def __str__(self) -> str:
        """The text of ``vocab.txt``."""
        return "".join(f"{entry}\n" for entry in (*SPECIAL, *self.entries))

    def __len__(self) -> int:
        return len(SPECIAL) + len(self.entries)

    def ids(self, text: str) -> list[int]:
        """One id for ``[CLS]``, then one a piece of the normalised ``text``."""
        return [SPECIAL.index(CLS), *(number for number, _ in self._cut(text))]

    def feeds(self, text: str) -> Feeds:
        """The ids by the name of the model's input."""
        return {"ids": batch(self.ids(text))}

    def unknown(self, text: str) -> int:
        """How many characters stand in words that cannot be cut."""
        unknown = SPECIAL.index(UNK)
        return sum(end - start for number, (start, end) in self._cut(text) if number == unknown)

    def last_row(self) -> Feeds:
        """Inputs that look up the last row of the table."""
        return {"ids": batch([len(self) - 1])}

    def places(self, text: str) -> Sequence[Place]:
        """One place a piece."""
        return [place for _, place in self._cut(text)]

    def _cut(self, text: str) -> Iterator[tuple[int, Place]]:
        for found in _WORD.finditer(text):
            yield from self._word(plain(found[0]), found.start())

    def _word(self, word: str, offset: int) -> list[tuple[int, Place]]:
        at, found = 0, []
        while at < len(word) <= LONGEST_WORD:
            lead = INSIDE if at else ""
            for end in range(min(len(word), at + self._longest), at, -1):
                number = self._ids.get(lead + word[at:end])
                if number is not None:
                    found.append((number, (offset + at, offset + end)))
                    at = end
                    break
            else:
                break
        return found if at == len(word) else [(SPECIAL.index(UNK), (offset, offset + len(word)))]


def plain(word: str) -> str:
    """Letters without their accents, as many as before."""
    return word if word.isascii() else "".join(unicodedata.normalize("NFD", char)[0] for char in word)
