"""What a real llama.cpp server shows of itself: its first token in a stream, its requests on the page of metrics."""

import pytest

from cascade.backends.base import ChatReply, ChatRequest, Message
from cascade.backends.resolve import open_backend
from cascade.testing import SMALL_MODEL as MODEL

pytestmark = pytest.mark.integration
ASKED = ChatRequest((Message("user", "Say hello."),), None, 12, 60.0)


async def asked(spec: str) -> ChatReply:
    backend = open_backend(spec)
    try:
        return await backend.chat(ASKED)
    finally:
        await backend.aclose()


async def test_a_stream_is_the_same_reply_and_shows_when_it_began(llama_url: str) -> None:
    whole = await asked(f"openai:{MODEL}@{llama_url}/v1")
    streamed = await asked(f"openai:{MODEL}@{llama_url}/v1?stream=true")
    assert (streamed.content, streamed.output_tokens) == (whole.content, whole.output_tokens)
    assert whole.first_token_ns is None
    assert streamed.first_token_ns is not None
    assert streamed.prompt_ns is not None
    assert (
        streamed.first_token_ns >= streamed.prompt_ns > 0
    )  # seen from here, it comes after what the server says


async def test_a_probe_tells_who_is_at_the_server(llama_url: str) -> None:
    backend = open_backend(f"openai:{MODEL}@{llama_url}/v1")
    await backend.chat(ASKED)
    health = await backend.probe()
    await backend.aclose()
    assert health.model_present
    assert health.load is not None
    assert (health.load.running, health.load.waiting) == (0, 0)
    assert health.load.gpu_bytes is None  # it does not tell
