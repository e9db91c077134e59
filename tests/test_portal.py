"""One background loop serves threads and event loops, and lets go of what nobody waits for."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest

from cascade.errors import CascadeClosed
from cascade.portal import Pending, Portal


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


def told_to(portal: Portal, call: Callable[[], Awaitable[str]]) -> tuple[Pending[str], list[object]]:
    told: list[object] = []
    return portal.submit(call, unclaimed=told.append), told


def settled(portal: Portal) -> None:
    """Everything that was already on its way to the loop has had its turn."""
    for _ in range(3):
        portal.submit(_thread_name).result(5)


def test_what_comes_of_a_call_reaches_who_waits_and_nobody_else() -> None:
    portal = Portal()
    pending, told = told_to(portal, _thread_name)
    assert pending.result(5) == "cascade-portal"
    cancelled, also_told = told_to(portal, lambda: asyncio.sleep(60, "late"))
    cancelled.cancel()
    settled(portal)
    assert told == also_told == []
    portal.close()


def test_who_leaves_after_the_end_leaves_the_result_behind() -> None:
    portal = Portal()
    pending, told = told_to(portal, _thread_name)
    pending.result(5)
    pending.let_go()
    assert told == ["cascade-portal"]
    portal.close()


@pytest.mark.parametrize("error", [None, OSError("reset")])
def test_what_comes_in_the_moment_of_leaving_is_told(error: OSError | None) -> None:
    portal, leaving, began = Portal(), threading.Event(), threading.Event()

    async def finish_at_once() -> str:
        began.set()
        leaving.wait(5)  # holds the loop: the cancellation arrives when this has ended
        if error is not None:
            raise error
        return "came all the same"

    pending, told = told_to(portal, finish_at_once)
    began.wait(5)
    pending.let_go()
    leaving.set()
    settled(portal)
    assert told == [error or "came all the same"]
    assert pending.cancelled()
    portal.close()


def test_a_call_that_was_cancelled_in_time_came_to_nothing() -> None:
    portal, began = Portal(), threading.Event()

    async def endless() -> str:
        began.set()
        return await asyncio.sleep(60, "late")

    pending, told = told_to(portal, endless)
    began.wait(5)
    pending.let_go()
    settled(portal)
    assert told == [None]
    portal.close()


def test_books_that_fail_break_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def fail(came: object) -> None:
        raise OSError(came)

    portal = Portal()
    pending = portal.submit(_thread_name, unclaimed=fail)
    pending.result(5)
    pending.let_go()
    assert "booking a call that nobody waited for failed" in caplog.text
    portal.close()
