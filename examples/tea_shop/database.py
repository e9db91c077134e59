"""Transactions that survive what a promo day does to a database.

Every write goes through :meth:`Database.write`: one function, run in one transaction, run again when the database was
away, restarted, busy, or let somebody else be first. That is safe because each function begins by looking whether its
idempotency key was already answered: a commit whose acknowledgement got lost is found, not repeated.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from examples.tea_shop.models import Base

T = TypeVar("T")

PATIENCE_S = 3.0
PAUSE_S = (0.02, 0.05, 0.1, 0.2, 0.4)
CONFLICTS = 4
"""How often a unique constraint may say that somebody else was first before it is taken for a mistake."""
SQLITE_BUSY_MS = 5_000
POSTGRES_OPTIONS = (
    "-c statement_timeout=5000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=10000"
)


class DatabaseAway(Exception):
    """The database did not take the transaction in time. Nothing of it stands, or all of it: ask again, same key."""


class Database:
    """SQLite or PostgreSQL by its URL. Thread-safe.

    ``patience_s`` bounds how long one transaction is tried again, in seconds; ``clock`` is monotonic.
    """

    def __init__(
        self,
        url: str,
        *,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = _with_driver(make_url(url))
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._patience_s = patience_s
        self._clock = clock
        self._sleep = sleep
        self.engine = _sqlite(self.url) if self.is_sqlite else _postgres(self.url)
        # SQLite has one writer and lets the others poll: standing in line here is fair, and costs no polling.
        self._turnstile: AbstractContextManager[Any] = threading.Lock() if self.is_sqlite else nullcontext()

    def create(self) -> None:
        """Make the tables that are missing. Several processes may do so at once."""
        try:
            self._persist(lambda: Base.metadata.create_all(self.engine))
        except ProgrammingError:  # somebody made one between the look and the making: look again
            self._persist(lambda: Base.metadata.create_all(self.engine))

    def write(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` in one transaction and commit it; raises :class:`DatabaseAway`, and what ``work`` raises."""
        return self._persist(lambda: self._write_once(work))

    def read(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` on one consistent view; nothing is written."""
        return self._persist(lambda: self._read_once(work))

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    def _write_once(self, work: Callable[[Session], T]) -> T:
        with self._turnstile, Session(self.engine) as session, session.begin():
            return work(session)

    def _read_once(self, work: Callable[[Session], T]) -> T:
        reading = self.engine.execution_options(reading=True)
        if not self.is_sqlite:
            reading = reading.execution_options(isolation_level="REPEATABLE READ")
        with Session(reading) as session:
            return work(session)

    def _persist(self, attempt: Callable[[], T]) -> T:
        until = self._clock() + self._patience_s
        conflicts = tries = 0
        while True:
            try:
                return attempt()
            except IntegrityError:
                conflicts += 1
                if conflicts >= CONFLICTS:
                    raise
            except SQLAlchemyError as error:
                if not passing(error):
                    raise
                if self._clock() >= until:
                    raise DatabaseAway("the database is away or busy") from error
            self._sleep(PAUSE_S[min(tries, len(PAUSE_S) - 1)])
            tries += 1


def passing(error: SQLAlchemyError) -> bool:
    """Whether the same transaction may succeed later: away, restarting, busy, deadlocked, not serialisable."""
    if isinstance(error, OperationalError | InterfaceError | PoolTimeout):
        return True
    return isinstance(error, DBAPIError) and bool(error.connection_invalidated)


def _with_driver(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgresql", "postgres") else url


def _postgres(url: URL) -> Engine:
    return create_engine(
        url,
        pool_size=20,
        max_overflow=20,
        pool_timeout=2,
        pool_pre_ping=True,  # a restart leaves dead connections in the pool
        connect_args={"connect_timeout": 3, "options": POSTGRES_OPTIONS},
    )


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, pool_size=20, max_overflow=20, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver's guess
        for pragma in (
            f"busy_timeout={SQLITE_BUSY_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # A transaction that reads first and writes later fails when another wrote in between: writers say so at once.
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
