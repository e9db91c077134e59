"""Hosts, Redis and the client killed and started again in mid-load: callers, ledger and servers have the same books."""

import asyncio
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from llm_kit import MILK_TEA, Checks, tea_bundle

from cascade.backends.resolve import open_backend
from cascade.bundle import Bundle
from cascade.config import _charge_orphans
from cascade.engine import Engine
from cascade.ledger import Ledger
from cascade.orders import OrderIntent
from cascade.policy import ThresholdPolicy
from cascade.result import Result
from cascade.testing import FaultServer
from cascade.text import Normalizer
from cascade.tiers.llm import LLMTier
from cascade.traffic import Gate, TrafficSpec
from cascade.traffic.spec import BreakerSpec, CacheSpec, HealthSpec, QueueSpec, RedisSpec, RetrySpec, RungSpec
from traffic import promo_client, redis_server
from traffic.redis_server import RedisServer

pytestmark = pytest.mark.integration
MANY = 120
CROWD = 12
SERVICE_S = 0.03
DEADLINE_S = 60
"""On a busy machine nobody is to be sent away: here it is the books that are looked at."""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return tea_bundle(Path(tmp_path_factory.mktemp("bundle")))


def quantity_of(number: int) -> int:
    """Two digits: every answer has the same length, and nearly all of a crowd have different ones."""
    return 10 + number % 90


def number_in(text: str) -> int:
    found = re.search(r"第(\d+)位", text)
    assert found is not None
    return int(found[1])


def own_answer(text: str) -> dict[str, Any]:
    """Each customer's own order: somebody else's would be noticed."""
    (item,) = MILK_TEA["items"]
    return {**MILK_TEA, "items": [{**item, "quantity": quantity_of(number_in(text))}]}


@pytest.fixture
def begun() -> Counter[int]:
    """How often servers began to answer each customer."""
    return Counter()


@pytest.fixture
def servers(begun: Counter[int]) -> Iterator[tuple[FaultServer, FaultServer]]:
    lock = threading.Lock()

    def answer(text: str) -> dict[str, Any]:
        with lock:
            begun[number_in(text)] += 1
        return own_answer(text)

    with (
        FaultServer(answer, slots=2, service_s=SERVICE_S) as one,
        FaultServer(answer, slots=2, service_s=SERVICE_S) as two,
    ):
        yield one, two


SPEC = TrafficSpec(
    cache=CacheSpec(ttl_s=0.001),
    breaker=BreakerSpec(open_s=1),
    retry=RetrySpec(budget_burst=3 * CROWD),
    health=HealthSpec(interval_s=0.3, slow_start_s=0.5),
    rungs=RungSpec(automatic=False),
    queue=QueueSpec(
        max_wait_s=20
    ),  # on a busy machine nobody is to be sent away for the first calls' slowness
)


