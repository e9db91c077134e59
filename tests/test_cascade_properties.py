"""What holds for every input, end to end, with the bundled model."""

import asyncio
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from strategies import any_text, hostile, not_text, orders

from cascade import Cascade
from cascade._simplified import SIMPLIFIED, TRADITIONAL
from cascade.orders import MAX_QUANTITY, OrderIntent
from cascade.result import Abstention, Cost, Result, total
from cascade.testing import FakeBackend

RELAXED = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
ORDERED = ("order_drink", "modify_order")

Told = Result[OrderIntent]


@pytest.fixture(scope="module")
def cascade() -> Iterator[Cascade[OrderIntent]]:
    with Cascade.load() as loaded:
        yield loaded


@pytest.fixture(scope="module")
def with_model() -> Iterator[Cascade[OrderIntent]]:
    """A cascade whose large model says that everything is small talk."""
    chitchat = {
        "intent": "chitchat",
        "items": [],
        "use_coupon": False,
        "fulfilment": None,
        "budget_cny": None,
        "preferences": [],
    }
    with Cascade.load(llm=FakeBackend([chitchat])) as loaded:
        yield loaded


def decision(result: Told) -> Any:
    """All of a result but what it cost."""
    plain = result.to_dict()
    plain.pop("cost")
    for attempt in plain["attempts"]:
        attempt.pop("cost")
    return plain


def hold(result: Told) -> None:
    """What every result keeps to."""
    assert result.status in ("answered", "clarify", "unresolved", "rejected")
    assert result.cost == total(attempt.cost for attempt in result.attempts)
    assert all(attempt.verdict != "answered" for attempt in result.attempts[:-1])
    if result.status == "answered":
        assert result.answer is not None
        assert result.tier == result.attempts[-1].tier
        assert result.answer.intent == result.intent
        assert all(1 <= item.quantity <= MAX_QUANTITY for item in result.answer.items)
        assert not result.uncovered
        if result.intent == "order_drink":
            assert result.answer.items
    else:
        assert (result.tier, result.intent, result.answer) == (None, None, None)
        assert (result.status == "clarify") == bool(result.candidates)
    if result.status == "rejected":
        assert result.reason in ("not_text", "empty", "too_long")
        assert not result.attempts
    elif result.utterance is not None:
        for span in result.uncovered:
            assert result.utterance.raw[span.start : span.end] == span.text


@given(any_text())
@example("帮我点杯奶茶，三千...以内")
@example("1000000000块以内")
@example("二十块二十块二十块以内以内不超过不超过")
@example("送到送到三点三点半半半点")
@RELAXED
def test_no_text_raises_and_every_result_is_whole(cascade: Cascade[OrderIntent], text: str) -> None:
    hold(cascade.classify(text))


@given(not_text())
@RELAXED
def test_what_is_no_text_is_rejected(cascade: Cascade[OrderIntent], given_value: Any) -> None:
    result = cascade.classify(given_value)
    hold(result)
    assert (result.status, result.reason) == ("rejected", "not_text")


@given(st.lists(any_text(), max_size=4))
@settings(RELAXED, max_examples=25)
def test_one_by_one_many_and_awaited_are_the_same(
    cascade: Cascade[OrderIntent], with_model: Cascade[OrderIntent], texts: list[str]
) -> None:
    async def awaited(asked: Cascade[OrderIntent]) -> list[Told]:
        return [await asked.aclassify(text) for text in texts]

    for asked in (cascade, with_model):
        singly = [decision(asked.classify(text)) for text in texts]
        assert [decision(result) for result in asked.classify_many(texts)] == singly
        assert [decision(result) for result in asyncio.run(awaited(asked))] == singly


@given(any_text())
@settings(RELAXED, max_examples=30)
def test_attempts_add_up_to_the_cost_with_a_model_too(with_model: Cascade[OrderIntent], text: str) -> None:
    result = with_model.classify(text)
    hold(result)
    asked = [attempt for attempt in result.attempts if attempt.tier == "llm"]
    assert result.cost.calls == sum(attempt.cost.calls for attempt in asked)
    assert result.cost.latency_ns == sum(attempt.cost.latency_ns for attempt in result.attempts)
    if not asked:
        free = Cost(result.cost.latency_ns)
        assert result.cost == free


def test_threads_share_one_cascade(cascade: Cascade[OrderIntent]) -> None:
    texts = [
        "千问，帮我点两杯少糖去冰的珍珠奶茶，用免单卡",
        "来杯奶茶不要珍珠加椰果",
        "帮我点一杯少糖少冰、适合减脂的奶茶",
        "我的券什么时候过期",
        "别帮我点奶茶",
        "三杯奶茶，两杯少糖一杯多糖",
        "今天天气怎么样",
        "",
    ]
    alone = [decision(cascade.classify(text)) for text in texts]

    def classify_all(shift: int) -> list[Any]:
        order = [(at + shift) % len(texts) for at in range(len(texts))] * 5
        return [(at, decision(cascade.classify(texts[at]))) for at in order]

    with ThreadPoolExecutor(8) as pool:
        for told in pool.map(classify_all, range(8)):
            assert all(result == alone[at] for at, result in told)


