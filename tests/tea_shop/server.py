"""The app on a real socket of the loopback, in a thread of the test's own."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from cascade import Cascade, Ledger
from examples.tea_shop.app import build
from examples.tea_shop.fake_remotes import FakeCredits, FakeShop, Faults
from examples.tea_shop.worker import Worker
from tea_shop.kit import Counter


@contextmanager
def serving(counter: Counter, faults: Faults | None = None) -> Iterator[str]:
    """Serve the counter's database; yields the address."""
    ledger = Ledger()
    cascade: Cascade[Any] = Cascade.load(listeners=[ledger])
    worker = Worker(counter.database, FakeShop(counter.book, faults), FakeCredits(counter.book, faults))
    app = build(cascade, counter.database, worker, ledger)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 120
    while not server.started and thread.is_alive() and time.monotonic() < until:
        time.sleep(0.01)
    assert server.started
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)
        cascade.close()
