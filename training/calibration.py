"""What a score is worth: numerics of calibration, on numpy alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_GOLDEN = (math.sqrt(5) - 1) / 2


def log_softmax(logits: Array, temperature: float = 1.0) -> Array:
    """Logarithms of the probabilities along the last axis."""
    heated = logits / temperature
    heated = heated - heated.max(axis=-1, keepdims=True)
    return np.asarray(heated - np.log(np.exp(heated).sum(axis=-1, keepdims=True)))


def negative_log_likelihood(logits: Array, labels: npt.NDArray[np.intp], temperature: float) -> float:
    """Mean over the rows of ``[rows, classes]``."""
    return float(-log_softmax(logits, temperature)[np.arange(len(labels)), labels].mean())


def fit_temperature(logits: Array, labels: npt.NDArray[np.intp]) -> float:
    """The temperature of the least negative log-likelihood, between 0.05 and 20."""
    best = _minimum(
        lambda log: negative_log_likelihood(logits, labels, math.exp(log)), math.log(0.05), math.log(20)
    )
    return math.exp(best)


def fit_logistic(
    features: Array,
    labels: npt.NDArray[np.bool_],
    *,
    prior: Sequence[float],
    strength: float = 1.0,
    signed: int = 0,
) -> list[float]:
    """Weights of a logistic regression, the bias first; none but the bias and the last ``signed`` ones is negative.

    ``prior`` is where the weights stay without data, held with ``strength`` (a ridge penalty in units of one row,
    on the bias too): few rows with few errors among them must not make the curve vertical.
    """
    design = np.column_stack([np.ones(len(features)), features])
    target, around = labels.astype(np.float64), np.asarray(prior, np.float64)
    free = np.ones(design.shape[1], bool)
    either = np.zeros(design.shape[1], bool)
    either[0] = True
    either[design.shape[1] - signed :] = True
    weights = around.copy()
    for _ in range(design.shape[1]):
        weights = _newton(design, target, around, strength, free)
        negative = (weights < 0) & free & ~either
        if not negative.any():
            break
        # evidence that speaks against the answer is noise: the worst is left out, since others may then turn
        free[np.argmin(np.where(negative, weights, 0.0))] = False
    return [float(weight) for weight in weights]


def _newton(
    design: Array, target: Array, around: Array, strength: float, free: npt.NDArray[np.bool_]
) -> Array:
    def loss(weights: Array) -> float:
        odds = design @ weights
        misfit = np.logaddexp(0.0, odds) - target * odds
        return float(misfit.sum() + strength * ((weights - around) ** 2).sum() / 2)

    weights = np.where(free, around, 0.0)
    for _ in range(100):
        probability = 1 / (1 + np.exp(-np.clip(design @ weights, -500, 500)))
        gradient = design.T @ (probability - target) + strength * (weights - around)
        curvature = (design * (probability * (1 - probability))[:, None]).T @ design + strength * np.eye(
            len(weights)
        )
        step = np.zeros_like(weights)
        step[free] = np.linalg.solve(curvature[np.ix_(free, free)], gradient[free])
        before = loss(weights)
        while np.abs(step).max() >= 1e-10 and loss(weights - step) > before:
            step = step / 2  # far from the minimum a whole step may lead further away
        weights = weights - step
        if np.abs(step).max() < 1e-10:
            break
    return weights


def expected_calibration_error(confidence: Array, correct: npt.NDArray[np.bool_], bins: int = 15) -> float:
    """Mean distance of confidence and accuracy over bins of equally many rows; 0 for no rows."""
    if not len(confidence):
        return 0.0
    order = np.argsort(confidence, kind="stable")
    groups = [group for group in np.array_split(order, min(bins, len(order))) if len(group)]
    gaps = [abs(confidence[group].mean() - correct[group].mean()) * len(group) for group in groups]
    return float(sum(gaps) / len(confidence))


def _minimum(function: Callable[[float], float], low: float, high: float, tolerance: float = 1e-6) -> float:
    """Place of the minimum of a function with one valley (golden section)."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    while high - low > tolerance:
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = function(right)
    return (low + high) / 2
