"""Addresses that the grammar reads by itself, where they end, and clauses that only say where somebody is."""

from __future__ import annotations

from typing import Any

import pytest

from grammar.kit import order, parsed

TEA: dict[str, Any] = {"drink": "奶茶"}


@pytest.mark.parametrize(
    "place",
    [
        "老年活动中心",
        "体育西路地铁站A口",
        "静安寺地铁口",
        "高铁站进站口",
        "操场看台",
        "村口小卖部",
        "急诊分诊台",
        "研发部",
        "软件园二期",
        "我妈家",
        "导师办公室",
        "宿管那儿",
        "卖鱼那里",
        "沙滩入口那",
        "锦园3-401",
        "荷塘月色3-2",
        "北楼四零二",
        "7栋302",
        "外企楼13F",
        "水库露营地B12",
        "22楼A",
        "签证中心楼下喷泉",
        "公园天桥下面",
        "二十二楼茶水吧",
    ],
)
def test_an_address_is_read_to_its_end(place: str) -> None:
    parse = parsed(f"来杯奶茶送到{place}")
    assert parse.complete, parse
    assert parse.answer == order(TEA, fulfilment={"mode": "delivery", "address": place})


@pytest.mark.parametrize(
    "wish", ["到了打电话", "放门口就行", "骑手慢点没关系", "分两袋装", "杯盖盖紧", "路上别洒了"]
)
@pytest.mark.parametrize("pause", ["", " ", "，"])
def test_a_wish_begins_where_the_address_ends(wish: str, pause: str) -> None:
    parse = parsed(f"来杯奶茶送到7栋302{pause}{wish}")
    assert parse.complete, parse
    where = {"mode": "delivery", "address": "7栋302"}
    assert parse.answer == order(TEA, fulfilment=where, preferences=[wish])


@pytest.mark.parametrize(
    "text",
    [
        "来杯奶茶送到302两杯",
        "来杯奶茶送到3号楼13812345678",
        "一杯奶茶送到A口还是B口",
        "奶茶送我妈家一杯送我家一杯",
        "送到活动中心的那杯奶茶呢",
        "来2-3杯奶茶",
        "来杯奶茶送到三楼王姐那边催一下",
        "送错校区啦，我在新校区南苑食堂，改一下",
        "给食堂那边送二十杯绿豆沙",
    ],
)
def test_what_may_be_no_address_or_two_is_not_taken(text: str) -> None:
    assert not parsed(text).complete


@pytest.mark.parametrize(
    ("text", "place"),
    [("给教研室送两杯奶茶", "教研室"), ("小千，给一号会议室送两杯奶茶", "一号会议室")],
)
def test_what_is_brought_to_a_room_goes_there(text: str, place: str) -> None:
    parse = parsed(text)
    assert parse.complete, parse
    where = {"mode": "delivery", "address": place}
    assert parse.answer == order({**TEA, "quantity": 2}, fulfilment=where)


@pytest.mark.parametrize(
    "text",
    [
        "给会议室送过两杯奶茶",
        "别给会议室送两杯奶茶",
        "给教室送的奶茶到了吗",
        "谁给实验室送两杯奶茶",
        "给公司点两杯奶茶",
    ],
)
def test_nobody_brings_what_is_told_or_forbidden(text: str) -> None:
    assert not parsed(text).complete


@pytest.mark.parametrize("where", ["我在图书馆", "我去三号楼", "俺在操场看台"])
def test_where_somebody_is_says_nothing_beside_where_it_goes(where: str) -> None:
    parse = parsed(f"{where}，来杯奶茶送到二楼自习室")
    assert parse.complete, parse
    assert parse.answer == order(TEA, fulfilment={"mode": "delivery", "address": "二楼自习室"})


@pytest.mark.parametrize(
    "text",
    [
        "我在图书馆，来杯奶茶",
        "我在公司，给我送一杯奶茶",
        "我在公司，奶茶送到哪了",
        "我在图书馆来杯奶茶送到二楼吗",
        "来杯奶茶送到公司我在楼下",
    ],
)
def test_where_somebody_is_may_be_where_it_goes(text: str) -> None:
    assert not parsed(text).complete


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("来杯奶茶，我去万达店自取", "万达店"),
        ("来杯奶茶我到虹桥站店自提", "虹桥站店"),
        ("去商场负一楼自提一杯奶茶", "商场负一楼"),
        ("奶茶一杯去学校门口自己拿", "学校门口"),
    ],
)
def test_who_goes_there_says_where(text: str, place: str) -> None:
    parse = parsed(text)
    assert parse.complete, parse
    assert parse.answer == order(TEA, fulfilment={"mode": "pickup", "address": place})


@pytest.mark.parametrize(
    "text",
    [
        "我到万达店自取了一杯奶茶",  # told
        "去万达店自取的奶茶",
        "我妈去万达店自取，来杯奶茶",  # somebody else goes
        "送到公司，来杯奶茶，我去前台自取",  # two places
        "别去万达店自取，来杯奶茶",
        "从万达店自取，来杯奶茶",
    ],
)
def test_nobody_goes_where_that_is_told_or_forbidden(text: str) -> None:
    assert not parsed(text).complete
