"""A shop and a credit service in this process, with a book of their own on disk and a network that misbehaves.

The book is a SQLite file of its own and outlives the app: it is what really happened, and the checker holds the app's
database to it.
"""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from examples.tea_shop.remotes import NoAnswer, ShopAnswer, ShopCommand, Unavailable

T = TypeVar("T")

TABLES = """
CREATE TABLE IF NOT EXISTS deliveries (seq INTEGER PRIMARY KEY, key TEXT NOT NULL, do TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS booked (
    "order" TEXT PRIMARY KEY, number INTEGER UNIQUE NOT NULL, version INTEGER NOT NULL, state TEXT NOT NULL,
    body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS credits (key TEXT PRIMARY KEY, number INTEGER UNIQUE NOT NULL, customer TEXT NOT NULL,
    cents INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares of requests, 0 to 1, that go wrong in each way."""

    fail: float = 0.0
    """Refused before anything is booked."""
    timeout: float = 0.0
    """No answer in time; half of them were booked all the same."""
    twice: float = 0.0
    """Answered twice."""
    sold_out: float = 0.0
    """Orders that the shop does not take."""

    @classmethod
    def shared(cls, share: float) -> Faults:
        """``share`` of all requests go wrong, in equal parts, and a tenth of it is sold out."""
        return cls(share / 3, share / 3, share / 3, share / 10)


class Book:
    """What the remotes have booked. Several processes may write to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, timeout=10, check_same_thread=False, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(TABLES)

    def shop(self, command: ShopCommand, sold_out: bool) -> ShopAnswer:
        """Book a command, or find what was answered to it before."""
        with self._lock, closing(self._connection.cursor()) as cursor:
            return _transact(cursor, lambda: self._shop(cursor, command, sold_out))

    def credit(self, key: str, customer: str, cents: int) -> str:
        """Book a credit, or find it."""
        with self._lock, closing(self._connection.cursor()) as cursor:
            return _transact(cursor, lambda: self._credit(cursor, key, customer, cents))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @staticmethod
    def _shop(cursor: sqlite3.Cursor, command: ShopCommand, sold_out: bool) -> ShopAnswer:
        cursor.execute("INSERT INTO deliveries (key, do) VALUES (?, ?)", (command.key, command.do))
        known = cursor.execute("SELECT answer FROM answers WHERE key = ?", (command.key,)).fetchone()
        if known is not None:
            return ShopAnswer(**json.loads(known[0]))
        _book(cursor, command, refused=command.do == "place" and sold_out)
        number, state = cursor.execute(
            'SELECT number, state FROM booked WHERE "order" = ?', (command.order,)
        ).fetchone()
        refused = state == "refused"
        answer = ShopAnswer(False, "", "sold_out") if refused else ShopAnswer(True, f"T{number:04}")
        told = json.dumps({"accepted": answer.accepted, "number": answer.number, "reason": answer.reason})
        cursor.execute("INSERT INTO answers (key, answer) VALUES (?, ?)", (command.key, told))
        return answer

    @staticmethod
    def _credit(cursor: sqlite3.Cursor, key: str, customer: str, cents: int) -> str:
        cursor.execute("INSERT INTO deliveries (key, do) VALUES (?, 'credit')", (key,))
        cursor.execute(
            "INSERT INTO credits (key, number, customer, cents)"
            " SELECT ?, coalesce(max(number), 0) + 1, ?, ? FROM credits WHERE true ON CONFLICT (key) DO NOTHING",
            (key, customer, cents),
        )
        (number,) = cursor.execute("SELECT number FROM credits WHERE key = ?", (key,)).fetchone()
        return f"C{number:05}"


def _transact(cursor: sqlite3.Cursor, work: Callable[[], T]) -> T:
    cursor.execute("BEGIN IMMEDIATE")
    try:
        result = work()
    except BaseException:
        cursor.execute("ROLLBACK")
        raise
    cursor.execute("COMMIT")
    return result


def _book(cursor: sqlite3.Cursor, command: ShopCommand, *, refused: bool) -> None:
    """Make the order stand as the command says, unless a newer one was here already; a refused order stays refused."""
    state = "refused" if refused else "cancelled" if command.do == "cancel" else "making"
    cursor.execute(
        'INSERT INTO booked ("order", number, version, state, body)'
        " SELECT ?, coalesce(max(number), 0) + 1, ?, ?, ? FROM booked WHERE true"
        ' ON CONFLICT ("order") DO UPDATE SET version = excluded.version, state = excluded.state, body = excluded.body'
        " WHERE excluded.version > booked.version AND booked.state <> 'refused'",
        (command.order, command.version, state, json.dumps(command.body, ensure_ascii=False)),
    )


class FakeShop:
    """A :class:`~examples.tea_shop.remotes.Shop` that fails, times out and answers twice as often as it is told to."""

    def __init__(
        self,
        book: Book,
        faults: Faults | None = None,
        *,
        rng: random.Random | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._book = book
        self._faults = faults or Faults()
        self._random = (rng or random.Random()).random  # noqa: S311 - faults, not secrets
        self._sleep = sleep

    def deliver(self, command: ShopCommand, answered: Callable[[ShopAnswer], None], timeout_s: float) -> None:
        """See :class:`~examples.tea_shop.remotes.Shop`."""
        faults, draw = self._faults, self._random()
        if draw < faults.fail:
            raise Unavailable("the shop refuses connections")
        sold_out = self._random() < faults.sold_out
        if draw < faults.fail + faults.timeout:
            if self._random() < 0.5:
                self._book.shop(command, sold_out)
            self._sleep(timeout_s)
            raise NoAnswer(f"the shop did not answer within {timeout_s} s")
        answer = self._book.shop(command, sold_out)
        answered(answer)
        if draw < faults.fail + faults.timeout + faults.twice:
            answered(answer)


class FakeCredits:
    """A :class:`~examples.tea_shop.remotes.Credits` with the same network."""

    def __init__(
        self,
        book: Book,
        faults: Faults | None = None,
        *,
        rng: random.Random | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._book = book
        self._faults = faults or Faults()
        self._random = (rng or random.Random()).random  # noqa: S311 - faults, not secrets
        self._sleep = sleep

    def grant(self, key: str, customer: str, cents: int, timeout_s: float) -> str:
        """See :class:`~examples.tea_shop.remotes.Credits`."""
        draw = self._random()
        if draw < self._faults.fail:
            raise Unavailable("the credit service refuses connections")
        if draw < self._faults.fail + self._faults.timeout:
            if self._random() < 0.5:
                self._book.credit(key, customer, cents)
            self._sleep(timeout_s)
            raise NoAnswer(f"the credit service did not answer within {timeout_s} s")
        return self._book.credit(key, customer, cents)
