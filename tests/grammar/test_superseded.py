"""What is said beside a change only to be replaced, or only to say which order, and several cups named apart."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.grammar import Heard
from grammar.kit import grammar, order, parsed, said

LATTE: dict[str, Any] = {"drink": "拿铁"}
COCONUT: dict[str, Any] = {"drink": "椰奶"}


def sent(place: str) -> dict[str, Any]:
    return {"fulfilment": {"mode": "delivery", "address": place}}


REPLACED = [
    ("我要的是去冰不是少冰，改一下", [{"temperature": "no_ice"}], {}),
    ("我说的是美式不是拿铁，改过来", [{"drink": "美式咖啡"}], {}),
    ("刚才跟你说的无糖作废改成半糖", [{"sugar": "half"}], {}),
    ("刚才要的冰拿铁还是改成热拿铁吧", [{**LATTE, "temperature": "hot"}], {}),
    ("别送前台了送到我工位", [], sent("我工位")),
    ("送到公司去吧别送宿舍了", [], sent("公司")),
    ("刚才那单换成大杯 手抖选了中杯", [{"size": "large"}], {}),
    ("改成冰的！！手滑点成热的", [{"temperature": "regular_ice"}], {}),
    ("麻烦把甜度调到五分 我刚手滑点成全糖了", [{"sugar": "half"}], {}),
    ("手抖点了五杯，帮我改成一杯", [{"quantity": 1}], {}),
    ("少点了一杯，把三杯改成四杯", [{"quantity": 4}], {}),
    ("我点错了，不是美式是拿铁，帮我改过来", [LATTE], {}),
    ("少糖➡️无糖，刚才那杯", [{"sugar": "none"}], {}),
    ("送到八楼改成送到一楼大厅", [], sent("一楼大厅")),
    ("送到工地东门吧改一下刚才填的西门", [], sent("工地东门")),
    ("送到地铁站的那单改成送到公司", [], sent("公司")),
    ("不送幼儿园了改送到爷爷家", [], sent("爷爷家")),
    ("先别送护士站 改送医生办公室", [], sent("医生办公室")),
    ("送到门卫室就行，不用送教室了，我那单", [], sent("门卫室")),
    ("咖啡送3栋不是送5栋，改下", [{"drink": "咖啡"}], sent("3栋")),
    ("帮忙送到二十六楼而不是十六楼，那单", [], sent("二十六楼")),
    ("地址错了不是3栋是8栋", [], {"fulfilment": {"address": "8栋"}}),
    ("地址写错啦 是15栋不是13栋 改一下", [], {"fulfilment": {"address": "15栋"}}),
    ("地址改成龙湖天街，哦不是，龙湖时代天街", [], {"fulfilment": {"address": "龙湖时代天街"}}),
    ("门牌号改成1203，刚才打成1302了", [], {"fulfilment": {"address": "1203"}}),
    ("不用送了我自己去店里取，那单改下", [], {"fulfilment": {"mode": "pickup"}}),
    ("不要自取了给我送到公司，那单", [], sent("公司")),
    ("换热的换热的", [{"temperature": "hot"}], {}),
    ("改成去冰不是少冰", [{"temperature": "no_ice"}], {}),
    ("我说错了改成去冰，不是少冰", [{"temperature": "no_ice"}], {}),
    ("那杯改成大杯不是中杯", [{"size": "large"}], {}),
    ("换成拿铁不是美式", [LATTE], {}),
    ("我想把我那个冰美式改成热拿铁", [{**LATTE, "temperature": "hot"}], {}),
    ("刚付完钱才看到是全糖我要的是少糖你给我换过来", [{"sugar": "less"}], {}),
    ("我看订单上写的正常冰我想要的是去冰改一下", [{"temperature": "no_ice"}], {}),
    ("你记成热的了，我要冰的，改", [{"temperature": "regular_ice"}], {}),
    ("我点错了要的是少糖，改过来", [{"sugar": "less"}], {}),
    ("大杯作废，改中杯", [{"size": "medium"}], {}),
    ("刚才的大杯收回，换中杯", [{"size": "medium"}], {}),
]
WHICH = [
    ("我上一单送药房那杯椰奶改成温的", [{**COCONUT, "temperature": "warm"}], {}),
    ("送护士站那单我改主意了 冰的换热的", [{"temperature": "hot"}], {}),
    ("冰少一点我刚点的那杯", [{"temperature": "less_ice"}], {}),
    ("把券用上 刚才那单", [], {"use_coupon": True}),
    ("加椰果 我那单", [{"toppings": ["椰果"]}], {}),
    ("改成热的刚下那杯", [{"temperature": "hot"}], {}),
]
CUPS = [
    ("爸那杯改无糖，妈那杯改热的", [{"sugar": "none"}, {"temperature": "hot"}], ["爸那杯", "妈那杯"]),
    ("第一杯改热的，第二杯不变", [{"temperature": "hot"}], ["第一杯"]),
    (
        "我妈那杯热的，我爸那杯常温",
        [{"temperature": "hot"}, {"temperature": "room"}],
        ["我妈那杯", "我爸那杯"],
    ),
    (
        "我妈那杯改热的，我那杯改去冰",
        [{"temperature": "hot"}, {"temperature": "no_ice"}],
        ["我妈那杯", "我那杯"],
    ),
    ("第一杯换成大杯，第二杯换成热的", [{"size": "large"}, {"temperature": "hot"}], ["第一杯", "第二杯"]),
    (
        "张姐那杯加奶盖，王哥那杯去珍珠",
        [{"toppings": ["奶盖"]}, {"without": ["珍珠"]}],
        ["张姐那杯", "王哥那杯"],
    ),
    ("第一杯改拿铁，第三杯改柠檬茶", [LATTE, {"drink": "柠檬茶"}], ["第一杯", "第三杯"]),
    ("第一杯半糖改全糖，第三杯全糖改半糖", [{"sugar": "regular"}, {"sugar": "half"}], ["第一杯", "第三杯"]),
    ("第一杯少糖第二杯无糖，刚才写反了", [{"sugar": "less"}, {"sugar": "none"}], ["第一杯", "第二杯"]),
]
OPEN = [
    "你写的是正常糖，我要的是微糖",
    "刚付完钱才看到是全糖我要的是少糖",
    "看到是全糖，改成少糖了吗",
    "订单写的是全糖我要的是少糖",
    "看到是热的我要冰的怎么办",
    "那张券作废了，改少糖",
    "大杯作废",
    "大杯 那杯",
    "去冰 这杯",
    "来一杯去冰 刚才那杯",
    "大杯→中杯→小杯，那单",
    "不用送了，那单",
    "不自取了，那单",
    "不用送了吗，我自己去取",
    "我说的是去冰，你听成去糖了",
    "我那杯杨枝甘露打成沙冰，别放西米",
    "手滑点成热的了",
    "手滑点成热的，我要冰的吗",
    "他手滑点成热的，我要冰的",
    "烤奶要热的，别给我弄成冰的",
    "我刚才说去冰，你听成少冰了",
    "少点了一杯，三杯改几杯",
    "少点了一杯，再来一杯",
    "多点了一杯，少糖",
    "我点的是四杯不是十杯",
    "不是两杯吗，怎么是六杯",
    "那杯不是热的是冰的",
    "改成去冰不是少冰吗",
    "怎么改成去冰不是少冰",
    "改成去冰不是少冰，是常温",
    "改成去冰不是少冰的那杯",
    "不是改成去冰是少冰",
    "那杯是去冰不是少冰",
    "那单怎么送到3栋不是8栋",
    "地址不是3栋",
    "别送宿舍了",
    "别送宿舍也别送公司",
    "别送餐具，送公司，那单",
    "送到公司改成少糖",
    "帮我送公司那杯改少糖",
    "刚送药房那杯椰奶",
    "送果园的奶茶少糖",
    "少糖刚才那杯",
    "加珍珠的 刚才那杯",
    "大杯刚点的那杯",
    "用券那单",
    "第一杯第二杯都改热的",
    "第一杯少糖第一杯去冰",
    "第一杯少糖，第二杯",
    "第一杯热的，第二杯冰的，少糖",
    "少糖，第一杯热的，第二杯冰的",
    "第一杯拿铁，第二杯美式",
    "我那杯拿铁要热的，他那杯拿铁要冰的",
    "第一杯改热的，第二杯少糖不变",
    "不小心点了两杯，三杯改热的",
]


@pytest.mark.parametrize(("text", "items", "rest"), [*REPLACED, *WHICH])
def test_what_gives_way_is_not_in_the_answer(
    text: str, items: list[dict[str, Any]], rest: dict[str, Any]
) -> None:
    parse = parsed(text)
    assert parse.complete, parse
    assert parse.answer == order(*items, intent="modify_order", **rest)


@pytest.mark.parametrize(("text", "items", "cups"), CUPS)
def test_each_cup_becomes_what_was_said_of_it(
    text: str, items: list[dict[str, Any]], cups: list[str]
) -> None:
    parse = parsed(text)
    assert parse.complete, parse
    assert parse.answer == order(*items, intent="modify_order", preferences=cups)


@pytest.mark.parametrize("text", OPEN)
def test_what_may_be_meant_otherwise_is_left_open(text: str) -> None:
    assert not parsed(text).complete


@given(
    st.lists(
        st.sampled_from(["第一杯", "第二杯", "小王那杯", "我妈那杯"]), min_size=2, max_size=4, unique=True
    ),
    st.data(),
)
def test_every_cup_gets_its_own(cups: list[str], data: st.DataObject) -> None:
    sugars = {"少糖": "less", "半糖": "half", "无糖": "none"}
    chosen = [(cup, data.draw(st.sampled_from(sorted(sugars)))) for cup in cups]
    parse = parsed("，".join(f"{cup}改{sugar}" for cup, sugar in chosen))
    expected = order(
        *({"sugar": sugars[sugar]} for _, sugar in chosen), intent="modify_order", preferences=cups
    )
    assert parse.answer == expected, parse


@pytest.mark.parametrize("wrong", ["少糖", "半糖", "全糖"])
def test_a_value_that_is_marked_gives_way_too(wrong: str) -> None:
    text = f"你给我记成{wrong}啦，我说的是无糖，改过来"
    marks = [Heard(text.index(word), text.index(word) + 2, "sugar") for word in (wrong, "无糖")]
    found = grammar().hear(said(text), "modify_order", marks).parse
    assert found.answer == order({"sugar": "none"}, intent="modify_order")
    assert found.exchanged == {"sugar"}


def test_what_gives_way_is_not_lost_from_an_answer() -> None:
    utterance = said("改成冰的！！手滑点成热的")
    answer = order({"temperature": "regular_ice"}, intent="modify_order")
    assert grammar().check(utterance, answer) == ()


@pytest.mark.parametrize(
    "text",
    [
        "我要的是去冰不是少冰",
        "我点的是大杯不是中杯，改一下",
        "改成刚才说的半糖",
        "改成少糖还是改成半糖吧",
        "那杯还是改成热的",
        "别送宿舍了",
        "送我公司，别送家里",
        "一杯奶茶别送前台送到我工位",
        "如果别送宿舍就送网吧",
    ],
)
def test_what_may_complain_or_ask_or_be_an_order_changes_nothing(text: str) -> None:
    assert not parsed(text).complete
