"""From tag probabilities to marks: whole words of the grammar take one field, what is no word takes it by character."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from cascade.grammar.entry import Entry, Token
from cascade.grammar.hearing import Heard
from cascade.tiers.calibration import Vector

_LEAST = 1e-6
_MAY_BELONG = 0.2
_VALUE = 2
"""Characters at the end of a longer word that say its value."""


class Tagging:
    """The tags of one text: how likely each character is outside of the order, or in each of its fields."""

    __slots__ = ("best", "by_field", "fields", "outside", "pooled")

    def __init__(self, tags: Vector, fields: Sequence[str], columns: Sequence[int]) -> None:
        """``tags`` are probabilities ``[characters, tags]``; ``columns`` number the field of each tag but O."""
        self.fields = fields
        self.outside: Vector = tags[:, 0]
        self.by_field: Vector = np.zeros((len(tags), len(fields)), np.float32)
        for column, number in enumerate(columns, 1):
            self.by_field[:, number] += tags[:, column]
        self.best: npt.NDArray[np.intp] = np.where(
            self.outside >= self.by_field.max(axis=1), -1, self.by_field.argmax(axis=1)
        )
        """Number of the likeliest field of each character, -1 outside of all."""
        self.pooled = self.best
        """The same once words are taken as a whole."""

    def marks(self, tokens: Iterable[Token], wanted: frozenset[str], spoken: frozenset[str]) -> list[Heard]:
        """Stretches of one field, of those ``wanted``. A word of the lexicon is in a field as a whole or not at all."""
        best = self.best.copy()
        for entry, start, end in tokens:
            if entry.slot is not None or entry.variants:
                best[start:end] = self._of_word(entry, start, end)
        self._widen(best, {number for number, name in enumerate(self.fields) if name in spoken})
        self.pooled = best
        marks: list[Heard] = []
        start = 0
        for end in range(1, len(best) + 1):
            if end < len(best) and best[end] == best[start]:
                continue
            if best[start] >= 0 and self.fields[best[start]] in wanted:
                marks.append(Heard(start, end, self.fields[best[start]]))
            start = end
        return marks

    def _widen(self, best: npt.NDArray[np.intp], numbers: set[int]) -> None:
        """Let stretches that are kept as spoken take in the neighbours that may well belong to them."""
        for places in (range(1, len(best)), range(len(best) - 2, -1, -1)):
            step = 1 if places.step > 0 else -1
            for at in places:
                number = int(best[at - step])
                if best[at] < 0 and number in numbers and self.by_field[at, number] >= _MAY_BELONG:
                    best[at] = number

    def _of_word(self, entry: Entry, start: int, end: int) -> int:
        ended = set(self.best[end - _VALUE : end].tolist())
        own = entry.slot.spec.field if entry.slot is not None and end - start > _VALUE else None
        if own in self.fields and ended == {self.fields.index(own)}:
            return self.fields.index(own)  # 半糖 in 糖改成半糖
        logs = np.log(np.maximum(self.by_field[start:end], _LEAST)).sum(axis=0)
        outside = float(np.log(np.maximum(self.outside[start:end], _LEAST)).sum())
        return -1 if outside >= logs.max() else int(logs.argmax())

    def edges(
        self, start: int, end: int, number: int, around: tuple[int | None, int | None], *, named: bool = False
    ) -> float:
        """How likely a stretch of a field begins and ends where it does.

        ``around`` are the characters that it would go on with, ``None`` where it cannot; ``named`` says that somebody
        else knows it for one thing.
        """
        column = self.by_field[:, number]
        inside = 1.0 if named else min(float(column[start]), float(column[end - 1]))
        return min([inside, *(1 - float(column[place]) for place in around if place is not None)])

    def chance(self, start: int, end: int, number: int) -> float:
        """Mean probability, over a stretch, of a field, or of being outside (-1)."""
        column = self.outside if number < 0 else self.by_field[:, number]
        return float(column[start:end].mean()) if end > start else 1.0
