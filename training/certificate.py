"""Thresholds with a proof: which confidences keep the error of whole orders under a bound, and how sure that is.

Learn then test (Angelopoulos, Bates, Candes, Jordan and Lei, 2021), with exact binomial tests in a fixed sequence. Each
threshold of a grid stands for the hypothesis "at this threshold more than epsilon of the answers are wrong". The
hypotheses are tested from the strictest threshold to the loosest, each at the full level delta, until one cannot be
refuted: the chance that *any* false one was refuted is then at most delta, whatever the shape of the errors.

A strict threshold answers few utterances, and a few prove nothing, so the sequence must not begin at the strictest one.
Where it begins is fixed beforehand from *other* utterances (the tuning part), as the grid is: a start chosen by looking
at the tested sample would not be pre-registered. Answers of the rules carry no confidence and are given at every
threshold; they are in every count.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cascade.certificate import Statement
from cascade.policy import LoadedRung
from training.binomial import lower_tail, samples_needed, upper_bound

GRID: Final = (
    *(
        0.9999,
        0.9998,
        0.9997,
        0.9995,
        0.999,
        0.998,
        0.997,
        0.996,
        0.995,
        0.99,
        0.985,
        0.98,
        0.975,
        0.97,
        0.965,
        0.96,
        0.955,
        0.95,
    ),
    *(0.94, 0.93, 0.92, 0.91, 0.9, 0.88, 0.86, 0.84, 0.82, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5),
)
AMPLE: Final = 4
"""The sequence begins where about this many times the zero-error sample is answered: room for a few errors."""
MOST_OF: Final = 0.7
"""Where that is more than this share of what will be proposed at all, it begins at the share instead, ..."""
BARE: Final = 1.1
"""... but not before the zero-error sample and a little more is answered: fewer could not show anything."""


@dataclass(frozen=True, slots=True)
class Record:
    """What rules and classifier would say to one labelled utterance, and whether that is right."""

    label: str
    """The intent that was meant."""
    intent: str | None
    """The intent that would be answered if every confidence sufficed; ``None`` where nothing complete is proposed."""
    confidence: float | None = None
    """``None`` for a rule's answer, which is given whatever the threshold."""
    correct: bool = False
    """Whether the answer is right as a whole order."""
    tier: str | None = None

    def answered(self, threshold: float) -> bool:
        """Whether the answer is given at this threshold."""
        return self.intent is not None and (self.confidence is None or self.confidence >= threshold)


