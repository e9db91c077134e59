"""The notation of the sets: what it can write it reads back, and what it cannot read it names by line."""

from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from cascade.orders import ORDERING_INTENTS, OrderIntent, OrderItem, Size, Sugar, Temperature
from training.annotation import AnnotationError, format_order, parse_line, parse_order, read

INTENTS = ("order_drink", "modify_order", "decline")

WORDS = st.text(
    st.characters(categories=("L", "N", "P", "S"), exclude_characters="_"), min_size=1, max_size=6
).filter(lambda word: word == word.strip() and bool(word.split()))
NAMES = st.lists(WORDS, min_size=1, max_size=2).map(" ".join)
NAME_LISTS = st.lists(NAMES, max_size=3).map(tuple)


def maybe(strategy: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.none() | strategy


ITEMS = st.builds(
    OrderItem,
    drink=maybe(NAMES),
    brand=maybe(NAMES),
    quantity=st.integers(1, 99),
    size=maybe(st.sampled_from(get_args(Size))),
    sugar=maybe(st.sampled_from(get_args(Sugar))),
    temperature=maybe(st.sampled_from(get_args(Temperature))),
    toppings=NAME_LISTS,
    without=NAME_LISTS,
)
FULFILMENTS = st.fixed_dictionaries(
    {},
    optional={"mode": st.sampled_from(["delivery", "pickup"]), "address": NAMES, "time": NAMES},
).map(lambda where: where or None)


def orders(intent: str, items: SearchStrategy[OrderItem]) -> SearchStrategy[OrderIntent]:
    return st.builds(
        OrderIntent,
        intent=st.just(intent),
        items=st.lists(items, max_size=3).map(tuple),
        use_coupon=st.booleans(),
        fulfilment=FULFILMENTS,
        budget_cny=maybe(st.integers(1, 99999).map(lambda cents: cents / 100)),
        preferences=NAME_LISTS,
    )


@given(orders("order_drink", ITEMS))
def test_an_order_is_read_as_it_was_written(order: OrderIntent) -> None:
    assert parse_order(format_order(order), order.intent) == order


@given(orders("modify_order", ITEMS.filter(lambda item: item != OrderItem())))
def test_a_change_is_read_as_it_was_written(order: OrderIntent) -> None:
    assert parse_order(format_order(order), order.intent) == order


def test_a_change_that_names_nothing_of_an_item_changes_no_item() -> None:
    order = parse_order("_ ; mode=delivery addr=公司", "modify_order")
    assert order.items == ()
    assert parse_order("_ ; coupon", "order_drink").items == (OrderItem(),)


def test_every_part_of_the_notation() -> None:
    order = parse_order(
        "drink=珍珠奶茶 brand=喜茶 n=2 size=large sugar=less temp=no_ice +椰果 -珍珠 | drink=果茶 "
        "; coupon mode=delivery addr=公司_3_楼 time=下午三点 budget=20 pref=适合减脂 pref=快",
        "order_drink",
    )
    assert order.items[0] == OrderItem(
        drink="珍珠奶茶",
        brand="喜茶",
        quantity=2,
        size="large",
        sugar="less",
        temperature="no_ice",
        toppings=("椰果",),
        without=("珍珠",),
    )
    assert order.use_coupon
    assert order.budget_cny == 20
    assert order.preferences == ("适合减脂", "快")
    assert order.fulfilment is not None
    assert order.fulfilment.address == "公司 3 楼"


@pytest.mark.parametrize(
    ("notation", "complaint"),
    [
        ("drink=奶茶 drink=果茶", "twice"),
        ("sugar=sweet", "sugar"),
        ("n=0", "whole number"),
        ("n=100", "quantity"),
        ("drink=奶茶 |  | drink=果茶", "nothing in it"),
        ("addr=公司", "none of"),
        ("drink=", "none of"),
        ("drink=奶茶 ; mode=drone", "mode"),
        ("drink=奶茶 ; budget=cheap", "budget"),
        ("drink=奶茶 ; addr=公司 addr=家", "twice"),
        ("drink=奶茶 ; coupon ; coupon", "more than one"),
        ("奶茶", "none of"),
    ],
)
def test_what_is_no_order_is_refused(notation: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_order(notation, "order_drink")


def test_only_ordering_intents_carry_orders() -> None:
    with pytest.raises(ValueError, match="carries no order"):
        parse_order("drink=奶茶", "decline")
    assert "decline" not in ORDERING_INTENTS


def test_a_line_without_a_lawful_answer_has_no_order() -> None:
    assert parse_line("五百杯奶茶\torder_drink\t!\tshort", INTENTS).order is None
    example = parse_line("别点\tdecline\t", INTENTS, "a.tsv", 7)
    assert example.order == OrderIntent(intent="decline")
    assert example.where == "a.tsv:7"


def test_tags_have_names_and_values() -> None:
    example = parse_line("来一杯\torder_drink\t_\tshort mix=bare_order", INTENTS)
    assert example.tag("mix") == "bare_order"
    assert example.tag("pair") is None


def test_every_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.tsv"
    path.write_text(
        "# a comment\n来一杯\torder_drink\t_\n没有\tno_such_intent\n\n多\torder_drink\tn=x\n一\n", "utf-8"
    )
    with pytest.raises(AnnotationError) as caught:
        read(path, INTENTS)
    complaints = str(caught.value).splitlines()
    assert [complaint.split(":")[1] for complaint in complaints] == ["3", "5", "6"]
