"""Do the sets share utterances? Train gives way to calibration and test, calibration to test, test to nobody.

Two utterances are the same when they are equal as typed (``exact``), equal in letters and digits after normalisation
(``normalised``), or have most of their character bigrams in common (``near``).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from training.annotation import Example

_ROUNDING = 1e-9
Kind = Literal["exact", "normalised", "near"]


@dataclass(frozen=True, slots=True)
class Collision:
    """An example that must go, the one it collides with, and how alike they are (1 unless near)."""

    dropped: Example
    kept: Example
    kind: Kind
    likeness: float

    def __str__(self) -> str:
        """Of the one that is kept only its place: it is held out, and whoever mends the other should not read it."""
        return (
            f"{self.dropped.where}: {self.dropped.text!r} is a {self.kind} duplicate ({self.likeness:.2f}) "
            f"of {self.kept.where}"
        )


class Index:
    """Utterances that others must not repeat."""

    def __init__(self, kept: Iterable[Example], normalised: Callable[[str], str], jaccard: float) -> None:
        """``jaccard`` is the least share of common bigrams that makes two texts near-duplicates."""
        self._normalised = normalised
        self._jaccard = jaccard
        self._exact: dict[str, Example] = {}
        self._keys: dict[str, Example] = {}
        self._examples: list[tuple[Example, frozenset[str]]] = []
        self._postings: defaultdict[str, list[int]] = defaultdict(list)
        for example in kept:
            self._add(example)

    def _add(self, example: Example) -> None:
        key = self._key(example.text)
        self._exact.setdefault(example.text, example)
        self._keys.setdefault(key, example)
        grams = bigrams(key)
        for gram in grams:
            self._postings[gram].append(len(self._examples))
        self._examples.append((example, grams))

    def _key(self, text: str) -> str:
        normalised = self._normalised(text)
        return "".join(filter(str.isalnum, normalised)) or normalised

    def collision(self, example: Example) -> Collision | None:
        """The first reason why ``example`` may not stay, if there is one."""
        if found := self._exact.get(example.text):
            return Collision(example, found, "exact", 1.0)
        key = self._key(example.text)
        if found := self._keys.get(key):
            return Collision(example, found, "normalised", 1.0)
        grams = bigrams(key)
        alike = ((self._likeness(grams, number), -number) for number in self._candidates(grams))
        likeness, number = max(alike, default=(0.0, 0))
        if likeness < self._jaccard:
            return None
        return Collision(example, self._examples[-number][0], "near", likeness)

    def _candidates(self, grams: frozenset[str]) -> set[int]:
        """All that may be near, and few others.

        What shares ``jaccard`` of all bigrams shares as much of these, so that it has one of any so many that fewer are
        left: the rarest are looked up (prefix filtering; Chaudhuri, Ganti and Kaushik, "A primitive operator for
        similarity joins in data cleaning", 2006).
        """
        shared = math.ceil(self._jaccard * len(grams) - _ROUNDING)
        rarest = sorted(grams, key=lambda gram: (len(self._postings.get(gram, ())), gram))
        looked_up = rarest[: len(grams) - shared + 1]
        return {number for gram in looked_up for number in self._postings.get(gram, ())}

    def _likeness(self, grams: frozenset[str], number: int) -> float:
        """Share of the bigrams of both that are common to them (Jaccard)."""
        theirs = self._examples[number][1]
        shared = len(grams & theirs)
        return shared / (len(grams) + len(theirs) - shared)


def bigrams(text: str) -> frozenset[str]:
    """Pairs of neighbouring characters, the edges of the text counted as characters."""
    edged = f"\x02{text}\x03"
    return frozenset(edged[at : at + 2] for at in range(len(edged) - 1))


def separate(
    giving_way: Sequence[Example], kept: Iterable[Example], normalised: Callable[[str], str], jaccard: float
) -> tuple[list[Example], list[Collision]]:
    """``giving_way`` without what repeats ``kept``, and what was dropped."""
    index = Index(kept, normalised, jaccard)
    stay: list[Example] = []
    collisions: list[Collision] = []
    for example in giving_way:
        found = index.collision(example)
        if found is None:
            stay.append(example)
        else:
            collisions.append(found)
    return stay, collisions