class Scope(BaseModel):
    """Intents that one statement is about, and the error they may have."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intents: tuple[str, ...] = Field(min_length=1)
    epsilon: float = Field(gt=0, lt=1)
    least: float = Field(default=0.0, ge=0, le=1)
    """Where the sequence ends, whatever could still be shown: no threshold looser than this is wanted."""


class Registration(BaseModel):
    """All that is decided before the sample is looked at: ``[certificate]`` of a recipe."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scopes: tuple[Scope, ...] = Field(min_length=1)
    delta: float = Field(default=0.05, gt=0, lt=1)
    family: Literal["each", "all"] = "each"
    """``each``: every statement at delta. ``all``: delta divided by the number of statements (Bonferroni)."""
    grid: tuple[float, ...] = Field(default=GRID, min_length=1)
    """Thresholds tried, strictest first."""
    tuning_share: float = Field(default=0.25, gt=0, lt=1)
    """Share of the labelled utterances that tuning may look at; the rest is the certified sample."""
    issued: date | None = None
    """The day the certificate is made; today where a recipe does not say (its hash then depends on the day)."""
    valid_days: int = Field(default=90, ge=1)
    population: str = "the labelled calibration set"
    otherwise: Literal["keep", "tuned"] = "keep"
    """What thresholds hold where nothing can be shown: those that the policy has, or those that :func:`tuned` finds."""
    rungs: Mapping[LoadedRung, tuple[Scope, ...]] = Field(default_factory=dict)
    """What may be wrong while little or nothing reaches the large model, tested on the same sample."""

    @model_validator(mode="after")
    def _fixed_sequence(self) -> Self:
        if any(not 0 <= threshold <= 1 for threshold in self.grid):
            raise ValueError("a threshold of the grid is outside 0..1")
        if any(strict <= loose for strict, loose in zip(self.grid, self.grid[1:], strict=False)):
            raise ValueError("the grid must fall from threshold to threshold")
        names = [intent for scope in self.scopes for intent in scope.intents]
        if len(names) != len(set(names)):
            raise ValueError("an intent stands in two scopes: its answers can have only one threshold")
        return self

    @property
    def level(self) -> float:
        """The delta of one statement."""
        return self.delta / len(self.scopes) if self.family == "all" else self.delta

    def for_tuning(self, text: str) -> bool:
        """Whether an utterance (normalised) is in the tuning part. Depends on nothing but the text."""
        digest = hashlib.sha256(b"tuning\0" + text.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") < self.tuning_share * 2**64


def start(scope: Scope, registration: Registration, tuning: Sequence[Record], rows: int) -> int:
    """Where in the grid the sequence begins, from utterances that are not in the sample of ``rows`` utterances.

    The strictest threshold that should answer as many as :data:`AMPLE`, :data:`MOST_OF` and :data:`BARE` say; the
    loosest one where that is more than there will be, or without any utterances to go by.
    """
    last = len(registration.grid) - 1
    proposed = [record for record in tuning if record.intent in scope.intents]
    counts = [sum(record.answered(threshold) for record in proposed) for threshold in registration.grid]
    if not counts[last]:
        return last
    scale = rows / len(tuning)
    bare = samples_needed(0, scope.epsilon, registration.level)
    target = max(min(AMPLE * bare, MOST_OF * counts[last] * scale), BARE * bare)
    return next((at for at, count in enumerate(counts) if count * scale >= target), last)


def tuned(scope: Scope, registration: Registration, tuning: Sequence[Record]) -> float | None:
    """The loosest threshold of the grid at which at most epsilon of the tuning answers with a confidence are wrong.

    It proves nothing. ``None`` where even the strictest one has too many wrong, or none has an answer.
    """
    weighed = [
        record for record in tuning if record.intent in scope.intents and record.confidence is not None
    ]
    fitting = [
        threshold
        for threshold in registration.grid
        for n, errors in (_tally(weighed, threshold),)
        if n and errors <= scope.epsilon * n
    ]
    return fitting[-1] if fitting else None


def certify(
    scope: Scope,
    registration: Registration,
    tuning: Sequence[Record],
    sample: Sequence[Record],
    margin: float = 0.0,
) -> Statement:
    """Test the scope's thresholds on ``sample``; the statement says what was shown, or what is missing to show it.

    ``tuning`` must have no utterance in common with ``sample``; ``margin`` is what the records were made with.
    """
    begin = start(scope, registration, tuning, len(sample))
    proposed = [record for record in sample if record.intent in scope.intents]
    shown: list[float] = []
    if samples_needed(0, scope.epsilon, registration.level) <= len(
        proposed
    ):  # else even no error shows nothing
        for threshold in registration.grid[begin:]:
            n, errors = _tally(proposed, threshold)
            if shown and threshold < scope.least:
                break
            if lower_tail(errors, n, scope.epsilon) > registration.level:
                break
            shown.append(threshold)
    at = shown[-1] if shown else registration.grid[begin]
    return _statement(scope, registration, sample, shown=shown, margin=margin, threshold=at)


def _statement(
    scope: Scope,
    registration: Registration,
    sample: Sequence[Record],
    *,
    shown: Sequence[float],
    margin: float,
    threshold: float,
) -> Statement:
    proposed = [record for record in sample if record.intent in scope.intents]
    n, errors = _tally(proposed, threshold)
    meant = [record for record in sample if record.label in scope.intents]
    answered = sum(record.intent in scope.intents and record.answered(threshold) for record in meant)
    more = 0 if shown else _missing(scope, registration, proposed, len(meant))
    return Statement(
        intents=scope.intents,
        epsilon=scope.epsilon,
        delta=registration.level,
        certified=bool(shown),
        thresholds=tuple(shown),
        margin=margin,
        n=n,
        errors=errors,
        upper_bound=upper_bound(errors, n, registration.level),
        coverage=answered / len(meant) if meant else 0.0,
        reason="" if shown else "too_many_errors" if more is None else "too_few",
        more_labels=more,
    )


def _tally(records: Iterable[Record], threshold: float) -> tuple[int, int]:
    answered = [record for record in records if record.answered(threshold)]
    return len(answered), sum(not record.correct for record in answered)


def _missing(scope: Scope, registration: Registration, proposed: Sequence[Record], meant: int) -> int | None:
    """Labels that are missing at the threshold that lacks fewest, by the share of labels that become answers there.

    ``None`` where every threshold has too many errors already for more of the same to help.
    """
    level, found = registration.level, []
    for n, errors in {_tally(proposed, threshold) for threshold in registration.grid}:
        missing = samples_needed(errors, scope.epsilon, level) - n
        refuted = errors > 0 and 1 - lower_tail(errors - 1, n, scope.epsilon) <= level
        if n and not refuted and missing > 0:
            found.append(math.ceil(missing * max(1.0, meant / n)))
    if not any(record.answered(registration.grid[-1]) for record in proposed):
        return samples_needed(0, scope.epsilon, level)
    return min(found, default=None)
