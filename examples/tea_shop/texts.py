"""What the shop says, in both languages, and how orders are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ConfigDict

from examples.tea_shop.menu import PRODUCTS, TOPPINGS


class Said(BaseModel):
    """One text in Chinese and in English."""

    model_config = ConfigDict(frozen=True)
    zh: str
    en: str

    def __add__(self, other: Said) -> Said:
        between = " " if self.en and other.en and other.en[0] not in ".,;:" else ""
        return Said(zh=self.zh + other.zh, en=self.en + between + other.en)


ENGLISH: Mapping[str, str] = {product.name: product.english for product in PRODUCTS} | {
    name: english for name, (english, _) in TOPPINGS.items()
}
WORDS: Mapping[str, tuple[str, str]] = {
    "small": ("小杯", "small"),
    "medium": ("中杯", "medium"),
    "large": ("大杯", "large"),
    "extra_large": ("超大杯", "extra large"),
    "sugar:none": ("无糖", "no sugar"),
    "sugar:light": ("微糖", "30% sugar"),
    "sugar:half": ("半糖", "50% sugar"),
    "sugar:less": ("少糖", "70% sugar"),
    "sugar:regular": ("正常糖", "regular sugar"),
    "sugar:extra": ("多糖", "extra sugar"),
    "extra_ice": ("多冰", "extra ice"),
    "regular_ice": ("正常冰", "regular ice"),
    "less_ice": ("少冰", "less ice"),
    "light_ice": ("微冰", "light ice"),
    "no_ice": ("去冰", "no ice"),
    "room": ("常温", "room temperature"),
    "warm": ("温", "warm"),
    "hot": ("热", "hot"),
}


def yuan(cents: int) -> str:
    """An amount as it is shown: ¥12 or ¥12.50."""
    whole, rest = divmod(cents, 100)
    return f"¥{whole}" if not rest else f"¥{whole}.{rest:02}"


def english(name: str) -> str:
    """The English name of a product or topping; the Chinese one where the menu has none."""
    return ENGLISH.get(name, name)


def word(code: str) -> Said:
    """A size, sugar or temperature as it is said."""
    zh, en = WORDS[code]
    return Said(zh=zh, en=en)


def joined(parts: Iterable[Said], zh: str = "、", en: str = ", ") -> Said:
    """Several texts in a row."""
    told = list(parts)
    return Said(zh=zh.join(part.zh for part in told), en=en.join(part.en for part in told))


def said(zh: str, en: str) -> Said:
    """A text in both languages."""
    return Said(zh=zh, en=en)
