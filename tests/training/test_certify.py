"""The certificate that goes into a bundle speaks for that bundle, and its thresholds are the policy's."""

from __future__ import annotations

import io
import shutil
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from cascade.bundle import Bundle, seal
from cascade.certificate import Certificate, Statement
from cascade.policy import PolicySpec, RungThresholds, Threshold, ThresholdPolicy
from cascade.strict_yaml import parse
from training import certify
from training.annotation import Example, parse_order, read
from training.certificate import Record, Registration, Scope, tuned
from training.dataset import Pack
from training.recipe import RecipeError

DAY = date(2026, 11, 30)
CALIBRATION = Path(__file__).parents[2] / "data" / "calibration" / "core.tsv"

shares = st.floats(0, 1).map(lambda share: round(share, 6))
limits = st.builds(Threshold, confidence=shares, margin=shares)
by_intent = st.dictionaries(st.sampled_from(["order_drink", "decline"]), limits)
rungs = st.builds(
    RungThresholds,
    default=limits,
    acting=limits,
    intents=by_intent,
    certificate=st.none() | st.sampled_from(["no", "红.json"]),
)
specs = st.builds(
    PolicySpec,
    default=limits,
    acting=limits,
    intents=by_intent,
    rungs=st.dictionaries(st.sampled_from(["amber", "red"]), rungs),
    clarify_confidence=shares,
    max_candidates=st.integers(1, 10),
)


@settings(max_examples=40, deadline=None)
@given(specs)
def test_a_policy_is_read_as_it_was_written(spec: PolicySpec) -> None:
    text = certify.policy_text(spec)
    assert PolicySpec.model_validate(parse(text, "policy.yaml").data) == spec
    assert certify.policy_text(spec.model_copy()) == text


def statement(*intents: str, certified: bool) -> Statement:
    return Statement(
        intents=intents,
        epsilon=0.02,
        delta=0.05,
        certified=certified,
        thresholds=(0.99, 0.97) if certified else (),
        margin=0.2,
        n=200,
        errors=0,
        upper_bound=0.015,
        coverage=0.9,
        reason="" if certified else "too_few",
        more_labels=0 if certified else 12,
    )


def test_only_certified_intents_get_another_threshold() -> None:
    spec = PolicySpec(
        default=Threshold(confidence=0.8, margin=0.2), acting=Threshold(confidence=0.95, margin=0.5)
    )
    made = certify.with_thresholds(
        spec, [statement("decline", certified=True), statement("confirm", certified=False)]
    )
    assert made.intents == {"decline": Threshold(confidence=0.97, margin=0.2)}


def test_the_fingerprint_of_a_sample_tells_texts_and_labels() -> None:
    rows = [
        Example("来杯奶茶", "order_drink", parse_order("drink=奶茶", "order_drink")),
        Example("500杯", "order_drink", None),
    ]
    assert certify.fingerprint(rows) == certify.fingerprint(rows[::-1])
    other = [Example("来杯奶茶", "order_drink", parse_order("drink=果茶", "order_drink")), rows[1]]
    assert certify.fingerprint(rows) != certify.fingerprint(other)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(Bundle.open().path, tmp_path / "bundle")
    return tmp_path / "bundle"


def test_a_bundle_is_certified_by_its_own_answers(folder: Path) -> None:
    pack = Pack.open(Bundle.open(folder))
    examples = read(CALIBRATION, pack.bundle.intents)[::4]
    registration = Registration(
        scopes=(
            Scope(intents=("order_drink", "cancel_order"), epsilon=0.4),
            Scope(intents=("decline",), epsilon=0.001),
        )
    )
    sample = certify.split(examples, registration, pack.normalised)
    assert not {pack.normalised(one.text) for one in sample.tuning} & {
        pack.normalised(one.text) for one in sample.certified
    }
    made = certify.make_certificate(folder, sample, registration, pack.normalised, DAY)
    bundle = Bundle.open(folder)
    assert Certificate.from_bundle(bundle) == made
    easy, hard = made.statements
    assert easy.certified
    assert (hard.certified, hard.reason) == (False, "too_few")
    assert [one.intents for one in made.apart] == [("order_drink",), ("cancel_order",)]
    assert (made.rows, made.split_sha256) == (len(sample.certified), certify.fingerprint(sample.certified))
    policy = ThresholdPolicy.from_bundle(bundle)

    def in_force(intent: str) -> tuple[float, float] | None:
        limit = policy.threshold(intent)
        return None if limit is None else (limit.confidence, limit.margin)

    assert in_force("order_drink") == (easy.threshold, easy.margin)
    assert made.problems(bundle, DAY, in_force) == ()
    out = io.StringIO()
    certify.report(made, Console(file=out, width=200))
    assert f"decline: at least {hard.more_labels} more labelled utterances" in out.getvalue()
    assert (
        certify.make_certificate(folder, sample, registration, pack.normalised, DAY).statements
        == made.statements
    )


