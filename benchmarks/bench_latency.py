"""How long does a decision take, tier by tier, against the floor beneath it?

Every system runs in a subprocess of its own, in turn, in the same run; what counts are the ratios:

- an exact phrase, result object and ledger included, against NFKC + one dictionary look-up + building the same answer;
- a classifier answer against the bare onnxruntime call on the same input;
- ten thousand phrases and two thousand patterns against ten of each;
- a grammar answer (median), the import, the first answer after start, resident memory;
- batches, threads, processes, longer texts and more intents (``latency_load``).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import latency_load
from benchmarks.harness import ROOT, rounds_of, time_calls, write

MODULE = "benchmarks.bench_latency"
PHRASE = "千问，帮我点杯奶茶"
ORDER = "千问，帮我点两杯少糖去冰的珍珠奶茶，用免单卡"
UNSEEN = "今天上班好累啊你陪我聊会儿天好不好"
BUNDLE = ROOT / "models" / "tea_order_zh"


def floor_exact() -> dict[str, Any]:
    """NFKC, one dictionary look-up, and building the answer."""
    from cascade.orders import OrderIntent, OrderItem

    normalise = unicodedata.normalize
    answers = {normalise("NFKC", PHRASE): "奶茶"}

    def call() -> OrderIntent:
        drink = answers[normalise("NFKC", PHRASE)]
        return OrderIntent(intent="order_drink", items=(OrderItem(drink=drink),))

    return {**time_calls(call)}


def exact() -> dict[str, Any]:
    """An exact phrase through the whole cascade, ledger listening."""
    return _classified(PHRASE, "rules")


def grammar() -> dict[str, Any]:
    """A sentence that only the grammar knows."""
    return _classified(ORDER, "rules")


def floor_onnx() -> dict[str, Any]:
    """The bare onnxruntime call, one thread, on the ready input of the classifier system."""
    import onnxruntime

    from cascade import Cascade
    from cascade.bundle import Bundle
    from cascade.features import Vocabulary

    utterance = Cascade.load().classify(UNSEEN).utterance
    assert utterance is not None
    bundle = Bundle.open()
    vocabulary = Vocabulary.parse(bundle.file("vocab.txt").read_text(encoding="utf-8"))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(bundle.file("model.onnx")), options)
    feed = {"ids": vocabulary.batch(utterance.text)}
    return {**time_calls(lambda: session.run(None, feed), batches=100)}


def classifier() -> dict[str, Any]:
    """A sentence that no rule knows and the classifier answers."""
    return _classified(UNSEEN, "classifier")


def _classified(text: str, tier: str) -> dict[str, Any]:
    from cascade import Cascade, Ledger

    cascade = Cascade.load(listeners=[Ledger()])
    result = cascade.classify(text)
    assert (result.status, result.tier) == ("answered", tier), result
    return {**time_calls(lambda: cascade.classify(text), batches=100)}


def phrases_10() -> dict[str, Any]:
    """A look-up among ten exact phrases."""
    return _with_rules(phrases=10)


def phrases_10000() -> dict[str, Any]:
    """A look-up among ten thousand exact phrases."""
    return _with_rules(phrases=10_000)


def patterns_10() -> dict[str, Any]:
    """An utterance that one of ten patterns matches."""
    return _with_rules(patterns=10)


def patterns_2000() -> dict[str, Any]:
    """An utterance that one of two thousand patterns matches."""
    return _with_rules(patterns=2_000)


def _with_rules(phrases: int = 0, patterns: int = 0) -> dict[str, Any]:
    from cascade import Cascade
    from cascade.bundle import seal

    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "b"
        shutil.copytree(BUNDLE, bundle)
        (bundle / "model.onnx").unlink()
        lines = ["version: 1", "phrases:" if phrases else "phrases: []"]
        if phrases:
            words = ", ".join(f"第{_han(number)}号暗语" for number in range(phrases))
            lines += ["  - intent: chitchat", f"    texts: [{words}]"]
        lines.append("patterns:" if patterns else "patterns: []")
        for number in range(patterns):
            lines += [
                f"  - name: p{number}",
                "    intent: chitchat",
                f"    match: '第{_han(number)}号(?:暗语|口令)[一-龥]*'",
            ]
        (bundle / "rules.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        seal(bundle)
        cascade = Cascade.load(bundle)
        text = f"第{_han(7)}号暗语" + ("在这里" if patterns else "")
        result = cascade.classify(text)
        assert result.tier == "rules", result
        return {**time_calls(lambda: cascade.classify(text), batches=100)}


def _han(number: int) -> str:
    return "".join("零一二三四五六七八九"[int(digit)] for digit in str(number))


def import_cascade() -> dict[str, Any]:
    """``import cascade`` in a fresh interpreter, beyond the interpreter's own start."""

    def wall(code: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
        return time.perf_counter() - started

    bare = min(wall("pass") for _ in range(5))
    watched = ("pydantic", "onnxruntime", "ollama", "numpy", "httpx")
    heavy = f"import sys, cascade; print([m for m in {watched} if m in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", heavy], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()
    return {
        "import_ms": (min(wall("import cascade") for _ in range(5)) - bare) * 1e3,
        "heavy_modules": loaded,
    }


