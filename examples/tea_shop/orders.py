"""Orders: placed, changed and cancelled, each with its voucher and its outbox entry in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from examples.tea_shop import basket, outbox
from examples.tea_shop.basket import Line
from examples.tea_shop.context import Turning, lock, new_id
from examples.tea_shop.models import LIVE, Order, Voucher
from examples.tea_shop.remotes import ShopAnswer

CHANGE_WINDOW_S = 600.0
"""How long an order can be changed or cancelled, in seconds; then it is being made."""
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Wish:
    """An order as the customer wants it: everything but its place in the books."""

    lines: tuple[Line, ...]
    fulfilment: dict[str, Any] | None = None
    note: str = ""
    voucher: Voucher | None = None


def place(turn: Turning, wish: Wish) -> Order:
    """Write the order, its voucher's use and the message to the shop."""
    counted = select(func.max(Order.serial)).where(Order.customer_id == turn.customer)
    order = Order(
        id=new_id(),
        customer_id=turn.customer,
        key=turn.key,
        serial=1 + (turn.session.scalar(counted) or 0),
        state="placed",
        version=1,
        shop_number=None,
        placed_at=turn.now,
    )
    _fill(order, wish)
    turn.session.add(order)
    _tell(turn, order, "place")
    return order


def amend(turn: Turning, order: Order, wish: Wish) -> None:
    """Make a live order stand as wished from now on."""
    order.version += 1
    _fill(order, wish)
    _tell(turn, order, "amend")


def cancel(turn: Turning, order: Order) -> None:
    """Cancel a live order; its voucher is free again by that."""
    order.version += 1
    order.state = "cancelled"
    _tell(turn, order, "cancel")


def heard(session: Session, order_id: str, answer: ShopAnswer) -> None:
    """What the shop said of an order, however often it says so.

    A refused order is no longer live, which gives its voucher back; one that was cancelled meanwhile stays so.
    """
    order = session.get(Order, order_id)
    if order is None:
        return
    lock(session, order.customer_id)
    session.refresh(order)
    if not answer.accepted:
        order.state = "refused" if order.state in LIVE else order.state
        return
    order.shop_number = answer.number
    if order.state == "placed":
        order.state = "accepted"


def last(session: Session, customer: str) -> Order | None:
    """The customer's newest live order."""
    return session.scalar(
        select(Order)
        .where(Order.customer_id == customer, Order.state.in_(LIVE))
        .order_by(Order.serial.desc())
        .limit(1)
    )


def recent(session: Session, customer: str) -> Sequence[Order]:
    """The customer's newest orders, whatever became of them."""
    return session.scalars(
        select(Order).where(Order.customer_id == customer).order_by(Order.serial.desc()).limit(SHOWN)
    ).all()


def wish_of(session: Session, order: Order) -> Wish:
    """The order as it stands, to be changed."""
    voucher = session.get(Voucher, order.voucher_id) if order.voucher_id else None
    return Wish(lines_of(order), order.fulfilment, order.note, voucher)


def lines_of(order: Order) -> tuple[Line, ...]:
    """The lines of an order."""
    return tuple(Line.model_validate(line) for line in order.lines)


def changeable(order: Order, now: float) -> bool:
    """Whether the shop has not begun with it."""
    return order.state in LIVE and now - order.placed_at <= CHANGE_WINDOW_S


def _fill(order: Order, wish: Wish) -> None:
    order.lines = [line.model_dump(mode="json") for line in wish.lines]
    order.fulfilment = wish.fulfilment
    order.note = wish.note
    order.total_cents = basket.total_cents(wish.lines)
    order.voucher_id = wish.voucher.id if wish.voucher else None
    order.discount_cents = min(wish.voucher.value_cents, order.total_cents) if wish.voucher else 0


def _tell(turn: Turning, order: Order, do: str) -> None:
    body = {
        "lines": order.lines,
        "fulfilment": order.fulfilment,
        "note": order.note,
        "total_cents": order.total_cents,
        "discount_cents": order.discount_cents,
        "voucher": order.voucher_id,
    }
    payload = {"do": do, "order": order.id, "version": order.version, "body": body}
    outbox.put(turn.session, topic=order.id, kind="shop", key=turn.key_of(do), payload=payload, now=turn.now)
