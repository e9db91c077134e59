"""The rung follows the load with hysteresis, and a hand overrides it."""

from typing import cast

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cascade.backends.base import Priority
from cascade.traffic.rungs import ADMITTED, Rungs
from cascade.traffic.spec import RUNGS, Rung, RungSpec
from traffic.kit import ManualClock

SPEC = RungSpec(window_s=10, amber_wait_s=1, red_wait_s=3, rise_s=1, calm_s=10, calm_share=0.5)


def lived(rungs: Rungs, clock: ManualClock, seconds: float, wait: float, failed: bool = False) -> list[Rung]:
    seen = []
    for _ in range(int(seconds * 2)):
        clock.now += 0.5
        rungs.waited(wait)
        rungs.ended(failed=failed)
        seen.append(rungs.update())
    return seen


def test_a_short_spike_moves_nothing_and_a_lasting_one_does() -> None:
    clock = ManualClock()
    rungs = Rungs(SPEC, clock)
    rungs.waited(5.0)
    assert rungs.update() == "normal"
    assert lived(rungs, clock, 20, 0.0)[-1] == "normal"
    assert lived(rungs, clock, 20, 1.5)[-1] == "amber"
    assert lived(rungs, clock, 20, 5.0)[-1] == "red"


def test_it_comes_down_one_rung_at_a_time_after_a_calm() -> None:
    clock = ManualClock()
    rungs = Rungs(SPEC, clock)
    lived(rungs, clock, 20, 5.0)
    seen = lived(rungs, clock, 60, 0.0)
    assert [rung for i, rung in enumerate(seen) if i == 0 or rung != seen[i - 1]] == [
        "red",
        "amber",
        "normal",
    ]
    assert seen.count("red") >= SPEC.calm_s * 2
    assert seen.count("amber") >= SPEC.calm_s * 2


def test_just_under_the_limit_is_no_calm() -> None:
    clock = ManualClock()
    rungs = Rungs(SPEC, clock)
    lived(rungs, clock, 20, 1.5)
    assert set(lived(rungs, clock, 60, 0.8)) == {"amber"}


def test_errors_move_it_as_waiting_does() -> None:
    clock = ManualClock()
    rungs = Rungs(SPEC, clock)
    assert lived(rungs, clock, 20, 0.0, failed=True)[-1] == "red"


def test_a_line_that_does_not_move_counts_though_nobody_was_served() -> None:
    clock = ManualClock()
    rungs = Rungs(SPEC, clock)
    rungs.update(4.0)
    clock.now += 1
    assert rungs.update(5.0) == "red"


def test_without_any_traffic_it_comes_down() -> None:
    clock = ManualClock()
    rungs = Rungs(SPEC, clock)
    lived(rungs, clock, 20, 5.0)
    for _ in range(100):
        clock.now += 0.5
        rungs.update()
    assert rungs.current == "normal"


def test_by_hand_and_back() -> None:
    clock = ManualClock()
    told: list[tuple[Rung, Rung]] = []
    rungs = Rungs(SPEC, clock, moved=lambda before, after: told.append((before, after)))
    rungs.hold("llm_free")
    assert set(lived(rungs, clock, 30, 0.0)) == {"llm_free"}
    assert not any(rungs.admits(priority) for priority in Priority)
    rungs.hold(None)
    assert told == [("normal", "llm_free"), ("llm_free", "normal")]


def test_a_campaign_without_the_model_stays_so_whatever_the_load() -> None:
    clock = ManualClock()
    rungs = Rungs(RungSpec(start="llm_free"), clock)
    assert set(lived(rungs, clock, 30, 0.0)) == {"llm_free"}


def test_the_others_count_and_the_hand_counts_more() -> None:
    rungs = Rungs(SPEC, ManualClock())
    seen = []
    for others, held in (("red", None), ("red", "amber"), ("red", None), ("normal", None)):
        rungs.follow(cast("Rung", others))
        rungs.hold(cast("Rung | None", held))
        seen.append((rungs.current, rungs.own))
    assert seen == [("red", "normal"), ("amber", "amber"), ("red", "normal"), ("normal", "normal")]


@pytest.mark.parametrize("lower", range(3))
def test_each_rung_admits_no_more_than_the_one_below(lower: int) -> None:
    assert ADMITTED[RUNGS[lower + 1]] < ADMITTED[RUNGS[lower]]


class RungMachine(RuleBasedStateMachine):
    """Never down twice within the calm, never up without a signal that lasted."""

    @initialize()
    def begin(self) -> None:
        self.clock = ManualClock()
        self.moves: list[tuple[float, Rung, Rung]] = []
        self.rungs = Rungs(SPEC, self.clock, moved=lambda a, b: self.moves.append((self.clock.now, a, b)))

    @rule(seconds=st.floats(0, 20), wait=st.floats(0, 10), failed=st.booleans(), many=st.integers(0, 20))
    def live(self, seconds: float, wait: float, failed: bool, many: int) -> None:
        self.clock.now += seconds
        for _ in range(many):
            self.rungs.waited(wait)
            self.rungs.ended(failed=failed)
        self.rungs.update(wait)

    @invariant()
    def moves_are_lawful(self) -> None:
        last = 0.0
        for at, before, after in self.moves:
            if RUNGS.index(after) < RUNGS.index(before):
                assert RUNGS.index(before) - RUNGS.index(after) == 1
                assert at - last >= SPEC.calm_s - 1e-6
            last = at
        assert self.rungs.current in cast("tuple[str, ...]", RUNGS[:3])


TestRungMachine = RungMachine.TestCase
