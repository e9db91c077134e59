"""Open-loop load on a chat server: requests go out when they are due, whatever has become of those before.

    python -m benchmarks.load URL MODEL --rate 2 --seconds 60 --out run.jsonl

writes one JSON object a request, as ``cascade plan --calibrate run.jsonl:SLOTS`` reads them. The server speaks OpenAI's
``/v1/chat/completions``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

UTTERANCES = (
    "帮我点一杯少糖少冰、适合减脂的奶茶",
    "要两杯一样的，跟上次在公司附近买的那种差不多，不要太甜",
    "给我们办公室五个人每人来一杯不同的，里面有一个人乳糖不耐受，预算一百块以内",
)
ANSWER_TOKENS = (12, 24, 24, 40)
TIMEOUT_S = 300.0


def due(rate: float, seconds: float, seed: int) -> list[float]:
    """Moments of Poisson arrivals, in seconds."""
    rng, moment, moments = random.Random(seed), 0.0, []
    while (moment := moment + rng.expovariate(rate)) < seconds:
        moments.append(moment)
    return moments


async def record(url: str, model: str, moments: Sequence[float], seed: int = 0) -> list[dict[str, Any]]:
    """Send one request at each moment and say when it went, when it came back and what the server told of it."""
    rng = random.Random(seed)
    bodies = [
        {
            "model": model,
            # different from the first word on: how much of a prompt a server has cached would hang on the load
            "messages": [{"role": "user", "content": f"{seed}-{number}号顾客说:{rng.choice(UTTERANCES)}"}],
            "max_tokens": rng.choice(ANSWER_TOKENS),
            "temperature": 0,
        }
        for number, _ in enumerate(moments, 1)
    ]
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, limits=limits, trust_env=False) as client:
        await client.post("/v1/chat/completions", json={**bodies[0], "max_tokens": 1})  # loads the model
        start = time.perf_counter()
        sendings = (_send(client, body, moment, start) for body, moment in zip(bodies, moments, strict=True))
        return list(await asyncio.gather(*sendings))


async def _send(
    client: httpx.AsyncClient, body: dict[str, Any], moment: float, start: float
) -> dict[str, Any]:
    await asyncio.sleep(max(0.0, start + moment - time.perf_counter()))
    line: dict[str, Any] = {"planned_s": moment, "sent_s": time.perf_counter() - start}
    try:
        reply = await client.post("/v1/chat/completions", json=body)
    except httpx.HTTPError:
        return {**line, "status": None}
    line |= {"done_s": time.perf_counter() - start, "status": reply.status_code}
    if reply.status_code == httpx.codes.OK:
        told = reply.json()
        usage, timings = told.get("usage") or {}, told.get("timings") or {}
        line |= {
            "prompt_eval_count": usage.get("prompt_tokens"),
            "eval_count": usage.get("completion_tokens"),
            "prompt_eval_duration": _nanoseconds(timings.get("prompt_ms")),
            "eval_duration": _nanoseconds(timings.get("predicted_ms")),
        }
    return line


def _nanoseconds(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else round(milliseconds * 1e6)


def main() -> None:
    """Load a server and write the run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("url", nargs="?")
    parser.add_argument("model", nargs="?", default="")
    parser.add_argument("--rate", type=float, default=1.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("run.jsonl"))
    given = parser.parse_args()
    if given.url is None:
        parser.error("the address of a server is missing")
    lines = asyncio.run(
        record(given.url, given.model, due(given.rate, given.seconds, given.seed), given.seed)
    )
    given.out.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
