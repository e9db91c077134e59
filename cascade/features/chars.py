"""``chars-1``: a leading ``[CLS]``, one id a character, ``[UNK]`` for a character that the vocabulary lacks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from cascade.features.encoder import Feeds, Place, batch

VERSION: Final = "chars-1"
PAD, UNK, CLS = "[PAD]", "[UNK]", "[CLS]"
SPECIAL: Final = (PAD, UNK, CLS)
"""The first lines of every vocabulary, in this order; ``[PAD]`` is for batches in training alone."""


class Vocabulary:
    """The characters a model knows, numbered from 0 after the special ones. Immutable, safe to share."""

    __slots__ = ("_ids", "_unknown", "characters")

    version: Final = VERSION

    def __init__(self, characters: Iterable[str]) -> None:
        """``characters`` are single and different. Raises ``ValueError`` otherwise."""
        self.characters: Sequence[str] = tuple(characters)
        self._ids = {char: number for number, char in enumerate(self.characters, len(SPECIAL))}
        self._unknown = SPECIAL.index(UNK)
        for char in self.characters:
            if len(char) != 1 or char in "\r\n":
                raise ValueError(f"{char!r} is not one character of a line")
        if len(self._ids) != len(self.characters):
            raise ValueError("a character stands twice")

    @classmethod
    def parse(cls, text: str) -> Vocabulary:
        """Read a ``vocab.txt``: one entry a line, the special ones first. Raises ``ValueError``."""
        lines = text.removesuffix("\n").split("\n")
        if tuple(lines[: len(SPECIAL)]) != SPECIAL:
            raise ValueError(f"a vocabulary begins with {', '.join(SPECIAL)}")
        return cls(lines[len(SPECIAL) :])

    def __str__(self) -> str:
        """The text of ``vocab.txt``."""
        return "".join(f"{entry}\n" for entry in (*SPECIAL, *self.characters))

    def __len__(self) -> int:
        return len(SPECIAL) + len(self.characters)

    @property
    def entries(self) -> Sequence[str]:
        """The characters, as a pretrained encoder's list has them."""
        return self.characters

    def ids(self, text: str) -> list[int]:
        """One id for ``[CLS]``, then one a character of the normalised ``text``."""
        known, unknown = self._ids, self._unknown
        return [2, *[known.get(char, unknown) for char in text]]

    def unknown(self, text: str) -> int:
        """How many characters of the normalised ``text`` it lacks."""
        return sum(char not in self._ids for char in text)

    def batch(self, text: str) -> npt.NDArray[np.int64]:
        """:meth:`ids` as the model takes them: int64 ``[1, len(text) + 1]``."""
        return batch(self.ids(text))

    def feeds(self, text: str) -> Feeds:
        """:meth:`batch` by the name of the model's input."""
        return {"ids": self.batch(text)}

    def last_row(self) -> Feeds:
        """Inputs that look up the last row of the table."""
        return {"ids": batch([len(self) - 1])}

    def places(self, text: str) -> Sequence[Place]:
        """One place a character."""
        return [(at, at + 1) for at in range(len(text))]
