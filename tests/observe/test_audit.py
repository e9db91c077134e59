"""A random share of the cheap answers is checked in the background; errors are estimated, drift is told."""

import asyncio
import random
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cascade.backends.base import Priority
from cascade.bundle import Bundle
from cascade.certificate import Certificate, Statement
from cascade.engine import Engine
from cascade.errors import BackendOverloaded, CascadeClosed, ConfigurationError
from cascade.observe.anytime import rate_interval
from cascade.observe.audit import AuditStream
from cascade.observe.audit_watch import Alarm, AuditBudget, Watch, certified_watches, watches_of
from cascade.observe.decision_log import DecisionLog, read_decisions
from cascade.observe.guard import Guard, RungGuard
from cascade.orders import OrderIntent
from cascade.policy import PolicySpec, Threshold, ThresholdPolicy
from cascade.result import Abstention, Failure, Outcome, Proposal, Result
from cascade.testing import FakeBackend
from cascade.text import Normalizer, Utterance
from cascade.tiers.base import NO_CONTEXT, Context, Steps
from cascade.traffic import Gate, TrafficSpec
from cascade.traffic.spec import RungSpec
from observe.made import ASKED, FRUIT_TEA, MILK_TEA, bundle_in, by_classifier, by_llm, by_rules, personal

CHAT = OrderIntent(intent="chitchat")
ACTING = Watch("acting", frozenset({"order_drink"}), 0.05, 0.05, 0.2)
OTHER = Watch("other", frozenset({"chitchat"}), 0.1, 0.05, 0.5)
PLENTY = AuditBudget(per_minute=1e9, at_once=1, max_queued=100_000)
SAME = Proposal("order_drink", MILK_TEA, usage=ASKED)


class Told:
    """A cascade whose large model says what it is told to."""

    def __init__(self, say: Callable[[], Outcome]) -> None:
        self.say = say
        self.contexts: list[Context] = []

    def consult(self, tier: str, utterance: Utterance, context: Context = NO_CONTEXT) -> Outcome:
        assert tier == "llm"
        self.contexts.append(context)
        return self.say()


def stream(*watches: Watch, **more: Any) -> AuditStream:
    return AuditStream(watches or (ACTING, OTHER), **{"budget": PLENTY, "rng": random.Random(1), **more})


def test_a_share_is_drawn_and_sent_with_the_lowest_priority() -> None:
    cascade = Told(lambda: SAME)
    with stream() as audit:
        for _ in range(2000):
            audit(by_rules())
            audit(by_llm())  # the judge is not judged
            audit(personal())
        audit.attach(cascade)
        audit.join()
        report = audit.report()
    drawn = report.intents["order_drink"]
    assert drawn.answered == 2000
    assert drawn.audited == pytest.approx(400, rel=0.15)
    assert len(cascade.contexts) == drawn.audited
    assert {context.priority for context in cascade.contexts} == {Priority.AUDIT}
    assert (drawn.wrong, drawn.error, report.tokens) == (0, 0.0, drawn.audited * 940)


def test_errors_are_estimated_by_intent_and_weighted_over_all() -> None:
    rng = random.Random(3)
    truth = {"order_drink": 0.3, "chitchat": 0.1}

    def said() -> Outcome:
        return Proposal("order_drink", FRUIT_TEA if rng.random() < 0.3 else MILK_TEA)

    with stream() as audit:
        audit.attach(Told(said))
        for _ in range(4000):
            audit(by_classifier())
        audit.join()
        audit.attach(Told(lambda: Proposal("chitchat", CHAT if rng.random() > 0.1 else MILK_TEA)))
        for _ in range(1000):
            audit(by_classifier("你好呀", CHAT))
        audit.join()
        report = audit.report()
    for intent, error in truth.items():
        interval = report.intents[intent].interval(0.05)
        assert interval.low < error < interval.high
        assert report.intents[intent].error == pytest.approx(error, abs=0.05)
    assert report.error == pytest.approx((4000 * 0.3 + 1000 * 0.1) / 5000, abs=0.04)


def test_a_planted_drift_raises_one_alarm_and_pulls_the_guard() -> None:
    rng = random.Random(5)
    wrong_share = [0.01]
    heard: list[Alarm] = []
    spec = PolicySpec(default=Threshold(confidence=0.5), acting=Threshold(confidence=0.5))
    guard = Guard(ThresholdPolicy(spec, {"order_drink": True, "chitchat": False}))

    def pull(alarm: Alarm) -> None:
        heard.append(alarm)
        guard(alarm)
        raise RuntimeError("a hook of somebody's own")

    watch = Watch("acting", frozenset({"order_drink"}), 0.05, 0.05, 1.0)
    with stream(watch, OTHER, on_alarm=pull) as audit:
        audit.attach(
            Told(lambda: Proposal("order_drink", FRUIT_TEA if rng.random() < wrong_share[0] else MILK_TEA))
        )
        for _ in range(1500):
            audit(by_rules())
        audit.join()
        assert heard == []
        assert guard.decide("classifier", SAME).answer
        wrong_share[0] = 0.25
        for _ in range(500):
            audit(by_rules())
        audit.join()
        report = audit.report()
    assert [alarm.watch.name for alarm in heard] == ["acting"]
    assert 1500 < heard[0].audited < 1700
    assert report.alarmed == {"acting"}
    assert report.wealth["acting"] > 20
    assert not guard.decide("classifier", SAME).answer
    assert guard.decide("llm", SAME).answer
    assert guard.decide("classifier", Proposal("chitchat", CHAT, 0.9)).answer
    guard.release(["order_drink"])
    assert guard.decide("classifier", SAME).answer


