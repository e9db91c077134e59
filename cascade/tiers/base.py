"""The protocol of a tier: one utterance in, one outcome out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from cascade.backends.base import Priority
from cascade.result import Cost, Outcome
from cascade.text import Utterance

Call = Callable[[], Awaitable[Any]]
"""Something to be awaited, made when the driver is ready to await it."""


@runtime_checkable
class Paid(Protocol):
    """A :data:`Call` that costs something, whether or not anybody is left to be told what came of it."""

    def __call__(self) -> Awaitable[Any]: ...

    def cost_of(self, came: Any) -> Cost:
        """What it cost: ``came`` is its result, its error, or ``None`` when it was cancelled."""
        ...


Steps = Generator[Call, Any, Outcome]
"""A tier that must wait yields calls, is sent their results (or thrown their errors), and returns its outcome."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the caller said about this request besides the utterance itself."""

    deadline: float | None = None
    """On the engine's monotonic clock, in seconds; ``None`` leaves each tier to its own time limit."""
    caller: str | None = None
    """A key of the caller (a user, a tenant) that shared limits count by."""
    idempotency_key: str | None = None
    priority: Priority = Priority.NORMAL
    """How urgent the question is to servers that cannot be asked everything."""


NO_CONTEXT = Context()


@runtime_checkable
class Tier(Protocol):
    """Proposes an answer, or abstains with a reason.

    ``propose`` must be safe to call from many threads at once. A tier that only computes returns its outcome; one
    that waits for something returns a generator of calls, which the engine drives in whatever way the caller came
    in (a thread or an event loop). What it raises becomes a :class:`~cascade.result.Failure`.
    """

    @property
    def name(self) -> str: ...

    def propose(self, utterance: Utterance, context: Context) -> Outcome | Steps: ...
