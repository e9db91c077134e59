"""What the layout of a list says of places in an utterance: found before it is read, and kept beside it.

It knows nothing of how it is found (:mod:`~cascade.grammar.lists`), so that a reading can hold one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Shares = tuple[tuple[int, tuple[tuple[str, str, Any], ...]], ...]
"""How many of each, and the marks of what is said of it: 两冰两热."""


Wish = tuple[int, tuple[str, str, Any] | None]
"""The place after a wish, and the mark of what it adds to an item, if it adds anything."""


@dataclass(slots=True)
class Layout:
    """What the layout says of some places; empty where there is none."""

    counts: frozenset[int] = frozenset()
    """Numbers without a measure word that say how many."""
    numbers: Mapping[int, int] = field(default_factory=dict)
    """Numbers that only number an item, and the place after each."""
    parted: frozenset[int] = frozenset()
    """Places before which one item ends."""
    passed: frozenset[int] = frozenset()
    """Brackets, and what parts words within them."""
    turns: Mapping[int, int] = field(default_factory=dict)
    """Where somebody says what is theirs, and the place after the words for who it is."""
    called: Mapping[int, tuple[int, tuple[str, str, Any]]] = field(default_factory=dict)
    """Where a name is said again by what tells it from the others, the place after it, and its mark."""
    spends: bool = False
    """Whether a word may say that something is spent."""
    shares: Mapping[int, tuple[int, Shares]] = field(default_factory=dict)
    """Where shares begin, the place after them, and the shares."""

    wishes: Mapping[int, Wish] = field(default_factory=dict)
    """Where a wish begins that is known by what frames it."""

    told: Mapping[int, int] = field(default_factory=dict)
    """Where something is told that what is ordered answers, and the place after it."""

    @property
    def says(self) -> bool:
        """Whether there is any place that the layout explains."""
        return bool(
            self.passed
            or self.parted
            or self.numbers
            or self.shares
            or self.turns
            or self.called
            or self.wishes
            or self.told
        )
