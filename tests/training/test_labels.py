"""Labels of people and of models stay apart, and a queue comes back as it went out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.annotation import AnnotationError, parse_line
from training.retraining import labels, queue
from training.retraining.labels import Label
from training.retraining.queue import Item

INTENTS = ("order_drink", "decline", "chitchat")


def said(
    text: str, intent: str = "decline", order: str = "", by: str = "amy", source: Any = "human"
) -> Label:
    return Label(text=text, intent=intent, order=order, by=by, source=source)


def spelling(text: str) -> str:
    return text.strip().lower()


texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
items = st.builds(
    Item,
    id=st.text("0123456789abcdef", min_size=4, max_size=8),
    text=texts,
    reason=st.sampled_from(["uncertain", "escalated"]),
    weight=st.floats(1, 100),
    times=st.integers(1, 999),
    suggested_intent=st.sampled_from(["", "order_drink"]),
    suggested_order=st.sampled_from(["", "drink=奶茶 n=2", "_"]),
)


@given(st.lists(items, max_size=5))
def test_a_sheet_comes_back_with_the_texts_it_went_out_with(sent: list[Item]) -> None:
    sheet = queue.to_csv(sent)
    assert queue.from_csv(sheet) == queue.Returned((), len(sent))
    import csv
    import io

    rows = list(csv.DictReader(io.StringIO(sheet.removeprefix("\ufeff"), newline="")))
    out = io.StringIO()
    filled = csv.DictWriter(out, queue.COLUMNS, quoting=csv.QUOTE_ALL)
    filled.writeheader()
    filled.writerows(
        [{**row, "intent": "order_drink", "order": "drink=奶茶", "annotator": "amy"} for row in rows]
    )
    back = queue.from_csv(out.getvalue())
    assert back.open == 0
    assert [(label.id, label.text) for label in back.labels] == [(item.id, item.text) for item in sent]
    assert all(label.source == "human" and label.by == "amy" for label in back.labels)


@given(texts)
def test_no_cell_is_a_formula(text: str) -> None:
    item = Item(id="1", text=text, reason="uncertain", weight=1, times=1)
    row = queue.to_csv([item]).splitlines()[1]
    assert row.split('","')[1][:1] not in {"=", "+", "-", "@"}


def exported(task: dict[str, Any], **annotation: Any) -> dict[str, Any]:
    result = task["predictions"][0]["result"] if task["predictions"] else []
    return {
        **task,
        "annotations": [{"id": 7, "completed_by": 3, "was_cancelled": False, "result": result} | annotation],
    }


@given(st.lists(items, max_size=5))
def test_label_studio_gives_back_what_a_person_confirmed(sent: list[Item]) -> None:
    tasks = json.loads(queue.to_label_studio(sent, "tea@1"))
    back = queue.from_label_studio(json.dumps([exported(task) for task in tasks]))
    suggested = [item for item in sent if item.suggested_intent]
    assert back.open == len(sent) - len(suggested)
    assert [(label.id, label.text, label.intent, label.order) for label in back.labels] == [
        (item.id, item.text, "order_drink", item.suggested_order) for item in suggested
    ]
    assert {label.source for label in back.labels} <= {"human"}


def test_what_nobody_answered_is_open() -> None:
    item = Item(id="1", text="来一杯", reason="uncertain", weight=1, times=1, suggested_intent="order_drink")
    (task,) = json.loads(queue.to_label_studio([item], "tea@1"))
    for unanswered in (
        task,
        {**task, "annotations": []},
        exported(task, was_cancelled=True),
        exported(task, result=[]),
    ):
        assert queue.from_label_studio(json.dumps([unanswered])) == queue.Returned((), 1)
    (label,) = queue.from_label_studio(json.dumps([exported(task, completed_by={"email": "amy@x"})])).labels
    assert label.by == "amy@x"


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"annotations": [{"result": [{}]}]}]', "nonsense"])
def test_what_is_no_export_is_refused(text: str) -> None:
    with pytest.raises(AnnotationError, match="not an export"):
        queue.from_label_studio(text)


def test_a_sheet_without_the_columns_is_refused() -> None:
    with pytest.raises(AnnotationError, match="no columns"):
        queue.from_csv("a,b\n1,2\n")


def test_the_interface_offers_every_intent() -> None:
    root = Xml.fromstring(queue.labelling_config(INTENTS))
    assert [choice.attrib["value"] for choice in root.iter("Choice")] == list(INTENTS)
    assert {part.attrib["name"] for part in root.iter() if "toName" in part.attrib} == {"intent", "order"}


def test_sources_are_never_mixed(tmp_path: Path) -> None:
    path = tmp_path / "human.jsonl"
    labels.write(path, [said("别点了"), said("来一杯", "order_drink", "_", source="llm", by="qwen")])
    with pytest.raises(AnnotationError, match=r"human\.jsonl:2: a label of source 'llm'"):
        labels.read([path], "human")
    with pytest.raises(ValueError, match="never brought together"):
        labels.agreed([said("a"), said("a", source="llm")], INTENTS, spelling)


def test_labels_are_read_as_they_were_written(tmp_path: Path) -> None:
    path, kept = tmp_path / "deep" / "human.jsonl", [said("别点了"), said("来\n一杯", "order_drink", "_")]
    labels.write(path, kept)
    assert labels.read([path], "human") == kept


@pytest.mark.parametrize("line", ["{", "[]", '{"text": "x"}'])
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "human.jsonl"
    path.write_text(f"\n{line}\n", encoding="utf-8")
    with pytest.raises(AnnotationError, match=r"human\.jsonl:2: not a label"):
        labels.read([path], "human")


def test_those_who_agree_settle_an_utterance_and_others_dispute_it() -> None:
    settled, disputed = labels.agreed(
        [
            said("来杯奶茶", "order_drink", "drink=奶茶 sugar=less"),
            said("来杯奶茶 ", "order_drink", "sugar=less drink=奶茶", by="bob"),
            said("不了"),
            said("不了", "chitchat", by="bob"),
            said("500杯", "order_drink", "!"),
        ],
        INTENTS,
        spelling,
    )
    assert [(one.example.text, one.by) for one in settled] == [
        ("来杯奶茶", ("amy", "bob")),
        ("500杯", ("amy",)),
    ]
    assert settled[1].example.order is None
    assert [str(one) for one in disputed] == ["'不了': amy: decline; bob: chitchat"]


@pytest.mark.parametrize(
    ("intent", "order"), [("no_such", ""), ("decline", "drink=奶茶"), ("order_drink", "n=0")]
)
def test_a_label_out_of_the_notation_is_refused(intent: str, order: str) -> None:
    with pytest.raises(AnnotationError, match="by amy"):
        labels.agreed([said("x", intent, order)], INTENTS, spelling)


@given(texts.filter(str.strip))
def test_a_label_is_a_line_of_a_training_set(text: str) -> None:
    line = labels.tsv(said(text, "order_drink", "drink=奶茶 n=2").example(INTENTS))
    example = parse_line(line, INTENTS)
    assert not line.startswith("#")
    assert "".join(example.text.split())[1:] == "".join(text.split())[1:]
    assert (example.intent, example.order) == (
        "order_drink",
        said(text, "order_drink", "drink=奶茶 n=2").example(INTENTS).order,
    )
