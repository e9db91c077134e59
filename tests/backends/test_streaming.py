"""A reply that is streamed is the same reply, and tells when its first token came and how long the others took."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cascade.backends.base import ChatReply, ChatRequest, Message
from cascade.backends.resolve import open_backend
from cascade.observe.tally import server_times_ns
from cascade.result import FREE, Cost

ASKED = ChatRequest((Message("user", "来杯奶茶"),), None, 40, 5.0)
FIRST_S, EACH_S = 0.08, 0.02
USAGE = {"prompt_tokens": 30, "completion_tokens": 4}


def event(**more: Any) -> bytes:
    return (
        b"data: " + json.dumps({"model": "m", "choices": [], **more}, ensure_ascii=False).encode() + b"\n\n"
    )


def delta(**said: Any) -> bytes:
    return event(choices=[{"delta": said}])


@asynccontextmanager
async def server(*, streams: bool = True) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """A server that writes four tokens; the first comes late. Yields its address and the bodies that it was sent."""
    bodies: list[dict[str, Any]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length:")[1].split("\r\n")[0])
        bodies.append(json.loads(await reader.readexactly(length)))
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        if not streams:
            message = {"message": {"content": "一二三四"}, "finish_reason": "stop"}
            writer.write(json.dumps({"choices": [message], "usage": USAGE}).encode())
        else:
            writer.write(b": alive\n\n" + delta(role="assistant", content=""))
            await writer.drain()
            await asyncio.sleep(FIRST_S)
            for word in "一二三四":
                writer.write(delta(content=word))
                await writer.drain()
                await asyncio.sleep(EACH_S)
            writer.write(event(choices=[{"delta": {}, "finish_reason": "stop"}]))
            writer.write(event(usage=USAGE) + b"data: [DONE]\n\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
        host, port = listening.sockets[0].getsockname()[:2]
        yield f"http://{host}:{port}/v1", bodies


async def asked(spec: str) -> ChatReply:
    backend = open_backend(spec)
    try:
        return await backend.chat(ASKED)
    finally:
        await backend.aclose()


async def test_the_first_token_and_the_others_are_seen() -> None:
    async with server() as (url, bodies):
        reply = await asked(f"openai:m@{url}?stream=true")
    assert (reply.content, reply.finish_reason) == ("一二三四", "stop")
    assert (reply.input_tokens, reply.output_tokens) == (30, 4)
    assert reply.first_token_ns is not None
    assert reply.output_ns is not None
    assert reply.first_token_ns >= FIRST_S * 1e9  # not the role, nor the sign of life, which came at once
    assert reply.output_ns >= 4 * EACH_S * 1e9 * 0.9
    assert (reply.queued_ns, reply.prompt_ns) == (None, None)  # how the wait was spent, nobody saw
    assert (bodies[0]["stream"], bodies[0]["stream_options"]) == (True, {"include_usage": True})


@pytest.mark.parametrize("spec", ["openai:m@{}", "openai:m@{}?stream=true"])
async def test_a_reply_that_comes_whole_tells_nothing_of_it(spec: str) -> None:
    async with server(streams=False) as (url, bodies):
        reply = await asked(spec.format(url))
    assert (reply.content, reply.first_token_ns, reply.output_ns) == ("一二三四", None, None)
    assert bodies[0]["stream"] is spec.endswith("true")


def test_what_was_seen_counts_more_than_what_was_told() -> None:
    seen = Cost(9, 1, 1, 30, 0, 4, "m", 2, 8, 0, 5)
    assert dict(server_times_ns(seen)) == {
        "cascade_llm_queued_seconds": 1,
        "cascade_llm_time_to_first_token_seconds": 5,
        "cascade_llm_time_per_output_token_seconds": 2,
    }
    assert (FREE + seen).first_token_ns == (seen + FREE).first_token_ns == 5
    assert (seen + seen).first_token_ns is None  # of a repair: two waits are no wait
