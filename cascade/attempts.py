"""One tier asked, and what became of it: the outcome whatever the tier does, the attempt the policy makes of it, the
result of an attempt that was answered.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from dataclasses import replace
from types import GeneratorType
from typing import Any

from cascade.errors import CascadeError
from cascade.policy import Policy
from cascade.result import FREE, Abstention, Attempt, Cost, Failure, Outcome, Proposal, Result
from cascade.text import Utterance
from cascade.tiers.base import Call, Context

logger = logging.getLogger("cascade")


def guarded(
    name: str, propose: Callable[[Utterance, Context], Any], utterance: Utterance, context: Context
) -> Generator[Call, Any, Outcome]:
    """A tier's outcome, whatever it does: a crowd must not meet a traceback of somebody's tier."""
    try:
        outcome = propose(utterance, context)
        if isinstance(outcome, GeneratorType):
            outcome = yield from outcome
    except CascadeError as error:
        return Failure(error)
    except Exception as error:
        logger.exception("tier %s failed", name)
        return Failure(CascadeError(f"{type(error).__name__} in tier {name}", tier=name))
    if not isinstance(outcome, Proposal | Abstention | Failure):
        return Failure(CascadeError(f"tier {name} gave {type(outcome).__name__}, not an outcome", tier=name))
    return outcome


def judged(policy: Policy, name: str, outcome: Outcome, elapsed_ns: int) -> Attempt:
    """What the policy makes of an outcome. One that fails answers nothing: the next tier is asked."""
    cost = Cost(elapsed_ns) if outcome.usage is FREE else replace(outcome.usage, latency_ns=elapsed_ns)
    if isinstance(outcome, Proposal):
        try:
            decision = policy.decide(name, outcome)
        except Exception as error:
            logger.exception("the policy failed; the proposal is not answered")
            failure = Failure(CascadeError(f"{type(error).__name__} in the policy", tier=name))
            return Attempt(name, failure, "fallback", failure.reason, cost)
        return Attempt(name, outcome, "answered" if decision.answer else "escalated", decision.reason, cost)
    if isinstance(outcome, Abstention):
        return Attempt(name, outcome, "escalated", outcome.reason, cost)
    return Attempt(name, outcome, "fallback", outcome.reason, cost)


def answered(
    utterance: Utterance, attempt: Attempt, attempts: tuple[Attempt, ...], bundle_id: str
) -> Result[Any]:
    """The result of an attempt whose proposal is the answer, the last of ``attempts``."""
    proposal = attempt.outcome
    assert isinstance(proposal, Proposal)
    return Result(
        "answered",
        utterance,
        attempt.tier,
        proposal.intent,
        proposal.answer,
        proposal.confidence,
        "",
        (),
        attempts,
        bundle_id,
    )
