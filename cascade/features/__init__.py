"""What the classifier sees of an utterance, in numbers. Training and runtime share this package.

Each definition is versioned: a bundle names the version its model was trained with, and an unknown one is refused. All
are made of the normalised text alone, and nothing is cut: a text longer than the model takes has no numbers.

| version | one row is | for |
|---|---|---|
| ``chars-1`` | a character | transformers of a language written without spaces |
| ``pieces-1`` | a word or a piece of one, by a pretrained encoder's list | transformers of a language with spaces |
| ``ngrams-1`` | a character between its neighbours; the text is a set of hashed n-grams | the linear model |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from cascade.features import chars, ngrams, pieces
from cascade.features.chars import CLS, PAD, SPECIAL, UNK, Vocabulary
from cascade.features.encoder import Encoder, Feeds, Place
from cascade.features.ngrams import NGrams
from cascade.features.pieces import Pieces

VERSION: Final = chars.VERSION
"""What a bundle is trained with whose recipe asks for nothing else."""

_PARSERS: Final[Mapping[str, Callable[[str], Encoder]]] = {
    chars.VERSION: Vocabulary.parse,
    pieces.VERSION: Pieces.parse,
    ngrams.VERSION: NGrams.parse,
}
VERSIONS: Final = tuple(_PARSERS)


def parse(version: str, text: str) -> Encoder:
    """The encoder of a ``vocab.txt``. Raises ``ValueError`` for a list that is none, ``KeyError`` for the version."""
    return _PARSERS[version](text)


__all__ = [
    "CLS",
    "PAD",
    "SPECIAL",
    "UNK",
    "VERSION",
    "VERSIONS",
    "Encoder",
    "Feeds",
    "NGrams",
    "Pieces",
    "Place",
    "Vocabulary",
    "parse",
]
