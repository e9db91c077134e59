"""Why somebody changes an order, by what they like; it says nothing of the order, unless it says more."""

from __future__ import annotations

from typing import Any

import pytest

from grammar.kit import order, parsed

REASONS: list[tuple[str, list[dict[str, Any]], dict[str, Any]]] = [
    ("婆婆嫌冰，改常温", [{"temperature": "room"}], {}),
    ("老妈嫌粘牙 那杯珍珠给去了 改常温", [{"temperature": "room", "without": ["珍珠"]}], {}),
    ("我对象嫌大杯太大，换中杯", [{"size": "medium"}], {}),
    ("那杯别放红豆了我不爱吃豆子", [{"without": ["红豆"]}], {}),
    ("芋泥奶茶换成红豆奶茶老人爱吃红豆", [{"drink": "红豆奶茶"}], {}),
    ("换成热的，我妈不爱喝冰的", [{"temperature": "hot"}], {}),
    ("把糖改成无糖他不喜欢甜的", [{"sugar": "none"}], {}),
    ("把刚才的奶茶全部换成柠檬水，天热", [{"drink": "柠檬水"}], {}),
    ("我爸喝不惯美式，换成拿铁", [{"drink": "拿铁"}], {}),
]
MORE = [
    "嫌甜的话改少糖",
    "我不嫌甜，改全糖",
    "我不喜欢红豆，那杯换成大杯",
    "我喜欢热的，那杯换成大杯",
    "她爱喝美式，那杯拿铁改热的",
    "我妈嫌太甜她有糖尿病，改无糖",
    "谁嫌冰谁改常温",
    "我妈嫌冰",
    "天热",
    "换成大杯，天热的话",
    "冬天热饮改成大杯",
]


@pytest.mark.parametrize(("text", "items", "rest"), REASONS)
def test_what_is_not_to_their_taste_is_why_something_changes(
    text: str, items: list[dict[str, Any]], rest: dict[str, Any]
) -> None:
    assert parsed(text).answer == order(*items, intent="modify_order", **rest)


@pytest.mark.parametrize("text", MORE)
def test_a_taste_that_says_more_of_the_order_is_not_passed_over(text: str) -> None:
    assert not parsed(text).complete