class Shop:
    """An engine over guarded servers, with its ledger; the crowd asks it from threads."""

    def __init__(self, bundle: Bundle, servers: tuple[FaultServer, ...], spec: TrafficSpec) -> None:
        self.servers = servers
        self.gate = Gate([open_backend(server.ollama) for server in servers], spec)
        self.ledger = Ledger()
        tier = LLMTier.from_bundle(bundle, self.gate, Checks(), OrderIntent)
        self.engine: Engine[OrderIntent] = Engine(
            [tier],
            ThresholdPolicy.from_bundle(bundle),
            Normalizer(),
            listeners=[self.ledger],
            bundle=bundle,
            on_close=self.gate.aclose,
        )
        self.gate.on_orphaned = partial(_charge_orphans, self.engine, self.gate.model)

    def serve_crowd(self, many: int = MANY) -> list[Result[OrderIntent]]:
        with ThreadPoolExecutor(CROWD) as pool:
            return list(pool.map(self.ask, range(many)))

    def all_up(self) -> bool:
        stats = self.gate.stats()
        return stats is not None and all(
            host.state == "up" and host.breaker == "closed" for host in stats.hosts
        )

    def is_settled(self) -> bool:
        """Whether no server has anything to do and every call is booked."""
        stats = self.gate.stats()
        assert stats is not None
        under_way = sum(s.count.received - s.count.answered - s.count.abandoned for s in self.servers)
        under_way += sum(host.in_flight for host in stats.hosts)
        return under_way == 0 and stats.calls == self.booked

    @property
    def booked(self) -> int:
        """All calls that the ledger holds, whatever they were made for."""
        return sum(part.calls for part in self.ledger.snapshot().by("purpose").values())

    def ask(self, number: int) -> Result[OrderIntent]:
        return self.engine.classify(
            f"第{number}位怎么说", deadline_s=DEADLINE_S, caller="u", idempotency_key=str(number)
        )

    def reconcile(self, results: list[Result[OrderIntent]], left: int = 0) -> None:
        """Callers (``left`` went away), ledger, layer and servers must tell the same story."""
        stats = self.gate.stats()
        assert stats is not None
        counts = [server.count for server in self.servers]
        books = self.ledger.snapshot()
        booked, cancelled = self.booked, books.by("purpose").get("cancelled")
        told = sum(result.cost.calls for result in results)
        assert books.requests == len(results)
        assert stats.asked == len(results) + left
        assert stats.asked == stats.answered + stats.failed + sum(stats.refused.values()) + stats.withdrawn
        assert booked == stats.calls == stats.charged + stats.orphaned
        assert booked == told + (cancelled.calls if cancelled is not None else 0)
        sent, came = sum(count.answered for count in counts), sum(host.served for host in stats.hosts)
        # An answer may be on the wire when its caller hangs up: the server says sent, the layer cancelled.
        assert came <= sent <= came + (sum(host.cancelled for host in stats.hosts) if left else 0)
        assert sum(count.received for count in counts) <= stats.calls
        if cancelled is None:
            tokens = sum(result.cost.output_tokens or 0 for result in results if result.status == "answered")
            assert tokens == sum(count.output_tokens for count in counts)

    def each_got_their_own(self, results: list[Result[OrderIntent]], begun: Counter[int]) -> None:
        """Nobody is lost, gets another's order, or pays for more or less than what was done for them."""
        per_answer = {result.cost.output_tokens for result in results if result.cost.calls}
        assert len(per_answer) == 1, "an answer costs what one answer costs, however often it was tried"
        for number, result in enumerate(results):
            assert result.answer is not None, result.attempts
            assert result.answer.items[0].quantity == quantity_of(number)
            assert 1 <= begun[number] <= result.cost.calls


def test_a_host_restarted_in_mid_load_loses_and_doubles_nothing(
    bundle: Bundle, servers: tuple[FaultServer, FaultServer], begun: Counter[int]
) -> None:
    shop = Shop(bundle, servers, SPEC)
    restarting = threading.Timer(0.4, servers[0].restart, [0.5])
    restarting.start()
    with shop.engine:
        results = shop.serve_crowd()
        restarting.join()
        end = time.monotonic() + 10
        while not shop.all_up():
            assert time.monotonic() < end, "the host did not come back"
            results.append(shop.ask(len(results)))
        shop.reconcile(results)
        shop.each_got_their_own(results, begun)
    assert [r.attempts for r in results if r.status != "answered"] == []
    assert servers[0].count.answered > 0 < servers[1].count.answered


def test_callers_that_go_away_are_in_the_books(
    bundle: Bundle, servers: tuple[FaultServer, FaultServer]
) -> None:
    shop = Shop(bundle, servers, SPEC)

    async def crowd() -> list[Result[OrderIntent]]:
        asking = [
            asyncio.ensure_future(shop.engine.aclassify(f"第{n}位怎么说", deadline_s=DEADLINE_S))
            for n in range(60)
        ]
        for task in asking[::3]:
            asyncio.get_running_loop().call_later(0.02 + 0.01 * asking.index(task), task.cancel)
        ended = await asyncio.gather(*asking, return_exceptions=True)
        return [result for result in ended if isinstance(result, Result)]

    with shop.engine:
        results = asyncio.run(crowd())
        _wait_until(shop.is_settled)
        shop.reconcile(results, left=60 - len(results))
        assert len(results) < 60
        assert "cancelled" in shop.ledger.snapshot().by("purpose")
        assert [result.reason for result in results if result.status != "answered"] == []


