"""The public fakes: they say what they were told to say and keep what they were asked."""

import asyncio

import pytest

from cascade.backends.base import ChatBackend, ChatReply, ChatRequest, Message
from cascade.errors import BackendTimeout
from cascade.testing import After, FakeBackend, FakeClock

QUESTION = ChatRequest((Message("user", "奶茶"),), None, 10, 1.0)


async def test_a_script_is_followed_and_its_last_line_repeated() -> None:
    backend = FakeBackend([{"intent": "奶茶"}, BackendTimeout("slow"), ChatReply("x", model="own")])
    assert isinstance(backend, ChatBackend)
    assert await backend.chat(QUESTION) == ChatReply('{"intent": "奶茶"}', finish_reason="stop", model="fake")
    with pytest.raises(BackendTimeout):
        await backend.chat(QUESTION)
    assert [(await backend.chat(QUESTION)).model for _ in range(2)] == ["own", "own"]
    assert backend.requests == [QUESTION] * 4


async def test_a_function_answers_by_the_question() -> None:
    backend = FakeBackend(lambda request: request.messages[0].content)
    assert (await backend.chat(QUESTION)).content == "奶茶"


async def test_a_late_reply_moves_the_clock_or_is_waited_for() -> None:
    clock = FakeClock(10)
    backend = FakeBackend([After(2.5, "late")], clock=clock)
    assert (await backend.chat(QUESTION)).content == "late"
    assert clock.seconds == 12.5
    real = FakeBackend([After(60, "late")])
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(real.chat(QUESTION), 0.01)
    assert real.cancelled == 1


async def test_it_tells_its_health_and_that_it_was_closed() -> None:
    backend = FakeBackend(["x"], model="m", context_tokens=99)
    health = await backend.probe()
    assert (health.reachable, health.model_present, health.models) == (True, True, ("m",))
    assert (backend.model, backend.context_tokens, backend.closed) == ("m", 99, False)
    await backend.aclose()
    assert backend.closed


def test_the_clock_never_goes_back() -> None:
    clock = FakeClock(1)
    clock.advance(0.25)
    assert (clock(), clock.seconds) == (1_250_000_000, 1.25)
    with pytest.raises(ValueError, match="monotonic"):
        clock.advance(-1)


def test_an_empty_script_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        FakeBackend([])
