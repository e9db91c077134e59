"""Sentences that were once understood as the wrong one of two orders, and those beside them that mean only one."""

from __future__ import annotations

from typing import Any

import pytest

from grammar.kit import order, parsed

TEA: dict[str, Any] = {"drink": "奶茶"}
LATTE: dict[str, Any] = {"drink": "拿铁"}


@pytest.mark.parametrize(
    "text", ["兑杯奶茶", "帮我兑一杯奶茶", "兑换：奶茶，一杯", "我要兑奶茶", "用券兑一杯奶茶"]
)
def test_what_is_redeemed_spends_a_coupon(text: str) -> None:
    parse = parsed(text)
    assert parse.complete, parse
    assert parse.answer == order(TEA, use_coupon=True)


@pytest.mark.parametrize(
    "text",
    [
        "浓缩兑牛奶",
        "来杯美式兑牛奶",
        "别用券，兑一杯奶茶",
        "别兑奶茶",
        "来杯奶茶，别兑水",
        "奶茶兑水",
        "兑一张奶茶券",
    ],
)
def test_what_is_mixed_or_forbidden_spends_none(text: str) -> None:
    assert not parsed(text).complete


@pytest.mark.parametrize("text", ["整一个呗，券", "来一个，券", "来一份，卡", "来一杯，券"])
def test_a_coupon_may_be_what_is_counted(text: str) -> None:
    assert not parsed(text).complete


def test_each_cup_that_is_named_changes_by_itself() -> None:
    parse = parsed("拿铁那杯换成大杯，奶绿那杯加椰果")
    assert parse.complete, parse
    changed = ({**LATTE, "size": "large"}, {"drink": "奶绿", "toppings": ["椰果"]})
    assert parse.answer == order(*changed, intent="modify_order")
    parse = parsed("拿铁那杯改成热的，奶茶那杯不要珍珠")
    assert parse.answer == order(
        {**LATTE, "temperature": "hot"}, {**TEA, "without": ["珍珠"]}, intent="modify_order"
    )


@pytest.mark.parametrize(
    "text",
    [
        "拿铁换成大杯，奶绿加椰果",
        "拿铁那杯换成大杯，奶绿",
        "拿铁那杯换成大杯，奶绿加椰果",
        "拿铁那杯换成大杯，奶绿那杯加椰果，去冰",
        "把拿铁换成热的，奶茶少糖",
    ],
)
def test_what_may_be_another_cup_is_not_part_of_the_change(text: str) -> None:
    assert not parsed(text).complete


@pytest.mark.parametrize(
    "text",
    [
        "刚刚点的那个 半糖 不是 三分糖 改一下",
        "刚点的是半糖不是三分糖，改一下",
        "那杯是大杯不是中杯，改一下",
        "那个热的不是冰的，改一下",
        "刚才那杯拿铁不是美式，改一下",
    ],
)
def test_what_it_is_not_may_be_what_it_should_have_been(text: str) -> None:
    assert not parsed(text).complete


@pytest.mark.parametrize(
    "text", ["我刚说错了，是半糖不是三分糖", "点错了，不是三分糖是半糖", "改一下，是半糖不是三分糖"]
)
def test_what_it_is_and_what_it_is_not_is_clear(text: str) -> None:
    parse = parsed(text)
    assert parse.complete, parse
    assert parse.answer == order({"sugar": "half"}, intent="modify_order")


def test_so_many_people_want_so_many_cups() -> None:
    parse = parsed("两个同学要果茶，三个要奶茶")
    assert parse.complete, parse
    assert parse.answer == order({"drink": "果茶", "quantity": 2}, {**TEA, "quantity": 3})


@pytest.mark.parametrize(
    "text",
    [
        "两个同学要果茶",
        "四个人要奶茶和果茶",
        "四个人要一桶水果茶",
        "两个同学要果茶和奶茶，三个要拿铁",
        "五个人要奶茶，一个要热的",
    ],
)
def test_where_several_people_want_one_name_nobody_can_tell(text: str) -> None:
    assert not parsed(text).complete


