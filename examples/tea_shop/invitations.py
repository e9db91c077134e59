"""Who comes, who brought them, and the credit that is owed for it."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from examples.tea_shop import outbox, vouchers
from examples.tea_shop.context import lock
from examples.tea_shop.menu import FREE_CARD_CENTS
from examples.tea_shop.models import Customer, Invitation
from examples.tea_shop.vouchers import Gift


def customer_id(secret: str) -> str:
    """Who a browser's secret stands for. The database holds no secret."""
    return hashlib.sha256(b"tea-shop customer " + secret.encode()).hexdigest()[:32]


def arrive(session: Session, customer: str, invited_by: str | None, now: float) -> Customer:
    """Make a newcomer a customer with a free-order card; whoever brought them is owed a credit.

    The credit's outbox entry stands in the same transaction as the invitation: neither is there without the other. Who
    is a customer already stays what they are, invited or not.
    """
    known = lock(session, customer)
    if known is not None:
        return known
    newcomer = Customer(id=customer, invite_code=customer[:16], joined_at=now)
    session.add(newcomer)
    session.flush()
    vouchers.give(session, customer, Gift("free_card", "welcome", FREE_CARD_CENTS), now)
    inviter = _inviter(session, invited_by)
    if inviter is not None and inviter != customer:
        session.add(Invitation(invitee_id=customer, inviter_id=inviter, at=now))
        payload = {"inviter": inviter, "invitee": customer, "cents": FREE_CARD_CENTS}
        outbox.put(session, topic=customer, kind="credit", key=f"credit:{customer}", payload=payload, now=now)
    return newcomer


def credited(session: Session, payload: dict[str, Any], number: str, now: float) -> None:
    """The credit service booked it: the inviter has one more free-order card, once for each friend."""
    gift = Gift("free_card", f"invite:{payload['invitee']}", payload["cents"], number)
    vouchers.give(session, payload["inviter"], gift, now)


def brought(session: Session, customer: str) -> int:
    """How many came by a customer's invitation."""
    return len(session.scalars(select(Invitation).where(Invitation.inviter_id == customer)).all())


def _inviter(session: Session, code: str | None) -> str | None:
    return session.scalar(select(Customer.id).where(Customer.invite_code == code)) if code else None
