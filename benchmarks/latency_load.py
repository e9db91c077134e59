"""Systems of the latency benchmark that load the cascade: batches, threads, processes, longer texts, more intents."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.harness import ROOT, time_calls

ORDER = "千问，帮我点两杯少糖去冰的珍珠奶茶，用免单卡"
UNSEEN = "今天上班好累啊你陪我聊会儿天好不好"
BUNDLE = ROOT / "models" / "tea_order_zh"
MIX = ("千问，帮我点杯奶茶", ORDER, UNSEEN, "刚才那杯改成大杯半糖", "我的券什么时候过期")
"""Two for the rules, two or three for the classifier."""
SECONDS = 1.0
BATCH, BATCHES = 256, 7


def batch_rules() -> dict[str, Any]:
    """``classify_many`` on orders the grammar reads."""
    return _batch(ORDER)


def batch_classifier() -> dict[str, Any]:
    """``classify_many`` on texts that only the classifier knows."""
    return _batch(UNSEEN)


def _batch(text: str) -> dict[str, Any]:
    from cascade import Cascade

    cascade = Cascade.load()
    texts = [text] * BATCH
    took = []
    for _ in range(BATCHES):
        began = time.perf_counter()
        cascade.classify_many(texts)
        took.append((time.perf_counter() - began) / BATCH * 1e6)
    return {"median_us": statistics.median(took)}


def _rate(threads: int) -> float:
    """Utterances of the mix a second, asked by so many threads of one process."""
    from cascade import Cascade

    cascade = Cascade.load()
    for text in MIX * 50:
        cascade.classify(text)
    counts = [0] * threads
    stop = threading.Event()

    def ask(number: int) -> None:
        while not stop.is_set():
            for text in MIX:
                cascade.classify(text)
            counts[number] += len(MIX)

    workers = [threading.Thread(target=ask, args=(number,)) for number in range(threads)]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    time.sleep(SECONDS)
    stop.set()
    for worker in workers:
        worker.join()
    return sum(counts) / (time.perf_counter() - began)


def _threads(number: int) -> Callable[[], dict[str, Any]]:
    return lambda: {"per_s": _rate(number)}


def _processes(number: int) -> Callable[[], dict[str, Any]]:
    def measure() -> dict[str, Any]:
        with get_context("spawn").Pool(number) as pool:
            return {"per_s": float(sum(pool.map(_rate, [1] * number, chunksize=1)))}

    return measure


def _length(chars: int) -> Callable[[], dict[str, Any]]:
    """A text of so many characters that nobody answers: every tier has its turn."""

    def measure() -> dict[str, Any]:
        from cascade import Cascade

        cascade = Cascade.load()
        text = ("今天上班好累啊你陪我聊会儿天好不好我想随便说点什么" * 20)[:chars]
        return {**time_calls(lambda: cascade.classify(text), batches=50)}

    return measure


def _intents(number: int) -> Callable[[], dict[str, Any]]:
    """An exact phrase of one intent among so many, in a bundle of rules alone."""

    def measure() -> dict[str, Any]:
        import json

        from cascade import Cascade
        from cascade.bundle import seal

        with tempfile.TemporaryDirectory() as folder:
            bundle = Path(folder) / "b"
            shutil.copytree(BUNDLE, bundle)
            (bundle / "model.onnx").unlink()
            manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
            manifest["intents"] += [
                {"name": f"more_{at}", "description": f"number {at}"}
                for at in range(number - len(manifest["intents"]))
            ]
            (bundle / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
            names = [intent["name"] for intent in manifest["intents"] if not intent.get("carries_order")]
            lines = ["version: 1", "phrases:"]
            for name in names:
                lines += [f"  - intent: {name}", f"    texts: [暗语{name}]"]
            (bundle / "rules.yaml").write_text("\n".join([*lines, "patterns: []"]) + "\n", encoding="utf-8")
            seal(bundle)
            cascade = Cascade.load(bundle)
            text = f"暗语{names[-1]}"
            assert cascade.classify(text).tier == "rules"
            return {**time_calls(lambda: cascade.classify(text), batches=50)}

    return measure


SYSTEMS: dict[str, Callable[[], dict[str, Any]]] = {
    "batch_rules": batch_rules,
    "batch_classifier": batch_classifier,
    **{f"threads_{number}": _threads(number) for number in (1, 2, 4)},
    **{f"processes_{number}": _processes(number) for number in (1, 2)},
    **{f"length_{chars}": _length(chars) for chars in (10, 50, 100, 190)},
    **{f"intents_{number}": _intents(number) for number in (14, 200)},
}
