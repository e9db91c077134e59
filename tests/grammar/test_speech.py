"""What is said around an order: whom it is for, chatter, addresses, corrections; and what only looks like it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.orders import OrderIntent
from grammar.kit import order, parsed

TEA: dict[str, Any] = {"drink": "奶茶"}
FRUIT: dict[str, Any] = {"drink": "果茶"}
LATTE: dict[str, Any] = {"drink": "拿铁"}
AMERICANO: dict[str, Any] = {"drink": "美式咖啡"}


def delivered(address: str, **rest: Any) -> OrderIntent:
    return order(TEA, fulfilment={"mode": "delivery", "address": address, **rest})


PEOPLE = [
    ("给我妈点一杯奶茶", order(TEA)),
    ("帮室友买杯奶茶", order(TEA)),
    ("给宿管阿姨来杯奶茶", order(TEA)),
    ("我妈要一杯奶茶", order(TEA)),
    ("孩子想喝奶茶", order(TEA)),
    ("老板，来杯奶茶", order(TEA)),
    ("来杯奶茶给弟弟", order(TEA)),
    ("老婆要奶茶，我要拿铁", order(TEA, LATTE)),
    ("给我和我妈点两杯奶茶", order({**TEA, "quantity": 2})),
    ("帮我哥点杯奶茶", order(TEA)),
    ("哥哥帮我点杯奶茶嘛", order(TEA)),
    ("四个人，一人一杯奶茶", order({**TEA, "quantity": 4})),
    ("我们仨一人一杯奶茶", order({**TEA, "quantity": 3})),
    ("我和老公一人一杯拿铁", order({**LATTE, "quantity": 2})),
    ("三个人，两杯奶茶一杯果茶", order({**TEA, "quantity": 2}, FRUIT)),
    ("妈妈要奶茶爸爸要拿铁我要果茶", order(TEA, LATTE, FRUIT)),
    ("我妈要奶茶我自己要一杯拿铁", order(TEA, LATTE)),
    ("来两杯奶茶给双胞胎", order({**TEA, "quantity": 2})),
]
CHATTER = [
    ("渴死了，来杯奶茶", order(TEA)),
    ("热死我了给我来杯奶茶", order(TEA)),
    ("刚下班，累死了，来杯热奶茶", order({**TEA, "temperature": "hot"})),
    ("今天好热，来杯奶茶", order(TEA)),
    ("求求了，一杯奶茶", order(TEA)),
    ("急急急，一杯奶茶，就这样", order(TEA)),
    ("别磨叽，一杯奶茶", order(TEA)),
    ("在吗？来杯奶茶", order(TEA)),
    ("喝点啥好呢，来杯奶茶", order(TEA)),
    ("谢谢，一杯奶茶", order(TEA)),
    ("下单，珍珠奶茶", order({"drink": "珍珠奶茶"})),
    ("奶茶🧋少糖", order({**TEA, "sugar": "less"})),
    ("给我上一杯奶茶", order(TEA)),
    ("速速给朕呈上一杯奶茶", order(TEA)),
    ("帮我下一单奶茶", order(TEA)),
    ("能给我来一杯奶茶不", order(TEA)),
    ("可以帮我点杯奶茶吗？要热的", order({**TEA, "temperature": "hot"})),
    ("来杯喝的，无糖", order({"sugar": "none"})),
    ("家里停电了点一杯奶茶", order(TEA)),
    ("上班来不及了点一杯奶茶", order(TEA)),
    ("等红灯呢给我来一杯奶茶", order(TEA)),
    ("给我来一杯奶茶，要得不", order(TEA)),
    ("来一杯奶茶少糖不要别的了", order({**TEA, "sugar": "less"})),
    ("来杯奶茶，刚到车站", order(TEA)),
    ("我刚下高铁，来杯奶茶", order(TEA)),
    ("火车晚点两小时，来杯奶茶", order(TEA)),
    ("打完卡点一杯奶茶", order(TEA)),
    ("小爱……不是，千问，点杯奶茶", order(TEA)),
    ("喊杯奶茶来恰哈", order(TEA)),
    ("中不中给俺点个奶茶", order(TEA)),
    ("能帮我下一单喜茶吗，多肉葡萄", order({"brand": "喜茶", "drink": "多肉葡萄"})),
]
FIELDS = [
    (
        "奶茶，规格大杯，甜度三分，温度去冰",
        order({**TEA, "size": "large", "sugar": "light", "temperature": "no_ice"}),
    ),
    ("一杯奶茶，糖就七分", order({**TEA, "sugar": "less"})),
    ("奶茶 中 少冰", order({**TEA, "size": "medium", "temperature": "less_ice"})),
    ("奶茶+大杯+去冰", order({**TEA, "size": "large", "temperature": "no_ice"})),
    ("奶茶数量2", order({**TEA, "quantity": 2})),
    ("来杯奶茶，小料要椰果", order({**TEA, "toppings": ["椰果"]})),
    ("一杯奶茶，椰果要，珍珠不要", order({**TEA, "toppings": ["椰果"], "without": ["珍珠"]})),
    ("来杯奶茶，不要小料", order(TEA, preferences=["不要小料"])),
    ("冰美式去冰", order({**AMERICANO, "temperature": "no_ice"})),
    ("三杯冰美式，其中一杯去冰", order({**AMERICANO, "temperature": "no_ice"},
                              {**AMERICANO, "quantity": 2, "temperature": "regular_ice"})),
    ("one latte please", order(LATTE)),
    ("老样子，用券", order({}, use_coupon=True, preferences=["老样子"])),
    ("把那张免单卡用掉，来杯奶茶", order(TEA, use_coupon=True)),
    ("券，一杯奶茶", order(TEA, use_coupon=True)),
    ("千问送的那张卡给我用上，来杯奶茶", order(TEA, use_coupon=True)),
    ("领到免单卡了，用它点杯奶茶", order(TEA, use_coupon=True)),
    ("用我那张快过期的免单卡点一杯奶茶", order(TEA, use_coupon=True)),
    ("帮我用免单卡下一杯奶茶", order(TEA, use_coupon=True)),
    ("要一杯奶茶里面珍珠就不要了不加糖", order({**TEA, "sugar": "none", "without": ["珍珠"]})),
    ("来杯老人喝的热拿铁", order({**LATTE, "temperature": "hot"}, preferences=["老人喝的"])),
    ("要一杯奶茶珍珠就别放了", order({**TEA, "without": ["珍珠"]})),
    ("来杯奶茶多给点冰", order({**TEA, "temperature": "extra_ice"})),
    ("来杯拿铁加一份浓缩", order({**LATTE, "toppings": ["浓缩"]})),
    ("我想喝喜茶", order({"brand": "喜茶"})),
    ("在瑞幸点一杯拿铁", order({**LATTE, "brand": "瑞幸"})),
]  # fmt: skip
ADDRESSES = [
    ("来杯奶茶送到和平路3号", delivered("和平路3号")),
    ("一杯奶茶，送到三号楼602", delivered("三号楼602")),
    (
        "一杯奶茶送到12栋1单元少糖",
        order({**TEA, "sugar": "less"}, fulfilment={"mode": "delivery", "address": "12栋1单元"}),
    ),
    ("下午三点送一杯奶茶到图书馆门口", delivered("图书馆门口", time="下午三点")),
    ("今天下午三点送一杯奶茶到图书馆门口", delivered("图书馆门口", time="今天下午三点")),
    ("一杯奶茶，送酒店前台", delivered("酒店前台")),
    ("一杯奶茶送到棋牌社三点左右", delivered("棋牌社", time="三点左右")),
    ("一杯奶茶送到公司三点之前到", delivered("公司", time="三点之前")),
    ("一杯奶茶，中午送到店里", delivered("店里", time="中午")),
    ("送杯奶茶过来，热的", order({**TEA, "temperature": "hot"}, fulfilment={"mode": "delivery"})),
    ("送货地址是建国路88号，一杯奶茶", order(TEA, fulfilment={"address": "建国路88号"})),
]
HASTE_AND_USE = [
    ("来杯奶茶快点", order(TEA)),
    ("一杯奶茶送到公司，快点送", delivered("公司").model_copy(update={"preferences": ("快点送",)})),
    ("来杯奶茶，尽快", order(TEA, preferences=["尽快"])),
    ("一杯奶茶放前台就行", order(TEA, preferences=["放前台就行"])),
    ("五杯奶茶，团建用", order({**TEA, "quantity": 5}, preferences=["团建用"])),
    ("一杯奶茶，小孩喝的", order(TEA, preferences=["小孩喝的"])),
    ("来杯双份浓缩的拿铁", order(LATTE, preferences=["双份浓缩的"])),
    ("随便点杯奶茶", order(TEA, preferences=["随便点"])),
    ("来一杯不含咖啡因的饮料", order({}, preferences=["不含咖啡因的"])),
    ("奶茶换鲜奶，少糖", order({**TEA, "sugar": "less"}, preferences=["换鲜奶"])),
]  # fmt: skip
WISHES = [
    ("我乳糖不耐，来杯奶茶", order(TEA, preferences=["乳糖不耐"])),
    ("胃不好，奶茶热的一杯，到了打电话", order({**TEA, "temperature": "hot"}, preferences=["胃不好", "到了打电话"])),
    ("减肥呢，奶茶一杯", order(TEA, preferences=["减肥"])),
    ("那个我牙疼呢来杯奶茶", order(TEA, preferences=["牙疼"])),
    ("来杯拿铁，奶换成燕麦奶", order(LATTE, preferences=["奶换成燕麦奶"])),
    ("奶茶一杯，老人喝的", order(TEA, preferences=["老人喝的"])),
    ("大杯去冰半糖", order({"size": "large", "sugar": "half", "temperature": "no_ice"})),
    ("喜茶多肉葡萄", order({"brand": "喜茶", "drink": "多肉葡萄"})),
    ("两杯热的", order({"quantity": 2, "temperature": "hot"})),
    ("嚟杯奶茶", order(TEA)),
    ("来一杯🧋", order({})),
    ("再来一杯一样的", order({}, preferences=["一样的"])),
]  # fmt: skip
CORRECTIONS = [
    ("一杯奶茶少糖，不对，半糖", order({**TEA, "sugar": "half"})),
    ("一杯奶茶少糖不对半糖", order({**TEA, "sugar": "half"})),
    ("两杯，哦不，三杯奶茶", order({**TEA, "quantity": 3})),
    (
        "两杯拿铁吧，不对三杯，其中一杯要热的",
        order({**LATTE, "temperature": "hot"}, {**LATTE, "quantity": 2}),
    ),
    ("一杯奶茶热的，还是冰的吧", order({**TEA, "temperature": "regular_ice"})),
    ("奶茶少糖哦说错了要多糖", order({**TEA, "sugar": "extra"})),
    ("一杯奶茶多冰，说错了，是少冰", order({**TEA, "temperature": "less_ice"})),
    ("奶茶半糖，算了全糖吧", order({**TEA, "sugar": "regular"})),
    ("来杯冰的奶茶算了热的", order({**TEA, "temperature": "hot"})),
    ("来一杯大杯的奶茶不对中杯吧少糖", order({**TEA, "size": "medium", "sugar": "less"})),
    ("来杯古茗，呸，茶百道的杨枝甘露", order({"brand": "茶百道", "drink": "杨枝甘露"})),
]


@pytest.mark.parametrize(
    ("text", "answer"), PEOPLE + CHATTER + FIELDS + ADDRESSES + HASTE_AND_USE + WISHES + CORRECTIONS
)
def test_it_is_understood_as_no_part_of_the_order(text: str, answer: OrderIntent) -> None:
    parse = parsed(text)
    assert parse.complete, parse
    assert (parse.answer, parse.intent) == (answer, "order_drink")


@pytest.mark.parametrize(
    "text",
    [
        # a shorter name or a longer, how many or what it is called, one of two or more of one, said twice
        "绿豆沙冰的大杯来一个", "三平霸霸奶茶", "咖啡加一份浓缩", "拿铁再加一份浓缩热的",
        "咖啡浓一点，加一份浓缩，拿铁大杯热",
        "一杯奶茶送到和平路30号对和平路30号",
        # one of these people's cups, or another; what is held against an order, or asked of it
        "妈妈要奶茶爸爸要热的", "妈妈要奶茶爸爸要什么", "妈妈要奶茶我要走了", "奶茶来不及了", "停，来杯奶茶",
        "奶茶停送了",
        "开车呢能点奶茶吗", "骑车呢别送奶茶", "奶茶珍珠就别放了", "奶茶不要奶精换鲜奶",
        "免单卡过期了，用它点杯奶茶",
        "有免单卡吗，用它点杯奶茶", "千问送的那张卡呢，来杯奶茶", "一杯奶茶送到公司了，快点送",
        "那杯奶茶送到公司，快点送",
        "中午送到店里的奶茶", "送杯奶茶过来了", "送过来的奶茶", "奶茶三点到",
        "来杯奶茶三点到不了", "下次用免单卡下一杯奶茶",
        # yes to something, or a value beside what means nothing
        "对，大杯去冰", "糖再多放点 冰再少放点", "是的，半糖去冰", "冰拿大", "备注：少冰，大杯", "我要不要加冰啊，橙汁",
        # of which, and how many
        "绿茶，抹茶，嗯抹茶一杯", "一杯珍珠奶茶一杯果茶，奶茶半糖", "奶茶两杯 果茶两杯 少冰",
        "奶茶一杯 果茶一杯 中杯 中杯", "少冰两杯奶茶少冰两杯果茶", "三点五杯奶茶", "烧仙草，要烧仙草",
        "冰和糖都别放，红茶", "来杯酸奶，啊不要冰", "买四杯奶茶送四个同事", "奶茶要最火的那个",
        "孩子感冒，来杯热奶茶", "我请三个人喝，来三杯果茶", "少珍珠…少波霸，一杯奶茶",
        "送到公司，一杯奶茶，快点", "两杯一样的奶茶", "今天第一杯，拿铁，冰", "奶茶，还是果茶",
        "热的还是冰的奶茶", "一杯热奶茶，还是冰的呢",
        # somebody had it, has it, or is spoken of
        "我妈要了一杯奶茶", "我妈要的奶茶", "我妈点的奶茶", "我妈喝奶茶", "给我妈点了一杯奶茶", "给我妈的奶茶",
        "我妈说来一杯奶茶",
        "我妈给我点杯奶茶", "我哥要帮我买杯奶茶", "奶茶点好了", "奶茶来啦",
        "我妈要奶茶吗", "给他点一杯奶茶", "小红要一杯奶茶", "我现在在喝奶茶", "今天喝了一杯奶茶",
        # whose is it, and how many
        "一杯奶茶，我妈要热的", "给我妈点一杯热奶茶，给我点少糖的", "给我和我妈点一杯奶茶", "四个人，奶茶",
        "三个人要奶茶",
        "一人一杯奶茶",
        # the way and a wish at once, and neither for certain
        "来杯奶茶快点送", "快点送，来杯奶茶加芋圆", "奶茶一杯赶紧送",
        # a complaint, a remark, a name
        "奶茶热死了", "奶茶好喝", "没有冰的奶茶", "三分奶茶一杯", "奶茶三分熟",
        "糖三分之一的奶茶", "上一杯太甜了", "上一杯奶茶少糖",
        "下一杯多少钱",
        "下一杯奶茶少糖",
        "我说一杯奶茶", "我叫奶茶", "我妈买奶茶", "爸爸点一杯奶茶", "一杯奶茶，今天我妈要热的", "奶茶不",
        "奶茶，珍珠换成椰果", "红豆奶茶换成芋圆", "要芝士加芝士奶盖的奶茶一杯",
        # corrections without a value that could be meant
        "一杯奶茶，不对", "不对，一杯奶茶", "一杯奶茶，不，谢谢", "用券，不对，一杯奶茶",
        "一杯奶茶一杯果茶，不对，两杯",
        "一杯少糖奶茶，一杯少糖果茶，不对，半糖", "送到公司，不对，一杯奶茶", "送到公司不是家，一杯奶茶",
        "两杯奶茶加珍珠，不对，果茶", "奶茶，不要了",
        "奶茶半糖，算了", "奶茶半糖，算了全糖太甜", "奶茶去冰，算了全糖吧", "一杯半糖奶茶一杯果茶，算了全糖吧",
        "两杯奶茶，一杯半糖，算了全糖吧", "大杯奶茶，不对，中杯果茶少糖", "大杯热奶茶，不对，中杯冰的",
        "一杯大杯的奶茶一杯果茶，不对，中杯少糖",
        # a state, or something asked for; somebody's, or asked about
        "低卡的呢来杯奶茶", "少糖呢来杯奶茶", "我妈牙疼呢来杯奶茶", "奶茶减肥呢来杯果茶", "可以不给我来杯奶茶",
        "热的行不行给我来杯奶茶", "怎么样给我来杯奶茶", "能帮我下一单喜茶吗", "喜茶下一单，多肉葡萄",
        "刚到店里的奶茶来一杯", "等火车晚点来杯奶茶", "刚恰一杯奶茶", "帮我喊一声，奶茶到了",
        # two temperatures that no refinement joins
        "冰奶茶热的", "冰奶茶常温", "正常冰的奶茶少冰", "冰奶茶加冰少冰",
        # no place, or more than one
        "来杯奶茶送到老地方", "来杯奶茶送到公司再打电话给我", "送到和平路3号的奶茶洒了", "到星巴克拿",
        "我在喜茶买奶茶",
        # a coupon wanted is no coupon used
        "我有免单卡", "我领到免单卡了", "给我来一个免单卡", "我要免单", "券",
        # nothing is ordered
        "渴死了", "老板", "喝啥呢", "安排", "我请客", "🧋",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_is_no_whole_order(text: str) -> None:
    parse = parsed(text)
    assert not parse.complete, parse
    assert parse.reason


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["渴死了", "老板", "急急急", "求求了", "今天好热", "在吗"]), max_size=3),
    st.sampled_from(["来", "给我妈点", "帮同事买", "我女儿要", "给我上", ""]),
    st.sampled_from(["就这样", "谢谢老板", "拜托拜托", ""]),
)
def test_chatter_changes_nothing_of_an_order(before: list[str], verb: str, after: str) -> None:
    text = "，".join([*before, verb + "两杯少糖的奶茶", *filter(None, [after])])
    assert parsed(text).answer == order({**TEA, "quantity": 2, "sugar": "less"}), text


@settings(deadline=None)
@given(
    st.sampled_from(["两杯", "三杯", "少糖", "半糖", "去冰", "热的", "大杯"]),
    st.sampled_from(["不对，", "说错了，", "哦不，", "口误，"]),
    st.sampled_from(["两杯", "三杯", "少糖", "半糖", "去冰", "热的", "大杯"]),
)
def test_a_correction_is_of_the_same_kind_or_none(first: str, word: str, second: str) -> None:
    parse = parsed(f"奶茶{first}，{word}{second}")
    plain = parsed(f"奶茶{second}")
    same = any(
        {first, second} <= kind for kind in ({"两杯", "三杯"}, {"少糖", "半糖"}, {"去冰", "热的"}, {"大杯"})
    )
    assert parse.complete == same
    assert not same or parse.answer == plain.answer
