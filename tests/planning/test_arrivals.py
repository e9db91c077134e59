"""Curves and traces give the arrivals they say, thinned fairly, and comparable at equal seeds."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.errors import ConfigurationError
from cascade.planning import Arrivals, Curve, Trace, read_trace

curves = st.lists(st.tuples(st.floats(0.1, 50), st.floats(0, 20)), min_size=1, max_size=5).map(
    lambda segments: Curve(tuple(segments))
)
traces = st.lists(st.floats(0, 500), max_size=50).map(Trace.of)
streams = st.one_of(curves, traces)


@given(streams, st.floats(0, 1), st.integers(0, 99))
def test_moments_are_in_order_and_in_time(stream: Arrivals, share: float, seed: int) -> None:
    moments = stream.sample(np.random.default_rng(seed), share)
    assert np.all(np.diff(moments) >= 0)
    assert np.all((moments >= 0) & (moments <= stream.duration_s + 1e-9))
    assert np.array_equal(moments, stream.sample(np.random.default_rng(seed), share))


@given(traces, st.integers(0, 99))
def test_a_smaller_share_is_part_of_a_larger(stream: Trace, seed: int) -> None:
    small, large = (stream.sample(np.random.default_rng(seed), share) for share in (0.3, 0.7))
    assert len(np.setdiff1d(small, large)) == 0
    assert np.array_equal(stream.sample(np.random.default_rng(seed)), np.asarray(stream.times))


@given(curves, st.floats(1, 1e6))
def test_scaling_keeps_the_shape(curve: Curve, total: float) -> None:
    if curve.expected < 1e-3:
        return
    scaled = curve.scaled(total)
    assert scaled.expected == pytest.approx(total)
    assert scaled.duration_s == pytest.approx(curve.duration_s)
    assert scaled.peak_per_s / curve.peak_per_s == pytest.approx(total / curve.expected)
    assert curve.shortened(4).expected == pytest.approx(curve.expected / 4)


def test_each_segment_has_its_rate() -> None:
    curve = Curve(((1_000, 10.0), (500, 0.0), (1_000, 40.0)))
    moments = curve.sample(np.random.default_rng(1), 0.5)
    counts = np.histogram(moments, [0, 1_000, 1_500, 2_500])[0]
    assert counts[0] == pytest.approx(5_000, rel=0.06)
    assert counts[1] == 0
    assert counts[2] == pytest.approx(20_000, rel=0.03)
    gaps = np.diff(moments[moments < 1_000])
    assert gaps.std() == pytest.approx(gaps.mean(), rel=0.06)


def test_running_totals() -> None:
    day = Curve.from_totals([(3, 1e6), (4, 2e6), (5, 5e6), (9, 10e6)])
    assert day.duration_s == 9 * 3600
    assert day.expected == pytest.approx(10e6)
    assert day.expected / day.duration_s == pytest.approx(309, abs=1)
    assert day.peak_per_s == pytest.approx(3e6 / 3600)
    assert day.scaled(30e6).expected / day.duration_s == pytest.approx(926, abs=1)


def test_nothing_comes() -> None:
    rng = np.random.default_rng(0)
    for stream in (Curve(()), Curve(((10.0, 0.0),)), Trace(()), Trace.of([])):
        assert len(stream.sample(rng)) == 0
        assert stream.expected == stream.peak_per_s == 0


@pytest.mark.parametrize(
    ("name", "text", "times"),
    [
        (
            "a.csv",
            "TIMESTAMP,ContextTokens\n2023-11-16 18:17:04.5000000,1\n2023-11-16 18:17:03.2500000,2\n",
            [0.0, 1.25],
        ),
        ("b.csv", "x,TIMESTAMP\n1,10.5\n2,12\n", [0.0, 1.5]),
        ("c.jsonl", '{"planned_s": 4}\n{"planned_s": 5.5, "sent_s": 9}\n', [0.0, 1.5]),
        ("d.csv", "TIMESTAMP\n", []),
        ("e.csv", "", []),
        ("f.jsonl", "", []),
    ],
)
def test_a_trace_is_read(tmp_path: Path, name: str, text: str, times: list[float]) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert list(read_trace(tmp_path / name).times) == times


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.csv", "TIMESTAMP\n2023-11-16 18:17:04\nsoon\n", r"a\.csv:3: "),
        ("a.csv", "TIMESTAMP,x\n1,1\n\n", r"a\.csv:3: "),
        ("a.csv", "WHEN\n1\n", r"a\.csv: "),
        ("a.csv", "TIMESTAMP\nnan\n", r"a\.csv:2: "),
        ("b.jsonl", '{"planned_s": 1}\n{"sent_s": 1}\n', r"b\.jsonl:2: "),
        ("b.jsonl", '{"planned_s": 1}\n{', r"b\.jsonl:2: "),
        ("b.jsonl", '{"planned_s": null}\n', r"b\.jsonl:1: "),
    ],
)
def test_a_malformed_trace_says_where(tmp_path: Path, name: str, text: str, told: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=told):
        read_trace(tmp_path / name)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Curve(((0.0, 1.0),)),
        lambda: Curve(((1.0, -1.0),)),
        lambda: Curve(((1.0, float("nan")),)),
        lambda: Curve(((1.0, 0.0),)).scaled(5.0),
        lambda: Curve.from_totals([(2, 5), (1, 6)]),
        lambda: Curve.from_totals([(1, 5), (2, 4)]),
        lambda: Trace((1.0, 0.5)),
        lambda: Trace((-1.0,)),
        lambda: Trace((float("inf"),)),
        lambda: Trace((1.0,)).sample(np.random.default_rng(0), 1.5),
        lambda: Curve(((1.0, 1.0),)).sample(np.random.default_rng(0), -0.1),
    ],
)
def test_what_cannot_be_is_refused(wrong: object) -> None:
    with pytest.raises(ConfigurationError):
        wrong()  # type: ignore[operator]
