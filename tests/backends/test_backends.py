"""Both backends: what goes out, what is read back, deadlines, cancellation, and loops. No network beyond loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest

from cascade.backends.base import ChatBackend, ChatReply, ChatRequest, Message
from cascade.backends.http import MAX_REPLY_BYTES, Deadlines
from cascade.backends.ollama import OllamaBackend
from cascade.backends.openai import OpenAIBackend
from cascade.errors import (
    BackendRejected,
    BackendReplyInvalid,
    BackendTimeout,
    BackendUnavailable,
)
from cascade.portal import Portal

SCHEMA = {"type": "object", "properties": {"intent": {"type": "string"}}, "required": ["intent"]}
QUESTION = ChatRequest(
    (Message("system", "s"), Message("user", "帮我点杯奶茶")), SCHEMA, max_output_tokens=77, timeout_s=5.0
)

Answer = Callable[[httpx.Request], httpx.Response]


def ollama_reply(**changes: Any) -> dict[str, Any]:
    reply = {
        "model": "m",
        "message": {"role": "assistant", "content": "{}"},
        "done": True,
        "done_reason": "stop",
        "total_duration": 100,
        "load_duration": 10,
        "prompt_eval_count": 5,
        "prompt_eval_duration": 20,
        "eval_count": 3,
        "eval_duration": 30,
    }
    return {name: value for name, value in {**reply, **changes}.items() if value is not None}


def openai_reply(message: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    choice = {
        "index": 0,
        "message": message or {"role": "assistant", "content": "{}"},
        "finish_reason": "stop",
    }
    usage = {"prompt_tokens": 5, "completion_tokens": 3}
    return {"model": "m", "choices": [choice], "usage": usage, **changes}


def ollama(answer: Answer, **options: Any) -> OllamaBackend:
    return OllamaBackend("m", transport=httpx.MockTransport(answer), **options)


def openai(answer: Answer, **options: Any) -> OpenAIBackend:
    return OpenAIBackend("m", base_url="http://h:8000/v1", transport=httpx.MockTransport(answer), **options)


async def ask(backend: ChatBackend, request: ChatRequest = QUESTION) -> ChatReply:
    try:
        return await backend.chat(request)
    finally:
        await backend.aclose()


def keeping(seen: list[httpx.Request], reply: dict[str, Any]) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=reply)

    return answer


class TestOllama:
    async def test_the_request(self) -> None:
        seen: list[httpx.Request] = []
        await ask(ollama(keeping(seen, ollama_reply()), host="http://gpu:1234", num_ctx=4096))
        (request,) = seen
        assert str(request.url) == "http://gpu:1234/api/chat"
        assert json.loads(request.content) == {
            "model": "m",
            "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "帮我点杯奶茶"}],
            "stream": False,
            "truncate": False,
            "think": False,
            "format": SCHEMA,
            "options": {"num_ctx": 4096, "num_predict": 77, "temperature": 0.0, "seed": 1},
        }

    async def test_what_is_left_out_when_it_is_not_wanted(self) -> None:
        seen: list[httpx.Request] = []
        request = ChatRequest((Message("user", "x"),), None, 5, 1.0, seed=None)
        await ask(ollama(keeping(seen, ollama_reply()), think=None, keep_alive="5m"), request)
        body = json.loads(seen[0].content)
        assert "think" not in body
        assert "format" not in body
        assert "seed" not in body["options"]
        assert body["keep_alive"] == "5m"

    async def test_the_reply(self) -> None:
        reply = await ask(ollama(keeping([], ollama_reply(message={"role": "assistant", "thinking": "hm"}))))
        assert reply == ChatReply("", "hm", "stop", "m", 5, None, 3, queued_ns=40, prompt_ns=20, output_ns=30)

    @pytest.mark.parametrize(
        ("changes", "tokens", "queued"),
        [
            ({"prompt_eval_count": None}, None, 40),
            ({"prompt_eval_count": 0}, None, 40),
            ({"prompt_eval_count": -3}, None, 40),
            ({"prompt_eval_duration": None}, 5, None),
            ({"total_duration": None}, 5, None),
            ({"total_duration": 55}, 5, 0),
        ],
    )
    async def test_what_is_not_told_is_unknown_and_not_0(
        self, changes: dict[str, Any], tokens: int | None, queued: int | None
    ) -> None:
        reply = await ask(ollama(keeping([], ollama_reply(**changes))))
        assert (reply.input_tokens, reply.queued_ns) == (tokens, queued)

    async def test_the_host_is_not_taken_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OLLAMA_HOST", "http://elsewhere:9")
        seen: list[httpx.Request] = []
        await ask(ollama(keeping(seen, ollama_reply())))
        assert seen[0].url.host == "127.0.0.1"


class TestOpenAI:
    async def test_the_request(self) -> None:
        seen: list[httpx.Request] = []
        extra = {"chat_template_kwargs": {"enable_thinking": False}}
        await ask(openai(keeping(seen, openai_reply()), api_key="k", extra_body=extra))
        (request,) = seen
        assert str(request.url) == "http://h:8000/v1/chat/completions"
        assert request.headers["authorization"] == "Bearer k"
        assert json.loads(request.content) == {
            "model": "m",
            "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "帮我点杯奶茶"}],
            "stream": False,
            "max_tokens": 77,
            "temperature": 0.0,
            "seed": 1,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA},
            },
            **extra,
        }

    @pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
    async def test_thinking_under_either_name(self, field: str) -> None:
        reply = await ask(openai(keeping([], openai_reply({"content": None, field: "hm"}))))
        assert (reply.content, reply.thinking) == ("", "hm")

    async def test_tokens_read_from_the_servers_cache(self) -> None:
        usage = {"prompt_tokens": 9, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 8}}
        reply = await ask(openai(keeping([], openai_reply(usage=usage))))
        assert (reply.input_tokens, reply.cached_tokens, reply.output_tokens) == (9, 8, 1)

    async def test_no_usage_is_unknown(self) -> None:
        reply = await ask(openai(keeping([], openai_reply(usage=None))))
        assert (reply.input_tokens, reply.cached_tokens, reply.output_tokens) == (None, None, None)

    async def test_a_stream_that_was_not_asked_for_is_read(self) -> None:
        lines = [
            {"model": "m", "choices": [{"delta": {"content": "{\u2028"}}]},
            {"model": "m", "choices": [{"delta": {"content": "}"}, "finish_reason": "stop"}]},
            {"model": "m", "choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}},
        ]
        body = (
            "".join(f"data: {json.dumps(line, ensure_ascii=False)}\n\n" for line in lines)
            + "data: [DONE]\n\n"
        )
        reply = await ask(openai(lambda request: httpx.Response(200, text=": ping\n\n" + body)))
        assert reply == ChatReply("{\u2028}", "", "stop", "m", 5, None, 2)

    async def test_a_stream_that_stops_short_is_a_broken_connection(self) -> None:
        body = 'data: {"choices":[{"delta":{"content":"{"}}]}\n\n'
        with pytest.raises(BackendUnavailable, match="broke off"):
            await ask(openai(lambda request: httpx.Response(200, text=body)))

    async def test_an_error_inside_a_good_status(self) -> None:
        body = {"error": {"message": "server busy", "code": 503}}
        with pytest.raises(BackendUnavailable, match="queue is full") as caught:
            await ask(openai(keeping([], body)))
        assert caught.value.retryable

    async def test_a_reply_without_a_choice(self) -> None:
        with pytest.raises(BackendReplyInvalid, match="no choice"):
            await ask(openai(keeping([], openai_reply(choices=[]))))


BOTH = pytest.mark.parametrize("make", [ollama, openai], ids=["ollama", "openai"])


@BOTH
class TestBoth:
    @pytest.mark.parametrize(
        "text", ["", "null", "[]", "5", '"x"', "{", "NaN", "[" * 100_000, "{}", "data: {"]
    )
    async def test_a_lying_server(self, make: Callable[..., ChatBackend], text: str) -> None:
        with pytest.raises(BackendReplyInvalid):
            await ask(make(lambda request: httpx.Response(200, text=text)))

    async def test_a_reply_that_is_not_text(self, make: Callable[..., ChatBackend]) -> None:
        with pytest.raises(BackendReplyInvalid):
            await ask(make(lambda request: httpx.Response(200, content=b'{"a": "\xff\xfe"}')))

    async def test_a_reply_without_end_is_not_read_to_its_end(self, make: Callable[..., ChatBackend]) -> None:
        sent = 0

        async def flood() -> AsyncIterator[bytes]:
            nonlocal sent
            while True:
                sent += 65_536
                yield b" " * 65_536

        with pytest.raises(BackendReplyInvalid, match="bytes of reply"):
            await ask(make(lambda request: httpx.Response(200, content=flood())))
        assert sent < 2 * MAX_REPLY_BYTES

    async def test_half_a_surrogate_pair_is_refused_before_it_is_sent(
        self, make: Callable[..., ChatBackend]
    ) -> None:
        seen: list[httpx.Request] = []
        question = ChatRequest((Message("user", "奶茶\ud83d"),), None, 5, 1.0)
        with pytest.raises(BackendRejected) as caught:
            await ask(make(keeping(seen, {})), question)
        assert caught.value.calls == 0
        assert seen == []

    async def test_a_redirect_is_not_followed(self, make: Callable[..., ChatBackend]) -> None:
        seen: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(307, headers={"location": "http://elsewhere/api/chat"})

        with pytest.raises(BackendRejected):
            await ask(make(answer))
        assert len(seen) == 1

    async def test_when_to_come_back_is_told(self, make: Callable[..., ChatBackend]) -> None:
        with pytest.raises(BackendUnavailable) as caught:
            await ask(make(lambda request: httpx.Response(429, headers={"retry-after": "7"})))
        assert caught.value.retry_after_s == 7.0

    @pytest.mark.parametrize("seconds", [0.0, -1.0])
    async def test_nothing_is_sent_after_the_deadline(
        self, make: Callable[..., ChatBackend], seconds: float
    ) -> None:
        seen: list[httpx.Request] = []
        with pytest.raises(BackendTimeout) as caught:
            await ask(make(keeping(seen, {})), ChatRequest((Message("user", "x"),), None, 5, seconds))
        assert caught.value.calls == 0
        assert seen == []

    async def test_a_proxy_in_the_environment_is_not_used(
        self, make: Callable[..., ChatBackend], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[bytes] = []

        async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await reader.readline())

        async with listening(proxy) as port:
            monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
            monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{port}")
            backend = (
                OllamaBackend("m", host="http://127.0.0.1:1")
                if make is ollama
                else OpenAIBackend("m", base_url="http://127.0.0.1:1/v1")
            )
            with pytest.raises(BackendUnavailable) as caught:
                await ask(backend)
        assert asked == []
        assert caught.value.calls == 0


Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(conversation: Conversation) -> AsyncIterator[int]:
    """A loopback server that holds this conversation with everyone; yields its port."""
    held: set[asyncio.Task[None]] = set()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError):
                await conversation(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.add(asyncio.create_task(hold(reader, writer)))

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
    for task in held:
        task.cancel()
    await asyncio.gather(*held, return_exceptions=True)


def on(make: Callable[..., ChatBackend], port: int, **options: Any) -> ChatBackend:
    if make is ollama:
        return OllamaBackend("m", host=f"http://127.0.0.1:{port}", **options)
    return OpenAIBackend("m", base_url=f"http://127.0.0.1:{port}/v1", **options)


@BOTH
class TestRealSockets:
    async def test_a_server_that_drips_meets_the_total_deadline(
        self, make: Callable[..., ChatBackend]
    ) -> None:
        async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.01)

        async with listening(drip) as port:
            question = ChatRequest((Message("user", "x"),), None, 5, 0.15)
            with pytest.raises(BackendTimeout, match=r"within 0\.15 s"):
                await ask(on(make, port), question)

    async def test_a_server_that_stalls_meets_the_read_deadline(
        self, make: Callable[..., ChatBackend]
    ) -> None:
        async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()

        async with listening(stall) as port:
            with pytest.raises(BackendTimeout, match="ReadTimeout"):
                await ask(on(make, port, deadlines=Deadlines(read_s=0.05)))

    async def test_cancelling_closes_the_connection(self, make: Callable[..., ChatBackend]) -> None:
        arrived, gone = asyncio.Event(), asyncio.Event()

        async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            arrived.set()
            while await reader.read(65_536):
                pass
            gone.set()

        async with listening(wait) as port:
            backend = on(make, port)
            call = asyncio.create_task(backend.chat(QUESTION))
            await asyncio.wait_for(arrived.wait(), 5)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await asyncio.wait_for(gone.wait(), 5)
            await backend.aclose()

    @pytest.mark.parametrize(
        "said", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{", b"SSH-2.0-x\r\n"]
    )
    async def test_a_server_that_dies_in_mid_reply(
        self, make: Callable[..., ChatBackend], said: bytes
    ) -> None:
        async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(said)
            await writer.drain()

        async with listening(die) as port:
            with pytest.raises(BackendUnavailable) as caught:
                await ask(on(make, port))
        assert caught.value.retryable


@pytest.mark.parametrize(
    ("total", "connect", "read"), [(60.0, 3.0, 30.0), (10.0, 3.0, 10.0), (0.5, 0.5, 0.5)]
)
def test_connecting_and_reading_have_deadlines_within_the_total(
    total: float, connect: float, read: float
) -> None:
    timeout = Deadlines(connect_s=3.0, read_s=30.0).within(total)
    assert (timeout.connect, timeout.read, timeout.write, timeout.pool) == (connect, read, read, connect)


def test_one_backend_serves_two_loops_and_opens_anew_after_closing() -> None:
    backend = ollama(lambda request: httpx.Response(200, json=ollama_reply()))
    first, second = Portal(), Portal()
    for portal in (first, second, first):
        assert portal.run(lambda: backend.chat(QUESTION)).content == "{}"
    first.run(backend.aclose)
    assert first.run(lambda: backend.chat(QUESTION)).content == "{}"
    first.close(backend.aclose)
    second.close(backend.aclose)
