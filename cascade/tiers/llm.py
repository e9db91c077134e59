"""The last tier: a large model, asked in JSON, believed in nothing that cannot be checked.

The reply is validated, then held against the contract and the utterance. What is wrong is told to the model once;
what is wrong after that is an honest failure, or, when the answer is valid but not borne out by the utterance, a
proposal that is marked incomplete, which no policy answers with.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from cascade.backends.base import ChatBackend, ChatReply, ChatRequest
from cascade.backends.mapping import foreign_error
from cascade.bundle import Bundle, IntentSpec
from cascade.errors import (
    BackendError,
    BackendRejected,
    BackendReplyInvalid,
    BackendTimeout,
    CascadeError,
    ConfigurationError,
)
from cascade.result import FREE, Cost, Failure, Outcome, Proposal
from cascade.text import Utterance
from cascade.tiers.base import Call, Context, Steps
from cascade.tiers.llm_prompt import Prompt, token_bound
from cascade.tiers.llm_reply import read_reply
from cascade.tiers.llm_schema import INTENT, answer_schema, largest_reply

logger = logging.getLogger("cascade")

_GRACE_S = 0.08


class Problem(Protocol):
    """Something in an answer that the utterance does not bear out, or the other way round."""

    @property
    def kind(self) -> str: ...

    @property
    def detail(self) -> str: ...


class Checker(Protocol):
    """Holds an answer against the utterance; the order grammar is one."""

    def check(self, utterance: Utterance, answer: Any, /) -> Sequence[Problem]: ...


@dataclass(frozen=True, slots=True)
class _Asked:
    """What came of one call: ``complaints`` tell the model what to repair, none when there is nothing to."""

    outcome: Outcome
    complaints: tuple[str, ...] = ()
    took_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Question:
    """A call that knows its price: its caller may be gone when the answer comes."""

    ask: Callable[[ChatRequest], Awaitable[ChatReply]]
    request: ChatRequest
    model: str

    def __call__(self) -> Awaitable[ChatReply]:
        return self.ask(self.request)

    def cost_of(self, came: ChatReply | Exception | None) -> Cost:
        """What became of a call that was cancelled is the backend's to tell."""
        if isinstance(came, ChatReply):
            return spent(came, self.model)
        return _spent_on(came, self.model) if isinstance(came, BackendError) else FREE


