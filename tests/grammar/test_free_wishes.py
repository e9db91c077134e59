"""Wishes in words that no list holds, known by what frames them, and what somebody may not drink."""

from __future__ import annotations

from typing import Any

import pytest

from cascade.grammar.forms import Beside
from grammar.kit import order, parsed

TEA: dict[str, Any] = {"drink": "奶茶"}


@pytest.mark.parametrize(
    "wish",
    [
        *("杯子上写生日快乐", "杯身写加油高考", "附张卡片写别难过", "贴个条写王老师收", "卡片写早日康复"),
        *("便签写“早点睡”", "贴纸条“恭喜毕业”", "杯子上写个加油"),
    ],
)
@pytest.mark.parametrize("text", ["来杯奶茶，{}", "{}，来杯奶茶", "来杯热的奶茶，{}，送到公司"])
def test_what_is_to_be_written_is_kept_as_spoken(text: str, wish: str) -> None:
    parse = parsed(text.format(wish))
    assert parse.complete, parse
    assert [item.drink for item in parse.answer.items] == ["奶茶"]
    assert parse.answer.preferences == (wish,)


@pytest.mark.parametrize(
    "text",
    [
        "来杯奶茶，杯子上写错了",
        "来杯奶茶杯子上写生日快乐",  # may tell what is on a cup
        "来杯奶茶，杯子上写着半糖",
        "来杯奶茶，杯子上写少糖",  # may be said of the drink
        "来杯奶茶，杯子上写什么",
        "来杯奶茶，别在杯子上写名字",
        "来杯奶茶，卡片写谢谢再来一杯果茶",
        "我那杯奶茶杯子上写的是三分糖",
        "杯子上写加油",
    ],
)
def test_what_was_written_or_may_be_is_no_wish(text: str) -> None:
    assert not parsed(text).complete


@pytest.mark.parametrize(
    ("text", "drink", "wish"),
    [
        ("来杯芋泥奶茶，芋泥要多一点", "芋泥奶茶", "芋泥要多一点"),
        ("柠檬茶一杯柠檬给我切厚片送到公司", "柠檬茶", "柠檬给我切厚片"),
        ("一杯姜茶姜多放两片送到公司", "姜茶", "姜多放两片"),
        ("来杯银耳奶茶，银耳炖烂点", "银耳奶茶", "银耳炖烂点"),
        ("来杯柚子绿茶，柚子肉给足", "柚子绿茶", "柚子肉给足"),
        ("来杯玫瑰奶茶，玫瑰别放太多", "玫瑰奶茶", "玫瑰别放太多"),
        ("来杯茉莉绿茶，茉莉味淡一点", "茉莉绿茶", "茉莉味淡一点"),
    ],
)
def test_how_what_a_drink_is_named_for_is_done_is_a_wish(text: str, drink: str, wish: str) -> None:
    parse = parsed(text)
    assert parse.complete, parse
    assert [item.drink for item in parse.answer.items] == [drink]
    assert parse.answer.preferences == (wish,)


def test_more_of_a_part_that_is_not_in_it_adds_it() -> None:
    wish = "芋圆多来点"
    assert parsed(f"来杯奶茶，{wish}").answer == order({**TEA, "toppings": ["芋圆"]}, preferences=[wish])


@pytest.mark.parametrize(
    "text",
    [
        "来杯奶茶，芒果多一点",  # in it, or not
        "来杯多肉葡萄，葡萄冻多放",
        "来杯奶茶，她芋圆多一点",
        "三杯芋泥奶茶，其中一杯芋泥多一点",
        "来杯芋泥奶茶，芋泥多一点两杯",
        "来杯芋泥奶茶，芋泥多一点吗",
        "刚才的芋泥奶茶，芋泥太多了",
        "来杯珍珠奶茶，珍珠双倍",
    ],
)
def test_how_much_of_what_is_left_open(text: str) -> None:
    assert not parsed(text).complete


@pytest.mark.parametrize(
    "wish", ["喝了能暖和的", "喝了不会睡不着的", "看起来很贵的", "能暖手的", "最苦的", "带点苦的"]
)
def test_what_a_drink_does_or_is_like_is_a_wish(wish: str) -> None:
    assert parsed(f"来杯{wish}奶茶").answer == order(TEA, preferences=[wish])


@pytest.mark.parametrize(
    "text",
    [
        "来杯喝起来像咖啡的奶茶",
        "来杯能送到公司的奶茶",
        "来杯能用券的奶茶",
        "来杯能不加糖的奶茶",
        "来杯很冰的奶茶",
        "来杯喝了拉肚子的那种奶茶",
        "昨天来了杯喝了睡不着的奶茶",
        "来一杯最甜的一杯最苦的",
    ],
)
def test_what_may_be_a_value_or_told_is_no_description(text: str) -> None:
    assert not parsed(text).complete


@pytest.mark.parametrize("wish", ["班会用", "拍照用", "招待客户用", "摆拍用"])
def test_what_an_order_is_for_is_a_wish(wish: str) -> None:
    assert parsed(f"来两杯奶茶，{wish}").answer == order({**TEA, "quantity": 2}, preferences=[wish])


@pytest.mark.parametrize("what", ["积分用", "平时常用", "还能用", "公司费用", "下次用", "给我用", "店里没用"])
def test_what_is_spent_or_not_used_is_no_purpose(what: str) -> None:
    parse = parsed(f"来两杯奶茶，{what}")
    assert not (parse.complete and parse.answer.preferences)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("不能喝冰的，来杯热奶茶", {"temperature": "hot"}),
        ("医生说我不能喝冰的，给我一杯温的奶茶", {"temperature": "warm"}),
        ("我妈不让喝凉的，来杯常温奶茶", {"temperature": "room"}),
        ("教练不让喝甜的，来杯无糖奶茶", {"sugar": "none"}),
    ],
)
def test_what_somebody_may_not_drink_says_nothing_more_than_what_is_ordered(
    text: str, value: dict[str, str]
) -> None:
    assert parsed(text).answer == order({**TEA, **value})


@pytest.mark.parametrize(
    "text",
    [
        "不能喝冰的，来杯奶茶",
        "不能喝冰的，来杯冰奶茶",
        "我不能喝冰的，一杯热的一杯冰的奶茶",
        "不能喝冰的吗，来杯热奶茶",
        "她不能喝冰的，来杯热奶茶",
        "谁说不能喝冰的，来杯热奶茶",
        "能不能喝冰的，来杯热奶茶",
        "医生让我少喝甜的，来杯半糖奶茶",
        "我不能吃芒果，来杯热奶茶",
    ],
)
def test_what_an_order_does_not_answer_is_not_passed_over(text: str) -> None:
    assert not parsed(text).complete


def test_what_ails_somebody_is_a_wish_where_it_lasts() -> None:
    assert parsed("外婆牙口不好，来杯奶茶").answer == order(TEA, preferences=["牙口不好"])


@pytest.mark.parametrize(
    "text",
    [
        "孩子感冒，来杯奶茶",
        "我爸糖尿病，我要一杯全糖奶茶",
        "来杯奶茶，我妈牙口不好",
        "我妈胃不好吗，来杯奶茶",
        "我和我妈胃不好，来杯奶茶",
    ],
)
def test_what_may_only_be_a_reason_or_another_cup_is_not_taken(text: str) -> None:
    assert not parsed(text).complete


def test_a_form_is_no_longer_than_the_text() -> None:
    words = Beside(("多一点", "多一点儿的"))
    assert words.after("芋泥多一点", 2) == len("多一点")
    assert words.after("芋泥多一", 2) == 0
