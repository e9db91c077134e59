"""The queue is bounded, its thread loses nothing in an orderly close, and what is lost is counted."""

import logging
import threading
from collections.abc import Sequence

import pytest

from cascade.background import Background
from cascade.errors import ConfigurationError


class Shelf:
    """A store that remembers, and fails or waits when told to."""

    def __init__(self) -> None:
        self.items: list[int] = []
        self.closed = 0
        self.lost = 0
        self.fails: Exception | None = None
        self.may_write = threading.Event()
        self.may_write.set()

    def write(self, items: Sequence[int]) -> int:
        assert self.may_write.wait(10)
        if self.fails is not None:
            raise self.fails
        self.items += items
        return len(items)

    def close(self) -> None:
        self.closed += 1
        if self.fails is not None:
            raise self.fails


def test_everything_put_before_the_close_is_written_in_order() -> None:
    shelf = Shelf()
    background: Background[int] = Background("t", lambda: shelf, max_queued=10_000)
    assert all(background.put(number) for number in range(5000))
    background.close()
    background.close()
    assert shelf.items == list(range(5000))
    assert (background.written, background.dropped, background.queued, shelf.closed) == (5000, 0, 0, 1)


def test_what_comes_after_the_end_is_dropped_and_counted() -> None:
    shelf = Shelf()
    background: Background[int] = Background("t", lambda: shelf)
    background.put(1)
    background.close()
    assert not background.put(2)
    assert (shelf.items, background.dropped) == ([1], 1)


def test_a_full_queue_drops_the_newest_and_never_blocks() -> None:
    shelf = Shelf()
    shelf.may_write.clear()
    background: Background[int] = Background("t", lambda: shelf, max_queued=100, flush_interval_s=0.001)
    kept = [number for number in range(1000) if background.put(number)]
    shelf.may_write.set()
    background.close()
    assert shelf.items == kept
    assert len(kept) + background.dropped == 1000
    assert background.dropped > 0


def test_many_threads_lose_nothing() -> None:
    shelf = Shelf()
    background: Background[int] = Background("t", lambda: shelf, max_queued=100_000, flush_interval_s=0.001)

    def work(start: int) -> None:
        for number in range(start, start + 500):
            background.put(number)

    threads = [threading.Thread(target=work, args=(500 * n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    background.close()
    assert sorted(shelf.items) == list(range(3000))


def test_flush_waits_for_what_was_put_before() -> None:
    shelf = Shelf()
    background: Background[int] = Background("t", lambda: shelf, flush_interval_s=60)
    assert background.flush()
    for number in range(3):
        background.put(number)
    assert background.flush()
    assert shelf.items == [0, 1, 2]
    background.close()


def test_a_failing_store_costs_its_batch_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    shelf = Shelf()
    background: Background[int] = Background("t", lambda: shelf, flush_interval_s=0.001)
    shelf.fails = OSError("full")
    with caplog.at_level(logging.CRITICAL, "cascade"):
        background.put(1)
        background.flush()
        shelf.fails = None
        background.put(2)
        background.flush()
        shelf.fails = OSError("gone")
        background.close()
    assert (shelf.items, background.written, background.dropped) == ([2], 1, 1)


def test_a_store_that_cannot_be_opened_is_tried_again() -> None:
    shelf, tries = Shelf(), []

    def opened() -> Shelf:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("not yet")
        return shelf

    logging.getLogger("cascade").disabled = True
    try:
        background: Background[int] = Background("t", opened, flush_interval_s=0.001)
        background.put(1)
        background.flush()
        background.put(2)
        background.close()
    finally:
        logging.getLogger("cascade").disabled = False
    assert (shelf.items, background.dropped, len(tries)) == ([2], 1, 2)


@pytest.mark.parametrize("options", [{"max_queued": 0}, {"flush_interval_s": 0.0}])
def test_sizes_are_above_zero(options: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError):
        Background("t", Shelf, **options)


def test_what_a_store_loses_later_is_dropped_and_not_written() -> None:
    shelf = Shelf()
    with Background[int]("t", lambda: shelf) as background:
        for number in range(5):
            background.put(number)
        background.flush()
        shelf.lost = 2
    assert (background.written, background.dropped) == (3, 2)
