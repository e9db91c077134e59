"""Every recorded exchange of a real Ollama, and what a caller of the backends must see of it.

A recording that is not of a chat shows what the backend makes of such a reply when it asked for a chat: a server that
answers something else must not be believed. What ``probe`` makes of its own paths stands at the end.
"""

import asyncio
from dataclasses import dataclass

import httpx
import pytest
from shims import recordings
from shims.recordings import Exchange

from cascade.backends.base import ChatBackend, ChatReply, ChatRequest, Message, ServerLoad
from cascade.backends.ollama import OllamaBackend
from cascade.backends.openai import OpenAIBackend
from cascade.errors import (
    BackendError,
    BackendRejected,
    BackendReplyInvalid,
    BackendTimeout,
    BackendUnavailable,
)

needs_recordings = pytest.mark.skipif(not recordings.names(), reason=recordings.ABSENT)

MODEL = "smollm2:135m"


@dataclass(frozen=True)
class Says:
    """A reply: why it ended, and the counts as recorded."""

    finish: str
    tokens: tuple[int, int] | None = None
    content: str | None = None


@dataclass(frozen=True)
class Fails:
    kind: type[BackendError]
    retryable: bool
    words: str
    hint: str = ""


STOP, LENGTH = Says("stop"), Says("length")
BROKEN_REQUEST = Fails(BackendRejected, False, "HTTP 400")
SCHEMA_REFUSED = Fails(BackendRejected, False, "cannot use the schema")
NO_MODEL = Fails(BackendRejected, False, "no model 'qwen3:8b'", "ollama pull qwen3:8b")
NO_SUCH_PATH = Fails(BackendRejected, False, "HTTP 40", "right address")
REFUSED = Fails(BackendRejected, False, "HTTP 403", "origins")
CANNOT_THINK = Fails(BackendRejected, False, "cannot think", "leave think out")
PROMPT_CUT = Fails(BackendRejected, False, "cut the prompt", "num_ctx")
BUSY = Fails(BackendUnavailable, True, "queue is full")
RUNNER_DIED = Fails(BackendUnavailable, True, "model runner died")
BROKE_OFF = Fails(BackendUnavailable, True, "broke off")
NOBODY_THERE = Fails(BackendUnavailable, True, "no connection")
NOT_A_CHAT = Fails(BackendReplyInvalid, False, "has not the shape")
NOT_JSON = Fails(BackendReplyInvalid, False, "is not JSON")