# Orders that rules answer -----------------------------------------------------------------------------------------


def ordered_by_rules(cascade: Cascade[OrderIntent], text: str) -> OrderIntent | None:
    result = cascade.classify(text)
    return result.answer if result.tier == "rules" and result.intent in ORDERED else None


STRANGE = ("龘", "鑫", "橘", "zzz", "🙅", "🚫", "👎", "呜哇", "qq", "§", "ж")
REFUSING = ("别", "不要", "没", "不", "昨天", "如果", "取消")


@given(orders(), st.sampled_from(STRANGE), st.integers(0, 40))
@settings(RELAXED, max_examples=150)
def test_rules_never_answer_with_a_character_uncovered(
    cascade: Cascade[OrderIntent], text: str, strange: str, place: int
) -> None:
    answer = ordered_by_rules(cascade, text)
    assume(answer is not None)
    place = min(place, len(text))
    changed = ordered_by_rules(cascade, text[:place] + strange + text[place:])
    if changed is not None:  # part of the name of a place, which is kept as it was spoken
        assert changed.fulfilment is not None
        assert strange in (changed.fulfilment.address or "")


@given(orders(), st.sampled_from(REFUSING), st.integers(0, 40))
@settings(RELAXED, max_examples=150)
def test_rules_never_answer_the_same_order_once_something_is_refused(
    cascade: Cascade[OrderIntent], text: str, refusing: str, place: int
) -> None:
    answer = ordered_by_rules(cascade, text)
    assume(answer is not None)
    place = min(place, len(text.removesuffix("好吗?")))  # 好不吗 still asks for consent
    assert ordered_by_rules(cascade, text[:place] + refusing + text[place:]) != answer


@given(hostile(), orders())
@RELAXED
def test_what_rules_do_not_answer_names_why(cascade: Cascade[OrderIntent], junk: str, text: str) -> None:
    attempts = cascade.classify(junk + text).attempts
    assume(attempts)
    outcome = attempts[0].outcome
    if isinstance(outcome, Abstention):
        assert outcome.reason
        assert outcome.reason != "uncovered" or outcome.uncovered


TO_TRADITIONAL = {
    ord(simple): old for old, simple in reversed(list(zip(TRADITIONAL, SIMPLIFIED, strict=True)))
}
TO_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
HAN_GAP = re.compile(r"(?<=[\u4e00-\u9fff])(?=[\u4e00-\u9fff])")

DRESSED = {
    "wake word": lambda text: f"千问，{text}",
    "hey": lambda text: f"Hey Qwen {text}",
    "filler": lambda text: f"嗯，请{text}，谢谢啦",
    "stop": lambda text: f"{text}。",
    "shout": lambda text: f"{text}！！！",
    "smile": lambda text: f"{text}😋❤️",
    "smiles": lambda text: f"✨{text} 👍🏽",
    "spaces": lambda text: HAN_GAP.sub(" ", text),
    "wide spaces": lambda text: HAN_GAP.sub("\u3000", text),
    "zero width": "\u200b".join,
    "joiners": lambda text: HAN_GAP.sub("\u2060", text),
    "full width": lambda text: text.translate(TO_FULL_WIDTH),
    "traditional": lambda text: text.translate(TO_TRADITIONAL),
    "upper case": str.upper,
}


@given(orders(), st.sampled_from(sorted(DRESSED)))
@settings(RELAXED, max_examples=200)
def test_dress_never_changes_an_answered_order(cascade: Cascade[OrderIntent], text: str, dress: str) -> None:
    answer = ordered_by_rules(cascade, text)
    assume(answer is not None)
    dressed = DRESSED[dress](text)
    assert ordered_by_rules(cascade, dressed) == answer, dressed


# Time -------------------------------------------------------------------------------------------------------------

NASTY = (
    "奶茶",
    "一杯奶茶",
    "加珍珠",
    "不要",
    "两杯，",
    "一杯少糖",
    "烧仙草",
    "二十块以内",
    "三点",
    "都",
    "各一杯",
    "其中一杯去冰",
    "把奶茶换成",
    "的",
    "9",
    "千",
    "送到公司",
    "!?",
    "e\u0301",
    "🙅‍♀️",
    "..",
)


@pytest.mark.parametrize("piece", NASTY)
def test_the_longest_hostile_inputs_take_no_longer_than_plain_ones(
    cascade: Cascade[OrderIntent], piece: str
) -> None:
    """Measured in turn, so that both meet the same noise of the machine."""
    took: dict[str, list[float]] = {"plain": [], "hostile": []}
    for _ in range(3):
        for kind, said in (("plain", "我昨天在公园里看见一只猫"), ("hostile", piece)):
            started = time.perf_counter()
            hold(cascade.classify((said * 200)[:200]))
            took[kind].append(time.perf_counter() - started)
    assert min(took["hostile"]) < 5 * min(took["plain"])


def test_a_text_far_too_long_is_not_even_looked_at(cascade: Cascade[OrderIntent]) -> None:
    text = "帮我点杯奶茶" * 500_000
    started = time.perf_counter()
    result = cascade.classify(text)
    assert time.perf_counter() - started < 0.2
    assert result.reason == "too_long"
