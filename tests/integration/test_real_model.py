"""Both backends against a real model. They prove the machinery; the model is far too small to be right.

One slot serves everybody here, so what one test leaves running the next one would feel.
"""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from llm_kit import engine_of, tea_bundle
from shims import recordings

from cascade.backends.base import ChatBackend, ChatRequest, Message
from cascade.backends.ollama import OllamaBackend
from cascade.backends.openai import OpenAIBackend
from cascade.backends.resolve import open_backend
from cascade.bundle import Bundle
from cascade.errors import BackendRejected, BackendTimeout
from cascade.orders import OrderIntent
from cascade.testing import SMALL_MODEL as MODEL
from cascade.tiers.llm_schema import Bounds, answer_schema, largest_reply

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("real_model")]

BOUNDS = Bounds(items=1, values=1, string_chars=8)
SCHEMA = answer_schema(OrderIntent, ("order_drink", "out_of_scope"), BOUNDS)
ENDLESS = {
    "type": "object",
    "properties": {"n": {"type": "array", "items": {"type": "integer"}}},
    "required": ["n"],
}
TINY = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}},
    "required": ["ok"],
    "additionalProperties": False,
}
PATIENCE_S = 60.0
CONTEXT_TOKENS = 4096
"""What the small model is started with."""


@pytest.fixture(params=["openai", "ollama"])
def address(request: pytest.FixtureRequest) -> str:
    """What a user would write to reach the model through either backend."""
    if request.param == "openai":
        url = request.getfixturevalue("llama_url")
        return f"openai:{MODEL}@{url}/v1?context_tokens={CONTEXT_TOKENS}"
    return f"ollama:{MODEL}@{request.getfixturevalue('ollama_url')}?num_ctx={CONTEXT_TOKENS}"


EXAMPLE = {
    "intent": "order_drink",
    "items": [
        {
            "drink": "tea",
            "brand": None,
            "quantity": 2,
            "size": None,
            "sugar": "half",
            "temperature": None,
            "toppings": [],
            "without": [],
        }
    ],
    "use_coupon": False,
    "fulfilment": None,
    "budget_cny": None,
    "preferences": [],
}


def question(text: str, schema: dict[str, Any], tokens: int, timeout_s: float = PATIENCE_S) -> ChatRequest:
    return ChatRequest((Message("user", text),), schema, tokens, timeout_s)


def conforms(data: Any, schema: dict[str, Any]) -> bool:
    """Whether ``data`` keeps to ``schema``, as far as our schemas go."""
    if "anyOf" in schema:
        return any(conforms(data, option) for option in schema["anyOf"])
    if "enum" in schema:
        return data in schema["enum"]
    match schema["type"]:
        case "object":
            whole = isinstance(data, dict) and set(data) == set(schema["required"])
            return whole and all(conforms(data[name], kind) for name, kind in schema["properties"].items())
        case "array":
            fits = isinstance(data, list) and len(data) <= schema["maxItems"]
            return fits and all(conforms(value, schema["items"]) for value in data)
        case "integer":
            whole = isinstance(data, int) and not isinstance(data, bool)
            return whole and schema.get("minimum", data) <= data <= schema.get("maximum", data)
        case "number":
            return isinstance(data, int | float) and not isinstance(data, bool)
        case kind:
            return isinstance(data, {"string": str, "boolean": bool, "null": type(None)}[kind])


async def test_an_answer_keeps_to_the_order_schema_and_its_tokens_are_counted(address: str) -> None:
    backend = open_backend(address)
    asked = (
        Message("user", '{"utterance":"two half sugar teas"}'),
        Message("assistant", json.dumps(EXAMPLE, separators=(",", ":"))),
        Message("user", '{"utterance":"one milk tea"}'),
    )
    reply = await backend.chat(ChatRequest(asked, SCHEMA, largest_reply(SCHEMA, BOUNDS), PATIENCE_S))
    await backend.aclose()
    assert reply.finish_reason == "stop"
    assert conforms(json.loads(reply.content), SCHEMA)
    assert OrderIntent.model_validate_json(reply.content).intent in ("order_drink", "out_of_scope")
    assert reply.model == MODEL
    assert reply.input_tokens is not None
    assert reply.output_tokens is not None
    assert 0 < reply.input_tokens < 300
    assert 0 < reply.output_tokens <= largest_reply(SCHEMA, BOUNDS)
    assert (reply.queued_ns is not None) is address.startswith("ollama")


async def test_a_reply_that_reaches_its_limit_says_that_it_was_cut(address: str) -> None:
    backend = open_backend(address)
    reply = await backend.chat(question("Count.", ENDLESS, 6))
    await backend.aclose()
    assert reply.finish_reason == "length"
    assert reply.output_tokens == 6


async def test_the_deadline_holds_and_frees_the_slot(address: str) -> None:
    backend = open_backend(address)
    started = time.monotonic()
    with pytest.raises(BackendTimeout):
        await backend.chat(question("Count to a million.", ENDLESS, 3000, timeout_s=0.6))
    assert time.monotonic() - started < 3
    await hold_free(backend)


async def test_cancelling_frees_the_slot(address: str) -> None:
    backend = open_backend(address)
    call = asyncio.create_task(backend.chat(question("Count to a million.", ENDLESS, 3000)))
    await asyncio.sleep(0.6)
    assert not call.done()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await hold_free(backend)


async def hold_free(backend: ChatBackend) -> None:
    """The only slot serves the next request: 3,000 tokens in line before it would take far longer."""
    reply = await backend.chat(question("Yes?", TINY, 30, timeout_s=12))
    assert reply.content
    await backend.aclose()


