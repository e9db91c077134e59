"""Half-open lets a few through, however many ask; what belongs to yesterday is ignored."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cascade.traffic.breaker import Breaker, Permit
from cascade.traffic.spec import BreakerSpec
from traffic.kit import ManualClock

SPEC = BreakerSpec(
    streak=4,
    window=10,
    min_calls=4,
    failure_rate=0.5,
    slow_s=2,
    slow_rate=0.8,
    open_s=1,
    max_open_s=8,
    probes=3,
)


def opened(clock: ManualClock) -> Breaker:
    breaker = Breaker(SPEC, clock)
    for _ in range(SPEC.min_calls):
        permit = breaker.permit()
        assert permit is not None
        breaker.failed(permit)
    assert breaker.state == "open"
    return breaker


def test_a_hundred_at_once_get_no_more_than_the_probes() -> None:
    clock = ManualClock()
    breaker = opened(clock)
    assert breaker.permit() is None
    clock.now += SPEC.open_s
    permits = [breaker.permit() for _ in range(100)]
    assert sum(permit is not None for permit in permits) == SPEC.probes


def test_probes_that_succeed_close_it_and_one_that_fails_doubles_the_pause() -> None:
    clock = ManualClock()
    breaker = opened(clock)
    clock.now += SPEC.open_s
    failing = breaker.permit()
    assert failing is not None
    breaker.failed(failing)
    assert breaker.opens_in_s == 2 * SPEC.open_s
    clock.now += 2 * SPEC.open_s
    for permit in [breaker.permit() for _ in range(SPEC.probes)]:
        assert permit is not None
        breaker.succeeded(permit, 0.1)
    assert breaker.state == "closed"


@pytest.mark.parametrize(("latency", "state"), [(1.9, "closed"), (2.0, "open")])
def test_slow_calls_open_it_as_failures_do(latency: float, state: str) -> None:
    breaker = Breaker(SPEC, ManualClock())
    for _ in range(SPEC.min_calls):
        permit = breaker.permit()
        assert permit is not None
        breaker.succeeded(permit, latency)
    assert breaker.state == state


def test_a_host_that_dies_after_long_success_is_left_alone_after_a_few_failures() -> None:
    breaker = Breaker(BreakerSpec(streak=3), ManualClock())
    for failing in [False] * 50 + [True] * 3:
        assert breaker.state == "closed"
        permit = breaker.permit()
        assert permit is not None
        if failing:
            breaker.failed(permit)
        else:
            breaker.succeeded(permit, 0.1)
    assert breaker.state == "open"


def test_a_cancelled_probe_gives_its_place_back() -> None:
    clock = ManualClock()
    breaker = opened(clock)
    clock.now += SPEC.open_s
    permits = [breaker.permit() for _ in range(SPEC.probes)]
    assert breaker.permit() is None
    assert permits[0] is not None
    breaker.forgotten(permits[0])
    assert breaker.permit() is not None


def test_a_late_success_of_the_closed_days_does_not_close_an_open_breaker() -> None:
    clock = ManualClock()
    breaker = Breaker(SPEC, clock)
    old = breaker.permit()
    assert old is not None
    for _ in range(SPEC.min_calls):
        permit = breaker.permit()
        assert permit is not None
        breaker.failed(permit)
    clock.now += SPEC.open_s
    for _ in range(SPEC.probes):
        breaker.succeeded(old, 0.1)
    assert breaker.state == "half_open"


class BreakerMachine(RuleBasedStateMachine):
    """Whatever happens in whatever order, half-open never has more than its probes under way."""

    @initialize()
    def begin(self) -> None:
        self.clock = ManualClock()
        self.breaker = Breaker(SPEC, self.clock)
        self.out: list[tuple[Permit, str]] = []
        self.pause = 0.0

    @rule(seconds=st.floats(0, 5))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(many=st.integers(1, 100))
    def ask(self, many: int) -> None:
        for _ in range(many):
            permit = self.breaker.permit()
            if permit is not None:
                self.out.append((permit, self.breaker.state))

    @precondition(lambda self: self.out)
    @rule(how=st.sampled_from(["good", "slow", "bad", "gone"]), which=st.integers(0))
    def finish(self, how: str, which: int) -> None:
        permit, _ = self.out.pop(which % len(self.out))
        if how == "bad":
            self.breaker.failed(permit)
        elif how == "gone":
            self.breaker.forgotten(permit)
        else:
            self.breaker.succeeded(permit, 0.1 if how == "good" else 3.0)

    @invariant()
    def probes_are_bounded(self) -> None:
        probing = sum(
            permit.probe and permit.generation == self.breaker._generation for permit, _ in self.out
        )
        assert probing <= SPEC.probes

    @invariant()
    def room_is_told_truly(self) -> None:
        room, state = self.breaker.room, self.breaker.state
        assert (room is None) == (state == "closed")
        assert state != "open" or room == 0
        assert room is None or 0 <= room <= SPEC.probes

    @invariant()
    def pauses_are_bounded(self) -> None:
        assert 0 <= self.breaker.opens_in_s <= SPEC.max_open_s


TestBreakerMachine = BreakerMachine.TestCase
