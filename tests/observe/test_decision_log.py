"""One line a decision: nothing personal, nothing lost, nothing slowed, and readable after a crash."""

import json
import os
import random
import subprocess
import sys
import threading
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.errors import ConfigurationError
from cascade.observe.decision_log import DecisionLog, DecisionReader, read_decisions
from cascade.observe.privacy import Scrubber
from cascade.observe.record import CostRecord, DecisionRecord
from cascade.observe.recorder import Recorder, cost_line, encoded
from cascade.orders import OrderIntent, OrderItem
from cascade.result import Cost, Result
from cascade.rotation import Rotation
from observe.made import ASKED, MILK_TEA, by_classifier, by_llm, by_rules, personal, rejected

HEAD = {"kind": "decision", "run": "r", "seq": 1, "weight": 1.0}
ALL = [by_rules(), by_classifier(), by_llm(), personal(), rejected()]


def line_of(result: Result[Any], scrub: bool = True, **more: Any) -> DecisionRecord:
    recorder = Recorder(Scrubber() if scrub else None)
    return DecisionRecord.model_validate_json(encoded(recorder.line(result, 1_794_355_200.5, HEAD, **more)))


@pytest.mark.parametrize("result", ALL)
def test_a_line_tells_the_whole_decision(result: Result[Any]) -> None:
    record = line_of(result, scrub=False)
    assert record.text == (result.utterance.raw if result.utterance else None)
    assert (record.status, record.tier, record.intent) == (result.status, result.tier, result.intent)
    assert (record.confidence, record.reason, record.bundle) == (
        result.confidence,
        result.reason,
        result.bundle,
    )
    assert [attempt.cost.cost() for attempt in record.attempts] == [
        attempt.cost for attempt in result.attempts
    ]
    assert [(a.tier, a.verdict, a.reason) for a in record.attempts] == [
        (a.tier, a.verdict, a.reason) for a in result.attempts
    ]
    if result.answer is not None:
        assert OrderIntent.model_validate(record.answer) == result.answer
    assert record.time.isoformat() == "2026-11-11T00:00:00.500000+00:00"
    assert not record.scrubbed


def test_a_proposal_comes_back_as_a_policy_sees_it() -> None:
    proposal = line_of(by_classifier()).attempts[1].proposal()
    assert proposal is not None
    assert (proposal.intent, proposal.confidence, proposal.runner_up, proposal.complete) == (
        "order_drink",
        0.97,
        ("chitchat", 0.01),
        True,
    )
    assert line_of(by_classifier()).attempts[0].proposal() is None


def test_nothing_personal_is_in_any_part_of_a_line() -> None:
    record = line_of(personal())
    text = record.model_dump_json()
    for piece in ("88号", "建国路", "13800138", "８００", "张伟"):
        assert piece not in text
    assert record.text == "千问，帮我点杯奶茶，送到<address>，电话<phone>，收件人<name>"
    assert record.candidates[0].answer == {
        "intent": "order_drink",
        "items": [{"drink": "奶茶"}],
        "fulfilment": {"mode": "delivery", "address": "<address>"},
        "preferences": ["电话<phone>", "<phone>", "收件人<name>"],
    }
    assert record.candidates[0].uncovered == ("<phone>", "<name>")
    assert record.attempts[0].detail == "<name> is not known"
    assert record.attempts[1].cost.input_tokens is None


def test_a_word_that_shows_anyhow_is_not_taken_from_the_answer() -> None:
    coffee = OrderIntent(intent="order_drink", items=(OrderItem(drink="咖啡"),))
    record = line_of(by_rules("来杯咖啡，送到咖啡街8号", coffee))
    assert record.text == "来杯咖啡，送到<address>"
    assert record.answer == {"intent": "order_drink", "items": [{"drink": "咖啡"}]}


def test_equal_normalised_texts_have_equal_hashes_that_tell_nothing_personal() -> None:
    hashes = [line_of(by_rules(text)).text_hash for text in ("千问，来杯奶茶", "来杯奶茶。", "来杯果茶")]
    assert hashes[0] == hashes[1] != hashes[2]
    numbers = [line_of(by_rules(f"电话{number}")).text_hash for number in (13800138000, 13900139000)]
    assert numbers[0] == numbers[1]
    assert line_of(rejected()).text_hash is None


@given(
    st.builds(
        Cost,
        st.integers(0, 10**15),
        st.none() | st.integers(0, 10**15),
        st.integers(0, 9),
        st.none() | st.integers(0, 10**6),
        st.none() | st.integers(0, 10**6),
        st.none() | st.integers(0, 10**6),
        st.none() | st.just("m"),
    )
)
def test_costs_survive_the_log_and_unknown_stays_unknown(cost: Cost) -> None:
    assert CostRecord.model_validate_json(json.dumps(cost_line(cost))).cost() == cost


