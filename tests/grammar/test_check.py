"""Answers held against what was said."""

from typing import Any

import pytest

from cascade.orders import OrderIntent
from grammar.kit import grammar, order, said


def problems(text: str, answer: OrderIntent) -> list[tuple[str, str]]:
    return [(problem.kind, problem.field) for problem in grammar().check(said(text), answer)]


LESS_ICE = {"drink": "奶茶", "temperature": "less_ice"}
RIGHT = [
    ("帮我点一杯少冰、适合减脂的奶茶", order(LESS_ICE, preferences=["适合减脂"])),
    (
        "来杯奶茶送到和平路3号",
        order({"drink": "奶茶"}, fulfilment={"mode": "delivery", "address": "和平路3号"}),
    ),
    ("來杯奶茶送到觀塘站", order({"drink": "奶茶"}, fulfilment={"mode": "delivery", "address": "觀塘站"})),
    ("不要奶茶要果茶", order({"drink": "果茶"})),
    ("多冰，说错了，少冰，奶茶一杯", order(LESS_ICE)),
    (
        "三杯奶茶，一杯少冰，剩下两杯热的",
        order(LESS_ICE, {"drink": "奶茶", "quantity": 2, "temperature": "hot"}),
    ),
    ("把奶茶换成果茶", order({"drink": "果茶"}, intent="modify_order")),
    ("那张卡给我用了，来杯奶茶", order({"drink": "奶茶"}, use_coupon=True)),
    ("那两杯改少糖", order({"quantity": 2, "sugar": "less"}, intent="modify_order")),
    ("那两杯改少糖", order({"sugar": "less"}, intent="modify_order")),
    ("今天好热，来杯奶茶", order({"drink": "奶茶"})),
    ("明天来杯奶茶", order({"drink": "奶茶"}, fulfilment={"time": "明天"})),
    ("来杯适合减脂的奶茶", order({"drink": "奶茶"}, preferences=["适合减脂"])),
    ("我乳糖不耐，来杯奶茶", order({"drink": "奶茶"}, preferences=["乳糖不耐"])),
]


@pytest.mark.parametrize(("text", "answer"), RIGHT)
def test_an_answer_that_keeps_to_what_was_said_passes(text: str, answer: OrderIntent) -> None:
    assert problems(text, answer) == []


@pytest.mark.parametrize(
    ("text", "answer", "found"),
    [
        ("来杯奶茶", order({"drink": "奶茶", "sugar": "less"}), ("unsupported", "sugar")),
        ("来杯奶茶", order({"drink": "果茶"}), ("unsupported", "drink")),
        ("来杯奶茶", order({"drink": "奶茶", "brand": "喜茶"}), ("unsupported", "brand")),
        ("来杯奶茶", order({"drink": "奶茶", "quantity": 2}), ("unsupported", "quantity")),
        ("来一杯奶茶", order({"drink": "奶茶", "quantity": 2}), ("unsupported", "quantity")),
        ("三点来杯奶茶", order({"drink": "奶茶", "quantity": 3}), ("unsupported", "quantity")),
        ("来杯奶茶二十块以内", order({"drink": "奶茶", "quantity": 20}), ("unsupported", "quantity")),
        ("来两杯奶茶", order({"drink": "奶茶", "quantity": 2}, budget_cny=2), ("unsupported", "budget_cny")),
        ("来杯奶茶", order({"drink": "奶茶", "toppings": ["珍珠"]}), ("unsupported", "toppings")),
        ("来杯奶茶", order({"drink": "奶茶"}, use_coupon=True), ("unsupported", "use_coupon")),
        ("来杯奶茶", order({"drink": "奶茶"}, budget_cny=20), ("unsupported", "budget_cny")),
        ("来杯奶茶", order({"drink": "奶茶"}, preferences=["便宜点"]), ("unsupported", "preferences")),
        (
            "来杯奶茶",
            order({"drink": "奶茶"}, fulfilment={"time": "三点"}),
            ("unsupported", "fulfilment.time"),
        ),
        (
            "来杯奶茶",
            order({"drink": "奶茶"}, fulfilment={"address": "公司"}),
            ("unsupported", "fulfilment.address"),
        ),
        ("来杯少糖奶茶", order({"drink": "奶茶"}), ("lost", "sugar")),
        ("来杯少糖奶茶", order({"drink": "奶茶", "sugar": "extra"}), ("lost", "sugar")),
        ("来杯奶茶不要珍珠", order({"drink": "奶茶"}), ("lost", "topping")),
        ("用券来杯奶茶", order({"drink": "奶茶"}), ("lost", "coupon")),
        ("来两杯奶茶", order({"drink": "奶茶"}), ("lost", "quantity")),
        ("来杯奶茶，换燕麦奶", order({"drink": "奶茶"}), ("lost", "base")),
        ("来杯奶茶送到公司", order({"drink": "奶茶"}, fulfilment={"mode": "delivery"}), ("lost", "place")),
        ("一杯奶茶一杯少糖的果茶", order({"drink": "果茶", "sugar": "less"}), ("lost", "drink")),
        ("我乳糖不耐，来杯奶茶", order({"drink": "奶茶"}), ("lost", "wish")),
        ("来杯奶茶，杯子上写生日快乐", order({"drink": "奶茶"}), ("lost", "")),
        ("别来奶茶", order({"drink": "奶茶"}), ("lost", "negation")),
        ("昨天来了杯奶茶", order({"drink": "奶茶"}), ("lost", "past")),
        ("如果下雨来杯奶茶", order({"drink": "奶茶"}), ("lost", "condition")),
        ("明天来杯奶茶", order({"drink": "奶茶"}), ("lost", "future")),
    ],
)
def test_what_was_made_up_or_lost_is_found(text: str, answer: OrderIntent, found: tuple[str, str]) -> None:
    assert found in problems(text, answer)


def test_an_answer_that_orders_nothing_is_not_asked() -> None:
    assert problems("一杯少糖奶茶多少钱", OrderIntent(intent="query_menu")) == []


def test_a_problem_says_what_it_found() -> None:
    answer: Any = order({"drink": "奶茶", "quantity": 9})
    (problem,) = grammar().check(said("来杯奶茶"), answer)
    assert problem.detail == "9 was not said"


@pytest.mark.parametrize(
    ("text", "intent", "reasons"),
    [
        ("取消刚才那单", "cancel_order", []),
        ("订单不要了", "cancel_order", []),
        ("我没说取消订单", "cancel_order", ["negation"]),
        ("如果太慢就取消订单", "cancel_order", ["condition"]),
        ("领张券", "claim_coupon", []),
        ("明天领券", "claim_coupon", ["future"]),
        ("别领券", "claim_coupon", ["negation"]),
        ("别领券", "decline", []),
    ],
)
def test_an_intent_that_acts_must_be_meant(text: str, intent: str, reasons: list[str]) -> None:
    found = grammar().check(said(text), OrderIntent(intent=intent))
    assert [problem.field for problem in found] == reasons
