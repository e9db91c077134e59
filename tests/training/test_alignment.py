"""Where labelled values are said: in any form of the lexicon, the longest first, and missing ones are named."""

import pytest

from training.alignment import KINDS, TAG_NUMBER, TAGS, Aligner
from training.annotation import parse_order
from training.dataset import spans
from training.lexicon import Lexicon

LEXICON = Lexicon(
    {
        "brand": {"喜茶": ("heytea",), "一点点": ()},
        "drink": {"珍珠奶茶": ("珍奶",), "奶茶": (), "拿铁": ()},
        "topping": {"珍珠": (), "椰果": ("耶果",)},
        "sugar": {"less": ("少糖", "少塘"), "none": ("不加糖", "无糖")},
        "temperature": {"no_ice": ("去冰", "去病")},
        "size": {"large": ("大杯",)},
        "measure": {"杯": ("本",), "份": ()},
        "coupon": {"use": ("用券", "用免单卡")},
    }
)
ALIGNER = Aligner(LEXICON, str.lower)


def found(text: str, notation: str, intent: str = "order_drink") -> dict[str, str]:
    alignment = ALIGNER.align(text, parse_order(notation, intent))
    assert alignment.missing == ()
    places = {find.kind: text[find.start : find.end] for find in alignment.finds}
    seen = [span.kind for span in spans(alignment.tags(len(text)))]
    assert seen == [find.kind for find in alignment.finds]
    return places


def test_values_are_found_in_any_form() -> None:
    assert found("来两杯珍奶少塘去病,用免单卡", "drink=珍珠奶茶 n=2 sugar=less temp=no_ice ; coupon") == {
        "quantity": "两杯",
        "drink": "珍奶",
        "sugar": "少塘",
        "temperature": "去病",
        "use_coupon": "用免单卡",
    }


def test_a_topping_inside_a_name_is_the_name() -> None:
    places = found("珍珠奶茶加椰果", "drink=珍珠奶茶 +椰果")
    assert places == {"drink": "珍珠奶茶", "toppings": "椰果"}


def test_what_is_left_out_is_marked_apart() -> None:
    assert found("奶茶不要珍珠", "drink=奶茶 -珍珠")["without"] == "珍珠"


def test_open_values_stand_as_they_are() -> None:
    places = found(
        "奶茶送到公司楼下,下午三点,适合减脂",
        "drink=奶茶 ; mode=delivery addr=公司楼下 time=下午三点 pref=适合减脂",
    )
    assert places["fulfilment.address"] == "公司楼下"
    assert places["fulfilment.time"] == "下午三点"
    assert places["fulfilment.mode"] == "送到"
    assert places["preferences"] == "适合减脂"


@pytest.mark.parametrize("said", ["20块以内", "不超过二十", "二十元"])
def test_budgets_are_found_by_their_worth(said: str) -> None:
    assert found(f"奶茶,{said}", "drink=奶茶 ; budget=20")["budget_cny"] in ("20", "二十")


def test_the_value_after_a_correction_is_found_and_the_one_before_is_not() -> None:
    alignment = ALIGNER.align("少糖,不对,无糖的奶茶", parse_order("drink=奶茶 sugar=none", "order_drink"))
    assert [find.value for find in alignment.finds if find.kind == "sugar"] == ["none"]


def test_what_is_not_said_is_named() -> None:
    alignment = ALIGNER.align("来一杯", parse_order("drink=拿铁 sugar=less", "order_drink"))
    assert alignment.missing == (("drink", "拿铁"), ("sugar", "less"))


def test_tags_number_every_kind() -> None:
    assert len(TAGS) == 2 * len(KINDS) + 1
    assert [TAG_NUMBER[tag] for tag in TAGS] == list(range(len(TAGS)))


def test_the_names_of_the_kinds_are_fields_of_the_answer() -> None:
    from cascade.orders import Fulfilment, OrderIntent, OrderItem

    fields = (
        {*OrderItem.model_fields}
        | {*OrderIntent.model_fields}
        | {f"fulfilment.{name}" for name in Fulfilment.model_fields}
    )
    assert set(KINDS) <= fields