SEEN: dict[str, tuple[Says | Fails, ...]] = {
    "bad_json": (BROKEN_REQUEST,) * 4,
    "bad_keep_alive": (BROKEN_REQUEST,),
    "bad_options": (
        LENGTH,
        Fails(BackendRejected, False, "option has the wrong type"),
        Says("length", (4, 40)),
    ),
    "bad_role": (LENGTH,),
    "chat_format_json": (LENGTH,),
    "chat_length_cut": (Says("length", (86, 8), '{\n  "intent": "'),),
    "chat_logprobs": (LENGTH,),
    "chat_order_schema": (Says("stop", (86, 117)),),
    "chat_order_schema_stream": (Says("stop", (86, 117)),),
    "chat_plain": (LENGTH,),
    "chat_repeat": (Says("stop", (86, 117)), Says("stop", (86, 117))),
    "chat_stream": (Says("length", (52, 24)),),
    "client_cancels_stream": (BROKE_OFF, Says("length", (52, 4))),
    "client_times_out": (Fails(BackendTimeout, True, "in time"), LENGTH),
    "context_overflow": (
        PROMPT_CUT,
        Fails(BackendRejected, False, "longer than the context", "larger context"),
    ),
    "embed_chat_model": (NOT_A_CHAT,),
    "format_bad_ref": (SCHEMA_REFUSED,),
    "format_bad_type": (SCHEMA_REFUSED,),
    "format_big_max_items": (RUNNER_DIED,),
    "format_empty": (LENGTH,),
    "format_huge_enum": (STOP,),
    "format_list": (SCHEMA_REFUSED,),
    "format_lookahead": (BROKE_OFF,),
    "format_min_max_length": (STOP,),
    "format_null": (Says("stop", (53, 8), '"Milk tea, please."'),),
    "format_number": (SCHEMA_REFUSED,),
    "format_pattern": (STOP,),
    "format_recursive": (LENGTH,),
    "format_string": (SCHEMA_REFUSED,),
    "generate_schema": (NOT_A_CHAT,),
    "head_root": (NOT_JSON, NOT_JSON),
    "images_unsupported": (LENGTH,),
    "load": (Says("load", None, ""),),
    "lone_surrogate": (LENGTH,),
    "missing_model": (NO_MODEL,) * 3,
    "no_model_field": (Fails(BackendRejected, False, "model is required"),),
    "nul_in_text": (LENGTH,),
    "origin_refused": (REFUSED, REFUSED),
    "parallel_four_slots": (STOP, LENGTH, STOP, LENGTH),
    "parallel_one_slot": (STOP, LENGTH, STOP, LENGTH, LENGTH, LENGTH),
    "ps_empty": (NOT_A_CHAT,),
    "ps_loaded": (NOT_A_CHAT,),
    "queue_limit_cold": (BUSY, LENGTH, BUSY, BUSY, BUSY, BUSY, BUSY, LENGTH),
    "queue_limit_warm": (STOP, LENGTH, STOP, *(LENGTH,) * 5),
    "runner_killed_plain": (RUNNER_DIED, LENGTH),
    "runner_killed_stream": (RUNNER_DIED, LENGTH),
    "server_killed_plain": (BROKE_OFF, NOBODY_THERE),
    "server_stopped_stream": (BROKE_OFF, NOBODY_THERE),
    "show": (NOT_A_CHAT,),
    "show_missing": (NO_MODEL,),
    "system_prompt_overflow": (PROMPT_CUT,),
    "tags": (NOT_A_CHAT,),
    "think_false": (STOP,),
    "think_unsupported": (CANNOT_THINK,),
    "tools_unsupported": (Fails(BackendRejected, False, "does not support tools"),),
    "unknown_path": (NO_SUCH_PATH,) * 3,
    "unload": (NOT_A_CHAT,),
    "v1_bad_json": (BROKEN_REQUEST, LENGTH, BROKEN_REQUEST),
    "v1_chat_json_object": (LENGTH,),
    "v1_chat_length_cut": (Says("length", (86, 8), '{\n  "intent": "'),),
    "v1_chat_schema": (Says("stop", (86, 117)),),
    "v1_chat_schema_stream": (Says("stop", (86, 117)),),
    "v1_logprobs": (LENGTH,),
    "v1_missing_model": (Fails(BackendRejected, False, "no model 'qwen3:8b'"),),
    "v1_models": (NOT_A_CHAT,),
    "v1_reasoning_effort": (CANNOT_THINK, LENGTH),
    "v1_systemone": (NO_SUCH_PATH,),
    "version": (NOT_A_CHAT,),
    "wrong_content_type": (LENGTH,),
}


def backend_for(exchange: Exchange, model: str = MODEL) -> ChatBackend:
    if exchange.path.startswith("/v1/"):
        return OpenAIBackend(model, base_url="http://127.0.0.1:11434/v1", transport=exchange.transport())
    asked = exchange.request if isinstance(exchange.request, dict) else {}
    num_ctx = (asked.get("options") or {}).get("num_ctx", 4096)
    return OllamaBackend(model, num_ctx=num_ctx if num_ctx > 0 else 4096, transport=exchange.transport())


async def ask(backend: ChatBackend) -> ChatReply:
    question = ChatRequest((Message("user", "帮我点杯奶茶"),), {"type": "object"}, 64, timeout_s=5.0)
    try:
        return await backend.chat(question)
    finally:
        await backend.aclose()


