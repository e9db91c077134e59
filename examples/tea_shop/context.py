"""Whose turn it is: what every step of one transaction needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from examples.tea_shop.models import Customer


@dataclass(frozen=True, slots=True)
class Turning:
    """One turn of one conversation, inside its transaction. ``key`` is the browser's idempotency key, ``now`` is
    Unix seconds."""

    session: Session
    customer: str
    conversation: str
    key: str
    now: float

    def key_of(self, what: str) -> str:
        """The key under which the turn's effect is known outside: told twice, done once."""
        return f"{self.customer[:16]}:{self.key}:{what}"


def new_id() -> str:
    """A fresh random identifier."""
    return uuid4().hex


def lock(session: Session, customer: str) -> Customer | None:
    """The customer's row, held until the transaction ends: whatever touches one customer stands in line here.

    (SQLite has one writer anyway and ignores the lock.)
    """
    return session.scalar(select(Customer).where(Customer.id == customer).with_for_update())
