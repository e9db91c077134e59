"""The shop as one object: what the web layer calls, with no web in it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from cascade import Cascade
from examples.tea_shop import dialogue, invitations, turns, views
from examples.tea_shop.actions import Reply
from examples.tea_shop.context import Turning
from examples.tea_shop.database import Database
from examples.tea_shop.models import Customer
from examples.tea_shop.worker import Worker

T = TypeVar("T")

DEADLINE_S = 8.0
THREADS = 24
"""Transactions side by side. A database that is away must not fill the line for long: its patience is short too."""


class TeaShop:
    """Answers customers. Transactions run in threads, so that a slow database does not stop the event loop.

    ``clock`` is Unix seconds.
    """

    def __init__(
        self,
        cascade: Cascade[Any],
        database: Database,
        worker: Worker,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.cascade = cascade
        self.database = database
        self._worker = worker
        self._clock = clock
        self._threads = ThreadPoolExecutor(THREADS, "tea-shop-transaction")

    def close(self) -> None:
        """Let the transactions under way end."""
        self._threads.shutdown()

    async def say(self, customer: str, conversation: str, key: str, text: str) -> Reply:
        """One sentence.

        Raises :class:`~examples.tea_shop.database.DatabaseAway` (ask again, same key) and
        :class:`~examples.tea_shop.turns.KeyReused`.
        """
        before = await self._in_thread(
            self.database.read, lambda session: turns.answered(session, customer, key, text)
        )
        if before is not None:
            return before
        result = await self.cascade.aclassify(
            text, deadline_s=DEADLINE_S, caller=customer, idempotency_key=f"{customer}:{key}"
        )
        return await self._turn(
            customer, conversation, key, text, lambda turning: dialogue.answer(turning, result)
        )

    async def choose(self, customer: str, conversation: str, key: str, question: str, option: int) -> Reply:
        """A button. Raises what :meth:`say` raises."""
        return await self._turn(
            customer,
            conversation,
            key,
            f"{question}#{option}",
            lambda turning: dialogue.choose(turning, question, option),
        )

    async def arrive(self, customer: str, conversation: str, invited_by: str | None) -> dict[str, Any]:
        """Welcome somebody, new or not, and show them all that is theirs."""
        now = self._clock()
        await self._in_thread(
            self.database.write, lambda session: bool(invitations.arrive(session, customer, invited_by, now))
        )
        self._worker.wake()
        return await self.look(customer, conversation) or {}

    async def look(self, customer: str, conversation: str) -> dict[str, Any] | None:
        """All that is a customer's; ``None`` for somebody unknown."""
        return await self._in_thread(
            self.database.read, partial(_looked, customer=customer, conversation=conversation)
        )

    async def _turn(
        self, customer: str, conversation: str, key: str, said: str, act: Callable[[Turning], Reply]
    ) -> Reply:
        now = self._clock()

        def work(session: Session) -> Reply:
            return turns.once(Turning(session, customer, conversation, key, now), said, act)

        reply = await self._in_thread(self.database.write, work)
        if reply.order is not None:
            self._worker.wake()
        return reply

    async def _in_thread(self, run: Callable[[Callable[[Session], T]], T], work: Callable[[Session], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, run, work)


def _looked(session: Session, customer: str, conversation: str) -> dict[str, Any] | None:
    found = session.get(Customer, customer)
    return None if found is None else views.of_customer(session, found, conversation)
