"""What goes over the wire, as types: for reading bodies, and for OpenAPI to tell.

Results are written as :meth:`cascade.Result.to_dict` gives them and are not validated a second time on their way out; a
test holds them to these models.
"""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cascade.result import Status, Verdict
from cascade.traffic.spec import Rung

AnswerT = TypeVar("AnswerT")


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid")


class One(_Wire):
    """One utterance."""

    text: str = Field(description="What was said, as typed.", examples=["千问，帮我点杯奶茶"])


class Many(_Wire):
    """Several utterances; the results come in their order."""

    texts: list[str] = Field(description="What was said, as typed.", examples=[["帮我点杯奶茶", "取消订单"]])


class OneOrMany(_Wire):
    """The body of a classification, as it is read: one message for both shapes."""

    text: str | None = None
    texts: list[str] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> OneOrMany:
        if (self.text is None) == (self.texts is None):
            raise ValueError("give either text or texts")
        return self


class SpanModel(_Wire):
    """A piece of the utterance: ``text`` is what was typed from ``start`` to ``end``, in code points."""

    start: int
    end: int
    text: str


class CostModel(_Wire):
    """What was spent; unknown is null, never 0."""

    latency_us: float
    queued_us: float | None
    calls: int
    input_tokens: int | None
    cached_tokens: int | None
    output_tokens: int | None
    model: str | None
    prompt_us: float | None
    output_us: float | None
    lost_calls: int
    first_token_us: float | None


class CandidateModel(_Wire, Generic[AnswerT]):
    """A guess that the user should confirm before anything is done."""

    intent: str
    answer: AnswerT | None
    tier: str
    confidence: float | None
    uncovered: list[SpanModel]


class AttemptModel(_Wire, Generic[AnswerT]):
    """One tier's turn. A proposal carries intent, answer and confidence, an abstention what it understood
    (``partial``), a failure whether the same may succeed later (``retryable``)."""

    tier: str
    outcome: Literal["proposal", "abstention", "failure"]
    verdict: Verdict
    reason: str
    intent: str = ""
    answer: AnswerT | None = None
    confidence: float | None = None
    score: float | None = None
    runner_up: tuple[str, float] | None = None
    complete: bool = True
    uncovered: list[SpanModel] = []
    detail: str = ""
    partial: AnswerT | None = None
    retryable: bool = False
    cost: CostModel


class ResultModel(_Wire, Generic[AnswerT]):
    """A decision. ``answered``: act on it; ``clarify``: a guess to confirm; ``unresolved``: no tier could;
    ``rejected``: the input was refused."""

    text: str | None
    status: Status
    tier: str | None
    intent: str | None
    answer: AnswerT | None
    confidence: float | None
    reason: str
    uncovered: list[SpanModel]
    candidates: list[CandidateModel[AnswerT]]
    attempts: list[AttemptModel[AnswerT]]
    cost: CostModel
    bundle: str


class ResultsModel(_Wire, Generic[AnswerT]):
    """Decisions, in the order of the texts."""

    results: list[ResultModel[AnswerT]]


class Threshold(_Wire):
    """What a proposal must reach to be answered, on the rung in force."""

    confidence: float
    margin: float


class Turn(AttemptModel[AnswerT], Generic[AnswerT]):
    """A tier's turn with what was asked of it and what it cost in money."""

    threshold: Threshold | None = Field(description="Null where no number is asked for.")
    money: str | None = Field(description="In the currency of the service; null when not known.")


class ExplanationModel(ResultModel[AnswerT], Generic[AnswerT]):
    """A decision with all that led to it."""

    attempts: list[Turn[AnswerT]]  # type: ignore[assignment]
    read_as: str | None = Field(description="The text as the tiers saw it.")
    wake: bool = Field(description="Whether it began with a wake word.")
    not_reached: list[str] = Field(description="Tiers that were not needed.")
    money: str | None
    currency: str


class RungBody(_Wire):
    """A hand on the rung."""

    rung: Rung | None = Field(
        description="The rung to hold; null gives it back to the load.", examples=["amber"]
    )


class RungModel(_Wire):
    """The rung in force, and the one that is held by hand."""

    rung: Rung
    held: Rung | None


class CorrectionBody(_Wire):
    """What an utterance means: one of the item's guesses, or an intent with its answer."""

    guess: int | None = Field(default=None, ge=0, description="Index into the item's guesses.", examples=[0])
    intent: str | None = Field(default=None, description="An intent of the pack.")
    answer: dict[str, Any] | None = Field(
        default=None, description="The whole answer; without it, the intent alone is known."
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> CorrectionBody:
        if (self.guess is None) == (self.intent is None):
            raise ValueError("give either guess or intent")
        if self.guess is not None and self.answer is not None:
            raise ValueError("a guess has its own answer")
        return self


class WrittenModel(_Wire):
    """A correction that is on its way into the decision log."""

    id: str
    intent: str


class Guess(_Wire):
    """What the cascade took an utterance for; personal data scrubbed."""

    intent: str
    answer: dict[str, Any] | None
    tier: str
    confidence: float | None


class QueueItem(_Wire):
    """A decision that nobody was sure of; personal data scrubbed, as in the decision log."""

    id: str
    time: str
    times: int = Field(description="How often the same was said while it waited.")
    text: str
    status: Status
    reason: str
    tier: str | None
    uncovered: list[str]
    guesses: list[Guess]
    attempts: list[dict[str, Any]] = Field(description="As the decision log has them.")


class QueueModel(_Wire):
    """The newest decisions that nobody was sure of."""

    items: list[QueueItem]
    intents: list[str] = Field(description="The intents there are to choose from.")
    can_correct: bool = Field(description="Whether there is a decision log to write corrections into.")


class HealthModel(_Wire):
    """Whether the process is there, or takes requests."""

    status: Literal["ok", "closing"]