def test_an_alarm_may_move_the_threshold_instead() -> None:
    spec = PolicySpec(default=Threshold(confidence=0.5), acting=Threshold(confidence=0.5))
    guard = Guard(ThresholdPolicy(spec, {"order_drink": True}), demand=0.95)
    guard(Alarm(Watch("acting", frozenset({"order_drink"}), 0.05), 100, 20, rate_interval(20, 100, 0.05)))
    answers = {
        confidence: guard.decide("classifier", Proposal("order_drink", MILK_TEA, confidence)).answer
        for confidence in (0.4, 0.94, 0.95, None)
    }
    assert answers == {0.4: False, 0.94: False, 0.95: True, None: False}
    assert guard.decide("llm", Proposal("order_drink", MILK_TEA, 0.6)).answer
    for wrong in (-0.1, 1.1):
        with pytest.raises(ConfigurationError):
            Guard(ThresholdPolicy(spec, {}), demand=wrong)


def test_an_alarm_may_hold_the_rung_instead() -> None:
    gate = Gate([FakeBackend(["{}"])], TrafficSpec(rungs=RungSpec(start="red")))
    pull = RungGuard(gate)
    rungs: list[str] = [gate.rung]
    watch = Watch("acting", frozenset({"order_drink"}), 0.05, 0.05, 1.0)
    with stream(watch, OTHER, on_alarm=pull) as audit:
        audit.attach(Told(lambda: Proposal("order_drink", FRUIT_TEA)))
        for _ in range(20):
            audit(by_rules())
        audit.join()
    rungs.append(gate.rung)
    pull.release()
    assert [*rungs, gate.rung] == ["red", "normal", "red"]


def test_what_is_no_verdict_is_counted_apart() -> None:
    said: list[Outcome] = [
        Failure(BackendOverloaded("full", reason="rung_amber")),
        Abstention("no_match"),
        Proposal("order_drink", FRUIT_TEA, complete=False),
        Proposal("order_drink", FRUIT_TEA),
    ]
    watch = Watch("all", frozenset({"order_drink"}), 0.05, 0.05, 1.0)
    with stream(watch, judge=lambda given, proposed: None) as audit:
        audit.attach(Told(said.pop))
        for _ in range(4):
            audit(by_rules())
        audit.join()
        drawn = audit.report().intents["order_drink"]
    assert (drawn.audited, drawn.open, drawn.error) == (0, 4, None)


def test_every_audit_is_a_line_of_the_log(tmp_path: Path) -> None:
    watch = Watch("all", frozenset({"order_drink"}), 0.05, 0.05, 1.0)
    said: list[Outcome] = [SAME, Proposal("order_drink", FRUIT_TEA), Abstention("no_match")]
    with DecisionLog(tmp_path) as log, stream(watch, log=log) as audit:
        audit.attach(Told(said.pop))
        for _ in range(3):
            audit(by_rules())
        audit.join()
    records = [record.audit for record in read_decisions(tmp_path, kinds=["audit"])]
    assert [(a.agrees, a.intent, a.reason, a.probability) for a in records if a is not None] == [
        (None, None, "no_match", 1.0),
        (False, "order_drink", "", 1.0),
        (True, "order_drink", "", 1.0),
    ]


def test_the_budget_is_kept_and_what_is_skipped_is_counted() -> None:
    now = [0.0]
    watch = Watch("all", frozenset({"order_drink"}), 0.05, 0.05, 1.0)
    tight = AuditBudget(per_minute=60, at_once=1, max_queued=2)
    audit = stream(watch, budget=tight, clock=lambda: now[0])
    for _ in range(5):
        audit(by_rules())
    assert audit.report().skipped == {"budget": 4}
    for _ in range(3):
        now[0] += 1
        audit(by_rules())
    assert audit.report().skipped == {"budget": 4, "queue_full": 2}
    audit.close()
    audit(by_rules())
    assert audit.report().skipped == {"budget": 4, "queue_full": 2, "closing": 3}


