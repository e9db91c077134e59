"""The answer every tier gives for the tea-order pack: a structured order intent.

A bundle names its answer model; this is the one that ``tea_order_zh`` names. No other module knows sugar from ice.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Size = Literal["small", "medium", "large", "extra_large"]
Sugar = Literal["none", "light", "half", "less", "regular", "extra"]
Temperature = Literal["extra_ice", "regular_ice", "less_ice", "light_ice", "no_ice", "room", "warm", "hot"]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]

MAX_QUANTITY = 99
ORDERING_INTENTS = frozenset({"order_drink", "modify_order"})


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class OrderItem(_Model):
    """One line of an order. ``None`` and empty mean "not said"; nothing is ever guessed into a slot."""

    drink: Name | None = None
    """Canonical menu name (珍珠奶茶) or generic kind (奶茶)."""
    brand: Name | None = None
    quantity: int = Field(default=1, ge=1, le=MAX_QUANTITY)
    size: Size | None = None
    sugar: Sugar | None = None
    temperature: Temperature | None = None
    toppings: tuple[Name, ...] = ()
    """Canonical names to add."""
    without: tuple[Name, ...] = ()
    """Canonical names to leave out."""


class Fulfilment(_Model):
    """How the order reaches the speaker; ``address`` and ``time`` as spoken."""

    mode: Literal["delivery", "pickup"] | None = None
    address: Name | None = None
    time: Name | None = None


class OrderIntent(_Model):
    """What the speaker wants, whole: one of the pack's intents and, for an order, every part of it.

    Immutable, so that one answer may be shared by many results and threads.
    """

    intent: str
    items: tuple[OrderItem, ...] = ()
    """In the order spoken; empty unless ``order_drink`` or ``modify_order``."""
    use_coupon: bool = False
    fulfilment: Fulfilment | None = None
    budget_cny: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Upper price bound in yuan."""
    preferences: tuple[Name, ...] = ()
    """What was asked for and no slot holds, as spoken, in the order spoken."""

    @model_validator(mode="after")
    def _only_orders_carry_orders(self) -> Self:
        if self.intent not in ORDERING_INTENTS and self.carries_order:
            raise ValueError(f"an answer of intent {self.intent!r} carries no order")
        return self

    @property
    def carries_order(self) -> bool:
        """Whether any part of an order is filled."""
        return bool(
            self.items
            or self.use_coupon
            or self.fulfilment
            or self.budget_cny is not None
            or self.preferences
        )
