"""What sinks keep is what a ledger counts; what they lose is counted; processes merge."""

import json
import logging
import multiprocessing
import os
import sqlite3
import sys
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cascade.errors import ConfigurationError, MissingExtra
from cascade.ledger import Ledger
from cascade.ledger.entry import Aside, Entry, Kept, entries, kept
from cascade.ledger.sinks import JsonlSink, ParquetSink, Sink, SqliteSink, read_costs
from cascade.ledger.sinks.jsonl import line
from cascade.prices import PriceBook
from cascade.result import Attempt, Cost, Proposal, Result
from cascade.rotation import Rotation
from ledger.test_ledger import BOOK, asked, labelled, modelled, ruled

Make = Callable[..., Sink]


def jsonl(folder: Path, **options: Any) -> Sink:
    return JsonlSink(folder, **options)


def sqlite(folder: Path, **options: Any) -> Sink:
    return SqliteSink(folder / "costs.db", **options)


def parquet(folder: Path, **options: Any) -> Sink:
    return ParquetSink(folder, **options)


KINDS = pytest.mark.parametrize("make", [jsonl, sqlite, parquet])


def told(paths: Any) -> dict[str, Any]:
    ledger = Ledger(BOOK)
    ledger.recount(read_costs(paths))
    return ledger.snapshot().to_dict()


@KINDS
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(labelled, min_size=1, max_size=3))
def test_sinks_of_several_processes_merge_to_what_one_ledger_counts(
    make: Make, tmp_path: Path, parts: list[Any]
) -> None:
    folders = [tmp_path / os.urandom(4).hex() for _ in parts]
    ledger_label: list[Any] = [None, None]
    ledger = Ledger(BOOK, campaign=lambda: ledger_label[0], rung=lambda: ledger_label[1])
    for folder, part in zip(folders, parts, strict=True):
        sink = make(folder, campaign=lambda: ledger_label[0], rung=lambda: ledger_label[1])
        with sink:
            for result, label in part:
                ledger_label[:] = label
                ledger(result)
                sink(result)
            if part:
                ledger.spent("audit", asked())
                sink.spent("audit", asked())
        assert sink.dropped == 0
    full = [folder for folder, part in zip(folders, parts, strict=True) if part]
    assert told(full) == ledger.snapshot().to_dict()
    assert told(full[::-1]) == ledger.snapshot().to_dict()


@KINDS
def test_an_orderly_close_loses_nothing_and_the_file_says_so(make: Make, tmp_path: Path) -> None:
    with make(tmp_path, max_queued=10_000, flush_interval_s=60) as sink:
        for _ in range(3000):
            sink(ruled())
        sink(modelled(asked()))
    reader = read_costs(tmp_path)
    assert sum(1 for _ in reader) == sink.written == 3001
    assert (reader.dropped, reader.unended, reader.problems, len(reader.runs)) == (0, (), [], 1)
    sink(ruled())
    assert (sink.written, sink.dropped) == (3001, 1)


@KINDS
def test_what_is_dropped_is_counted_in_the_file_too(make: Make, tmp_path: Path) -> None:
    with make(tmp_path, max_queued=20, flush_interval_s=30) as sink:
        for _ in range(100):
            sink(ruled())
    reader = read_costs(tmp_path)
    assert sum(1 for _ in reader) == sink.written == 20
    assert reader.dropped == sink.dropped == 80


@KINDS
def test_a_run_that_did_not_end_is_named(make: Make, tmp_path: Path) -> None:
    with make(tmp_path, run="whole", clock=count().__next__) as sink:
        sink(ruled())
    rows = [Entry(1.0, "torn-1", 1, 1, 1, tier="rules", verdict="answered")]
    (tmp_path / "costs-x.jsonl").write_bytes(b"\n".join(map(line, rows)) + b"\n")
    reader = read_costs(tmp_path)
    assert sum(1 for _ in reader) == 2
    assert reader.unended == ("torn-1",)


@KINDS
def test_no_word_of_what_was_said_is_kept(make: Make, tmp_path: Path) -> None:
    proposal = Proposal("chitchat", None, detail="隐私" * 9)
    result: Result[Any] = Result(
        "answered", None, attempts=(Attempt("rules", proposal, "answered", "隐私", Cost(1)),)
    )
    with make(tmp_path) as sink:
        sink(result)
    assert not any("隐私".encode() in path.read_bytes() for path in tmp_path.iterdir())


@KINDS
def test_nonsense_from_a_server_breaks_no_file(make: Make, tmp_path: Path) -> None:
    mad = Cost(1, calls=1, input_tokens=10**30, output_tokens=3, model="m\ud800")
    with make(tmp_path, campaign="x\ud800") as sink:
        sink(modelled(mad))
        sink(ruled())
    (first, _) = read_costs(tmp_path)
    assert first.label == ("x?", None)
    assert isinstance(first.what, Result)
    assert first.what.cost.input_tokens is None
    assert first.what.cost.model == "m?"


@given(labelled)
def test_a_request_survives_its_rows(many: list[tuple[Result[Any], Any]]) -> None:
    for seq, (result, label) in enumerate(many):
        back = kept(list(entries(Kept(1.5, "r", label, result), seq)))
        assert back.label == label
        assert isinstance(back.what, Result)
        was = [(turn.tier, turn.verdict, turn.cost) for turn in result.attempts]
        assert [(turn.tier, turn.verdict, turn.cost) for turn in back.what.attempts] == was
        assert (back.what.status, back.what.intent, back.what.tier) == (
            result.status,
            result.intent,
            result.tier,
        )


