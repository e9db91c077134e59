"""A promo day in small: the same crowd, with the cascade and without it, before the same real model server.

Open loop: utterances of the documented promo-day mix (``data/README.md``; drawn by code from the rows that
carry a place in it) arrive as burstily as a stretch of Azure's LLM trace, at a mean rate several times what the
server can serve. Three systems, each in a process and on a server of its own whose capacity is measured just
before: everything to the model from a client with a deadline; the same through the traffic layer; and the
cascade, which asks the model only what rules and classifier escalate. The model is small and its answers are
wrong: what is measured is when they come.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.azure import arrivals, dispersion
from benchmarks.bench_overload import SCHEMA, SLOTS, SPEC
from benchmarks.harness import ROOT, in_subprocess, write
from benchmarks.options import Options
from cascade.backends.base import ChatBackend, ChatRequest, Message
from cascade.backends.openai import OpenAIBackend
from cascade.errors import BackendError, BackendOverloaded
from cascade.testing import small_model
from cascade.traffic import Gate

MODULE: Final = "benchmarks.bench_promo"
SYSTEMS: Final = ("bare", "gated", "cascade")
TIMES: Final = 3.0
"""Times the capacity of the server that the crowd comes at, on the mean."""
DEADLINE_S: Final = 5.0
CAPACITY_S: Final = 8.0
PATIENCE_S: Final = 60.0
COMMANDS: Final = 30_000_000
HOURS: Final = 9.0
BUSIEST: Final = 0.3
"""Share of the day's commands in its busiest hour, as the plan of 6 February 2026 spreads them."""
PUBLISHED: Final = {"Ollama, defaults, A100": 41.0, "vLLM, A100": 793.0}
"""Output tokens a second at peak, 8-billion-parameter model (Red Hat, August 2025): published, not measured here."""
OUTPUT_TOKENS: Final = 60


def run(options: Options) -> int:
    """Replay, scale, print, write ``promo.json``."""
    with small_model(
        SLOTS, context_tokens=1024, name="small"
    ) as url:  # the first run also warms what the machine keeps
        _child(["capacity", url, 0.0, 0.0, ""])
        rate = TIMES * _child(["capacity", url, 0.0, 0.0, ""])["per_s"]
    runs = []
    for system in SYSTEMS:
        with small_model(SLOTS, context_tokens=1024, name="small") as url:
            capacity = _child(["capacity", url, 0.0, 0.0, ""])["per_s"]
            replayed = _child([system, url, rate, options.seconds, str(options.data.resolve())])
            runs.append({**replayed, "capacity_per_s": capacity})
        row = runs[-1]
        print(
            f"{system:8} capacity {row['capacity_per_s']:.2f}/s  offered {row['offered_per_s']:.1f}/s"
            f"  in time {row['in_time']:.1%}  p50 {row['p50_s']:.2f} s  p99 {row['p99_s']:.2f} s"
            f"  calls {row['calls']}  {row['ends']}"
        )
    day = _child(["day", "", 0.0, 0.0, ""])
    result: dict[str, Any] = {
        "deadline_s": DEADLINE_S,
        "times": TIMES,
        "seconds": options.seconds,
        "runs": runs,
        "day": {**day, **_scaled(day)},
    }
    print({key: value for key, value in result["day"].items() if not isinstance(value, list)})
    print(write(options.out, "promo", result))
    return 0


def _child(arguments: list[Any]) -> dict[str, Any]:
    return in_subprocess(MODULE, json.dumps(arguments))


def mix() -> list[str]:
    """Texts of the promo-day mix, in the shares of the data card; labels are not looked at."""
    lines = [
        line.split("\t")
        for path in sorted((ROOT / "data" / "certification").glob("*.tsv"))
        for line in path.read_text(encoding="utf-8").split("\n")
    ]
    texts = [columns[0] for columns in lines if len(columns) == 4 and "mix=" in columns[3]]
    random.Random(20260206).shuffle(texts)
    return texts


def _scaled(day: dict[str, Any]) -> dict[str, Any]:
    """From shares and core time of an utterance to the whole day."""
    mean = COMMANDS / (HOURS * 3600)
    busiest = COMMANDS * BUSIEST / 3600
    share = day["escalated"]
    return {
        "commands": COMMANDS,
        "mean_per_s": mean,
        "busiest_per_s": busiest,
        "cores_mean": mean * day["core_s"],
        "cores_busiest": busiest * day["core_s"],
        "core_hours": COMMANDS * day["core_s"] / 3600,
        "hosts": [
            {
                "name": name,
                "without": busiest * OUTPUT_TOKENS / tokens,
                "with": busiest * share * OUTPUT_TOKENS / tokens,
            }
            for name, tokens in PUBLISHED.items()
        ],
        "output_tokens": OUTPUT_TOKENS,
    }


def day() -> dict[str, Any]:
    """Every text of the mix through rules and classifier on one thread: who answers, and what it takes of a core."""
    engine = _lower_tiers()
    texts = mix()
    for text in texts[:200]:
        engine.classify(text)
    tiers: Counter[str] = Counter()
    began = time.process_time()
    for text in texts:
        result = engine.classify(text)
        tiers[result.tier or "nobody" if result.status == "answered" else "nobody"] += 1
    core_s = (time.process_time() - began) / len(texts)
    return {
        "texts": len(texts),
        "core_s": core_s,
        "escalated": tiers["nobody"] / len(texts),
        "by_tier": {name: count / len(texts) for name, count in tiers.items()},
    }


