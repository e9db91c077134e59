"""The web layer: headers, limits, errors."""

import sqlite3
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cascade import Cascade
from examples.tea_shop.rehearsal.postgres import Postgres
from tea_shop.kit import Counter, require_postgres
from tea_shop.server import serving

WHO = {"X-Customer": "a" * 32, "X-Conversation": "c"}


@pytest.fixture
def client(counter: Counter) -> Iterator[httpx.Client]:
    with serving(counter) as url, httpx.Client(base_url=url, trust_env=False, timeout=20) as client:
        yield client


def say(client: httpx.Client, text: str, key: str = "12345678", **headers: str) -> httpx.Response:
    sent = {**WHO, "Idempotency-Key": key, **headers}
    return client.post("/api/say", json={"text": text}, headers=sent)


def test_a_sentence_becomes_an_order_at_the_shop(client: httpx.Client, counter: Counter) -> None:
    assert client.post("/api/arrive", json={}, headers=WHO).json()["vouchers"][0]["value"] == "¥25"
    reply = say(client, "千问，帮我点杯奶茶")
    assert reply.json()["kind"] == "placed"
    assert say(client, "千问，帮我点杯奶茶").json() == reply.json()
    chosen = client.post(
        "/api/choose",
        json={"question": reply.json()["question"], "option": 0},
        headers={**WHO, "Idempotency-Key": "87654321"},
    )
    assert chosen.json()["chosen"]["zh"] == "用券"
    for _ in range(200):
        mine = client.get("/api/mine", headers=WHO).json()
        if mine["orders"][0]["number"] == "T0001":
            break
    (order,) = mine["orders"]
    assert (order["state"], order["due"], order["discount"]) == ("accepted", "¥0", "¥12")
    assert [turn["key"] for turn in mine["turns"]] == ["12345678", "87654321"]
    assert client.get("/api/understood").json() == {"sentences": 1, "answered_by": {"rules": 1.0}}


def test_the_browsers_key_goes_all_the_way(
    client: httpx.Client, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    understand = Cascade.aclassify

    async def noted(self: Cascade[Any], text: str, **more: Any) -> Any:
        asked.append(more)
        return await understand(self, text, **more)

    monkeypatch.setattr(Cascade, "aclassify", noted)
    say(client, "千问，帮我点杯奶茶", key="browser-key")
    (order,) = counter.orders(WHO["X-Customer"])
    customer = order.customer_id
    assert order.key == "browser-key"
    (known,) = asked
    assert (known["caller"], known["idempotency_key"]) == (customer, f"{customer}:browser-key")
    assert known["deadline_s"] > 0
    for _ in range(200):
        with sqlite3.connect(counter.book_path) as book:
            keys = [key for (key,) in book.execute("SELECT key FROM answers")]
        book.close()
        if keys:
            break
        time.sleep(0.02)
    assert keys == [f"{customer[:16]}:browser-key:place"]
    assert say(client, "千问，帮我点杯奶茶", key="browser-key").json()["order"] == order.id
    assert len(asked) == 1  # what is answered is not understood again


def test_no_secret_of_a_browser_is_kept(client: httpx.Client, counter: Counter) -> None:
    say(client, "千问，帮我点杯奶茶")
    with counter.database.engine.connect() as connection:
        for table in ("customers", "orders", "turns", "vouchers", "outbox"):
            rows = connection.exec_driver_sql(f"SELECT * FROM {table}").all()
            assert rows
            assert WHO["X-Customer"] not in str(rows)


def test_an_invitation_is_credited_once(client: httpx.Client) -> None:
    code = client.post("/api/arrive", json={}, headers=WHO).json()["invite"]
    friend = {**WHO, "X-Customer": "b" * 32}
    for _ in range(3):
        client.post("/api/arrive", json={"invite": code}, headers=friend)
    client.post("/api/arrive", json={"invite": code}, headers=WHO)
    for _ in range(200):
        mine = client.get("/api/mine", headers=WHO).json()
        if len(mine["vouchers"]) == 2:
            break
    assert (len(mine["vouchers"]), mine["invited"]) == (2, 1)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Customer": "short"}, 422),
        ({"X-Customer": "a b" * 10}, 422),
        ({"Idempotency-Key": ""}, 422),
        ({"Idempotency-Key": "x" * 65}, 422),
        ({"X-Conversation": "../.."}, 422),
    ],
)
def test_malformed_headers_are_refused(client: httpx.Client, headers: dict[str, str], status: int) -> None:
    assert say(client, "千问，帮我点杯奶茶", **headers).status_code == status


def test_bodies_have_limits(client: httpx.Client) -> None:
    assert say(client, "茶" * 2001).status_code == 422
    assert say(client, "茶" * 20_000).status_code == 413

    def stream() -> Iterator[bytes]:
        yield b"{}"

    headers = {**WHO, "Idempotency-Key": "12345678"}
    assert client.post("/api/say", content=stream(), headers=headers).status_code == 411
    assert client.post("/api/say", content=b"\xff{", headers=headers).status_code == 422


def test_a_key_for_two_sentences_is_refused(client: httpx.Client) -> None:
    say(client, "千问，帮我点杯奶茶")
    assert say(client, "来一杯热拿铁").status_code == 422
    assert len(client.get("/api/mine", headers=WHO).json()["orders"]) == 1


@pytest.mark.parametrize(
    "text", ["\\u0000", "\\ud83e", "'; DROP TABLE orders; --", "<script>alert(1)</script>", "\\u202e茶"]
)
def test_hostile_text_is_only_text(client: httpx.Client, text: str) -> None:
    headers = {**WHO, "Idempotency-Key": "12345678", "Content-Type": "application/json"}
    reply = client.post("/api/say", content=f'{{"text": "{text}"}}', headers=headers)
    assert reply.status_code in {200, 422}
    assert say(client, "千问，帮我点杯奶茶", key="87654321").json()["kind"] == "placed"
    assert len(client.get("/api/mine", headers=WHO).json()["orders"]) == 1


def test_strangers_and_unknown_questions(client: httpx.Client) -> None:
    assert client.get("/api/mine", headers=WHO).status_code == 404
    reply = client.post(
        "/api/choose", json={"question": "none", "option": 3}, headers={**WHO, "Idempotency-Key": "12345678"}
    )
    assert reply.json()["kind"] == "nothing"


def test_every_answer_carries_the_policy(client: httpx.Client) -> None:
    for path in ("/", "/pages/shop.js", "/api/menu", "/none"):
        assert "default-src 'self'" in client.get(path).headers["Content-Security-Policy"]


@pytest.mark.integration
def test_a_database_that_is_away_is_said_and_the_same_key_works_when_it_is_back(
    postgres: Postgres, tmp_path: Any, cascade: Cascade[Any]
) -> None:
    require_postgres()
    from tea_shop.kit import opened

    with (
        opened(postgres.url, tmp_path, cascade) as counter,
        serving(counter) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=30) as client,
    ):
        who = {"X-Customer": "away" * 8}
        postgres.stop("fast")
        away = say(client, "千问，帮我点杯奶茶", **who)
        assert (away.status_code, away.headers["Retry-After"]) == (503, "1")
        postgres.start()
        assert say(client, "千问，帮我点杯奶茶", **who).json()["kind"] == "placed"
        mine = client.get("/api/mine", headers={**WHO, **who}).json()
        assert len(mine["orders"]) == 1
