"""What stands outside this app: the shop that makes the drinks, and the campaign's credit service.

Both are asked under an idempotency key and may be asked again: the same key is the same request. An implementation
over HTTP would map its client's errors to :class:`Unavailable` and :class:`NoAnswer`; the one that runs here is
:mod:`examples.tea_shop.fake_remotes`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol


class RemoteProblem(Exception):
    """The remote did not answer. It may or may not have done what was asked; the same key may be sent again."""


class Unavailable(RemoteProblem):
    """It refused the connection or said that it is overloaded."""


class NoAnswer(RemoteProblem):
    """It took the request, perhaps, and no answer came in time."""


@dataclass(frozen=True, slots=True)
class ShopCommand:
    """An order as it should stand at the shop. ``version`` orders the commands of one order: older ones are ignored."""

    key: str
    do: Literal["place", "amend", "cancel"]
    order: str
    version: int
    body: dict[str, Any]
    """``lines``, ``fulfilment``, ``note``, ``total_cents``, ``discount_cents``, ``voucher``."""


@dataclass(frozen=True, slots=True)
class ShopAnswer:
    """``number`` is what the counter calls out; a refused order is not made and costs nothing."""

    accepted: bool
    number: str
    reason: str = ""


class Shop(Protocol):
    """The remote shop."""

    def deliver(self, command: ShopCommand, answered: Callable[[ShopAnswer], None], timeout_s: float) -> None:
        """Tell the shop, and ``answered`` what it said: once, or more often when its network repeats itself.

        Raises :class:`RemoteProblem` when no answer came within ``timeout_s`` seconds.
        """


class Credits(Protocol):
    """The campaign's credit service: it pays for invitations."""

    def grant(self, key: str, customer: str, cents: int, timeout_s: float) -> str:
        """Book a credit, once a key, and return its number. Raises :class:`RemoteProblem`."""
