"""Orders of several cups that need no word between them: which value is whose follows from what else is said."""

from typing import Any

import pytest

from cascade.orders import OrderIntent
from grammar.kit import order, parsed

ICED: dict[str, Any] = {"temperature": "regular_ice"}
HOT: dict[str, Any] = {"temperature": "hot"}
NO_ICE: dict[str, Any] = {"temperature": "no_ice"}
LESS_ICE: dict[str, Any] = {"temperature": "less_ice"}
TEA: dict[str, Any] = {"drink": "奶茶"}
FRUIT: dict[str, Any] = {"drink": "果茶"}
LATTE: dict[str, Any] = {"drink": "拿铁"}
COFFEE: dict[str, Any] = {"drink": "咖啡"}

TOLD_APART = [
    ("奶茶一杯热的果茶一杯冰的", order({**TEA, **HOT}, {**FRUIT, **ICED})),
    (
        "奶茶一杯热的无糖果茶一杯温的少糖",
        order({**TEA, **HOT, "sugar": "none"}, {**FRUIT, "temperature": "warm", "sugar": "less"}),
    ),
    ("冰奶茶五杯热奶茶一杯", order({**TEA, **ICED, "quantity": 5}, {**TEA, **HOT})),
    (
        "两杯奶茶，少冰；一杯果茶，半糖",
        order({**TEA, **LESS_ICE, "quantity": 2}, {**FRUIT, "sugar": "half"}),
    ),
    (
        "一杯奶茶，热的，大杯；一杯果茶，加椰果；送到公司",
        order(
            {**TEA, **HOT, "size": "large"},
            {**FRUIT, "toppings": ["椰果"]},
            fulfilment={"mode": "delivery", "address": "公司"},
        ),
    ),
    ("咖啡2，奶茶3，奶茶全部少糖", order({**COFFEE, "quantity": 2}, {**TEA, "quantity": 3, "sugar": "less"})),
    (
        "奶茶大杯加椰果 果茶中杯",
        order({**TEA, "size": "large", "toppings": ["椰果"]}, {**FRUIT, "size": "medium"}),
    ),
    ("一杯奶茶一杯果茶冰都少点", order({**TEA, **LESS_ICE}, {**FRUIT, **LESS_ICE})),
    ("奶茶和果茶都来两杯", order({**TEA, "quantity": 2}, {**FRUIT, "quantity": 2})),
    (
        "奶茶跟果茶，都给我要三杯少冰的",
        order({**TEA, **LESS_ICE, "quantity": 3}, {**FRUIT, **LESS_ICE, "quantity": 3}),
    ),
    ("奶茶和果茶，两杯都少冰", order({**TEA, **LESS_ICE}, {**FRUIT, **LESS_ICE})),
    ("奶茶和果茶，总共两杯", order(TEA, FRUIT)),
    ("奶茶和两杯果茶", order(TEA, {**FRUIT, "quantity": 2})),
    ("一杯奶茶一杯果茶，糖都不放", order({**TEA, "sugar": "none"}, {**FRUIT, "sugar": "none"})),
]
PEOPLE = [
    ("奶茶给我妈热的果茶给我弟冰的", order({**TEA, **HOT}, {**FRUIT, **ICED})),
    ("热奶茶给我妈冰果茶给我弟", order({**TEA, **HOT}, {**FRUIT, **ICED})),
    ("拿铁给小王去冰，奶茶给我热的", order({**LATTE, **NO_ICE}, {**TEA, **HOT})),
    ("我的是奶茶他的是果茶都要冰的", order({**TEA, **ICED}, {**FRUIT, **ICED})),
    ("我弟喝果茶我喝热奶茶帮我点上", order(FRUIT, {**TEA, **HOT})),
    ("来五杯奶茶，大家一人一杯", order({**TEA, "quantity": 5})),
    ("一人一杯，来四杯奶茶", order({**TEA, "quantity": 4})),
    ("一人一杯，三个人，奶茶", order({**TEA, "quantity": 3})),
    ("七个同事一人一杯奶茶", order({**TEA, "quantity": 7})),
    ("俩孩子一人一杯奶茶", order({**TEA, "quantity": 2})),
]
ONE_EACH = [
    ("三杯奶茶三种甜度，半糖、少糖、全糖", [{"sugar": "half"}, {"sugar": "less"}, {"sugar": "regular"}]),
    ("两杯奶茶，热的和冰的", [HOT, ICED]),
    ("两杯奶茶，分别少冰、去冰", [LESS_ICE, NO_ICE]),
    ("两杯奶茶，分别加椰果和布丁", [{"toppings": ["椰果"]}, {"toppings": ["布丁"]}]),
]
OF_THE_LAST = """
两杯奶茶一杯热的一杯少糖冰的 / 两杯奶茶，一杯热的，一杯冰的少糖 / 两杯奶茶一杯冰的一杯冰的少糖
"""
OPEN = """
奶茶一杯少糖热的果茶一杯冰的 / 奶茶一杯冰的拿铁一杯去冰 / 奶茶一杯少糖果茶一杯 / 奶茶一杯少糖果茶一杯少糖
一杯奶茶；一杯果茶，少冰 / 两杯奶茶，一杯热，一杯冰；一杯果茶，半糖 / 一杯奶茶，少冰；两杯，半糖
奶茶2，果茶1，咖啡少糖 / 奶茶2果茶少糖 / 奶茶加椰果果茶
奶茶给我妈热的果茶给我弟 / 奶茶给我妈热的果茶给我妈冰的 / 奶茶给同事们热的果茶给我弟冰的 / 奶茶给我妈热的果茶冰的
我的是奶茶他的是果茶 / 昨天奶茶给我妈热的果茶给我弟冰的
五杯奶茶，我和她一人一杯 / 一杯奶茶，一人一杯 / 五杯奶茶三杯果茶，一人一杯 / 五杯奶茶，一人一杯果茶 / 同事一人一杯奶茶
两杯奶茶，半糖，少糖 / 三杯奶茶，半糖、少糖 / 一杯奶茶，半糖、少糖 / 两杯奶茶分别少糖 / 三杯奶茶分别加椰果、布丁
两杯奶茶一杯热的一杯冰的少糖 / 六杯奶茶三杯热三杯常温糖别加 / 两杯奶茶一杯半糖一杯全糖加珍珠
一杯半糖一杯全糖去冰，都是奶茶 / 两杯奶茶一杯大杯一杯中杯冰少放
一人一杯我们九个人奶茶三杯 / 一人一杯他们九个人奶茶 / 一人一杯，一共五个人，三杯奶茶 / 一人一杯我们九个人没有奶茶
拿铁和咖啡来两杯 / 拿铁跟咖啡要三杯去冰 / 拿铁和咖啡两大杯 / 拿铁和咖啡来一热一冰 / 奶茶果茶和咖啡来三杯
糖多少 冰拿铁 / 一点点冰，四季奶青
两杯一样的奶茶，半糖、全糖 / 两杯奶茶一杯果茶分别半糖、少糖、全糖 / 两杯奶茶，热的和冰的各两杯
"""