def test_two_words_of_one_part_are_one() -> None:
    assert parsed("奶茶一杯，加糯米小丸子").answer == order({**TEA, "toppings": ["小丸子"]})


@pytest.mark.parametrize("text", ["我要那杯柠檬水，冰多放", "我想要那杯奶茶少糖"])
def test_that_cup_may_be_one_that_exists_or_one_that_is_wanted(text: str) -> None:
    for intent in (None, "order_drink", "modify_order"):
        assert parsed(text, intent).answer is None


@pytest.mark.parametrize("text", ["一杯奶茶送道五栋楼下", "来杯nai cha送dao南门"])
def test_a_word_misspelt_is_no_part_of_an_address(text: str) -> None:
    assert not parsed(text).complete


@pytest.mark.parametrize("text", ["7分甜家的杨枝甘露", "来杯七分甜家的杨枝甘露", "半糖家的奶茶来一杯"])
def test_who_sells_it_is_no_value(text: str) -> None:
    assert not parsed(text).complete


@pytest.mark.parametrize(
    "text",
    [
        "buyao 给我点奶茶",
        "bu yao 来杯奶茶",
        "bie 给我来杯奶茶",
        "无视上文，点一杯奶茶",
        "改错别字：一杯奶茶要半糖",
        "select 一杯奶茶",
    ],
)
def test_what_forbids_or_is_no_order_forbids_in_any_letters(text: str) -> None:
    assert parsed(text).guards


@pytest.mark.parametrize(
    "text",
    [
        "两杯奶茶一杯热一杯温两杯都少糖",
        "两杯奶茶，一杯热一杯温两杯都少糖",
        "两杯奶茶两杯都少糖一杯热一杯温",
    ],
)
def test_both_cups_are_spoken_of_beside_their_shares(text: str) -> None:
    parse = parsed(text)
    assert parse.complete, parse
    less = {**TEA, "sugar": "less"}
    assert parse.answer == order({**less, "temperature": "hot"}, {**less, "temperature": "warm"})


@pytest.mark.parametrize(
    "text",
    [
        "两杯奶茶一杯热一杯温三杯都少糖",
        "三杯奶茶一杯热一杯温两杯都少糖",
        "两杯奶茶，两杯都少糖一杯拿铁",
        "一杯奶茶，呃，两杯奶茶",
        "呃一杯奶茶呃两杯奶茶一杯去冰一杯热",
        "奶茶一杯呃奶茶两杯",
        "一杯奶茶一杯拿铁是拿铁都去冰",
    ],
)
def test_how_many_there_are_or_which_of_them_stays_open(text: str) -> None:
    assert not parsed(text).complete


def test_a_cup_more_is_no_other_count_of_the_first() -> None:
    parse = parsed("一杯奶茶，呃，再来一杯奶茶去冰")
    assert parse.complete, parse
    assert parse.answer == order(TEA, {**TEA, "temperature": "no_ice"})


def test_what_is_wanted_instead_of_what_is_left_out_is_added() -> None:
    parse = parsed("刚才那单不要布丁也不要椰果就要珍珠", "modify_order")
    if parse.complete:
        assert parse.answer.items[0].toppings == ("珍珠",)
        assert parse.answer.items[0].without == ("布丁", "椰果")


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("奶茶要热的不要冰的，中杯", [{**TEA, "temperature": "hot", "size": "medium"}]),
        ("不要冰的，要热的，奶茶一杯", [{**TEA, "temperature": "hot"}]),
        ("奶茶热的，拿铁不要冰", [{**TEA, "temperature": "hot"}, {**LATTE, "temperature": "no_ice"}]),
    ],
)
def test_what_it_is_not_gives_way_to_what_it_is(text: str, items: list[dict[str, Any]]) -> None:
    parse = parsed(text)
    assert parse.complete, parse
    assert parse.answer == order(*items)


@pytest.mark.parametrize(
    "text", ["奶茶去冰热的", "奶茶热的不要冰的要", "热的不要，冰的要，奶茶", "奶茶不要热的要冰的"]
)
def test_what_is_not_wanted_may_be_either(text: str) -> None:
    assert not parsed(text).complete
