"""What the shop sells and for how much, in cents of a yuan.

Names are those that the ``tea_order_zh`` pack answers with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """One drink. ``kinds`` are the general names it also answers to; ``colour`` is what the cup looks like."""

    name: str
    english: str
    cents: int
    colour: str
    kinds: tuple[str, ...] = ()


PRODUCTS: Sequence[Product] = (
    Product("奶茶", "House milk tea", 1200, "#c89b6d"),
    Product("珍珠奶茶", "Pearl milk tea", 1500, "#b9835a"),
    Product("芋泥波波奶茶", "Taro boba milk tea", 1900, "#a98bc0"),
    Product("茉莉奶绿", "Jasmine green milk tea", 1400, "#b7bf7f"),
    Product("杨枝甘露", "Mango pomelo sago", 2100, "#f2b04c", ("果茶", "水果茶", "鲜果茶")),
    Product("手打柠檬茶", "Hand-pounded lemon tea", 1600, "#e3c64a", ("柠檬茶", "果茶", "水果茶", "鲜果茶")),
    Product("四季春茶", "Four seasons oolong", 1000, "#c7b24f", ("纯茶", "乌龙茶", "茶")),
    Product("拿铁", "Latte", 1800, "#9c7350", ("咖啡",)),
    Product("美式", "Americano", 1300, "#5b3f2e", ("咖啡", "美式咖啡")),
)
TOPPINGS: Mapping[str, tuple[str, int]] = {
    "珍珠": ("tapioca pearls", 200),
    "椰果": ("coconut jelly", 200),
    "布丁": ("pudding", 300),
    "红豆": ("red beans", 200),
    "芋圆": ("taro balls", 300),
    "奶盖": ("cheese foam", 400),
}
SIZES: Mapping[str, int] = {"small": -200, "medium": 0, "large": 300, "extra_large": 500}

FREE_CARD_CENTS = 2500
CAMPAIGN_CENTS = 500


def products(drink: str) -> Sequence[Product]:
    """The drinks meant by a name: one of that name, else all of that kind; empty when the shop has none."""
    exact = tuple(product for product in PRODUCTS if product.name == drink)
    return exact or tuple(product for product in PRODUCTS if drink in product.kinds)