def _lower_tiers() -> Any:
    from cascade import Cascade

    return Cascade.load()


def _request(text: str, timeout_s: float) -> ChatRequest:
    return ChatRequest((Message("user", text),), SCHEMA, 24, timeout_s)


async def _capacity(url: str) -> dict[str, Any]:
    """As many at once as there are slots, again and again, with texts of the mix."""
    backend, texts, ends = OpenAIBackend("small", base_url=f"{url}/v1"), iter(reversed(mix())), list[float]()
    await backend.chat(_request("你好", PATIENCE_S))
    start = time.perf_counter()

    async def keep_asking() -> None:
        while time.perf_counter() - start < CAPACITY_S:
            await backend.chat(_request(next(texts), PATIENCE_S))
            ends.append(time.perf_counter() - start)

    await asyncio.gather(*(keep_asking() for _ in range(SLOTS)))
    await backend.aclose()
    return {"per_s": len(ends) / max(ends)}


async def _replay(system: str, url: str, rate: float, seconds: float, folder: Path) -> dict[str, Any]:
    moments = arrivals(folder, round(rate * seconds), seconds)
    texts = mix()
    raw = OpenAIBackend("small", base_url=f"{url}/v1")
    backend: ChatBackend = raw if system == "bare" else Gate([raw], SPEC)
    lower = _lower_tiers() if system == "cascade" else None
    await raw.chat(_request("你好", PATIENCE_S))
    start = time.perf_counter()
    ends = await asyncio.gather(
        *(_ask(backend, lower, texts[at % len(texts)], due, start) for at, due in enumerate(moments))
    )
    await backend.aclose()
    return {
        "system": system,
        "offered_per_s": rate,
        "dispersion": dispersion(moments, seconds),
        **_told(ends),
        "timeline": _timeline(ends, seconds),
    }


async def _ask(backend: ChatBackend, lower: Any, text: str, due: float, start: float) -> dict[str, Any]:
    """One command. Its time runs from when it was due, whoever was late."""
    await asyncio.sleep(max(0.0, start + due - time.perf_counter()))
    end: dict[str, Any] = {"due_s": due, "calls": 0, "tokens": 0, "by": None}
    if lower is not None:
        result = lower.classify(text)
        if result.status == "answered":
            return {**end, "by": result.tier, "end": "answered", "took_s": time.perf_counter() - start - due}
    left = DEADLINE_S - (time.perf_counter() - start - due)
    try:
        if left <= 0:
            raise BackendOverloaded("the deadline had passed", reason="deadline")
        reply = await backend.chat(_request(text, left))
        end |= {
            "end": "answered",
            "by": "llm",
            "tokens": (reply.input_tokens or 0) + (reply.output_tokens or 0),
            "calls": reply.calls,
        }
    except BackendError as error:
        refused = isinstance(error, BackendOverloaded)
        end |= {"end": "refused" if refused else "too late", "calls": 0 if refused else 1}
    return {**end, "took_s": time.perf_counter() - start - due}


def _told(ends: Sequence[dict[str, Any]]) -> dict[str, Any]:
    good = [end for end in ends if end["end"] == "answered" and end["took_s"] <= DEADLINE_S + 0.01]
    waits = sorted(end["took_s"] for end in ends)
    return {
        "asked": len(ends),
        "in_time": len(good) / len(ends),
        "answered_by": dict(Counter(end["by"] for end in good)),
        "ends": dict(Counter(end["end"] for end in ends)),
        "p50_s": waits[len(waits) // 2],
        "p99_s": waits[int(len(waits) * 0.99)],
        "p50_answered_s": sorted(end["took_s"] for end in good)[len(good) // 2] if good else None,
        "calls": sum(end["calls"] for end in ends),
        "tokens": sum(end["tokens"] for end in ends),
    }


def _timeline(ends: Sequence[dict[str, Any]], seconds: float) -> list[dict[str, float]]:
    """Arrivals, and what became of those that arrived, second by second."""
    rows: list[dict[str, float]] = [
        {"at": float(at), "arrived": 0, "lower": 0, "llm": 0, "lost": 0} for at in range(int(seconds))
    ]
    for end in ends:
        row = rows[min(int(end["due_s"]), len(rows) - 1)]
        row["arrived"] += 1
        late = end["end"] != "answered" or end["took_s"] > DEADLINE_S + 0.01
        row["lost" if late else "llm" if end["by"] == "llm" else "lower"] += 1
    return rows


def main() -> None:
    """One run, for the parent process: prints one JSON object."""
    system, url, rate, seconds, folder = json.loads(sys.argv[1])
    if system == "day":
        print(json.dumps(day()))
        return
    measured = _capacity(url) if system == "capacity" else _replay(system, url, rate, seconds, Path(folder))
    print(json.dumps(asyncio.run(measured)))


if __name__ == "__main__":
    main()
