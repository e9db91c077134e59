"""What a turn does, as data: it is done at once, or offered as an answer to a question and done when chosen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from cascade.orders import OrderIntent
from examples.tea_shop.texts import Said

Doubt = Literal["many", "budget", "coupon", "again", "brand"]
"""Why an order is asked about before it is placed; a chosen option waives its own."""


Kind = Literal["placed", "changed", "cancelled", "asked", "told", "nothing"]


class Action(BaseModel):
    """Something to do for a customer. Stored with the question that offers it."""

    model_config = ConfigDict(frozen=True)
    do: Literal["order", "modify", "use_voucher", "cancel", "claim", "tell", "nothing"]
    answer: OrderIntent | None = None
    waived: tuple[Doubt, ...] = ()
    note: str = ""
    """What was said and not understood, passed on to the shop as it was said."""
    order: str | None = None
    """The order it is about; the newest live one when ``None``."""
    line: int | None = None
    about: str = ""
    """For ``tell``: the intent that is answered."""


class Option(BaseModel):
    """A button: what stands on it, what it does, and whether a spoken yes or no means it."""

    model_config = ConfigDict(frozen=True)
    label: Said
    action: Action
    means: Literal["yes", "no", ""] = ""


class Reply(BaseModel):
    """What the customer gets back; the same for ever under the same key."""

    text: Said
    kind: Kind = "told"
    order: str | None = None
    question: str | None = None
    options: tuple[Said, ...] = ()
    chosen: Said | None = None
    """What stood on the button that this answers."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an action. ``options`` make it a question, whatever else was done."""

    text: Said
    kind: Kind = "told"
    order: str | None = None
    options: tuple[Option, ...] = ()


class Ask(Exception):
    """Something is in doubt: nothing is done, the customer is asked."""

    def __init__(self, text: Said, options: Iterable[Option]) -> None:
        super().__init__(text.en)
        self.outcome = Outcome(text, "asked", None, tuple(options))


NOTHING = Option(label=Said(zh="不用了", en="No, thanks"), action=Action(do="nothing"), means="no")


def yes(label: Said, action: Action) -> Option:
    """The option that a spoken yes means."""
    return Option(label=label, action=action, means="yes")


def choice(label: Said, action: Action) -> Option:
    """One of several; only its button means it."""
    return Option(label=label, action=action)
