"""One process of ``cascade serve``: what it is told, and the application it makes of that.

A worker process is started anew, not forked, and is told in two environment variables: settings as JSON, and the key.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from cascade.bundle import DEFAULT
from cascade.config import Cascade
from cascade.engine import Listener
from cascade.errors import ConfigurationError
from cascade.integrations._web.peers import Peers
from cascade.integrations._web.spec import ServeSpec
from cascade.integrations.fastapi import Books, application
from cascade.loading import answer_class
from cascade.observe.decision_log import DecisionLog
from cascade.prices import Currency, PriceBook
from cascade.result import Cost
from cascade.traffic import TrafficSpec

SETTINGS = "CASCADE_SERVE_SETTINGS"
KEY = "CASCADE_SERVE_KEY"


class Assumed(BaseModel):
    """What a call to the large model is taken to cost while none has been measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    input_tokens: int
    output_tokens: int

    def cost(self) -> Cost:
        """As the ledger takes it."""
        return Cost(
            calls=1, input_tokens=self.input_tokens, output_tokens=self.output_tokens, model=self.model
        )


class Settings(BaseModel):
    """What the command line said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bundle: str | None = None
    answers: str | None = None
    """The class of the answers, as ``module:Class``; each worker imports it."""
    llm: tuple[str, ...] = ()
    traffic: TrafficSpec | None = None
    log: Path | None = None
    prices: Path | None = None
    currency: Currency = "CNY"
    assume: Assumed | None = None
    spec: ServeSpec = ServeSpec()
    console: bool = True
    workers: int = 1
    meeting: Path | None = None
    """The folder where the workers find each other."""


def tell(settings: Settings, key: str | None) -> None:
    """Put the settings where worker processes look for them."""
    os.environ[SETTINGS] = settings.model_dump_json()
    if key is not None:
        os.environ[KEY] = key


def told() -> tuple[Settings, str | None]:
    """What :func:`tell` told."""
    return Settings.model_validate_json(os.environ[SETTINGS]), os.environ.get(KEY)


def check(settings: Settings, key: str | None) -> None:
    """Raise what :func:`build` would in the worker processes, where nobody could tell it in one line."""
    with_key(settings.spec, key)
    _book(settings)
    _load(settings, []).close()


def build(settings: Settings, key: str | None) -> FastAPI:
    """The application. Raises :class:`~cascade.errors.CascadeError` for what cannot be put together."""
    spec = with_key(settings.spec, key)
    log = None if settings.log is None else DecisionLog(settings.log)
    assumed = None if settings.assume is None else settings.assume.cost()
    books = Books(log=log, prices=_book(settings), currency=settings.currency, assume=assumed)
    return application(
        _load(settings, books.listeners),
        books,
        spec,
        peers=Peers(settings.meeting),
        workers=settings.workers,
        with_console=settings.console,
    )


def create() -> FastAPI:
    """The application of a worker process; uvicorn calls this."""
    return build(*told())


def _load(settings: Settings, listeners: Iterable[Listener]) -> Cascade[Any]:
    source, llm = settings.bundle or DEFAULT, settings.llm or None
    if settings.answers is None:
        return Cascade.load(source, llm=llm, traffic=settings.traffic, listeners=listeners)
    answers = answer_class(settings.answers)
    return Cascade.load(source, answer_model=answers, llm=llm, traffic=settings.traffic, listeners=listeners)


def _book(settings: Settings) -> PriceBook:
    return PriceBook.load() if settings.prices is None else PriceBook.load(settings.prices)


def with_key(spec: ServeSpec, key: str | None) -> ServeSpec:
    """The spec with the key. Raises :class:`~cascade.errors.ConfigurationError`, which does not repeat it."""
    if key is None:
        return spec
    try:
        return ServeSpec.model_validate({**spec.model_dump(), "key": SecretStr(key)})
    except ValidationError as error:
        raise ConfigurationError(error.errors(include_input=False)[0]["msg"]) from None
