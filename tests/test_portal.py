"""One background loop serves threads and event loops, and lets go of what nobody waits for."""

import asyncio
import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest

from cascade.errors import CascadeClosed
from cascade.portal import Portal


async def _thread_name() -> str:
    return threading.current_thread().name


def test_everything_runs_on_one_thread() -> None:
    portal = Portal()
    with ThreadPoolExecutor(8) as pool:
        names = set(pool.map(lambda _: portal.submit(_thread_name).result(), range(64)))
    portal.close()
    assert names == {"cascade-portal"}


def test_an_unused_portal_starts_no_thread() -> None:
    before = threading.active_count()
    portal = Portal()
    assert threading.active_count() == before
    portal.close()


def test_cancelling_the_future_cancels_the_call() -> None:
    portal = Portal()
    started, cancelled = threading.Event(), threading.Event()

    async def wait_forever() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    future = portal.submit(wait_forever)
    assert started.wait(5)
    future.cancel()
    assert cancelled.wait(5)
    portal.close()


def test_close_cancels_what_is_under_way_runs_the_farewell_and_refuses_more() -> None:
    portal = Portal()
    said: list[str] = []
    future = portal.submit(asyncio.Event().wait)

    async def farewell() -> None:
        said.append("bye")

    portal.close(farewell)
    portal.close(farewell)
    assert said == ["bye"]
    with pytest.raises(CancelledError):
        future.result(5)
    with pytest.raises(CascadeClosed):
        portal.submit(_thread_name)


def test_close_lets_what_is_under_way_end_when_asked_to() -> None:
    portal = Portal()
    quick = portal.submit(lambda: asyncio.sleep(0.1, "done"))
    endless = portal.submit(asyncio.Event().wait)
    portal.close(drain_s=0.3)
    assert quick.result(0) == "done"
    assert endless.cancelled()


def test_a_farewell_that_fails_is_logged_and_the_thread_stops(caplog: pytest.LogCaptureFixture) -> None:
    portal = Portal()
    portal.submit(_thread_name).result(5)

    async def farewell() -> None:
        raise OSError("socket already gone")

    portal.close(farewell)
    assert "closing the connections failed" in caplog.text
    assert all(thread.name != "cascade-portal" for thread in threading.enumerate())
