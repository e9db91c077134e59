"""How a process of its own makes its cascade: by names that travel, not by objects that do not."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from cascade.bundle import DEFAULT
from cascade.config import Cascade
from cascade.engine import Engine
from cascade.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Loading:
    """:meth:`cascade.config.Cascade.load`, put off until it is called. Picklable.

    Calling raises what ``load`` raises, and :class:`~cascade.errors.ConfigurationError` where ``only`` names no tier.
    """

    bundle: str = DEFAULT
    llm: str | Sequence[str] | None = None
    only: str | None = None
    """One tier alone (``"llm"``: labels of a teacher) instead of all of them in order."""

    def __call__(self) -> Engine[Any]:
        cascade = Cascade.load(self.bundle, llm=self.llm)
        return cascade if self.only is None else alone(cascade, self.only)


def alone(cascade: Cascade[Any], name: str) -> Engine[Any]:
    """One tier of a cascade, with its policy and normaliser; closing it closes the cascade's model.

    Raises :class:`~cascade.errors.ConfigurationError` where there is no such tier.
    """
    tiers = [tier for tier in cascade.tiers if tier.name == name]
    if not tiers or cascade.bundle is None:
        raise ConfigurationError(f"no tier {name!r} in this cascade", hint="the llm tier needs llm=...")
    return Engine(
        tiers,
        cascade.policy,
        cascade.bundle.normalizer,
        bundle=cascade.bundle,
        on_close=cascade.aclose,
    )


def answer_class(named: str) -> type[BaseModel]:
    """The class that a user named as ``module:Class``, from the working directory too.

    Raises :class:`~cascade.errors.ConfigurationError`.
    """
    module, colon, name = named.partition(":")
    if not colon or not module or not name:
        raise ConfigurationError(f"--answers {named}: write it as module:Class")
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        found = getattr(import_module(module), name)
    except Exception as error:  # whatever a module does when it is imported
        raise ConfigurationError(f"--answers {named} cannot be imported: {error}") from error
    finally:
        sys.path.remove(here)
    if not (isinstance(found, type) and issubclass(found, BaseModel)):
        raise ConfigurationError(f"--answers {named} is no pydantic class")
    return found
