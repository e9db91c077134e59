"""What a change says beside what something becomes: what stays, what is added, how many, and which of several."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.grammar import Heard
from grammar.kit import grammar, order, parsed, said

LATTE: dict[str, Any] = {"drink": "拿铁"}
AMERICANO: dict[str, Any] = {"drink": "美式咖啡"}
TEA: dict[str, Any] = {"drink": "奶茶"}
PICKUP: dict[str, Any] = {"fulfilment": {"mode": "pickup"}}
ALTERED = [
    ("那杯加珍珠，糖改成半糖", [{"sugar": "half", "toppings": ["珍珠"]}], {}),
    ("加椰果 杯型换成大杯", [{"size": "large", "toppings": ["椰果"]}], {}),
    ("珍珠不要了，糖改成半糖", [{"sugar": "half", "without": ["珍珠"]}], {}),
    ("大杯改中杯，珍珠换椰果", [{"size": "medium", "toppings": ["椰果"], "without": ["珍珠"]}], {}),
    ("把布丁去掉，珍珠留着", [{"without": ["布丁"]}], {}),
    ("把加的红豆撤掉", [{"without": ["红豆"]}], {}),
    ("热的那杯不变，冰的那杯改少冰", [{"temperature": "less_ice"}], {"preferences": ["冰的那杯"]}),
    ("拿铁换热的，美式那杯不用管", [{**LATTE, "temperature": "hot"}], {}),
    ("第二杯改少糖，其余两杯不用动", [{"sugar": "less"}], {"preferences": ["第二杯"]}),
    ("糖冰都改一下，三分糖，去冰", [{"sugar": "light", "temperature": "no_ice"}], {}),
    ("改个冰呗姐，少冰", [{"temperature": "less_ice"}], {}),
    ("所有的都换成去冰", [{"temperature": "no_ice"}], {}),
    ("拿铁改成冰的 美式不变", [{**LATTE, "temperature": "regular_ice"}], {}),
    ("奶茶都改少糖，咖啡不变", [{**TEA, "sugar": "less"}], {}),
    ("改成少糖别的不变", [{"sugar": "less"}], {}),
    ("刚才那单要热的 改一下", [{"temperature": "hot"}], {}),
    ("外卖改自取，那单", [], PICKUP),
    ("外卖改堂食，那单", [], {"preferences": ["堂食"]}),
    ("打包的改成堂食", [], {"preferences": ["堂食"]}),
    ("不要外卖了 改成自取", [], PICKUP),
    ("刚才那单再加一杯奶茶，去冰", [{**TEA, "temperature": "no_ice"}], {}),
    ("在原来的订单上再加两杯热拿铁", [{**LATTE, "quantity": 2, "temperature": "hot"}], {}),
    (
        "奶茶改半糖，拿铁改去冰，刚才那单",
        [{**TEA, "sugar": "half"}, {**LATTE, "temperature": "no_ice"}],
        {},
    ),
    ("拿铁改热 美式改冰", [{**LATTE, "temperature": "hot"}, {**AMERICANO, "temperature": "regular_ice"}], {}),
    ("奶茶加到四杯，拿铁减到一杯", [{**TEA, "quantity": 4}, {**LATTE, "quantity": 1}], {}),
    ("刚才的奶茶改成一杯少糖一杯半糖", [{**TEA, "sugar": "less"}, {**TEA, "sugar": "half"}], {}),
    ("那两杯里头一杯改无糖一杯改少糖", [{"sugar": "none"}, {"sugar": "less"}], {}),
    (
        "改成一杯热一杯冰，刚才那两杯奶茶",
        [{**TEA, "temperature": "hot"}, {**TEA, "temperature": "regular_ice"}],
        {},
    ),
    ("其中一杯改成热的", [{"temperature": "hot"}], {}),
    ("改成两杯！改成两杯！", [{"quantity": 2}], {}),
    ("糖改三分糖 冰改去冰", [{"sugar": "light", "temperature": "no_ice"}], {}),
    ("糖再减一点，改微糖", [{"sugar": "light"}], {}),
    ("甜度高一点改成全糖", [{"sugar": "regular"}], {}),
    ("刚才那杯糖少一点，三分糖", [{"sugar": "light"}], {}),
    ("珍珠不要了", [{"without": ["珍珠"]}], {}),
    ("布丁不要了换成珍珠", [{"toppings": ["珍珠"], "without": ["布丁"]}], {}),
    ("不要美式了换成拿铁", [LATTE], {}),
    ("不要蜜雪了，换成古茗，我刚下的那单", [{"brand": "古茗"}], {}),
    ("地址改成公司，糖改成半糖", [{"sugar": "half"}], {"fulfilment": {"address": "公司"}}),
    ("时间改成五点，大杯改中杯", [{"size": "medium"}], {"fulfilment": {"time": "五点"}}),
    ("外卖改自取，糖改半糖", [{"sugar": "half"}], PICKUP),
    ("改加急，另外去冰", [{"temperature": "no_ice"}], {"preferences": ["加急"]}),
    (
        "改成大杯，另外改送公司前台",
        [{"size": "large"}],
        {"fulfilment": {"mode": "delivery", "address": "公司前台"}},
    ),
    ("中杯不变，糖改半糖", [{"sugar": "half"}], {}),
    ("珍珠给换成布丁", [{"toppings": ["布丁"], "without": ["珍珠"]}], {}),
    ("我想了一下，改少糖", [{"sugar": "less"}], {}),
]
GUESSES = [
    "改送公司，改送学校",
    "改自取，改外送，改少糖",
    "刚才那单改送公司，奶茶改少糖，果茶改去冰",
    "改少糖，另外大杯去冰",
    "改少糖，另外那杯去冰",
    "改成大杯，另外一杯去冰",
    "第一杯改少糖，另外去冰",
    "两杯改成少糖，另外去冰",
    "热的不变，糖改半糖",
    "拿铁大杯不变，糖改半糖",
    "少糖不变，改成半糖",
    "刚才的大杯不变，糖改半糖",
    "那杯给换成少糖了",
    "店家给改成全糖了",
    "我想了一下要不要改少糖",
    "拿铁改热的美式不变",
    "奶茶不变，改少糖",
    "奶茶少糖不变，改大杯",
    "那单不改了",
    "外卖改少糖",
    "外卖，奶茶改堂食",
    "那单改成大杯，再加一杯拿铁",
    "刚才那单再加一杯，少糖",
    "刚才那单加一杯奶茶，美式改热的",
    "再加一杯奶茶",
    "拿铁改热美式改冰",
    "奶茶改大杯，奶茶改小杯",
    "大杯改中杯 奶茶改果茶",
    "那两杯一杯改热的",
    "其中两杯改成热的",
    "那两杯奶茶",
    "喜茶那两杯",
    "给我来那两杯奶茶",
    "那两杯改热的，那三杯改冰的",
    "糖少一点，改成全糖，多糖",
    "糖多一点，改成无糖，那杯少糖的",
    "珍珠不要了吗",
    "奶茶不要了",
    "不要美式了换成热的",
    "半糖的那单改一下",
    "我乳糖不耐忘说了",
]
ADDRESSES = {
    "地址改成公司": "公司",
    "地址帮我换到舅舅家": "舅舅家",
    "送货地址改到宿舍楼下": "宿舍楼下",
    "地址写错了，改成8号楼": "8号楼",
    "地址改一下 改成宿舍": "宿舍",
    "刚才那单地址改成万达广场3号门": "万达广场3号门",
}
NO_ADDRESSES = [
    "地址改成功了",
    "地址改了学校",
    "地址改道学校",
    "地址改成公司和家",
    "地址改成公司了吗",
    "糖改成公司",
]


@pytest.mark.parametrize(("text", "items", "rest"), ALTERED)
def test_only_what_changes_is_in_the_answer(
    text: str, items: list[dict[str, Any]], rest: dict[str, Any]
) -> None:
    parse = parsed(text)
    assert parse.complete, parse
    assert parse.answer == order(*items, intent="modify_order", **rest)


@pytest.mark.parametrize("text", GUESSES)
def test_what_may_be_another_change_is_none(text: str) -> None:
    assert not parsed(text).complete


@pytest.mark.parametrize(("text", "place"), ADDRESSES.items())
def test_an_address_becomes_what_follows(text: str, place: str) -> None:
    parse = parsed(text)
    assert parse.complete, parse
    assert parse.answer == order(intent="modify_order", fulfilment={"address": place})


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_may_be_no_address_is_none(text: str) -> None:
    assert not parsed(text).complete


def test_something_is_added_to_an_order_where_that_is_known() -> None:
    marks = [Heard(4, 6, "drink")]
    assert grammar().hear(said("再加一杯奶茶"), "modify_order", marks).parse.answer == order(
        TEA, intent="modify_order"
    )
    assert grammar().hear(said("再加一杯奶茶"), "order_drink", marks).parse.answer is None


@given(
    st.lists(st.sampled_from(["拿铁", "美式咖啡", "奶茶", "果茶"]), min_size=2, max_size=4, unique=True),
    st.sampled_from(["改", "改成", "换成"]),
    st.data(),
)
def test_every_name_gets_what_was_said_of_it(names: list[str], verb: str, data: st.DataObject) -> None:
    sugars = {"少糖": "less", "半糖": "half", "无糖": "none"}
    chosen = [(name, data.draw(st.sampled_from(sorted(sugars)))) for name in names]
    parse = parsed("，".join(f"{name}{verb}{sugar}" for name, sugar in chosen))
    expected = order(
        *({"drink": name, "sugar": sugars[sugar]} for name, sugar in chosen), intent="modify_order"
    )
    assert parse.answer == expected, parse


TALK = {
    "等等，改成半糖": {"sugar": "half"},
    "哎不对改成半糖": {"sugar": "half"},
    "太甜了，改成少糖": {"sugar": "less"},
    "大杯改小杯，喝不完": {"size": "small"},
    "我想改成大杯": {"size": "large"},
    "我的奶茶改成热的": {**TEA, "temperature": "hot"},
    "给那杯奶茶加珍珠": {**TEA, "toppings": ["珍珠"]},
    "点错了，应该是大杯": {"size": "large"},
    "改成古茗的，不要喜茶了": {"brand": "古茗"},
    "椰果去了": {"without": ["椰果"]},
    "把红豆去了，换布丁": {"toppings": ["布丁"], "without": ["红豆"]},
    "订单里多加一份红豆": {"toppings": ["红豆"]},
    "刚才那个改成两杯": {"quantity": 2},
    "我不要大杯了，换中杯": {"size": "medium"},
    "刚才的两杯改成八杯家里来客人了": {"quantity": 8},
    "那单六杯改成八杯吧来了俩人": {"quantity": 8},
    "我出门了，改少糖": {"sugar": "less"},
    "刚才没选全，加布丁": {"toppings": ["布丁"]},
    "那杯要热的，换一下": {"temperature": "hot"},
    "奶茶→果茶，换一下": {"drink": "果茶"},
    "冰改多一点": {"temperature": "extra_ice"},
    "那杯冰换少一点": {"temperature": "less_ice"},
    "刚才那个不要冰了要温的": {"temperature": "warm"},
    "再加个椰果给刚才那单": {"toppings": ["椰果"]},
}
NO_TALK = [
    "不对，来杯奶茶",
    "来杯奶茶，等等，改成半糖",
    "应该是大杯",
    "奶茶太甜了",
    "换个口味，来杯热拿铁",
    "喝不完，来杯小杯奶茶",
    "不想换成大杯",
    "免单卡转给我妈",
    "我不要奶茶",
    "刚才那个奶茶再来一杯",
    "那个免单的我选错杯型了，要中杯",
    "布丁奶茶把布丁去了换成仙草",
    "不加料了，那杯奶茶的芋圆拿掉",
    "家里来客人了",
    "改成五杯来了三个人不够",
    "他到店了，改自取",
    "路上堵车了",
    "奶茶换一下",
    "换一下，果茶",
    "奶茶，换一下",
    "那杯不要冰了要去冰",
    "来杯奶茶加个椰果给刚才那单",
    "去掉椰果给刚才那单",
    "再加个椰果给刚才那单送过去",
]
PORTIONS = ["再加两份珍珠", "给我那单加两份珍珠", "加两份珍珠别的不动", "刚才那杯多加两份珍珠吧"]
SHARED = [
    "那两杯加两份珍珠",
    "一人加两份珍珠",
    "加两份珍珠和椰果",
    "加三份珍珠进去，三杯一人一份",
    "加两份浓缩",
    "拿铁加两份浓缩",
]


@pytest.mark.parametrize(("text", "item"), TALK.items())
def test_talk_around_a_change_says_nothing(text: str, item: dict[str, Any]) -> None:
    parse = parsed(text)
    assert parse.complete, parse
    assert parse.answer == order(item, intent="modify_order")


@pytest.mark.parametrize("text", NO_TALK)
def test_what_is_talk_around_a_change_alone_is_none_elsewhere(text: str) -> None:
    assert not parsed(text).complete


@pytest.mark.parametrize("text", PORTIONS)
def test_several_portions_of_a_part_are_kept_as_spoken(text: str) -> None:
    parse = parsed(text)
    assert parse.answer == order({"toppings": ["珍珠"]}, intent="modify_order", preferences=["两份珍珠"]), (
        parse
    )
    assert parse.complete


def test_several_portions_are_put_into_one_cup_that_is_ordered() -> None:
    parse = parsed("来杯奶茶加两份珍珠")
    assert parse.answer == order({**TEA, "toppings": ["珍珠"]}, preferences=["两份珍珠"])
    assert parse.complete


@pytest.mark.parametrize("text", SHARED)
def test_portions_that_may_be_shared_or_named_otherwise_are_left_open(text: str) -> None:
    assert not parsed(text).complete


@pytest.mark.parametrize(
    ("text", "fulfilment"),
    [
        ("改自取，我到店了", {"mode": "pickup"}),
        ("火车晚点了帮我推迟半小时", {"time": "推迟半小时"}),
        ("会还没开完，推迟半小时", {"time": "推迟半小时"}),
        ("改送南门，北门封了", {"mode": "delivery", "address": "南门"}),
        ("我们换会议室了，改送403", {"mode": "delivery", "address": "403"}),
        ("送到后厨去改一下", {"mode": "delivery", "address": "后厨"}),
        ("那单送到教学楼去，别送门卫了", {"mode": "delivery", "address": "教学楼"}),
        ("改到大队部", {"address": "大队部"}),
        ("我那单改到8号楼吧", {"address": "8号楼"}),
        ("换到宠物医院", {"address": "宠物医院"}),
    ],
)
def test_what_happened_says_nothing_of_where_or_when(text: str, fulfilment: dict[str, Any]) -> None:
    parse = parsed(text)
    assert parse.complete, parse
    assert parse.answer == order(intent="modify_order", fulfilment=fulfilment)


@pytest.mark.parametrize(
    "text",
    ["改到3号", "改到南山店", "时间改到北门", "改到五号楼了", "骑手路上堵车了推迟半小时", "改送后厨去拿"],
)
def test_what_may_be_a_day_a_shop_or_told_is_no_address(text: str) -> None:
    assert not parsed(text).complete


@pytest.mark.parametrize(
    "text",
    [
        "珍珠，糖改成半糖",
        "加珍珠的，改成半糖",
        "加珍珠换成加布丁",
        "加珍珠，换成果茶",
        "拿铁加珍珠，美式换热的",
        "热的那杯不变，改少冰",
        "珍珠留着",
        "加的红豆太硬了",
    ],
)
def test_what_may_be_told_of_another_cup_or_be_replaced_is_left_open(text: str) -> None:
    assert not parsed(text).complete
