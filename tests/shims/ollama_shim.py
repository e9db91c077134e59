"""Ollama's chat API in front of an OpenAI-compatible server, so that a real model can stand behind the Ollama backend.

It translates, and keeps three things that the real one does: it says how long each part took, it frees the model when
the client goes away, and it words its errors the same. Its shapes are held to the recorded exchanges by a test.
"""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import httpx

VERSION = "0.24.0"
NOT_FOUND = 404, "404 page not found"


class Refused(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error


@contextmanager
def running(upstream: str, model: str) -> Iterator[str]:
    """Serve ``model`` of the server at ``upstream`` until the block ends; yields the address."""
    started: list[str] = []
    ready, stop = threading.Event(), asyncio.Event()

    async def main() -> None:
        async with httpx.AsyncClient(base_url=upstream, timeout=None, trust_env=False) as client:
            shim = _Shim(client, model)
            server = await asyncio.start_server(shim.begin, "127.0.0.1", 0)
            async with server:
                started.append(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
                loops.append(asyncio.get_running_loop())
                ready.set()
                await stop.wait()
            await shim.drain()

    loops: list[asyncio.AbstractEventLoop] = []
    thread = threading.Thread(target=lambda: asyncio.run(main()), name="ollama-shim", daemon=True)
    thread.start()
    if not ready.wait(10):
        raise RuntimeError("the shim did not start")
    try:
        yield started[0]
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join(10)


class _Shim:
    def __init__(self, client: httpx.AsyncClient, model: str) -> None:
        self._client = client
        self._model = model
        self._held: set[asyncio.Task[None]] = set()

    def begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._converse(reader, writer))
        self._held.add(task)
        task.add_done_callback(self._held.discard)

    async def drain(self) -> None:
        held = tuple(self._held)
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            method, path, body = await _request(reader)
            work = asyncio.create_task(self._answer(method, path, body))
            gone = asyncio.create_task(reader.read(1))
            await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                gone.cancel()
                writer.write(await work)
                await writer.drain()
            else:  # nobody listens any more: closing the connection upstream frees the slot
                work.cancel()
            await asyncio.gather(work, gone, return_exceptions=True)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, method: str, path: str, body: bytes) -> bytes:
        try:
            if (method, path) == ("GET", "/api/version"):
                return _response(200, {"version": VERSION})
            if (method, path) == ("GET", "/api/tags"):
                return _response(200, {"models": [self._listed()]})
            if (method, path) == ("POST", "/api/chat"):
                return _response(200, await self._chat(body))
            return _response(*NOT_FOUND)
        except Refused as refused:
            return _response(refused.status, {"error": refused.error})

    def _listed(self) -> dict[str, Any]:
        details = {"parent_model": "", "format": "gguf", "family": "llama", "families": ["llama"]}
        sizes = {"parameter_size": "134.52M", "quantization_level": "Q4_1"}
        named = {"name": self._model, "model": self._model, "modified_at": _now()}
        return {**named, "size": 98_362_432, "digest": "0" * 64, "details": {**details, **sizes}}

    async def _chat(self, body: bytes) -> dict[str, Any]:
        started = time.monotonic_ns()
        asked = _checked(body, self._model)
        response = await self._client.post("/v1/chat/completions", json=_translated(asked))
        if response.status_code != 200:
            raise _refusal(response)
        completion = response.json()
        choice, timings = completion["choices"][0], completion["timings"]
        return {
            "model": self._model,
            "created_at": _now(),
            "message": {"role": "assistant", "content": choice["message"]["content"]},
            "done": True,
            "done_reason": choice["finish_reason"],
            "total_duration": time.monotonic_ns() - started,
            "load_duration": 1,
            "prompt_eval_count": completion["usage"]["prompt_tokens"],
            "prompt_eval_duration": round(timings["prompt_ms"] * 1e6),
            "eval_count": completion["usage"]["completion_tokens"],
            "eval_duration": round(timings["predicted_ms"] * 1e6),
        }


async def _request(reader: asyncio.StreamReader) -> tuple[str, str, bytes]:
    method, path, _ = (await reader.readline()).decode().split(" ", 2)
    length = 0
    while (line := (await reader.readline()).strip()) != b"":
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return method, path, await reader.readexactly(length)


def _response(status: int, data: Any) -> bytes:
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    kind = "text/plain" if isinstance(data, str) else "application/json; charset=utf-8"
    content = text.encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(content)}\r\nconnection: close\r\n\r\n"
    return head.encode() + content


def _checked(body: bytes, model: str) -> dict[str, Any]:
    try:
        asked = json.loads(body)
    except ValueError:
        raise Refused(400, "unexpected EOF" if body else "missing request body") from None
    if not asked.get("model"):
        raise Refused(400, "model is required")
    if asked["model"] != model:
        raise Refused(404, f"model '{asked['model']}' not found")
    if asked.get("think"):
        raise Refused(400, f'"{model}" does not support thinking')
    shape = asked.get("format")
    if shape is not None and shape != "json" and not isinstance(shape, dict):
        raise Refused(
            500, f'invalid format: {json.dumps(shape)!r}; expected "json" or a valid JSON Schema object'
        )
    if asked.get("stream", True):
        raise Refused(501, "this shim does not stream")
    return dict(asked)


def _translated(asked: dict[str, Any]) -> dict[str, Any]:
    options = asked.get("options") or {}
    request = {"model": asked["model"], "messages": asked["messages"], "stream": False}
    request |= {name: options[name] for name in ("temperature", "seed") if name in options}
    if "num_predict" in options:
        request["max_tokens"] = options["num_predict"]
    if isinstance(asked.get("format"), dict):
        schema = {"name": "format", "strict": True, "schema": asked["format"]}
        request["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif asked.get("format") == "json":
        request["response_format"] = {"type": "json_object"}
    return request


def _refusal(response: httpx.Response) -> Refused:
    if "context size" in response.text:
        return Refused(400, "the input length exceeds the context length")
    return Refused(500, "invalid JSON schema in format" if response.status_code == 400 else response.text)


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
