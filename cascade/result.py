"""What a decision is made of: proposals, attempts, their cost, and the result a caller gets.

All of it is frozen and slotted: a result may be shared among threads, kept, logged and compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from cascade.errors import BackendError, CascadeError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from cascade.text import Utterance

AnswerT = TypeVar("AnswerT", bound="BaseModel")

Status = Literal["answered", "clarify", "unresolved", "rejected"]
Verdict = Literal["answered", "escalated", "fallback"]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the utterance as it was typed: ``text`` is ``raw[start:end]``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What was spent: time in nanoseconds, tokens as the server counted them.

    ``None`` is unknown (the server did not say) and stays unknown in every sum; 0 means that none was spent.
    ``model`` is the name of the chat model that was asked, if one was.
    """

    latency_ns: int = 0
    queued_ns: int | None = 0
    """Part of the latency that the request stood in line at the chat server."""
    calls: int = 0
    """Calls to a chat server, repairs included."""
    input_tokens: int | None = 0
    cached_tokens: int | None = 0
    """Part of the input tokens that the server read from its prompt cache."""
    output_tokens: int | None = 0
    model: str | None = None

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            latency_ns=self.latency_ns + other.latency_ns,
            queued_ns=_add(self.queued_ns, other.queued_ns),
            calls=self.calls + other.calls,
            input_tokens=_add(self.input_tokens, other.input_tokens),
            cached_tokens=_add(self.cached_tokens, other.cached_tokens),
            output_tokens=_add(self.output_tokens, other.output_tokens),
            model=self.model or other.model,
        )

    @property
    def latency_s(self) -> float:
        """Latency in seconds."""
        return self.latency_ns / 1e9


def _add(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else left + right


FREE = Cost()


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a tier would answer. The policy decides whether it may.

    ``score`` is the tier's raw number; ``confidence`` is a calibrated probability that the whole answer is right,
    ``None`` when nothing calibrated is known. ``complete`` is false when part of the utterance is not accounted for
    by ``answer``; ``uncovered`` then names the parts.
    """

    intent: str
    answer: Any
    confidence: float | None = None
    score: float | None = None
    runner_up: tuple[str, float] | None = None
    """The second-best intent and its confidence."""
    complete: bool = True
    uncovered: tuple[Span, ...] = ()
    detail: str = ""
    """How it came about, for people: the rule's name, the pattern, the problem found."""
    usage: Cost = FREE
    """Tokens and calls that the tier spent; its latency is measured by the engine."""


@dataclass(frozen=True, slots=True)
class Abstention:
    """A tier gives nothing, and why.

    ``reason`` is one word (``negation``, ``past``, ``question``, ``quotation``, ``condition``, ``conflict``, ``tie``,
    ``uncovered``, ``no_match``, ...); ``partial`` is the order so far, when some was understood.
    """

    reason: str
    detail: str = ""
    uncovered: tuple[Span, ...] = ()
    partial: Any = None
    usage: Cost = FREE


@dataclass(frozen=True, slots=True)
class Failure:
    """A tier broke: its server is down, slow or lying, or its code raised. The engine falls back past it."""

    error: CascadeError
    usage: Cost = FREE

    @property
    def reason(self) -> str:
        """The kind of error, in one word."""
        return type(self.error).__name__

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return isinstance(self.error, BackendError) and self.error.retryable


Outcome = Proposal | Abstention | Failure


@dataclass(frozen=True, slots=True)
class Attempt:
    """One tier's turn: what came of it, what was made of it and why, and what it cost."""

    tier: str
    outcome: Outcome
    verdict: Verdict
    reason: str
    cost: Cost


@dataclass(frozen=True, slots=True)
class Candidate:
    """A best guess that the user should confirm before anything is done."""

    intent: str
    answer: Any
    tier: str
    confidence: float | None = None
    uncovered: tuple[Span, ...] = ()
    """What was said and is not in ``answer``."""


@dataclass(frozen=True, slots=True)
class Result(Generic[AnswerT]):
    """The whole call.

    - ``answered``: ``tier``, ``intent`` and ``answer`` are set; act on it.
    - ``clarify``: ``candidates`` holds the best guesses, best first; ask before acting.
    - ``unresolved``: no tier could; the reasons are in ``attempts``.
    - ``rejected``: the input was refused; ``reason`` says why (``not_text``, ``empty``, ``too_long``).
    """

    status: Status
    utterance: Utterance | None
    tier: str | None = None
    intent: str | None = None
    answer: AnswerT | None = None
    confidence: float | None = None
    reason: str = ""
    candidates: tuple[Candidate, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    bundle: str = ""
    """Name and version of the bundle that decided."""

    @property
    def cost(self) -> Cost:
        """What the decision cost in all: the sum of its attempts."""
        return total(attempt.cost for attempt in self.attempts)

    @property
    def uncovered(self) -> tuple[Span, ...]:
        """What was said and not understood, from the best candidate or else the last tier that named it."""
        if self.candidates:
            return self.candidates[0].uncovered
        for attempt in reversed(self.attempts):
            spans = getattr(attempt.outcome, "uncovered", ())
            if spans and attempt.verdict != "answered":
                return tuple(spans)
        return ()


def total(costs: Iterable[Cost]) -> Cost:
    """Sum of costs; :data:`FREE` when there are none."""
    result: Cost | None = None
    for cost in costs:
        result = cost if result is None else result + cost
    return FREE if result is None else result
