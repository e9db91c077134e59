"""Plans: the fewest hosts that meet the target, honest about what was left out, with the cascade and without."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.errors import ConfigurationError
from cascade.ledger import Ledger
from cascade.planning import (
    PROMO_DAY,
    WITHOUT,
    Admission,
    Campaign,
    Constant,
    Crowd,
    Curve,
    Exponential,
    Lognormal,
    LowerTier,
    Mix,
    Rates,
    Server,
    Slowdown,
    Target,
    Trace,
    evaluate,
    plan,
    read_mix,
    read_scenario,
    size,
)
from cascade.result import Abstention, Attempt, Cost, Result
from planning.oracles import wait_beyond

CURVE = Curve(((600.0, 5.0), (300.0, 20.0), (600.0, 8.0)))
CAMPAIGN = Campaign(
    CURVE, Server(4, Lognormal(0.8, 0.5), Slowdown.linear(0.3)), Target(0.99, 4.0), budget=20_000
)
SHARES = Mix.from_shares({"rules": 0.7, "classifier": 0.2})


def test_a_plan_is_the_fewest_hosts_that_do() -> None:
    found = size(CAMPAIGN, WITHOUT, seed=3)
    outcome = found.outcome
    assert found.floor_mean <= found.floor_peak <= outcome.hosts
    assert outcome.meets(CAMPAIGN.target)
    assert outcome.p50_s <= outcome.at_target_s == outcome.p99_s <= 4.0
    fewer = evaluate(CAMPAIGN, WITHOUT, outcome.hosts - 2, seed=4)
    assert not fewer.meets(CAMPAIGN.target)


def test_hosts_agree_with_erlang_c() -> None:
    """One slot a host, exponential work: the fewest servers for which 99 of 100 wait at most so long."""
    rate, work, longest = 20.0, 1.0, 0.5
    expected = next(count for count in range(21, 99) if wait_beyond(count, rate, work, longest) <= 0.01)
    campaign = Campaign(
        Curve(((4_000.0, rate),)), Server(1, Exponential(work)), Target(0.99, 99.0), budget=10**6
    )

    def waits_too_long(hosts: int) -> float:
        from cascade.planning import simulate

        asked = campaign.arrivals.sample(np.random.default_rng(1))
        run = simulate(asked, campaign.server, hosts=hosts, seed=1)
        return float((run.waited_s > longest).mean())

    assert waits_too_long(expected + 1) <= 0.01 < waits_too_long(expected - 1)


def test_the_cascade_saves_hosts_by_its_share() -> None:
    found = plan(CAMPAIGN, SHARES, seed=1, provisioned=0.5)
    without, with_cascade = found.without.outcome, found.with_cascade.outcome
    assert with_cascade.needed == pytest.approx(0.1 * without.needed)
    assert with_cascade.hosts < 0.3 * without.hosts
    assert found.provisioned is not None
    half_without, half_with = found.provisioned
    assert half_without.hosts == half_with.hosts == -(-without.hosts // 2)
    assert not half_without.meets(CAMPAIGN.target)
    assert half_with.meets(CAMPAIGN.target)
    assert plan(CAMPAIGN, SHARES, seed=1, provisioned=0.5) == found
    given_hosts = plan(CAMPAIGN, SHARES, seed=1, provisioned=7).provisioned
    assert given_hosts is not None
    assert given_hosts[0].hosts == 7


def test_money_is_unknown_until_it_is_told() -> None:
    hours = Decimal(1500) / 3600
    unknown = evaluate(CAMPAIGN, SHARES, 3)
    assert unknown.host_cost is None
    assert unknown.cores is None
    assert unknown.cost is None
    tiers = Mix((LowerTier("rules", 0.7, 50e-6), LowerTier("classifier", 0.2, 1e-3)))
    campaign = replace(CAMPAIGN, rates=Rates(Decimal("12.5"), Decimal("0.2")))
    told = evaluate(campaign, tiers, 3)
    assert told.host_cost == Decimal("12.5") * 3 * hours
    assert tiers.core_s == pytest.approx(50e-6 + 0.3 * 1e-3)
    assert told.cores == 1
    assert told.cost == told.host_cost + Decimal("0.2") * hours
    assert evaluate(campaign, SHARES, 3).cost is None
    assert evaluate(campaign, WITHOUT, 3).core_cost == 0


def test_nobody_needs_the_model() -> None:
    everything = Mix.from_shares({"rules": 1.0})
    found = size(CAMPAIGN, everything)
    assert found.outcome.hosts == found.floor_mean == found.floor_peak == 0
    assert found.outcome.meets(CAMPAIGN.target)
    assert found.outcome.host_cost == 0
    assert size(replace(CAMPAIGN, arrivals=Curve(())), WITHOUT).outcome.hosts == 0
    assert size(replace(CAMPAIGN, arrivals=Trace(())), WITHOUT).outcome.hosts == 0


def test_no_hosts_answer_nobody() -> None:
    outcome = evaluate(CAMPAIGN, SHARES, 0)
    assert outcome.unanswered_share == 1.0
    assert outcome.p50_s == np.inf
    assert not outcome.meets(CAMPAIGN.target)


def test_a_target_below_the_work_itself_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="a host to itself"):
        size(replace(CAMPAIGN, target=Target(0.99, 1.0)), WITHOUT)


def test_a_target_that_patience_forbids_is_refused() -> None:
    campaign = replace(CAMPAIGN, target=Target(0.9999, 60.0), crowd=Crowd(Lognormal(2.0, 0.5)))
    with pytest.raises(ConfigurationError, match="not even"):
        size(campaign, WITHOUT)


def test_a_trace_is_planned_as_it_was() -> None:
    rng = np.random.default_rng(0)
    trace = Trace.of(rng.uniform(0, 200, 2_000).tolist())
    outcome = evaluate(replace(CAMPAIGN, arrivals=trace), WITHOUT, 10)
    assert outcome.simulated == 2_000
    assert (outcome.cell, outcome.shortened) == (10, 1.0)
    at_once = replace(CAMPAIGN, arrivals=Trace((0.0,) * 100))
    assert evaluate(at_once, WITHOUT, 5).p99_s > evaluate(at_once, WITHOUT, 50).p99_s
    assert size(at_once, WITHOUT).outcome.meets(CAMPAIGN.target)


def test_a_large_day_is_cut_to_cells_and_says_so() -> None:
    whole = Campaign(CURVE.scaled(60_000), CAMPAIGN.server, CAMPAIGN.target, budget=60_000)
    cut = replace(whole, budget=6_000)
    hosts = round(1.2 * whole.floor_peak(WITHOUT))
    all_of_it, part = evaluate(whole, WITHOUT, hosts), evaluate(cut, WITHOUT, hosts)
    assert all_of_it.cell == hosts
    assert part.cell == hosts // 10
    assert part.simulated == pytest.approx(60_000 * part.cell / hosts, rel=0.05)
    assert part.p50_s == pytest.approx(all_of_it.p50_s, rel=0.1)
    assert part.p99_s >= 0.9 * all_of_it.p99_s


def test_shortening_keeps_the_figures_where_it_is_allowed() -> None:
    long = Campaign(
        Curve(((20_000.0, 2.0), (20_000.0, 3.0))), CAMPAIGN.server, Target(0.99, 4.0), budget=200_000
    )
    short = replace(long, budget=10_000)
    one, other = evaluate(long, WITHOUT, 2), evaluate(short, WITHOUT, 2)
    assert (one.shortened, one.cell) == (1.0, 2)
    assert other.shortened == pytest.approx(5.0)
    assert other.cell == 1
    alone = evaluate(replace(long, arrivals=Curve(((20_000.0, 1.0), (20_000.0, 1.5)))), WITHOUT, 1)
    assert other.p50_s == pytest.approx(alone.p50_s, rel=0.05)
    assert other.p99_s == pytest.approx(alone.p99_s, rel=0.15)


def test_an_endless_pile_is_never_shortened() -> None:
    overload = Campaign(Curve(((1_000.0, 20.0),)), CAMPAIGN.server, Target(0.99, 4.0), budget=2_000)
    endless = evaluate(overload, WITHOUT, 1)
    assert endless.shortened == 1.0
    assert endless.simulated > 19_000
    assert evaluate(replace(overload, admission=Admission(max_wait_s=5.0)), WITHOUT, 1).shortened > 1.0


@given(st.floats(1, 60), st.integers(1, 12), st.integers(0, 99))
def test_outcomes_are_shares_and_repeat(rate: float, hosts: int, seed: int) -> None:
    campaign = replace(
        CAMPAIGN,
        arrivals=Curve(((30.0, rate),)),
        crowd=Crowd(Lognormal(3.0, 0.5), 0.5, Constant(1.0), 3),
        admission=Admission(5, 2.0),
        budget=500,
    )
    outcome = evaluate(campaign, SHARES, hosts, seed=seed)
    for share in (outcome.shed_share, outcome.left_share, outcome.unanswered_share, outcome.busy_share):
        assert 0 <= share <= 1 + 1e-9
    assert 1 <= outcome.sendings <= 3
    assert outcome == evaluate(campaign, SHARES, hosts, seed=seed)


def test_shares_are_given_or_measured(tmp_path: Path) -> None:
    assert Mix.from_shares({"rules": 0.6, "classifier": 0.3, "llm": 0.1}).llm_share == pytest.approx(0.1)
    path = tmp_path / "ledger.json"
    path.write_text(
        json.dumps(
            {
                "requests": 110,
                "statuses": {"answered": 90, "unresolved": 10, "rejected": 10},
                "tiers": {
                    "rules": {"answered": 60, "latency_us": {"mean": 40.0}},
                    "classifier": {"answered": 25, "latency_us": {"mean": None}},
                    "llm": {"answered": 5},
                },
            }
        )
    )
    mix = read_mix(path)
    assert mix.tiers == (LowerTier("rules", 0.6, 40e-6), LowerTier("classifier", 0.25, None))
    assert mix.llm_share == pytest.approx(0.15)


def test_a_ledgers_own_snapshot_is_read(tmp_path: Path) -> None:
    ledger = Ledger()
    rules = Attempt("rules", Abstention("unknown"), "escalated", "unknown", Cost(30_000))
    model = Attempt("llm", Abstention("unknown"), "answered", "", Cost(2_000_000_000, calls=1))
    for _ in range(3):
        ledger(Result("answered", None, "rules", attempts=(replace(rules, verdict="answered"),)))
    ledger(Result("answered", None, "llm", attempts=(rules, model)))
    ledger(Result("rejected", None, reason="empty"))
    path = tmp_path / "ledger.json"
    path.write_text(json.dumps(ledger.snapshot().to_dict()))
    (tier,) = read_mix(path).tiers
    assert (tier.name, tier.share) == ("rules", 0.75)
    assert tier.core_s == pytest.approx(30e-6)


@pytest.mark.parametrize("text", ["", "[]", '{"requests": 1}', '{"requests": 0, "tiers": {}}', "\x00"])
def test_what_is_no_ledger_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ledger.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"ledger\.json"):
        read_mix(path)
    with pytest.raises(ConfigurationError, match=r"none\.json"):
        read_mix(tmp_path / "none.json")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Mix.from_shares({"rules": 0.7, "classifier": 0.4}),
        lambda: Mix.from_shares({"rules": 0.7, "llm": 0.2}),
        lambda: Mix.from_shares({"rules": -0.1}),
        lambda: LowerTier("rules", 0.5, -1.0),
        lambda: Target(1.0, 5.0),
        lambda: Target(0.9, 0.0),
        lambda: Rates(Decimal(-1)),
        lambda: Rates(None, Decimal("NaN")),
        lambda: replace(CAMPAIGN, calls=0.0),
        lambda: replace(CAMPAIGN, core_load=1.5),
        lambda: plan(CAMPAIGN, SHARES, provisioned=-1),
    ],
)
def test_what_cannot_be_is_refused(wrong: object) -> None:
    with pytest.raises(ConfigurationError):
        wrong()  # type: ignore[operator]


def test_the_promo_day_ships() -> None:
    scenario, folder = read_scenario()
    assert read_scenario(PROMO_DAY)[0] == scenario
    ollama, vllm = (named.campaign for named in scenario.campaigns(folder))
    assert ollama.arrivals.expected == pytest.approx(30e6)
    assert ollama.arrivals.duration_s == 9 * 3600
    assert 1 / ollama.server.capacity_per_s == pytest.approx(60 / 41)
    assert 1 / vllm.server.capacity_per_s == pytest.approx(60 / 793)
    # the arithmetic of the day's ten million orders at ten calls each: 309 orders a second on average
    orders = replace(ollama, arrivals=ollama.arrivals.scaled(10e6), calls=10.0)  # type: ignore[attr-defined]
    assert orders.floor_mean(WITHOUT) == pytest.approx(4_517, abs=2)
    assert replace(orders, server=vllm.server).floor_mean(WITHOUT) == 234
    assert replace(orders, server=vllm.server).floor_mean(Mix.from_shares({"rules": 0.95})) == 12


SCENARIO = """
title = "small"
calls = 2.0
[arrivals]
segments = [[60.0, 4.0]]
[target]
percentile = 0.9
latency_s = 5.0
[crowd]
patience_p50_s = 10.0
[admission]
queue_per_host = 10
[[servers]]
name = "a"
slots = 4
peak_tokens_per_s = 100.0
alone_tokens_per_s = 40.0
output_tokens = 20.0
host_hour = "12.5"
"""


def test_a_scenario_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(SCENARIO)
    scenario, folder = read_scenario(path)
    (named,) = scenario.campaigns(folder)
    assert (named.server, folder) == ("a", tmp_path)
    assert named.campaign.server.work.mean == 0.5
    assert named.campaign.server.slowdown.table(4) == [1.0, 1.0, 1.0, 1.2, 1.6]
    assert named.campaign.needed(WITHOUT) == 480
    assert named.campaign.rates.host_hour == Decimal("12.5")
    assert named.campaign.crowd.patience == Lognormal(10.0, 0.0)
    rows = [{"sent_s": second, "done_s": second + 0.5} for second in range(20)]
    (tmp_path / "run.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "trace.jsonl").write_text("\n".join(json.dumps({"planned_s": row["sent_s"]}) for row in rows))
    own = SCENARIO.replace("segments = [[60.0, 4.0]]", 'trace = "trace.jsonl"\nscale_to = 500.0').replace(
        "peak_tokens_per_s = 100.0\nalone_tokens_per_s = 40.0\noutput_tokens = 20.0",
        'run = "run.jsonl"\nrun_slots = 1',
    )
    path.write_text(own)
    (named,) = read_scenario(path)[0].campaigns(tmp_path)
    assert named.campaign.arrivals.expected == pytest.approx(500)
    assert named.campaign.server.work.mean == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("segments = [[60.0, 4.0]]", "", "arrivals"),
        ("segments = [[60.0, 4.0]]", "segments = [[60.0, -4.0]]", "segments"),
        ("slots = 4", "slots = 0", "servers.0.slots"),
        ("output_tokens = 20.0", "", "servers.0"),
        ("percentile = 0.9", "percentile = 99", "target.percentile"),
        ("[target]", "[target", "mine.toml"),
        ("queue_per_host", "queue", "admission.queue"),
    ],
)
def test_a_malformed_scenario_says_where(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(SCENARIO.replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        read_scenario(path)
    assert told in str(caught.value)


def test_a_scenario_that_is_not_there() -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        read_scenario("nowhere.toml")
