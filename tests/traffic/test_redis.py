"""What processes share through a real Redis, and how each goes on when it stalls, dies and comes back.

Each ``Gate`` has a process name, a Redis connection and books of its own: to Redis several of them are several
processes.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.backends.base import ChatReply
from cascade.errors import BackendOverloaded, BackendRejected, ConfigurationError, MissingExtra
from cascade.testing import After, FakeBackend
from cascade.traffic import Gate, TrafficEvent, TrafficSpec
from cascade.traffic.budget import Hold
from cascade.traffic.redis_link import RedisLink, connect
from cascade.traffic.redis_state import SharedCounters, dump, load
from cascade.traffic.redis_turns import RedisTurns
from cascade.traffic.spec import RedisSpec
from cascade.traffic.stats import TrafficStats
from traffic import redis_server
from traffic.kit import question
from traffic.redis_server import RedisServer

pytestmark = pytest.mark.integration
DECLINE = {"intent": "decline"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    redis_server.require()
    with RedisServer(Path(tmp_path_factory.mktemp("redis"))) as running:
        yield running


@pytest.fixture
def spec(server: RedisServer, request: pytest.FixtureRequest) -> RedisSpec:
    return RedisSpec(url=server.url, namespace=request.node.name, retry_s=0.2, lease_s=1.5, timeout_s=2)


class Processes:
    """Gates over one Redis, closed at the end."""

    def __init__(self, spec: RedisSpec, stack: AsyncExitStack) -> None:
        self._spec = spec
        self._stack = stack
        self.events: list[TrafficEvent] = []

    def start(self, backend: FakeBackend, **settings: Any) -> Gate:
        spec = TrafficSpec.model_validate({"redis": self._spec, **settings})
        gate = Gate([backend], spec, names=["host"], on_event=self.events.append)
        self._stack.push_async_callback(gate.aclose)
        return gate


@pytest.fixture
async def processes(spec: RedisSpec) -> AsyncIterator[Processes]:
    async with AsyncExitStack() as stack:
        yield Processes(spec, stack)


def stats_of(gate: Gate) -> TrafficStats:
    stats = gate.stats()
    assert stats is not None
    return stats


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        await asyncio.sleep(0.01)


async def test_a_reply_is_cached_for_all_and_survives_the_process(processes: Processes) -> None:
    first, second = FakeBackend([DECLINE]), FakeBackend([DECLINE])
    one = processes.start(first)
    asked = await one.chat(question())
    await one.aclose()
    told = await processes.start(second).chat(question())
    assert (told.source, told.calls, told.content) == ("cache", 0, asked.content)
    assert second.requests == []


async def test_identical_questions_of_several_processes_are_one_call(processes: Processes) -> None:
    backends = [FakeBackend([After(0.3, DECLINE)]) for _ in range(3)]
    gates = [processes.start(backend) for backend in backends]
    replies = await asyncio.gather(*(gate.chat(question()) for gate in gates for _ in range(4)))
    assert sum(len(backend.requests) for backend in backends) == 1
    assert sorted(reply.calls for reply in replies) == [0] * 11 + [1]
    assert {reply.content for reply in replies} == {replies[0].content}


async def test_a_process_that_dies_in_mid_call_is_followed_by_another(
    processes: Processes, spec: RedisSpec
) -> None:
    """The dead one leaves its claim behind; it ends with the lease."""
    dead = RedisTurns(RedisLink(spec, time.monotonic), "dead", time.monotonic, Random(1))
    key = "0" * 64
    claim = dead._claim(key, time.monotonic() + 10)
    await claim.__aenter__()
    renewing = [task for task in asyncio.all_tasks() if "_renew" in repr(task)]
    for task in renewing:
        task.cancel()
    alive = RedisTurns(RedisLink(spec, time.monotonic), "alive", time.monotonic, Random(2))
    began = time.monotonic()
    async with alive.claim(key, began + 10) as turn:
        assert turn.reply is None
    assert 0.5 * spec.lease_s <= time.monotonic() - began <= spec.lease_s + 0.5
    await claim.__aexit__(None, None, None)
    await dead.aclose()
    await alive.aclose()


async def test_a_failed_call_lets_the_next_process_try(processes: Processes) -> None:
    bad = processes.start(FakeBackend([After(0.3, BackendRejected("no"))]))
    good = processes.start(FakeBackend([DECLINE]))
    failing = asyncio.ensure_future(bad.chat(question()))
    await asyncio.sleep(0.1)
    assert (await good.chat(question())).source == "model"
    with pytest.raises(BackendRejected):
        await failing


async def test_the_same_key_is_answered_and_charged_once_through_a_restart(processes: Processes) -> None:
    first, second = FakeBackend(["not json"]), FakeBackend([DECLINE])
    keyed = question(caller="u", key="order-7")
    before = processes.start(first)
    asked = await before.chat(keyed)
    await before.aclose()
    after = processes.start(second)
    told = await after.chat(keyed)
    assert (told.content, told.source, told.calls) == (asked.content, "replayed", 0)
    assert (await after.chat(replace(keyed, idempotency_key="order-8"))).source == "model"


async def test_a_caller_has_one_budget_over_all_processes(processes: Processes) -> None:
    budget = {"caller_per_minute": 1, "caller_burst": 3}
    gates = [processes.start(FakeBackend([DECLINE]), budget=budget) for _ in range(3)]
    for number in range(3):
        await gates[number].chat(question(str(number), caller="u"))
    for number in range(3):
        with pytest.raises(BackendOverloaded) as refused:
            await gates[number].chat(question(f"more {number}", caller="u"))
        assert refused.value.reason == "caller_budget"
        assert 0 < (refused.value.retry_after_s or 0) <= 60


async def test_a_cap_on_tokens_holds_over_all_processes_and_their_restarts(processes: Processes) -> None:
    reply = ChatReply('{"intent":"decline"}', input_tokens=40, output_tokens=10)
    ends: list[str] = []
    for restart in range(3):
        gates = [processes.start(FakeBackend([reply]), budget={"tokens": 600}) for _ in range(2)]
        for number in range(8):
            try:
                await gates[number % 2].chat(question(f"{restart}.{number}"))
                ends.append("asked")
            except BackendOverloaded as error:
                ends.append(error.reason)
    assert set(ends) == {"asked", "token_budget"}
    assert (
        9 <= ends.count("asked") <= 12
    )  # of 50 tokens each; the most that a call may cost is held back before it


async def test_a_host_is_sent_so_much_by_all_processes_together(
    server: RedisServer, spec: RedisSpec, processes: Processes
) -> None:
    spec = spec.model_copy(update={"shared_concurrency": 2})
    busy = most = 0

    class Counting(FakeBackend):
        async def chat(self, request: Any) -> ChatReply:
            nonlocal busy, most
            busy += 1
            most = max(most, busy)
            await asyncio.sleep(0.05)
            busy -= 1
            return await super().chat(request)

    gates = [processes.start(Counting([DECLINE]), redis=spec, limit={"floor": 4}) for _ in range(3)]
    asked = (gates[n % 3].chat(question(str(n), timeout_s=60)) for n in range(24))
    replies = await asyncio.gather(*asked)
    assert len(replies) == 24
    assert most == 2


async def test_the_others_follow_the_highest_rung_and_forget_the_dead(processes: Processes) -> None:
    one, two = (processes.start(FakeBackend([DECLINE])) for _ in range(2))
    for gate in (one, two):
        await gate.chat(question())
    one.hold("llm_free")
    await until(lambda: two.rung == "llm_free")
    with pytest.raises(BackendOverloaded, match="not asked"):
        await two.chat(question("another"))
    one.hold(None)
    await until(lambda: two.rung == "normal")


@pytest.mark.parametrize("end", ["stall", "kill"])
async def test_without_redis_everybody_goes_on_and_says_so(
    tmp_path: Path, end: str, caplog: pytest.LogCaptureFixture
) -> None:
    redis_server.require()
    with RedisServer(tmp_path) as server:
        async with AsyncExitStack() as stack:
            spec = RedisSpec(url=server.url, retry_s=0.2, timeout_s=0.5, shared_concurrency=4)
            processes = Processes(spec, stack)
            gates = [processes.start(FakeBackend([DECLINE])) for _ in range(2)]
            await gates[0].chat(question())
            assert (await gates[1].chat(question())).source == "cache"
            getattr(server, end)()
            began = time.monotonic()
            replies = await asyncio.gather(*(gate.chat(question("without")) for gate in gates))
            assert time.monotonic() - began < 5
            assert [reply.source for reply in replies] == ["model", "model"]
            assert (await gates[0].chat(question("without"))).source == "cache"
            assert [stats_of(gate).shared for gate in gates] == ["local", "local"]
            assert [event.kind for event in processes.events] == ["shared_lost"] * 2
            server.resume() if end == "stall" else server.start()
            await until(lambda: all(stats_of(gate).shared == "shared" for gate in gates))
            assert (await gates[0].chat(question("with again"))).source == "model"
            assert (await gates[1].chat(question("with again"))).source == "cache"
            assert [event.kind for event in processes.events].count("shared_back") == 2
    assert caplog.text.count("goes on with its local share") == 2


async def test_a_redis_that_stalls_is_asked_once_and_then_left_alone(tmp_path: Path) -> None:
    redis_server.require()
    asked = 0
    with RedisServer(tmp_path) as server:
        spec = RedisSpec(url=server.url, timeout_s=0.2, retry_s=60)
        client: Any = connect(spec)

        class Counting:
            async def get(self, key: str) -> Any:
                nonlocal asked
                asked += 1
                return await client.get(key)

        link = RedisLink(spec, time.monotonic, client=cast("Any", Counting()))
        assert await link.get("a") is None
        assert asked == 1
        server.stall()
        assert [await link.get("a") for _ in range(100)] == [None] * 100
        assert asked == 2
        server.resume()
        await client.aclose()


@pytest.mark.parametrize("steps", range(1, 12))
async def test_no_cancellation_is_lost_while_redis_is_asked(spec: RedisSpec, steps: int) -> None:
    link = RedisLink(spec, time.monotonic)
    await link.script("return 1", [], [])
    for _ in range(20):
        asking = asyncio.ensure_future(link.script("return 1", [], []))
        for _ in range(steps):
            await asyncio.sleep(0)
        came_too_late = not asking.cancel()
        await asyncio.wait((asking,))
        assert asking.cancelled() or came_too_late
    assert await link.script("return 1", [], []) == 1
    await link.aclose()


async def test_sums_stay_exact_when_redis_dies_and_comes_back_empty(tmp_path: Path) -> None:
    redis_server.require()
    with RedisServer(tmp_path) as server:
        spec = RedisSpec(url=server.url, timeout_s=0.2, retry_s=0.05)
        links = [RedisLink(spec, time.monotonic) for _ in range(2)]
        one, two = (
            SharedCounters(link, name, time.monotonic, lambda: 2)
            for link, name in zip(links, "ab", strict=True)
        )
        assert await one.hold(Hold(100, 10), 1000, None) is None
        assert await two.hold(Hold(200, 20), 1000, None) is None
        assert await one.spent() == await two.spent() == (300, 30)
        server.kill()
        # 700 are left for two: each may use half of what it last knew to be left.
        assert await two.hold(Hold(340, 0), 1000, None) is None
        assert await two.hold(Hold(20, 0), 1000, None) == "token_budget"
        assert await one.hold(Hold(300, 5), 1000, None) is None
        server.start()
        await asyncio.sleep(0.1)
        for counters in (one, two, one):
            await counters.spent()
        assert await one.spent() == await two.spent() == (940, 35)
        assert await one.hold(Hold(61, 0), 1000, None) == "token_budget"
        await one.adjust(-300, 0)
        assert await two.hold(Hold(61, 0), 1000, None) is None
        for link in links:
            await link.aclose()


async def test_somebody_elses_key_space_is_not_touched(processes: Processes, spec: RedisSpec) -> None:
    gate = processes.start(FakeBackend([DECLINE]), budget={"caller_per_minute": 60, "tokens": 10_000})
    await gate.chat(question("适合减脂", caller="13800138000", key="k"))
    link = RedisLink(spec, time.monotonic)
    keys = await link._client.keys("*")
    mine = [key for key in keys if key.startswith(f"{spec.namespace}:")]
    assert len(mine) >= 4
    for key in mine:
        assert "13800138000" not in key
        kind = await link._client.type(key)
        value = await (link._client.get(key) if kind == "string" else link._client.hgetall(key))
        assert "减脂" not in str(value)
        assert "13800138000" not in str(value)
    await link.aclose()


def test_an_address_that_is_none_is_told_at_once() -> None:
    with pytest.raises(ConfigurationError, match="address of Redis"):
        Gate([FakeBackend([DECLINE])], TrafficSpec(redis=RedisSpec(url="localhost:6379")))


def test_without_the_package_the_install_command_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(MissingExtra, match=r"pip install 'intent-cascade\[redis\]'"):
        Gate([FakeBackend([DECLINE])], TrafficSpec(redis=RedisSpec(url="redis://127.0.0.1:6379")))


REPLIES = st.builds(
    ChatReply,
    content=st.text(),
    thinking=st.text(),
    finish_reason=st.none() | st.text(),
    input_tokens=st.none() | st.integers(0),
    output_tokens=st.none() | st.integers(0),
    queued_ns=st.none() | st.integers(0),
)


@given(REPLIES)
def test_a_reply_comes_back_as_it_was(reply: ChatReply) -> None:
    assert load(dump(reply)) == reply


@given(st.none() | st.text() | st.sampled_from(['{"content": 1, "b": 2}', "[]", "{}", "null", "[" * 10_000]))
def test_what_is_no_reply_is_none(text: str | None) -> None:
    assert load(text) is None


def test_decimal_prices_survive_the_settings() -> None:
    spec = TrafficSpec.model_validate_json(
        '{"budget": {"money": "12.5", "input_price": "0.5", "output_price": 2}}'
    )
    assert spec.budget.money == Decimal("12.5")
