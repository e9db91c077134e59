"""What the next promo day takes: a simulated campaign, with the cascade and without.

    from cascade.planning import Mix, plan, read_scenario

    scenario, folder = read_scenario("promo-2026-02-06")
    for named in scenario.campaigns(folder):
        found = plan(named.campaign, Mix.from_shares(shares_you_measured))
        print(named.server, found.without.outcome.hosts, found.with_cascade.outcome.hosts)

A server is known by a recorded run of it (:func:`read_run`, :func:`calibrate`); how far that can be believed,
:func:`compare` says. Nothing here opens a connection or looks at a clock; equal seeds give equal plans.
"""

from cascade.planning.arrivals import Arrivals, Curve, Trace, read_trace
from cascade.planning.calibration import Calibration, TokenRates, calibrate
from cascade.planning.campaign import Campaign, Outcome, Rates, Target, evaluate
from cascade.planning.crowd import Admission, Crowd
from cascade.planning.distributions import Constant, Distribution, Empirical, Exponential, Lognormal
from cascade.planning.mix import WITHOUT, LowerTier, Mix, read_mix
from cascade.planning.prediction import Comparison, Figures, compare, measured, predict
from cascade.planning.runs import RecordedRun, Served, read_run
from cascade.planning.scenario import PROMO_DAY, NamedCampaign, Scenario, read_scenario
from cascade.planning.servers import Server, Slowdown
from cascade.planning.simulation import Run, simulate
from cascade.planning.sizing import Plan, Sizing, plan, size

__all__ = [
    "PROMO_DAY",
    "WITHOUT",
    "Admission",
    "Arrivals",
    "Calibration",
    "Campaign",
    "Comparison",
    "Constant",
    "Crowd",
    "Curve",
    "Distribution",
    "Empirical",
    "Exponential",
    "Figures",
    "Lognormal",
    "LowerTier",
    "Mix",
    "NamedCampaign",
    "Outcome",
    "Plan",
    "Rates",
    "RecordedRun",
    "Run",
    "Scenario",
    "Served",
    "Server",
    "Sizing",
    "Slowdown",
    "Target",
    "TokenRates",
    "Trace",
    "calibrate",
    "compare",
    "evaluate",
    "measured",
    "plan",
    "predict",
    "read_mix",
    "read_run",
    "read_scenario",
    "read_trace",
    "simulate",
    "size",
]