def hold_to(reply: ChatReply, expected: Says, exchange: Exchange) -> None:
    assert reply.finish_reason == expected.finish
    assert reply.model == MODEL
    if expected.content is not None:
        assert reply.content == expected.content
    recorded = exchange.data
    if "usage" in recorded:
        counts = recorded["usage"]["prompt_tokens"], recorded["usage"]["completion_tokens"]
        assert reply.queued_ns is None  # this API does not tell enough to derive it
    elif "total_duration" in recorded:
        counts = recorded["prompt_eval_count"], recorded["eval_count"]
        spent = sum(recorded[f"{part}_duration"] for part in ("load", "prompt_eval", "eval"))
        assert reply.queued_ns == recorded["total_duration"] - spent
    else:
        counts = None
        assert (reply.input_tokens, reply.output_tokens, reply.queued_ns) == (None, None, None)
    assert counts is None or (reply.input_tokens, reply.output_tokens) == counts
    assert expected.tokens is None or counts == expected.tokens


@needs_recordings
def test_the_table_names_every_recording() -> None:
    assert sorted(SEEN) == recordings.names()


@needs_recordings
@pytest.mark.parametrize("name", SEEN)
def test_what_the_caller_sees(name: str) -> None:
    exchanges = recordings.load(name)
    assert len(exchanges) == len(SEEN[name])
    for exchange, expected in zip(exchanges, SEEN[name], strict=True):
        backend = backend_for(exchange, "qwen3:8b" if "missing" in name else MODEL)
        if isinstance(expected, Says):
            hold_to(asyncio.run(ask(backend)), expected, exchange)
            continue
        with pytest.raises(BackendError) as caught:
            asyncio.run(ask(backend))
        error = caught.value
        assert type(error) is expected.kind
        assert error.retryable is expected.retryable
        assert expected.words in str(error)
        assert expected.hint in error.hint
        assert error.status in (exchange.status, 500 if exchange.status == 200 else None, None)


@needs_recordings
def test_the_wait_of_the_fourth_in_line_is_what_the_recording_says() -> None:
    replies = [asyncio.run(ask(backend_for(exchange))) for exchange in recordings.load("parallel_one_slot")]
    waits = [reply.queued_ns / 1e9 for reply in replies if reply.queued_ns is not None]
    assert len(waits) == 6
    assert min(waits) < 0.1
    assert max(waits) == pytest.approx(5.0, abs=0.1)


@needs_recordings
async def test_probing_tells_the_version_and_the_models() -> None:
    names = ("version", "tags", "v1_models", "ps_loaded")
    version, tags, models, loaded = (recordings.load(name)[0] for name in names)
    known = {"/api/version": version, "/api/tags": tags, "/v1/models": models, "/api/ps": loaded}

    def answer(request: httpx.Request) -> httpx.Response:
        recorded = known.get(request.url.path)
        if recorded is None:
            return httpx.Response(404, text="404 page not found")
        return httpx.Response(200, headers=recorded.headers, content=recorded.text)

    transport = httpx.MockTransport(answer)
    ollama = OllamaBackend(MODEL, transport=transport)
    health = await ollama.probe()
    assert (health.reachable, health.model_present, health.version) == (True, True, "0.24.0")
    assert health.models == (MODEL,)
    assert health.load == ServerLoad(gpu_bytes=0, host_bytes=190_948_608)  # it ran on processors
    absent = await OllamaBackend("qwen3:8b", transport=transport).probe()
    assert absent.model_present is False
    assert "ollama pull qwen3:8b" in absent.detail
    compatible = OpenAIBackend(MODEL, base_url="http://127.0.0.1:11434/v1", transport=transport)
    found = await compatible.probe()
    assert (found.model_present, found.load) == (True, None)
    await ollama.aclose()
    await compatible.aclose()


@needs_recordings
@pytest.mark.parametrize("name", ["origin_refused", "server_killed_plain", "head_root", "unknown_path"])
async def test_probing_a_server_that_is_not_one_never_raises(name: str) -> None:
    for exchange in recordings.load(name):
        for backend in (
            OllamaBackend(MODEL, transport=exchange.transport()),
            OpenAIBackend(MODEL, base_url="http://127.0.0.1:1/v1", transport=exchange.transport()),
        ):
            health = await backend.probe()
            assert health.model_present is not True
            assert health.reachable is (exchange.status is not None)
            assert health.detail
            await backend.aclose()