async def test_a_prompt_that_does_not_fit_is_refused(address: str) -> None:
    backend = open_backend(address)
    with pytest.raises(BackendRejected, match="longer than the context") as caught:
        await backend.chat(question("奶茶" * CONTEXT_TOKENS, TINY, 8))
    assert not caught.value.retryable
    await backend.aclose()


async def test_probing_finds_the_model(address: str) -> None:
    backend = open_backend(address)
    health = await backend.probe()
    await backend.aclose()
    assert health.reachable
    assert health.model_present
    assert MODEL in health.models


async def test_the_second_in_line_learns_how_long_it_waited(ollama_url: str) -> None:
    backend = OllamaBackend(MODEL, host=ollama_url, num_ctx=CONTEXT_TOKENS)
    replies = await asyncio.gather(*(backend.chat(question("Count.", ENDLESS, 40)) for _ in range(2)))
    await backend.aclose()
    waits = sorted(reply.queued_ns for reply in replies if reply.queued_ns is not None)
    assert len(waits) == 2
    assert waits[1] > 50e6
    assert waits[1] > 2 * waits[0]


def small(prompt: str) -> str:
    """The bundle's prompt cut down to what the small model can read in a second."""
    head, _, _ = prompt.partition("system:")
    return head + (
        "system: |\n  Answer in JSON. intents:\n  {intents}\n"
        f"examples:\n  - utterance: two half sugar teas\n    answer: {json.dumps(EXAMPLE)}\n"
        "limits: {timeout_s: 60, max_items: 1, max_values: 1, string_chars: 8, complaint_chars: 100}\n"
    )


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return tea_bundle(tmp_path_factory.mktemp("bundle"), small)


def test_a_cascade_with_the_real_model_gives_a_result(address: str, bundle: Bundle) -> None:
    with engine_of(bundle, open_backend(address)) as engine:
        result = engine.classify("帮我点杯奶茶")
    assert result.status in ("answered", "unresolved")
    (attempt,) = result.attempts
    assert attempt.tier == "llm"
    assert 1 <= result.cost.calls <= 2
    assert result.cost.input_tokens is not None
    assert result.cost.input_tokens > 100
    assert result.cost.output_tokens is not None
    assert result.cost.output_tokens > 0
    assert result.cost.model == MODEL


async def test_a_cascade_in_a_hurry_says_that_the_model_was_too_slow(address: str, bundle: Bundle) -> None:
    async with engine_of(bundle, open_backend(address)) as engine:
        started = time.monotonic()
        result = await engine.aclassify("帮我点杯奶茶", deadline_s=0.2)
    assert time.monotonic() - started < 3
    assert (result.status, result.reason) == ("unresolved", "BackendTimeout")
    assert result.cost.calls == 1
    assert result.cost.input_tokens is None


def test_a_model_that_is_not_there(llama_url: str, ollama_url: str, bundle: Bundle) -> None:
    with engine_of(bundle, OllamaBackend("qwen3:8b", host=ollama_url, num_ctx=CONTEXT_TOKENS)) as engine:
        result = engine.classify("帮我点杯奶茶")
    assert (result.status, result.reason) == ("unresolved", "BackendRejected")
    wrong_path = OpenAIBackend(MODEL, base_url=f"{llama_url}/v9", context_tokens=CONTEXT_TOKENS)
    with engine_of(bundle, wrong_path) as engine:
        assert engine.classify("帮我点杯奶茶").reason == "BackendRejected"


class TestTheShimIsLikeOllama:
    """What the shim sends has the fields and the types of the recorded replies of a real server."""

    pytestmark = pytest.mark.skipif(not recordings.names(), reason=recordings.ABSENT)

    @pytest.mark.parametrize(
        ("name", "body"),
        [
            ("chat_order_schema", {"messages": [{"role": "user", "content": "x"}], "format": TINY}),
            ("missing_model", {"model": "qwen3:8b", "messages": [{"role": "user", "content": "x"}]}),
            ("no_model_field", {"model": ""}),
            ("think_unsupported", {"messages": [], "think": True}),
            ("format_number", {"messages": [], "format": 5}),
        ],
    )
    async def test_chat(self, ollama_url: str, name: str, body: dict[str, Any]) -> None:
        recorded = recordings.load(name)[0]
        sent = {"model": MODEL, "stream": False, "options": {"num_predict": 20}, **body}
        status, data = await fetch(ollama_url, "POST", "/api/chat", sent)
        assert status == recorded.status
        assert shape(data) == shape(recorded.data)
        if status != 200:
            assert data["error"][:10] == recorded.data["error"][:10]

    @pytest.mark.parametrize(("name", "path"), [("tags", "/api/tags"), ("version", "/api/version")])
    async def test_other_paths(self, ollama_url: str, name: str, path: str) -> None:
        recorded = recordings.load(name)[0]
        status, data = await fetch(ollama_url, "GET", path)
        assert status == recorded.status
        assert shape(data) == shape(recorded.data)


def shape(data: Any) -> Any:
    """Fields and types, values left out."""
    if isinstance(data, dict):
        return {name: shape(value) for name, value in data.items()}
    return [shape(value) for value in data] if isinstance(data, list) else type(data).__name__


async def fetch(base: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with httpx.AsyncClient(base_url=base, timeout=PATIENCE_S, trust_env=False) as client:
        response = await client.request(method, path, json=body)
        return response.status_code, response.json()


def test_the_small_prompt_is_a_lawful_one(tmp_path: Path) -> None:
    assert tea_bundle(tmp_path, small).has("llm.yaml")
