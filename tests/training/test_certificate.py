"""What a certificate states holds as often as it says, and what it cannot show it does not state."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from training.binomial import lower_tail, samples_needed
from training.certificate import GRID, Record, Registration, Scope, certify, start

EPSILON, DELTA = 0.05, 0.1
ORDER = Scope(intents=("order_drink",), epsilon=EPSILON)
PLAN = Registration(scopes=(ORDER,), delta=DELTA)


def right(confidence: float | None, count: int = 1) -> list[Record]:
    return [Record("order_drink", "order_drink", confidence, True)] * count


def wrong(confidence: float | None, count: int = 1) -> list[Record]:
    return [Record("decline", "order_drink", confidence, False)] * count


class World:
    """Utterances whose risk of a wrong answer is known for every confidence."""

    def __init__(self, risk: Callable[[Any], Any]) -> None:
        self._risk = risk
        draws = self.confidences(np.random.default_rng(0), 400_000)
        risks = risk(draws)
        self.truth = {t: float(risks[draws >= t].mean()) for t in GRID}

    @staticmethod
    def confidences(rng: np.random.Generator, count: int) -> Any:
        return 1 - 0.5 * rng.beta(0.6, 3, count)

    def sample(self, rng: np.random.Generator, count: int) -> list[Record]:
        confidences = self.confidences(rng, count)
        bad = rng.random(count) < self._risk(confidences)
        return [
            Record("x", "order_drink", confidence, not mistaken)
            for confidence, mistaken in zip(confidences.tolist(), bad.tolist(), strict=True)
        ]

    def false(self, thresholds: Sequence[float]) -> bool:
        return any(self.truth[threshold] > EPSILON for threshold in thresholds)


def falling(confidence: Any) -> Any:
    """The ordinary case: surer answers are righter."""
    return np.clip(0.9 * (1 - confidence), 0, 1)


def bumpy(confidence: Any) -> Any:
    """A model that is worst where it is surest, then good, then bad again."""
    return np.where(confidence > 0.999, 0.15, np.where(confidence > 0.9, 0.002, 0.16))


def naive(sample: Sequence[Record]) -> list[float]:
    """The loosest threshold whose error on the sample is at most epsilon."""
    for threshold in reversed(GRID):
        given_ = [record for record in sample if record.answered(threshold)]
        if given_ and sum(not record.correct for record in given_) <= EPSILON * len(given_):
            return [threshold]
    return []


@pytest.mark.parametrize("risk", [falling, bumpy])
def test_statements_are_false_no_more_often_than_they_say(risk: Callable[[Any], Any]) -> None:
    world, rng, draws = World(risk), np.random.default_rng(7), 400
    false = naively_false = shown = 0
    for _ in range(draws):
        tuning, sample = world.sample(rng, 200), world.sample(rng, 600)
        statement = certify(ORDER, PLAN, tuning, sample)
        false += world.false(statement.thresholds)
        shown += statement.certified
        naively_false += world.false(naive(sample))
    noise = 3 * math.sqrt(DELTA * (1 - DELTA) / draws)
    assert false / draws <= DELTA + noise
    assert shown / draws >= 0.2  # and it is not for want of statements
    assert naively_false / draws >= 0.3


def test_as_safe_as_mapie_and_answering_as_much() -> None:
    control = pytest.importorskip("mapie.risk_control")
    world, rng, draws = World(falling), np.random.default_rng(11), 40
    grid = np.array(GRID[::-1])
    false = answered = theirs = 0.0
    for _ in range(draws):
        tuning, sample = world.sample(rng, 200), world.sample(rng, 600)
        confidences = np.array([record.confidence for record in sample])
        statement = certify(ORDER, PLAN, tuning, sample)
        false += world.false(statement.thresholds)
        answered += statement.n / len(sample) if statement.certified else 0.0
        mapie = control.BinaryClassificationController(
            lambda x: np.column_stack([1 - x[:, 0], x[:, 0]]),
            control.precision,
            1 - EPSILON,
            1 - DELTA,
            list_predict_params=grid,
            fwer_method="bonferroni_holm",
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns where it finds nothing
            mapie.calibrate(confidences[:, None], np.array([int(record.correct) for record in sample]))
        best = mapie.best_predict_param
        theirs += 0.0 if best is None else float((confidences >= best).mean())
    assert false / draws <= DELTA + 3 * math.sqrt(DELTA * (1 - DELTA) / draws)
    assert answered >= theirs


records = st.builds(
    Record,
    label=st.sampled_from(["order_drink", "decline"]),
    intent=st.sampled_from(["order_drink", "decline", None]),
    confidence=st.none() | st.floats(0, 1),
    correct=st.booleans(),
)
samples = st.lists(st.tuples(records, st.integers(1, 120)), max_size=12).map(
    lambda parts: [record for record, times in parts for _ in range(times)]
)


@given(samples, samples)
def test_a_statement_is_what_its_tests_say(tuning: list[Record], sample: list[Record]) -> None:
    statement = certify(ORDER, PLAN, tuning, sample)
    begin = start(ORDER, PLAN, tuning, len(sample))
    assert statement.thresholds == GRID[begin : begin + len(statement.thresholds)]
    assert statement.certified == bool(statement.thresholds) == (statement.reason == "")
    for threshold in statement.thresholds:
        answered = [r for r in sample if r.intent == "order_drink" and r.answered(threshold)]
        assert lower_tail(sum(not r.correct for r in answered), len(answered), EPSILON) <= DELTA
        assert len(answered) >= samples_needed(0, EPSILON, DELTA)
    assert statement.errors <= statement.n <= len(sample)
    assert 0 <= statement.coverage <= 1


@given(samples, samples, st.integers(1, 3))
def test_more_labels_of_the_same_kind_are_enough(
    tuning: list[Record], sample: list[Record], more: int
) -> None:
    statement = certify(ORDER, PLAN, tuning, sample)
    if statement.reason == "too_few" and statement.more_labels is not None:
        assert statement.more_labels >= 1
        enlarged = sample + right(None, statement.more_labels * more)
        answered = [[r for r in enlarged if r.intent == "order_drink" and r.answered(at)] for at in GRID]
        assert any(
            lower_tail(sum(not r.correct for r in given), len(given), EPSILON) <= DELTA for given in answered
        )


def test_too_few_certify_nothing_and_say_how_many_more() -> None:
    scope = Scope(intents=("order_drink",), epsilon=0.01)
    plan = Registration(scopes=(scope,))
    statement = certify(scope, plan, right(0.9995, 50), right(0.9995, 298))
    assert (statement.certified, statement.threshold, statement.reason) == (False, None, "too_few")
    assert statement.more_labels == 1
    assert certify(scope, plan, right(0.9995, 50), right(0.9995, 299)).certified


def test_half_of_the_labels_answered_need_twice_as_many() -> None:
    unanswered = [Record("order_drink", None)] * 10
    statement = certify(ORDER, PLAN, right(None, 10), right(None, 10) + unanswered)
    assert statement.more_labels == 2 * (samples_needed(0, EPSILON, DELTA) - 10)


@pytest.mark.parametrize("sample", [[], right(0.3, 20), wrong(0.3, 20), [Record("order_drink", None)] * 20])
def test_what_is_never_answered_needs_a_whole_sample(sample: list[Record]) -> None:
    statement = certify(ORDER, PLAN, [], sample)
    assert (statement.n, statement.reason) == (0, "too_few")
    assert statement.more_labels == samples_needed(0, EPSILON, DELTA)


def test_no_labels_help_a_model_that_is_often_wrong() -> None:
    statement = certify(ORDER, PLAN, right(0.999, 100), right(0.999, 200) + wrong(0.999, 100))
    assert (statement.certified, statement.reason, statement.more_labels) == (False, "too_many_errors", None)


def test_answers_of_the_rules_are_in_every_count() -> None:
    surest = certify(ORDER, PLAN, right(None, 100), right(None, 100))
    assert surest.thresholds == GRID
    assert surest.n == 100
    spoiled = certify(ORDER, PLAN, right(0.9995, 100), right(0.9995, 100) + wrong(None, 30))
    assert not spoiled.certified
    assert spoiled.errors == 30


def test_the_sequence_ends_where_looser_is_not_wanted() -> None:
    sample = right(0.99, 200) + right(0.93, 200)
    assert min(certify(ORDER, PLAN, sample, sample).thresholds) < 0.9
    ended = certify(ORDER.model_copy(update={"least": 0.96}), PLAN, sample, sample)
    assert ended.certified
    assert ended.thresholds[-1] == 0.96
    assert ended.n == 200


def test_all_at_once_divides_delta() -> None:
    scopes = (ORDER, Scope(intents=("decline",), epsilon=0.02))
    plan = Registration(scopes=scopes, delta=0.1, family="all")
    assert certify(ORDER, plan, [], right(None, 200)).delta == pytest.approx(0.05)


def test_the_tuning_part_depends_on_the_text_alone_and_has_its_share() -> None:
    texts = [f"来{number}杯奶茶" for number in range(4000)]
    part = [text for text in texts if PLAN.for_tuning(text)]
    assert part == [text for text in texts if Registration(scopes=(ORDER,)).for_tuning(text)]
    assert 0.22 < len(part) / len(texts) < 0.28


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"grid": (0.9, 0.9)}, "must fall"),
        ({"grid": (1.5,)}, "outside"),
        ({"scopes": (ORDER, ORDER)}, "two scopes"),
        ({"delta": 0.0}, "greater than 0"),
    ],
)
def test_what_cannot_be_registered_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Registration.model_validate({"scopes": (ORDER,), **change})
