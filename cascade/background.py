"""A bounded queue and one thread behind it: what is kept of decisions is written off the hot path.

The caller's thread only appends to a queue. What does not fit in it, cannot be written, or comes after the end is
counted as dropped; nothing else is lost by an orderly close.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from cascade.errors import ConfigurationError

logger = logging.getLogger("cascade")

ItemT = TypeVar("ItemT")
_KeptT_contra = TypeVar("_KeptT_contra", contravariant=True)

_BATCH = 64


class Store(Protocol[_KeptT_contra]):
    """Where items end up. Made, used and closed in the writer's thread alone."""

    @property
    def lost(self) -> int:
        """Items that were written, as it seemed, and could not be kept after all."""
        ...

    def write(self, items: Sequence[_KeptT_contra]) -> int:
        """Write a batch and hand it to the operating system; how many of the items were written. What it raises loses
        the batch.
        """
        ...

    def close(self) -> None: ...


class Background(Generic[ItemT]):
    """Writes items to a store in a thread of its own, started with the first item.

    ``open_store`` is called in that thread, and anew in a child process. Items reach the store at most
    ``flush_interval_s`` after they came. ``name`` is that of the thread.
    """

    def __init__(
        self,
        name: str,
        open_store: Callable[[], Store[ItemT]],
        *,
        max_queued: int = 10_000,
        flush_interval_s: float = 0.2,
    ) -> None:
        if max_queued < 1 or flush_interval_s <= 0:
            raise ConfigurationError("the queue and the flush interval must be above zero")
        self._name = name
        self._open_store = open_store
        self._max_queued = max_queued
        self._interval_s = flush_interval_s
        self._reset()

    def _reset(self) -> None:
        """As new: at the start, and in a child process, where neither thread nor files nor queue are its own."""
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._queue: deque[ItemT] = deque()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._flushed = threading.Condition()
        self._asleep = True
        self._closing = False
        self._ended = False
        self._thread: threading.Thread | None = None
        self._store: Store[ItemT] | None = None
        self._refused = 0
        self._written = 0
        self._lost = 0

    @property
    def written(self) -> int:
        """Items handed to the operating system."""
        return self._written - self._lost_later

    @property
    def dropped(self) -> int:
        """Items that will never be in the store: the queue was full, it refused them, or they came after the end."""
        return self._refused + self._lost + self._lost_later

    @property
    def queued(self) -> int:
        """Items that wait to be written."""
        return len(self._queue)

    def put(self, item: ItemT) -> bool:
        """Queue one item; false when it was dropped instead. Never blocks, never raises."""
        if self._pid != os.getpid():
            self._reset()
        if self._closing or len(self._queue) >= self._max_queued:
            with self._lock:
                self._refused += 1
            return False
        self._queue.append(item)
        return self._rouse() if self._asleep else True

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until what was queued before is with the operating system; false when that took too long."""
        if self._thread is None:
            return not self._queue
        with self._flushed:
            self._hurry.set()
            self._wake.set()
            return self._flushed.wait_for(lambda: not self._queue and self._asleep, timeout_s)

    def close(self, timeout_s: float = 10.0) -> None:
        """Write what is queued, close the store, end the thread. Idempotent."""
        with self._lock:
            self._closing = True
            thread = self._thread
        if thread is None or self._pid != os.getpid():
            return
        self._hurry.set()
        self._wake.set()
        thread.join(timeout_s)
        if thread.is_alive():
            logger.warning("%d items of %s were not written in %s s", len(self._queue), self._name, timeout_s)
        else:
            atexit.unregister(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _lost_later(self) -> int:
        return 0 if self._store is None else self._store.lost

    def _rouse(self) -> bool:
        with self._lock:
            # it came between the last look and the end
            if self._ended or (self._closing and self._thread is None):
                self._refused += len(self._queue)
                self._queue.clear()
                return False
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"cascade-{self._name}", daemon=True)
                self._thread.start()
                atexit.register(self.close)  # an interpreter that ends in order loses nothing
        self._wake.set()
        return True

    def _run(self) -> None:
        while not self._ended:
            self._asleep = True  # before the look at the queue: whoever appends from now on wakes us
            with self._flushed:
                self._flushed.notify_all()
            if not self._queue and not self._closing:
                self._wake.wait()
                self._wake.clear()
                continue
            self._asleep = False
            self._hurry.wait(self._interval_s)  # a batch may gather; flush and close cut it short
            if not self._closing:
                self._hurry.clear()
            self._write_queued()
            if self._closing:
                self._end()
        with self._flushed:
            self._flushed.notify_all()

    def _end(self) -> None:
        with self._lock:
            self._asleep = True
            self._ended = not self._queue
        if self._ended and self._store is not None:
            try:
                self._store.close()
            except Exception:
                logger.exception("closing %s failed", self._name)

    def _write_queued(self) -> None:
        while self._queue:
            items = [self._queue.popleft() for _ in range(min(len(self._queue), _BATCH))]
            try:
                if self._store is None:
                    self._store = self._open_store()
                done = self._store.write(items)
            except Exception:
                logger.exception("%s could not write; %d items are dropped", self._name, len(items))
                done = 0
            self._written += done
            self._lost += len(items) - done
