"""Texts that nobody labelled, for a student to hear its teacher on: one text with a part of another in it.

Source: R. Tang et al., "Distilling Task-Specific Knowledge from BERT into Simple Neural Networks" (2019), whose
n-gram sampling cuts texts in the same spirit. Nonsense as speech, they lie between the labelled texts, where the
borders of the intents run.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from training.dataset import Sample

if TYPE_CHECKING:
    from training.fit import Variant


class Splicer:
    """In place of some samples: a part of another put into them. Every intent is right there: the teacher decides."""

    def __init__(
        self, samples: Sequence[Sample], intents: int, share: float, *, by_words: bool, otherwise: Variant
    ) -> None:
        """``share`` of the samples are replaced, others go to ``otherwise``; cuts are between words or characters."""
        self._samples = samples
        self._every = tuple(range(intents))
        self._share = share
        self._by_words = by_words
        self._otherwise = otherwise
        self._longest = max((len(sample.text) for sample in samples), default=0)

    def __call__(self, sample: Sample, rng: random.Random) -> Sample:
        """``sample`` spliced, or said otherwise."""
        if rng.random() >= self._share:
            return self._otherwise(sample, rng)
        text = self._spliced(sample.text, rng.choice(self._samples).text, rng)
        return Sample(text, self._every, ())  # no tag of it is known

    def _spliced(self, text: str, other: str, rng: random.Random) -> str:
        base, more = (one.split() if self._by_words else list(one) for one in (text, other))
        start, end = sorted(rng.randint(0, len(base)) for _ in range(2))
        left, right = sorted(rng.randint(0, len(more)) for _ in range(2))
        made, between = [*base[:start], *more[left:right], *base[end:]], " " if self._by_words else ""
        while len(between.join(made)) > self._longest:
            made.pop()
        return between.join(made).strip() or text