def test_something_spent_aside_survives_its_row() -> None:
    aside = Aside("cancelled", "llm", Cost.untold(3, "m"), 3)
    assert kept(list(entries(Kept(1.0, "r", ("c", None), aside), 1))).what == aside


def test_a_torn_line_is_told_and_the_request_passed_over(tmp_path: Path) -> None:
    with jsonl(tmp_path) as sink:
        sink(ruled())
        sink(modelled(asked()))
    (file,) = tmp_path.iterdir()
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:2]) + lines[2][:20])
    reader = read_costs(file)
    assert sum(1 for _ in reader) == 1
    assert reader.skipped == 2
    assert reader.problems == [f"{file}:3: torn: the line has no end"]
    assert len(reader.unended) == 1


def test_a_line_of_json_leaves_out_what_is_at_its_default() -> None:
    (row,) = entries(Kept(5.0, "r", (None, None), ruled(7)), 1)
    assert json.loads(line(row)) == {
        "v": 1, "time_s": 5.0, "run": "r", "seq": 1, "turn": 1, "turns": 1, "status": "answered",
        "answered_by": "rules", "tier": "rules", "verdict": "answered", "latency_ns": 7,
    }  # fmt: skip


def test_jsonl_files_are_rotated_and_read_in_their_order(tmp_path: Path) -> None:
    with JsonlSink(tmp_path, rotation=Rotation(max_bytes=1), flush_interval_s=0.001) as sink:
        for latency in range(1, 4):
            sink(ruled(latency))
            sink.flush()
    assert len(list(tmp_path.iterdir())) > 2
    assert [kept.what.cost.latency_ns for kept in read_costs(tmp_path)] == [1, 2, 3]


def test_parquet_files_are_whole_or_not_there(tmp_path: Path) -> None:
    with ParquetSink(tmp_path, rows_per_file=1, flush_interval_s=0.001) as sink:
        sink(ruled())
        sink.flush()
        assert list(tmp_path.glob("*.parquet")) == []
    assert len(list(tmp_path.glob("*.parquet"))) == 1
    assert list(tmp_path.glob(".*")) == []


def test_a_parquet_file_that_cannot_be_written_is_counted(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    logging.getLogger("cascade").disabled = True
    try:
        with ParquetSink(tmp_path / "file") as sink:
            sink(ruled())
            sink(modelled(asked()))
    finally:
        logging.getLogger("cascade").disabled = False
    assert (sink.written, sink.dropped) == (0, 2)


def test_a_disk_that_refuses_is_counted(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    for sink in (JsonlSink(tmp_path / "file"), SqliteSink(tmp_path / "file" / "x.db")):
        logging.getLogger("cascade").disabled = True
        try:
            with sink:
                sink(ruled())
        finally:
            logging.getLogger("cascade").disabled = False
        assert (sink.written, sink.dropped) == (0, 1)


def _in_a_process(path: Path, number: int) -> None:
    with SqliteSink(path, flush_interval_s=0.001) as sink:
        for _ in range(number):
            sink(modelled(asked()))
        sink.flush()
    if sink.dropped:
        os._exit(1)


def test_several_processes_write_to_one_database(tmp_path: Path) -> None:
    path = tmp_path / "costs.db"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_in_a_process, args=(path, 200)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    reader = read_costs(path)
    assert sum(1 for _ in reader) == 400
    assert (len(reader.runs), reader.unended) == (2, ())


def test_a_child_process_has_a_run_of_its_own(tmp_path: Path) -> None:
    sink = JsonlSink(tmp_path, run="r")
    sink(ruled())
    sink.flush()
    child = os.fork()
    if not child:
        sink(ruled())
        sink.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    sink.close()
    reader = read_costs(tmp_path)
    assert sum(1 for _ in reader) == 2
    assert set(reader.runs) == {f"r-{os.getpid()}", f"r-{child}"}


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    with jsonl(tmp_path) as sink:
        sink(ruled())
    (file,) = tmp_path.iterdir()
    reader = read_costs([file, tmp_path, str(file)])
    assert sum(1 for _ in reader) == 1


def test_what_is_no_file_of_costs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no costs at"):
        read_costs(tmp_path / "nowhere")
    other = tmp_path / "other.db"
    sqlite3.connect(other).execute("CREATE TABLE x (y)").connection.close()
    with pytest.raises(ConfigurationError, match="schema 0"):
        list(read_costs(other))
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and nothing more")
    with pytest.raises(ConfigurationError, match="broken"):
        list(read_costs(broken))
    later = tmp_path / "later.jsonl"
    later.write_text('{"v":2,"time_s":1,"run":"r","seq":1}\n')
    with pytest.raises(ConfigurationError, match="schema 2"):
        list(read_costs(later))


def test_a_missing_pyarrow_names_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"intent-cascade\[parquet\]"):
        ParquetSink(tmp_path)


def test_threads_share_a_sink(tmp_path: Path) -> None:
    with jsonl(tmp_path, max_queued=100_000) as sink:

        def work() -> None:
            for _ in range(500):
                sink(ruled())

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert told(tmp_path)["requests"] == 2000


def test_the_shipped_book_tells_the_money_of_what_was_kept(tmp_path: Path) -> None:
    with sqlite(tmp_path) as sink:
        sink(modelled(asked(model="qwen-plus")))
    ledger = Ledger()
    ledger.recount(read_costs(tmp_path))
    assert ledger.snapshot().charge("llm").amount == PriceBook.load().charge(asked(model="qwen-plus"))
