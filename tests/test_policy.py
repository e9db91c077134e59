"""The policy answers only what reaches its threshold and margin, and says why it does not."""

import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cascade.bundle import Bundle, locate, seal
from cascade.errors import BackendTimeout, BundleCorrupt
from cascade.orders import OrderIntent, OrderItem
from cascade.policy import PolicySpec, RungThresholds, Threshold, ThresholdPolicy
from cascade.result import FREE, Abstention, Attempt, Failure, Proposal, Span

SPEC = PolicySpec(
    default=Threshold(confidence=0.8, margin=0.2),
    acting=Threshold(confidence=0.95, margin=0.5),
    intents={"query_menu": Threshold(confidence=0.6)},
)
POLICY = ThresholdPolicy(SPEC, {"order_drink": True, "chitchat": False, "query_menu": False})


def proposal(
    intent: str, confidence: float | None, runner_up: float | None = None, *, complete: bool = True
) -> Proposal:
    second = None if runner_up is None else ("chitchat", runner_up)
    return Proposal(
        intent, OrderIntent(intent=intent), confidence=confidence, runner_up=second, complete=complete
    )


def escalated(proposed: Proposal | Abstention | Failure, tier: str = "classifier") -> Attempt:
    return Attempt(tier, proposed, "escalated", "because", FREE)


def test_thresholds_are_tighter_for_acting_intents() -> None:
    assert POLICY.decide("classifier", proposal("chitchat", 0.9, 0.05)).answer
    assert POLICY.decide("classifier", proposal("order_drink", 0.9, 0.05)).reason == "confidence_below_0.95"
    assert POLICY.decide("classifier", proposal("query_menu", 0.6, 0.4)).answer


def test_a_close_second_escalates() -> None:
    assert POLICY.decide("classifier", proposal("chitchat", 0.85, 0.7)).reason == "margin_below_0.2"


def test_an_incomplete_proposal_is_never_answered() -> None:
    assert POLICY.decide("llm", proposal("order_drink", None, complete=False)).reason == "incomplete"
    assert POLICY.decide("classifier", proposal("chitchat", 1.0, complete=False)).reason == "incomplete"


def test_an_intent_that_the_bundle_does_not_have_is_never_answered() -> None:
    assert POLICY.decide("llm", proposal("launch_rocket", None)).reason == "unknown_intent"


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from(["order_drink", "chitchat", "query_menu"]))
def test_more_confidence_never_turns_an_answer_into_an_escalation(a: float, b: float, intent: str) -> None:
    low, high = sorted((a, b))
    if POLICY.decide("classifier", proposal(intent, low, 0.0)).answer:
        assert POLICY.decide("classifier", proposal(intent, high, 0.0)).answer


def test_settling_asks_about_the_best_guess_of_the_latest_tier_first() -> None:
    partial = OrderIntent(intent="order_drink", items=(OrderItem(drink="奶茶"),))
    missed = (Span(4, 8, "适合减脂"),)
    settled = POLICY.settle(
        [
            escalated(Abstention("uncovered", partial=partial, uncovered=missed), "rules"),
            escalated(proposal("query_menu", 0.55)),
            Attempt("llm", Failure(BackendTimeout("slow")), "fallback", "BackendTimeout", FREE),
        ]
    )
    assert settled.status == "clarify"
    assert settled.reason == "BackendTimeout"
    assert [(c.intent, c.tier) for c in settled.candidates] == [
        ("query_menu", "classifier"),
        ("order_drink", "rules"),
    ]
    assert settled.candidates[1].uncovered == missed


def test_settling_does_not_ask_about_a_weak_guess_or_the_same_thing_twice() -> None:
    weak = escalated(proposal("chitchat", 0.3))
    assert POLICY.settle([weak]).status == "unresolved"
    same = escalated(proposal("chitchat", 0.7))
    assert len(POLICY.settle([same, same]).candidates) == 1


def test_settling_without_any_tier_is_unresolved() -> None:
    assert POLICY.settle([]).status == "unresolved"


def test_the_policy_that_ships_covers_every_intent_and_is_tighter_for_acting_ones() -> None:
    bundle = Bundle.open()
    policy = ThresholdPolicy.from_bundle(bundle)
    for name, spec in bundle.intents.items():
        threshold = policy.threshold(name)
        assert threshold is not None
        assert threshold.confidence >= (0.9 if spec.acting else 0.5)


def test_each_rung_has_its_own_thresholds_and_the_others_keep_the_normal_ones() -> None:
    rung = "normal"
    spec = SPEC.model_copy(
        update={
            "rungs": {
                "red": RungThresholds(default=Threshold(confidence=0.9), acting=Threshold(confidence=0.99))
            }
        }
    )
    policy = ThresholdPolicy(spec, {"order_drink": True, "chitchat": False}, rung=lambda: rung)
    seen = {}
    for rung in ("normal", "amber", "red"):
        seen[rung] = policy.decide("classifier", proposal("order_drink", 0.97, 0.01)).reason
    assert seen == {"normal": "", "amber": "", "red": "confidence_below_0.99"}


@pytest.mark.parametrize(
    ("rung", "complaint"),
    [
        (
            {"default": {"confidence": 0.6}, "acting": {"confidence": 0.99, "margin": 0.5}},
            "names a certificate",
        ),
        (
            {
                "default": {"confidence": 0.9, "margin": 0.2},
                "acting": {"confidence": 0.99, "margin": 0.5},
                "intents": {"nap": {"confidence": 1}},
            },
            "'nap' is not in the manifest",
        ),
        (
            {
                "default": {"confidence": 0.1},
                "acting": {"confidence": 0.1},
                "certificate": "red_certificate.json",
            },
            "no red_certificate.json",
        ),
    ],
)
def test_a_rung_that_asks_less_must_show_why(tmp_path: Path, rung: dict[str, object], complaint: str) -> None:
    folder = tmp_path / "bundle"
    shutil.copytree(locate("tea_order_zh"), folder)
    policy = yaml.safe_load((folder / "policy.yaml").read_text(encoding="utf-8"))
    (folder / "policy.yaml").write_text(yaml.safe_dump({**policy, "rungs": {"red": rung}}), encoding="utf-8")
    seal(folder)
    with pytest.raises(BundleCorrupt, match=complaint):
        ThresholdPolicy.from_bundle(Bundle.open(folder))
