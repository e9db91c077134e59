"""Decisions over HTTP: one utterance or many, and the explanation of one."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError, to_json
from starlette.requests import Request
from starlette.responses import Response

from cascade.engine import MAX_IN_FLIGHT, Engine
from cascade.integrations._web.auth import Door
from cascade.integrations._web.departure import Departure
from cascade.integrations._web.models import One, OneOrMany
from cascade.integrations._web.problems import Problem
from cascade.integrations._web.requests import Terms, body_of, terms
from cascade.integrations._web.spec import ServeSpec
from cascade.prices import Currency, PriceBook
from cascade.result import Attempt, Cost, Proposal, Result

SLICE_S = 0.005
"""Longest time that one request keeps the event loop to itself before others have their turn."""

_ONE_OR_MANY = TypeAdapter(OneOrMany)
_ONE = TypeAdapter(One)


class Decisions:
    """The endpoints that decide. ``prices`` and ``currency`` are what explanations tell money by."""

    def __init__(
        self, engine: Engine[Any], spec: ServeSpec, door: Door, prices: PriceBook, currency: Currency
    ) -> None:
        self._engine = engine
        self._spec = spec
        self._door = door
        self._prices = prices
        self._currency: Currency = currency
        self._in_flight = 0

    async def classify(self, request: Request) -> Response:
        """``POST /v1/classify``."""
        self._door.check(request)
        wanted = terms(request, self._spec)
        body = await body_of(request, _ONE_OR_MANY, self._spec)
        with self._place():
            async with Departure(request):
                if body.text is not None:
                    return written((await self._decide(body.text, wanted)).to_dict())
                results = await self._decide_all(body.texts or [], wanted)
        return written({"results": [result.to_dict() for result in results]})

    async def explain(self, request: Request) -> Response:
        """``POST /v1/explain``."""
        self._door.check(request)
        wanted = terms(request, self._spec)
        body = await body_of(request, _ONE, self._spec)
        with self._place():
            async with Departure(request):
                result = await self._decide(body.text, wanted)
        return written(self._explained(result))

    @contextmanager
    def _place(self) -> Iterator[None]:
        if self._in_flight >= self._spec.max_in_flight:
            detail = "as many requests as the process takes are under way"
            raise Problem(503, "busy", detail, headers={"Retry-After": "1"})
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1

    async def _decide(self, text: str, wanted: Terms) -> Result[Any]:
        return await self._engine.aclassify(
            text,
            deadline_s=wanted.deadline_s,
            caller=wanted.caller,
            idempotency_key=wanted.idempotency_key,
        )

    async def _decide_all(self, texts: Sequence[str], wanted: Terms) -> list[Result[Any]]:
        """All of them, those that wait for a server side by side. The deadline is that of the whole request."""
        if len(texts) > self._spec.max_texts:
            error = {"at": "texts", "message": f"at most {self._spec.max_texts} utterances in one request"}
            raise Problem(422, "invalid_body", "too many utterances", errors=[error])
        results: list[Result[Any] | None] = [None] * len(texts)
        waiting = iter(enumerate(texts))
        until = time.monotonic() + wanted.deadline_s

        async def decide_on() -> None:
            turned = time.perf_counter()
            for index, text in waiting:
                left = max(until - time.monotonic(), 0.0)
                results[index] = await self._decide(text, Terms(left, wanted.caller, wanted.idempotency_key))
                if time.perf_counter() - turned > SLICE_S:
                    await asyncio.sleep(0)
                    turned = time.perf_counter()

        if len(texts) == 1:
            await decide_on()
        else:
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(min(len(texts), MAX_IN_FLIGHT)):
                        group.create_task(decide_on())
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from None  # all of them broke on the same thing
        return [result for result in results if result is not None]

    def _explained(self, result: Result[Any]) -> dict[str, Any]:
        told = result.to_dict()
        for attempt, line in zip(result.attempts, told["attempts"], strict=True):
            line["threshold"] = self._threshold(attempt)
            line["money"] = self._money(attempt.cost)
        asked = {attempt.tier for attempt in result.attempts}
        utterance = result.utterance
        return told | {
            "read_as": None if utterance is None else utterance.text,
            "wake": utterance is not None and utterance.wake,
            "not_reached": [tier.name for tier in self._engine.tiers if tier.name not in asked],
            "money": self._sum(result),
            "currency": self._currency,
        }

    def _threshold(self, attempt: Attempt) -> dict[str, float] | None:
        """What was asked of the proposal; a proposal without a calibrated confidence is held to no number."""
        outcome = attempt.outcome
        find = getattr(self._engine.policy, "threshold", None)
        if not isinstance(outcome, Proposal) or outcome.confidence is None or not callable(find):
            return None
        found = find(outcome.intent)
        return None if found is None else {"confidence": found.confidence, "margin": found.margin}

    def _money(self, cost: Cost) -> str | None:
        amount = self._prices.charge(cost, self._currency)
        return None if amount is None else format(amount, "f")

    def _sum(self, result: Result[Any]) -> str | None:
        amounts = [self._prices.charge(attempt.cost, self._currency) for attempt in result.attempts]
        known = [amount for amount in amounts if amount is not None]
        return format(sum(known, Decimal(0)), "f") if len(known) == len(amounts) else None


def written(data: Any, status: int = 200) -> Response:
    """``data`` as JSON. Half of a character, which no JSON can carry, becomes a question mark."""
    try:
        content = to_json(data, inf_nan_mode="null")
    except PydanticSerializationError:
        content = json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")
    return Response(content, status, media_type="application/json")
