"""A chat server on the loopback address that speaks Ollama and OpenAI, and fails as the real ones do."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Literal, Self, get_args

from cascade.testing.fault_http import MAX_HEAD, read_request, reset, send
from cascade.testing.fault_protocols import (
    OTHER_SHAPE,
    Said,
    asks_for_thinking_off,
    chat_reply,
    compact,
    error_reply,
    listing,
    protocol_of,
)

Fault = Literal[
    "none",
    "stall",
    "busy",
    "busy_later",
    "runner_died",
    "error_in_200",
    "format_ignored",
    "in_thinking",
    "double",
    "no_counts",
    "zero_counts",
    "truncated",
    "drip",
    "reset",
    "reset_in_body",
    "wrong_model",
]
"""``stall`` never answers; ``busy`` is a 503 without Retry-After, ``busy_later`` one with; ``runner_died`` a
500 that passes; ``error_in_200`` an error inside a good status; ``format_ignored`` keeps to no schema when
thinking is off; ``in_thinking`` puts the answer beside ``content``; ``double`` runs two completions, as
thinking models do for a schema, and counts both; ``no_counts`` and ``zero_counts`` tell no tokens;
``truncated`` is cut at the length; ``drip`` sends a byte at a time; ``reset`` and ``reset_in_body`` break the
connection; ``wrong_model`` does not have the model."""

FAULTS: tuple[Fault, ...] = get_args(Fault)

Answer = Mapping[str, Any] | Callable[[str], Mapping[str, Any]]
"""The JSON to answer with, or what makes it of the last message."""

DRIP_S = 0.05
"""Between two bytes of a dripping reply."""
RETRY_AFTER_S = 1
_TURNS_TO_ACCEPT = 8
"""Turns of the loop after which whoever was let in before the door closed can be hung up on."""


@dataclass(frozen=True, slots=True)
class ServerCount:
    """What the server has seen, to hold a caller's books against.

    Once nothing is under way, ``received`` is the sum of the four that follow it.
    """

    received: int = 0
    """Chat requests."""
    answered: int = 0
    """Completions sent whole, whatever they said."""
    refused: int = 0
    broken: int = 0
    """Connections that it reset."""
    abandoned: int = 0
    """Requests whose caller closed the connection first."""
    input_tokens: int = 0
    output_tokens: int = 0
    """Of the answered ones, whether it told them or not."""


class FaultServer:
    """A server in a thread of its own; ``with`` starts and stops it.

    It serves ``slots`` requests at once, ``service_s`` seconds each; the others wait in a line without bound,
    and a caller who closes the connection leaves it at once. ``answer`` is what a faultless request is
    answered with.
    """

    def __init__(
        self,
        answer: Answer,
        *,
        model: str = "test-model:1b",
        slots: int = 1,
        service_s: float = 0.0,
        fault: Fault = "none",
    ) -> None:
        """``fault`` is what happens to every request that :meth:`faults` names no other for."""
        self._answer = answer
        self._model = model
        self._slots = slots
        self.service_s = service_s
        self.fault: Fault = fault
        self._script: deque[Fault] = deque()
        self._count = ServerCount()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-server", daemon=True)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._free = asyncio.Semaphore(slots)
        self.port = 0

    @property
    def ollama(self) -> str:
        """How ``Cascade.load(llm=...)`` names it as an Ollama."""
        return f"ollama:{self._model}@http://127.0.0.1:{self.port}"

    @property
    def openai(self) -> str:
        """The same as an OpenAI-compatible server."""
        return f"openai:{self._model}@http://127.0.0.1:{self.port}/v1"

    @property
    def count(self) -> ServerCount:
        """What it has seen so far."""
        return self._count

    def faults(self, *faults: Fault) -> None:
        """What happens to the next requests, one after the other."""
        self._script.extend(faults)

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        if not self._thread.is_alive():
            self._thread.start()
        self._on_loop(self._listen())

    def stop(self) -> None:
        """Stop listening and break every connection, as a killed process does."""
        self._on_loop(self._hang_up())

    def restart(self, down_s: float = 0.0) -> None:
        """:meth:`stop`, be away for ``down_s`` seconds, :meth:`start`."""
        self.stop()
        time.sleep(down_s)
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _on_loop(self, job: Any) -> None:
        asyncio.run_coroutine_threadsafe(job, self._loop).result(10)

    async def _listen(self) -> None:
        self._free = asyncio.Semaphore(self._slots)
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=MAX_HEAD)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _hang_up(self) -> None:
        if self._server is not None:
            # closed while it lets somebody in, a server of asyncio leaves that connection open
            for door in self._server.sockets:
                self._loop.remove_reader(door.fileno())
            for _ in range(_TURNS_TO_ACCEPT):
                await asyncio.sleep(0)
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await asyncio.sleep(0)  # what was closed is let go of in the turn after

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        ahead: bytes | None = b""
        try:
            while ahead is not None:
                ahead = await self._exchange(reader, writer, ahead)
        except (asyncio.CancelledError, OSError):
            reset(writer)
        finally:
            self._connections.discard(task)
            writer.close()

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ahead: bytes
    ) -> bytes | None:
        """One request and its reply; what was read of the next request, ``None`` when the connection is over."""
        asked = await read_request(reader, ahead)
        if asked is None:
            return None
        path, body = asked
        if not path.endswith(("/chat", "/chat/completions")):
            found = listing(path, self._model)
            await send(writer, 404 if found is None else 200, compact(found or {"error": "not found"}))
            return b""
        self._add(received=1)
        serving = asyncio.ensure_future(self._chat(writer, path, body))
        leaving = asyncio.ensure_future(reader.read(1))  # a client that waits sends nothing but its end
        try:
            await asyncio.wait((serving, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not serving.done():
                self._add(abandoned=1)
                return None
            if isinstance(serving.exception(), OSError):  # it left while it was being answered
                self._add(abandoned=1)
                return None
            ahead = leaving.result() if leaving.done() else b""
            return ahead if serving.result() and not (leaving.done() and not ahead) else None
        except asyncio.CancelledError:
            self._add(broken=1)
            raise
        finally:
            serving.cancel()
            leaving.cancel()
            await asyncio.gather(serving, leaving, return_exceptions=True)

    async def _chat(self, writer: asyncio.StreamWriter, path: str, body: Mapping[str, Any]) -> bool:
        """Whether the connection lives on."""
        fault = self._script.popleft() if self._script else self.fault
        protocol = protocol_of(path)
        refusal = self._refusal(fault, str(body.get("model", "")))
        if refusal is not None:
            self._add(refused=1)
            status, message = refusal
            header = f"Retry-After: {RETRY_AFTER_S}\r\n" if fault == "busy_later" else ""
            await send(writer, status, compact(error_reply(protocol, message, status)), header)
            return True
        if fault in ("reset", "stall"):
            if fault == "stall":
                await asyncio.Event().wait()
            self._add(broken=1)
            reset(writer)
            return False
        said = await self._said(fault, path, body)
        reply = compact(chat_reply(protocol, self._model, said))
        if fault == "reset_in_body":
            self._add(broken=1)
            await send(writer, 200, reply[: len(reply) // 2], length=len(reply))
            reset(writer)
            return False
        await send(writer, 200, reply, drip_s=DRIP_S if fault == "drip" else 0.0)
        self._add(answered=1, input_tokens=said.spent[0], output_tokens=said.spent[1])
        return True

    def _refusal(self, fault: Fault, model: str) -> tuple[int, str] | None:
        if fault == "wrong_model" or model != self._model:
            return 404, f"model '{model}' not found"
        return _REFUSALS.get(fault)

    async def _said(self, fault: Fault, path: str, body: Mapping[str, Any]) -> Said:
        """Stand in line, work, and say the answer in the way of the fault."""
        last = str(body["messages"][-1]["content"])
        answer = self._answer(last) if callable(self._answer) else self._answer
        if fault == "format_ignored" and asks_for_thinking_off(protocol_of(path), body):
            answer = OTHER_SHAPE
        text = compact(answer).decode()
        times = 2 if fault == "double" else 1
        came = time.perf_counter_ns()
        async with self._free:
            began = time.perf_counter_ns()
            await asyncio.sleep(self.service_s * times)
            ended = time.perf_counter_ns()
        prompt = "".join(str(turn["content"]) for turn in body["messages"])
        spent = (times * _tokens(prompt), times * _tokens(text))
        told: tuple[int | None, int | None] = spent
        if fault in ("no_counts", "zero_counts"):
            told = (None, None) if fault == "no_counts" else (0, spent[1])
        return Said(
            content=""
            if fault == "in_thinking"
            else text[: len(text) // 2]
            if fault == "truncated"
            else text,
            thinking=text if fault == "in_thinking" else "",
            cut=fault == "truncated",
            told=told,
            spent=spent,
            queued_ns=began - came,
            worked_ns=ended - began,
        )

    def _add(self, **counts: int) -> None:
        self._count = replace(
            self._count, **{name: getattr(self._count, name) + more for name, more in counts.items()}
        )


_REFUSALS: Mapping[str, tuple[int, str]] = {
    "busy": (503, "server busy, please try again.  maximum pending requests exceeded"),
    "busy_later": (503, "server busy, please try again.  maximum pending requests exceeded"),
    "runner_died": (500, "model runner has unexpectedly stopped"),
    "error_in_200": (200, "an error was encountered while running the model: unexpected EOF"),
}


def _tokens(text: str) -> int:
    """As good a count as any: the point is that both sides can be held to the same."""
    return 1 + len(text) // 2
