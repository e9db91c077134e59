"""A promo day's decision log made up: for benchmarks of the retraining, and to try it before there are logs.

Labelled utterances are said again as crowds say them, the popular ones most often, with other drinks, fillers and
punctuation; the order that was meant changes with the words, so that the truth is known. The cascade itself decides
about each of them and writes its own log. A stand-in for the large model knows the truth and errs at a set rate.
Nothing about accuracy follows from such a log: it is for measuring time, and for seeing the machinery at work.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cascade.backends.base import BackendHealth, ChatReply, ChatRequest
from cascade.bundle import Bundle
from cascade.config import Cascade
from cascade.observe.decision_log import DecisionLog
from cascade.orders import OrderIntent
from training.annotation import Example, format_order
from training.dataset import Pack
from training.retraining.labels import Label, write
from training.retraining.queue import Item

_FRONT = ("千问，", "千问", "那个，", "嗯，", "麻烦", "你好，", "喂，", "hi ", "快，", "亲，")
_BACK = ("。", "！", "~", "谢谢", "，谢谢", "哈", "吧", "呀", "，快点", "😋", "…", " ")
_POPULARITY = 1.05
"""Exponent of the Zipf law by which some utterances are said more often than others."""
_VARIED = 0.75
_OTHER_DRINK = 0.5


@dataclass(frozen=True, slots=True)
class Day:
    """What is simulated."""

    rows: int
    start: float
    """Unix time at which it begins."""
    hours: float = 9.0
    seed: int = 1
    llm_error: float = 0.03
    """Share of the stand-in's answers that are wrong."""
    audited: float = 0.02
    """Share of the answers of rules and classifier that the stand-in is asked about as well."""
    corrected: float = 0.3
    """Share of the wrong answers that the user corrects."""


class Crowd:
    """Says labelled utterances again, in its own words."""

    def __init__(self, examples: Sequence[Example], pack: Pack, seed: int) -> None:
        self._rng = random.Random(seed)
        self._examples = [one for one in examples if one.order is not None]
        self._rng.shuffle(self._examples)
        self._chances = [1 / (rank + 20) ** _POPULARITY for rank in range(len(self._examples))]
        self._drinks = {
            name: [form for form in pack.lexicon.forms("drink", name) if len(form) > 1]
            for name in pack.lexicon.slots.get("drink", {})
        }
        self._names = sorted(name for name, forms in self._drinks.items() if forms)

    def says(self, count: int) -> Iterator[Example]:
        """``count`` utterances with what they mean."""
        for example in self._rng.choices(self._examples, self._chances, k=count):
            yield self._varied(example) if self._rng.random() < _VARIED else example

    def _varied(self, example: Example) -> Example:
        rng = self._rng
        if rng.random() < _OTHER_DRINK:
            example = self._other_drink(example)
        front = rng.choice(_FRONT) if rng.random() < 0.4 else ""
        back = rng.choice(_BACK) if rng.random() < 0.6 else ""
        return replace(example, text=f"{front}{example.text}{back}")

    def _other_drink(self, example: Example) -> Example:
        """The same with another drink, where one drink is named once and nothing else tells it."""
        order = example.order
        if order is None or len(order.items) != 1 or order.items[0].drink not in self._drinks:
            return example
        item = order.items[0]
        said = [form for form in self._drinks[str(item.drink)] if form in example.text]
        if not said or item.brand is not None:
            return example
        form = max(said, key=len)
        if example.text.count(form) != 1:
            return example
        name = self._rng.choice(self._names)
        text = example.text.replace(form, self._rng.choice(self._drinks[name]))
        other = item.model_copy(update={"drink": name})
        return replace(example, text=text, order=order.model_copy(update={"items": (other,)}))


