"""What type checkers must see of the public API. Checked by mypy with the rest of the tests; never run."""

from collections.abc import Sequence
from typing import assert_type

from pydantic import BaseModel

from cascade import Attempt, Candidate, Cascade, Cost, Ledger, OrderIntent, OrderItem, Result
from cascade.backends.base import ChatBackend
from cascade.policy import Policy


class Ride(BaseModel):
    intent: str
    destination: str | None = None


def users_see_the_order(cascade: Cascade[OrderIntent]) -> None:
    result = cascade.classify("点杯奶茶", deadline_s=1.0)
    assert_type(result, Result[OrderIntent])
    assert_type(result.answer, OrderIntent | None)
    assert_type(result.intent, str | None)
    assert_type(result.confidence, float | None)
    assert_type(result.cost, Cost)
    assert_type(result.attempts, tuple[Attempt, ...])
    assert_type(result.candidates, tuple[Candidate, ...])
    if result.answer is not None:
        assert_type(result.answer.items, tuple[OrderItem, ...])
    assert_type(cascade.classify_many(["点杯奶茶"]), list[Result[OrderIntent]])


async def async_users_see_the_same(cascade: Cascade[OrderIntent]) -> None:
    assert_type(await cascade.aclassify("点杯奶茶"), Result[OrderIntent])


def loading_knows_the_answer_model(backend: ChatBackend, policy: Policy) -> None:
    assert_type(Cascade.load(), Cascade[OrderIntent])
    assert_type(Cascade.load("tea_order_zh", llm="ollama:qwen3:8b"), Cascade[OrderIntent])
    assert_type(Cascade.load(llm=backend, policy=policy, listeners=[Ledger()]), Cascade[OrderIntent])
    assert_type(Cascade.load("packs/rides", answer_model=Ride), Cascade[Ride])


def statuses_are_closed(result: Result[OrderIntent]) -> Sequence[str]:
    match result.status:
        case "answered" | "clarify" | "unresolved" | "rejected":
            return [result.status]
