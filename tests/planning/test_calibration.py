"""A server that is known is found again from its runs; a run that cannot be read says where."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.errors import ConfigurationError
from cascade.planning import (
    Constant,
    Curve,
    RecordedRun,
    Served,
    Server,
    Slowdown,
    calibrate,
    compare,
    measured,
    read_run,
    simulate,
)

FIXED, PER_TOKEN = 0.05, 0.01


def recorded(
    server: Server, rate: float, seconds: float, *, seed: int = 0, tokens: bool = True
) -> RecordedRun:
    """A run on a server of which everything is known."""
    rng = np.random.default_rng(seed)
    asked = Curve(((seconds, rate), (seconds / 3, rate / 4))).sample(rng)
    out = rng.choice([12, 24, 40], len(asked))
    work = (FIXED + PER_TOKEN * out) * rng.lognormal(0.0, 0.1, len(asked))
    run = simulate(asked, server, hosts=1, seed=seed, work_s=work)
    told = [(50, int(count)) if tokens else (None, None) for count in out]
    return RecordedRun.of(
        [
            Served(
                sent_s=sent,
                done_s=done,
                load_duration=round(server.overhead.mean * 1e9) or None,
                prompt_eval_count=inputs,
                eval_count=outputs,
            )
            for sent, done, (inputs, outputs) in zip(asked, run.answered_s, told, strict=True)
        ]
    )


def known(slots: int, beta: float, *, intake_s: float = 0.0, overhead: float = 0.0) -> Server:
    return Server(slots, Constant(0.3), Slowdown.linear(beta), Constant(overhead), intake_s)


@pytest.mark.parametrize("beta", [0.1, 0.5, 0.9])
def test_a_slowdown_is_found_again(beta: float) -> None:
    found = calibrate(recorded(known(4, beta), 3.0, 400), slots=4)
    assert not found.assumed
    assert found.beta == pytest.approx(beta, abs=0.06)
    assert found.rates is not None
    assert found.rates.output_s == pytest.approx(PER_TOKEN, rel=0.1)
    assert found.server.work.mean == pytest.approx(FIXED + PER_TOKEN * 25.3, rel=0.05)


def test_without_tokens_a_slowdown_is_found_less_sharply() -> None:
    found = calibrate(recorded(known(4, 0.5), 3.0, 800, tokens=False), slots=4)
    assert found.rates is None
    assert found.beta == pytest.approx(0.5, abs=0.15)


def test_what_comers_take_from_who_is_in_service_is_found_again() -> None:
    found = calibrate(recorded(known(1, 0.0, intake_s=0.04), 2.5, 300), slots=1)
    assert found.server.intake_s == pytest.approx(0.04, abs=0.01)
    assert calibrate(recorded(known(1, 0.0), 2.5, 300), slots=1).server.intake_s < 0.005


def test_one_slot_shows_no_slowdown() -> None:
    found = calibrate(recorded(known(1, 0.0, overhead=0.05), 2.0, 200), slots=1)
    assert found.assumed
    assert found.beta == 1.0
    assert found.server.overhead.mean == pytest.approx(0.05)
    assert found.with_slots(4).capacity_per_s == pytest.approx(found.server.capacity_per_s)


@pytest.mark.parametrize("by_tokens", [True, False])
def test_another_load_is_predicted(by_tokens: bool) -> None:
    server = known(4, 0.6, overhead=0.03)
    found = calibrate(recorded(server, 2.0, 400, seed=1), slots=4)
    # not 4.0, close to the capacity of 4.7: there a per cent of capacity is a tenth of the wait
    for rate in (1.0, 3.0, 8.0):
        errors = compare(found, recorded(server, rate, 120, seed=2), slots=4, by_tokens=by_tokens).errors
        assert abs(errors.mean_s) < 0.12
        assert abs(errors.p99_s) < 0.15
        assert abs(errors.drained_s) < 0.05


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 5)), min_size=2, max_size=30), st.integers(1, 5))
def test_any_run_calibrates(lines: list[tuple[float, float]], slots: int) -> None:
    run = RecordedRun.of([Served(sent_s=sent, done_s=sent + took) for sent, took in lines])
    if sum(took for _, took in lines) < 1e-3:
        return
    found = calibrate(run, slots=slots)
    assert 0 <= found.beta <= 1
    assert found.server.capacity_per_s > 0
    assert found.requests == len(lines)


def test_a_run_is_read(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    rows = [
        {"sent_s": 1.5, "done_s": 2.0, "planned_s": 1.4, "status": 200, "eval_duration": 300_000_000, "x": 1},
        {"sent_s": 0.5, "done_s": 1.0},
        {"sent_s": 1.0, "status": 503},
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n", encoding="utf-8")
    run = read_run(path)
    assert run.planned_s.tolist() == [0.5, 1.0, 1.4]
    assert run.sent_s.tolist() == [0.5, 1.5]
    assert np.isnan(run.served_s).all()
    assert measured(run).drain_s == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"sent_s": 1, "done_s": 2}\n{"sent_s": 1,', ":2: Invalid JSON"),
        ('{"sent_s": 1, "done_s": 2}\n\n{"done_s": 2}', ":3: sent_s: Field required"),
        ('{"sent_s": 2, "done_s": 1}', ":1: Value error, done_s: an answer comes after"),
        ('{"sent_s": 2}', ":1: Value error, done_s"),
        ('{"sent_s": NaN, "done_s": 1}', ":1: "),
        ('{"sent_s": 1, "done_s": 2, "eval_count": "many"}', ":1: eval_count: "),
        ("[1, 2]", ":1: "),
        ("", "nothing was answered"),
        ('{"sent_s": 1, "status": 503}', "nothing was answered"),
    ],
)
def test_a_malformed_run_says_where(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_run(path)
    assert told in str(caught.value)


def test_a_run_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.jsonl"):
        read_run(tmp_path / "none.jsonl")
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match=r"bytes\.jsonl"):
        read_run(tmp_path / "bytes.jsonl")


def test_one_answer_is_too_few() -> None:
    with pytest.raises(ConfigurationError, match="two answered"):
        calibrate(RecordedRun.of([Served(sent_s=0.0, done_s=1.0)]), slots=1)
