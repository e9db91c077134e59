"""What a service counts and keeps about its decisions."""

from __future__ import annotations

from cascade.engine import Listener
from cascade.integrations._web.queue import LabelQueue
from cascade.ledger import Ledger
from cascade.observe.decision_log import DecisionLog
from cascade.observe.signals import Signals, own_memory
from cascade.prices import Currency, PriceBook
from cascade.result import Cost


class Books:
    """The listeners that the service's figures are read from; give them to the cascade.

        books = Books(log=DecisionLog("logs/"))
        cascade = Cascade.load(listeners=books.listeners)
        app.include_router(cascade_router(cascade, books))

    ``log`` is where corrections are written; it stays the caller's to close, after the cascade. ``prices``,
    ``currency`` and ``assume`` are those of :class:`~cascade.ledger.Ledger`; ``queue_size`` is how many doubtful
    decisions wait for a person.
    """

    def __init__(
        self,
        *,
        log: DecisionLog | None = None,
        prices: PriceBook | None = None,
        currency: Currency = "CNY",
        assume: Cost | None = None,
        queue_size: int = 200,
    ) -> None:
        self.log = log
        self.ledger = Ledger(prices, currency=currency, assume=assume)
        book = self.ledger.prices
        self.signals = Signals(
            charge=lambda cost: book.charge(cost, currency), currency=currency, log=log, memory=own_memory
        )
        self.queue = LabelQueue(queue_size)

    @property
    def listeners(self) -> list[Listener]:
        """For ``Cascade.load(listeners=...)``."""
        given: list[Listener] = [self.ledger, self.signals, self.queue]
        return given if self.log is None else [*given, self.log]
