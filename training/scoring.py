"""What counts as right: the whole order, as the contract says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from pydantic import BaseModel

from cascade.orders import OrderIntent, OrderItem
from training.annotation import Example
from training.fields import canonical_fields

Spelling = Callable[[str], str]


def right(answer: Any, example: Example, spelling: Spelling) -> bool:
    """Whether an answer is the labelled one. Nothing is right where no lawful single answer exists."""
    if example.order is None or answer.intent != example.intent:
        return False
    return bool(canonical(answer, spelling) == canonical(example.order, spelling))


def carries(answer: BaseModel) -> bool:
    """Whether an answer says more than its intent."""
    return bool(answer.model_dump(exclude_defaults=True, exclude={"intent"}))


def canonical(order: BaseModel, spelling: Spelling) -> Any:
    """An answer as plain values that compare.

    Spoken values in one spelling, lists as counts; equal items are one of their quantities' sum (一杯给我一杯给弟弟).
    Of the preferences every word must be there and none besides; where one ends and the next begins, and 的, say
    nothing (不含奶的清爽点的 is 不含奶 and 清爽点), so they are compared by the counts of their characters.
    """
    if not isinstance(order, OrderIntent):
        return canonical_fields(order, spelling)
    where = order.fulfilment
    items = _merged(order.items)
    if order.intent == "modify_order":
        # an item of a change with nothing in it says nothing: 改成一杯 and 改一下 alike
        items = [item for item in items if item != {**_item(OrderItem()), "quantity": 1}]
    return {
        "intent": order.intent,
        "items": items,
        "coupon": order.use_coupon,
        "mode": where.mode if where else None,
        "address": _spoken(where.address if where else None, spelling),
        "time": _spoken(where.time if where else None, spelling),
        "budget": order.budget_cny,
        "preferences": _bag("".join(spelling(value) for value in order.preferences).replace("的", "")),
    }


def _merged(items: Iterable[OrderItem]) -> list[dict[str, Any]]:
    merged: list[dict[str, Any]] = []
    for item in items:
        plain = _item(item)
        quantity = plain.pop("quantity")
        same = next((other for other in merged if {**other, "quantity": 0} == {**plain, "quantity": 0}), None)
        if same is None:
            merged.append({**plain, "quantity": quantity})
        else:
            same["quantity"] += quantity
    return merged


def _item(item: OrderItem) -> dict[str, Any]:
    return {**item.model_dump(), "toppings": _bag(item.toppings), "without": _bag(item.without)}


def _bag(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _spoken(value: str | None, spelling: Spelling) -> str | None:
    return None if value is None else spelling(value)
