"""The service under test: in this process without a socket, or as a server on loopback."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from cascade import Cascade, OrderIntent
from cascade.backends.base import ChatBackend
from cascade.bundle import Bundle
from cascade.grammar import OrderGrammar
from cascade.integrations.fastapi import Books, ServeSpec, application
from cascade.observe.decision_log import DecisionLog
from cascade.testing import FakeBackend
from cascade.tiers.llm import LLMTier
from cascade.traffic import Gate, TrafficSpec

ORDER = "千问，帮我点两杯少糖去冰的珍珠奶茶，用免单卡"
UNCLEAR = "千问，帮我点一杯少糖少冰、适合备考的奶茶"
NEGATED = "别帮我点奶茶"
KEY = "correct-horse-battery-staple"
LOCKED = ServeSpec.model_validate({"key": KEY})
JSON = {"Content-Type": "application/json"}
PROBLEM = "application/problem+json"


@cache
def bundle() -> Bundle:
    """The bundle that ships, opened once."""
    return Bundle.open()


@cache
def _loaded() -> Cascade[OrderIntent]:
    return Cascade.load(bundle())


@cache
def _grammar() -> OrderGrammar:
    return OrderGrammar.from_bundle(bundle(), OrderIntent)


def assembled(
    books: Books, llm: ChatBackend | None = None, traffic: TrafficSpec | None = None
) -> Cascade[OrderIntent]:
    """A cascade such as ``Cascade.load`` makes. Building its tiers takes longer than any test here: they are shared."""
    loaded = _loaded()
    gate = None if traffic is None or llm is None else Gate([llm], traffic)
    model = gate or llm
    last = [] if model is None else [LLMTier.from_bundle(bundle(), model, _grammar(), OrderIntent)]
    cascade: Cascade[OrderIntent] = Cascade(
        [*loaded.tiers, *last],
        loaded.policy,
        bundle().normalizer,
        listeners=books.listeners,
        bundle=bundle(),
        on_close=None if model is None else model.aclose,
    )
    cascade.answer_model = OrderIntent
    cascade.traffic = gate
    return cascade


class Service:
    """A cascade with its books behind the application, asked without a socket."""

    def __init__(
        self,
        llm: ChatBackend | None = None,
        *,
        spec: ServeSpec | None = None,
        log: DecisionLog | None = None,
        traffic: TrafficSpec | None = None,
    ) -> None:
        self.books = Books(log=log)
        self.cascade = assembled(self.books, llm, traffic)
        self.app: FastAPI = application(self.cascade, self.books, spec)

    def client(self, **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers)

    async def __aenter__(self) -> httpx.AsyncClient:
        self._client = self.client()
        return self._client

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()
        await self.cascade.aclose()


@contextmanager
def serving(app: FastAPI) -> Iterator[int]:
    """The application behind a real server on loopback; yields the port."""
    config = uvicorn.Config(app, port=0, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        eventually(lambda: server.started)
        yield int(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(20)


def eventually(holds: Callable[[], object], within_s: float = 20.0) -> None:
    """Wait until it holds; fail when it does not."""
    until = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until, "it never came to hold"
        time.sleep(0.01)


def chitchat(**more: Any) -> FakeBackend:
    """A model that takes everything for small talk."""
    return FakeBackend([{"intent": "chitchat"}], **more)


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The body of a problem, after a look at its form."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM
    body: dict[str, Any] = response.json()
    assert (body["type"], body["status"], body["code"]) == ("about:blank", status, code)
    assert body["title"]
    assert body["detail"]
    return body
