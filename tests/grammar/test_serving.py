"""Orders that look like something else: words of a cup before or after this one, and questions for consent."""

from typing import Any

import pytest

from cascade.orders import OrderIntent
from grammar.kit import order, parsed

TEA: dict[str, Any] = {"drink": "奶茶"}

ORDERS = [
    ("上一杯奶茶", order(TEA)),
    ("上杯奶茶，无糖", order({**TEA, "sugar": "none"})),
    ("下一杯奶茶吧", order(TEA)),
    ("下杯奶茶，送到公司", order(TEA, fulfilment={"mode": "delivery", "address": "公司"})),
    ("下一单奶茶", order(TEA)),
    ("千问下一杯奶茶，别的都不用", order(TEA)),
    ("直接给我下一杯奶茶去冰", order({**TEA, "temperature": "no_ice"})),
    ("来一杯奶茶可以吗", order(TEA)),
    ("嗯来杯奶茶行不行", order(TEA)),
    ("能不能来两杯奶茶", order({**TEA, "quantity": 2})),
    ("可唔可以帮我叫杯奶茶", order(TEA)),
    ("我要饮奶茶，唔该晒", order(TEA)),
    ("我要饮料，奶茶一杯", order(TEA)),
    ("可以来杯热奶茶吗", order({**TEA, "temperature": "hot"})),
]


@pytest.mark.parametrize(("text", "answer"), ORDERS)
def test_what_orders(text: str, answer: OrderIntent) -> None:
    parse = parsed(text)
    assert parse.complete, parse
    assert parse.answer == answer


@pytest.mark.parametrize(
    "text",
    [
        "上一杯奶茶，去冰",
        "上一杯奶茶加珍珠",
        "上杯奶茶太甜",
        "上杯奶茶改成热的",
        "下一杯奶茶几点到",
        "我的上一杯奶茶",
        "昨天上一杯奶茶",
        "减肥，来一杯奶茶可以吗",
        "我来一杯奶茶可以吗",
        "来一杯奶茶怎么样",
        "来杯奶茶好不好喝",
        "一杯奶茶行不行",
        "能来奶茶吗",
    ],
)
def test_what_may_speak_of_another_or_ask_for_advice(text: str) -> None:
    assert not parsed(text).complete


PEOPLE = [
    ("三个同事都要奶茶", order({**TEA, "quantity": 3})),
    ("四个人，都要热奶茶", order({**TEA, "quantity": 4, "temperature": "hot"})),
    ("一人一杯，我们五个，奶茶", order({**TEA, "quantity": 5})),
    ("一人一杯奶茶，咱仨", order({**TEA, "quantity": 3})),
    ("给高三的娃来一杯奶茶", order(TEA)),
    ("给我整一杯奶茶呗老铁", order(TEA)),
    ("点背奶茶", order(TEA)),
    ("给我点一倍奶茶", order(TEA)),
    ("来bei奶茶", order(TEA)),
    ("千万帮我点一杯奶茶", order(TEA)),
    ("奶茶一杯，千万别放糖", order({**TEA, "sugar": "none"})),
    ("给个面子，点一杯奶茶", order(TEA)),
    ("给我们俩点两杯奶茶", order({**TEA, "quantity": 2})),
    ("来杯奶茶送到前台那里", order(TEA, fulfilment={"mode": "delivery", "address": "前台那里"})),
    ("给我搞杯奶茶，困得不行了", order(TEA)),
    ("炎热的天，来一杯冰的奶茶", order({**TEA, "temperature": "regular_ice"})),
]


@pytest.mark.parametrize(("text", "answer"), PEOPLE)
def test_how_many_and_for_whom(text: str, answer: OrderIntent) -> None:
    parse = parsed(text)
    assert parse.complete, parse
    assert parse.answer == answer


@pytest.mark.parametrize(
    "text",
    [
        "奶茶，三个人都要半糖",
        "四个人都不喝奶茶",
        "三个同事都喝了奶茶",
        "两个人都要两杯奶茶",
        "一人一杯，我们五个，你们三个，奶茶",
        "一人一杯，奶茶",
        "三个女生，奶茶",
        "买本奶茶书",
        "来千万杯奶茶",
        "两倍奶茶",
        "我妈说奶茶吧老铁",
        "炎热的奶茶",
    ],
)
def test_what_does_not_say_how_many(text: str) -> None:
    assert not parsed(text).complete
