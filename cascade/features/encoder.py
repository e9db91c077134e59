"""The protocol of a feature definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Feeds = Mapping[str, npt.NDArray[np.int64]]
"""A model's inputs by name, each with a leading axis of one utterance."""
Place = tuple[int, int]
"""Characters ``[start, end)`` of the normalised text."""


class Encoder(Protocol):
    """Turns normalised text into a model's inputs. Immutable, safe to share."""

    @property
    def version(self) -> str:
        """Name of the definition."""
        ...

    def __len__(self) -> int:
        """Rows of the model's table: every id is below it."""
        ...

    def ids(self, text: str) -> list[int]:
        """Rows of the table that the text looks up."""
        ...

    def feeds(self, text: str) -> Feeds:
        """The inputs for one text."""
        ...

    def unknown(self, text: str) -> int:
        """How many characters of the normalised ``text`` it lacks."""
        ...

    def last_row(self) -> Feeds:
        """Inputs that look up the last row: a table that is too small fails on them."""
        ...

    def places(self, text: str) -> Sequence[Place]:
        """What each row of the model's tags is about, in order, the leading row (the whole text) left out."""
        ...


def batch(ids: Any) -> npt.NDArray[np.int64]:
    """One utterance's numbers as a model takes them."""
    return np.array([ids], np.int64)
