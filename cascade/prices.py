"""What tokens, hosts and processors cost: a dated price book, in decimal money.

Two views of the same work stand side by side: what a provider's list price would come to, by the token, and what a
host of one's own comes to, by the time that its GPUs spent. A price that the book does not have is unknown, and so is
every charge that needs it: never 0, never invented. Charges are linear in the cost, so the charge of a sum is the sum
of the charges.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cascade.errors import ConfigurationError
from cascade.result import Cost

Currency = Literal["CNY", "USD"]
SYMBOLS: Mapping[Currency, str] = {"CNY": "¥", "USD": "$"}
View = Literal["paid", "list", "host"]
"""``list`` charges by the token, ``host`` by the time of one's own host, ``paid`` by the host where the book prices one
for the model, and by the token elsewhere."""

SHIPPED = Path(__file__).with_name("prices.toml")

_MILLION = Decimal(1_000_000)
_NS_PER_S = Decimal(1_000_000_000)
_S_PER_HOUR = 3600

Price = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
Rate = Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TokenPrice(_Record):
    """A provider's list price of one model, per million tokens."""

    input: Price
    output: Price
    cached: Price | None = None
    """For input read from the provider's prompt cache; left out where cached input costs what other input does."""

    def charge(self, cost: Cost) -> Decimal | None:
        """Price of the tokens of ``cost``; ``None`` when a count that matters is unknown."""
        if cost.input_tokens is None or cost.output_tokens is None:
            return None
        cached = 0 if self.cached is None else cost.cached_tokens
        if cached is None or cached > cost.input_tokens:  # the second is a server's nonsense
            return None
        fresh = cost.input_tokens - cached
        return (
            fresh * self.input + cached * (self.cached or 0) + cost.output_tokens * self.output
        ) / _MILLION


class Host(_Record):
    """A host of one's own that serves a model."""

    hour: Mapping[Currency, Price] = Field(default_factory=dict)
    """What the whole host costs in an hour."""
    output_tokens_per_s: Rate | None = None
    """What the host was measured to put out under load, over all requests at once, prompt processing included."""
    slots: int = Field(default=1, ge=1)
    """How many requests it serves side by side; each of them is taken to use this part of it."""
    gpus: int = Field(default=1, ge=1)

    def seconds(self, cost: Cost) -> Decimal | None:
        """Seconds of the whole host that the calls of ``cost`` took; ``None`` when what this needs is unknown.

        By the output tokens where the throughput was measured; else by the time that the server says it worked; else
        by the time that passed outside its line, which is an upper bound.
        """
        if self.output_tokens_per_s is not None:
            return None if cost.output_tokens is None else cost.output_tokens / self.output_tokens_per_s
        worked = cost.served_ns
        if worked is None and cost.queued_ns is not None and cost.queued_ns <= cost.latency_ns:
            worked = cost.latency_ns - cost.queued_ns
        return None if worked is None else worked / _NS_PER_S / self.slots


_ANY_HOST = Host()


class PriceList(_Record):
    """The prices of one currency."""

    core_hour: Price | None = None
    """One processor core for one hour: what the rules and the classifier run on."""
    models: Mapping[str, TokenPrice] = Field(default_factory=dict)


class PriceBook(_Record):
    """Prices as they were on a date.

    Made from TOML by :meth:`load`, or from a mapping by ``PriceBook.model_validate``; money is ``Decimal``
    throughout. Model names are matched exactly, as results carry them in ``cost.model``.
    """

    date: date
    """The day on which the prices were looked up."""
    CNY: PriceList = PriceList()
    USD: PriceList = PriceList()
    hosts: Mapping[str, Host] = Field(default_factory=dict)
    """By the name of the model that the host serves."""

    @classmethod
    def load(cls, path: str | os.PathLike[str] = SHIPPED) -> PriceBook:
        """Read a price book from TOML; without a path, the dated one that ships.

        Raises :class:`~cascade.errors.ConfigurationError` when it cannot be read or does not validate.
        """
        try:
            data = tomllib.loads(Path(path).read_text(encoding="utf-8"), parse_float=Decimal)
            return cls.model_validate(data)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ConfigurationError(f"price book {os.fspath(path)}: {where}: {first['msg']}") from error
        except (OSError, ValueError) as error:  # a TOML and a Unicode error are both ValueErrors
            raise ConfigurationError(f"price book {os.fspath(path)}: {error}") from error

    def charge(self, cost: Cost, currency: Currency = "CNY", view: View = "paid") -> Decimal | None:
        """What ``cost`` comes to, or ``None`` when a price or a count that it takes is not known.

        What waited for no model is charged for its processor time: its latency on one core. What was answered by
        somebody else's call, or refused, cost nothing more. A call that was lost makes the charge unknown: see
        :meth:`known`.
        """
        if cost.lost_calls:
            return None
        return self._charge(cost, currency, view)

    def known(self, cost: Cost, currency: Currency = "CNY", view: View = "paid") -> Decimal:
        """The part of the charge that is known: that of the calls that were replied to, or 0."""
        if cost.lost_calls:  # time outside the line holds theirs as well
            cost = replace(cost, lost_calls=0, queued_ns=None)
        return self._charge(cost, currency, view) or Decimal(0)

    def gpu_seconds(self, cost: Cost) -> Decimal | None:
        """Time of one GPU that the calls of ``cost`` took, as :meth:`Host.seconds` knows it; 0 without calls.

        A model whose host the book does not know is taken to run on one GPU that serves one request at a time.
        """
        if not cost.calls:
            return Decimal(0)
        host = self.hosts.get(cost.model or "", _ANY_HOST)
        seconds = None if cost.lost_calls else host.seconds(cost)
        return None if seconds is None else seconds * host.gpus

    def _charge(self, cost: Cost, currency: Currency, view: View) -> Decimal | None:
        prices: PriceList = getattr(self, currency)
        if not cost.calls:
            if cost.model is not None:
                return Decimal(0)
            hour = prices.core_hour
            return None if hour is None else hour * cost.latency_ns / _NS_PER_S / _S_PER_HOUR
        host = self.hosts.get(cost.model or "")
        hour = None if host is None else host.hour.get(currency)
        if view == "list" or (view == "paid" and hour is None):
            price = prices.models.get(cost.model or "")
            return None if price is None else price.charge(cost)
        if host is None or hour is None:
            return None
        seconds = host.seconds(cost)
        return None if seconds is None else hour * seconds / _S_PER_HOUR
