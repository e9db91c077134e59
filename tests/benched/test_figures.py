"""The figures of the benchmarks, held against brute force."""

import random
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import figures

ROWS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.4, 0.5, 0.9, 1.0]), st.booleans()), min_size=1, max_size=40
)


def arrays(rows: list[tuple[float, bool]]) -> tuple[figures.Floats, figures.Flags]:
    return np.array([one[0] for one in rows]), np.array([one[1] for one in rows], bool)


@given(ROWS, st.randoms(use_true_random=False))
def test_no_figure_hangs_on_the_order_of_rows(rows: list[tuple[float, bool]], rng: random.Random) -> None:
    shuffled = rng.sample(rows, len(rows))
    for figure in (figures.aurc, figures.calibration_error):
        assert figure(*arrays(rows)) == pytest.approx(figure(*arrays(shuffled)))


@given(ROWS)
def test_risk_of_everything_is_the_share_of_errors(rows: list[tuple[float, bool]]) -> None:
    confidence, correct = arrays(rows)
    assert figures.risks(confidence, correct)[-1] == pytest.approx(1 - correct.mean())


@given(ROWS)
def test_what_can_be_answered_at_a_risk_has_at_most_that_risk(rows: list[tuple[float, bool]]) -> None:
    confidence, correct = arrays(rows)
    for risk in figures.RISKS:
        covered = round(figures.coverage_at(confidence, correct, risk) * len(rows))
        assert covered == 0 or figures.risks(confidence, correct)[covered - 1] <= risk


@given(ROWS)
def test_auroc_counts_pairs(rows: list[tuple[float, bool]]) -> None:
    score, positive = arrays(rows)
    if positive.all() or not positive.any():
        return
    pairs = list(product(score[positive], score[~positive]))
    won = sum(1.0 if high > low else 0.5 if high == low else 0.0 for high, low in pairs)
    assert figures.auroc(score, positive) == pytest.approx(won / len(pairs))


def test_aurc_is_best_when_errors_are_least_confident() -> None:
    confidence = np.array([0.9, 0.8, 0.7, 0.6])
    right = np.array([True, True, True, False])
    assert figures.aurc(confidence, right) < figures.aurc(confidence, right[::-1])


def test_wilson_is_the_textbooks() -> None:
    assert figures.wilson(0, 0) == (0.0, 1.0)
    assert figures.wilson(15, 20) == pytest.approx((0.5313, 0.8881), abs=5e-4)
    assert figures.wilson(0, 100)[0] == pytest.approx(0.0, abs=1e-12)


def test_a_row_without_any_score_is_wrong_and_not_out_of_scope() -> None:
    table = np.array([[0.0, 0.0], [0.2, 0.7], [0.9, 0.1]])
    found = figures.answers(table, ["a", "oos"], ["a", "oos", "a"], "oos")
    assert found.correct.tolist() == [False, True, True]
    assert found.said_out_of_scope.tolist() == [False, True, False]
    assert found.in_scope.tolist() == [True, False, True]


def test_a_stated_confidence_is_taken_instead_of_the_score() -> None:
    table = np.array([[0.2, 0.8], [0.9, 0.1]])
    found = figures.answers(table, ["a", "oos"], ["oos", "a"], "oos", np.array([0.75, 0.6]))
    assert found.confidence.tolist() == [0.75, 0.6]
    assert found.in_scope_score.tolist() == pytest.approx([0.25, 0.6])