@pytest.mark.parametrize("moment", range(8))
def test_an_answer_that_comes_as_its_caller_leaves_is_cancelled_work(
    bundle: Bundle, servers: tuple[FaultServer, FaultServer], moment: int
) -> None:
    """Callers leave around the moment of the answer, a little earlier and later: each call is booked once."""
    shop = Shop(bundle, servers, SPEC)

    async def crowd() -> list[Result[OrderIntent]]:
        asking = [
            asyncio.ensure_future(shop.engine.aclassify(f"第{n}位怎么说", deadline_s=DEADLINE_S))
            for n in range(4)
        ]
        await asyncio.to_thread(_wait_until, lambda: all(server.count.received for server in servers))
        await asyncio.sleep(SERVICE_S * (0.7 + 0.1 * moment))
        for task in asking:
            task.cancel()
        ended = await asyncio.gather(*asking, return_exceptions=True)
        return [result for result in ended if isinstance(result, Result)]

    with shop.engine:
        results = asyncio.run(crowd())
        _wait_until(shop.is_settled)
        shop.reconcile(results, left=4 - len(results))


def test_redis_killed_and_restarted_in_mid_load_loses_and_doubles_nothing(
    bundle: Bundle, servers: tuple[FaultServer, FaultServer], begun: Counter[int], tmp_path: Path
) -> None:
    redis_server.require()
    with RedisServer(tmp_path) as redis:
        spec = SPEC.model_copy(update={"redis": RedisSpec(url=redis.url, retry_s=0.2)})
        shop = Shop(bundle, servers, spec)

        def restart() -> None:
            redis.kill()
            time.sleep(0.4)
            redis.start()

        restarting = threading.Timer(0.3, restart)
        restarting.start()
        with shop.engine:
            results = shop.serve_crowd()
            restarting.join()
            again = shop.serve_crowd()
            assert [result.cost.calls for result in again] == [
                0
            ] * MANY  # by their keys, from this process's share
            shop.reconcile(results + again)
            shop.each_got_their_own(results, begun)
            assert [result.answer for result in again] == [result.answer for result in results]
        assert {result.status for result in results + again} == {"answered"}
        assert sum(result.cost.calls for result in results) == MANY


def test_a_client_killed_in_mid_load_is_charged_once_for_what_it_was_told(
    bundle: Bundle, servers: tuple[FaultServer, FaultServer], tmp_path: Path
) -> None:
    redis_server.require()
    with RedisServer(tmp_path) as redis:
        command = [sys.executable, promo_client.__file__, str(bundle.path), redis.url, "0", str(MANY)]
        command += [server.ollama for server in servers]
        before = _run_client(command, kill_after=MANY // 3)
        after = _run_client(command)
        assert MANY // 3 <= len(before) < MANY
        assert sorted(after) == list(range(MANY))
        for number, (quantity, _, _) in [*before.items(), *after.items()]:
            assert quantity == quantity_of(number)
        assert {after[number][1] for number in before} == {0}
        answered = sum(server.count.answered for server in servers)
        told = sum(calls for _, calls, _ in [*before.values(), *after.values()])
        # The last few answers died with the client that had asked for them: nobody was told, nobody is charged.
        assert told <= answered <= told + promo_client.AT_ONCE
        tokens = sum(tokens for _, calls, tokens in [*before.values(), *after.values()] if calls)
        assert tokens == told * (sum(s.count.output_tokens for s in servers) // answered)


def _wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.001)


def _run_client(command: list[str], kill_after: int | None = None) -> dict[int, tuple[int, int, int]]:
    """What the client was told by number: quantity, calls, output tokens."""
    told: dict[int, tuple[int, int, int]] = {}
    paths = os.pathsep.join([str(Path(__file__).parents[1]), str(Path(__file__).parents[2])])
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths}
    ) as client:
        assert client.stdout is not None
        for line in client.stdout:
            number, quantity, calls, tokens = map(int, line.split())
            told[number] = quantity, calls, tokens
            if len(told) == kill_after:
                client.kill()
        client.wait(60)
    return told
