"""The composition root: the one place that knows concrete tiers, backends and policies."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from types import GeneratorType
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from pydantic import BaseModel

from cascade.answers import IntentAnswer
from cascade.backends.base import ChatBackend, ChatReply
from cascade.backends.resolve import open_backend
from cascade.bundle import DEFAULT, Bundle
from cascade.engine import Engine, Listener, Setup
from cascade.errors import BundleCorrupt, ConfigurationError
from cascade.grammar import OrderGrammar
from cascade.orders import OrderIntent
from cascade.policy import Policy, ThresholdPolicy
from cascade.result import AnswerT, Cost
from cascade.tiers.base import NO_CONTEXT, Tier
from cascade.tiers.rules import RulesTier

if TYPE_CHECKING:
    from cascade.tiers.llm import Checker
    from cascade.traffic import Gate, TrafficSpec

LLM = str | ChatBackend | Sequence[str | ChatBackend]
"""A server as text, a backend object, or several of either."""

OWN_ANSWER_MODELS: dict[str, type[BaseModel]] = {
    "cascade.orders:OrderIntent": OrderIntent,
    "cascade.answers:IntentAnswer": IntentAnswer,
}

_OtherT = TypeVar("_OtherT", bound=BaseModel)


class Cascade(Engine[AnswerT]):
    """Rules, classifier and large model behind one call; see :meth:`load`, :meth:`classify`, :meth:`aclassify`."""

    _assemble: Callable[[Bundle], Setup] | None = None
    answer_model: type[BaseModel] | None = None
    """The class of the answers."""
    traffic: Gate | None = None
    """What stands before the large model: its figures, and its rung; ``None`` when the model is asked directly."""

    @overload
    @classmethod
    def load(
        cls,
        bundle: str | os.PathLike[str] | Bundle = ...,
        *,
        llm: LLM | None = ...,
        traffic: TrafficSpec | None = ...,
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
        llm: LLM | None = ...,
        traffic: TrafficSpec | None = ...,
        policy: Policy | None = ...,
        listeners: Iterable[Listener] = ...,
    ) -> Cascade[_OtherT]: ...

    @classmethod
    def load(
        cls,
        bundle: str | os.PathLike[str] | Bundle = DEFAULT,
        *,
        answer_model: type[Any] | None = None,
        llm: LLM | None = None,
        traffic: TrafficSpec | None = None,
        policy: Policy | None = None,
        listeners: Iterable[Listener] = (),
    ) -> Cascade[Any]:
        """Put a cascade together from a bundle. Needs no server and opens no connection.

        ``bundle`` is the name of one that ships, a folder, or an opened :class:`~cascade.bundle.Bundle`.
        ``llm`` is ``"ollama:qwen3:8b"``, ``"ollama:qwen3:8b@http://host:11434"``,
        ``"openai:MODEL@http://host:8000/v1"`` (vLLM, llama.cpp and others) or a
        :class:`~cascade.backends.base.ChatBackend`, or a list of these that serve the same model; without one the
        cascade has two tiers. Servers given as text, or several, are asked through a :class:`~cascade.traffic.Gate`
        set up by ``traffic``; a single backend object is asked as it is unless ``traffic`` is given.
        ``answer_model`` is the pydantic class of a pack whose answers are neither
        :class:`~cascade.orders.OrderIntent` nor :class:`~cascade.answers.IntentAnswer`; type checkers also want it
        named for the latter.

        Raises :class:`~cascade.errors.BundleError` or :class:`~cascade.errors.ConfigurationError`.
        """
        opened = bundle if isinstance(bundle, Bundle) else Bundle.open(bundle)
        backend = _chat_model(llm, traffic)
        books = _Books()
        assemble = partial(_setup, answer_model=answer_model, backend=backend, policy=policy, books=books)
        setup = assemble(opened)
        cascade = cls(
            setup.tiers,
            setup.policy,
            setup.normalizer,
            listeners=listeners,
            bundle=opened,
            on_close=backend.aclose if backend is not None else None,
        )
        books.cascade = cascade
        cascade._assemble = assemble
        cascade.answer_model = _answer_model(opened, answer_model)
        cascade.traffic = _gate(backend)
        if cascade.traffic is not None:
            cascade.traffic.on_orphaned = partial(_charge_orphans, cascade, cascade.traffic.model)
        return cast("Cascade[Any]", cascade)

    def reload(self, bundle: str | os.PathLike[str] | Bundle) -> Bundle:
        """Decide by another bundle from now on, without a pause; returns the opened bundle.

        The new tiers are built and tried first, with the chat model, the policy and the answer model that
        :meth:`load` was given; then one reference is swapped. Requests under way end by the bundle they began with,
        and which one decided stands in each result. Building takes as long as :meth:`load` does and blocks only its
        own thread.

        Raises what :meth:`load` raises, and :class:`~cascade.errors.BundleCorrupt` where a new tier fails on its first
        utterance; the old bundle then stays in force.
        """
        if self._assemble is None:
            raise ConfigurationError("only a cascade made by Cascade.load can be reloaded")
        opened = bundle if isinstance(bundle, Bundle) else Bundle.open(bundle)
        setup = self._assemble(opened)
        _try(setup)
        self.swap(setup)
        return opened


class _Books:
    """Where tiers that are built before the cascade tell of what nobody's result will tell."""

    cascade: Engine[Any] | None = None

    def left(self, cost: Cost) -> None:
        """Of a caller who went away."""
        if self.cascade is not None:
            self.cascade.spent("cancelled", cost)