class Oracle:
    """A chat backend that knows what was meant, and is wrong at a set rate."""

    model = "stand-in"
    context_tokens = 8192

    def __init__(self, error: float, seed: int) -> None:
        self.truth: dict[str, OrderIntent] = {}
        self._error = error
        self._rng = random.Random(seed)

    async def chat(self, request: ChatRequest) -> ChatReply:
        """The answer that was meant, or a refusal in its place."""
        meant = self.truth.get(request.utterance)
        if meant is None or self._rng.random() < self._error:
            meant = OrderIntent(intent="out_of_scope")
        content = json.dumps(meant.model_dump(mode="json"), ensure_ascii=False)
        tokens = max(1, len(content) // 2)
        return ChatReply(
            content, finish_reason="stop", model=self.model, input_tokens=600, output_tokens=tokens
        )

    async def probe(self) -> BackendHealth:
        """Always there."""
        return BackendHealth(True, True)

    async def aclose(self) -> None:
        """Nothing to close."""


def simulate(
    bundle: Bundle,
    examples: Sequence[Example],
    folder: Path,
    day: Day,
    tick: Callable[[], None] = lambda: None,
) -> dict[str, Example]:
    """Write the log of a day into ``folder``; the truth by normalised text."""
    pack = Pack.open(bundle)
    crowd, rng = Crowd(examples, pack, day.seed), random.Random(f"{day.seed}/day")
    oracle = Oracle(day.llm_error, day.seed)
    now = [day.start]
    truth: dict[str, Example] = {}
    log = DecisionLog(
        folder, clock=lambda: now[0], max_queued=day.rows * 2 + 16, run=f"simulated-{day.seed}", rng=rng
    )
    with log, Cascade.load(bundle, llm=oracle, listeners=[log]) as cascade:
        for at, example in zip(_arrivals(day, rng), crowd.says(day.rows), strict=True):
            now[0] = day.start + at
            said = pack.normalised(example.text)
            assert example.order is not None
            truth.setdefault(said, example)
            oracle.truth[said] = truth[said].order or example.order
            result = cascade.classify(example.text)
            tick()
            if result.tier in (None, "llm"):
                continue
            meant = oracle.truth[said]
            agrees = result.answer == meant
            if rng.random() < day.audited:
                told = meant.model_dump(mode="json", exclude_defaults=True)
                cost = {"latency_us": 9e5, "calls": 1, "model": oracle.model}
                log.audited(
                    result, watch="all", probability=day.audited, agrees=agrees, answer=told, cost=cost
                )
            if not agrees and rng.random() < day.corrected:
                log.corrected(result, meant.intent, meant)
    return truth


def _arrivals(day: Day, rng: random.Random) -> Iterable[float]:
    """Seconds after the start, rising: a rush at the beginning that wears off over the day."""
    seconds = day.hours * 3600
    return sorted(min(seconds, -math.log(1 - rng.random() * 0.95) * seconds / 3) for _ in range(day.rows))


def answered_queue(
    items: Iterable[Item], truth: Mapping[str, Example], spelling: Callable[[str], str]
) -> list[Label]:
    """The queue as people who know the truth would give it back. What the scrubber changed they do not know."""
    found: list[Label] = []
    for item in items:
        example = truth.get(spelling(item.text))
        if example is not None and example.order is not None:
            found.append(_label(item, example, example.order))
    return found


def _label(item: Item, example: Example, order: OrderIntent) -> Label:
    return Label(
        id=item.id,
        text=item.text,
        intent=example.intent,
        order=format_order(order),
        source="human",
        by="simulated",
    )


def answer(queue: Path, labels: Path, truth: Mapping[str, Example], spelling: Callable[[str], str]) -> int:
    """Answer a Label Studio queue on disk from the truth; how many labels were written."""
    tasks: list[dict[str, Any]] = json.loads(queue.read_text(encoding="utf-8"))
    items = [
        Item(id=task["data"]["id"], text=task["data"]["text"], reason="", weight=0, times=1) for task in tasks
    ]
    found = answered_queue(items, truth, spelling)
    write(labels, found)
    return len(found)
