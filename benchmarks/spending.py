"""What an attacker makes the cascade pay for: counted at the large model's door, through the whole cascade with its
traffic layer; the model itself is a stand-in that answers at once.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Any, Final

from benchmarks.figures import wilson
from benchmarks.own import pack
from cascade import Cascade
from cascade.orders import OrderIntent
from cascade.result import Failure, Result
from cascade.testing import FakeBackend
from cascade.traffic import TrafficSpec
from cascade.traffic.spec import BudgetSpec

CALLER: Final = BudgetSpec(caller_per_minute=6, caller_burst=5)
"""A caller's budget for the second run: whoever asks the model six times a minute, or five times at once, never meets
it.
"""
_STRANGER: Final = [{"intent": "out_of_scope"}]


def costly(texts: Sequence[str]) -> dict[str, Any]:
    """What becomes of an attacker's texts, all sent at once by one caller; then again with :data:`CALLER`."""
    asked, ends, took = _sent(texts, TrafficSpec())
    bounded, _, _ = _sent(texts, TrafficSpec(budget=CALLER))
    return {
        "sent": len(texts),
        "reaches_model": asked / len(texts),
        "interval": wilson(asked, len(texts)),
        "reaches_model_with_budget": bounded / len(texts),
        "processor_p50_us": median(took),
        "ends": dict(ends),
    }


def _sent(texts: Sequence[str], spec: TrafficSpec) -> tuple[int, Counter[str], list[float]]:
    """Texts that came to the model, what became of all, and the processor time that each took in its caller's
    thread, microseconds.
    """
    backend = FakeBackend(_STRANGER)
    ends: Counter[str] = Counter()
    took: list[float] = []
    with Cascade.load(pack().bundle, llm=backend, traffic=spec) as cascade:
        for text in texts:
            began = time.thread_time()
            result = cascade.classify(text, caller="attacker")
            took.append((time.thread_time() - began) * 1e6)
            ends[_end(result)] += 1
    return sum(count for end, count in ends.items() if end == "to the model"), ends, took


def _end(result: Result[OrderIntent]) -> str:
    if result.status == "rejected":
        return "rejected"
    if result.cost.calls:
        return "to the model"
    if result.status == "answered":
        return f"answered by {result.tier}"
    last = result.attempts[-1].outcome
    reason = getattr(last.error, "reason", "") if isinstance(last, Failure) else ""
    return "held by the screen" if reason == "senseless" else f"refused: {reason or result.reason}"
