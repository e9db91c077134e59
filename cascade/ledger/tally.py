"""The running sums of a ledger: what is counted, under which names, in how much memory.

Costs that are alike in what is known of them add up without losing an unknown, so they are kept apart by it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from cascade.histogram import Histogram
from cascade.result import FREE, Cost, Result

MAX_SLICES = 1024
MAX_GROUPS = 4096
OTHER = "(other)"
"""What comes when all places are taken is counted under this name."""

DECISION = "decision"

Label = tuple[str | None, str | None]
"""Campaign and rung."""

Own = Literal["own", "waited", "asked"]
"""Whether a turn's time was this processor's, was spent waiting without a call of its own (somebody else's call
answered it, or it was refused), or waited for calls of its own."""


class Turn(NamedTuple):
    """A kind of turn; ``alone`` when it was the whole request."""

    tier: str
    verdict: str
    alone: bool
    own: Own


class Slice(NamedTuple):
    """What a request is counted under. ``purpose`` is ``decision``, or what else was paid for (``audit``,
    ``cancelled``); ``tier`` is the one that answered.
    """

    purpose: str
    campaign: str | None
    rung: str | None
    intent: str | None
    status: str
    tier: str | None


class Group(NamedTuple):
    """What a turn that a model was wanted for is counted under: whose it was, what came of it, which of its counts are
    known. ``asked`` when calls were made for it; ``repaired`` when the model was asked again about its own answer;
    ``lost`` when calls came to nothing.
    """

    tier: str
    verdict: str
    model: str | None
    asked: bool
    repaired: bool
    lost: bool
    knows: tuple[bool, bool, bool, bool, bool]
    """Input, cached and output tokens, time in the server's line, time that the server worked."""


SliceKey = tuple[str, str | None, str | None, str | None, str, str | None]
TurnKey = tuple[str, str, bool, Own]
"""The same as plain tuples: equal, and much sooner made."""

Spent = dict[tuple[SliceKey, Group], tuple[int, Cost]]
"""Turns and the sum of their costs."""


@dataclass(slots=True)
class Cell:
    """What a slice has counted: requests, and the turns that were this processor's own work."""

    requests: int = 0
    own_turns: int = 0
    own_ns: int = 0


class Tally:
    """Sums over requests. Not thread-safe: the ledger locks.

    At most ``MAX_SLICES`` slices and ``MAX_GROUPS`` groups are kept apart. What comes later shares one whose names are
    :data:`OTHER`, and has no price; merging is exact as long as that has not happened.
    """

    def __init__(self) -> None:
        self.latency = Histogram()
        """Of requests of several turns."""
        self.turns: dict[TurnKey, Histogram] = {}
        self.cells: dict[SliceKey, Cell] = {}
        self.spent: Spent = {}

    def record(self, result: Result[Any], label: Label) -> None:
        """Count a result."""
        # Nearly all results are one turn of a tier that asks no server: they pay for one histogram and no object.
        attempts = result.attempts
        key = DECISION, *label, result.intent, result.status, result.tier
        cell = self.cells.get(key)
        if cell is None:
            cell = self._new_cell(key)
        cell.requests += 1
        alone = len(attempts) == 1
        elapsed = 0
        for attempt in attempts:
            cost = attempt.cost
            latency = cost.latency_ns
            own: Own = "asked" if cost.calls else "own" if cost.model is None else "waited"
            turn = attempt.tier, attempt.verdict, alone, own
            histogram = self.turns.get(turn)
            if histogram is None:
                histogram = self.turns[turn] = Histogram()
            histogram.add(latency)
            elapsed += latency
            if own == "own":
                cell.own_turns += 1
                cell.own_ns += latency
            else:
                self.spend(key, _group(attempt.tier, attempt.verdict, cost), 1, cost)
        if attempts and not alone:
            self.latency.add(elapsed)

    def aside(self, purpose: str, tier: str, cost: Cost, label: Label, turns: int) -> None:
        """Count what was spent outside any decision."""
        self.spend((purpose, *label, None, "", None), _group(tier, "", cost), turns, cost)

    def take(self, other: Tally) -> None:
        """Count in what another has counted."""
        for turn, histogram in other.turns.items():
            self.turns.setdefault(turn, Histogram()).merge(histogram)
        for key, theirs in other.cells.items():
            cell = self.cells.get(key) or self._new_cell(key)
            cell.requests += theirs.requests
            cell.own_turns += theirs.own_turns
            cell.own_ns += theirs.own_ns
        for (key, group), (turns, cost) in other.spent.items():
            self.spend(key, group, turns, cost)
        self.latency.merge(other.latency)

    def copy(self) -> Tally:
        """An independent copy."""
        twin = Tally()
        twin.take(self)
        return twin

    def spend(self, under: SliceKey, group: Group, turns: int, cost: Cost) -> None:
        """Add to a group of a slice."""
        key = under, group
        if key not in self.spent and len(self.spent) >= MAX_GROUPS:
            key = _others(under), group._replace(model=OTHER)
            cost = replace(cost, model=OTHER)
        before, sofar = self.spent.get(key, (0, FREE))
        self.spent[key] = before + turns, sofar + cost

    def _new_cell(self, key: SliceKey) -> Cell:
        if len(self.cells) >= MAX_SLICES:
            key = _others(key)
        return self.cells.setdefault(key, Cell())


def _others(key: SliceKey) -> SliceKey:
    return Slice(*key)._replace(campaign=OTHER, rung=OTHER, intent=OTHER)


def _group(tier: str, verdict: str, cost: Cost) -> Group:
    known = (cost.input_tokens, cost.cached_tokens, cost.output_tokens, cost.queued_ns, cost.served_ns)
    input_, cached, output, queued, served = (value is not None for value in known)
    return Group(
        tier,
        verdict,
        cost.model,
        cost.calls > 0,
        cost.calls - cost.lost_calls > 1,
        cost.lost_calls > 0,
        (input_, cached, output, queued, served),
    )
