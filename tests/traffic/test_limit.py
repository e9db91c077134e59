"""Between floor and ceiling always; up while the host keeps pace, down when its own line grows."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cascade.traffic.limit import AdaptiveLimit
from cascade.traffic.spec import LimitSpec
from traffic.kit import ManualClock


def served(limit: AdaptiveLimit, clock: ManualClock, rounds: int, slots: int, *, tells: bool) -> list[int]:
    """A host that serves ``slots`` at once in a second each and makes the rest wait; always as many as allowed."""
    seen = []
    for _ in range(rounds):
        many, began = limit.value, clock.now
        for place in range(many):
            queued = float(place // slots)
            clock.now = began + 1.0 + queued
            limit.replied(1.0 + queued, queued if tells else None, many)
        seen.append(limit.value)
    return seen


@pytest.mark.parametrize("slots", [1, 4, 16])
def test_a_host_that_tells_its_line_is_given_about_what_it_serves_at_once(slots: int) -> None:
    clock = ManualClock()
    late = served(AdaptiveLimit(LimitSpec(), clock), clock, 200, slots, tells=True)[100:]
    assert min(late) >= 0.7 * slots
    assert max(late) <= 2 * slots + 1


@pytest.mark.parametrize("slots", [1, 4])
def test_a_host_that_tells_nothing_is_judged_by_its_latency(slots: int) -> None:
    clock = ManualClock()
    late = served(AdaptiveLimit(LimitSpec(tolerance=2.0), clock), clock, 200, slots, tells=False)[100:]
    assert min(late) >= slots
    assert max(late) <= 5 * slots


def test_an_idle_host_is_not_given_more_for_being_quick() -> None:
    limit = AdaptiveLimit(LimitSpec(floor=2), ManualClock())
    for _ in range(100):
        limit.replied(0.5, None, 1)
    assert limit.value == 2


def test_one_burst_of_failures_costs_one_step() -> None:
    clock = ManualClock()
    limit = AdaptiveLimit(LimitSpec(floor=1, ceiling=100, decrease=0.5), clock)
    served(limit, clock, 40, 1000, tells=True)
    before = limit.value
    assert before == 100
    for _ in range(100):
        limit.overloaded()
    assert limit.value == before // 2


def test_those_that_began_before_a_cut_do_not_cut_again() -> None:
    clock = ManualClock()
    limit = AdaptiveLimit(LimitSpec(floor=1, ceiling=100, decrease=0.5), clock)
    served(limit, clock, 40, 1000, tells=True)
    clock.now += 10
    limit.overloaded()
    assert limit.value == 50
    for _ in range(50):  # in flight since before the cut, when there were too many: each of them is late
        clock.now += 0.2
        limit.replied(20.0, 15.0, 100)
        limit.overloaded(20.0)
        limit.cut_off(20.0)
    assert limit.value == 50
    clock.now += 20
    for _ in range(100):
        limit.replied(4.0, 3.0, 50)
    assert limit.value == 25


def test_many_requests_that_meet_their_deadlines_are_too_many() -> None:
    clock = ManualClock()
    limit = AdaptiveLimit(LimitSpec(), clock)
    served(limit, clock, 20, 1000, tells=False)
    before = limit.value
    for number in range(20 * before):
        clock.now += 0.1
        if number % 10:
            limit.replied(1.0, None, 1)
        else:
            limit.cut_off(0.05)
    assert limit.value == before
    for _ in range(20 * before):
        clock.now += 0.1
        limit.cut_off(0.05)
    assert limit.value < before / 2


def test_a_host_that_came_back_starts_at_the_floor() -> None:
    clock = ManualClock()
    limit = AdaptiveLimit(LimitSpec(), clock)
    served(limit, clock, 20, 1000, tells=True)
    limit.restart()
    assert limit.value == 1
    assert limit.baseline_s is None


class LimitMachine(RuleBasedStateMachine):
    @initialize(floor=st.integers(1, 5), span=st.integers(0, 40), decrease=st.floats(0.01, 0.99))
    def begin(self, floor: int, span: int, decrease: float) -> None:
        self.clock = ManualClock()
        self.spec = LimitSpec(floor=floor, ceiling=floor + span, decrease=decrease)
        self.limit = AdaptiveLimit(self.spec, self.clock)

    @rule(latency=st.floats(0, 100), queued=st.none() | st.floats(0, 100), in_flight=st.integers(1, 100))
    def reply(self, latency: float, queued: float | None, in_flight: int) -> None:
        for _ in range(5):
            self.limit.replied(latency, queued, in_flight)

    @rule(many=st.integers(1, 30), took=st.floats(0, 100))
    def cut_off(self, many: int, took: float) -> None:
        for _ in range(many):
            self.limit.cut_off(took)

    @rule(seconds=st.floats(0, 10), took=st.floats(0, 20))
    def overload(self, seconds: float, took: float) -> None:
        self.clock.now += seconds
        before = self.limit.value
        self.limit.overloaded(took)
        assert self.limit.value <= before

    @rule(many=st.integers(1, 100))
    def stragglers(self, many: int) -> None:
        """After a cut, whatever began before it and is late says nothing."""
        self.clock.now += 1000
        before = self.limit.value
        self.limit.overloaded()
        after = self.limit.value
        began = self.clock.now - 0.001
        if after < before:
            self.clock.now += 5
            for _ in range(many):
                self.limit.replied(self.clock.now - began, 1.0, 100)
                self.limit.cut_off(self.clock.now - began)
                self.limit.overloaded(self.clock.now - began)
            assert self.limit.value == after

    @rule()
    def restart(self) -> None:
        self.limit.restart()

    @invariant()
    def within_bounds(self) -> None:
        assert self.spec.floor <= self.limit.value <= self.spec.ceiling


TestLimitMachine = LimitMachine.TestCase
