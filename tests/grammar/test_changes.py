"""Changes of an order that was pointed at, coupons in any words, and items that are described before they are named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cascade.orders import OrderIntent
from grammar.kit import order, parsed

TEA: dict[str, Any] = {"drink": "奶茶"}
CHANGES = [
    ("刚才那杯奶茶少糖", [{**TEA, "sugar": "less"}], {}),
    ("我早上订的那单，甜度改成微糖", [{"sugar": "light"}], {}),
    ("糖改三分", [{"sugar": "light"}], {}),
    ("奶茶改成少糖", [{**TEA, "sugar": "less"}], {}),
    ("半糖那杯换成全糖", [{"sugar": "regular"}], {"preferences": ["半糖那杯"]}),
    ("还是去冰吧", [{"temperature": "no_ice"}], {}),
    ("我要改热的", [{"temperature": "hot"}], {}),
    ("改成少糖可以吗", [{"sugar": "less"}], {}),
    ("推迟一小时可以吗", [], {"fulfilment": {"time": "推迟一小时"}}),
    ("提前到三点半行吗", [], {"fulfilment": {"time": "三点半"}}),
    ("自取时间改成12点半", [], {"fulfilment": {"time": "12点半"}}),
    ("取货门店换成万达店", [], {"fulfilment": {"address": "万达店"}}),
    ("嗰杯奶茶改走冰", [{**TEA, "temperature": "no_ice"}], {}),
    ("刚才那杯要热的不要冰的", [{"temperature": "hot"}], {}),
    ("改下单，奶茶不要加冰了，热的", [{**TEA, "temperature": "hot"}], {}),
    ("不要珍珠了", [{"without": ["珍珠"]}], {}),
    ("冰不要了", [{"temperature": "no_ice"}], {}),
    ("那杯奶茶大杯改中杯，糖改成少糖", [{**TEA, "size": "medium", "sugar": "less"}], {}),
    ("奶茶从六杯改成五杯", [{**TEA, "quantity": 5}], {}),
    ("数量改成6", [{"quantity": 6}], {}),
    ("第二杯改成少糖", [{"sugar": "less"}], {"preferences": ["第二杯"]}),
    ("再加一份椰果", [{"toppings": ["椰果"]}], {}),
    ("珍珠去掉", [{"without": ["珍珠"]}], {}),
    ("那单备注别敲门", [], {"preferences": ["别敲门"]}),
    ("刚才那杯改堂食", [], {"preferences": ["堂食"]}),
    ("刚才那杯冰去了", [{"temperature": "no_ice"}], {}),
    ("我点错了，要温的，改一下", [{"temperature": "warm"}], {}),
    ("把波霸去掉", [{"without": ["波霸"]}], {}),
    ("之前下的那杯，布丁去掉，红豆加上", [{"toppings": ["红豆"], "without": ["布丁"]}], {}),
    ("购物车里的果茶改成两杯", [{"drink": "果茶", "quantity": 2}], {}),
    ("修改订单：大杯，去冰，别的不变", [{"size": "large", "temperature": "no_ice"}], {}),
    ("送餐时间改到下午四点", [], {"fulfilment": {"time": "下午四点"}}),
    ("刚下的那单用券", [], {"use_coupon": True}),
    ("刚才那单送到公司", [], {"fulfilment": {"mode": "delivery", "address": "公司"}}),
    ("糖改三分 冰改微冰", [{"sugar": "light", "temperature": "light_ice"}], {}),
    ("糖改五分冰改微冰", [{"sugar": "half", "temperature": "light_ice"}], {}),
    ("糖改正常的就行", [{"sugar": "regular"}], {}),
    ("杯型改大", [{"size": "large"}], {}),
    ("芋圆去掉麻薯加上", [{"toppings": ["麻薯"], "without": ["芋圆"]}], {}),
    ("加珍珠，不对，加椰果", [{"toppings": ["椰果"]}], {}),
    ("那杯☕改成少糖", [{"drink": "咖啡", "sugar": "less"}], {}),
    ("这杯改加冰，之前选了去冰", [{"temperature": "regular_ice"}], {}),
    ("送餐时间三点改成五点", [], {"fulfilment": {"time": "五点"}}),
    ("糖改少糖，杯子不动", [{"sugar": "less"}], {}),
    ("仙草去掉加布丁", [{"toppings": ["布丁"], "without": ["仙草"]}], {}),
    ("把单里的布丁换仙草", [{"toppings": ["仙草"], "without": ["布丁"]}], {}),
    ("刚才那单忘用券了，帮我加上券", [], {"use_coupon": True}),
    ("那单别用券了，我自己付", [], {"preferences": ["别用券", "我自己付"]}),
    ("推迟半小时", [], {"fulfilment": {"time": "推迟半小时"}}),
    ("那单晚半小时再送", [], {"fulfilment": {"mode": "delivery", "time": "晚半小时"}}),
    ("自提时间往后推二十分钟", [], {"fulfilment": {"time": "往后推二十分钟"}}),
    ("天凉了，改热的", [{"temperature": "hot"}], {}),
    ("有人不来了，四杯改成三杯", [{"quantity": 3}], {}),
    ("帮我改一下，拿铁要冰的不要热的", [{"drink": "拿铁", "temperature": "regular_ice"}], {}),
    ("刚才那个奶茶我不要热的了要冰的", [{**TEA, "temperature": "regular_ice"}], {}),
    ("我刚说错了是半糖不是全糖帮我改一下", [{"sugar": "half"}], {}),
    ("改成一杯", [{"quantity": 1}], {}),
    ("我女朋友那杯改全糖", [{"sugar": "regular"}], {"preferences": ["我女朋友那杯"]}),
]
NO_CHANGES = [
    "改成少糖可以吗，要加钱吗",
    "推迟一小时可以吗会扣钱吗",
    "换成热的还是冰的可以吗",
    "奶茶少糖行吗",
    "改成少糖可以吗那单",
    "那杯热的不要冰的",
    "我刚选的是热的",
    "大杯的那个换成小杯",
    "奶茶别放珍珠了",
    "那杯给我姐的，温度改成热",
    "变！奶茶",
    "奶茶改6",
    "热的还是改冰的",
    "两杯拿铁热的那杯改冰的",
    "还是去冰吗",
    "那杯少糖的改成多糖",
    "加珍珠的那杯不要糖",
    "这杯用券，拿铁一杯",
    "抹茶换芋泥，那杯奶茶",
    "那杯芋泥换成热的",
    "糖浆换成蜂蜜，红茶热的",
    "奶茶里加布丁",
    "杨枝甘露别放西米",
    "那个奶茶别放糖",
    "不加珍珠",
    "对，去珍珠",
    "刚才那杯来两杯",
    "刚才那杯奶茶",
    "刚才那杯太甜",
    "把免单卡给我",
    "我没说改成少糖",
    "甜度改成",
    "刚才那杯少糖多糖",
    "刚才那杯一杯奶茶一杯果茶",
    "甜度怎么改成少糖",
    "奶茶少放点冰",
    "杨枝甘露多放点糖",
    "把刚才那杯牛奶换成豆浆",
    "那杯牛奶换成豆浆不加糖",
    "改成大杯别用券",
    "奶茶推迟半小时送",
    "推迟半小时了",
    "骑手推迟半小时",
    "会议推迟半小时",
    "那单晚半小时送到了",
    "推迟半小时再来两杯",
    "糖改三分之一",
    "糖改五分钟后",
    "别把糖改正常的",
    "同事不喝了",
    "天凉了",
    "忘用券了",
    "仙草去掉加一杯",
    "刚才那杯是冰的不是热的",
    "我点的是大杯不是中杯",
    "那杯怎么是冰的不是热的",
    "那杯不要热的不要冰的",
]
COUPONS = [
    "优惠券抵，来一杯奶茶",
    "那个免单的卡给我用上，来一杯奶茶",
    "用刚领的免单卡点一杯奶茶",
    "用两张免单卡点一杯奶茶",
    "把那张免单卡用了，点一杯奶茶",
    "帮我用掉今天的优惠券，来一杯奶茶",
]


@pytest.mark.parametrize(("text", "items", "rest"), CHANGES)
def test_an_order_that_was_pointed_at_is_changed(
    text: str, items: list[dict[str, Any]], rest: dict[str, Any]
) -> None:
    parse = parsed(text)
    assert parse.complete, parse
    assert parse.answer == order(*items, intent="modify_order", **rest)


@pytest.mark.parametrize("text", NO_CHANGES)
def test_nothing_is_changed_on_a_guess(text: str) -> None:
    assert not parsed(text).complete


@pytest.mark.parametrize("text", COUPONS)
def test_a_coupon_is_spent_however_it_is_said(text: str) -> None:
    parse = parsed(text)
    assert parse.complete, parse
    assert parse.answer == order(TEA, use_coupon=True)


@pytest.mark.parametrize("text", ["来一张免单卡，来一杯奶茶", "要免单卡，来一杯奶茶", "给我两张免单卡"])
def test_a_coupon_that_may_be_wanted_itself_is_not_spent(text: str) -> None:
    assert not parsed(text).complete


@pytest.mark.parametrize("refusal", ["不用券", "先别用免单卡", "不要用优惠券"])
def test_no_coupon_is_used_that_was_refused(refusal: str) -> None:
    parse = parsed(f"{refusal}，来一杯奶茶")
    assert (parse.complete, parse.answer) == (True, order(TEA))


def test_fillers_of_somebody_who_looks_for_the_word_say_nothing() -> None:
    assert parsed("那个叫什么来着，奶茶，来一杯").answer == order(TEA)
    assert parsed("来一杯奶茶，糖的话半糖").answer == order({**TEA, "sugar": "half"})


SUGARS = {"少糖": "less", "半糖": "half", "无糖": "none", "微糖": "light"}
DRINKS = ("奶茶", "果茶", "拿铁", "杨枝甘露")
POINTED = ("刚才那杯", "我刚点的那单", "之前订的那个", "上面那单", "购物车里的")

said_items = st.lists(
    st.tuples(st.sampled_from(sorted(SUGARS)), st.sampled_from(DRINKS), st.integers(1, 9)),
    min_size=1,
    max_size=4,
    unique_by=lambda item: item[1],
)


@given(said_items)
def test_what_is_said_before_a_name_is_said_of_it_alone(items: list[tuple[str, str, int]]) -> None:
    numbers = [number for *_, number in items]
    assume(not any(number == sum(numbers[at + 1 :]) for at, number in enumerate(numbers)))  # or their sum
    text = "，".join(f"{sugar}的{drink}{number}杯" for sugar, drink, number in items)
    parse = parsed(text)
    expected: OrderIntent = order(
        *({"drink": drink, "sugar": SUGARS[sugar], "quantity": number} for sugar, drink, number in items)
    )
    assert parse.answer == expected, parse


@given(st.sampled_from(POINTED), st.sampled_from(sorted(SUGARS)), st.sampled_from(["", "改成", "换"]))
def test_only_what_was_said_becomes_of_an_order(pointed: str, sugar: str, verb: str) -> None:
    parse = parsed(f"{pointed}{verb}{sugar}")
    assert parse.answer == order({"sugar": SUGARS[sugar]}, intent="modify_order"), parse


@given(st.text(alphabet="用那张免单卡把了给我上掉抵刚领的", max_size=200))
def test_words_around_a_coupon_are_read_to_the_end(text: str) -> None:
    parse = parsed(f"奶茶{text}")
    assert all(0 <= start < end <= len(parse.text) for start, end in parse.uncovered)


NO_ORDERS = ["奶茶里给我加珍珠", "奶茶里再加个布丁", "奶茶来一杯，要珍珠奶茶", "奶茶免单卡用上，果茶去冰"]


@pytest.mark.parametrize("text", NO_ORDERS)
def test_nothing_is_ordered_that_may_be_a_change_or_said_twice(text: str) -> None:
    assert not parsed(text).complete


def test_a_single_character_may_be_said_and_not_wanted() -> None:
    assert not parsed("奶茶就中").complete
    assert not parsed("中，整杯热奶茶").complete
    assert parsed("奶茶 中 少冰").answer == order({**TEA, "size": "medium", "temperature": "less_ice"})
    assert not parsed("没错，半糖的那杯").complete
    assert parsed("喜茶那杯改半糖").answer == order({"brand": "喜茶", "sugar": "half"}, intent="modify_order")


def test_no_verb_is_part_of_an_address() -> None:
    parse = parsed("一杯奶茶送嚟中环办公室")
    assert parse.complete
    assert parse.answer.fulfilment.address == "中环办公室"
    assert not parsed("一杯奶茶，地址后面补上702").complete
