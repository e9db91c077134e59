"""What does HTTP cost on top of a decision, and how many sentences a second do two workers hold on two cores?

``latency``: one connection to one process. The floor is an endpoint of a bare FastAPI application, on the same server
program, that is sent the same body and answers ``{}``; the rounds take turns, so that noise of the machine meets both.

``throughput``: ``cascade serve --workers 2`` as users run it, books and all, without a large model: what no tier below
answers is told as ``clarify``. Sentences are training utterances drawn in the shares of the promo-day mix of
``data/README.md``. The load comes from ``wrk`` (Debian's package) on the same cores, which takes its part of them.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.harness import ROOT, write

EXACT = "千问，帮我点杯奶茶"
ROUND_S = 3
LOAD_S = 10
WORKERS = 2
SENTENCES = 4000
BATCH = 32
AT_MOST = 2.5
AT_LEAST = 1500.0
MIX: Mapping[tuple[str, ...], int] = {
    ("orders_single.tsv",): 7 + 9 + 5,  # bare, detailed, with a coupon
    ("rich_orders.tsv",): 5,
    ("orders_multi.tsv",): 4,
    ("modify.tsv",): 10,
    ("cancel_order.tsv",): 6,
    ("claim_coupon.tsv",): 6,
    ("query_order.tsv", "query_coupon.tsv", "query_menu.tsv"): 15,
    ("request_support.tsv",): 5,
    ("recommend_drink.tsv",): 4,
    ("invite_friend.tsv",): 3,
    ("chitchat.tsv",): 5,
    ("confirm.tsv", "decline.tsv"): 7,
    ("out_of_scope.tsv",): 6,
    ("order_mentions.tsv", "decline_hard.tsv"): 4,
}
"""Files of ``data/train`` that stand for the places of the mix, and their shares in hundredths."""


def run(*, out: Path, rounds: int) -> int:
    """Measure, print and write JSON; 1 when a bound was missed."""
    if shutil.which("wrk") is None:
        print("the load comes from wrk: apt-get install wrk", file=sys.stderr)
        return 2
    measured = {"latency": latency(rounds), "throughput": throughput()}
    ratio, speeds = measured["latency"]["ratio"], measured["throughput"]
    bounds = {
        f"a rules answer over HTTP within {AT_MOST} times the empty endpoint": ratio <= AT_MOST,
        **{
            f"{kind}: at least {AT_LEAST:,.0f} sentences a second": speeds[kind]["sentences_per_s"]
            >= AT_LEAST
            for kind in ("single", "many")
        },
    }
    for name, figures in (("latency", measured["latency"]), *speeds.items()):
        print(f"{name:10} {json.dumps(figures, ensure_ascii=False)}")
    for name, held in bounds.items():
        print(f"{'held  ' if held else 'MISSED'} {name}")
    print(write(out, "serve", {"rounds": rounds, "bounds": bounds, **measured}))
    return 0 if all(bounds.values()) else 1


def latency(rounds: int) -> dict[str, Any]:
    """Medians over the rounds of the median latency, in microseconds."""
    seen: dict[str, list[float]] = {"empty": [], "classify": []}
    body = [json.dumps({"text": EXACT}, ensure_ascii=False)]
    with serving("empty") as empty, serving("cascade") as cascade:
        for _ in range(rounds):
            seen["empty"].append(wrk(f"{empty}/empty", body, 1, ROUND_S)["p50_us"])
            seen["classify"].append(wrk(f"{cascade}/v1/classify", body, 1, ROUND_S)["p50_us"])
    floor, whole = (statistics.median(seen[name]) for name in ("empty", "classify"))
    return {"empty_us": floor, "classify_us": whole, "ratio": round(whole / floor, 2), "rounds": seen}


def throughput() -> dict[str, Any]:
    """Sentences a second that two workers answer, one a request and many a request."""
    said = sentences()
    single = [json.dumps({"text": text}, ensure_ascii=False) for text in said]
    many = [
        json.dumps({"texts": said[at : at + BATCH]}, ensure_ascii=False) for at in range(0, len(said), BATCH)
    ]
    found: dict[str, Any] = {}
    for kind, bodies, connections, each in (("single", single, 16, 1), ("many", many, 16, BATCH)):
        with serving("cascade", "--workers", str(WORKERS)) as url:
            wrk(f"{url}/v1/classify", bodies, connections, 2)
            told = wrk(f"{url}/v1/classify", bodies, connections, LOAD_S)
            with urllib.request.urlopen(f"{url}/v1/status", timeout=10) as response:
                decisions = json.load(response)["decisions"]
            shares = {tier: round(one["answered_share"], 3) for tier, one in decisions["tiers"].items()}
        found[kind] = {**told, "sentences_per_s": round(told["requests_per_s"] * each), "shares": shares}
    return found


def sentences() -> list[str]:
    """Training utterances in the shares of the mix."""
    rng, found = random.Random(6), list[str]()
    for files, share in MIX.items():
        lines = [
            line.split("\t")[0]
            for file in files
            for line in (ROOT / "data" / "train" / file).read_text(encoding="utf-8").splitlines()
            if line and not line.startswith("#")
        ]
        found += rng.choices(lines, k=SENTENCES * share // sum(MIX.values()))
    rng.shuffle(found)
    return found


@contextmanager
def serving(what: str, *options: str) -> Iterator[str]:
    """A service in a process of its own on loopback; yields its address."""
    command = (
        ["-m", "benchmarks.bench_serve"] if what == "empty" else ["-m", "cascade", "serve", "--port", "0"]
    )
    process = subprocess.Popen(
        [sys.executable, *command, *options], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        url = line.rpartition("serving on ")[2].strip().rstrip("/")
        _wait(url, WORKERS if options else 1)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait(url: str, workers: int) -> None:
    for _ in range(600):
        time.sleep(0.1)
        try:
            with urllib.request.urlopen(f"{url}/v1/status", timeout=10) as response:
                if json.load(response)["workers"]["answering"] == workers:
                    return
        except OSError:
            continue
    raise RuntimeError("the service did not start")


def wrk(url: str, bodies: Sequence[str], connections: int, seconds: int) -> dict[str, Any]:
    """POST the bodies in turn and tell what came of it. Raises ``RuntimeError`` for any answer that is not a 200."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "load.lua"
        texts = ",\n".join(json.dumps(body, ensure_ascii=False) for body in bodies)
        script.write_text(
            f'local bodies = {{{texts}}}\nlocal at = 0\nlocal head = {{["Content-Type"] = "application/json"}}\n'
            'request = function()\n  at = at % #bodies + 1\n  return wrk.format("POST", nil, head, bodies[at])\nend\n',
            encoding="utf-8",
        )
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), url]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(said)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert rate is not None
    return {
        "requests_per_s": float(rate[1]),
        "p50_us": _quantile(said, "50"),
        "p99_us": _quantile(said, "99"),
    }


def _quantile(said: str, percent: str) -> float:
    found = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)\b", said)
    assert found is not None, said
    return float(found[1]) * {"us": 1, "ms": 1e3, "s": 1e6}[found[2]]


def _empty() -> None:
    """The bare application, served as ``cascade serve`` is."""
    import socket

    import uvicorn
    from fastapi import FastAPI

    app = FastAPI()

    @app.post("/empty")
    async def empty() -> dict[str, str]:
        return {}

    @app.get("/v1/status")
    async def status() -> dict[str, dict[str, int]]:
        return {"workers": {"answering": 1}}

    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(f"serving on http://127.0.0.1:{listener.getsockname()[1]}/", file=sys.stderr, flush=True)
        config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    _empty()