def test_tokens_are_a_budget_too() -> None:
    watch = Watch("all", frozenset({"order_drink"}), 0.05, 0.05, 1.0)
    with stream(watch, budget=AuditBudget(1e9, 1, 100, max_tokens=1500)) as audit:
        audit.attach(Told(lambda: SAME))
        for _ in range(5):
            audit(by_rules())
            audit.join()
        report = audit.report()
    assert (report.tokens, report.skipped) == (1880, {"budget": 3})


def test_an_audit_that_breaks_does_not_stop_the_next(caplog: pytest.LogCaptureFixture) -> None:
    said: list[Any] = [SAME, CascadeClosed("closed")]

    def say() -> Outcome:
        one = said.pop()
        if isinstance(one, Exception):
            raise one
        outcome: Outcome = one
        return outcome

    watch = Watch("all", frozenset({"order_drink"}), 0.05, 0.05, 1.0)
    with stream(watch) as audit:
        audit.attach(Told(say))
        audit(by_rules())
        audit(by_rules())
        audit.join()
        assert audit.report().intents["order_drink"].audited == 1
    assert "an audit failed" in caplog.text


def test_a_whole_cascade_is_audited_on_its_own_loop() -> None:
    threads: set[str] = set()

    class Rules:
        name = "rules"

        def propose(self, utterance: Utterance, context: Context) -> Outcome:
            return Proposal("order_drink", MILK_TEA)

    class Model:
        name = "llm"

        def propose(self, utterance: Utterance, context: Context) -> Steps:
            async def asked() -> str:
                threads.add(threading.current_thread().name)
                await asyncio.sleep(0)
                return utterance.text

            text = yield asked
            assert context.priority is Priority.AUDIT
            return Proposal("order_drink", MILK_TEA if text == "来杯奶茶" else FRUIT_TEA, usage=ASKED)

    spec = PolicySpec(default=Threshold(confidence=0.5), acting=Threshold(confidence=0.5))
    policy = ThresholdPolicy(spec, {"order_drink": True})
    heard: list[Result[Any]] = []
    watch = Watch("all", frozenset({"order_drink"}), 0.05, 0.05, 1.0)
    audit = stream(watch)
    engine: Engine[Any] = Engine([Rules(), Model()], policy, Normalizer(), listeners=[audit, heard.append])
    with engine, audit:
        audit.attach(engine)
        engine.classify("来杯奶茶")
        engine.classify("来杯果茶")
        audit.join()
        assert (
            audit.report().intents["order_drink"].audited,
            audit.report().intents["order_drink"].wrong,
        ) == (2, 1)
        with pytest.raises(ConfigurationError, match="no tier"):
            engine.consult("oracle", Normalizer()("来杯奶茶"))
    assert len(heard) == 2  # an audit is no decision
    assert threads == {"cascade-portal"}
    with pytest.raises(CascadeClosed):
        engine.consult("llm", Normalizer()("来杯奶茶"))


def test_watches_come_from_a_bundle_or_its_certificate(tmp_path: Path) -> None:
    bundle = Bundle.open(bundle_in(tmp_path / "bundle"))
    acting, other = watches_of(bundle, epsilon=0.02, acting_epsilon=0.01, delta=0.1, rate=0.02)
    assert (acting.epsilon, other.epsilon, acting.delta, other.rate) == (0.01, 0.02, 0.05, 0.02)
    assert acting.intents == bundle.acting
    assert acting.intents | other.intents == set(bundle.intents)
    certificate = Certificate(
        bundle="tea@1",
        issued=date(2026, 11, 1),
        valid_until=date(2026, 12, 1),
        family="all",
        population="promo day",
        rows=1000,
        split_sha256="0",
        files={},
        statements=(
            _statement("order_drink", True),
            _statement("chitchat", False),
            _statement("confirm", True),
        ),
    )
    watches = certified_watches(certificate, delta=0.04)
    assert [(watch.name, watch.epsilon, watch.delta) for watch in watches] == [
        ("order_drink", 0.01, 0.02),
        ("confirm", 0.01, 0.02),
    ]


def _statement(intent: str, certified: bool) -> Statement:
    numbers = {"epsilon": 0.01, "delta": 0.05, "n": 500, "errors": 0, "upper_bound": 0.01, "coverage": 0.9}
    return Statement.model_validate({"intents": (intent,), "certified": certified, **numbers})


@pytest.mark.parametrize(
    ("watches", "budget"),
    [
        ((ACTING, ACTING), PLENTY),
        ((Watch("x", frozenset({"a"}), 0.1, 0.1, 0.0),), PLENTY),
        ((Watch("x", frozenset({"a"}), 0.0),), PLENTY),
        ((ACTING,), AuditBudget(per_minute=0)),
    ],
)
def test_what_cannot_be_is_refused(watches: tuple[Watch, ...], budget: AuditBudget) -> None:
    with pytest.raises(ConfigurationError):
        AuditStream(watches, budget=budget)
