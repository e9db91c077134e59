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
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import CancelledError, Future, wait
from typing import Any, TypeVar

from cascade.errors import CascadeClosed

logger = logging.getLogger("cascade")

T = TypeVar("T")

Steps = Generator[Any, Any, Any]
"""Yields calls to be made on the loop, is sent what came of them, and returns what it was for."""


def _ignore(_: object) -> None:
    """Nobody asks."""


class Pending(Future[T]):
    """What will come of a call on the loop. It reaches exactly one: who waits for it, or ``unclaimed``."""

    def __init__(self, unclaimed: Callable[[T | Exception | None], object]) -> None:
        super().__init__()
        self._unclaimed = unclaimed
        self._lock = threading.Lock()
        self._gone = self._ended = False
        self._came: T | Exception | None = None

    def let_go(self) -> None:
        """Nobody waits any more: the call is cancelled. What came of it all the same, or ``None``, is told to
        ``unclaimed`` once it has ended, in whatever thread that is.
        """
        with self._lock:
            self._gone = True
            ended = self._ended
        if ended:
            self._tell()
        else:
            self.cancel()

    def returned(self, value: T) -> None:
        """The call came to its end. For the portal, as are the next two."""
        if self._claimed(value):
            self.set_result(value)

    def raised(self, error: BaseException) -> None:
        """The call failed."""
        if self._claimed(error if isinstance(error, Exception) else None):
            self.set_exception(error)

    def stopped(self) -> None:
        """The call was cancelled."""
        self.cancel()
        self._claimed(None)

    def _claimed(self, came: T | Exception | None) -> bool:
        """Whether somebody waits for what came."""
        with self._lock:
            self._ended, self._came, gone = True, came, self._gone
        if gone:
            self.cancel()
            self._tell()
        return self.set_running_or_notify_cancel()

    def _tell(self) -> None:
        try:
            self._unclaimed(self._came)
        except Exception:
            logger.exception("booking a call that nobody waited for failed")


class Portal:
    """A lazily started background event loop. Thread-safe; survives ``fork`` by starting anew in the child."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._closed = False
        self._under_way: set[Pending[Any]] = set()

    def submit(
        self,
        call: Callable[[], Awaitable[T]],
        *,
        unclaimed: Callable[[T | Exception | None], object] = _ignore,
    ) -> Pending[T]:
        """Start ``call`` on the loop. Cancelling what is returned cancels it there; whoever lets go of it
        (:meth:`Pending.let_go`) leaves what came of the call to ``unclaimed``.
        """
        loop = self._running_loop()
        future: Pending[T] = Pending(unclaimed)
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        loop.call_soon_threadsafe(_start, loop, call, future)
        return future

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

    def close(
        self,
        before: Callable[[], Awaitable[Any]] | None = None,
        timeout_s: float = 5.0,
        *,
        drain_s: float = 0.0,
    ) -> None:
        """Let what was submitted end for ``drain_s`` seconds, cancel what is left, run ``before`` on the loop if it
        ever started, and stop the thread. Idempotent.
        """
        with self._lock:
            self._closed = True
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None or self._pid != os.getpid():
            return
        if drain_s > 0:
            wait(set(self._under_way), timeout=drain_s)
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
                self._under_way = set()
                self._pid = os.getpid()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="cascade-portal", daemon=True
                )
                self._thread.start()
            return self._loop


def _start(loop: asyncio.AbstractEventLoop, call: Callable[[], Awaitable[T]], pending: Pending[T]) -> None:
    task = loop.create_task(_run(call, pending))

    def cancel(_: Future[T]) -> None:
        if pending.cancelled() and not task.done() and not loop.is_closed():
            loop.call_soon_threadsafe(task.cancel)

    pending.add_done_callback(cancel)


async def _run(call: Callable[[], Awaitable[T]], pending: Pending[T]) -> None:
    try:
        value = await call()
    except asyncio.CancelledError:
        pending.stopped()
        raise
    except BaseException as error:
        pending.raised(error)
        if not isinstance(error, Exception):
            raise
    else:
        pending.returned(value)


async def _shut_down(before: Callable[[], Awaitable[Any]] | None) -> None:
    current = asyncio.current_task()
    pending = [task for task in asyncio.all_tasks() if task is not current]
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    if before is not None:
        await before()


def resume(steps: Steps, future: Pending[Any]) -> Any:
    """Wait in this thread for what the steps asked for, and give it to them."""
    try:
        value, error = _come_of(future)
    except BaseException:  # an interrupt of the waiting thread: nobody waits for the server any more
        future.let_go()
        steps.close()
        raise
    return steps.send(value) if error is None else steps.throw(error)


async def awaited(steps: Steps, future: Pending[Any]) -> tuple[Any, Exception | None]:
    """The same wait on the caller's event loop; cancelling the caller cancels the call."""
    waiter = asyncio.wrap_future(future)
    try:
        await asyncio.wait([waiter])
    except asyncio.CancelledError:
        future.let_go()
        steps.close()
        raise
    if not waiter.cancelled():
        waiter.exception()  # mark it as seen; it is told through ``future``
    return _come_of(future)


def _come_of(future: Future[Any]) -> tuple[Any, Exception | None]:
    try:
        return future.result(), None
    except CancelledError:  # nobody but ``close`` cancels a call that is still being waited for
        return None, CascadeClosed("the cascade was closed while it waited")
    except Exception as error:
        return None, error
