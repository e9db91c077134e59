"""Vouchers: given once a reason, used by naming them in an order, free again when no live order names them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from examples.tea_shop.context import lock, new_id
from examples.tea_shop.models import LIVE, Order, Voucher


@dataclass(frozen=True, slots=True)
class Gift:
    """A voucher to be given: ``number`` is the credit service's, where that paid for it."""

    kind: Literal["free_card", "off"]
    reason: str
    cents: int
    number: str | None = None


def give(session: Session, customer: str, gift: Gift, now: float) -> bool:
    """Give a voucher for a reason; false when it was given before."""
    lock(session, customer)
    given = session.scalar(
        select(Voucher.id).where(Voucher.customer_id == customer, Voucher.reason == gift.reason)
    )
    if given is not None:
        return False
    session.add(
        Voucher(
            id=gift.number or new_id(),
            customer_id=customer,
            kind=gift.kind,
            reason=gift.reason,
            value_cents=gift.cents,
            granted_at=now,
        )
    )
    session.flush()
    return True


def free(session: Session, customer: str) -> Sequence[Voucher]:
    """The vouchers that no live order names, the most valuable first, then the oldest."""
    used = exists().where(Order.voucher_id == Voucher.id, Order.state.in_(LIVE))
    return session.scalars(
        select(Voucher)
        .where(Voucher.customer_id == customer, ~used)
        .order_by(Voucher.value_cents.desc(), Voucher.granted_at, Voucher.id)
    ).all()


def of(session: Session, customer: str) -> Sequence[tuple[Voucher, str | None]]:
    """All vouchers of a customer and the live order that uses each, newest first."""
    rows = session.execute(
        select(Voucher, Order.id)
        .outerjoin(Order, (Order.voucher_id == Voucher.id) & Order.state.in_(LIVE))
        .where(Voucher.customer_id == customer)
        .order_by(Voucher.granted_at.desc(), Voucher.id)
    )
    return [(voucher, order) for voucher, order in rows]