def test_intents_with_different_margins_are_not_certified_together(folder: Path) -> None:
    pack = Pack.open(Bundle.open(folder))
    registration = Registration(scopes=(Scope(intents=("order_drink", "decline"), epsilon=0.1),))
    spec = PolicySpec(
        default=Threshold(confidence=0.8, margin=0.2), acting=Threshold(confidence=0.95, margin=0.5)
    )
    (folder / "policy.yaml").write_text(certify.policy_text(spec), encoding="utf-8")
    seal(folder)
    with pytest.raises(RecipeError, match="different margins"):
        certify.make_certificate(folder, certify.Sample((), ()), registration, pack.normalised, DAY)


def test_without_a_registration_acting_intents_are_held_to_half_the_error() -> None:
    acting, others = certify.registration_for(Bundle.open()).scopes
    assert set(acting.intents) == Bundle.open().acting
    assert not set(acting.intents) & set(others.intents)
    assert (acting.epsilon, others.epsilon) == (0.01, 0.02)


def test_the_bundle_that_ships_is_sealed_after_certifying(folder: Path) -> None:
    before = seal(folder)
    pack = Pack.open(Bundle.open(folder))
    registration = Registration(scopes=(Scope(intents=("decline",), epsilon=0.1),))
    certify.make_certificate(folder, certify.Sample((), ()), registration, pack.normalised, DAY)
    after = Bundle.open(folder).manifest
    assert set(after.files) == {*before.files, "certificate.json"}
    assert after.files["model.onnx"] == before.files["model.onnx"]


def test_rungs_have_thresholds_and_certificates_of_their_own(folder: Path) -> None:
    pack = Pack.open(Bundle.open(folder))
    examples = read(CALIBRATION, pack.bundle.intents)[::4]
    registration = Registration(
        scopes=(Scope(intents=("decline",), epsilon=0.001),),
        rungs={"llm_free": (Scope(intents=("decline",), epsilon=0.5),)},
    )
    sample = certify.split(examples, registration, pack.normalised)
    certify.make_certificate(folder, sample, registration, pack.normalised, DAY)
    bundle = Bundle.open(folder)
    shown = Certificate.model_validate(bundle.json("certificate-llm_free.json")).statements[0]
    assert shown.certified
    policy = PolicySpec.model_validate(bundle.yaml("policy.yaml").data)
    assert policy.rungs["llm_free"].certificate == "certificate-llm_free.json"
    assert policy.rungs["llm_free"].intents["decline"].confidence == shown.threshold
    normal = Certificate.from_bundle(bundle)
    assert normal is not None
    assert not normal.statements[0].certified
    assert normal.problems(bundle, DAY, lambda _: None) == ()


def test_where_nothing_can_be_shown_the_tuning_part_may_speak(folder: Path) -> None:
    records = [
        Record("decline", "decline", confidence, correct)
        for confidence, correct in ((0.97, True), (0.91, True), (0.81, False), (0.72, True))
    ]
    scope = Scope(intents=("decline",), epsilon=0.1)
    registration = Registration(scopes=(scope,), otherwise="tuned")
    assert tuned(scope, registration, records) == 0.82
    assert tuned(scope, registration, []) is None
    assert tuned(scope, registration, [Record("decline", "decline", None, False)]) is None