def first_answer() -> dict[str, Any]:
    """Load, then the first answer of rules and of the classifier, in a fresh interpreter."""
    started = time.perf_counter()
    from cascade import Cascade

    cascade = Cascade.load()
    loaded = time.perf_counter()
    cascade.classify(ORDER)
    ruled = time.perf_counter()
    cascade.classify(UNSEEN)
    classified = time.perf_counter()
    return {
        "import_and_load_ms": (loaded - started) * 1e3,
        "first_rules_answer_ms": (ruled - loaded) * 1e3,
        "first_classifier_answer_ms": (classified - ruled) * 1e3,
    }


def memory() -> dict[str, Any]:
    """Resident memory after a thousand answers of rules and classifier."""
    import psutil

    from cascade import Cascade, Ledger

    cascade = Cascade.load(listeners=[Ledger()])
    for text in (PHRASE, ORDER, UNSEEN) * 333:
        cascade.classify(text)
    return {"rss_mb": psutil.Process().memory_info().rss / 2**20}


SYSTEMS: dict[str, Callable[[], dict[str, Any]]] = {
    system.__name__: system
    for system in (
        floor_exact,
        exact,
        grammar,
        floor_onnx,
        classifier,
        phrases_10,
        phrases_10000,
        patterns_10,
        patterns_2000,
        import_cascade,
        first_answer,
        memory,
    )
} | latency_load.SYSTEMS


def run(*, out: Path, rounds: int) -> int:
    """Measure all, print the table, write the JSON; 1 when a goal was missed."""
    measured = rounds_of(MODULE, list(SYSTEMS), rounds)
    goals = _goals(measured)
    path = write(out, "latency", {"rounds": rounds, "systems": measured, "goals": goals})
    for system, figures in measured.items():
        shown = "  ".join(
            f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
            for key, value in figures.items()
        )
        print(f"{system:16} {shown}")
    print()
    for goal in goals:
        print(
            f"{'ok  ' if goal['met'] else 'MISS'} {goal['what']}: {goal['value']:.3g} (at most {goal['limit']:g})"
        )
    print(f"\n{path}")
    return 0 if all(goal["met"] for goal in goals) else 1


def _goals(measured: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    def median(system: str) -> float:
        return float(measured[system]["median_us"])

    first = measured["first_answer"]
    table = (
        ("exact phrase / floor", median("exact") / median("floor_exact"), 5.0),
        ("grammar answer, us", median("grammar"), 60.0),
        ("classifier answer / bare onnxruntime", median("classifier") / median("floor_onnx"), 3.0),
        ("10,000 phrases / 10", median("phrases_10000") / median("phrases_10"), 1.3),
        ("2,000 patterns / 10", median("patterns_2000") / median("patterns_10"), 1.3),
        (
            "first answer after load, ms",
            first["first_rules_answer_ms"] + first["first_classifier_answer_ms"],
            500.0,
        ),
        ("resident memory, MB", float(measured["memory"]["rss_mb"]), 150.0),
    )
    return [
        {"what": what, "value": value, "limit": limit, "met": value <= limit} for what, value, limit in table
    ]


if __name__ == "__main__":
    print(json.dumps(SYSTEMS[sys.argv[1]](), ensure_ascii=False))
