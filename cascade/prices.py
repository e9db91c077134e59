"""What tokens, hosts and processors cost: a dated price book, in decimal money.

A price that the book does not have is unknown, and so is every charge that needs it: never 0, never invented. Charges
are linear in the cost, so the charge of a sum is the sum of the charges.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cascade.errors import ConfigurationError
from cascade.result import Cost

Currency = Literal["CNY", "USD"]
SYMBOLS: Mapping[Currency, str] = {"CNY": "¥", "USD": "$"}
SHIPPED = Path(__file__).with_name("prices.toml")

_MILLION = Decimal(1_000_000)
_NS_PER_HOUR = Decimal(3_600_000_000_000)

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


class HostPrice(_Record):
    """A model on a host of one's own, per hour of the whole host."""

    hour: Price
    output_tokens_per_s: Rate | None = None
    """What the host was measured to put out under load, over all requests at once, prompt processing included."""

    def charge(self, cost: Cost) -> Decimal | None:
        """A request's share of the host: by its output tokens when the throughput is known.

        Otherwise the time it was served, its time in line left out, as if it had the host to itself: an upper
        bound. ``None`` when the counts that this needs are unknown.
        """
        if self.output_tokens_per_s is not None:
            if cost.output_tokens is None:
                return None
            return self.hour * cost.output_tokens / self.output_tokens_per_s / 3600
        if cost.queued_ns is None or cost.queued_ns > cost.latency_ns:
            return None
        return self.hour * (cost.latency_ns - cost.queued_ns) / _NS_PER_HOUR


class PriceList(_Record):
    """All prices of one currency."""

    core_hour: Price | None = None
    """One processor core for one hour: what the rules and the classifier run on."""
    models: Mapping[str, TokenPrice] = Field(default_factory=dict)
    hosts: Mapping[str, HostPrice] = Field(default_factory=dict)
    """By the name of the model that the host serves. A model with a host price has no list price here."""


class PriceBook(_Record):
    """Prices as they were on a date.

    Made from TOML by :meth:`load`, or from a mapping by ``PriceBook.model_validate``; money is ``Decimal``
    throughout. Model names are matched exactly, as results carry them in ``cost.model``.
    """

    date: date
    """The day on which the prices were looked up."""
    CNY: PriceList = PriceList()
    USD: PriceList = PriceList()

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

    def charge(self, cost: Cost, currency: Currency = "CNY") -> Decimal | None:
        """What ``cost`` comes to, or ``None`` when a price or a count that it takes is not known.

        What asked no server is charged for its processor time: its latency on one core. What did is charged by
        the price of its model.
        """
        prices: PriceList = getattr(self, currency)
        if not cost.calls:
            return None if prices.core_hour is None else prices.core_hour * cost.latency_ns / _NS_PER_HOUR
        host = prices.hosts.get(cost.model or "")
        price: Any = host or prices.models.get(cost.model or "")
        charged: Decimal | None = price.charge(cost) if price is not None else None
        return charged
