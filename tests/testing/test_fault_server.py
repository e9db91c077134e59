"""Every fault of the servers, over real sockets: what the caller of ``classify`` sees of it."""

import asyncio
import gc
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from llm_kit import DECLINE, engine_of, tea_bundle

from cascade.backends.resolve import open_backend
from cascade.bundle import Bundle
from cascade.engine import Engine
from cascade.orders import OrderIntent
from cascade.result import Result
from cascade.testing import FAULTS, Fault, FaultServer, ServerCount
from cascade.traffic import Gate, TrafficSpec
from cascade.traffic.spec import CacheSpec

DEADLINE_S = 1.5
SLACK_S = 0.5
"""For a busy machine; the 100 ms of the contract are held to on a virtual clock, in the tests of the traffic layer."""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return tea_bundle(Path(tmp_path_factory.mktemp("bundle")))


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(DECLINE) as server:
        yield server


@pytest.fixture(params=["ollama", "openai"])
def guarded(
    request: pytest.FixtureRequest, server: FaultServer, bundle: Bundle
) -> Iterator[Engine[OrderIntent]]:
    address = server.ollama if request.param == "ollama" else f"{server.openai}?think=false"
    with engine_of(
        bundle, Gate([open_backend(address)], TrafficSpec(cache=CacheSpec(max_bytes=0)))
    ) as engine:
        yield engine


def asked(engine: Engine[OrderIntent], text: str = "这个怎么说") -> Result[OrderIntent]:
    began = time.perf_counter()
    result = engine.classify(text, deadline_s=DEADLINE_S)
    assert time.perf_counter() - began <= DEADLINE_S + SLACK_S
    return result


PASSES: dict[Fault, int] = {
    "none": 1,
    "busy": 2,
    "busy_later": 2,
    "runner_died": 2,
    "error_in_200": 2,
    "format_ignored": 2,
    "in_thinking": 1,
    "double": 1,
    "no_counts": 1,
    "zero_counts": 1,
    "truncated": 2,
    "reset": 2,
    "reset_in_body": 2,
}
"""Faults that are over by the next call, and the calls that the answer then takes."""

LASTS: dict[Fault, str] = {
    "stall": "BackendTimeout",
    "busy": "BackendUnavailable",
    "busy_later": "BackendUnavailable",
    "runner_died": "BackendUnavailable",
    "error_in_200": "BackendUnavailable",
    "format_ignored": "BackendReplyInvalid",
    "truncated": "BackendReplyInvalid",
    "drip": "BackendTimeout",
    "reset": "BackendUnavailable",
    "reset_in_body": "BackendUnavailable",
    "wrong_model": "BackendRejected",
}
"""Faults that no answer comes through, and what the result then gives as the reason."""


def test_every_fault_is_looked_at() -> None:
    assert {*PASSES, *LASTS} == set(FAULTS)


@pytest.mark.parametrize("fault", PASSES)
def test_a_fault_that_passes_costs_a_call_and_the_answer_comes(
    guarded: Engine[OrderIntent], server: FaultServer, fault: Fault
) -> None:
    server.faults(fault)
    result = asked(guarded)
    assert (result.status, result.intent) == ("answered", "decline"), result.attempts
    assert result.cost.calls == server.count.received == PASSES[fault]


@pytest.mark.parametrize("fault", LASTS)
def test_a_fault_that_lasts_is_told_in_the_result_within_the_deadline(
    guarded: Engine[OrderIntent], server: FaultServer, fault: Fault
) -> None:
    server.fault = fault
    result = asked(guarded)
    assert (result.status, result.reason) == ("unresolved", LASTS[fault])
    assert result.cost.calls == server.count.received >= 1
    _settled(server)
    assert _open(server.count) == 0


def _settled(server: FaultServer) -> None:
    """Wait until the server has counted what it has sent: a caller may be the first to know."""
    waited = time.monotonic() + 5
    while _open(server.count) and time.monotonic() < waited:
        time.sleep(0.01)


def _open(count: ServerCount) -> int:
    return count.received - count.answered - count.refused - count.broken - count.abandoned


def test_tokens_are_those_the_server_spent_and_untold_ones_are_unknown(
    guarded: Engine[OrderIntent], server: FaultServer
) -> None:
    plain = asked(guarded).cost
    _settled(server)
    assert (plain.input_tokens, plain.output_tokens) == (
        server.count.input_tokens,
        server.count.output_tokens,
    )
    server.faults("double", "no_counts", "zero_counts")
    double, untold, zero = (
        asked(guarded, text).cost for text in ("这个怎么说呀", "那个怎么说", "哪个怎么说")
    )
    assert double.output_tokens == 2 * (plain.output_tokens or 0) > 0
    assert (untold.input_tokens, untold.output_tokens) == (None, None)
    assert zero.input_tokens is None


@pytest.mark.parametrize("fault", ["stall", "drip"])
def test_a_caller_that_gives_up_closes_the_connection(
    guarded: Engine[OrderIntent], server: FaultServer, fault: Fault
) -> None:
    server.fault = fault
    asked(guarded)
    waited = time.monotonic() + 5
    while server.count.abandoned < server.count.received and time.monotonic() < waited:
        time.sleep(0.01)
    assert server.count.abandoned == server.count.received == 1


def test_a_restart_in_mid_call_costs_a_call(guarded: Engine[OrderIntent], server: FaultServer) -> None:
    server.service_s = 0.3
    restarting = threading.Timer(0.15, server.restart)
    restarting.start()
    result = asked(guarded)
    restarting.join()
    assert result.status == "answered"
    assert (
        result.cost.calls >= server.count.received == 2
    )  # one more when it was tried while the server was away
    until = time.monotonic() + 5
    while server.count.answered < 1 and time.monotonic() < until:  # counted once the last byte is out
        time.sleep(0.01)
    assert (server.count.answered, server.count.broken) == (1, 1)


def test_a_line_at_the_server_is_seen(server: FaultServer, bundle: Bundle) -> None:
    server.service_s = 0.2
    backend = open_backend(server.ollama)
    with engine_of(bundle, backend) as engine:
        results = engine.classify_many([f"第{n}个怎么说" for n in range(3)], deadline_s=5)
    queued = sorted((result.cost.queued_ns or 0) / 1e9 for result in results)
    assert queued[0] < 0.1
    assert 0.3 < queued[2] < 0.6


def test_probes_are_answered(server: FaultServer) -> None:
    async def probe(address: str) -> tuple[bool, bool | None]:
        backend = open_backend(address)
        health = await backend.probe()
        await backend.aclose()
        return health.reachable, health.model_present

    assert asyncio.run(probe(server.ollama)) == (True, True)
    assert asyncio.run(probe(server.openai)) == (True, True)
    assert asyncio.run(probe(server.ollama.replace("test-model", "other-model"))) == (True, False)


def test_whom_it_was_just_letting_in_is_hung_up_on_too() -> None:
    for _ in range(100):
        with FaultServer(DECLINE) as server:
            callers = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(3)]
        for caller in callers:
            caller.close()
    gc.collect()  # a connection left open is told of here, and every warning is an error
