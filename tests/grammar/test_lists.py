"""Orders of several items: how a list is laid out, what is said of which item, and how many each gets."""

from typing import Any

import pytest

from cascade.orders import OrderIntent
from grammar.kit import order, parsed

ICED: dict[str, Any] = {"temperature": "regular_ice"}
HOT: dict[str, Any] = {"temperature": "hot"}
NO_ICE: dict[str, Any] = {"temperature": "no_ice"}
TEA: dict[str, Any] = {"drink": "奶茶"}
FRUIT: dict[str, Any] = {"drink": "果茶"}
LATTE: dict[str, Any] = {"drink": "拿铁"}
COFFEE: dict[str, Any] = {"drink": "美式咖啡"}

LAID_OUT = [
    ("拿铁2 美式1", order({**LATTE, "quantity": 2}, COFFEE)),
    ("奶茶二，果茶一", order({**TEA, "quantity": 2}, FRUIT)),
    (
        "2拿铁1美式 全部冰的",
        order({**LATTE, "quantity": 2, **ICED}, {**COFFEE, **ICED}),
    ),
    (
        "俩热拿铁 一冰美式",
        order({**LATTE, "quantity": 2, **HOT}, {**COFFEE, **ICED}),
    ),
    (
        "拿铁2，美式3，送3楼",
        order(
            {**LATTE, "quantity": 2},
            {**COFFEE, "quantity": 3},
            fulfilment={"mode": "delivery", "address": "3楼"},
        ),
    ),
    ("1.奶茶半糖 2.果茶少冰", order({**TEA, "sugar": "half"}, {**FRUIT, "temperature": "less_ice"})),
    (
        "帮我点3杯：①奶茶去冰②果茶少糖③拿铁",
        order({**TEA, **NO_ICE}, {**FRUIT, "sugar": "less"}, LATTE),
    ),
    (
        "拿铁两杯去冰 美式一杯热",
        order({**LATTE, "quantity": 2, **NO_ICE}, {**COFFEE, **HOT}),
    ),
    ("奶茶2 半糖 果茶1 三分糖", order({**TEA, "quantity": 2, "sugar": "half"}, {**FRUIT, "sugar": "light"})),
    (
        "一杯奶茶（少冰） 两杯拿铁（热 无糖）",
        order(
            {**TEA, "temperature": "less_ice"},
            {**LATTE, "quantity": 2, "sugar": "none", **HOT},
        ),
    ),
    (
        "奶茶(热)x2、果茶(去冰)x1",
        order({**TEA, "quantity": 2, **HOT}, {**FRUIT, **NO_ICE}),
    ),
    (
        "奶茶，热，三杯；果茶，冰，两杯",
        order(
            {**TEA, "quantity": 3, **HOT},
            {**FRUIT, "quantity": 2, **ICED},
        ),
    ),
    (
        "一杯奶茶，热的，一杯果茶，去冰",
        order({**TEA, **HOT}, {**FRUIT, **NO_ICE}),
    ),
]
SHARED = [
    (
        "四杯拿铁，两热两冰",
        order(
            {**LATTE, "quantity": 2, **HOT},
            {**LATTE, "quantity": 2, **ICED},
        ),
    ),
    ("来一大一小两杯奶茶", order({**TEA, "size": "large"}, {**TEA, "size": "small"})),
    ("拿铁一冰一热", order({**LATTE, **ICED}, {**LATTE, **HOT})),
    ("两半糖一无糖 奶茶三杯", order({**TEA, "quantity": 2, "sugar": "half"}, {**TEA, "sugar": "none"})),
    (
        "来两杯拿铁一热一冰再来一杯美式",
        order({**LATTE, **HOT}, {**LATTE, **ICED}, COFFEE),
    ),
    (
        "来三杯，两杯大一杯中，都是奶茶",
        order({**TEA, "quantity": 2, "size": "large"}, {**TEA, "size": "medium"}),
    ),
]
SUMMED = [
    ("拿铁两杯奶茶一杯果茶一杯总共四杯", order({**LATTE, "quantity": 2}, TEA, FRUIT)),
    ("三杯拿铁，两杯果茶一杯奶茶", order({**LATTE, "quantity": 3}, {**FRUIT, "quantity": 2}, TEA)),
    ("六杯咖啡，三杯美式三杯拿铁", order({**COFFEE, "quantity": 3}, {**LATTE, "quantity": 3})),
    ("两杯果茶一杯葡萄果茶一杯草莓果茶", order({"drink": "葡萄果茶"}, {"drink": "草莓果茶"})),
]
EACH = [
    ("奶茶果茶各一杯", order(TEA, FRUIT)),
    (
        "热拿铁冰美式各来两杯",
        order(
            {**LATTE, "quantity": 2, **HOT},
            {**COFFEE, "quantity": 2, **ICED},
        ),
    ),
    ("奶茶半糖、奶茶无糖，各一杯", order({**TEA, "sugar": "half"}, {**TEA, "sugar": "none"})),
    ("三杯，奶茶果茶拿铁各一", order(TEA, FRUIT, LATTE)),
    ("各来一杯，拿铁美式", order(LATTE, COFFEE)),
    ("奶茶和果茶一样两杯", order({**TEA, "quantity": 2}, {**FRUIT, "quantity": 2})),
    ("给我和我妈各来一杯热奶茶", order({**TEA, "quantity": 2, **HOT})),
    ("给爸妈各点一杯奶茶", order({**TEA, "quantity": 2})),
    ("给我俩各来一杯奶茶", order({**TEA, "quantity": 2})),
    ("我一杯热拿铁，老板一杯美式", order({**LATTE, **HOT}, COFFEE)),
    ("我和老公，一杯奶茶，一杯拿铁", order(TEA, LATTE)),
    ("来热奶茶和冰奶茶", order({**TEA, **HOT}, {**TEA, **ICED})),
]
OWNED = [
    ("我的少糖，她的半糖，两杯奶茶", order({**TEA, "sugar": "less"}, {**TEA, "sugar": "half"})),
    ("我加珍珠她加椰果，都是奶茶", order({**TEA, "toppings": ["珍珠"]}, {**TEA, "toppings": ["椰果"]})),
    (
        "三杯奶茶 爸妈的不加糖 我的全糖",
        order({**TEA, "quantity": 2, "sugar": "none"}, {**TEA, "sugar": "regular"}),
    ),
    (
        "奶茶两杯，大杯的去冰，中杯的热",
        order({**TEA, "size": "large", **NO_ICE}, {**TEA, "size": "medium", **HOT}),
    ),
    ("奶茶一杯少糖，另一杯半糖", order({**TEA, "sugar": "less"}, {**TEA, "sugar": "half"})),
    (
        "奶茶五杯，三杯加珍珠，另外两杯什么都不加",
        order(
            {**TEA, "quantity": 3, "toppings": ["珍珠"]}, {**TEA, "quantity": 2}, preferences=["什么都不加"]
        ),
    ),
    ("两杯奶茶，一杯给我一杯给我妈", order({**TEA, "quantity": 2})),
    ("奶茶两杯 一杯热的给我妈 一杯冰的给我", order({**TEA, **HOT}, {**TEA, **ICED})),
    ("给我们俩点两杯奶茶", order({**TEA, "quantity": 2})),
]
OF_ALL = [
    ("两杯都要热的，一杯奶茶一杯果茶", order({**TEA, **HOT}, {**FRUIT, **HOT})),
    ("奶茶果茶各一杯，少冰", order({**TEA, "temperature": "less_ice"}, {**FRUIT, "temperature": "less_ice"})),
    ("奶茶果茶各来一杯热的", order({**TEA, **HOT}, {**FRUIT, **HOT})),
    ("咖啡三杯都要拿铁", order({**LATTE, "quantity": 3})),
    ("全部用券，两杯奶茶，一杯果茶", order({**TEA, "quantity": 2}, FRUIT, use_coupon=True)),
]
ROWS = [
    ("一杯热一杯冰，都是奶茶", order({**TEA, **HOT}, {**TEA, **ICED})),
    ("一杯半糖两杯无糖，奶茶", order({**TEA, "sugar": "half"}, {**TEA, "quantity": 2, "sugar": "none"})),
    ("奶茶一杯半糖，两杯无糖", order({**TEA, "sugar": "half"}, {**TEA, "quantity": 2, "sugar": "none"})),
    ("奶茶热的两杯冰的三杯", order({**TEA, "quantity": 2, **HOT}, {**TEA, "quantity": 3, **ICED})),
    ("大杯奶茶两个，小杯一个", order({**TEA, "quantity": 2, "size": "large"}, {**TEA, "size": "small"})),
    (
        "热奶茶，加珍珠的一杯，加椰果的一杯",
        order({**TEA, **HOT, "toppings": ["珍珠"]}, {**TEA, **HOT, "toppings": ["椰果"]}),
    ),
]
BRANDED = [
    (
        "蜜雪冰城两杯柠檬水一杯奶茶",
        order({"drink": "柠檬水", "brand": "蜜雪冰城", "quantity": 2}, {**TEA, "brand": "蜜雪冰城"}),
    ),
    ("喜茶多肉葡萄一杯，奶茶一杯", order({"drink": "多肉葡萄", "brand": "喜茶"}, {**TEA, "brand": "喜茶"})),
    ("喜茶奶茶热的，果茶冰的", order({**TEA, **HOT, "brand": "喜茶"}, {**FRUIT, **ICED, "brand": "喜茶"})),
    ("喜茶的奶茶一杯和果茶一杯", order({**TEA, "brand": "喜茶"}, {**FRUIT, "brand": "喜茶"})),
    ("喜茶的奶茶和果茶各一杯", order({**TEA, "brand": "喜茶"}, {**FRUIT, "brand": "喜茶"})),
    ("一杯奶茶，一杯果茶，喜茶的", order({**TEA, "brand": "喜茶"}, {**FRUIT, "brand": "喜茶"})),
    ("一杯奶茶和一杯果茶，喜茶", order({**TEA, "brand": "喜茶"}, {**FRUIT, "brand": "喜茶"})),
    (
        "奶茶两杯，一杯热的一杯冰的，喜茶家的，都半糖",
        order(
            {**TEA, **HOT, "brand": "喜茶", "sugar": "half"},
            {**TEA, **ICED, "brand": "喜茶", "sugar": "half"},
        ),
    ),
]
CONTINUED = [
    (
        "一杯奶茶一杯果茶，都热的，半糖",
        order({**TEA, **HOT, "sugar": "half"}, {**FRUIT, **HOT, "sugar": "half"}),
    ),
    (
        "三杯奶茶，两杯半糖，都热的，一杯无糖",
        order({**TEA, **HOT, "quantity": 2, "sugar": "half"}, {**TEA, **HOT, "sugar": "none"}),
    ),
]
OPEN = """
一杯芒果奶昔一杯芒果冰沙，芒果的少糖 / 一杯芒果奶昔，两杯榴莲奶昔，樱桃的少糖
一杯芒果奶昔，两杯榴莲奶昔，榴莲的再来一杯 / 一杯芒果奶昔，两杯榴莲奶昔，榴莲的一杯少糖 / 芒果奶昔，榴莲奶昔，榴莲的少糖
一杯芒果奶昔，两杯榴莲奶昔，榴莲的不要了 / 一杯芒果奶昔，两杯榴莲奶昔，榴莲的太甜
一杯热榴莲奶昔，两杯冰榴莲奶昔，榴莲的少糖
一杯奶茶 喜茶 一杯果茶 / 奶茶一杯 喜茶 果茶一杯 / 喜茶 一杯奶茶 古茗 一杯果茶
一杯喜茶奶茶 一杯果茶 古茗 / 喜茶 奶茶+果茶 热 / 喜茶 奶茶果茶 少糖
来一杯，给我妈来一杯奶茶 / 来两杯，给我妈来两杯奶茶 / 来一杯，一杯奶茶
我要奶茶我要果茶她要拿铁
我要奶茶她不要果茶 / 我喝奶茶她不喝果茶 / 我要奶茶我要果茶 / 他要奶茶他要果茶
我妈要奶茶她要果茶 / 帮我同事点奶茶他要果茶 / 我和她要奶茶他要果茶 / 我们要奶茶她要果茶
同事们要奶茶我要果茶 / 爸妈要奶茶我要果茶 / 我奶茶果茶她咖啡 / 我要奶茶还是她要果茶
我爱喝奶茶她爱喝果茶 / 我点了奶茶她点了果茶 / 我要的奶茶她要的果茶
小王说要奶茶小李说要果茶 / 小王要奶茶小李要不要果茶 / 别给小王奶茶给小李果茶
小王的奶茶小李的果茶太甜 / 小王奶茶小李果茶多少钱 / 我要奶茶她要加珍珠
我要奶茶她要奶茶 / 我奶茶她要热的 / 小李要珍珠奶茶小王要一样的
他要奶茶我要热的果茶不要了 / 奶茶一杯果茶一杯，奶茶要一杯热的果茶要冰的
奶茶一杯果茶一杯奶茶两杯 / 奶茶两杯果茶一杯咖啡热 / 一杯热奶茶一杯冰奶茶，奶茶加珍珠
奶茶，果茶，奶茶热果茶冰 / 奶茶一杯果茶一杯，奶茶热的奶茶冰的 / 一杯奶茶一杯果茶奶茶不要了
三杯奶茶，全糖半糖各一杯 / 奶茶，全糖半糖无糖各一杯果茶 / 奶茶和果茶，全糖半糖各一杯
三杯奶茶，全糖去冰热的各一杯 / 奶茶，全糖还是半糖各一杯 / 五杯奶茶，一半热一半去冰
六杯奶茶，一半热一半半糖 / 六杯奶茶三杯果茶，一半热一半去冰 / 六杯奶茶，一半热一半热
六杯奶茶，一半热 / 奶茶一半热一半去冰 / 大杯两杯热的一杯，奶茶 / 奶茶冰的三杯，两杯热的
奶茶去冰三杯，热的一杯不要 / 热豆浆两杯少糖冰豆浆一杯 / 热豆浆两杯大杯冰豆浆一杯
冰奶茶五杯加珍珠热奶茶一杯 / 冰奶茶五杯热一杯果茶 / 蜜雪的柠檬水来俩古茗的来一个
奶茶五杯热果茶一杯 / 两杯奶茶，一杯热的，一杯冰的，半糖 / 一杯奶茶一杯果茶，热的，半糖
三杯奶茶，两杯热一杯冰，加珍珠 / 三杯奶茶，两杯热一杯半糖，去冰
两杯奶茶一杯果茶，两杯热一杯冰，半糖 / 两杯奶茶一杯都加珍珠 / 两杯奶茶两杯都加珍珠的果茶
三杯奶茶两杯都热 / 三杯奶茶两杯都热一杯冰 / 一杯奶茶一杯果茶都热一杯加珍珠
两杯奶茶都热，三个加珍珠 / 两杯奶茶都热，再来一个加珍珠 / 两杯奶茶都热，一个冰的
三杯，两杯美式 / 三杯，再来三杯美式 / 来两杯，不，三杯，两杯美式
给我们三个来三杯，三杯美式 / 来三杯奶茶再来三杯 / 来三杯奶茶来两杯 / 来三杯奶茶又三杯
来三杯奶茶还要三杯 / 来一杯奶茶来一杯 / 三杯奶茶另外三杯 / 三杯奶茶，三杯热的
三个小姑娘点一杯奶茶 / 给三个小姑娘点奶茶 / 给三个小姑娘各来一杯奶茶果茶
两个小孩要奶茶 / 两个人都要两杯奶茶 / 买两杯奶茶一杯给奶奶要热的
两杯奶茶一杯给我妈一杯果茶给我 / 两杯奶茶一杯给我妈热的两杯给我冰的
三杯奶茶一杯给我妈要热的一杯给我要冰的 / 一杯奶茶给我妈要热的 / 两杯奶茶一杯给她热的咖啡
我和老婆各一杯奶茶果茶 / 我和同事们一人一杯奶茶 / 和老王一起点两杯奶茶多少钱
"""
IN_TURN = [
    ("我奶茶她果茶", order(TEA, FRUIT)),
    ("小李要拿铁小王要奶茶我要果茶", order(LATTE, TEA, FRUIT)),
    ("我要奶茶热的他要奶茶冰的", order({**TEA, **HOT}, {**TEA, **ICED})),
    ("姐姐喝果茶弟弟喝奶茶，都点小杯的", order({**FRUIT, "size": "small"}, {**TEA, "size": "small"})),
    ("给大宝点奶茶给二宝点果茶", order(TEA, FRUIT)),
    ("我跟我老公一人一杯他要冰拿铁我要热奶茶", order({**LATTE, **ICED}, {**TEA, **HOT})),
    ("我要咖啡她要拿铁", order({"drink": "咖啡"}, LATTE)),
    ("我两杯奶茶他一杯果茶", order({**TEA, "quantity": 2}, FRUIT)),
    ("两杯，我奶茶不要珍珠她奶茶加椰果", order({**TEA, "without": ["珍珠"]}, {**TEA, "toppings": ["椰果"]})),
]
NAMED_AGAIN = [
    ("奶茶一杯果茶一杯，果茶要冰的奶茶要热的", order({**TEA, **HOT}, {**FRUIT, **ICED})),
    ("两杯奶茶一杯果茶果茶少糖", order({**TEA, "quantity": 2}, {**FRUIT, "sugar": "less"})),
    ("果茶五杯奶茶三杯奶茶都半糖", order({**FRUIT, "quantity": 5}, {**TEA, "quantity": 3, "sugar": "half"})),
    ("两杯，奶茶和果茶，奶茶热果茶去冰", order({**TEA, **HOT}, {**FRUIT, **NO_ICE})),
]
SHORTLY = [
    (
        "一杯芒果奶昔，两杯榴莲奶昔，榴莲的少糖",
        order({"drink": "芒果奶昔"}, {"drink": "榴莲奶昔", "quantity": 2, "sugar": "less"}),
    ),
    (
        "两杯生椰拿铁，一杯陨石拿铁，陨石那个要热的",
        order({"drink": "生椰拿铁", "quantity": 2}, {"drink": "陨石拿铁", **HOT}),
    ),
    ("奶茶x1 果茶x1 喜茶 都热", order({**TEA, "brand": "喜茶", **HOT}, {**FRUIT, "brand": "喜茶", **HOT})),
    ("喜茶的 奶茶一杯 果茶一杯", order({**TEA, "brand": "喜茶"}, {**FRUIT, "brand": "喜茶"})),
]
SORTS = [
    (
        "三杯奶茶，全糖半糖无糖各一杯",
        order(*({**TEA, "sugar": sugar} for sugar in ("regular", "half", "none"))),
    ),
    ("大杯小杯各来两杯奶茶", order(*({**TEA, "quantity": 2, "size": size} for size in ("large", "small")))),
    ("冰的和热的各一杯，奶茶", order({**TEA, **ICED}, {**TEA, **HOT})),
    ("六杯奶茶，一半热一半去冰", order({**TEA, "quantity": 3, **HOT}, {**TEA, "quantity": 3, **NO_ICE})),
    ("大杯奶茶两杯小杯一杯", order({**TEA, "quantity": 2, "size": "large"}, {**TEA, "size": "small"})),
    ("奶茶冰的三杯，热的两杯", order({**TEA, "quantity": 3, **ICED}, {**TEA, "quantity": 2, **HOT})),
    (
        "大杯三个小杯两个，都是奶茶",
        order(*({**TEA, "quantity": n, "size": size} for n, size in ((3, "large"), (2, "small")))),
    ),
    ("冰奶茶五杯热奶茶一杯", order({**TEA, "quantity": 5, **ICED}, {**TEA, **HOT})),
    (
        "奶茶少糖两杯，奶茶全糖一杯，奶茶无糖一杯",
        order({**TEA, "quantity": 2, "sugar": "less"}, {**TEA, "sugar": "regular"}, {**TEA, "sugar": "none"}),
    ),
    (
        "奶茶两杯都冰的一杯大杯一杯中杯",
        order({**TEA, **ICED, "size": "large"}, {**TEA, **ICED, "size": "medium"}),
    ),
    ("两杯奶茶两个都热一个加珍珠", order({**TEA, **HOT, "toppings": ["珍珠"]}, {**TEA, **HOT})),
    (
        "六杯奶茶，三杯热三杯冰，半糖",
        order(
            {**TEA, "quantity": 3, **HOT, "sugar": "half"}, {**TEA, "quantity": 3, **ICED, "sugar": "half"}
        ),
    ),
]
SAID_TWICE = [
    ("来三杯奶茶来三杯", order({**TEA, "quantity": 3})),
    ("点一杯奶茶一杯就够了", order(TEA)),
    ("来两杯，不，三杯，三杯奶茶", order({**TEA, "quantity": 3})),
    ("三杯，三杯奶茶，少糖", order({**TEA, "quantity": 3, "sugar": "less"})),
]
GIVEN = [
    ("给三个小姑娘点三杯奶茶", order({**TEA, "quantity": 3})),
    ("三个大人三杯拿铁两个小孩两杯奶茶", order({**LATTE, "quantity": 3}, {**TEA, "quantity": 2})),
    ("两杯奶茶一杯给奶奶要热的一杯给我要冰的", order({**TEA, **HOT}, {**TEA, **ICED})),
    ("两杯奶茶，一杯给我弟去冰，一杯给我热的", order({**TEA, **NO_ICE}, {**TEA, **HOT})),
    ("两杯奶茶 我一杯我对象一杯 都少糖", order({**TEA, "quantity": 2, "sugar": "less"})),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    LAID_OUT + SHARED + SUMMED + EACH + OWNED + OF_ALL + ROWS + BRANDED + CONTINUED + IN_TURN + NAMED_AGAIN + SHORTLY
    + SORTS + SAID_TWICE + GIVEN,
)  # fmt: skip
def test_every_item_gets_what_was_said_of_it(text: str, expected: OrderIntent) -> None:
    parse = parsed(text, "order_drink")
    assert (parse.reason, parse.answer) == ("", expected)


