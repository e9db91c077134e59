"""What must leave the database: written with the decision, claimed by workers, delivered at least once.

A claim is a lease and not a lock: a worker that is killed keeps nobody waiting longer than ``LEASE_S``, and what it had
delivered without writing it down is delivered again under the same key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from examples.tea_shop.models import OutboxEntry

LEASE_S = 5.0
BACKOFF_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed entry, outside any transaction."""

    id: int
    kind: str
    key: str
    payload: dict[str, Any]
    attempts: int


def put(session: Session, *, topic: str, kind: str, key: str, payload: dict[str, Any], now: float) -> None:
    """Write an entry; it is there when and only when the transaction is."""
    session.add(
        OutboxEntry(
            topic=topic,
            kind=kind,
            key=key,
            payload=payload,
            due_at=now,
            leased_until=0.0,
            attempts=0,
            done_at=None,
            problem="",
        )
    )


def claim(session: Session, now: float, limit: int, lease_s: float = LEASE_S) -> Sequence[Parcel]:
    """Take up to ``limit`` due entries for ``lease_s`` seconds: of each topic only the oldest that is undone.

    PostgreSQL passes over rows that another worker is just claiming; SQLite has one writer.
    """
    earlier = aliased(OutboxEntry)
    blocked = exists().where(
        earlier.topic == OutboxEntry.topic, earlier.id < OutboxEntry.id, earlier.done_at.is_(None)
    )
    due = (
        select(OutboxEntry)
        .where(
            OutboxEntry.done_at.is_(None),
            OutboxEntry.due_at <= now,
            OutboxEntry.leased_until <= now,
            ~blocked,
        )
        .order_by(OutboxEntry.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    parcels = []
    for entry in session.scalars(due):
        entry.leased_until = now + lease_s
        entry.attempts += 1
        parcels.append(Parcel(entry.id, entry.kind, entry.key, entry.payload, entry.attempts))
    return parcels


def settle(session: Session, parcel: Parcel, now: float) -> bool:
    """Mark a delivery as done; false when it already was: the answer came twice."""
    entry = session.get(OutboxEntry, parcel.id, with_for_update=True)
    if entry is None or entry.done_at is not None:
        return False
    entry.done_at = now
    entry.problem = ""
    return True


def postpone(session: Session, parcel: Parcel, problem: str, now: float) -> None:
    """A delivery failed, or nobody knows: due again, later each time."""
    entry = session.get(OutboxEntry, parcel.id, with_for_update=True)
    if entry is not None and entry.done_at is None:
        entry.due_at = now + BACKOFF_S[min(parcel.attempts - 1, len(BACKOFF_S) - 1)]
        entry.leased_until = 0.0
        entry.problem = problem[:200]
