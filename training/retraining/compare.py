"""Champion and challenger on the same utterances: paired differences, their intervals, and the gates to pass.

Every utterance carries the weight it has in the traffic. The bootstrap draws whole groups of near-duplicates, with
replacement, and puts champion and challenger to the same draw: what is hard for both does not widen the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from training.calibration import expected_calibration_error
from training.judging import Judged, latency_us

Array = npt.NDArray[np.float64]

ROUNDS: Final = 2000
LEVEL: Final = 0.95


class Interval(BaseModel):
    """A difference, challenger less champion, and the bounds of its bootstrap interval (percentiles, 95 %)."""

    model_config = ConfigDict(frozen=True)

    difference: float
    low: float
    high: float


class Side(BaseModel):
    """Figures of one model on the utterances; shares are of the weighted traffic, ``None`` of nothing."""

    model_config = ConfigDict(frozen=True)

    bundle: str
    coverage: float | None
    """Share answered by rules and classifier."""
    order_error: float | None
    """Share of the answers that are not the whole order that was meant."""
    acting_error: float | None
    """Share of the answers that act wrongly, among all answers."""
    calibration_error: float
    broken_pairs: int
    """Minimal pairs with a wrong answer to either side."""
    median_us: float
    """Time in the tiers, in microseconds."""
    model_bytes: int


class Comparison(BaseModel):
    """Both sides and their differences."""

    model_config = ConfigDict(frozen=True)

    utterances: int
    groups: int
    champion: Side
    challenger: Side
    coverage: Interval
    order_error: Interval
    acting_error: Interval


class Gates(BaseModel):
    """What a challenger must keep to. Tolerances are shares, so 0.002 is a fifth of a percentage point."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    utterances: int = Field(default=300, ge=1)
    """Labelled utterances of the test window needed to compare at all."""
    order_error: float = Field(default=0.002, ge=0)
    """Most that the error of answers may rise, at the upper end of its interval: too little evidence is no pass."""
    acting_error: float = Field(default=0.001, ge=0)
    coverage: float = Field(default=0.01, ge=0)
    """Most that coverage may fall, at the lower end of the interval."""
    calibration_error: float = Field(default=0.02, ge=0)
    """Most expected calibration error; or no more than the champion's."""
    broken_pairs: int = Field(default=0, ge=0)
    """Most minimal pairs with a wrong answer; or no more than the champion's."""
    latency_ratio: float = Field(default=1.25, gt=0)
    """Most median time, in units of the champion's, measured side by side."""
    model_bytes: int = Field(default=6_000_000, gt=0)
    certificate: bool = False
    """Whether the challenger must come with a certified bound for its acting intents."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One gate: what was measured, what is allowed."""

    on: str
    """The utterances that it was measured on."""
    gate: str
    passed: bool
    measured: str
    allowed: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """The utterances that both models were put to: weights in the traffic, groups of near-duplicates."""

    weights: Sequence[float]
    groups: Sequence[int]


def compare(
    champion: Sequence[Judged],
    challenger: Sequence[Judged],
    weighed: Weighed,
    *,
    bundles: tuple[str, str],
    pairs: tuple[int, int],
    sizes: tuple[int, int],
    seed: int,
    rounds: int = ROUNDS,
) -> Comparison:
    """Both models on the same utterances, in the same order. Raises ``ValueError`` where they are not the same."""
    if [one.example for one in champion] != [one.example for one in challenger]:
        raise ValueError("champion and challenger were put to different utterances")
    if not len(champion) == len(weighed.weights) == len(weighed.groups):
        raise ValueError("every utterance needs a weight and a group")
    sides = [
        _side(judged, weighed, bundle=bundles[at], broken=pairs[at], size=sizes[at])
        for at, judged in enumerate((champion, challenger))
    ]
    tables = [_table(judged, weighed) for judged in (champion, challenger)]
    draws = _draws(tables, seed, rounds)
    return Comparison(
        utterances=len(champion),
        groups=len(tables[0]),
        champion=sides[0],
        challenger=sides[1],
        coverage=_interval(tables, draws, lambda sums: _ratio(sums[..., 1], sums[..., 0])),
        order_error=_interval(tables, draws, lambda sums: _ratio(sums[..., 2], sums[..., 1])),
        acting_error=_interval(tables, draws, lambda sums: _ratio(sums[..., 3], sums[..., 1])),
    )