@pytest.mark.parametrize(
    "text",
    [
        "奶茶1 果茶",
        "奶茶1 果茶2分",
        "1奶茶2果茶",
        "第1奶茶 第2果茶",
        "1号桌奶茶 2号桌果茶",
        "2奶茶1果茶3",
        "奶茶一杯 少冰 果茶一杯",
        "一杯奶茶，热的，一杯果茶，少糖",
        "一杯奶茶，果茶，两杯",
        "一杯奶茶一杯果茶，一冰一热",
        "四杯奶茶，两热一冰",
        "拿铁两热一冰摩卡",
        "一大一小，来两杯奶茶",
        "我们一大一小，来两杯奶茶",
        "一杯热的，一杯冰的，都是奶茶和果茶",
        "两杯奶茶，一杯珍珠奶茶一杯布丁奶茶",
        "柠檬茶两杯，手打柠檬茶一杯，暴打柠檬茶一杯",
        "拿铁两杯奶茶一杯果茶一杯总共五杯",
        "半糖奶茶果茶各一杯",
        "两杯奶茶和果茶各一杯",
        "奶茶各一杯",
        "都一样，奶茶",
        "给爸妈各点一杯奶茶一杯果茶",
        "我和我妈各来一杯奶茶，我的少糖",
        "爸爸一杯奶茶妈妈一杯热的",
        "奶茶热的 奶茶冰的",
        "喜茶多肉葡萄一杯，再来一杯奶茶",
        "我要喜茶多肉葡萄一杯，我妈要一杯奶茶",
        "再补一份芋圆",
        "来一杯拿铁，两份浓缩",
        "三杯奶茶一杯果茶，奶茶里有一杯热的",
        "爸妈要奶茶，我要果茶",
        "我们仨要奶茶，老人要果茶",
        "两杯都要热的，一杯奶茶",
        "两杯奶茶，都要珍珠奶茶和果茶",
        "奶茶果茶各一杯，少冰，一杯去冰",
        "三杯奶茶，我的少糖，她的半糖",
        "两杯奶茶，我的少糖",
        "我的少糖，她的半糖，奶茶果茶各一杯",
        "其他少糖我的半糖两杯奶茶",
        "奶茶，大的热小的冰",
        "我少糖，我多糖，两杯奶茶",
        "三杯奶茶去冰，另外一杯加珍珠",
        "奶茶两杯，一杯加椰果，另一杯放门口",
        "一杯奶茶给我妈一杯",
        "给我俩点杯奶茶",
        "三杯奶茶去冰，一杯热的",
        "两杯半糖，☕一杯不加糖",
        "一杯半糖，一杯全糖的奶茶",
        "奶茶一杯半糖，欸两杯全糖",
        "奶茶一杯热的，果茶一杯冰的，一杯常温",
        "一杯热的，一杯热的，奶茶",
        "一杯奶茶，一杯果茶，喜茶，一杯拿铁",
        "一杯奶茶，再来一杯果茶，喜茶的",
        "我要一杯奶茶，她要一杯果茶，喜茶的",
        "喜茶一杯奶茶，一杯果茶，古茗的",
        "一杯果茶，点喜茶 奶茶，一杯喜茶 奶茶少糖",
        "一杯奶茶一杯果茶，喜茶的热",
        "喜茶奶茶一杯，和一杯果茶",
        "喜茶奶茶一杯顺便一杯果茶",
        "喜茶奶茶，果茶一杯",
        "一杯奶茶一杯果茶，都热的，加椰果",
        "一杯奶茶一杯果茶，果茶都热的，半糖",
        "一杯奶茶一杯果茶，都热的，一杯半糖",
        "一杯奶茶一杯果茶，都热的，去冰",
        "三杯奶茶，两杯热的",
        "三杯奶茶去冰，一杯加椰果",
        "三杯奶茶加椰果，一杯加布丁",
        "两杯奶茶，两杯加椰果",
        "两杯奶茶，一杯加椰果，一杯果茶",
        "两杯奶茶一杯果茶，一杯加椰果",
        "两杯奶茶，来一杯加椰果",
        "两杯奶茶，欸一杯加椰果",
        "两杯奶茶，一杯加椰果，热的",
    ],
)
def test_what_could_be_put_together_in_two_ways_is_not(text: str) -> None:
    parse = parsed(text, "order_drink")
    assert not parse.complete, parse.answer


