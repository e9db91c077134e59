"""``sounds.txt``: how characters sound, for names that were heard or typed as other characters: 瑞星 for 瑞幸."""

from __future__ import annotations

from typing import Self

from cascade.bundle import Bundle
from cascade.errors import BundleCorrupt

FILE = "sounds.txt"

Sound = tuple[str, ...]


class Sounds:
    """The syllables of characters. Immutable, safe to share."""

    __slots__ = ("_of",)

    def __init__(self, syllables: dict[str, str]) -> None:
        """``syllables`` maps characters to what they sound like."""
        self._of = dict(syllables)

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> Self:
        """Read the bundle's file; without one every character sounds like itself alone.

        Raises :class:`~cascade.errors.BundleCorrupt` for a line that is no syllable, a tab and its characters.
        """
        if not bundle.has(FILE):
            return cls({})
        syllables: dict[str, str] = {}
        try:
            lines = bundle.file(FILE).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise BundleCorrupt(str(error), file=FILE) from error
        for number, line in enumerate(lines, 1):
            syllable, tab, characters = line.partition("\t")
            if not (syllable and tab and characters) or any(char in syllables for char in characters):
                raise BundleCorrupt(
                    f"line {number} is not a syllable, a tab and characters of its own", file=FILE
                )
            syllables.update(dict.fromkeys(characters, syllable))
        return cls(syllables)

    def of(self, text: str) -> Sound:
        """What a text sounds like, a syllable a character; what has no syllable sounds like itself."""
        return tuple(self._of.get(char, char) for char in text)
