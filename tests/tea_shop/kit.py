"""A tea shop in the hand: real database, real cascade, a clock that the test moves."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cascade import Cascade
from examples.tea_shop import dialogue, invitations, turns, vouchers
from examples.tea_shop.actions import Reply
from examples.tea_shop.check import Findings, check
from examples.tea_shop.context import Turning
from examples.tea_shop.database import Database
from examples.tea_shop.fake_remotes import Book, FakeCredits, FakeShop
from examples.tea_shop.models import Order
from examples.tea_shop.orders import recent
from examples.tea_shop.rehearsal.postgres import binaries
from examples.tea_shop.remotes import Credits, Shop
from examples.tea_shop.worker import Worker


def require_postgres() -> None:
    """Skip by name without the server; fail in CI."""
    if binaries() is None and os.environ.get("CI") == "true":
        pytest.fail("PostgreSQL must be there in CI: it is Debian's package postgresql")
    if binaries() is None:
        pytest.skip("PostgreSQL is not installed")


class Counter:
    """The shop as customers meet it, without the web: each sentence is one turn in one transaction."""

    def __init__(self, database: Database, folder: Path, cascade: Cascade[Any]) -> None:
        self.database = database
        self.cascade = cascade
        self.book_path = folder / "book.db"
        self.book = Book(self.book_path)
        self.now = 1_770_000_000.0
        self._keys = 0

    def arrive(self, name: str, invited_by: str | None = None) -> None:
        code = invited_by and invitations.customer_id(invited_by)[:16]
        customer = invitations.customer_id(name)
        self.database.write(lambda session: bool(invitations.arrive(session, customer, code, self.now)))

    def say(self, text: str, name: str = "a", *, key: str | None = None, conversation: str = "c") -> Reply:
        result = self.cascade.classify(text)
        return self._turn(text, name, key, conversation, lambda turn: dialogue.answer(turn, result))

    def choose(self, reply: Reply, option: int, name: str = "a", *, conversation: str = "c") -> Reply:
        question = reply.question or ""
        said = f"{question}#{option}"
        return self._turn(
            said, name, None, conversation, lambda turn: dialogue.choose(turn, question, option)
        )

    def orders(self, name: str = "a") -> list[Order]:
        """Newest first, as they stand."""

        def read(session: Any) -> list[Order]:
            found = list(recent(session, invitations.customer_id(name)))
            session.expunge_all()
            return found

        return self.database.read(read)

    def told(self, name: str = "a") -> list[str]:
        """The lines of the newest order."""
        return [f"{line['quantity']} {line['product']}" for line in self.orders(name)[0].lines]

    def free_vouchers(self, name: str = "a") -> int:
        customer = invitations.customer_id(name)
        return self.database.read(lambda session: len(vouchers.free(session, customer)))

    def worker(self, shop: Shop | None = None, credit_service: Credits | None = None) -> Worker:
        return Worker(
            self.database,
            shop or FakeShop(self.book),
            credit_service or FakeCredits(self.book),
            clock=lambda: self.now,
        )

    def deliver(self, worker: Worker | None = None, rounds: int = 200) -> None:
        """Deliver until nothing is left, time passing between."""
        worker = worker or self.worker()
        for _ in range(rounds):
            worker.run_once()
            self.now += 6.0
            if not self.check().pending:
                return

    def check(self) -> Findings:
        return check(self.database, self.book_path)

    def _turn(self, said: str, name: str, key: str | None, conversation: str, act: Any) -> Reply:
        self._keys += 1
        chosen = key or f"key-{self._keys}"
        customer = invitations.customer_id(name)

        def work(session: Any) -> Reply:
            return turns.once(Turning(session, customer, conversation, chosen, self.now), said, act)

        return self.database.write(work)


@contextmanager
def opened(url: str, folder: Path, cascade: Cascade[Any]) -> Iterator[Counter]:
    """A shop over a database; its tables are made anew and its files closed."""
    database = Database(url)
    database.create()
    counter = Counter(database, folder, cascade)
    yield counter
    counter.book.close()
    database.close()
