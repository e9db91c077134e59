"""``ngrams-1``: which n-grams a text has, as rows of a list of hashes, and the neighbours of each character.

The text is the *set* of: runs of 1 to 4 characters, of the text between marks of its two ends; words (runs of letters
and digits; every Han is one) and pairs of words. An n-gram is known by the CRC-32 of its UTF-8 bytes: a model keeps no
piece of the texts it learned from. n-grams that the list lacks are left out; row 0 is there for every text.

For tags, where a model gives any, each character is seen through ``WINDOW`` hashed views of what stands around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final
from zlib import crc32

from cascade.features.encoder import Feeds, Place, batch

VERSION: Final = "ngrams-1"
ORDERS: Final = range(1, 5)
TAG_BUCKETS: Final = 1 << 15
"""Rows of the table that a character's views are hashed into."""
HEAD: Final = "[NGRAMS]"
HEAD_MARKING: Final = "[NGRAMS AND WINDOWS]"
"""Of the list of a model that also gives tags."""

_BEGIN, _END, _PAIR = "\x02", "\x03", "\x1f"
_WORD: Final = re.compile(r"[^\W_\u3400-\u9fff]+|[\u3400-\u9fff]")
_VIEWS: Final = (
    (-2, 1),
    (-1, 1),
    (0, 1),
    (1, 1),
    (2, 1),
    (-2, 2),
    (-1, 2),
    (0, 2),
    (1, 2),
    (-2, 3),
    (-1, 3),
    (0, 3),
)
"""Pieces of the text by start (from the character) and length."""
WINDOW: Final = len(_VIEWS) + 4


class NGrams:
    """The hashes that a model knows, numbered from 1. Immutable, safe to share."""

    __slots__ = ("_rows", "hashes", "marking")

    version: Final = VERSION

    def __init__(self, hashes: Iterable[int], *, marking: bool = False) -> None:
        """``hashes`` are CRC-32 sums, rising; ``marking`` is for a model that gives tags. Raises ``ValueError``."""
        self.marking = marking
        self.hashes: Sequence[int] = tuple(hashes)
        if any(not 0 <= number < 1 << 32 for number in self.hashes):
            raise ValueError("a hash has 32 bits")
        if any(left >= right for left, right in pairwise(self.hashes)):
            raise ValueError("hashes must rise")
        self._rows = {number: row for row, number in enumerate(self.hashes, 1)}

    @classmethod
    def parse(cls, text: str) -> NGrams:
        """Read a ``vocab.txt``: a head, then one hash a line in hexadecimal. Raises ``ValueError``."""
        head, *lines = text.removesuffix("\n").split("\n")
        if head not in (HEAD, HEAD_MARKING):
            raise ValueError(f"a list of n-grams begins with {HEAD} or {HEAD_MARKING}")
        return cls((int(line, 16) for line in lines), marking=head == HEAD_MARKING)

    def __str__(self) -> str:
        """The text of ``vocab.txt``."""
        head = HEAD_MARKING if self.marking else HEAD
        return "".join((f"{head}\n", *(f"{number:08x}\n" for number in self.hashes)))

    def __len__(self) -> int:
        return 1 + len(self.hashes)

    def ids(self, text: str) -> list[int]:
        """Row 0, then the rows of the text's known n-grams, rising."""
        rows = self._rows
        return [0, *sorted({rows[found] for gram in grams(text) if (found := hashed(gram)) in rows})]

    def feeds(self, text: str) -> Feeds:
        """The rows, and for tags the views of the characters after a row of zeros for the text itself."""
        ids = batch(self.ids(text))
        if not self.marking:
            return {"ids": ids}
        return {"ids": ids, "windows": batch([[0] * WINDOW, *windows(text)])}

    def unknown(self, text: str) -> int:
        """How many characters of the normalised ``text`` are in no n-gram of the list."""
        return sum(hashed(char) not in self._rows for char in text)

    def last_row(self) -> Feeds:
        """Inputs that look up the last row of each table."""
        ids = batch([len(self) - 1])
        return {"ids": ids, "windows": batch([[TAG_BUCKETS - 1] * WINDOW])} if self.marking else {"ids": ids}

    def places(self, text: str) -> Sequence[Place]:
        """One place a character, none where nothing is marked."""
        return [(at, at + 1) for at in range(len(text))] if self.marking else ()


def grams(text: str) -> set[str]:
    """The n-grams of a normalised text."""
    padded = _BEGIN + text + _END
    found = {padded[at : at + order] for order in ORDERS for at in range(len(padded) - order + 1)}
    words = _WORD.findall(text)
    found.update(_PAIR + word for word in words)
    found.update(_PAIR + first + _PAIR + second for first, second in pairwise(words))
    return found


def hashed(gram: str) -> int:
    """CRC-32 of an n-gram. A lone half of a pair counts as itself."""
    return crc32(gram.encode("utf-8", "surrogatepass"))


def windows(text: str) -> Iterator[list[int]]:
    """The views of each character, as rows of the table of tags."""
    padded = _BEGIN * 2 + text + _END * 2
    words = _words(text)
    for at in range(len(text)):
        word, before, after, first = words[at]
        views = [padded[at + 2 + start : at + 2 + start + length] for start, length in _VIEWS]
        views += [word + first, before, after, before + _PAIR + word]
        yield [hashed(f"{number}{_PAIR}{view}") % TAG_BUCKETS for number, view in enumerate(views)]


def _words(text: str) -> list[tuple[str, str, str, str]]:
    """For each character its word, the words beside it, and a mark where it is the word's first."""
    found = list(_WORD.finditer(text))
    rows = [(char, _BEGIN, _END, _BEGIN) for char in text]
    for number, word in enumerate(found):
        before = found[number - 1][0] if number else _BEGIN
        after = found[number + 1][0] if number + 1 < len(found) else _END
        for at in range(*word.span()):
            rows[at] = (word[0], before, after, _BEGIN if at == word.start() else "")
    return rows