@pytest.mark.parametrize("text", [text for line in OPEN.split("\n") for text in line.split(" / ") if text])
def test_whose_it_is_or_how_many_stays_open(text: str) -> None:
    parse = parsed(text, "order_drink")
    assert not parse.complete, parse.answer


def test_a_portion_after_another_drink_is_a_drink() -> None:
    found = parsed("来份烧仙草热的，再来份双皮奶", "order_drink")
    assert found.answer == order({"drink": "烧仙草", **HOT}, {"drink": "双皮奶"})


OF_ALL = [
    ("三杯拿铁两杯奶茶全去冰", order({**LATTE, "quantity": 3, **NO_ICE}, {**TEA, "quantity": 2, **NO_ICE})),
    ("奶茶，果茶，全去冰，各一杯", order({**TEA, **NO_ICE}, {**FRUIT, **NO_ICE})),
    ("五杯奶茶，两杯全去冰，三杯热", order({**TEA, "quantity": 2, **NO_ICE}, {**TEA, "quantity": 3, **HOT})),
    ("奶茶和果茶两杯都要冰的", order({**TEA, **ICED}, {**FRUIT, **ICED})),
    ("奶茶、果茶、拿铁 三种都要 都热", order({**TEA, **HOT}, {**FRUIT, **HOT}, {**LATTE, **HOT})),
    ("奶茶一杯果茶两杯都要冰的", order({**TEA, **ICED}, {**FRUIT, "quantity": 2, **ICED})),
    ("一杯拿铁另一杯奶茶都要热的", order({**LATTE, **HOT}, {**TEA, **HOT})),
    (
        "四杯拿铁，一杯大杯，其余中杯，均热",
        order({**LATTE, "size": "large", **HOT}, {**LATTE, "quantity": 3, "size": "medium", **HOT}),
    ),
]


