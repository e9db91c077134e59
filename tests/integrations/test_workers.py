"""``cascade serve`` as it is run: processes, their figures added up, their end."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from cascade.cli import app
from cascade.testing import FaultServer
from integrations.kit import KEY, ORDER, eventually

ROOT = Path(__file__).parent.parent.parent


@contextlib.contextmanager
def served(folder: Path, *options: str, **environment: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The command in a process of its own; yields its address and the process."""
    said = folder / "stderr"
    with said.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "cascade", "serve", "--port", "0", *options],
            cwd=ROOT,
            stderr=stderr,
            env={**os.environ, **environment},
        )
    try:
        eventually(lambda: b"http://" in said.read_bytes(), 120)
        url = said.read_text().split("serving on ")[1].split()[0]
        yield url.rstrip("/"), process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, said.read_text()


UNCLEAR = "千问，帮我点几杯少糖少冰、适合减脂的奶茶"
"""Unclear at the rung without a large model too."""


def up(client: httpx.Client, workers: int) -> bool:
    try:
        return bool(client.get("/v1/status").json()["workers"]["answering"] == workers)
    except httpx.HTTPError:
        return False


def test_two_workers_are_one_service(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with FaultServer({"intent": "chitchat"}) as model:
        options = ("--workers", "2", "--llm", model.ollama, "--log", str(log))
        with (
            served(tmp_path, *options, CASCADE_SERVE_KEY=KEY) as (url, _),
            httpx.Client(base_url=url, headers={"Authorization": f"Bearer {KEY}"}, timeout=30) as client,
        ):
            eventually(lambda: up(client, 2), 120)
            assert httpx.get(f"{url}/v1/status").status_code == 401
            for _ in range(40):  # a connection each: both workers have their share
                httpx.post(f"{url}/v1/classify", json={"text": ORDER}, headers=client.headers)
            figures = client.get("/v1/status").json()
            assert figures["decisions"]["statuses"] == {"answered": 40}
            page = client.get("/metrics").text
            counts = [
                float(line.rsplit(" ", 1)[1])
                for line in page.splitlines()
                if line.startswith("cascade_requests_total{")
            ]
            assert sum(counts) == 40
            assert page.count('worker="') > 0

            client.put("/v1/rung", json={"rung": "llm_free"})
            for _ in range(10):
                told = httpx.post(f"{url}/v1/classify", json={"text": UNCLEAR}, headers=client.headers).json()
                assert told["attempts"][-1]["reason"] == "llm_free"
            queue = client.get("/v1/queue").json()
            (item,) = queue["items"]
            assert (item["text"], item["times"]) == (UNCLEAR, 10)
            assert client.post(f"/v1/queue/{item['id']}", json={"guess": 0}).status_code == 200
            assert client.get("/v1/queue").json()["items"] == []

            os.kill(int(item["id"].partition("-")[0]), signal.SIGKILL)
            eventually(lambda: not up(client, 2), 30)
            eventually(lambda: up(client, 2), 120)
            for _ in range(10):  # the one that was started anew holds the rung too
                told = httpx.post(f"{url}/v1/classify", json={"text": UNCLEAR}, headers=client.headers).json()
                assert told["attempts"][-1]["reason"] == "llm_free"
    lines = "".join(file.read_text(encoding="utf-8") for file in log.iterdir())
    assert lines.count('"correction"') == 1
    assert KEY not in lines + (tmp_path / "stderr").read_text()


RIDE = ("--bundle", "examples/taxi/taxi_zh", "--answers", "examples.taxi.answers:RideIntent")


def test_a_pack_of_another_trade_is_served(tmp_path: Path) -> None:
    with (
        served(tmp_path, "--workers", "2", "--host-name", "taxi.example", *RIDE) as (url, _),
        httpx.Client(base_url=url, timeout=30) as client,
    ):
        eventually(lambda: up(client, 2), 120)
        told = client.post("/v1/classify", json={"text": "打快车去机场，两个人"}).json()
        hosts = "taxi.example", "rebound.example"
        statuses = [client.get("/v1/status", headers={"Host": host}).status_code for host in hosts]
    assert told["bundle"].startswith("taxi_zh")
    answer = told["answer"]
    assert (answer["destination"], answer["passengers"], answer["rides"][0]["kind"]) == ("机场", 2, "快车")
    assert statuses == [200, 421]


def run(*options: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["serve", *options])
    return result.exit_code, result.stderr


def test_what_cannot_be_started_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weak = tmp_path / "key"
    weak.write_text("weak")
    traffic = tmp_path / "traffic.toml"
    traffic.write_text("[queue]\nsize = -1\n")
    for options, words in (
        (("--bundle", "nowhere"), "nowhere"),
        (("--llm", "nonsense"), "no chat backend"),
        (("--key-file", str(weak)), "at least 16"),
        (("--traffic", str(traffic)), "queue.size"),
        (("--assume", "qwen-plus"), "qwen-plus,700,60"),
        (("--host", "256.256.256.256"), "cannot listen on"),
        (("--host-name", "http://shop.example"), "'http://shop.example' is no host name"),
        (RIDE[:2], f"to a command as {' '.join(RIDE[2:])}"),
        ((*RIDE[:2], "--answers", "RideIntent"), "module:Class"),
        ((*RIDE[:2], "--answers", "examples.taxi.none:RideIntent"), "cannot be imported"),
        ((*RIDE[:2], "--answers", "examples.taxi.answers:Car"), "RideIntent, not"),
        ((*RIDE[:2], "--answers", "json:loads", "--workers", "2"), "no pydantic class"),
        (RIDE[2:], "OrderIntent, not"),
    ):
        code, said = run("--port", "0", *options)
        lines = [line for line in said.splitlines() if "serving on" not in line]
        assert (code, len(lines)) == (2, 1), said
        assert words in lines[0]
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    code, said = run()
    assert (code, said) == (
        2,
        "cascade: uvicorn is not installed (install it with: pip install 'intent-cascade[serve]')\n",
    )


def test_without_the_extra_the_import_says_what_to_install() -> None:
    code = "import sys; sys.modules['fastapi'] = None; import cascade.integrations.fastapi"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "MissingExtra" in done.stderr
    assert "pip install 'intent-cascade[serve]'" in done.stderr
