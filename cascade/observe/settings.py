"""A bundle's policy with some of its thresholds changed, for asking what it would have done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from cascade.bundle import Bundle, validated
from cascade.errors import ConfigurationError
from cascade.policy import Policy, PolicySpec, ThresholdPolicy

PolicyAt = Callable[[str], Policy]
"""The policy on a rung."""


def policies(bundle: Bundle, settings: Mapping[str, float]) -> PolicyAt:
    """The bundle's own policy with other thresholds.

    A setting is a path into ``policy.yaml``: ``default.confidence``, ``acting.margin``,
    ``intents.order_drink.confidence``, ``rungs.red.acting.confidence``. ``threshold.`` may stand before it.

    Raises :class:`~cascade.errors.ConfigurationError` for a path or a value that the policy does not know.
    """
    spec = validated(PolicySpec, bundle.yaml("policy.yaml"))
    acting = {intent.name: intent.acting for intent in bundle.manifest.intents}
    data = spec.model_dump()
    for path, value in settings.items():
        _set(data, path.removeprefix("threshold.").split("."), value, acting)
    try:
        spec = PolicySpec.model_validate(data)
    except ValueError as error:
        raise ConfigurationError(f"no such policy: {' '.join(str(error).split())}") from error
    return cache(lambda rung: ThresholdPolicy(spec, acting, rung=lambda: rung))


def _set(data: dict[str, Any], path: list[str], value: float, acting: Mapping[str, bool]) -> None:
    within = data
    *parents, last = path
    for depth, name in enumerate(parents):
        if parents[depth - 1 : depth] == ["intents"] and name in acting and name not in within:
            around = data["rungs"][parents[1]] if parents[0] == "rungs" else data
            within[name] = dict(around["acting" if acting[name] else "default"])
        if not isinstance(within.get(name), dict):
            raise ConfigurationError(f"the policy has no {'.'.join(path)}")
        within = within[name]
    if last not in within or isinstance(within[last], dict):
        raise ConfigurationError(f"the policy has no {'.'.join(path)}")
    within[last] = value
