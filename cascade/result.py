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
    ``model`` is the name of the chat model whose answer was wanted, if one was: its latency is waiting, and not work
    of this processor. With ``calls`` 0 beside it the answer came from somebody else's call, or was refused.
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
    prompt_ns: int | None = 0
    """Time that the server says it read prompts for."""
    output_ns: int | None = 0
    """Time that the server says it wrote answers for, or was seen to where the reply was streamed."""
    lost_calls: int = 0
    """Calls among ``calls`` that no reply came of: failed and tried again, hedged and late, cut off. What they spent
    was told by nobody and is in none of the counts."""
    first_token_ns: int | None = None
    """From sending to the first token, where the reply was streamed; of one call, ``None`` of several."""

    @classmethod
    def untold(cls, calls: int, model: str) -> Cost:
        """Of calls that no reply came of, and nobody told what they spent."""
        return cls(0, None, calls, None, None, None, model, None, None, calls)

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            latency_ns=self.latency_ns + other.latency_ns,
            queued_ns=_add(self.queued_ns, other.queued_ns),
            calls=self.calls + other.calls,
            input_tokens=_add(self.input_tokens, other.input_tokens),
            cached_tokens=_add(self.cached_tokens, other.cached_tokens),
            output_tokens=_add(self.output_tokens, other.output_tokens),
            model=self.model or other.model,
            prompt_ns=_add(self.prompt_ns, other.prompt_ns),
            output_ns=_add(self.output_ns, other.output_ns),
            lost_calls=self.lost_calls + other.lost_calls,
            first_token_ns=(
                self.first_token_ns if not other.calls else other.first_token_ns if not self.calls else None
            ),
        )

    @property
    def served_ns(self) -> int | None:
        """Time that the server says it worked, prompts and answers together; ``None`` when it did not say."""
        served = _add(self.prompt_ns, self.output_ns)
        silent = self.calls > 0 and self.output_tokens != 0  # it wrote something, in no time: it told nothing
        return None if not served and silent else served

    @property
    def latency_s(self) -> float:
        """Latency in seconds."""
        return self.latency_ns / 1e9

    def to_dict(self) -> dict[str, Any]:
        """The cost as plain JSON-able data; times in microseconds, unknown counts ``None``."""
        return {
            "latency_us": self.latency_ns / 1e3,
            "queued_us": None if self.queued_ns is None else self.queued_ns / 1e3,
            "calls": self.calls,
            "input_tokens": self.input_tokens,
            "cached_tokens": self.cached_tokens,
            "output_tokens": self.output_tokens,
            "model": self.model,
            "prompt_us": None if self.prompt_ns is None else self.prompt_ns / 1e3,
            "output_us": None if self.output_ns is None else self.output_ns / 1e3,
            "lost_calls": self.lost_calls,
            "first_token_us": None if self.first_token_ns is None else self.first_token_ns / 1e3,
        }


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
        """The kind of error, in one word; for a refused question, the reason of the refusal."""
        return getattr(self.error, "reason", None) or type(self.error).__name__

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

    @property
    def intent(self) -> str | None:
        """The intent that the tier thought of, answered or not; ``None`` when it thought of none."""
        if isinstance(self.outcome, Proposal):
            return self.outcome.intent
        partial = self.outcome.partial if isinstance(self.outcome, Abstention) else None
        return getattr(partial, "intent", None)


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
        """What was said and not understood, from the best candidate or else the last tier that named it.

        Empty when answered: an answer accounts for all that was said.
        """
        if self.status == "answered":
            return ()
        if self.candidates:
            return self.candidates[0].uncovered
        for attempt in reversed(self.attempts):
            spans = getattr(attempt.outcome, "uncovered", ())
            if spans:
                return tuple(spans)
        return ()

    def to_dict(self) -> dict[str, Any]:
        """The result as plain JSON-able data; times in microseconds, unknown counts ``None``.

        ``text`` (``None`` when rejected), ``status``, ``tier``, ``intent``, ``answer``, ``confidence``, ``reason``,
        ``uncovered`` (``start``, ``end``, ``text`` each), ``candidates`` (``intent``, ``answer``, ``tier``,
        ``confidence``, ``uncovered`` each), ``attempts`` (``tier``, ``outcome``, ``verdict``, ``reason``, what the
        outcome carries, and ``cost`` each), ``cost`` and ``bundle``.
        """
        return {
            "text": self.utterance.raw if self.utterance is not None else None,
            "status": self.status,
            "tier": self.tier,
            "intent": self.intent,
            "answer": _plain(self.answer),
            "confidence": self.confidence,
            "reason": self.reason,
            "uncovered": [_plain(span) for span in self.uncovered],
            "candidates": [_plain(candidate) for candidate in self.candidates],
            "attempts": [_attempt_to_dict(attempt) for attempt in self.attempts],
            "cost": self.cost.to_dict(),
            "bundle": self.bundle,
        }


def _attempt_to_dict(attempt: Attempt) -> dict[str, Any]:
    outcome = attempt.outcome
    said: dict[str, Any]
    if isinstance(outcome, Proposal):
        names = ("intent", "answer", "confidence", "score", "complete", "uncovered", "detail")
        said = {name: _plain(getattr(outcome, name)) for name in names}
        said["runner_up"] = list(outcome.runner_up) if outcome.runner_up else None
    elif isinstance(outcome, Abstention):
        said = {name: _plain(getattr(outcome, name)) for name in ("detail", "uncovered", "partial")}
    else:
        said = {"detail": str(outcome.error), "retryable": outcome.retryable}
    return {
        "tier": attempt.tier,
        "outcome": type(outcome).__name__.lower(),
        "verdict": attempt.verdict,
        "reason": attempt.reason,
        **said,
        "cost": attempt.cost.to_dict(),
    }


def _plain(value: Any) -> Any:
    """JSON-able data of an answer, a span, a candidate, or any sequence of them."""
    if isinstance(value, Span | Candidate):
        return {name: _plain(getattr(value, name)) for name in value.__slots__}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    dump = getattr(value, "model_dump", None)
    return value if dump is None else dump(mode="json")


def total(costs: Iterable[Cost]) -> Cost:
    """Sum of costs; :data:`FREE` when there are none."""
    result: Cost | None = None
    for cost in costs:
        result = cost if result is None else result + cost
    return FREE if result is None else result
