"""Words as ``grammar.yaml`` and ``lexicon.yaml`` write them down: single ones, and combinations spelled out of a few.

Everything that is read from these files is made of them, whichever part of the grammar it is for.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

Form = Annotated[str, StringConstraints(min_length=1, max_length=40)]
MOST: Final = 20_000
"""Words that one list may stand for: more is a slip, or meant to fill the memory."""


def _spelled_out(forms: Any) -> Any:
    """Lists inside a list are alternatives one after the other: ``[[我, ""], [妈, 爸]]`` is 我妈, 我爸, 妈, 爸."""
    if not isinstance(forms, list) or not any(isinstance(form, list) for form in forms):
        return forms
    found: list[Any] = [
        form for form in forms if not isinstance(form, list)
    ]  # lines of plain words stay theirs
    for alternatives in forms:
        if isinstance(alternatives, list):
            found.extend(_combined(alternatives))
        if len(found) > MOST:
            raise ValueError(f"more than {MOST} words")
    return found


def _combined(alternatives: list[Any]) -> list[str]:
    places = [place if isinstance(place, list) else [place] for place in alternatives]
    if not all(isinstance(piece, str) for place in places for piece in place):
        raise ValueError("alternatives are lists of words")
    if prod(map(len, places)) > MOST:
        raise ValueError(f"more than {MOST} combinations")
    return list(dict.fromkeys("".join(pieces) for pieces in product(*places) if any(pieces)))


Forms = Annotated[tuple[Form, ...], BeforeValidator(_spelled_out)]
"""Words; a list among them stands for the combinations of its alternatives."""


class Beside:
    """Words that are looked for right before a place or from it on, however many there are."""

    __slots__ = ("_firsts", "_forms", "_lasts", "_lengths")

    def __init__(self, *forms: tuple[str, ...]) -> None:
        self._forms = frozenset(form for some in forms for form in some)
        self._firsts = frozenset(form[0] for form in self._forms)
        self._lasts = frozenset(form[-1] for form in self._forms)
        self._lengths = sorted({len(form) for form in self._forms}, reverse=True)

    def before(self, text: str, end: int) -> int:
        """How many characters the longest of them has that ends at a place, 0 where none does."""
        if text[end - 1 : end] not in self._lasts:
            return 0
        forms = self._forms
        return next((n for n in self._lengths if n <= end and text[end - n : end] in forms), 0)

    def after(self, text: str, start: int) -> int:
        """How many characters the longest of them has that begins at a place, 0 where none does."""
        if text[start : start + 1] not in self._firsts:
            return 0
        forms, left = self._forms, len(text) - start
        return next((n for n in self._lengths if n <= left and text[start : start + n] in forms), 0)


class Record(BaseModel):
    """A section of the file: nothing in it may be changed, or be there unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid")
