"""The three accounts of what happened: the database's, the remotes' book, and what customers were told."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from examples.tea_shop.database import Database
from examples.tea_shop.models import Customer, Invitation, Order, OutboxEntry, Turn, Voucher


@dataclass(frozen=True, slots=True)
class Ours:
    """What the database says, at one moment."""

    customers: int
    orders: dict[str, Order]
    vouchers: dict[str, Voucher]
    turns: dict[tuple[str, str], dict[str, Any]]
    """Replies by customer and key."""
    invitations: Mapping[str, str]
    """Inviters by invitee."""
    undone: frozenset[str]
    """Topics (orders, invitees) of which something is still to be delivered."""


@dataclass(frozen=True, slots=True)
class Booked:
    """An order in the shop's book."""

    state: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Theirs:
    """What the remotes' book says."""

    booked: dict[str, Booked]
    credits: dict[str, str]
    """Who was credited, by key."""
    deliveries: int
    """Requests received, repeated ones included."""
    keys: int


@dataclass(frozen=True, slots=True)
class Books:
    """Both."""

    ours: Ours
    theirs: Theirs


@dataclass(frozen=True, slots=True)
class Told:
    """One answer that a customer got. ``click`` is common to the clicks of one double click, empty otherwise."""

    customer: str
    key: str
    click: str
    reply: dict[str, Any]


def read_database(database: Database) -> Ours:
    """Read all of it in one view."""
    return database.read(_ours)


def _ours(session: Session) -> Ours:
    turns = session.execute(select(Turn.customer_id, Turn.key, Turn.reply))
    ours = Ours(
        customers=session.scalar(select(func.count()).select_from(Customer)) or 0,
        orders={order.id: order for order in session.scalars(select(Order))},
        vouchers={voucher.id: voucher for voucher in session.scalars(select(Voucher))},
        turns={(customer, key): reply for customer, key, reply in turns},
        invitations={one.invitee_id: one.inviter_id for one in session.scalars(select(Invitation))},
        undone=frozenset(session.scalars(select(OutboxEntry.topic).where(OutboxEntry.done_at.is_(None)))),
    )
    session.expunge_all()
    return ours


def read_book(path: Path) -> Theirs:
    """Read the remotes' book; raises :class:`FileNotFoundError`."""
    if not path.exists():
        raise FileNotFoundError(path)
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as book:
        orders = book.execute('SELECT "order", state, body FROM booked').fetchall()
        paid = book.execute("SELECT key, customer FROM credits").fetchall()
        deliveries, keys = book.execute("SELECT count(*), count(DISTINCT key) FROM deliveries").fetchone()
    booked = {order: Booked(state, json.loads(body)) for order, state, body in orders}
    return Theirs(booked, dict(paid), deliveries, keys)


def read_journal(path: Path) -> Iterator[Told]:
    """Read what customers were told, a JSON object a line."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            one = json.loads(line)
            yield Told(one["customer"], one["key"], one["click"], one["reply"])
