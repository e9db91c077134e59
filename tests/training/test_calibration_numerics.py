"""Calibration against closed forms and, where they are installed, scipy and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.calibration import (
    expected_calibration_error,
    fit_logistic,
    fit_temperature,
    log_softmax,
    negative_log_likelihood,
)

SEEDS = st.integers(0, 10_000)


def drawn(seed: int, rows: int = 400, classes: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels drawn from their softmax: calibrated at temperature one."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=2, size=(rows, classes))
    chances = np.exp(log_softmax(logits))
    return logits, np.array([rng.choice(classes, p=row / row.sum()) for row in chances])


@given(SEEDS, st.floats(0.3, 3))
@settings(max_examples=15)
def test_the_temperature_undoes_overconfidence(seed: int, heat: float) -> None:
    logits, labels = drawn(seed)
    assert fit_temperature(logits * heat, labels) / fit_temperature(logits, labels) == pytest.approx(
        heat, rel=1e-4
    )


@given(SEEDS)
@settings(max_examples=15)
def test_no_temperature_nearby_is_better(seed: int) -> None:
    logits, labels = drawn(seed)
    best = fit_temperature(logits, labels)
    least = negative_log_likelihood(logits, labels, best)
    for factor in (0.9, 0.99, 1.01, 1.1):
        assert least <= negative_log_likelihood(logits, labels, best * factor) + 1e-12


def test_the_temperature_is_that_of_scipy() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    logits, labels = drawn(7)
    found = optimize.minimize_scalar(
        lambda log: negative_log_likelihood(logits, labels, float(np.exp(log))),
        bounds=(-3, 3),
        method="bounded",
    )
    assert fit_temperature(logits, labels) == pytest.approx(float(np.exp(found.x)), rel=1e-3)


def test_logistic_weights_are_those_of_scikit_learn() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(3)
    features = rng.normal(size=(500, 2))
    labels = rng.random(500) < 1 / (1 + np.exp(-(0.5 + features @ [1.0, 2.0])))
    ours = fit_logistic(features, labels, prior=(0.0, 0.0, 0.0))
    # the bias of scikit-learn is not penalised, ours is: a column of ones takes its place
    design = np.column_stack([np.ones(500), features])
    theirs = linear_model.LogisticRegression(C=1.0, fit_intercept=False, tol=1e-10).fit(design, labels)
    assert ours == pytest.approx(list(theirs.coef_[0]), rel=1e-4)


def test_without_rows_the_weights_are_the_prior() -> None:
    weights = fit_logistic(np.zeros((0, 2)), np.zeros(0, bool), prior=(0.1, 0.5, 0.5))
    assert weights == pytest.approx([0.1, 0.5, 0.5])


def test_a_confidence_never_speaks_against_the_answer() -> None:
    rng = np.random.default_rng(5)
    features = rng.normal(size=(300, 2))
    labels = rng.random(300) < 1 / (1 + np.exp(-(2 * features[:, 0] - 2 * features[:, 1])))
    bias, first, second = fit_logistic(features, labels, prior=(0.0, 0.5, 0.5))
    assert np.isfinite(bias)
    assert first > 1
    assert second == 0


@pytest.mark.parametrize("correct", [True, False])
def test_rows_of_one_kind_leave_the_curve_finite(correct: bool) -> None:
    weights = fit_logistic(np.ones((30, 2)) * 3, np.full(30, correct), prior=(0.0, 0.5, 0.5))
    assert np.isfinite(weights).all()
    assert max(abs(weight) for weight in weights) < 10


def test_calibration_error_of_the_calibrated_and_of_the_boastful() -> None:
    honest = np.full(1000, 0.75)
    correct = np.arange(1000) % 4 != 0
    assert expected_calibration_error(honest, correct) < 0.02
    assert expected_calibration_error(np.full(1000, 1.0), correct) == pytest.approx(0.25)
    assert expected_calibration_error(np.zeros(0), np.zeros(0, bool)) == 0


def test_a_curve_over_evidence_of_many_sizes_stays_finite() -> None:
    """Whole Newton steps left the minimum behind here and ended at weights of a thousand."""
    rng = np.random.default_rng(1)
    evidence = rng.normal(3, 2, (250, 9)) * np.array([1, 1, 4, 6, 1, 1, 1, 1, 3])
    right = evidence[:, 0] + rng.normal(0, 1, 250) > 1.5
    weights = fit_logistic(evidence, right, prior=[0.0] * 10)
    assert max(map(abs, weights)) < 20


def test_only_signed_weights_may_be_negative() -> None:
    rng = np.random.default_rng(2)
    evidence = rng.normal(0, 1, (400, 2))
    right = rng.normal(0, 1, 400) > evidence.sum(axis=1)
    unsigned = fit_logistic(evidence, right, prior=[0.0, 0.0, 0.0])
    signed = fit_logistic(evidence, right, prior=[0.0, 0.0, 0.0], signed=1)
    assert unsigned[1:] == [0.0, 0.0]
    assert signed[1] == 0.0
    assert signed[2] < -0.3