class LLMTier:
    """Asks a chat model for the whole answer. Safe to share among threads: it keeps nothing between calls."""

    name = "llm"

    def __init__(
        self,
        backend: ChatBackend,
        prompt: Prompt,
        checker: Checker,
        answer_model: type[BaseModel],
        intents: Mapping[str, IntentSpec],
        *,
        scope: str = "",
        clock: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        """``scope`` names the bundle in requests; ``clock`` is the engine's: monotonic, in nanoseconds.

        Raises :class:`~cascade.errors.ConfigurationError` for an answer model that no server can be held to, and for
        a backend whose context may not hold the prompt and the answer to it.
        """
        self.backend = backend
        self.prompt = prompt
        self.schema = answer_schema(answer_model, intents, prompt.limits.bounds)
        bounds = prompt.limits.bounds
        self.largest_reply_tokens = largest_reply(self.schema, bounds)
        single = replace(bounds, items=1, values=1)
        self._least_reply_tokens = largest_reply(answer_schema(answer_model, intents, single), single)
        self._checker = checker
        self._answer_model = answer_model
        self._intents = intents
        self._bare = {
            name: _bare(answer_model, name) for name, spec in intents.items() if not spec.carries_order
        }
        self._scope = scope
        self._clock = clock
        self.on_left: Callable[[Cost], object] = _ignore
        """Told what was spent for a caller who went away before the outcome."""
        _check_room(token_bound(prompt.messages("")), self._least_reply_tokens, backend.context_tokens)

    @classmethod
    def from_bundle(
        cls,
        bundle: Bundle,
        backend: ChatBackend,
        grammar: Checker,
        answer_model: type[BaseModel],
        *,
        clock: Callable[[], int] = time.perf_counter_ns,
    ) -> LLMTier:
        """Read the bundle's ``llm.yaml``. Raises :class:`~cascade.errors.BundleCorrupt` with file and line."""
        prompt = Prompt.from_bundle(bundle, answer_model)
        return cls(backend, prompt, grammar, answer_model, bundle.intents, scope=bundle.id, clock=clock)

    def propose(self, utterance: Utterance, context: Context) -> Steps:
        """One call to the model, and a second when the first answer was wrong and there is time for it."""
        deadline = self._clock() / 1e9 + self.prompt.limits.timeout_s
        if context.deadline is not None:
            deadline = min(deadline, context.deadline)
        first = yield from self._ask(utterance, context, (), deadline, FREE)
        # A repair takes about as long as the first answer took: one that would be cut off only costs.
        if not first.complaints or self._left_s(deadline) <= first.took_s:
            return first.outcome
        second = yield from self._ask(utterance, context, first.complaints, deadline, first.outcome.usage)
        better = second.outcome if _rank(second.outcome) >= _rank(first.outcome) else first.outcome
        return replace(better, usage=second.outcome.usage)

    def _ask(
        self,
        utterance: Utterance,
        context: Context,
        complaints: tuple[str, ...],
        deadline: float,
        before: Cost,
    ) -> Generator[Call, Any, _Asked]:
        """One call. What it cost is added to ``before``, whatever comes of it."""
        started = self._clock()
        try:
            request = self._request(utterance, context, complaints, self._left_s(deadline))
        except BackendError as error:
            return _Asked(Failure(error, before))
        try:
            reply = yield _Question(self._chat, request, self.backend.model)
        except GeneratorExit:  # no result will tell of the answer that was to be repaired
            if before is not FREE:
                self.on_left(before)
            raise
        except Exception as error:
            ours = foreign_error(
                error, "asking the model", model=self.backend.model, private=(request.messages[-1].content,)
            )
            return _Asked(Failure(ours, before + _spent_on(ours, self.backend.model)))
        usage = before + spent(reply, self.backend.model)
        return replace(self._judged(utterance, reply, usage), took_s=(self._clock() - started) / 1e9)

    def _request(
        self, utterance: Utterance, context: Context, complaints: tuple[str, ...], left_s: float
    ) -> ChatRequest:
        if left_s <= 0:
            raise BackendTimeout("the deadline had passed before the model was asked")
        messages = self.prompt.messages(utterance.text, complaints)
        window, bound = self.backend.context_tokens, token_bound(messages)
        try:
            _check_room(bound, self._least_reply_tokens, window)
        except ConfigurationError as error:
            raise BackendRejected(str(error)) from None
        key = context.idempotency_key
        return ChatRequest(
            messages=messages,
            schema=self.schema,
            max_output_tokens=min(self.largest_reply_tokens, window - bound),
            timeout_s=left_s,
            temperature=self.prompt.limits.temperature,
            seed=self.prompt.limits.seed,
            utterance=utterance.text,
            scope=self._scope,
            priority=context.priority,
            caller=context.caller,
            idempotency_key=f"{key}/repair" if key is not None and complaints else key,
            usable=partial(self._usable, utterance),
        )

    def _usable(self, utterance: Utterance, reply: ChatReply) -> bool:
        outcome = self._judged(utterance, reply, FREE).outcome
        return isinstance(outcome, Proposal) and outcome.complete

    async def _chat(self, request: ChatRequest) -> ChatReply:
        # A backend keeps to the time limit itself, and knows best what became of the call; a caller's own may not.
        async with asyncio.timeout(request.timeout_s + _GRACE_S):
            reply = await self.backend.chat(request)
        if not isinstance(reply, ChatReply):
            raise BackendReplyInvalid(f"the backend gave {type(reply).__name__}, not a ChatReply")
        return reply

    def _judged(self, utterance: Utterance, reply: ChatReply, usage: Cost) -> _Asked:
        reading = read_reply(reply, self._answer_model)
        if reading.answer is None:
            return _invalid(reading.problem, reading.complaint, usage)
        answer = reading.answer
        intent = getattr(answer, INTENT)
        if intent not in self._intents:
            return _invalid(
                "the answer's intent is not one of the bundle's", f"{INTENT}: not in the list", usage
            )
        bare = self._bare.get(intent)
        if bare is not None and answer != bare:
            return _invalid(
                "an answer of this intent carries no order", f"{intent}: leave the rest empty", usage
            )
        try:
            problems = self._checker.check(utterance, answer)
        except Exception as error:
            logger.exception("the check of an answer failed")
            return _Asked(
                Failure(CascadeError(f"{type(error).__name__} in the check", tier=self.name), usage)
            )
        if not problems:
            return _Asked(Proposal(intent, answer, usage=usage))
        found = tuple(f"{problem.kind}: {problem.detail}" for problem in problems)
        return _Asked(Proposal(intent, answer, complete=False, detail="; ".join(found), usage=usage), found)

    def _left_s(self, deadline: float) -> float:
        return deadline - self._clock() / 1e9


def _bare(answer_model: type[BaseModel], intent: str) -> BaseModel | None:
    """The answer of an intent that carries nothing; ``None`` for a model that always carries something."""
    try:
        return answer_model.model_validate({INTENT: intent})
    except ValidationError:
        return None


def _check_room(prompt: int, reply: int, context: int) -> None:
    if prompt + reply > context:
        raise ConfigurationError(
            f"a prompt of up to {prompt} tokens and a reply of up to {reply} may not fit a context of {context}",
            hint="open the backend with a larger one: ?num_ctx= for ollama, ?context_tokens= for openai",
        )


def _ignore(cost: Cost) -> None:
    """Nobody keeps books."""


def _invalid(problem: str, complaint: str, usage: Cost) -> _Asked:
    return _Asked(Failure(BackendReplyInvalid(problem), usage), (complaint,))


def _rank(outcome: Outcome) -> int:
    return (2 if outcome.complete else 1) if isinstance(outcome, Proposal) else 0


def spent(reply: ChatReply, model: str) -> Cost:
    """What a reply of ``model`` cost."""
    return Cost(
        calls=reply.calls,
        queued_ns=reply.queued_ns,
        input_tokens=reply.input_tokens,
        cached_tokens=reply.cached_tokens,
        output_tokens=reply.output_tokens,
        model=reply.model or model,
        prompt_ns=reply.prompt_ns,
        output_ns=reply.output_ns,
        lost_calls=max(0, reply.calls - 1) if reply.source == "model" else reply.calls,
        first_token_ns=reply.first_token_ns if reply.source == "model" else None,
    )


def _spent_on(error: BackendError, model: str) -> Cost:
    """A request that was refused, or never arrived, ran no model; what a broken one ran, nobody told."""
    if error.calls == 0:
        return Cost(model=model)
    if isinstance(error, BackendRejected):
        return Cost(calls=error.calls, queued_ns=None, model=model)
    return Cost.untold(error.calls, model)
