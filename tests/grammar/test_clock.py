"""Times as a clock shows them: 17:45."""

from __future__ import annotations

import pytest

from grammar.kit import order, parsed


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("热奶茶一杯，15:30送到公司", "15:30"),
        ("15:30前送到公司，热奶茶一杯", "15:30前"),
        ("热奶茶一杯，下午3:20送到公司", "下午3:20"),
        ("7:50送到公司，热奶茶一杯", "7:50"),
    ],
)
def test_a_time_may_be_written_with_a_colon(text: str, time: str) -> None:
    parse = parsed(text)
    assert parse.complete, parse
    where = {"mode": "delivery", "address": "公司", "time": time}
    assert parse.answer == order({"drink": "奶茶", "temperature": "hot"}, fulfilment=where)


@pytest.mark.parametrize(
    "text",
    ["奶茶2:1", "奶茶 3:20杯", "奶茶，25:10", "奶茶，10:75", "备注:3:30两杯奶茶", "奶茶3:20块"],
)
def test_other_numbers_beside_a_colon_are_no_time(text: str) -> None:
    assert not parsed(text).complete
