"""What is said of a coupon beside an order: a model's word alone spends none that is not there, or not to be spent."""

from typing import Any

import pytest
from classifier_kit import Scripted, copied

from cascade.bundle import Bundle
from cascade.result import Proposal


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Scripted:
    return Scripted(Bundle.open(copied(tmp_path_factory.mktemp("bundles") / "tea")))


def completed(scripted: Scripted, text: str, intent: str = "order_drink", **fields: Any) -> bool:
    outcome = scripted.propose(text, intent, **fields)
    return isinstance(outcome, Proposal) and outcome.complete


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("券被我删了，那就直接点吧，奶茶一杯", "券"),
        ("你们那券我没领，直接来三杯奶茶", "券"),
        ("室友薅了张券，我没薅着，给我点杯奶茶", "券"),
        ("免单卡我要给孙女的你不要动给我老头子来一杯奶茶", "免单卡"),
        ("我把券转给闺蜜了，我来杯奶茶", "券"),
        ("券忘记领了，来杯奶茶", "券"),
        ("那张券我周末再说，来杯奶茶", "那张券"),
    ],
)
def test_a_coupon_that_is_not_there_or_is_kept_is_not_spent(scripted: Scripted, text: str, flag: str) -> None:
    assert not completed(scripted, text, use_coupon=flag, drink="奶茶")


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("券别浪费了喂，一杯奶茶", "券"),
        ("忘了用券啊老铁，券给我补上，奶茶一杯", "用券"),
        ("打工人薅公司的羊毛，用券来杯奶茶", "用券"),
        ("没带钱包，用券来杯奶茶", "用券"),  # what is not there is something else
        ("退休教师第一次点，用那个卡，奶茶", "用那个卡"),
    ],
)
def test_other_words_beside_a_coupon_keep_nothing(scripted: Scripted, text: str, flag: str) -> None:
    assert completed(scripted, text, use_coupon=flag, drink="奶茶")


@pytest.mark.parametrize(
    ("text", "completes"),
    [
        ("我要白嫖一杯奶茶", False),
        ("零元购！来杯奶茶", False),
        ("0元购！来杯奶茶", False),
        ("我不白嫖，正经买一杯奶茶", True),
        ("手头还有20元，来杯奶茶", False),  # for how much, and not for nothing
        ("先不用券，哎还是用吧，来杯奶茶", False),
        ("不稀罕那张券，直接下单一杯奶茶", True),
    ],
)
def test_a_coupon_that_may_be_asked_for_is_not_forgotten(
    scripted: Scripted, text: str, completes: bool
) -> None:
    assert completed(scripted, text, drink="奶茶") is completes


@pytest.mark.parametrize(
    ("text", "completes"),
    [
        ("我等会儿下班了再用那张券", False),
        ("刚下的那单，免单卡先不用", False),
        ("刚下的单把优惠券撤了", False),
        ("刚下单的三杯都给我抵券", False),
        ("刚点的两杯，帮我抵券", False),
        ("刚才那单忘用券了，抵券", True),
        ("没付的那单，帮我抵券", True),
    ],
)
def test_a_change_spends_a_coupon_only_where_it_is_asked_to(
    scripted: Scripted, text: str, completes: bool
) -> None:
    flag = next(word for word in ("抵券", "那张券", "免单卡", "优惠券") if word in text)
    assert completed(scripted, text, "modify_order", use_coupon=flag) is completes
