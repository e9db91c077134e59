"""The simulation against queueing theory, against another simulator, and its invariants."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.errors import ConfigurationError
from cascade.planning import (
    Admission,
    Constant,
    Crowd,
    Curve,
    Exponential,
    Lognormal,
    Server,
    Slowdown,
    simulate,
)
from cascade.planning.distributions import Floats
from planning.oracles import mean_wait, simpy_answers, wait_beyond


@st.composite
def moments(draw: st.DrawFn, most: int = 40) -> Floats:
    gaps = draw(st.lists(st.floats(0, 3), max_size=most))
    return np.cumsum(gaps)


servers = st.builds(
    Server,
    slots=st.integers(1, 4),
    work=st.builds(Lognormal, median=st.floats(0.05, 3), sigma=st.floats(0, 1)),
    slowdown=st.builds(Slowdown.linear, st.floats(0, 1)),
    overhead=st.builds(Constant, st.floats(0, 0.5)),
    intake_s=st.sampled_from([0.0, 0.05, 0.2]),
)
crowds = st.builds(
    Crowd,
    patience=st.one_of(st.none(), st.builds(Lognormal, median=st.floats(0.1, 5), sigma=st.floats(0, 1))),
    repeats=st.floats(0, 1),
    pause=st.builds(Constant, st.floats(0, 2)),
    max_asks=st.integers(1, 4),
    hangup_cancels=st.booleans(),
)
admissions = st.builds(
    Admission,
    queue_per_host=st.one_of(st.none(), st.integers(0, 5)),
    max_wait_s=st.one_of(st.none(), st.floats(0, 3)),
)


@given(
    asked=moments(),
    server=servers,
    crowd=crowds,
    admission=admissions,
    hosts=st.integers(1, 3),
    until=st.one_of(st.just(float("inf")), st.floats(0, 40)),
    seed=st.integers(0, 99),
)
def test_nothing_is_lost_and_nothing_invented(
    asked: Floats, server: Server, crowd: Crowd, admission: Admission, hosts: int, until: float, seed: int
) -> None:
    run = simulate(asked, server, hosts=hosts, seed=seed, admission=admission, crowd=crowd, until_s=until)
    assert run.requests == run.answered + run.shed + run.left + run.in_flight
    assert run.answered == np.isfinite(run.answered_s).sum()
    assert np.all(run.latency_s >= 0)
    assert np.all(run.waited_s >= 0)
    assert run.users <= run.requests <= run.users * crowd.max_asks or until < np.inf
    assert run.busy_s <= run.ended_s * hosts + 1e-6
    if until == np.inf:
        assert run.in_flight == 0
        assert crowd.patience is not None or run.left == 0
    again = simulate(asked, server, hosts=hosts, seed=seed, admission=admission, crowd=crowd, until_s=until)
    assert np.array_equal(run.answered_s, again.answered_s)
    assert np.array_equal(run.waited_s, again.waited_s)
    assert (run.requests, run.shed, run.left) == (again.requests, again.shed, again.left)


@given(asked=moments(), slots=st.integers(1, 3), hosts=st.integers(1, 3), seed=st.integers(0, 99))
def test_another_host_never_makes_anybody_wait_longer(
    asked: Floats, slots: int, hosts: int, seed: int
) -> None:
    server = Server(slots, Lognormal(1.0, 0.8))
    fewer = simulate(asked, server, hosts=hosts, seed=seed)
    more = simulate(asked, server, hosts=hosts + 1, seed=seed)
    assert np.all(more.waited_s <= fewer.waited_s + 1e-9)


@given(asked=moments(), beta=st.floats(0, 1), seed=st.integers(0, 99))
def test_work_is_conserved_on_a_shared_processor(asked: Floats, beta: float, seed: int) -> None:
    """However many slots, a processor that is shared by all is busy for as long as the work takes."""
    work = np.random.default_rng(seed).exponential(1.0, len(asked))
    one = simulate(asked, Server(1, Exponential(1.0)), hosts=1, seed=seed, work_s=work)
    four = simulate(asked, Server(4, Exponential(1.0), Slowdown.linear(1.0)), hosts=1, seed=seed, work_s=work)
    gains = simulate(
        asked, Server(4, Exponential(1.0), Slowdown.linear(beta)), hosts=1, seed=seed, work_s=work
    )
    assert one.busy_s == pytest.approx(work.sum(), abs=1e-6)
    assert four.busy_s == pytest.approx(work.sum(), abs=1e-6)
    assert gains.busy_s <= work.sum() + 1e-6


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (1, 0.8), (3, 2.4), (10, 8.5)])
def test_erlang_c(servers: int, load: float) -> None:
    work, count = 2.0, 60_000
    rate = load / work
    asked = Curve(((count / rate, rate),)).sample(np.random.default_rng(5))
    for hosts, slots in {(1, servers), (servers, 1)}:
        run = simulate(asked, Server(slots, Exponential(work)), hosts=hosts, seed=6)
        assert run.mean_wait_s == pytest.approx(mean_wait(servers, rate, work), rel=0.08)
        for seconds in (0.0, work):
            seen = float((run.waited_s > seconds).mean())
            assert seen == pytest.approx(wait_beyond(servers, rate, work, seconds), rel=0.08)


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_processor_sharing_keeps_its_law(load: float) -> None:
    """M/G/1 with a shared processor: the mean is work / (1 - load), whatever the distribution."""
    asked = Curve(((60_000 / load, load),)).sample(np.random.default_rng(1))
    work = Lognormal(1 / np.exp(0.5), 1.0)
    run = simulate(asked, Server(1_000, work, Slowdown.linear(1.0)), hosts=1, seed=2)
    assert run.mean_latency_s == pytest.approx(1 / (1 - load), rel=0.08)


@settings(max_examples=40)
@given(
    asked=moments(most=60),
    servers=st.integers(1, 4),
    impatient=st.booleans(),
    split=st.booleans(),
    seed=st.integers(0, 999),
)
def test_simpy_answers_everybody_at_the_same_moment(
    asked: Floats, servers: int, impatient: bool, split: bool, seed: int
) -> None:
    asked = asked + np.arange(len(asked)) * 1e-4  # who comes at the very same moment has no order
    rng = np.random.default_rng(seed)
    work = rng.lognormal(0.5, 1.0, len(asked))
    patience = Lognormal(2.0, 0.7)
    crowd = Crowd(patience=patience if impatient else None)
    hosts, slots = (servers, 1) if split else (1, servers)
    run = simulate(asked, Server(slots, Exponential(1.0)), hosts=hosts, seed=seed, crowd=crowd, work_s=work)
    drawn = patience.sample(np.random.default_rng(np.random.SeedSequence(seed).spawn(5)[2]), len(asked))
    theirs = simpy_answers(asked, work, drawn if impatient else None, servers)
    assert np.allclose(run.answered_s, theirs, atol=1e-6)


def test_nobody_comes() -> None:
    run = simulate(np.empty(0), Server(1, Constant(1.0)), hosts=1, seed=0)
    assert (run.users, run.requests, run.ended_s) == (0, 0, 0.0)
    assert run.quantile_s(0.99) == 0.0
    assert run.mean_latency_s is None
    assert run.mean_wait_s is None


def test_everybody_comes_at_once() -> None:
    asked = np.zeros(5_000)
    waits = simulate(asked, Server(4, Constant(1.0)), hosts=5, seed=0)
    assert waits.ended_s == pytest.approx(250.0)
    assert waits.quantile_s(0.5) == pytest.approx(125.0)
    refused = simulate(
        asked, Server(4, Constant(1.0)), hosts=5, seed=0, admission=Admission(queue_per_host=10)
    )
    assert (refused.answered, refused.shed) == (70, 4_930)
    assert refused.quantile_s(0.5) == np.inf


def test_a_wait_that_is_too_long_is_shed() -> None:
    asked = np.zeros(5)
    run = simulate(asked, Server(1, Constant(1.0)), hosts=1, seed=0, admission=Admission(max_wait_s=2.5))
    assert run.answered_s.tolist() == [1.0, 2.0, 3.0, np.inf, np.inf]
    assert run.shed == 2


def test_who_is_refused_comes_again() -> None:
    crowd = Crowd(repeats=1.0, pause=Constant(0.9), max_asks=3)
    run = simulate(
        np.zeros(3),
        Server(1, Constant(1.0)),
        hosts=1,
        seed=0,
        crowd=crowd,
        admission=Admission(queue_per_host=0),
    )
    # at 0.0 one is served; at 0.9 both are refused; at 1.8 one is served, one has asked three times
    assert run.answered_s.tolist() == [1.0, 2.8, np.inf]
    assert (run.requests, run.shed) == (7, 5)


def test_a_server_that_works_on_for_who_left_answers_fewer() -> None:
    asked = Curve(((2_000.0, 1.5),)).sample(np.random.default_rng(3))
    server, patience = Server(1, Constant(1.0)), Lognormal.through(3.0, 8.0)
    crowd = Crowd(patience, repeats=0.5, pause=Constant(1.0), max_asks=4)
    kind = simulate(asked, server, hosts=1, seed=4, crowd=crowd)
    blind = simulate(
        asked, server, hosts=1, seed=4, crowd=Crowd(patience, 0.5, Constant(1.0), 4, hangup_cancels=False)
    )
    assert blind.answered < 0.5 * kind.answered
    assert kind.requests > 1.2 * kind.users


def test_intake_takes_from_who_is_in_service() -> None:
    server = Server(1, Constant(1.0), intake_s=0.25)
    run = simulate(np.array([0.0, 0.5, 0.6]), server, hosts=1, seed=0)
    assert run.answered_s.tolist() == pytest.approx([1.5, 2.5, 3.5])
    assert server.capacity_per_s == pytest.approx(0.8)


def test_the_least_busy_host_is_taken() -> None:
    server = Server(2, Constant(1.0), Slowdown.linear(1.0))
    run = simulate(np.array([0.0, 0.1, 0.2]), server, hosts=3, seed=0)
    assert run.latency_s.tolist() == pytest.approx([1.0, 1.0, 1.0])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: simulate(np.zeros(1), Server(1, Constant(1.0)), hosts=0, seed=0),
        lambda: simulate(np.array([1.0, 0.0]), Server(1, Constant(1.0)), hosts=1, seed=0),
        lambda: simulate(np.zeros(2), Server(1, Constant(1.0)), hosts=1, seed=0, work_s=np.ones(1)),
        lambda: Server(0, Constant(1.0)),
        lambda: Server(1, Constant(0.0)),
        lambda: Server(1, Constant(1.0), intake_s=-1.0),
        lambda: Slowdown(((1, 1.0), (2, 0.5))),
        lambda: Slowdown(((2, 1.0),)),
        lambda: Slowdown.capped(10.0, 5.0, 4),
        lambda: Crowd(repeats=1.5),
        lambda: Crowd(max_asks=0),
        lambda: Admission(queue_per_host=-1),
        lambda: Admission(max_wait_s=float("nan")),
        lambda: Constant(float("inf")),
        lambda: Exponential(0.0),
        lambda: Lognormal(0.0, 1.0),
        lambda: Lognormal.through(2.0, 1.0),
    ],
)
def test_what_cannot_be_is_refused(wrong: object) -> None:
    with pytest.raises(ConfigurationError):
        wrong()  # type: ignore[operator]


def test_slowdowns() -> None:
    assert Slowdown().table(3) == [1.0, 1.0, 1.0, 1.0]
    assert Slowdown.linear(0.5).table(3) == [1.0, 1.0, 1.5, 2.0]
    assert Slowdown(((1, 1.0), (4, 2.5), (8, 4.5))).table(10)[4:] == [2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5]
    assert Slowdown.capped(20.0, 100.0, 10).table(10) == pytest.approx([1] * 6 + [1.2, 1.4, 1.6, 1.8, 2.0])


@given(p50=st.floats(0.01, 10), ratio=st.floats(1, 20))
def test_a_lognormal_goes_through_its_percentiles(p50: float, ratio: float) -> None:
    values = Lognormal.through(p50, p50 * ratio).sample(np.random.default_rng(0), 20_000)
    assert np.quantile(values, 0.5) == pytest.approx(p50, rel=0.1)
    assert np.quantile(values, 0.99) == pytest.approx(p50 * ratio, rel=0.25)
