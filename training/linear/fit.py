"""Teaching the linear student: softmax regression over sparse rows, by L-BFGS, on labels or on a teacher's shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize, sparse

from cascade.features.ngrams import TAG_BUCKETS, NGrams, grams, hashed, windows
from training.dataset import UNKNOWN_TAG, Sample

Floats = npt.NDArray[np.float32]
Progress = Callable[[str, int], None]
"""Called with what is being learned and the number of the step."""

_KEPT_STEPS = 5
"""Earlier steps that L-BFGS keeps: each is as large as the weights."""


@dataclass(frozen=True, slots=True)
class LinearPlan:
    """How the linear student learns."""

    least_texts: int
    """An n-gram is known if so many texts of the train part have it."""
    penalty: float
    """Ridge penalty of the intents' weights, in units of one row."""
    tag_penalty: float
    steps: int


@dataclass(frozen=True)
class LinearModel:
    """Weights by row of the features."""

    encoder: NGrams
    rarity: Floats
    """``[rows]``: how much an n-gram counts, ``log((1 + texts) / (1 + texts with it)) + 1``."""
    weights: Floats
    """``[rows, intents]``"""
    bias: Floats
    tag_weights: Floats
    """``[TAG_BUCKETS, tags]``"""
    tag_bias: Floats

    @property
    def arrays(self) -> dict[str, Floats]:
        """The weights by name, as they are kept beside the n-grams."""
        return {
            "rarity": self.rarity,
            "weights": self.weights,
            "bias": self.bias,
            "tag_weights": self.tag_weights,
            "tag_bias": self.tag_bias,
        }

    def scores(self, text: str) -> tuple[Floats, Floats]:
        """Intents ``[intents]`` and tags ``[places, tags]`` of a normalised text, computed by numpy alone."""
        ids = self.encoder.ids(text)
        values = self.rarity[ids] / np.sqrt((self.rarity[ids] ** 2).sum())
        rows = np.array(list(windows(text)) if self.encoder.marking else [], np.int64)
        tags = (
            self.tag_weights[rows].sum(axis=1) if len(rows) else np.zeros((0, len(self.tag_bias)), np.float32)
        )
        return values @ self.weights[ids] + self.bias, np.asarray(tags + self.tag_bias, np.float32)


def fit(
    samples: Sequence[Sample],
    intents: int,
    tags: int,
    plan: LinearPlan,
    *,
    shares: Floats | None = None,
    progress: Progress = lambda part, step: None,
) -> LinearModel:
    """A model of the samples. ``shares`` (``[samples, intents]``) stand in for the labels, as a teacher gives them."""
    encoder = vocabulary((sample.text for sample in samples), plan.least_texts, marking=tags > 1)
    known = [encoder.ids(sample.text) for sample in samples]
    rarity = _rarity(known, len(encoder))
    target = _shares(samples, intents) if shares is None else shares
    weights, bias = softmax_regression(
        _rows(known, rarity), target, plan.penalty, plan.steps, lambda step: progress("intents", step)
    )
    tag_weights, tag_bias = np.zeros((TAG_BUCKETS, tags), np.float32), np.zeros(tags, np.float32)
    if tags > 1:
        seen, labels = _tagged(samples, tags)
        tag_weights, tag_bias = softmax_regression(
            seen, labels, plan.tag_penalty, plan.steps, lambda step: progress("tags", step)
        )
    return LinearModel(encoder, rarity, weights, bias, tag_weights, tag_bias)


def vocabulary(texts: Any, least_texts: int, *, marking: bool) -> NGrams:
    """The n-grams that enough texts have; their order is the hashes' own."""
    counts = Counter(number for text in texts for number in {hashed(gram) for gram in grams(text)})
    return NGrams(sorted(number for number, count in counts.items() if count >= least_texts), marking=marking)


def softmax_regression(
    rows: Any, target: Floats, penalty: float, steps: int, progress: Callable[[int], None]
) -> tuple[Floats, Floats]:
    """Weights ``[features, classes]`` and bias that make ``target`` likely; the bias is not penalised.

    A feature that no row has keeps the weight 0 that the penalty would give it.
    """
    rows = sparse.csr_matrix(rows, dtype=np.float64)
    used = np.unique(rows.indices)
    whole = np.zeros((rows.shape[1], target.shape[1]), np.float32)
    rows = rows[:, used]
    classes, features = target.shape[1], len(used)
    columns = rows.T.tocsr()
    counted = 0

    def loss(flat: Any) -> tuple[float, Any]:
        weights, bias = flat[:-classes].reshape(features, classes), flat[-classes:]
        scores = rows @ weights + bias
        scores -= scores.max(axis=1, keepdims=True)
        logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        gap = np.exp(logs) * target.sum(axis=1, keepdims=True) - target
        slope = np.concatenate([(columns @ gap + penalty * weights).ravel(), gap.sum(axis=0)])
        return float(-(target * logs).sum() + penalty / 2 * (weights**2).sum()), slope

    def told(_: Any) -> None:
        nonlocal counted
        counted += 1
        progress(counted)

    options = {"maxiter": steps, "maxcor": _KEPT_STEPS, "maxfun": 2 * steps}
    start = np.zeros((features + 1) * classes)
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", callback=told, options=options).x
    whole[used] = found[:-classes].reshape(features, classes)
    return whole, found[-classes:].astype(np.float32)


def _rarity(known: Sequence[Sequence[int]], rows: int) -> Floats:
    counts = np.bincount([row for ids in known for row in ids], minlength=rows)
    return np.asarray(np.log((1 + len(known)) / (1 + counts)) + 1, np.float32)


def _rows(known: Sequence[Sequence[int]], rarity: Floats) -> Any:
    """One row a text, of length one."""
    ends = np.cumsum([0, *(len(ids) for ids in known)])
    places = np.concatenate([np.asarray(ids, np.int64) for ids in known])
    values = np.concatenate([rarity[ids] / np.sqrt((rarity[ids] ** 2).sum()) for ids in known])
    return sparse.csr_matrix((values, places, ends), shape=(len(known), len(rarity)))


def _shares(samples: Sequence[Sample], intents: int) -> Floats:
    """Labels as shares: of several intents that may be right, each has its part; where none is lawful, all do."""
    target = np.zeros((len(samples), intents), np.float32)
    for row, sample in zip(target, samples, strict=True):
        row[list(sample.intents) if sample.sure else slice(None)] = 1
    return np.asarray(target / target.sum(axis=1, keepdims=True), np.float32)


def _tagged(samples: Sequence[Sample], tags: int) -> tuple[Any, Floats]:
    """Windows of the characters whose tag is known, and their tags."""
    seen: list[list[int]] = []
    labels: list[int] = []
    for sample in samples:
        for window, tag in zip(windows(sample.text), sample.tags, strict=True):
            if tag != UNKNOWN_TAG:
                seen.append(window)
                labels.append(tag)
    places = np.array(seen, np.int64)
    rows = sparse.csr_matrix(
        (np.ones(places.size), places.ravel(), np.arange(0, places.size + 1, places.shape[1])),
        shape=(len(seen), TAG_BUCKETS),
    )
    return rows, np.eye(tags, dtype=np.float32)[labels]