def test_everything_is_on_disk_after_close_and_nothing_is_taken_later(tmp_path: Path) -> None:
    with DecisionLog(tmp_path, campaign="1111", rung=lambda: "amber", clock=lambda: 1e9, run="r") as log:

        def work() -> None:
            for result in ALL * 40:
                log(result)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    reader = read_decisions(tmp_path)
    records = list(reader)
    assert len(records) == log.written == 4 * 40 * len(ALL)
    assert sorted(record.seq for record in records) == list(range(1, len(records) + 1))
    assert {(r.campaign, r.rung, r.run, r.weight) for r in records} == {
        ("1111", "amber", f"r-{os.getpid()}", 1.0)
    }
    assert (reader.problems, reader.skipped, log.dropped) == ([], 0, 0)
    log(by_rules())
    assert (log.dropped, log.queued) == (1, 0)
    log.close()


def test_flush_brings_lines_to_the_file_while_the_log_goes_on(tmp_path: Path) -> None:
    with DecisionLog(tmp_path, flush_interval_s=30) as log:
        assert log.flush()
        log(by_rules())
        assert log.flush()
        assert len(list(read_decisions(tmp_path))) == 1
        log(by_llm())
        assert log.flush()
        assert len(list(read_decisions(tmp_path))) == 2


def test_a_full_queue_drops_and_counts_and_never_blocks(tmp_path: Path) -> None:
    gate = threading.Event()

    def slow() -> float:
        if threading.current_thread() is not threading.main_thread():
            gate.wait()
        return 1e9

    with DecisionLog(tmp_path, max_queued=10, flush_interval_s=0.001, clock=slow) as log:
        for _ in range(200):
            log(by_rules())
        gate.set()
    records = list(read_decisions(tmp_path))
    assert log.dropped > 0
    assert len(records) + log.dropped == 200


def test_a_disk_that_refuses_drops_and_counts_and_breaks_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    with DecisionLog(tmp_path / "file" / "logs") as log:
        log(by_rules())
    assert (log.written, log.dropped) == (0, 1)
    assert "writing a log failed" in caplog.text


def test_a_line_that_cannot_be_made_is_dropped_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with DecisionLog(tmp_path) as log:
        log(by_rules(answer=type("Odd", (), {"intent": "order_drink", "model_dump": None})()))
        log(by_rules(answer=MILK_TEA))
    assert (log.written, log.dropped) == (1, 1)
    assert "a line could not be made" in caplog.text


def test_files_rotate_by_size_and_age_and_the_oldest_go(tmp_path: Path) -> None:
    now = [1e9]
    with DecisionLog(tmp_path / "age", clock=lambda: now[0], rotation=Rotation(max_age_s=60)) as log:
        for _ in range(3):
            log(by_rules())
            assert log.flush()
            now[0] += 61
    names = [path.name for path in sorted((tmp_path / "age").iterdir())]
    assert [name[:25] for name in names] == [
        f"decisions-20010909T0{time}" for time in ("14640", "14741", "14842")
    ]
    with DecisionLog(tmp_path / "size", rotation=Rotation(max_bytes=1, keep=2)) as log:
        for _ in range(5):
            log(by_rules())
            assert log.flush()
    assert len(list((tmp_path / "size").iterdir())) == 2
    assert [record.seq for record in read_decisions(tmp_path / "size")] == [4, 5]


def test_two_logs_in_one_folder_do_not_touch_each_others_files(tmp_path: Path) -> None:
    with DecisionLog(tmp_path, clock=lambda: 1e9) as one, DecisionLog(tmp_path, clock=lambda: 1e9) as other:
        one(by_rules())
        other(by_llm())
    assert len(list(tmp_path.iterdir())) == 2
    assert len(list(read_decisions(tmp_path))) == 2


@pytest.mark.parametrize("fsync", ["never", "close", "batch"])
def test_every_fsync_policy_writes(tmp_path: Path, fsync: Any) -> None:
    with DecisionLog(tmp_path, fsync=fsync) as log:
        log(by_rules())
    assert len(list(read_decisions(tmp_path))) == 1


def test_a_child_process_goes_on_in_files_of_its_own(tmp_path: Path) -> None:
    program = """
import os, sys
from cascade.observe.decision_log import DecisionLog
from observe.made import by_rules
log = DecisionLog(sys.argv[1], flush_interval_s=0.5)
log(by_rules())
child = os.fork()
log(by_rules())
log.close()
if child:
    os.waitpid(child, 0)
else:
    os._exit(0)
"""
    _python(program, tmp_path)
    records = list(read_decisions(tmp_path))
    assert len(records) == 3
    assert len({record.run for record in records}) == 2
    assert len(list(tmp_path.iterdir())) == 2


