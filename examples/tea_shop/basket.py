"""From what was understood to what the shop makes: lines with prices, or the doubt that must be cleared first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict

from cascade.orders import OrderItem, Size, Sugar, Temperature
from examples.tea_shop import menu
from examples.tea_shop.texts import Said, english, joined, said, word


class Line(BaseModel):
    """So many cups of one drink, made alike; ``cents`` is the price of one."""

    model_config = ConfigDict(frozen=True)
    product: str
    quantity: int
    size: Size | None = None
    sugar: Sugar | None = None
    temperature: Temperature | None = None
    toppings: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    cents: int

    def told(self) -> Said:
        """The line as it is said to people."""
        return said(f"{self.quantity} 杯", f"{self.quantity} ×") + self.made()

    def made(self) -> Said:
        """The drink and how it is made, without the quantity."""
        parts = [said(self.product, english(self.product))]
        parts += [word(code) for code in (self.size, self.temperature) if code]
        if self.sugar:
            parts.append(word(f"sugar:{self.sugar}"))
        parts += [said(f"加{name}", f"with {english(name)}") for name in self.toppings]
        parts += [said(f"不要{name}", f"no {english(name)}") for name in self.without]
        return joined(parts, " · ", " · ")


class NotSold(Exception):
    """The shop does not make it. ``name`` is what was asked for."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Several(Exception):
    """The name fits several drinks: the customer chooses. ``item`` counts from 0."""

    def __init__(self, item: int, choices: Iterable[str]) -> None:
        super().__init__(item)
        self.item = item
        self.choices = tuple(choices)


def lines(items: Iterable[OrderItem]) -> list[Line]:
    """The priced lines of an order; every item names a drink.

    Raises :class:`NotSold` and :class:`Several`: nothing is left out and nothing is chosen for the customer.
    """
    return [_line(at, item) for at, item in enumerate(items)]


def _line(at: int, item: OrderItem) -> Line:
    found = menu.products(item.drink or "")
    if not found:
        raise NotSold(item.drink or "")
    if len(found) > 1:
        raise Several(at, (product.name for product in found))
    made = item.model_dump(include={"quantity", "size", "sugar", "temperature", "toppings", "without"})
    return priced(Line(product=found[0].name, cents=0, **made))


def priced(line: Line, **changed: Any) -> Line:
    """The line with its price, after changes to it; raises :class:`NotSold` for toppings that are not on the menu."""
    new = line.model_copy(update=changed)
    missing = next((name for name in new.toppings if name not in menu.TOPPINGS), None)
    if missing is not None:
        raise NotSold(missing)
    (product,) = menu.products(new.product)
    extra = sum(menu.TOPPINGS[name][1] for name in new.toppings)
    return new.model_copy(update={"cents": product.cents + menu.SIZES[new.size or "medium"] + extra})


def total_cents(order: Iterable[Line]) -> int:
    """The price of the whole order."""
    return sum(line.cents * line.quantity for line in order)


def told(order: Iterable[Line]) -> Said:
    """All lines as they are said to people."""
    return joined((line.told() for line in order), "；", "; ")
