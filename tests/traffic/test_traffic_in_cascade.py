"""The layer inside a cascade: what ``classify`` says when the model may not be asked, and who is urgent."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from llm_kit import SOURCE

from cascade import Cascade, ConfigurationError
from cascade.backends.base import ChatRequest, Priority
from cascade.bundle import seal
from cascade.orders import OrderIntent
from cascade.testing import FakeBackend
from cascade.traffic import Gate, Rung, TrafficSpec
from cascade.traffic.spec import BudgetSpec, RungSpec

FOR_THE_MODEL = "千问，帮我点几杯少糖少冰、适合减脂的奶茶"
DECLINE = {"intent": "decline"}
CHATTER = (
    "一杯奶茶少糖或者无糖，适合减脂",
    "今天上班好累啊你陪我聊会儿天好不好",
    "你说人为什么总在周一犯困呢真是奇怪",
    "我妈问你们这儿招不招暑假工一天多少钱",
    "帮我查一下明天去上海的高铁还有没有票",
    "那个谁昨天说的那件事你怎么看",
    "隔壁家出的新款跟你们的比哪个更值得",
    "要是下雨了骑手还能不能到得了啊",
    "我这手机屏幕碎了在哪里修便宜点儿",
    "听说喝多了会睡不着觉是真的假的",
    "这活动到底是谁出的钱啊你们不亏吗",
)


def loaded(backend: FakeBackend, **spec: object) -> Cascade[OrderIntent]:
    return Cascade.load(llm=backend, traffic=TrafficSpec.model_validate(spec))


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend([DECLINE])


@pytest.fixture
def free(backend: FakeBackend) -> Iterator[Cascade[OrderIntent]]:
    with loaded(backend, rungs=RungSpec(start="llm_free")) as cascade:
        yield cascade


def test_a_campaign_without_the_model_asks_back_with_all_that_was_said(
    free: Cascade[OrderIntent], backend: FakeBackend
) -> None:
    result = free.classify(FOR_THE_MODEL)
    assert result.status in ("clarify", "unresolved")
    assert result.reason == "llm_free"
    assert "减脂" in "".join(result.candidates[0].answer.preferences)
    assert result.cost.calls == 0
    assert backend.requests == []
    assert free.classify("帮我点两杯少糖去冰的珍珠奶茶").status == "answered"


def test_the_rung_is_set_by_hand_at_run_time(free: Cascade[OrderIntent], backend: FakeBackend) -> None:
    assert free.traffic is not None
    free.classify(FOR_THE_MODEL)
    free.traffic.hold("normal")
    free.classify(FOR_THE_MODEL)
    assert len(backend.requests) >= 1
    free.traffic.hold("llm_free")
    free.classify("小千，给我点几杯少冰、适合健身的果茶")
    stats = free.traffic.stats()
    assert stats is not None
    assert stats.refused["llm_free"] == 2


def test_the_model_is_told_who_asks_what_and_how_urgent_it_is(backend: FakeBackend) -> None:
    with loaded(backend) as cascade:
        cascade.classify(FOR_THE_MODEL, caller="u1", idempotency_key="k1")
    asked: ChatRequest = backend.requests[0]
    assert asked.priority is Priority.ACTING
    assert (asked.caller, asked.idempotency_key) == ("u1", "k1")
    assert asked.scope.startswith("tea_order_zh@")
    assert "减脂" in asked.utterance


def test_the_same_key_gives_the_same_answer_and_is_charged_once(backend: FakeBackend) -> None:
    with loaded(backend, cache={"max_bytes": 0}) as cascade:
        results = [cascade.classify(FOR_THE_MODEL, caller="u", idempotency_key="k") for _ in range(3)]
        calls = len(backend.requests)
    assert len({(r.status, r.reason, str(r.answer), str(r.candidates)) for r in results}) == 1
    assert [result.cost.calls for result in results] == [calls, 0, 0]


def test_a_caller_over_its_budget_is_told_so_by_the_result(backend: FakeBackend) -> None:
    with loaded(backend, budget=BudgetSpec(caller_per_minute=0.001, caller_burst=1)) as cascade:
        cascade.classify(FOR_THE_MODEL, caller="u")
        result = cascade.classify("适合健身时喝的奶茶来一杯", caller="u")
    assert result.reason == "caller_budget"
    assert result.attempts[-1].verdict == "fallback"


def test_servers_given_as_text_are_guarded_and_one_object_is_asked_as_it_is(backend: FakeBackend) -> None:
    with Cascade.load(llm=["ollama:m@http://127.0.0.1:9", "openai:m@http://127.0.0.1:8/v1"]) as cascade:
        assert isinstance(cascade.traffic, Gate)
        assert [backend.model for backend in cascade.traffic.backends] == ["m", "m"]
    with Cascade.load(llm=backend) as cascade:
        assert cascade.traffic is None
    with pytest.raises(ConfigurationError, match="no llm"):
        Cascade.load(traffic=TrafficSpec())
    with pytest.raises(ConfigurationError, match="one name each"):
        Cascade.load(llm=["ollama:m", "ollama:m"])


def test_closing_may_let_what_is_under_way_end() -> None:
    from concurrent.futures import ThreadPoolExecutor
    from time import sleep

    from cascade.testing import After

    backend = FakeBackend([After(0.3, DECLINE)])
    cascade = loaded(backend)
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(cascade.classify, FOR_THE_MODEL)
        while not backend.requests:
            sleep(0.005)
        cascade.close(drain_s=2)
        result = asking.result(5)
    assert backend.cancelled == 0
    assert result.attempts[-1].cost.calls >= 1


@pytest.mark.parametrize("rung", ["amber", "red"])
def test_on_a_busy_rung_nobody_hangs_and_the_reason_is_told(backend: FakeBackend, rung: Rung) -> None:
    with loaded(backend, cache={"max_bytes": 0}) as cascade:
        assert cascade.traffic is not None
        acting, idle = (
            asked_as(cascade, backend, Priority.ACTING),
            asked_as(cascade, backend, Priority.NORMAL),
        )
        held(cascade, rung)
        asked = len(backend.requests)
        cascade.classify(acting)
        assert len(backend.requests) > asked, "what may order is asked on every rung but the last"
        asked = len(backend.requests)
        result = cascade.classify(idle)
    if rung == "red":
        assert len(backend.requests) == asked
        assert result.status in ("clarify", "unresolved")
        assert result.reason == "rung_red"
    else:
        assert len(backend.requests) > asked


def test_a_rung_of_the_bundle_brings_its_own_thresholds(backend: FakeBackend, tmp_path: Path) -> None:
    """Stricter ones need no certificate: what was an answer is a question back while the rung is held."""
    folder = tmp_path / "pack"
    shutil.copytree(SOURCE, folder)
    strict = {"confidence": 1.0, "margin": 1.0}
    policy = yaml.safe_load((folder / "policy.yaml").read_text(encoding="utf-8"))
    policy["rungs"] = {"red": {"default": strict, "acting": dict(strict)}}
    (folder / "policy.yaml").write_text(yaml.safe_dump(policy), encoding="utf-8")
    seal(folder)
    with Cascade.load(folder, llm=backend, traffic=TrafficSpec()) as cascade:
        assert cascade.traffic is not None
        text = next(text for text in CHATTER if cascade.classify(text).tier == "classifier")
        held(cascade, "red")
        classifier = next(one for one in cascade.classify(text).attempts if one.tier == "classifier")
        assert (classifier.verdict, classifier.reason) == ("escalated", "confidence_below_1")
        held(cascade, None)
        assert cascade.classify(text).tier == "classifier"


def test_two_spellings_of_one_sentence_are_one_question(backend: FakeBackend) -> None:
    with loaded(backend, cache={"max_bytes": 0}) as cascade:
        cascade.classify(FOR_THE_MODEL)
        first, backend.requests = backend.requests, []
        cascade.classify(FOR_THE_MODEL.replace("，", ","))
    assert len(first) > 0
    assert [request.messages for request in backend.requests] == [request.messages for request in first]


def held(cascade: Cascade[OrderIntent], rung: Rung | None) -> None:
    """Hold a rung, and wait until the loop that it lives on has heard of it."""
    assert cascade.traffic is not None
    cascade.traffic.hold(rung)
    end = time.monotonic() + 5
    while cascade.traffic.rung != (rung or "normal"):
        assert time.monotonic() < end
        time.sleep(0.001)


def asked_as(cascade: Cascade[OrderIntent], backend: FakeBackend, priority: Priority) -> str:
    """A sentence that the tiers below leave to the model, and as urgent as that."""
    for text in (FOR_THE_MODEL, *CHATTER):
        asked = len(backend.requests)
        cascade.classify(text)
        if len(backend.requests) > asked and backend.requests[-1].priority is priority:
            return text
    raise AssertionError(f"no sentence here is asked as {priority.name}")
