"""A cascade that follows a script, for tests of the command line: rules, and a classifier or a model behind them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from cascade.engine import Engine, Listener
from cascade.errors import BackendUnavailable
from cascade.orders import OrderIntent, OrderItem
from cascade.policy import PolicySpec, Threshold, ThresholdPolicy
from cascade.result import Abstention, Cost, Failure, Outcome, Proposal, Span
from cascade.text import Normalizer, Utterance
from cascade.tiers.base import Context

ORDER = "千问，帮我点两杯少糖去冰的珍珠奶茶，用免单卡"
UNCLEAR = "千问，帮我点一杯少糖少冰、适合备考的奶茶"
QUESTION = "帮我点杯奶茶这句话用英文怎么说"
REFUSED = "别帮我点奶茶"
DOWN = "你还在吗"

LESS = OrderItem(drink="奶茶", sugar="less", temperature="less_ice")
PARTIAL = OrderIntent(intent="order_drink", items=(LESS,))
ASKED = Cost(calls=1, input_tokens=700, cached_tokens=0, output_tokens=60, model="qwen-plus")
SILENT = replace(ASKED, input_tokens=None, cached_tokens=None, output_tokens=None)


def uncovered(text: str, part: str) -> tuple[Span, ...]:
    start = text.index(part)
    return (Span(start, start + len(part), part),)


RULES: Mapping[str, Outcome] = {
    ORDER: Proposal(
        "order_drink",
        OrderIntent(
            intent="order_drink",
            items=(OrderItem(drink="珍珠奶茶", quantity=2, sugar="less", temperature="no_ice"),),
            use_coupon=True,
        ),
    ),
    UNCLEAR: Abstention("uncovered", uncovered=uncovered(UNCLEAR, "适合备考"), partial=PARTIAL),
    QUESTION: Abstention("quotation", detail="这句话"),
    REFUSED: Proposal("decline", OrderIntent(intent="decline"), detail="phrase 别帮我点"),
}
CLASSIFIER: Mapping[str, Outcome] = {
    UNCLEAR: Proposal(
        "order_drink",
        PARTIAL,
        confidence=0.91,
        runner_up=("recommend_drink", 0.06),
        complete=False,
        uncovered=uncovered(UNCLEAR, "适合备考"),
    ),
    QUESTION: Proposal("out_of_scope", OrderIntent(intent="out_of_scope"), confidence=0.71, score=2.4),
}
MODEL: Mapping[str, Outcome] = {
    UNCLEAR: Proposal("order_drink", PARTIAL.model_copy(update={"preferences": ("适合备考",)}), usage=ASKED),
    QUESTION: Proposal("out_of_scope", OrderIntent(intent="out_of_scope"), usage=SILENT),
    DOWN: Failure(BackendUnavailable("the server is restarting", hint="try again")),
}
POLICY = ThresholdPolicy(
    PolicySpec(default=Threshold(confidence=0.8, margin=0.2), acting=Threshold(confidence=0.95, margin=0.5)),
    {"order_drink": True, "decline": False, "out_of_scope": False},
)


class Scripted:
    """A tier that knows some texts by heart."""

    def __init__(self, name: str, script: Mapping[str, Outcome]) -> None:
        self.name = name
        self._script = script

    def propose(self, utterance: Utterance, context: Context) -> Outcome:
        return self._script.get(utterance.raw, Abstention("no_match"))


def scripted_cascade(
    bundle: str | None = None,
    llm: str | None = None,
    listeners: Iterable[Listener] = (),
    *,
    answers: str | None = None,
) -> Engine[Any]:
    """Stands in for ``cascade.cli.common.open_cascade``; every turn of a tier takes 20 microseconds."""
    tiers = [Scripted("rules", RULES), Scripted("classifier", CLASSIFIER)]
    if llm is not None:
        tiers.append(Scripted("llm", MODEL))
    clock = itertools.count(0, 20_000)
    return Engine(
        tiers,
        POLICY,
        Normalizer(wake_words=["千问"], max_chars=60),
        listeners=listeners,
        clock=lambda: next(clock),
    )
