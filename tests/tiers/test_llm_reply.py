"""Finding one answer in what a model said, and refusing what only looks like one."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from llm_kit import DECLINE, MILK_TEA

from cascade.backends.base import ChatReply
from cascade.orders import OrderIntent
from cascade.tiers.llm_reply import MAX_REPLY_CHARS, Reading, read_reply

ORDER = OrderIntent.model_validate(MILK_TEA)
TEXT = json.dumps(MILK_TEA, ensure_ascii=False)
PRETTY = json.dumps(MILK_TEA, indent=4)


def read(content: str, thinking: str = "", finish: str | None = "stop") -> Reading[OrderIntent]:
    return read_reply(ChatReply(content, thinking, finish), OrderIntent)


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        PRETTY,
        f"\n\n{TEXT}\n  \t\t\t",
        f"```json\n{PRETTY}\n```",
        f"好的，这是订单：\n{TEXT}\n请确认。",
        f"我先想想 {{奶茶}} 是什么意思。{TEXT}",
        f"{TEXT}\n{TEXT}",
        f'{{"thought":"an order"}} {TEXT}',
    ],
)
def test_one_answer_is_found(content: str) -> None:
    assert read(content).answer == ORDER
    assert read("", content).answer == ORDER
    assert read(" \n", content).answer == ORDER


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "empty"),
        ("{", "no JSON object"),
        ("[]", "no JSON object"),
        ("null", "no JSON object"),
        (TEXT[:-1], "breaks its schema"),
        (f"[{TEXT[:-1]}", "breaks its schema"),
        (f"{TEXT} {json.dumps(DECLINE)}", "more than one"),
        ('{"intent":"decline","intent":"order_drink"}', "no JSON object"),
        ('{"intent":"order_drink","budget_cny":NaN}', "no JSON object"),
        ('{"intent":"order_drink","budget_cny":1e999}', "breaks its schema"),
        ('{"answer":' + TEXT + "}", "breaks its schema"),
        ('{"intent":"decline"}' + " " * MAX_REPLY_CHARS, "too long"),
        ('{"intent":' * 9_000, "too long"),
        ("{" * 50_000, "no JSON object"),
        ('{"a":' * 5_000, "no JSON object"),
        ('{"intent":"order_drink","budget_cny":' + "9" * 5_000 + "}", "no JSON object"),
    ],
)
def test_what_only_looks_like_an_answer(content: str, problem: str) -> None:
    reading = read(content)
    assert reading.answer is None
    assert problem in reading.problem


@pytest.mark.parametrize("change", ['"1"', "1.0", "true", "null", "0", "100", "100000", "[1]"])
def test_a_quantity_is_a_number_from_1_to_99(change: str) -> None:
    assert read(TEXT.replace('"quantity": 1', f'"quantity": {change}')).answer is None


def test_a_cut_reply_is_read_only_when_it_is_whole() -> None:
    assert read(TEXT + " \n\t\t", finish="length").answer == ORDER
    assert "cut off" in read(TEXT[: len(TEXT) // 2], finish="length").problem
    assert "cut off" in read(f"好的 {TEXT}", finish="length").problem
    assert "cut off" in read(f"{TEXT} 还有", finish="length").problem


def test_a_draft_in_the_thinking_does_not_settle_what_was_cut_or_said_twice() -> None:
    assert read(TEXT[:20], TEXT, "length").answer is None
    assert read(f"{TEXT}{json.dumps(DECLINE)}", TEXT).answer is None
    assert read('{"reasoning":"of another shape"}', TEXT).answer == ORDER


def test_an_object_in_which_nothing_is_said_is_null() -> None:
    nothing = {"mode": None, "address": None, "time": None}
    assert read(json.dumps({**DECLINE, "fulfilment": nothing})).answer == OrderIntent(intent="decline")
    kept = read(json.dumps({**MILK_TEA, "items": [{"drink": None, "quantity": 1}]})).answer
    assert kept is not None
    assert len(kept.items) == 1


@given(
    before=st.text(st.characters(exclude_characters="{}", codec="utf-8"), max_size=30),
    after=st.text(st.characters(exclude_characters="{}", codec="utf-8"), max_size=30),
)
def test_prose_around_an_answer_changes_nothing(before: str, after: str) -> None:
    assert read(before + TEXT + after).answer == ORDER


@given(
    st.text(max_size=80) | st.text('{}[]",:0123456789truefalsn ', max_size=200),
    st.sampled_from(["stop", "length"]),
)
def test_no_text_raises(content: str, finish: str) -> None:
    reading = read(content, content, finish)
    assert (reading.answer is None) == bool(reading.problem)


scalars: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
)


@given(st.dictionaries(st.sampled_from(list(MILK_TEA)), scalars | st.lists(scalars, max_size=2)))
def test_what_is_safe_to_log_quotes_nothing_of_the_reply(data: dict[str, Any]) -> None:
    reading = read(json.dumps({**data, "preferences": ["幸福路18号", 5]}))
    assert reading.answer is None
    assert "幸福路" not in reading.problem
