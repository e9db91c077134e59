"""The composition root: the one place that knows concrete tiers, backends and policies."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, TypeVar, cast, overload

from pydantic import BaseModel

from cascade.backends.base import ChatBackend
from cascade.backends.resolve import open_backend
from cascade.bundle import DEFAULT, Bundle
from cascade.engine import Engine, Listener
from cascade.errors import ConfigurationError
from cascade.grammar import OrderGrammar
from cascade.orders import OrderIntent
from cascade.policy import Policy, ThresholdPolicy
from cascade.result import AnswerT
from cascade.text import Normalizer
from cascade.tiers.base import Tier
from cascade.tiers.rules import RulesTier

OWN_ANSWER_MODELS: dict[str, type[BaseModel]] = {"cascade.orders:OrderIntent": OrderIntent}

_OtherT = TypeVar("_OtherT", bound=BaseModel)


class Cascade(Engine[AnswerT]):
    """Rules, classifier and large model behind one call; see :meth:`load`, :meth:`classify`, :meth:`aclassify`."""

    @overload
    @classmethod
    def load(
        cls,
        bundle: str | os.PathLike[str] | Bundle = ...,
        *,
        llm: str | ChatBackend | None = ...,
        policy: Policy | None = ...,
        listeners: Iterable[Listener] = ...,
    ) -> Cascade[OrderIntent]: ...

    @overload
    @classmethod
    def load(
        cls,
        bundle: str | os.PathLike[str] | Bundle = ...,
        *,
        answer_model: type[_OtherT],
        llm: str | ChatBackend | None = ...,
        policy: Policy | None = ...,
        listeners: Iterable[Listener] = ...,
    ) -> Cascade[_OtherT]: ...

    @classmethod
    def load(
        cls,
        bundle: str | os.PathLike[str] | Bundle = DEFAULT,
        *,
        answer_model: type[Any] | None = None,
        llm: str | ChatBackend | None = None,
        policy: Policy | None = None,
        listeners: Iterable[Listener] = (),
    ) -> Cascade[Any]:
        """Put a cascade together from a bundle. Needs no server and opens no connection.

        ``bundle`` is the name of one that ships, a folder, or an opened :class:`~cascade.bundle.Bundle`.
        ``llm`` is ``"ollama:qwen3:8b"``, ``"ollama:qwen3:8b@http://host:11434"``,
        ``"openai:MODEL@http://host:8000/v1"`` (vLLM, llama.cpp and others) or a
        :class:`~cascade.backends.base.ChatBackend`; without one the cascade has two tiers.
        ``answer_model`` is the pydantic class of a pack whose answers are not
        :class:`~cascade.orders.OrderIntent`.

        Raises :class:`~cascade.errors.BundleError` or :class:`~cascade.errors.ConfigurationError`.
        """
        opened = bundle if isinstance(bundle, Bundle) else Bundle.open(bundle)
        answers = _answer_model(opened, answer_model)
        grammar = OrderGrammar.from_bundle(opened, answers)
        tiers: list[Tier] = [RulesTier.from_bundle(opened, grammar, answers)]
        if opened.has("model.onnx"):
            # onnxruntime takes longer to import than everything else together: only for bundles that need it
            from cascade.tiers.classifier import ClassifierTier

            tiers.append(ClassifierTier.from_bundle(opened, grammar, answers))
        backend = open_backend(llm) if isinstance(llm, str) else llm
        if backend is not None:
            from cascade.tiers.llm import LLMTier

            tiers.append(LLMTier.from_bundle(opened, backend, grammar, answers))
        return cast(
            "Cascade[Any]",
            cls(
                tiers,
                policy or ThresholdPolicy.from_bundle(opened),
                normalizer_of(opened),
                listeners=listeners,
                bundle=opened,
                on_close=backend.aclose if backend is not None else None,
            ),
        )


def normalizer_of(bundle: Bundle) -> Normalizer:
    """The text normaliser with the bundle's wake words and fillers."""
    manifest = bundle.manifest
    return Normalizer(
        wake_words=manifest.wake_words,
        leading_fillers=manifest.leading_fillers,
        trailing_fillers=manifest.trailing_fillers,
        max_chars=manifest.max_chars,
    )


def _answer_model(bundle: Bundle, given: type[BaseModel] | None) -> type[BaseModel]:
    """The class the bundle's answers are made of. A bundle names it but never makes the library import it."""
    name = bundle.manifest.answer_model
    model = given or OWN_ANSWER_MODELS.get(name)
    if model is None:
        raise ConfigurationError(
            f"bundle {bundle.id} answers with {name}", hint="pass the class as answer_model=..."
        )
    if f"{model.__module__}:{model.__qualname__}" != name:
        raise ConfigurationError(
            f"bundle {bundle.id} answers with {name}, not {model.__module__}:{model.__qualname__}"
        )
    return model
