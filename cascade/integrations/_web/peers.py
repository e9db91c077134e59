"""The worker processes of one service, who ask each other over Unix sockets in a folder that is theirs alone.

Each worker counts its own requests; whichever is asked for figures asks the others, and what a person sets is set in
all of them. A message is one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Callable
from inspect import isawaitable
from pathlib import Path
from typing import Any

logger = logging.getLogger("cascade")

TIMEOUT_S = 1.0
MAX_MESSAGE = 64 * 1024 * 1024

Operation = Callable[[Any], Any]
"""What a worker does when it is asked: from JSON-able data to JSON-able data, or to what must be awaited for it."""


class PeerGone(Exception):
    """A worker that is not there, or does not answer."""


class Peers:
    """This process among its peers; alone when there is no ``folder``."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._operations: dict[str, Operation] = {}
        self._server: asyncio.Server | None = None

    @property
    def many(self) -> bool:
        """Whether there may be others."""
        return self._folder is not None

    def answer(self, name: str, operation: Operation) -> None:
        """Do ``operation`` when asked for ``name``."""
        self._operations[name] = operation

    async def start(self) -> None:
        """Listen. A socket left by a dead worker of the same number is replaced."""
        if self._folder is None:
            return
        path = self._socket(os.getpid())
        path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, path, limit=MAX_MESSAGE)
        path.chmod(0o600)

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            self._socket(os.getpid()).unlink(missing_ok=True)
            self._server = None

    async def ask(self, worker: int, name: str, said: Any = None) -> Any:
        """What one worker, by its process id, answers. Raises :class:`PeerGone`."""
        if worker == os.getpid():
            return await self._do(name, said)
        if self._folder is None:
            raise PeerGone(worker)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._exchange(self._socket(worker), name, said)
        except (OSError, TimeoutError, ValueError) as error:
            raise PeerGone(worker) from error

    async def ask_all(self, name: str, said: Any = None) -> dict[int, Any]:
        """What every worker answers, by process id, this one's first; those that do not are left out."""
        me = os.getpid()
        others = [worker for worker in self._workers() if worker != me]
        asked = await asyncio.gather(
            *(self.ask(worker, name, said) for worker in others), return_exceptions=True
        )
        answers = {me: await self._do(name, said)}
        for worker, answer in zip(others, asked, strict=True):
            if isinstance(answer, PeerGone):
                logger.warning("worker %d does not answer", worker)
                self._bury(worker)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                answers[worker] = answer
        return answers

    async def _do(self, name: str, said: Any) -> Any:
        answer = self._operations[name](said)
        return await answer if isawaitable(answer) else answer

    def _workers(self) -> list[int]:
        if self._folder is None:
            return []
        stems = [path.stem for path in self._folder.glob("*.sock")]
        return sorted(int(stem) for stem in stems if stem.isdigit())

    def _bury(self, worker: int) -> None:
        """Forget a worker that has died; one that is only slow stays."""
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            self._socket(worker).unlink(missing_ok=True)
        except PermissionError:
            return

    def _socket(self, worker: int) -> Path:
        assert self._folder is not None
        return self._folder / f"{worker}.sock"

    @staticmethod
    async def _exchange(path: Path, name: str, said: Any) -> Any:
        reader, writer = await asyncio.open_unix_connection(path, limit=MAX_MESSAGE)
        try:
            writer.write(json.dumps([name, said]).encode("ascii") + b"\n")
            await writer.drain()
            return json.loads(await reader.readline())
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            name, said = json.loads(await reader.readline())
            answer = await self._do(name, said)
            writer.write(json.dumps(answer).encode("ascii") + b"\n")
            await writer.drain()
        except OSError:
            logger.debug("a worker that asked did not wait for its answer")
        except Exception:
            logger.exception("a question of another worker failed")
        finally:
            writer.close()
