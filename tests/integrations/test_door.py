"""The key: asked for wherever anything is told or done, and told nowhere."""

import hmac
import logging
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from cascade.errors import ConfigurationError
from cascade.integrations._web import auth
from cascade.integrations._web.console import CONTENT_POLICY
from cascade.integrations._web.worker import Settings, build
from cascade.integrations.fastapi import ServeSpec
from integrations.kit import KEY, LOCKED, ORDER, UNCLEAR, Service, chitchat, problem, serving

GUARDED = [
    ("POST", "/v1/classify"),
    ("POST", "/v1/explain"),
    ("GET", "/v1/status"),
    ("PUT", "/v1/rung"),
    ("GET", "/v1/queue"),
    ("POST", "/v1/queue/1-1"),
    ("DELETE", "/v1/queue/1-1"),
    ("GET", "/metrics"),
]


@pytest.mark.parametrize(("method", "path"), GUARDED)
@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Basic {KEY}",
        f"Bearer {KEY[:-1]}",
        f"Bearer {KEY}x",
        f"Bearer {KEY.upper()}",
        KEY,
        "Bearer " + "x" * 5000,
        "Bearer caf\u00e9",
    ],
)
async def test_without_the_key_nothing_is_told_or_done(method: str, path: str, given: str | None) -> None:
    headers = {} if given is None else {"Authorization": given.encode("latin-1")}
    async with Service(spec=LOCKED) as client:
        response = await client.request(method, path, json={"text": ORDER}, headers=headers)  # type: ignore[arg-type]
    problem(response, 401, "unauthorized")
    assert response.headers["www-authenticate"].startswith("Bearer")


async def test_with_the_key_all_is_open() -> None:
    async with Service(spec=LOCKED) as client:
        for scheme in ("Bearer", "bearer", "BEARER"):
            headers = {"Authorization": f"{scheme} {KEY}"}
            assert (
                await client.post("/v1/classify", json={"text": ORDER}, headers=headers)
            ).status_code == 200
            assert (await client.get("/v1/status", headers=headers)).status_code == 200


async def test_health_and_the_page_ask_for_no_key() -> None:
    async with Service(spec=LOCKED) as client:
        for path in ("/healthz", "/readyz", "/", "/console/console.js", "/openapi.json"):
            assert (await client.get(path)).status_code == 200, path


async def test_keys_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[int, int]] = []

    def compare(left: bytes, right: bytes) -> bool:
        compared.append((len(left), len(right)))
        return hmac.compare_digest(left, right)

    monkeypatch.setattr(auth, "compare_digest", compare)
    async with Service(spec=LOCKED) as client:
        for given in ("", "x", KEY, "y" * 1000):
            await client.get("/v1/status", headers={"Authorization": f"Bearer {given}"})
    assert compared == [(32, 32)] * 4


@pytest.mark.parametrize(
    "key", ["", "short", "x" * 15, "with a space in it", "schl\u00fcssel-schl\u00fcssel", "x" * 16 + "\n"]
)
def test_a_weak_key_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(ValidationError) as told:
        ServeSpec.model_validate({"key": key})
    with pytest.raises(ConfigurationError, match="at least 16") as short:
        build(Settings(), key)
    if key:
        assert key not in str(told.value)
        assert key not in str(short.value)


def test_the_key_is_not_in_what_is_printed_of_the_settings() -> None:
    assert KEY not in repr(LOCKED)
    assert KEY not in LOCKED.model_dump_json()


def test_neither_keys_nor_words_reach_a_log(caplog: pytest.LogCaptureFixture) -> None:
    """Everything that may go wrong goes wrong, with all logging on."""
    caplog.set_level(logging.DEBUG)
    service = Service(chitchat(), spec=LOCKED)
    spoken = f"{UNCLEAR}我是隐姓埋名"

    async def broken(*_: object, **__: object) -> Any:
        raise RuntimeError("broken on purpose")

    with serving(service.app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        right, wrong = {"Authorization": f"Bearer {KEY}"}, {"Authorization": f"Bearer {KEY}-but-wrong"}
        for headers in (right, wrong):
            client.post("/v1/classify", json={"text": spoken}, headers=headers)
            client.post("/v1/classify", content=spoken.encode(), headers=headers)
            client.post("/v1/classify", json={"texts": [spoken, 1]}, headers=headers)
            client.put("/v1/rung", json={"rung": spoken}, headers=headers)
            client.get("/v1/queue", headers=headers)
        service.cascade.aclassify = broken  # type: ignore[method-assign]
        assert client.post("/v1/classify", json={"text": spoken}, headers=right).status_code == 500
    assert "broken on purpose" in caplog.text
    assert KEY not in caplog.text
    assert "隐姓埋名" not in caplog.text


async def test_the_page_may_ask_nothing_but_its_own_service() -> None:
    async with Service() as client:
        page = await client.get("/")
        for path in ("/", "/console/console.js", "/console/console.css", "/console/icon.svg"):
            response = await client.get(path)
            assert response.headers["content-security-policy"] == CONTENT_POLICY
            assert response.headers["x-content-type-options"] == "nosniff"
            known = await client.get(path, headers={"If-None-Match": response.headers["etag"]})
            assert (known.status_code, known.content) == (304, b"")
    assert "unsafe" not in CONTENT_POLICY
    assert "<script>" not in page.text
    assert " style=" not in page.text
    assert " on" + "click" not in page.text
