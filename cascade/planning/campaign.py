"""A campaign on a fleet: what its crowd would meet, and what it would cost.

A day of thirty million utterances on thousands of hosts is not simulated request by request. Three things make it
small, and each :class:`Outcome` says which of them it took:

- **Cells.** The fleet is cut into groups of ``cell`` hosts, each behind a line of its own, and one group is simulated
  with its random share of the arrivals. For a fleet that is in fact run so, nothing is lost; for one with a single
  line in front of all, it is cautious: a larger group behind one line waits less.
- **Shortened segments.** Where even one host alone sees more requests than the budget, every stretch of constant rate
  is made ``shortened`` times as short. It still settles, for a line settles within some hundreds of requests. An
  overload that lasts would show too small a pile; so this is done only with hosts enough for the peak rate, or where
  patience or a limit bounds the pile.
- **Lower tiers as a flow.** They take microseconds to milliseconds, stand in no line that could be seen beside the
  model's, and are counted in processor cores only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from cascade.errors import ConfigurationError
from cascade.planning.arrivals import Arrivals
from cascade.planning.crowd import PATIENT, UNBOUNDED, Admission, Crowd
from cascade.planning.mix import Mix
from cascade.planning.servers import Server
from cascade.planning.simulation import simulate

BUDGET = 100_000
DEAREST = Decimal(1_000_000_000)
"""For an hour; what is beyond it is a slip."""
_SECONDS_PER_HOUR = Decimal(3600)


@dataclass(frozen=True, slots=True)
class Target:
    """``percentile`` (0 to 1) of those who need the model are answered within ``latency_s`` of their first asking.

    Who is refused or gives up is not answered in time; there is no second condition that hides them.
    """

    percentile: float
    latency_s: float

    def __post_init__(self) -> None:
        if not (0 < self.percentile < 1 and self.latency_s > 0):
            raise ConfigurationError("a percentile is between 0 and 1, a latency above 0 s")


@dataclass(frozen=True, slots=True)
class Rates:
    """What hosts and cores cost for an hour, in any one currency; ``None`` is unknown."""

    host_hour: Decimal | None = None
    core_hour: Decimal | None = None

    def __post_init__(self) -> None:
        for price in (self.host_hour, self.core_hour):
            if price is not None and not (price.is_finite() and 0 <= price <= DEAREST):
                raise ConfigurationError(f"a price is at least 0 and at most {DEAREST:,}, not {price}")


@dataclass(frozen=True, slots=True)
class Campaign:
    """What is planned for. ``calls`` is how many model calls an utterance makes that reaches the model, each a request.

    ``core_load`` is how busy the cores of the lower tiers may be at the peak.
    """

    arrivals: Arrivals
    server: Server
    target: Target
    crowd: Crowd = PATIENT
    admission: Admission = UNBOUNDED
    rates: Rates = Rates()
    calls: float = 1.0
    core_load: float = 0.5
    budget: int = BUDGET
    """Requests that one simulation may have, before anybody asks again."""

    def __post_init__(self) -> None:
        if not (self.calls > 0 and 0 < self.core_load <= 1 and self.budget >= 1):
            raise ConfigurationError(
                "calls and budget are above 0, the load of cores is above 0 and at most 1"
            )

    def needed(self, mix: Mix) -> float:
        """Requests that reach the model, on average, before anybody asks again."""
        return self.arrivals.expected * mix.llm_share * self.calls

    def floor_mean(self, mix: Mix) -> int:
        """Hosts that could just keep up if everybody came evenly: arithmetic, no waiting is looked at."""
        if not self.needed(mix):
            return 0
        if not self.arrivals.duration_s:
            return 1  # all of them at one moment: no rate to keep up with
        return math.ceil(self.needed(mix) / self.arrivals.duration_s / self.server.capacity_per_s)

    def floor_peak(self, mix: Mix) -> int:
        """Hosts that could just keep up with the peak."""
        return math.ceil(self.arrivals.peak_per_s * mix.llm_share * self.calls / self.server.capacity_per_s)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a campaign comes to on ``hosts``. Shares are between 0 and 1, seconds are those of who needs the model."""

    hosts: int
    needed: float
    """Requests that reach the model, on average, before anybody asks again."""
    simulated: int
    """How many of them were simulated, on ``cell`` hosts, with segments ``shortened`` times as short."""
    cell: int
    shortened: float
    p50_s: float
    """Infinite when fewer were answered; so are the others."""
    p99_s: float
    at_target_s: float
    """At the target's percentile."""
    shed_share: float
    """Of all sendings, repeated ones included: refused."""
    left_share: float
    """Of all sendings: hung up."""
    unanswered_share: float
    """Of those who needed the model: never answered, however often they asked."""
    sendings: float
    """Per request needed: 1 when nobody asks again."""
    busy_share: float
    """Of the time until all was drained, that a host was at work."""
    host_cost: Decimal | None
    """All hosts for all of the campaign; ``None`` when the price is unknown."""
    cores: int | None
    """For the tiers below; ``None`` when their times are unknown."""
    core_cost: Decimal | None

    @property
    def cost(self) -> Decimal | None:
        """Hosts and cores together; ``None`` when either is unknown."""
        if self.host_cost is None or self.core_cost is None:
            return None
        return self.host_cost + self.core_cost

    def meets(self, target: Target) -> bool:
        """Whether ``at_target_s`` is within the target's latency."""
        return self.at_target_s <= target.latency_s


