"""The thread that empties the outbox: to the shop and to the credit service, at least once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from sqlalchemy.orm import Session

from examples.tea_shop import invitations, orders, outbox
from examples.tea_shop.database import Database
from examples.tea_shop.outbox import Parcel
from examples.tea_shop.remotes import Credits, RemoteProblem, Shop, ShopAnswer, ShopCommand

logger = logging.getLogger("tea_shop")

TIMEOUT_S = 0.5
BATCH = 32
SIDE_BY_SIDE = 4
IDLE_S = 0.2


class Worker:
    """Delivers what is due. Any number of them may run, in any number of processes; each is safe to kill.

    ``clock`` is Unix seconds, shared by all processes; ``timeout_s`` is what a remote has to answer in.
    """

    def __init__(
        self,
        database: Database,
        shop: Shop,
        credit_service: Credits,
        *,
        timeout_s: float = TIMEOUT_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if timeout_s * BATCH / SIDE_BY_SIDE > outbox.LEASE_S:
            raise ValueError("a batch could outlive its lease and be delivered side by side with itself")
        self._database = database
        self._shop = shop
        self._credits = credit_service
        self._timeout_s = timeout_s
        self._clock = clock
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tea-shop-outbox", daemon=True)

    def start(self) -> None:
        """Begin delivering."""
        self._thread.start()

    def wake(self) -> None:
        """Something was put into the outbox: do not wait for the next look."""
        self._wake.set()

    def stop(self) -> None:
        """Finish the deliveries under way and end."""
        self._stop.set()
        self._wake.set()
        self._thread.join()

    def run_once(self) -> int:
        """Deliver what is due now; the number of entries tried."""
        parcels = self._database.write(lambda session: outbox.claim(session, self._clock(), BATCH))
        if len(parcels) == 1:
            self._deliver(parcels[0])
        elif parcels:
            with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
                list(pool.map(self._deliver, parcels))
        return len(parcels)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                busy = self.run_once() == BATCH
            except Exception:
                logger.exception("the outbox is not delivered; trying again")
                busy = False
                self._stop.wait(IDLE_S)
            if not busy:
                self._wake.wait(IDLE_S)

    def _deliver(self, parcel: Parcel) -> None:
        try:
            if parcel.kind == "credit":
                self._grant(parcel)
            else:
                self._tell(parcel)
        except RemoteProblem as problem:
            postponed = partial(outbox.postpone, parcel=parcel, problem=str(problem), now=self._clock())
            self._database.write(postponed)

    def _tell(self, parcel: Parcel) -> None:
        command = ShopCommand(key=parcel.key, **parcel.payload)

        def answered(answer: ShopAnswer) -> None:
            self._database.write(partial(self._heard, parcel=parcel, command=command, answer=answer))

        self._shop.deliver(command, answered, self._timeout_s)

    def _heard(self, session: Session, parcel: Parcel, command: ShopCommand, answer: ShopAnswer) -> None:
        orders.heard(session, command.order, answer)
        outbox.settle(session, parcel, self._clock())

    def _grant(self, parcel: Parcel) -> None:
        owed = parcel.payload
        number = self._credits.grant(parcel.key, owed["inviter"], owed["cents"], self._timeout_s)

        def arrived(session: Session) -> None:
            invitations.credited(session, owed, number, self._clock())
            outbox.settle(session, parcel, self._clock())

        self._database.write(arrived)
