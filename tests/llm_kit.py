"""What the tests of the llm tier share: the bundled prompt as a bundle of its own, a checker that follows a script."""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cascade.backends.base import ChatBackend
from cascade.bundle import Bundle, seal
from cascade.engine import Engine
from cascade.orders import OrderIntent
from cascade.policy import ThresholdPolicy
from cascade.result import Outcome
from cascade.testing import FakeClock
from cascade.text import Normalizer, Utterance
from cascade.tiers.base import NO_CONTEXT, Context
from cascade.tiers.llm import LLMTier

SOURCE = Path(__file__).parents[1] / "models" / "tea_order_zh"

MILK_TEA: dict[str, Any] = {
    "intent": "order_drink",
    "items": [
        {
            "drink": "奶茶",
            "brand": None,
            "quantity": 1,
            "size": None,
            "sugar": None,
            "temperature": None,
            "toppings": [],
            "without": [],
        }
    ],
    "use_coupon": False,
    "fulfilment": None,
    "budget_cny": None,
    "preferences": [],
}
DECLINE = {**MILK_TEA, "intent": "decline", "items": []}


@dataclass(frozen=True)
class Problem:
    kind: str
    detail: str


@dataclass
class Checks:
    """A checker that finds, call by call, what it is told to; the last finding is repeated."""

    findings: Sequence[tuple[Problem, ...]] = ((),)
    seen: list[Any] = field(default_factory=list)

    def check(self, utterance: Utterance, answer: Any, /) -> tuple[Problem, ...]:
        self.seen.append(answer)
        return self.findings[min(len(self.seen), len(self.findings)) - 1]


def tea_bundle(folder: Path, edit: Callable[[str], str] = str) -> Bundle:
    """A sealed bundle of what the tier reads; ``edit`` changes its ``llm.yaml``."""
    for name in ("manifest.json", "policy.yaml", *(path.name for path in SOURCE.glob("certificate-*.json"))):
        shutil.copy(SOURCE / name, folder)
    prompt = (SOURCE / "llm.yaml").read_text(encoding="utf-8")
    (folder / "llm.yaml").write_text(edit(prompt), encoding="utf-8")
    seal(folder)
    return Bundle.open(folder)


def tier_of(bundle: Bundle, backend: ChatBackend, checks: Checks | None = None, **options: Any) -> LLMTier:
    return LLMTier.from_bundle(bundle, backend, checks or Checks(), OrderIntent, **options)


def engine_of(bundle: Bundle, backend: ChatBackend, checks: Checks | None = None) -> Engine[OrderIntent]:
    return Engine(
        [tier_of(bundle, backend, checks)],
        ThresholdPolicy.from_bundle(bundle),
        Normalizer(),
        bundle=bundle,
        on_close=backend.aclose,
    )


def said(text: str) -> Utterance:
    return Normalizer()(text)


def propose(tier: LLMTier, text: str, context: Context = NO_CONTEXT) -> Outcome:
    """Drive one turn of the tier as an event loop would."""

    async def drive() -> Outcome:
        steps = tier.propose(said(text), context)
        try:
            call = next(steps)
            while True:
                try:
                    reply = await call()
                except Exception as error:
                    call = steps.throw(error)
                else:
                    call = steps.send(reply)
        except StopIteration as stop:
            outcome: Outcome = stop.value
            return outcome

    return asyncio.run(drive())


def deadline_in(clock: FakeClock, seconds: float) -> Context:
    return Context(deadline=clock.seconds + seconds)