def _setup(
    bundle: Bundle,
    *,
    answer_model: type[BaseModel] | None,
    backend: ChatBackend | None,
    policy: Policy | None,
    books: _Books,
) -> Setup:
    answers = _answer_model(bundle, answer_model)
    made = _intent_tiers if issubclass(answers, IntentAnswer) else _order_tiers
    tiers, checker = made(bundle, answers)
    if backend is not None:
        from cascade.tiers.llm import LLMTier

        llm = LLMTier.from_bundle(bundle, backend, checker, answers)
        llm.on_left = books.left
        tiers.append(llm)
    if policy is None:
        gate = _gate(backend)
        policy = (
            ThresholdPolicy.from_bundle(bundle)
            if gate is None
            else ThresholdPolicy.from_bundle(bundle, rung=lambda: gate.rung)
        )
    return Setup(tuple(tiers), policy, bundle.normalizer, bundle)


def _order_tiers(bundle: Bundle, answers: type[BaseModel]) -> tuple[list[Tier], Checker]:
    """Of a pack with a grammar, which also checks what the large model answers."""
    grammar = OrderGrammar.from_bundle(bundle, answers)
    tiers: list[Tier] = [RulesTier.from_bundle(bundle, grammar, answers)]
    if bundle.has("model.onnx"):
        # onnxruntime takes longer to import than everything else together: only for bundles that need it
        from cascade.tiers.classifier import ClassifierTier

        tiers.append(ClassifierTier.from_bundle(bundle, grammar, answers))
    return tiers, grammar


def _intent_tiers(bundle: Bundle, answers: type[BaseModel]) -> tuple[list[Tier], Checker]:
    """Of a pack without one: rules where it has any, the classifier, and slots that must have been said."""
    from cascade.tiers.calibration import AnswerCalibration
    from cascade.tiers.intents import IntentTier, SpokenSlots

    tiers: list[Tier] = []
    if bundle.has("rules.yaml"):
        tiers.append(RulesTier.from_bundle(bundle, None, answers))
    tiers.append(IntentTier.from_bundle(bundle, answers))
    return tiers, SpokenSlots(bundle.normalizer, AnswerCalibration.from_bundle(bundle).fields)


def _chat_model(llm: LLM | None, traffic: TrafficSpec | None) -> ChatBackend | None:
    if llm is None:
        if traffic is not None:
            raise ConfigurationError("traffic is about a large model, and no llm is given")
        return None
    many = isinstance(llm, Sequence) and not isinstance(llm, str)
    if traffic is None and not many and not isinstance(llm, str):
        return cast("ChatBackend", llm)
    from cascade.traffic import Gate

    given = cast("Sequence[str | ChatBackend]", llm if many else [llm])
    backends = [open_backend(one) if isinstance(one, str) else one for one in given]
    names = [one if isinstance(one, str) else f"{one.model}#{at}" for at, one in enumerate(given, 1)]
    return Gate(backends, traffic, names=names)


def _charge_orphans(cascade: Engine[Any], model: str, calls: int, reply: ChatReply | None) -> None:
    """Calls that nobody waits for any more ran all the same; how far is known of one that replied."""
    if reply is None:
        cascade.spent("cancelled", Cost.untold(calls, model), turns=calls)
    else:
        from cascade.tiers.llm import spent

        cascade.spent("cancelled", spent(replace(reply, calls=calls), model))


def _gate(backend: ChatBackend | None) -> Gate | None:
    """The backend, if it is a traffic layer."""
    if backend is None:
        return None
    from cascade.traffic import Gate

    return backend if isinstance(backend, Gate) else None


def _try(setup: Setup) -> None:
    """Let each tier say something to one utterance. A tier that waits for a server is only asked to begin."""
    utterance = setup.normalizer("你好")
    for tier in setup.tiers:
        try:
            outcome = tier.propose(utterance, NO_CONTEXT)
            if isinstance(outcome, GeneratorType):
                outcome.close()
        except Exception as error:
            raise BundleCorrupt(
                f"tier {tier.name} of {setup.bundle_id} fails on its first utterance: {error}"
            ) from error


def _answer_model(bundle: Bundle, given: type[BaseModel] | None) -> type[BaseModel]:
    """The class the bundle's answers are made of. A bundle names it but never makes the library import it."""
    name = bundle.manifest.answer_model
    model = given or OWN_ANSWER_MODELS.get(name)
    if model is None:
        raise ConfigurationError(
            f"bundle {bundle.id} answers with {name}",
            hint=f"pass the class as answer_model=..., to a command as --answers {name}",
        )
    if f"{model.__module__}:{model.__qualname__}" != name:
        raise ConfigurationError(
            f"bundle {bundle.id} answers with {name}, not {model.__module__}:{model.__qualname__}"
        )
    return model
