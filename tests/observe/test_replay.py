"""Another policy on the same log: exact where the log knows, marked where it does not, with honest intervals."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.bundle import Bundle
from cascade.errors import ConfigurationError
from cascade.observe.bootstrap import PoissonBootstrap
from cascade.observe.privacy import Scrubber
from cascade.observe.record import DecisionRecord
from cascade.observe.recorder import Recorder, encoded
from cascade.observe.replay import replay
from cascade.observe.settings import policies
from cascade.policy import Policy, PolicySpec, Threshold, ThresholdPolicy
from cascade.result import Cost, Result
from observe.made import FRUIT_TEA, MILK_TEA, bundle_in, by_classifier, by_llm, by_rules, personal, rejected

RECORDER = Recorder(Scrubber())
INTENTS = {"order_drink": True, "recommend_drink": False, "chitchat": False}


def line(result: Result[Any], **head: Any) -> DecisionRecord:
    given = {"kind": "decision", "run": "r", "seq": 1, "weight": 1.0, **head}
    return DecisionRecord.model_validate_json(encoded(RECORDER.line(result, 1e9, given)))


def policy(default: float, acting: float) -> Policy:
    spec = PolicySpec(default=Threshold(confidence=default), acting=Threshold(confidence=acting))
    return ThresholdPolicy(spec, INTENTS)


LOGGED = policy(0.8, 0.95)
LOG = [
    *[line(by_rules())] * 50,
    *[line(by_classifier(confidence=0.96))] * 20,
    *[line(by_classifier(confidence=0.99))] * 20,
    *[line(by_llm())] * 10,
]


def values(report: Any, side: str) -> dict[str, float | None]:
    return {name: getattr(comparison, side).value for name, comparison in report.measures.items()}


def test_the_same_policy_changes_nothing() -> None:
    report = replay(LOG, lambda _: LOGGED)
    assert values(report, "logged") == values(report, "other")
    assert all(c.difference.value in (0, None) for c in report.measures.values())
    assert (report.lines, report.decisions, report.imputed.value) == (100, 100, 0)
    measures = values(report, "logged")
    assert (measures["coverage"], measures["answered_rules"], measures["answered_llm"]) == (1, 0.5, 0.1)
    assert measures["latency_s"] == pytest.approx((50 * 20e-6 + 40 * 165e-6 + 10 * 2.000165) / 100)


def test_a_looser_policy_is_known_exactly() -> None:
    report = replay(LOG, lambda _: policy(0.5, 0.95), charge=lambda cost: Decimal(cost.calls))
    other = values(report, "other")
    assert (other["answered_classifier"], other["answered_llm"], other["asked"]) == (0.5, 0, 0)
    assert other["latency_s"] == pytest.approx((50 * 20e-6 + 50 * 165e-6) / 100)
    assert other["money"] == 0
    assert values(report, "logged")["money"] == pytest.approx(0.1)
    assert (report.imputed.value, report.contradicted.value) == (
        0,
        1,
    )  # the llm had said something else each time


def test_a_stricter_policy_is_estimated_from_those_that_went_further() -> None:
    report = replay(LOG, lambda _: policy(0.8, 0.98))
    other = values(report, "other")
    assert report.imputed.value == pytest.approx(0.2)
    assert (other["coverage"], other["answered_classifier"], other["answered_llm"]) == pytest.approx(
        (1, 0.2, 0.3)
    )
    assert other["output_tokens"] == pytest.approx(0.3 * 40)
    assert other["latency_s"] == pytest.approx((50 * 20e-6 + 40 * 165e-6 + 10 * 165e-6 + 30 * 2) / 100)
    assert report.measures["asked"].difference.low is not None


def test_where_nothing_went_further_it_is_said_to_be_unknown() -> None:
    log = [line(by_classifier(confidence=0.96)), line(by_rules())]
    report = replay([*log, line(by_llm(confidence=0.99, answer=MILK_TEA))], lambda _: policy(0.8, 0.98))
    assert values(report, "other")["output_tokens"] is None


def test_a_tier_that_gave_up_without_one_behind_it_stays_unanswered() -> None:
    report = replay([line(personal()), line(rejected())], lambda _: LOGGED)
    assert (report.lines, values(report, "other")["coverage"]) == (1, 0)
    assert report.unknown["output_tokens"].value == 1
    assert values(report, "logged")["output_tokens"] is None


def test_weights_and_rungs_are_heeded() -> None:
    log = [line(by_llm(), weight=9.0), line(by_llm(), rung="red")]
    report = replay(log, lambda rung: policy(0.5, 0.95) if rung == "red" else LOGGED)
    assert report.decisions == 10
    assert values(report, "other")["answered_classifier"] == pytest.approx(0.1)


def test_intervals_are_seeded_and_hold_the_value() -> None:
    stricter = policy(0.8, 0.98)
    one, same, other = (replay(LOG, lambda _: stricter, seed=seed) for seed in (1, 1, 2))
    assert one == same != other
    figure = one.measures["answered_llm"].other
    assert figure.low is not None
    assert figure.high is not None
    assert figure.low < 0.3 < figure.high
    assert figure.high - figure.low == pytest.approx(2 * 1.96 * np.sqrt(0.3 * 0.7 / 100), rel=0.25)
    json.dumps(one.to_dict())


def test_audits_tell_how_much_of_what_is_still_answered_was_not_borne_out() -> None:
    def audit(confidence: float, agrees: bool | None, probability: float) -> DecisionRecord:
        found = {"watch": "acting", "probability": probability, "agrees": agrees, "cost": {"latency_us": 1.0}}
        record = RECORDER.line(
            by_classifier(confidence=confidence), 1e9, {"kind": "audit", "run": "r", "seq": 1}, audit=found
        )
        return DecisionRecord.model_validate_json(encoded(record))

    audits = [
        audit(0.96, False, 0.01),
        audit(0.96, True, 0.01),
        audit(0.99, True, 0.02),
        audit(0.99, None, 0.01),
    ]
    report = replay(LOG, lambda _: policy(0.8, 0.98), audits=audits)
    assert report.disagreement.logged.value == pytest.approx(100 / 250)
    assert report.disagreement.other.value == 0
    assert replay(LOG, lambda _: LOGGED).disagreement.logged.value is None


def test_a_log_without_decisions_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no decision"):
        replay([line(rejected())], lambda _: LOGGED)


def test_settings_are_paths_into_the_bundles_policy(tmp_path: Path) -> None:
    bundle = Bundle.open(bundle_in(tmp_path / "bundle"))
    settings = {
        "threshold.default.confidence": 0.5,
        "intents.order_drink.confidence": 0.99,
        "acting.margin": 0.25,
    }
    policy = policies(bundle, settings)("normal")
    assert isinstance(policy, ThresholdPolicy)
    order, chat, cancel = (policy.threshold(name) for name in ("order_drink", "chitchat", "cancel_order"))
    assert order is not None
    assert chat is not None
    assert cancel is not None
    assert (order.confidence, chat.confidence, cancel.margin) == (0.99, 0.5, 0.25)
    for path, value in (
        ("default.nothing", 1.0),
        ("nothing", 1.0),
        ("default", 1.0),
        ("default.confidence", 2.0),
        ("", 1.0),
    ):
        with pytest.raises(ConfigurationError, match="polic"):
            policies(bundle, {path: value})


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0.1, 5)), min_size=1, max_size=50))
def test_the_bootstrap_estimates_the_ratio_and_holds_it_between_its_extremes(
    rows: list[tuple[float, float]],
) -> None:
    bootstrap = PoissonBootstrap(2, replicates=50)
    for row in rows:
        bootstrap.add(list(row))
    figure = bootstrap.figure(lambda sums: sums[..., 0] / sums[..., 1])
    ratios = [top / bottom for top, bottom in rows]
    assert figure.value == pytest.approx(sum(top for top, _ in rows) / sum(bottom for _, bottom in rows))
    assert figure.low is not None
    assert figure.high is not None
    assert min(ratios) - 1e-9 <= figure.low <= figure.high <= max(ratios) + 1e-9


def test_the_intervals_cover_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    hits = 0
    for seed in range(200):
        bootstrap = PoissonBootstrap(2, replicates=200, seed=seed)
        for value in rng.random(300) < 0.2:
            bootstrap.add([float(value), 1.0])
        figure = bootstrap.figure(lambda sums: sums[..., 0] / sums[..., 1])
        assert figure.low is not None
        assert figure.high is not None
        hits += figure.low <= 0.2 <= figure.high
    assert 180 <= hits <= 199  # 190 are expected of 95 %


def test_money_that_is_not_known_leaves_both_sums() -> None:
    def charge(cost: Cost) -> Decimal | None:
        return None if cost.output_tokens is None else Decimal(cost.output_tokens)

    report = replay([line(by_llm(answer=FRUIT_TEA)), line(personal())], lambda _: LOGGED, charge=charge)
    assert values(report, "logged")["money"] == 40
    assert report.unknown["money"].value == 0.5
