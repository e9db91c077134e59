"""The row that sinks keep and readers read: one turn of one request, without a word of what was said. Schema version 1.

Unknown is null and not 0. Rows of a request follow each other. Rows of the purposes ``dropped`` and ``end`` are about
the file itself: how many requests were lost before it (``turns``), and that its run ended in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, cast

from cascade.ledger.tally import DECISION, Label
from cascade.result import Abstention, Attempt, Cost, Result, Status, Verdict

SCHEMA_VERSION = 1
STEM = "costs"
DROPPED = "dropped"
END = "end"

_NOTHING = Abstention("")
_LARGEST = 2**62


class Entry(NamedTuple):
    """One row."""

    time_s: float
    """When the result was told, Unix time."""
    run: str
    """One sink in one process; ``seq`` counts what it wrote."""
    seq: int
    turn: int = 0
    """From 1; 0 where a request had none."""
    turns: int = 0
    purpose: str = DECISION
    campaign: str | None = None
    rung: str | None = None
    intent: str | None = None
    status: str = ""
    answered_by: str | None = None
    tier: str | None = None
    verdict: str = ""
    model: str | None = None
    latency_ns: int = 0
    queued_ns: int | None = 0
    calls: int = 0
    lost_calls: int = 0
    input_tokens: int | None = 0
    cached_tokens: int | None = 0
    output_tokens: int | None = 0
    prompt_ns: int | None = 0
    output_ns: int | None = 0

    def cost(self) -> Cost:
        """What the turn cost."""
        return Cost(
            latency_ns=self.latency_ns,
            queued_ns=self.queued_ns,
            calls=self.calls,
            input_tokens=self.input_tokens,
            cached_tokens=self.cached_tokens,
            output_tokens=self.output_tokens,
            model=self.model,
            prompt_ns=self.prompt_ns,
            output_ns=self.output_ns,
            lost_calls=self.lost_calls,
        )


@dataclass(frozen=True, slots=True)
class Aside:
    """Something spent outside any decision."""

    purpose: str
    tier: str
    cost: Cost
    turns: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A request, or something spent aside, as it was kept."""

    time_s: float
    run: str
    label: Label
    what: Result[Any] | Aside


def entries(kept: Kept, seq: int) -> Iterator[Entry]:
    """The rows of a request."""
    campaign, rung = map(_clean, kept.label)
    what, at, run = kept.what, kept.time_s, kept.run
    if isinstance(what, Aside):
        head = (at, run, seq, 0, what.turns, what.purpose, campaign, rung, None, "", None, what.tier, "")
        yield Entry(*head, *_columns(what.cost))
        return
    attempts, intent = what.attempts, _clean(what.intent)
    turns = len(attempts)
    if not attempts:
        yield Entry(at, run, seq, 0, 0, DECISION, campaign, rung, intent, what.status, what.tier)
    for turn, attempt in enumerate(attempts, 1):
        under = (DECISION, campaign, rung, intent, what.status, what.tier)
        yield Entry(at, run, seq, turn, turns, *under, attempt.tier, attempt.verdict, *_columns(attempt.cost))


def requests(rows: Iterable[Entry]) -> int:
    """How many requests rows are of."""
    return len({row.seq for row in rows if row.purpose not in (DROPPED, END)})


def kept(rows: list[Entry]) -> Kept:
    """A request out of its rows. Of outcomes and answers nothing was kept."""
    first = rows[0]
    label = first.campaign, first.rung
    if first.purpose != DECISION:
        aside = Aside(first.purpose, first.tier or "", first.cost(), first.turns)
        return Kept(first.time_s, first.run, label, aside)
    attempts = tuple(
        Attempt(row.tier or "", _NOTHING, cast("Verdict", row.verdict), "", row.cost())
        for row in rows
        if row.turn
    )
    status = cast("Status", first.status)
    result: Result[Any] = Result(status, None, first.answered_by, first.intent, attempts=attempts)
    return Kept(first.time_s, first.run, label, result)


def _columns(cost: Cost) -> tuple[Any, ...]:
    """The last columns of a row, from ``model`` on; those of a turn without a model are at their defaults."""
    if cost.model is None and not cost.calls:
        return None, cost.latency_ns
    told = (cost.input_tokens, cost.cached_tokens, cost.output_tokens, cost.prompt_ns, cost.output_ns)
    return (
        _clean(cost.model),
        cost.latency_ns,
        _held(cost.queued_ns),
        cost.calls,
        cost.lost_calls,
        *map(_held, told),
    )


def _held(count: int | None) -> int | None:
    """What a server told and no file holds is as good as untold."""
    return None if count is None or count > _LARGEST else count


@lru_cache(1024)
def _clean(name: str | None) -> str | None:
    """A name that every file takes."""
    return None if name is None else name.encode("utf-8", "replace").decode("utf-8")