@pytest.mark.parametrize(("text", "wanted"), OF_ALL)
def test_what_is_said_of_all_is_said_of_each(text: str, wanted: OrderIntent) -> None:
    assert parsed(text, "order_drink").answer == wanted


@pytest.mark.parametrize(
    "text",
    [
        "四杯拿铁一杯大杯其余中杯均热",
        "三杯奶茶其中一杯去冰都要半糖",
        "三杯奶茶，一杯热的，另外两杯加椰果都半糖",
        "来一杯奶茶和果茶两杯都要冰的",
        "奶茶和果茶三杯都要冰的",
        "奶茶果茶拿铁三杯都要冰的",
        "两杯奶茶全去冰一杯拿铁",
        "三个奶茶一个加布丁一个加红豆一个都加",
        "三种奶茶",
        "来两款热奶茶",
        "两杯，奶茶，半糖，再来一杯果茶",
        "两份：奶茶，还要一份果茶",
    ],
)
def test_what_may_be_said_of_some_or_of_all_is_not_settled(text: str) -> None:
    parse = parsed(text, "order_drink")
    assert not parse.complete, parse.answer


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("两杯奶茶，一杯加椰果", [{**TEA, "toppings": ("椰果",)}, TEA]),
        ("点三个奶茶，两个去珍珠", [{**TEA, "quantity": 2, "without": ("珍珠",)}, TEA]),
        ("两杯，一杯奶茶，再来一杯果茶", [TEA, FRUIT]),
        ("我：奶茶；室友：奶茶加奶盖", [TEA, {**TEA, "toppings": ("奶盖",)}]),
    ],
)
def test_one_share_alone_and_people_before_colons(text: str, items: list[dict[str, Any]]) -> None:
    assert parsed(text, "order_drink").answer == order(*items)


@pytest.mark.parametrize(
    "text",
    [
        "给我和我妈点两杯奶茶，一杯加椰果",
        "三杯热奶茶，一杯加椰果",
        "两杯奶茶，一杯加椰果，半糖",
        "两杯奶茶，再一杯加椰果",
        "一杯拿铁，三杯奶茶一杯加椰果",
        "两杯，一杯加椰果",
    ],
)
def test_one_share_alone_is_no_share_where_it_may_be_another(text: str) -> None:
    parse = parsed(text, "order_drink")
    assert not parse.complete, parse.answer


def test_how_many_drink_it_is_a_wish_in_a_clause_of_its_own() -> None:
    parse = parsed("四杯奶茶，四个小孩喝")
    assert parse.answer == order({**TEA, "quantity": 4}, preferences=("四个小孩喝",))


@pytest.mark.parametrize(
    "text", ["那单里的两杯拿铁改成热的", "已经下单的十杯，少冰改成去冰", "我点的三杯奶茶改半糖"]
)
def test_how_many_there_are_is_no_number_that_they_become(text: str) -> None:
    parse = parsed(text, "modify_order")
    assert not parse.complete, parse.answer
