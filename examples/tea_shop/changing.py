"""Changing and cancelling the last order."""

from __future__ import annotations

from typing import Any

from cascade.orders import OrderIntent, OrderItem
from examples.tea_shop import basket, menu, orders, vouchers
from examples.tea_shop.actions import NOTHING, Action, Ask, Outcome, choice, yes
from examples.tea_shop.basket import Line
from examples.tea_shop.context import Turning
from examples.tea_shop.models import Order
from examples.tea_shop.ordering import doubt_amount, price, sure
from examples.tea_shop.orders import Wish
from examples.tea_shop.texts import english, said

NO_ORDER = Outcome(text=said("没有可以改动的订单。", "There is no order to change."), kind="nothing")
TOO_LATE = Outcome(
    text=said("这单已经在做了，改不了。", "That order is being made; it cannot be changed any more."),
    kind="nothing",
)
UNSEEN = Outcome(
    text=said("没听清要改什么，订单没有动。", "It is not clear what to change; the order stands as it was."),
    kind="nothing",
)
NO_VOUCHER = Outcome(
    text=said("没有可用的券，订单没有动。", "No voucher to use; the order stands."), kind="nothing"
)
CUPS_CHOSEN = "cups"


class NoVoucher(Exception):
    """A voucher is wanted, and there is none."""


def cancel(turn: Turning, action: Action) -> Outcome:
    """Cancel the last order."""
    order = _meant(turn, action)
    if not isinstance(order, Order):
        return order
    had_voucher = order.voucher_id is not None
    orders.cancel(turn, order)
    text = said("已取消：", "Cancelled:") + basket.told(orders.lines_of(order)) + said("。", ".")
    if had_voucher:
        text += said("券已退回。", "Your voucher is yours again.")
    return Outcome(text=text, kind="cancelled", order=order.id)


def use_voucher(turn: Turning, action: Action) -> Outcome:
    """Use the best free voucher for the last order."""
    order = _meant(turn, action)
    if not isinstance(order, Order):
        return order
    free = vouchers.free(turn.session, turn.customer)
    if order.voucher_id is not None or not free:
        return NO_VOUCHER
    wish = orders.wish_of(turn.session, order)
    orders.amend(turn, order, Wish(wish.lines, wish.fulfilment, wish.note, free[0]))
    return Outcome(text=said("券用上了。", "Voucher used.") + price(order), kind="changed", order=order.id)


def modify(turn: Turning, action: Action) -> Outcome:
    """Change the last order as the answer says; what is not said stays as it was."""
    order = _meant(turn, action)
    if not isinstance(order, Order):
        return order
    before = orders.wish_of(turn.session, order)
    try:
        after = _changed(turn, action, before)
    except NoVoucher:
        return NO_VOUCHER
    if after is None or after == before:
        return UNSEEN
    total = basket.total_cents(after.lines)
    doubt_amount(action, after.lines, total - (min(after.voucher.value_cents, total) if after.voucher else 0))
    orders.amend(turn, order, after)
    text = said("改好了：", "Changed:") + basket.told(after.lines) + said("。", ".") + price(order)
    return Outcome(text=text, kind="changed", order=order.id)


def _meant(turn: Turning, action: Action) -> Order | Outcome:
    order = (
        turn.session.get(Order, action.order) if action.order else orders.last(turn.session, turn.customer)
    )
    if order is None or order.customer_id != turn.customer or order.state not in ("placed", "accepted"):
        return NO_ORDER
    return order if orders.changeable(order, turn.now) else TOO_LATE


def _changed(turn: Turning, action: Action, before: Wish) -> Wish | None:
    answer = action.answer
    assert answer is not None
    if len(answer.items) > 1:
        return None
    lines = before.lines
    if answer.items and _said(answer.items[0]):
        at = _line(action, answer, lines)
        lines = (*lines[:at], _overlaid(action, lines[at], answer.items[0]), *lines[at + 1 :])
    voucher = before.voucher
    if answer.use_coupon and voucher is None:
        free = vouchers.free(turn.session, turn.customer)
        if not free:
            raise NoVoucher
        voucher = free[0]
    told = answer.fulfilment.model_dump(exclude_none=True) if answer.fulfilment else {}
    note = "；".join(part for part in (before.note, *answer.preferences, action.note) if part)
    return Wish(lines, {**(before.fulfilment or {}), **told} or None, note, voucher)


def _said(item: OrderItem) -> dict[str, Any]:
    """What the item names; a quantity only where it was spoken."""
    told = item.model_dump(exclude_defaults=True)
    if "quantity" in item.model_fields_set:
        told["quantity"] = item.quantity
    return told


def _line(action: Action, answer: OrderIntent, lines: tuple[Line, ...]) -> int:
    """Which line is meant. Several lines are asked about."""
    if action.line is not None:
        return action.line
    if len(lines) == 1:
        return 0
    options = [choice(line.told(), action.model_copy(update={"line": at})) for at, line in enumerate(lines)]
    raise Ask(said("改哪一个？", "Which one is to be changed?"), [*options, NOTHING])


def _overlaid(action: Action, line: Line, item: OrderItem) -> Line:
    told = _said(item)
    brand = told.pop("brand", None)
    if brand is not None and "brand" not in action.waived:
        raise Ask(
            said(f"这里不是{brand}。换成我们家的吗？", f"We are not {brand}. Take ours?"),
            sure(action, "brand"),
        )
    alone = set(told) == {"quantity"}
    if not alone and told.get("quantity") == 1 and line.quantity > 1:
        told.pop("quantity")
        if CUPS_CHOSEN not in action.about:
            raise _how_many(action, line, item)
    if "drink" in told:
        told["product"] = _product(action, told.pop("drink"))
    if "toppings" in told:
        told["toppings"] = tuple(dict.fromkeys((*line.toppings, *told["toppings"])))
    if "without" in told:
        told["toppings"] = tuple(
            name for name in told.get("toppings", line.toppings) if name not in told["without"]
        )
        told["without"] = tuple(dict.fromkeys((*line.without, *told["without"])))
    return basket.priced(line, **told)


def _how_many(action: Action, line: Line, item: OrderItem) -> Ask:
    """ "One large one" of an order of three: all three, or one in their place?"""
    assert action.answer is not None
    without = OrderItem(**item.model_dump(exclude_unset=True, exclude={"quantity"}))
    every = action.model_copy(
        update={"answer": action.answer.model_copy(update={"items": (without,)}), "about": CUPS_CHOSEN}
    )
    return Ask(
        said(f"{line.quantity} 杯都改吗？", f"Change all {line.quantity} cups?"),
        [yes(said("都改", "All of them"), every), NOTHING],
    )


def _product(action: Action, drink: str) -> str:
    found = menu.products(drink)
    if not found:
        raise basket.NotSold(drink)
    if len(found) == 1:
        return found[0].name
    assert action.answer is not None
    item = action.answer.items[0]
    options = [
        choice(
            said(product.name, english(product.name)),
            action.model_copy(
                update={
                    "answer": action.answer.model_copy(
                        update={"items": (item.model_copy(update={"drink": product.name}),)}
                    )
                }
            ),
        )
        for product in found
    ]
    raise Ask(said("换成哪一种？", "Change it to which one?"), [*options, NOTHING])