@pytest.mark.parametrize(("text", "wanted"), [*TOLD_APART, *PEOPLE])
def test_every_cup_gets_what_can_only_be_its_own(text: str, wanted: OrderIntent) -> None:
    found = parsed(text)
    assert found.complete, found.detail
    assert found.answer == wanted


@pytest.mark.parametrize(("text", "values"), ONE_EACH)
def test_as_many_values_as_cups_are_one_of_each(text: str, values: list[dict[str, Any]]) -> None:
    assert parsed(text).answer == order(*({**TEA, **one} for one in values))


@pytest.mark.parametrize(
    "text", [text for line in OF_THE_LAST.split("\n") for text in line.split(" / ") if text]
)
def test_what_is_said_last_may_be_of_the_last_alone(text: str) -> None:
    answer = parsed(text).answer
    assert isinstance(answer, OrderIntent)
    assert [item.sugar for item in answer.items] == [None, "less"]


def test_what_is_said_of_each_after_shares_is_of_all() -> None:
    answer = parsed("六杯奶茶三杯热三杯常温糖都不加").answer
    assert isinstance(answer, OrderIntent)
    assert [item.sugar for item in answer.items] == ["none", "none"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("一人一杯我们五个人奶茶", 5),
        ("人手一杯，一共五个人，奶茶", 5),
        ("一人一份我们七个，奶茶", 7),
    ],
)
def test_it_may_be_said_afterwards_how_many_get_one(text: str, number: int) -> None:
    assert parsed(text).answer == order({**TEA, "quantity": number})


@pytest.mark.parametrize(
    ("text", "sugar"),
    [
        ("三杯奶茶两杯热的一杯冰的糖都减半", "half"),
        ("两杯奶茶一杯大杯一杯中杯糖都三分", "light"),
        ("两杯奶茶一杯大杯一杯中杯糖都正常", "regular"),
    ],
)
def test_how_sweet_all_are_may_be_said_in_one_word(text: str, sugar: str) -> None:
    answer = parsed(text).answer
    assert isinstance(answer, OrderIntent)
    assert [item.sugar for item in answer.items] == [sugar, sugar]


@pytest.mark.parametrize("text", [text for line in OPEN.split("\n") for text in line.split(" / ") if text])
def test_what_may_be_of_another_cup_stays_open(text: str) -> None:
    assert not parsed(text).complete
