"""Flags that are spent: how many, which, and the verb, before or after what is ordered."""

from __future__ import annotations

import pytest

from grammar.kit import order, parsed

TEA = {"drink": "奶茶"}
TWO = {"drink": "奶茶", "quantity": 2}


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("用两张券点两杯奶茶", TWO),
        ("两杯奶茶，用两张券", TWO),
        ("两张券全用了，两杯奶茶", TWO),
        ("两杯奶茶，两张券都用上", TWO),
        ("两张免单卡，两杯奶茶", TWO),
        ("四张券用上，四杯奶茶", {"drink": "奶茶", "quantity": 4}),
        ("我有两张券，用一张，来杯奶茶", TEA),
        ("用我那张快过期的券，来一杯奶茶", TEA),
        ("用千问送的那张卡，点一杯奶茶", TEA),
        ("用学生券点杯奶茶", TEA),
        ("用我包里的优惠券来杯奶茶", TEA),
        ("用那个二十五块的卷点个奶茶", TEA),
        ("免单的那个卡，帮我点杯奶茶", TEA),
        ("那个二十块的优惠券拿来抵一杯奶茶", TEA),
        ("奶茶一杯，能抵的券抵上", TEA),
        ("再来一杯用券", {}),
        ("生日券用了，来杯奶茶", TEA),
        ("拿满二十减五的券来杯奶茶", TEA),
        ("九块九的券用掉，来杯奶茶", TEA),
        ("一杯拿铁 券自动用上", {"drink": "拿铁"}),
        ("一杯拿铁 券抵", {"drink": "拿铁"}),
        ("先抵券，后付钱，一杯奶茶", TEA),
        ("拿券来杯奶茶", TEA),
        ("闺蜜转我一张免单卡，就拿它点杯奶茶", TEA),
        ("免单卡x1 奶茶x1", TEA),
        ("把券花在刀刃上，来杯奶茶", TEA),
        ("先用那张二十五的，来杯奶茶", TEA),
        ("付款的时候用券，来杯奶茶", TEA),
        ("喜茶的券用上，来杯奶茶", {**TEA, "brand": "喜茶"}),
        ("免单卡要过期了赶紧给我点杯奶茶", TEA),
        ("我的券快过期了，给我点杯奶茶用掉", TEA),
        ("有张券快过期了，给我点杯奶茶用掉它", TEA),
        ("我有一张免单卡帮我点杯奶茶用了吧", TEA),
        ("先用掉一张免单卡帮我来一杯奶茶", TEA),
        ("卡包里有免单卡，用它，点杯奶茶", TEA),
        ("有券先用券，给我来个奶茶", TEA),
        ("券别浪费，点杯奶茶", TEA),
    ],
)
def test_a_flag_is_spent(text: str, item: dict[str, object]) -> None:
    parse = parsed(text)
    assert parse.complete, parse
    assert parse.answer == order(item, use_coupon=True)


@pytest.mark.parametrize(
    "text",
    [
        "不用券，来一杯奶茶",
        "那张券别动，来杯奶茶",
        "券留着，来一杯奶茶",
        "来杯奶茶，别用券，留着明天用",
        "来杯奶茶，不用券，我留着下次用",
    ],
)
def test_a_flag_that_is_kept_is_not_spent(text: str) -> None:
    assert parsed(text).answer == order(TEA)


@pytest.mark.parametrize(
    "text",
    [
        "没券，来一杯奶茶",
        "券能用吗，来一杯奶茶",
        "送我的券呢，来一杯奶茶",
        "两张券用了吗，来两杯奶茶",
        "两张券抵不抵，两杯奶茶",
        "别用那张快过期的券，来一杯奶茶",
        "闺蜜转我一张免单卡，别用它，点个奶茶",
        "没用掉那张券，来一杯奶茶",
        "券都用完了，点杯奶茶",
        "我用两张券点了两杯奶茶",
        "用学生券的那杯奶茶",
        # what may itself be what is wanted
        "来两张券，两杯奶茶",
        "给我拿两张券，来两杯奶茶",
        "给我一张学生券，来一杯奶茶",
        "领两张券，点两杯奶茶",
        "兑两张券，两杯奶茶",
        "转我一张券，来杯奶茶",
        "点一张奶茶券",
        "一杯奶茶，刷我的卡",
        "来一杯果茶券抵一下",
        # what becomes of it, and whose it is
        "券过期了，来杯奶茶",
        "券今天过期了，来杯奶茶",
        "我朋友的券快过期了，给我点杯奶茶",
        "会员卡快过期了，来杯奶茶",
        "券快过期了不用了，点杯奶茶",
        "券快过期了让它过期吧，点杯奶茶",
        "券快过期了吗，来杯奶茶",
        "券快过期了给我妈用，我点杯奶茶",
        "卡包里有免单卡吗，来杯奶茶",
        "我有张券，点杯奶茶用了",
        "我有张券，点杯奶茶用掉了吗",
        "我有张券，点杯奶茶别用掉",
        "我有张券，点了杯奶茶用掉了",
        "孩子有张免单卡点杯奶茶用掉了",
        # spent, and not to be spent
        "我有券，来杯奶茶，不用券",
        "用券来杯奶茶，不用券",
        "我有一张免单卡，来杯奶茶，先别用券",
        "我有券，来杯奶茶，券先留着",
        "券快过期了，来杯奶茶，先不用券",
        "不用券，来杯奶茶，我有券",
        "我有免单卡，不用券，来杯奶茶",
        "我有券来杯奶茶这单不抵扣",
        # which, of something else
        "用卷发棒点杯奶茶",
        "来一杯瑞士卷",
        "来个用券的",
        "来杯奶茶，留着明天用",
        "来杯奶茶，别用券吗",
        "免单的那个卡还能用吗，来杯奶茶",
        "不要用卷，来杯奶茶",
        "用那张，来杯奶茶",
        "用那张桌子，来杯奶茶",
        "别用那张二十五的，来杯奶茶",
        # how many are ordered
        "用两张券点奶茶",
        "用三张券点杯奶茶",
        "免单卡x2 奶茶",
    ],
)
def test_what_may_not_be_spent_is_no_whole_order(text: str) -> None:
    parse = parsed(text)
    assert not parse.complete, parse.answer
