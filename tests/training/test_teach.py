"""A teacher is asked once about each utterance, whatever happens to the run, and its labels stay a model's labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pl = pytest.importorskip("polars")
from cascade.backends.base import ChatRequest  # noqa: E402
from cascade.config import Cascade  # noqa: E402
from cascade.engine import Engine  # noqa: E402
from cascade.ledger.entry import Entry  # noqa: E402
from cascade.loading import alone  # noqa: E402
from cascade.testing import FakeBackend  # noqa: E402
from training.annotation import AnnotationError  # noqa: E402
from training.retraining import labels  # noqa: E402
from training.retraining.teach import AT_ONCE, FILE, from_answers, teach  # noqa: E402


def teacher(backend: FakeBackend) -> Engine[Any]:
    return alone(Cascade.load(llm=backend), "llm")


def small_talk(_: ChatRequest) -> dict[str, str]:
    return {"intent": "chitchat"}


def said(count: int) -> list[str]:
    return [f"今天星期{n}吗" for n in range(count)]


def test_nothing_is_asked_twice(tmp_path: Path) -> None:
    backend = FakeBackend(small_talk)
    ticks: list[int] = []
    with teacher(backend) as engine:
        assert teach(engine, [*said(3), *said(3)], tmp_path) == (3, 0)
        assert len(backend.requests) == 3
        assert teach(engine, said(5), tmp_path, ticks.append) == (2, 0)
    assert (len(backend.requests), sum(ticks)) == (5, 5)
    read = labels.read([tmp_path / FILE], "llm")
    assert [label.text for label in read] == said(5)
    assert {(label.intent, label.order, label.by) for label in read} == {("chitchat", "", "fake")}


def test_a_run_that_was_cut_off_goes_on_where_it_was(tmp_path: Path) -> None:
    class Cut(Exception):
        pass

    def cut(asked: int) -> None:
        if asked:
            raise Cut

    backend = FakeBackend(small_talk)
    with teacher(backend) as engine:
        with pytest.raises(Cut):
            teach(engine, said(AT_ONCE + 3), tmp_path, cut)
        with (tmp_path / FILE).open("a", encoding="utf-8") as file:
            file.write('{"id": "torn')
        assert teach(engine, said(AT_ONCE + 3), tmp_path) == (3, 0)
    assert len(backend.requests) == AT_ONCE + 3
    assert len(labels.read([tmp_path / FILE], "llm")) == AT_ONCE + 3


def test_what_the_teacher_got_wrong_is_no_label(tmp_path: Path) -> None:
    backend = FakeBackend(["no JSON at all"])
    with teacher(backend) as engine:
        assert teach(engine, said(2), tmp_path) == (0, 2)
    assert labels.read([tmp_path / FILE], "llm") == []


def test_another_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(
        '{"text": "来一杯", "intent": "order_drink", "source": "human", "by": "amy"}\n'
    )
    with teacher(FakeBackend(small_talk)) as engine, pytest.raises(AnnotationError, match="source 'human'"):
        teach(engine, said(1), tmp_path)


def test_answers_of_a_cluster_become_labels_of_the_model_alone(tmp_path: Path) -> None:
    path = tmp_path / "part-0.parquet"
    turn = Entry(0.0, "run", 1, 1, 1, tier="llm", model="qwen3:8b")
    row = {"status": "answered", "costs": json.dumps([turn])}
    pl.DataFrame(
        [
            {
                **row,
                "text": "来一杯奶茶",
                "tier": "llm",
                "answer": '{"intent":"order_drink","items":[{"drink":"奶茶"}]}',
            },
            {**row, "text": "取消", "tier": "rules", "answer": '{"intent":"cancel_order"}'},
            {**row, "text": "嗯", "tier": None, "answer": None, "status": "unresolved"},
        ]
    ).write_parquet(path)
    (label,) = from_answers(path)
    assert (label.text, label.intent, label.order, label.source, label.by) == (
        "来一杯奶茶", "order_drink", "drink=奶茶", "llm", "qwen3:8b",
    )  # fmt: skip
    pl.DataFrame({"text": ["来一杯"]}).write_parquet(path)
    with pytest.raises(AnnotationError, match="no answers"):
        from_answers(path)
