"""One turn, once: the same key gets the same answer, and what it did was done once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from examples.tea_shop import invitations
from examples.tea_shop.actions import Reply
from examples.tea_shop.context import Turning, lock
from examples.tea_shop.models import Turn

SHOWN = 40


class KeyReused(Exception):
    """The key was used before, for something else. Nothing was done."""


def answered(session: Session, customer: str, key: str, said: str) -> Reply | None:
    """What was answered under this key before.

    Raises :class:`KeyReused` when it was not the same that was said.
    """
    turn = session.scalar(select(Turn).where(Turn.customer_id == customer, Turn.key == key))
    if turn is None:
        return None
    if turn.said != said:
        raise KeyReused(key)
    return Reply.model_validate(turn.reply)


def once(turning: Turning, said: str, act: Callable[[Turning], Reply]) -> Reply:
    """Run a turn, or find what it answered before; the turn and all that it does are one transaction.

    Two requests of one customer stand in line at the customer's row, so the second finds what the first did. Should the
    line fail, the unique constraint does not: the transaction is run again and finds it then.
    """
    if lock(turning.session, turning.customer) is None:
        invitations.arrive(turning.session, turning.customer, None, turning.now)
    before = answered(turning.session, turning.customer, turning.key, said)
    if before is not None:
        return before
    reply = act(turning)
    turning.session.add(
        Turn(
            customer_id=turning.customer,
            conversation=turning.conversation,
            key=turning.key,
            said=said,
            reply=reply.model_dump(mode="json"),
            at=turning.now,
        )
    )
    return reply


def of(session: Session, customer: str, conversation: str) -> Sequence[Turn]:
    """The newest turns of a conversation, oldest first."""
    newest = session.scalars(
        select(Turn)
        .where(Turn.customer_id == customer, Turn.conversation == conversation)
        .order_by(Turn.id.desc())
        .limit(SHOWN)
    ).all()
    return newest[::-1]