def test_an_interpreter_that_ends_in_order_loses_nothing(tmp_path: Path) -> None:
    program = """
import sys
from cascade.observe.decision_log import DecisionLog
from observe.made import by_rules
log = DecisionLog(sys.argv[1], flush_interval_s=5)
for _ in range(100):
    log(by_rules())
"""
    _python(program, tmp_path)
    assert len(list(read_decisions(tmp_path))) == 100


def _python(program: str, *arguments: Any) -> None:
    path = os.pathsep.join([str(Path(__file__).parents[2]), str(Path(__file__).parents[1])])
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program, *map(str, arguments)]
    subprocess.run(command, check=True, timeout=60, env={**os.environ, "PYTHONPATH": path})


def test_weights_make_up_for_what_was_not_kept(tmp_path: Path) -> None:
    def share(result: Result[Any]) -> float:
        return 0.1 if result.tier == "rules" else 1.0

    with DecisionLog(tmp_path, sample=share, rng=random.Random(1)) as log:
        for _ in range(2000):
            log(by_rules())
        for _ in range(30):
            log(by_llm())
    records = list(read_decisions(tmp_path))
    assert sum(1 for record in records if record.tier == "llm") == 30
    assert sum(record.weight for record in records if record.tier == "rules") == pytest.approx(2000, rel=0.2)
    assert log.dropped == 0
    with DecisionLog(tmp_path / "none", sample=0.0) as none:
        none(by_rules())
    assert (none.written, none.dropped) == (0, 0)


def test_audits_and_corrections_repeat_the_decision_and_are_read_apart(tmp_path: Path) -> None:
    with DecisionLog(tmp_path) as log:
        log(personal())
        found = {"intent": "order_drink", "answer": MILK_TEA, "cost": cost_line(ASKED)}
        assert log.audited(by_rules(), watch="acting", probability=0.02, agrees=False, **found)
        assert log.corrected(personal(), "order_drink", personal().candidates[0].answer, source="operator")
    assert len(list(read_decisions(tmp_path))) == 1
    audit, correction = read_decisions(tmp_path, kinds=["audit", "correction"])
    assert audit.audit is not None
    assert (audit.audit.agrees, audit.audit.answer) == (
        False,
        {"intent": "order_drink", "items": [{"drink": "奶茶"}]},
    )
    assert correction.corrected is not None
    assert correction.corrected.answer is not None
    assert correction.corrected.answer["fulfilment"]["address"] == "<address>"


def test_a_torn_or_foreign_line_is_told_and_passed_over(tmp_path: Path) -> None:
    with DecisionLog(tmp_path) as log:
        for result in ALL:
            log(result)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b'{"v":2}\n', b"\xff\n", *lines[1:4], lines[4][:-20]]))
    reader = read_decisions(path)
    assert len(list(reader)) == 4
    assert [(problem.line, problem.reason.partition(":")[0]) for problem in reader.problems][1:] == [
        (3, reader.problems[1].reason.partition(":")[0]),
        (7, "torn"),
    ]
    assert reader.problems[0].reason.startswith("v: ")
    assert reader.skipped == 3
    assert len(list(reader)) == 4  # once more, with nothing counted twice
    assert reader.skipped == 3


@given(st.integers(0, 4000))
def test_a_log_cut_anywhere_gives_its_whole_lines(cut: int) -> None:
    recorder = Recorder(Scrubber())
    lines = [encoded(recorder.line(result, 1e9, HEAD)) + b"\n" for result in ALL]
    data = b"".join(lines)[:cut]
    reader = DecisionReader((), frozenset({"decision"}))
    read = list(reader._read(Path("x"), BytesIO(data)))
    whole = data.count(b"\n")
    assert whole <= len(read) <= whole + 1  # a last line that lacks nothing but its end is whole
    assert reader.skipped == (0 if data.endswith(b"\n") or not data or len(read) > whole else 1)


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="between 0 and 1"):
        DecisionLog(tmp_path, sample=1.5)
    with pytest.raises(ConfigurationError, match="keep_personal_data"):
        DecisionLog(tmp_path, scrubber=Scrubber(), keep_personal_data=True)
    with pytest.raises(ConfigurationError, match="above zero"):
        DecisionLog(tmp_path, max_queued=0)
    with pytest.raises(ConfigurationError, match="no decision log"):
        read_decisions(tmp_path / "nowhere")
