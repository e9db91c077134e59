"""Where to put what is brought, and what whoever orders says of themselves on the way."""

from __future__ import annotations

from typing import Any

import pytest

from grammar.kit import order, parsed

TEA: dict[str, Any] = {"drink": "奶茶"}


@pytest.mark.parametrize(
    "wish", ["放12号储物柜", "放加油站便利店", "放三楼会议室就行", "放到医生值班室门口", "放2号楼大厅就好"]
)
@pytest.mark.parametrize("text", ["来杯奶茶，{}", "{}，来杯奶茶", "奶茶一杯{}"])
def test_where_to_put_it_is_kept_as_spoken(text: str, wish: str) -> None:
    parse = parsed(text.format(wish))
    assert parse.complete, parse
    assert parse.answer == order(TEA, preferences=[wish])


@pytest.mark.parametrize(
    "text",
    [
        "奶茶放家里",  # may only be told
        "来杯奶茶放医院门口两杯",  # whatever ends there, or is counted
        "来杯奶茶放我妈家",
        "来杯奶茶别放公司楼下",
        "来杯奶茶放学",
    ],
)
def test_what_is_put_nowhere_for_certain_is_no_wish(text: str) -> None:
    assert not parsed(text).complete


def test_a_part_is_still_put_into_a_drink() -> None:
    assert parsed("奶茶放珍珠").answer == order({**TEA, "toppings": ["珍珠"]})


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("来杯奶茶我乳糖不耐", {"preferences": ["乳糖不耐"]}),
        ("来杯奶茶我十分钟后去取", {"fulfilment": {"mode": "pickup", "time": "十分钟后"}}),
        ("来杯奶茶我晚上八点到店拿", {"fulfilment": {"mode": "pickup", "time": "晚上八点"}}),
    ],
)
def test_who_orders_may_speak_of_themselves(text: str, rest: dict[str, Any]) -> None:
    parse = parsed(text)
    assert parse.complete, parse
    assert parse.answer == order(TEA, **rest)


@pytest.mark.parametrize(
    "text",
    [
        "奶茶少糖我甜的",
        "她奶茶少糖我乳糖不耐",
        "来杯奶茶我八点喝",
        "来杯奶茶我十分钟后到家",
        "发工资就来杯奶茶",
    ],
)
def test_what_may_be_another_cup_or_another_time_is_not_taken(text: str) -> None:
    assert not parsed(text).complete
