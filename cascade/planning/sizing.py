"""How many hosts a campaign takes: the smallest fleet that meets its target, and the same without the cascade."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cascade.errors import ConfigurationError
from cascade.planning.campaign import Campaign, Outcome, evaluate
from cascade.planning.mix import WITHOUT, Mix

TOLERANCE = 0.01
"""A fleet is sized to this share of itself, and to a host."""
_FIRST_STEP = 0.04
_MOST = 64  # times what the peak takes: who is not served by then waits for something else than a host
_PROBES = 20_000


@dataclass(frozen=True, slots=True)
class Sizing:
    """Hosts that meet the target, what that looks like, and the arithmetic that leaves waiting out."""

    outcome: Outcome
    """On another seed than the hosts were found with, so that it does not flatter them."""
    floor_mean: int
    floor_peak: int


@dataclass(frozen=True, slots=True)
class Plan:
    """One server, with and without the cascade."""

    campaign: Campaign
    mix: Mix
    without: Sizing
    with_cascade: Sizing
    provisioned: tuple[Outcome, Outcome] | None = None
    """Both, in that order, on hosts that were given and not sought."""


def plan(campaign: Campaign, mix: Mix, *, seed: int = 0, provisioned: float | int | None = None) -> Plan:
    """Size the fleet with ``mix`` and without any cascade.

    ``provisioned`` adds what happens on hosts that are given: a whole number of them, or (as ``float``) a share of
    what it would take without the cascade.
    Raises :class:`~cascade.errors.ConfigurationError` when no number of hosts meets the target.
    """
    without = size(campaign, WITHOUT, seed=seed)
    found = Plan(campaign, mix, without, size(campaign, mix, seed=seed))
    if provisioned is None:
        return found
    hosts = provisioned if isinstance(provisioned, int) else math.ceil(provisioned * without.outcome.hosts)
    if hosts < 0:
        raise ConfigurationError(f"hosts are at least 0, not {hosts}")
    met = (
        evaluate(campaign, WITHOUT, hosts, seed=seed + 1),
        evaluate(campaign, mix, hosts, seed=seed + 1),
    )
    return Plan(campaign, mix, without, found.with_cascade, met)


def size(campaign: Campaign, mix: Mix, *, seed: int = 0) -> Sizing:
    """The smallest fleet that meets the campaign's target, to one per cent of itself.

    Raises :class:`~cascade.errors.ConfigurationError` when no number of hosts does.
    """
    floors = campaign.floor_mean(mix), campaign.floor_peak(mix)
    if not campaign.needed(mix):
        return Sizing(evaluate(campaign, mix, 0, seed=seed), *floors)
    _check_reachable(campaign, seed)
    most = _MOST * max(1, *floors)
    hosts = _search(campaign, mix, seed, _lowest(campaign, mix), most)
    while hosts <= 2 * most:
        outcome = evaluate(campaign, mix, hosts, seed=seed + 1)
        if outcome.meets(campaign.target):
            return Sizing(outcome, *floors)
        hosts += max(1, math.ceil(TOLERANCE * hosts))
    raise _unreachable(hosts)


def _search(campaign: Campaign, mix: Mix, seed: int, lowest: int, most: int) -> int:
    """Gallop from where the peak could just be served, up or down, then halve what is between."""

    def meets(hosts: int) -> bool:
        return evaluate(campaign, mix, hosts, seed=seed).meets(campaign.target)

    low, high = lowest - 1, max(lowest, campaign.floor_peak(mix))
    step = max(1, round(_FIRST_STEP * high))
    if meets(high):
        while high - step > low and meets(high - step):
            high, step = high - step, 2 * step
        low = max(low, high - step)
    else:
        low, high = high, high + step
        while not meets(high):
            step *= 2
            low, high = high, high + step
            if low > most:
                raise _unreachable(low)
    while high - low > max(1, TOLERANCE * high):
        middle = (low + high) // 2
        low, high = (low, middle) if meets(middle) else (middle, high)
    return high


def _lowest(campaign: Campaign, mix: Mix) -> int:
    """Hosts below which the target cannot be met, whatever the order: what must be served is more than they serve."""
    target, capacity = campaign.target, campaign.server.capacity_per_s
    time_s = campaign.arrivals.duration_s + target.latency_s
    hosts = max(1, math.ceil(target.percentile * campaign.needed(mix) / time_s / capacity))
    alone = campaign.needed(mix) / hosts > campaign.budget
    return max(hosts, campaign.floor_peak(mix)) if alone else hosts


def _unreachable(hosts: int) -> ConfigurationError:
    return ConfigurationError(f"not even {hosts} hosts meet the target", hint="look at patience and limits")


def _check_reachable(campaign: Campaign, seed: int) -> None:
    server, target = campaign.server, campaign.target
    rng = np.random.default_rng([seed, 1])
    alone = server.overhead.sample(rng, _PROBES) + server.work.sample(rng, _PROBES)
    quantile = float(np.quantile(alone, target.percentile, method="inverted_cdf"))
    if quantile > target.latency_s:
        raise ConfigurationError(
            f"no number of hosts answers {target.percentile:.4g} within {target.latency_s:g} s: "
            f"a request that has a host to itself takes {quantile:.3g} s at that percentile"
        )
