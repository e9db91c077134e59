"""The tables. What must never happen is refused here, by constraints, and not only by the code above them.

A voucher has no ``used`` mark: it is used when a live order names it, and the unique index lets one live order name it.
So a voucher that is used without an order cannot be written down, and cancelling an order gives its voucher back.
Times are Unix seconds; money is in cents of a yuan.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import Float, String

LIVE = ("placed", "accepted")
"""States of an order that stands: told to the shop, or accepted by it. The others are cancelled and refused."""

_LIVE = text("state IN ('placed', 'accepted')")
_OPEN = text("state = 'open'")
_BigKey = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up INTEGER keys alone


class Base(DeclarativeBase):
    """All tables of the shop."""

    type_annotation_map = {float: Float(53), str: String(), dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012


class Customer(Base):
    """Somebody who came. ``id`` is a digest of the secret that the browser keeps."""

    __tablename__ = "customers"
    id: Mapped[str] = mapped_column(primary_key=True)
    invite_code: Mapped[str] = mapped_column(unique=True)
    joined_at: Mapped[float]


class Invitation(Base):
    """Who was brought by whom. Nobody is brought twice."""

    __tablename__ = "invitations"
    __table_args__ = (CheckConstraint("invitee_id <> inviter_id"),)
    invitee_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    inviter_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    at: Mapped[float]


class Voucher(Base):
    """Money off one order, up to its value. ``reason`` says what it was given for, and once only."""

    __tablename__ = "vouchers"
    __table_args__ = (
        UniqueConstraint("customer_id", "reason"),
        CheckConstraint("value_cents > 0"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    kind: Mapped[str]
    reason: Mapped[str]
    value_cents: Mapped[int]
    granted_at: Mapped[float]


class Order(Base):
    """An order as it stands. ``key`` is the idempotency key of the turn that placed it."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("customer_id", "key"),
        UniqueConstraint("customer_id", "serial"),
        Index(
            "one_live_order_a_voucher", "voucher_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE
        ),
        CheckConstraint("discount_cents BETWEEN 0 AND total_cents"),
        CheckConstraint("(discount_cents = 0) = (voucher_id IS NULL)"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    key: Mapped[str]
    serial: Mapped[int]
    """Counts the customer's orders, from 1: the last one is the last, whatever the clocks say."""
    state: Mapped[str]
    version: Mapped[int]
    """Counts up with each change; the shop keeps the newest it was told."""
    lines: Mapped[list[Any]]
    fulfilment: Mapped[dict[str, Any] | None]
    note: Mapped[str]
    total_cents: Mapped[int]
    discount_cents: Mapped[int]
    voucher_id: Mapped[str | None] = mapped_column(ForeignKey("vouchers.id"))
    shop_number: Mapped[str | None]
    """The shop's own number, once it accepted."""
    placed_at: Mapped[float]


class Turn(Base):
    """One thing a customer said or chose, and what was answered. The same key gets the same answer for ever."""

    __tablename__ = "turns"
    __table_args__ = (UniqueConstraint("customer_id", "key"),)
    id: Mapped[int] = mapped_column(_BigKey, primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    conversation: Mapped[str]
    key: Mapped[str]
    said: Mapped[str]
    reply: Mapped[dict[str, Any]]
    at: Mapped[float]


class Question(Base):
    """What a conversation waits to hear; one open at a time. ``options`` hold what each answer does."""

    __tablename__ = "questions"
    __table_args__ = (
        Index(
            "one_open_question",
            "customer_id",
            "conversation",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    conversation: Mapped[str]
    state: Mapped[str]
    """``open``, ``answered`` or ``closed``: the talk went on without an answer."""
    options: Mapped[list[Any]]
    asked_at: Mapped[float]


class OutboxEntry(Base):
    """What must leave the database: written in the transaction that decides it, delivered afterwards, at least once."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "outbox_undone",
            "due_at",
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
        Index("outbox_topic", "topic", "id"),
    )
    id: Mapped[int] = mapped_column(_BigKey, primary_key=True)
    topic: Mapped[str]
    """Entries of one topic are delivered one after the other, in the order written."""
    kind: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    """Idempotency key by which the receiver knows it again."""
    payload: Mapped[dict[str, Any]]
    due_at: Mapped[float]
    leased_until: Mapped[float]
    attempts: Mapped[int]
    done_at: Mapped[float | None]
    problem: Mapped[str]
    """What the last failed attempt met."""
