"""Words that forbid an order, said as talk: in a clause of their own, before one that plainly orders."""

import pytest
from classifier_kit import Scripted, copied

from cascade.bundle import Bundle
from cascade.result import Proposal


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Scripted:
    return Scripted(Bundle.open(copied(tmp_path_factory.mktemp("bundles") / "tea")))


def completed(scripted: Scripted, text: str, drink: str) -> bool:
    outcome = scripted.propose(text, "order_drink", drink=drink)
    return isinstance(outcome, Proposal) and outcome.complete


@pytest.mark.parametrize(
    ("text", "drink"),
    [
        ("打牌呢，我们等着，来杯绿茶", "绿茶"),
        ("泡脚呢 红茶一杯", "红茶"),
        ("补课回来了，点个草莓奶茶", "草莓奶茶"),
        ("看到广告来的，帮我点一杯奶茶", "奶茶"),
        ("昨晚没睡好，给我来杯拿铁", "拿铁"),
        ("我朋友说好喝 来杯果茶", "果茶"),
        ("怎么用啊，算了直接帮我点杯奶茶", "奶茶"),
        ("姐妹都喝上了就我没有 给我也点一杯奶茶", "奶茶"),
        ("听说你能点奶茶，那给我来一杯", "奶茶"),
        ("有没有奶茶，给我一杯", "奶茶"),
        ("奶茶能点吧？点一杯", "奶茶"),
    ],
)
def test_talk_forbids_nothing(scripted: Scripted, text: str, drink: str) -> None:
    assert completed(scripted, text, drink)


@pytest.mark.parametrize(
    ("text", "drink"),
    [
        ("本来想喝奶茶，来杯果茶", "果茶"),  # names what may be taken back
        ("奶茶，不对，来杯果茶", "果茶"),
        ("不对，奶茶，来杯果茶", "果茶"),
        ("他点了，我说奶茶", "奶茶"),
        ("刚才那杯错了，来杯奶茶", "奶茶"),  # points at an order that exists
        ("他说，帮我点杯奶茶", "奶茶"),  # tells what somebody said
        ("我朋友说：来杯奶茶", "奶茶"),
        ("他怎么说的：来杯奶茶", "奶茶"),
        ("练习呢，来杯奶茶", "奶茶"),
        ("如果在呢，来杯奶茶", "奶茶"),  # a condition is no talk
        ("明天见呢，来杯奶茶", "奶茶"),
        ("怎么卖，奶茶一杯", "奶茶"),  # may ask about what it names
        ("怎么用啊，来杯奶茶？", "奶茶"),
        ("有没有奶茶店，给我一杯", "奶茶"),
        ("能退奶茶吗，来一杯", "奶茶"),
        ("有没有奶茶，来一杯果茶", "奶茶|果茶"),
    ],
)
def test_what_is_no_talk_holds_the_order_back(scripted: Scripted, text: str, drink: str) -> None:
    assert not completed(scripted, text, drink)


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("失恋第三天，来杯奶茶", True),
        ("来杯奶茶吧，今天第一次喝", True),
        ("来第三天奶茶", False),
        ("第三，来杯奶茶", False),
        ("第三个，来杯奶茶", False),
    ],
)
def test_a_number_in_a_clause_that_names_nothing_counts_nothing(
    scripted: Scripted, text: str, complete: bool
) -> None:
    assert completed(scripted, text, "奶茶") == complete