def _side(judged: Sequence[Judged], weighed: Weighed, *, bundle: str, broken: int, size: int) -> Side:
    whole, answered, wrong, acting = _table(judged, weighed).sum(axis=0).tolist() if judged else (0.0,) * 4
    sure = [(one.confidence, one.correct) for one in judged if one.answered and one.confidence is not None]
    return Side(
        bundle=bundle,
        coverage=answered / whole if whole else None,
        order_error=wrong / answered if answered else None,
        acting_error=acting / answered if answered else None,
        calibration_error=round(
            expected_calibration_error(
                np.array([confidence for confidence, _ in sure]),
                np.array([correct for _, correct in sure], bool),
            ),
            4,
        ),
        broken_pairs=broken,
        median_us=round(latency_us(judged, 50), 1),
        model_bytes=size,
    )


def _table(judged: Sequence[Judged], weighed: Weighed) -> Array:
    """For each group the weight of all, of the answered, of the wrong and of the wrongly acting utterances."""
    numbers = {group: row for row, group in enumerate(dict.fromkeys(weighed.groups))}
    table = np.zeros((len(numbers), 4))
    for one, weight, group in zip(judged, weighed.weights, weighed.groups, strict=True):
        table[numbers[group]] += weight * np.array([1, one.answered, one.wrong, one.wrong_acting])
    return table


def _draws(tables: Sequence[Array], seed: int, rounds: int) -> Array:
    """How often each group is drawn in each round: ``[rounds, groups]``."""
    groups = len(tables[0])
    if not groups:
        return np.zeros((rounds, 0))
    rng = np.random.default_rng(seed)
    return rng.multinomial(groups, np.full(groups, 1 / groups), size=rounds).astype(np.float64)


def _interval(tables: Sequence[Array], draws: Array, figure: Callable[[Array], Array]) -> Interval:
    if not draws.size:
        return Interval(difference=0.0, low=-1.0, high=1.0)
    whole = [figure(table.sum(axis=0)) for table in tables]
    drawn = [figure(draws @ table) for table in tables]
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(drawn[1] - drawn[0], [tail, 1 - tail])
    return Interval(difference=float(whole[1] - whole[0]), low=float(low), high=float(high))


def _ratio(part: Array, whole: Array) -> Array:
    """Shares; a share of nothing is 0: who answers nothing makes no mistakes."""
    return np.asarray(
        np.divide(part, whole, out=np.zeros_like(np.asarray(part)), where=np.asarray(whole) > 0)
    )


def judge_gates(on: str, seen: Comparison, gates: Gates, *, certified: bool) -> list[Verdict]:
    """Every gate, passed or not; ``on`` names the utterances."""
    old, new = seen.champion, seen.challenger
    ece = max(gates.calibration_error, old.calibration_error)
    broken = max(gates.broken_pairs, old.broken_pairs)
    slowest = gates.latency_ratio * old.median_us
    return [
        Verdict(
            on,
            "utterances",
            seen.utterances >= gates.utterances,
            str(seen.utterances),
            f"at least {gates.utterances}",
        ),
        _rise(on, "order error", seen.order_error, gates.order_error),
        _rise(on, "acting error", seen.acting_error, gates.acting_error),
        Verdict(
            on,
            "coverage",
            seen.coverage.low >= -gates.coverage,
            _points(seen.coverage),
            f"fall of {gates.coverage:.2%}",
        ),
        Verdict(
            on,
            "calibration error",
            new.calibration_error <= ece,
            f"{new.calibration_error:.4f}",
            f"{ece:.4f}",
        ),
        Verdict(on, "minimal pairs broken", new.broken_pairs <= broken, str(new.broken_pairs), str(broken)),
        Verdict(
            on, "median latency", new.median_us <= slowest, f"{new.median_us:.0f} us", f"{slowest:.0f} us"
        ),
        Verdict(
            on,
            "model size",
            new.model_bytes <= gates.model_bytes,
            str(new.model_bytes),
            str(gates.model_bytes),
        ),
        Verdict(
            on,
            "certificate",
            certified or not gates.certificate,
            "acting intents certified" if certified else "none for acting intents",
            "required" if gates.certificate else "not required",
        ),
    ]


def _rise(on: str, name: str, seen: Interval, allowed: float) -> Verdict:
    return Verdict(on, name, seen.high <= allowed, _points(seen), f"rise of {allowed:.2%}")


def _points(seen: Interval) -> str:
    return f"{seen.difference:+.2%} ({seen.low:+.2%} to {seen.high:+.2%})"


Outcome = Literal["passed", "refused"]


def summary(seen: Mapping[str, Comparison], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The report of the comparisons, as JSON data."""
    outcome: Outcome = "passed" if all(verdict.passed for verdict in verdicts) else "refused"
    return {
        "outcome": outcome,
        "gates": [asdict(verdict) for verdict in verdicts],
        "comparisons": {on: one.model_dump(mode="json") for on, one in seen.items()},
    }
