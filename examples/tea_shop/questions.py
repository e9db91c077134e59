"""The question that a conversation waits to hear the answer of. One at a time, answered once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from sqlalchemy import select

from examples.tea_shop.actions import Option
from examples.tea_shop.context import Turning, new_id
from examples.tea_shop.models import Question

WAITS_S = 600.0
"""How long a yes can refer to a question, in seconds."""


def ask(turn: Turning, options: Iterable[Option]) -> Question:
    """Open a question; the one before it is closed."""
    close(turn)
    question = Question(
        id=new_id(),
        customer_id=turn.customer,
        conversation=turn.conversation,
        state="open",
        options=[option.model_dump(mode="json", exclude_unset=True) for option in options],
        asked_at=turn.now,
    )
    turn.session.add(question)
    turn.session.flush()
    return question


def pending(turn: Turning) -> Question | None:
    """The open question of this conversation, unless it is too old to be meant."""
    question = turn.session.scalar(
        select(Question).where(
            Question.customer_id == turn.customer,
            Question.conversation == turn.conversation,
            Question.state == "open",
        )
    )
    if question is not None and turn.now - question.asked_at > WAITS_S:
        return None
    return question


def of(turn: Turning, question_id: str) -> Question | None:
    """A question of this customer and conversation, whatever its state."""
    question = turn.session.get(Question, question_id)
    if question is None or (question.customer_id, question.conversation) != (
        turn.customer,
        turn.conversation,
    ):
        return None
    return question


def close(turn: Turning, state: Literal["answered", "closed"] = "closed") -> None:
    """Nothing said from now on answers the open question."""
    question = turn.session.scalar(
        select(Question).where(
            Question.customer_id == turn.customer,
            Question.conversation == turn.conversation,
            Question.state == "open",
        )
    )
    if question is not None:
        question.state = state
        turn.session.flush()


def options(question: Question) -> list[Option]:
    """What can be answered."""
    return [Option.model_validate(option) for option in question.options]
