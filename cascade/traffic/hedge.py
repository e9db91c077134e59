"""A second call when the first takes unusually long; the first good reply wins."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def hedged(
    first: Coroutine[Any, Any, T], after_s: float, second: Callable[[], Coroutine[Any, Any, T] | None]
) -> T:
    """The result of ``first``, or of ``second`` when that is sooner.

    ``second`` is asked for a call after ``after_s`` seconds and may decline with ``None``. The loser is
    cancelled; when one fails the other decides. Cancelling this cancels both.
    """
    running = {asyncio.ensure_future(first)}
    try:
        done, _ = await asyncio.wait(running, timeout=after_s)
        backup = None if done else second()
        if backup is not None:
            running.add(asyncio.ensure_future(backup))
        return await _first_good(set(running))
    finally:
        await _let_go(running)


async def _first_good(pending: set[asyncio.Task[T]]) -> T:
    while True:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        good = next((task for task in done if task.exception() is None), None)
        if good is not None:
            return good.result()
        if not pending:
            return done.pop().result()


async def _let_go(tasks: set[asyncio.Task[T]]) -> None:
    for task in tasks:
        task.cancel()
    waits: list[Awaitable[Any]] = list(tasks)
    await asyncio.gather(*waits, return_exceptions=True)
