"""What the page shows: plain data about the menu and one customer."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from examples.tea_shop import invitations, menu, orders, telling, turns, vouchers
from examples.tea_shop.models import Customer, Order, Question, Turn, Voucher
from examples.tea_shop.texts import said, yuan


def the_menu() -> dict[str, Any]:
    """Drinks and toppings with prices."""
    return {
        "products": [
            {
                "name": product.name,
                "en": product.english,
                "price": yuan(product.cents),
                "colour": product.colour,
            }
            for product in menu.PRODUCTS
        ],
        "toppings": [
            {"name": name, "en": english, "price": yuan(cents)}
            for name, (english, cents) in menu.TOPPINGS.items()
        ],
    }


def of_customer(session: Session, customer: Customer, conversation: str) -> dict[str, Any]:
    """Everything about one customer that their page shows."""
    open_now = (
        session.query(Question)
        .filter_by(customer_id=customer.id, conversation=conversation, state="open")
        .first()
    )
    return {
        "orders": [order_view(order) for order in orders.recent(session, customer.id)],
        "vouchers": [_voucher(voucher, used) for voucher, used in vouchers.of(session, customer.id)],
        "invite": customer.invite_code,
        "invited": invitations.brought(session, customer.id),
        "turns": [_turn(turn) for turn in turns.of(session, customer.id, conversation)],
        "open": open_now.id if open_now else None,
    }


def order_view(order: Order) -> dict[str, Any]:
    """An order as a card shows it."""
    return {
        "id": order.id,
        "state": order.state,
        "told": telling.STATES[order.state].model_dump(),
        "number": order.shop_number,
        "lines": [
            {
                "quantity": line.quantity,
                "made": line.made().model_dump(),
                "price": yuan(line.cents * line.quantity),
            }
            for line in orders.lines_of(order)
        ],
        "note": order.note,
        "fulfilment": _fulfilment(order.fulfilment or {}),
        "total": yuan(order.total_cents),
        "discount": yuan(order.discount_cents) if order.discount_cents else None,
        "due": yuan(order.total_cents - order.discount_cents),
        "at": order.placed_at,
    }


def _fulfilment(told: dict[str, Any]) -> dict[str, str] | None:
    """How it reaches the customer; address and time as spoken."""
    if not told:
        return None
    modes = {"delivery": said("外送", "Delivery"), "pickup": said("自取", "Pickup"), None: said("", "")}
    spoken = " ".join(told[name] for name in ("time", "address") if told.get(name))
    mode = modes[told.get("mode")]
    return {"zh": f"{mode.zh} {spoken}".strip(), "en": f"{mode.en} {spoken}".strip()}


def _voucher(voucher: Voucher, used: str | None) -> dict[str, Any]:
    names = {"free_card": said("免单卡", "Free-order card"), "off": said("立减券", "Money off")}
    reason = voucher.reason.partition(":")[0]
    why = {
        "welcome": said("新客", "welcome"),
        "invite": said("邀请好友", "for inviting"),
        "campaign": said("今日", "today"),
    }
    return {
        "id": voucher.id,
        "name": names[voucher.kind].model_dump(),
        "why": why[reason].model_dump(),
        "value": yuan(voucher.value_cents),
        "used": used is not None,
    }


def _turn(turn: Turn) -> dict[str, Any]:
    return {"key": turn.key, "said": turn.said, "reply": turn.reply, "at": turn.at}
