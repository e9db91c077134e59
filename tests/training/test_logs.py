"""The decision log is read whatever its form, and nothing personal goes further than its first step."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cascade.engine import Engine
from cascade.observe.decision_log import DecisionLog
from cascade.observe.privacy import Scrubber
from cascade.observe.record import CostRecord, DecisionRecord
from cascade.orders import OrderIntent
from cascade.policy import PolicySpec, Threshold, ThresholdPolicy
from cascade.result import Outcome, Proposal
from cascade.text import Normalizer, Utterance
from cascade.tiers.base import Context

pl = pytest.importorskip("polars")
from training.retraining import logs  # noqa: E402

HELLO = Proposal("chitchat", OrderIntent(intent="chitchat"))
SURE = Threshold(confidence=0.9)
POLICY = ThresholdPolicy(PolicySpec(default=SURE, acting=SURE), {"chitchat": False})


@dataclass
class Fixed:
    """A tier that says the same to everything."""

    name: str
    outcome: Outcome

    def propose(self, utterance: Utterance, context: Context) -> Outcome:
        return self.outcome


START = datetime(2026, 2, 6, 10, tzinfo=UTC)


def line(seq: int, text: str | None = "来杯奶茶", **more: Any) -> dict[str, Any]:
    time = (START + timedelta(seconds=seq)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    row = {"v": 1, "time": time, "run": "r", "seq": seq, "text": text, "status": "answered", "tier": "rules"}
    return {name: value for name, value in {**row, **more}.items() if value is not None}


def write(path: Path, rows: list[dict[str, Any]], tail: str = "") -> Path:
    body = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(body + tail, encoding="utf-8")
    return path


AUDIT = {"watch": "order_drink", "probability": 0.02, "agrees": False, "cost": {"latency_us": 5.0}}
TURN = [{"tier": "rules", "outcome": "proposal", "verdict": "answered", "cost": {"latency_us": 41.25}}]
ROWS = [
    line(2, "早", weight=4.0),
    line(1, answer={"intent": "order_drink", "items": [{"drink": "奶茶"}]}, confidence=0.97, attempts=TURN),
    line(7, kind="audit", attempts=TURN, audit=AUDIT),
    line(8, kind="correction", attempts=TURN, corrected={"source": "user", "intent": "decline"}),
    line(3, None, status="rejected", tier=None, reason="not_text"),
]


def test_the_rows_of_these_tests_are_lines_of_the_log() -> None:
    assert [DecisionRecord.model_validate(row).seq for row in ROWS] == [2, 1, 7, 8, 3]
    assert CostRecord(latency_us=5.0).cost().latency_ns == 5000


def test_one_row_a_decision_in_the_order_of_time(tmp_path: Path) -> None:
    log = logs.read([write(tmp_path / "a.jsonl", ROWS)])
    assert log.problems == ()
    assert log.frame["seq"].to_list() == [1, 2, 3]
    assert log.frame["weight"].to_list() == [1.0, 4.0, 1.0]
    first = log.frame.row(0, named=True)
    assert first["time"] == START + timedelta(seconds=1)
    assert json.loads(first["answer"])["items"] == [{"drink": "奶茶"}]
    assert json.loads(first["audit"])["agrees"] is False
    assert json.loads(first["corrected"])["intent"] == "decline"


def test_an_audit_whose_decision_was_not_kept_adds_nothing_to_the_traffic(tmp_path: Path) -> None:
    other = [{**TURN[0], "cost": {"latency_us": 41.26}}]
    log = logs.read([write(tmp_path / "a.jsonl", [line(1, attempts=other), *ROWS[2:4]])])
    assert log.frame.select("seq", "weight").rows() == [(1, 1.0), (7, 0.0)]
    assert log.frame["audit"].is_null().to_list() == [True, False]
    assert json.loads(log.frame["corrected"][1])["intent"] == "decline"


def test_decisions_without_attempts_stay_apart(tmp_path: Path) -> None:
    log = logs.read([write(tmp_path / "a.jsonl", [line(1), line(2), line(3, kind="audit", audit=AUDIT)])])
    assert log.frame["audit"].is_null().to_list() == [True, True, False]


def test_the_log_that_a_cascade_writes(tmp_path: Path) -> None:
    tier = Fixed("rules", HELLO)
    with DecisionLog(tmp_path) as log:
        made: Engine[OrderIntent] = Engine([tier], POLICY, Normalizer(), listeners=[log])
        results = [made.classify(text) for text in ("你好", "早上好", "你好")]
        assert log.audited(
            results[1], watch="chitchat", probability=0.5, agrees=False, cost={"latency_us": 1.0}
        )
        assert log.corrected(results[2], "decline")
    frame = logs.read(logs.files(tmp_path)).frame
    assert frame["text"].to_list() == ["你好", "早上好", "你好"]
    assert frame["audit"].is_null().to_list() == [True, False, True]
    assert frame["corrected"].is_null().to_list() == [True, True, False]
    assert frame["weight"].to_list() == [1.0, 1.0, 1.0]


def test_a_torn_line_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", ROWS[:2], tail='[]\n{"v": 1, "seq": "x"}\n{"v": 1, "time": "2026-0')
    log = logs.read([path])
    assert len(log.frame) == 2
    assert [problem.split(": ")[0] for problem in log.problems] == ["a.jsonl:3", "a.jsonl:4", "a.jsonl:5"]


@pytest.mark.parametrize("nested", [True, False])
def test_parquet_is_read_as_the_same(tmp_path: Path, nested: bool) -> None:
    source = write(tmp_path / "a.jsonl", ROWS)
    frame = (
        pl.read_ndjson(source, infer_schema_length=None)
        if nested
        else pl.read_ndjson(source, schema=logs._SCHEMA)
    )
    if nested:
        frame = frame.with_columns(pl.col("time").str.to_datetime(time_zone="UTC"))
    frame.write_parquet(tmp_path / "a.parquet")
    left, right = logs.read([source]).frame, logs.read([tmp_path / "a.parquet"]).frame
    plain = ["time", "seq", "text", "status", "confidence", "weight"]
    assert left.select(plain).equals(right.select(plain))
    answer = json.loads(right["answer"][0])
    assert (answer["intent"], answer["items"][0]["drink"]) == ("order_drink", "奶茶")


def test_files_are_found_by_folder(tmp_path: Path) -> None:
    write(tmp_path / "b.jsonl", ROWS[:1])
    write(tmp_path / "a.jsonl", ROWS[1:2])
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    assert [path.name for path in logs.files(tmp_path)] == ["a.jsonl", "b.jsonl"]
    assert logs.files(tmp_path / "a.jsonl") == [tmp_path / "a.jsonl"]
    with pytest.raises(logs.LogError, match="no decision log"):
        logs.files(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("row", "message"), [({**line(1), "v": 2}, "schema"), ({**line(1), "time": "yesterday"}, "ISO 8601")]
)
def test_another_schema_is_refused(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    with pytest.raises(logs.LogError, match=message):
        logs.read([write(tmp_path / "a.jsonl", [row])])


def test_what_is_not_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"no")
    with pytest.raises(logs.LogError, match="not a Parquet"):
        logs.read([tmp_path / "a.parquet"])


def test_no_logs_are_no_rows() -> None:
    assert len(logs.read([]).frame) == 0


def test_texts_are_scrubbed_whatever_the_log_says_and_normalised(tmp_path: Path) -> None:
    rows = [
        line(1, "电话13800138000"),
        line(2, "电话13800138000", scrubbed=False),
        line(3, "Ｏ Ｋ"),
        line(4, "  "),
        line(5, None),
    ]
    frame = logs.read([write(tmp_path / "a.jsonl", rows)]).frame
    done = logs.prepare(frame, Scrubber(), lambda text: text.strip().lower() or None)
    assert done["text"].to_list() == ["电话<phone>", "电话<phone>", "Ｏ Ｋ"]
    assert done["said"].to_list() == ["电话<phone>", "电话<phone>", "ｏ ｋ"]
