"""A client that goes away takes its question with it."""

import json
import socket
import threading

import httpx
import pytest

from cascade.integrations._web.worker import Settings, build
from cascade.testing import After, FakeBackend
from integrations.kit import ORDER, UNCLEAR, Service, chitchat, eventually, serving


def sent(port: int, body: dict[str, object]) -> socket.socket:
    content = json.dumps(body).encode()
    head = (
        "POST /v1/classify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(head.encode() + content)
    return client


@pytest.mark.parametrize("body", [{"text": UNCLEAR}, {"texts": [f"{UNCLEAR}{n}" for n in range(5)]}])
def test_the_call_to_the_model_is_cancelled(body: dict[str, object]) -> None:
    backend = FakeBackend([After(60, {"intent": "chitchat"})])
    service = Service(backend)
    asked = len(body.get("texts", "1"))  # type: ignore[arg-type]
    with serving(service.app) as port:
        client = sent(port, body)
        eventually(lambda: len(backend.requests) == asked)
        client.close()
        eventually(lambda: backend.cancelled == asked)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as another:
            assert another.post("/v1/classify", json={"text": ORDER}).json()["tier"] == "rules"
    assert backend.closed


def test_who_stays_is_answered_while_others_go() -> None:
    backend = FakeBackend([After(0.3, {"intent": "chitchat"})])
    service = Service(backend)
    answers: list[str] = []
    with serving(service.app) as port:

        def stay(number: int) -> None:
            url = f"http://127.0.0.1:{port}/v1/classify"
            answers.append(httpx.post(url, json={"text": f"{UNCLEAR}{number}"}).json()["tier"])

        stayers = [threading.Thread(target=stay, args=(number,)) for number in range(4)]
        for one in stayers:
            one.start()
        for number in range(4, 8):
            client = sent(port, {"text": f"{UNCLEAR}{number}"})
            eventually(lambda: len(backend.requests) > number - 4)  # noqa: B023
            client.close()
        for one in stayers:
            one.join(10)
        eventually(lambda: len(backend.requests) == 8)
        eventually(lambda: backend.cancelled == 4)
    assert answers == ["llm"] * 4


def test_requests_one_after_another_on_one_connection_are_each_answered() -> None:
    with (
        serving(Service(chitchat()).app) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        tiers = [
            client.post("/v1/classify", json={"text": text}).json()["tier"] for text in (UNCLEAR, ORDER) * 10
        ]
    assert tiers == ["llm", "rules"] * 10


def test_the_end_of_the_server_closes_what_it_owns(tmp_path: object) -> None:
    app = build(Settings(log=tmp_path), None)  # type: ignore[arg-type]
    with serving(app) as port:
        url = f"http://127.0.0.1:{port}"
        assert httpx.post(f"{url}/v1/classify", json={"text": ORDER}).status_code == 200
    (file,) = tmp_path.glob("decisions-*.jsonl")  # type: ignore[attr-defined]
    assert ORDER in file.read_text(encoding="utf-8")
