"""One event loop in one thread, where everything that waits for a server lives.

Callers come from threads and from event loops of their own, and share connections, limits and coalescing. Keeping all
of that on a single loop makes the shared state single-threaded, and gives synchronous and asynchronous callers the same
cancellation: cancelling the caller cancels the call, which closes the socket.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from cascade.errors import CascadeClosed

logger = logging.getLogger("cascade")

T = TypeVar("T")


class Portal:
    """A lazily started background event loop. Thread-safe; survives ``fork`` by starting anew in the child."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._closed = False

    def submit(self, call: Callable[[], Awaitable[T]]) -> Future[T]:
        """Start ``call`` on the loop. Cancelling the future cancels it there."""
        loop = self._running_loop()  # first: a closed portal must not leave a coroutine that nobody awaits
        return asyncio.run_coroutine_threadsafe(_run(call), loop)

    def run(self, call: Callable[[], Awaitable[T]]) -> T:
        """Run ``call`` and wait for it; an interrupt of the waiting thread cancels it."""
        future = self.submit(call)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def arun(self, call: Callable[[], Awaitable[T]]) -> T:
        """The same from a caller's own event loop."""
        return await asyncio.wrap_future(self.submit(call))

    def close(self, before: Callable[[], Awaitable[Any]] | None = None, timeout_s: float = 5.0) -> None:
        """Run ``before`` on the loop if it ever started, cancel what is left and stop the thread. Idempotent."""
        with self._lock:
            self._closed = True
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None or self._pid != os.getpid():
            return
        try:
            asyncio.run_coroutine_threadsafe(_shut_down(before), loop).result(timeout_s)
        except TimeoutError:
            logger.warning("a call did not let go in %s s; it is abandoned with its thread", timeout_s)
        except Exception:
            logger.exception("closing the connections failed")
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout_s)
        if not thread.is_alive():
            loop.close()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._closed:
                raise CascadeClosed("the cascade is closed")
            if self._loop is None or self._pid != os.getpid():
                self._loop = asyncio.new_event_loop()
                self._pid = os.getpid()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="cascade-portal", daemon=True
                )
                self._thread.start()
            return self._loop


async def _run(call: Callable[[], Awaitable[T]]) -> T:
    return await call()


async def _shut_down(before: Callable[[], Awaitable[Any]] | None) -> None:
    current = asyncio.current_task()
    pending = [task for task in asyncio.all_tasks() if task is not current]
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    if before is not None:
        await before()
