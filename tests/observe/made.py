"""Results for tests, put together by hand."""

import shutil
from pathlib import Path
from typing import Any

from cascade.bundle import seal
from cascade.errors import BackendTimeout
from cascade.orders import Fulfilment, OrderIntent, OrderItem
from cascade.result import Abstention, Attempt, Candidate, Cost, Failure, Proposal, Result, Span
from cascade.text import Normalizer

NORMALIZER = Normalizer(wake_words=["千问"], max_chars=200)
MILK_TEA = OrderIntent(intent="order_drink", items=(OrderItem(drink="奶茶"),))
FRUIT_TEA = OrderIntent(intent="order_drink", items=(OrderItem(drink="果茶"),))
ASKED = Cost(2_000_000_000, 500_000_000, 1, 900, 800, 40, "qwen3:8b", 300_000_000, 1_000_000_000)


SHIPPED = Path(__file__).parents[2] / "models" / "tea_order_zh"


POLICY = "default: {confidence: 0.8, margin: 0.2}\nacting: {confidence: 0.95, margin: 0.5}\n"


def bundle_in(folder: Path) -> Path:
    """The shipped bundle's manifest and a plain policy, sealed: all that a policy needs."""
    folder.mkdir()
    shutil.copy(SHIPPED / "manifest.json", folder)
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    seal(folder)
    return folder


def span(raw: str, text: str) -> Span:
    at = raw.index(text)
    return Span(at, at + len(text), text)


def by_rules(
    text: str = "千问，帮我点杯奶茶", answer: Any = MILK_TEA, latency_ns: int = 20_000
) -> Result[Any]:
    proposal = Proposal(answer.intent, answer, detail="grammar")
    attempt = Attempt("rules", proposal, "answered", "", Cost(latency_ns))
    return Result(
        "answered", NORMALIZER(text), "rules", answer.intent, answer, None, "", (), (attempt,), "tea@1"
    )


def by_classifier(
    text: str = "来杯奶茶呗", answer: Any = MILK_TEA, confidence: float = 0.97, runner_up: float = 0.01
) -> Result[Any]:
    proposal = Proposal(answer.intent, answer, confidence, 4.2, ("chitchat", runner_up))
    attempts = (
        Attempt("rules", Abstention("no_match"), "escalated", "no_match", Cost(15_000)),
        Attempt("classifier", proposal, "answered", "", Cost(150_000)),
    )
    return Result(
        "answered",
        NORMALIZER(text),
        "classifier",
        answer.intent,
        answer,
        confidence,
        "",
        (),
        attempts,
        "tea@1",
    )


def by_llm(text: str = "给我整点好喝的", answer: Any = FRUIT_TEA, confidence: float = 0.6) -> Result[Any]:
    guess = Proposal(
        "recommend_drink", OrderIntent(intent="recommend_drink"), confidence, 1.0, ("order_drink", 0.3)
    )
    attempts = (
        Attempt("rules", Abstention("no_match"), "escalated", "no_match", Cost(15_000)),
        Attempt("classifier", guess, "escalated", "confidence_below_0.8", Cost(150_000)),
        Attempt("llm", Proposal(answer.intent, answer, usage=ASKED), "answered", "", ASKED),
    )
    return Result("answered", NORMALIZER(text), "llm", answer.intent, answer, None, "", (), attempts, "tea@1")


PERSONAL = "千问，帮我点杯奶茶，送到建国路88号，电话１３８００１３８０００，收件人张伟"


def personal() -> Result[Any]:
    """A request full of personal data that found its way into every part of the result."""
    answer = OrderIntent(
        intent="order_drink",
        items=(OrderItem(drink="奶茶"),),
        fulfilment=Fulfilment(mode="delivery", address="建国路88号"),
        preferences=("电话13800138000", "13800138", "收件人张伟"),
    )
    rest = (span(PERSONAL, "８００１３"), span(PERSONAL, "张伟"))
    gave_up = Abstention("uncovered", "张伟 is not known", rest, answer)
    unknown = Cost(3_000_000_000, None, 1, None, None, None, "qwen3:8b", None, None, 1)
    attempts = (
        Attempt("rules", gave_up, "escalated", "uncovered", Cost(9_000)),
        Attempt("llm", Failure(BackendTimeout("too slow")), "fallback", "BackendTimeout", unknown),
    )
    candidate = Candidate("order_drink", answer, "rules", None, rest)
    return Result(
        "clarify", NORMALIZER(PERSONAL), reason="BackendTimeout", candidates=(candidate,), attempts=attempts
    )


def rejected() -> Result[Any]:
    return Result("rejected", None, reason="empty", bundle="tea@1")