def evaluate(campaign: Campaign, mix: Mix, hosts: int, *, seed: int = 0) -> Outcome:
    """Simulate the campaign on ``hosts``. Equal arguments give equal outcomes."""
    needed = campaign.needed(mix)
    if not needed or not hosts:
        lost = math.inf if needed else 0.0
        met = _Met(0, hosts, 1.0, lost, lost, lost, unanswered_share=float(needed > 0))
    else:
        met = _simulated(campaign, mix, hosts, seed)
    return _outcome(campaign, mix, hosts, met)


@dataclass(frozen=True, slots=True)
class _Met:
    """What the crowd met."""

    simulated: int
    cell: int
    shortened: float
    p50_s: float
    p99_s: float
    at_target_s: float
    shed_share: float = 0.0
    left_share: float = 0.0
    unanswered_share: float = 0.0
    sendings: float = 1.0
    busy_share: float = 0.0


def _simulated(campaign: Campaign, mix: Mix, hosts: int, seed: int) -> _Met:
    needed = campaign.needed(mix)
    cell = max(1, min(hosts, math.floor(campaign.budget * hosts / needed)))
    bounded = campaign.crowd.patience is not None or campaign.admission.max_wait_s is not None
    shortened = 1.0
    if bounded or hosts >= campaign.floor_peak(mix):
        shortened = max(1.0, needed * cell / hosts / campaign.budget)
    arrivals = campaign.arrivals if shortened == 1.0 else campaign.arrivals.shortened(shortened)
    asked_s = arrivals.sample(
        np.random.default_rng([seed, 0]), needed / campaign.arrivals.expected * cell / hosts
    )
    run = simulate(
        asked_s, campaign.server, hosts=cell, seed=seed, admission=campaign.admission, crowd=campaign.crowd
    )
    users, requests = max(1, run.users), max(1, run.requests)
    return _Met(
        simulated=run.users,
        cell=cell,
        shortened=shortened,
        p50_s=run.quantile_s(0.50),
        p99_s=run.quantile_s(0.99),
        at_target_s=run.quantile_s(campaign.target.percentile),
        shed_share=run.shed / requests,
        left_share=run.left / requests,
        unanswered_share=float(np.isinf(run.answered_s).sum()) / users,
        sendings=requests / users,
        busy_share=run.busy_s / run.ended_s / cell if run.ended_s else 0.0,
    )


def _outcome(campaign: Campaign, mix: Mix, hosts: int, met: _Met) -> Outcome:
    hours = Decimal(str(campaign.arrivals.duration_s)) / _SECONDS_PER_HOUR
    cores = _cores(campaign, mix)
    return Outcome(
        hosts=hosts,
        needed=campaign.needed(mix),
        host_cost=_rent(campaign.rates.host_hour, hosts, hours),
        cores=cores,
        core_cost=_rent(campaign.rates.core_hour, cores, hours),
        **{name: getattr(met, name) for name in _Met.__slots__},
    )


def _rent(price: Decimal | None, number: int | None, hours: Decimal) -> Decimal | None:
    """What ``number`` of something comes to; none of it costs nothing, whatever its price."""
    if number == 0:
        return Decimal(0)
    return None if price is None or number is None else price * number * hours


def _cores(campaign: Campaign, mix: Mix) -> int | None:
    each = mix.core_s
    return None if each is None else math.ceil(campaign.arrivals.peak_per_s * each / campaign.core_load)
