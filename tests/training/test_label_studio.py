"""What goes to a labelling server and what comes back: the server is a fake, its export a real one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from training.annotation import AnnotationError
from training.recipe import RecipeError
from training.retraining import label_studio, queue
from training.retraining.label_studio import LabelStudioTable, SdkStudio
from training.retraining.queue import Item

RECORDED = Path(__file__).parent / "recorded" / "label_studio_export.json"
INTERFACE = queue.labelling_config(["order_drink", "chitchat"])


class FakeStudio:
    """A server that keeps tasks in a list; ``broken`` is exported instead of them."""

    def __init__(self, broken: str | None = None) -> None:
        self.tasks: list[dict[str, Any]] = []
        self.requests = 0
        self.broken = broken

    def project(self, title: str, interface: str) -> int:
        assert interface == INTERFACE
        return 1 + (title != "promo day")

    def known(self, project: int) -> set[str]:
        return {task["data"]["id"] for task in self.tasks}

    def add(self, project: int, tasks: Sequence[dict[str, Any]]) -> None:
        self.requests += 1
        self.tasks += tasks

    def export(self, project: int) -> str:
        return self.broken or json.dumps(self.tasks)


def tasks(count: int) -> str:
    made = (Item(id=str(n), text=f"来{n}杯", reason="control", weight=1, times=1) for n in range(count))
    return queue.to_label_studio(made, "tea@1")


def test_a_queue_that_grew_sends_what_is_new_and_nothing_twice() -> None:
    studio = FakeStudio()
    first = label_studio.push(studio, "promo day", tasks(1201), INTERFACE)
    assert (first.added, first.known, studio.requests) == (1201, 0, 3)
    again = label_studio.push(studio, "promo day", tasks(1203), INTERFACE)
    assert (again.added, again.known, studio.requests) == (2, 1201, 4)
    assert len({task["data"]["id"] for task in studio.tasks}) == len(studio.tasks) == 1203


def test_a_pull_replaces_the_file_only_by_what_can_be_read(tmp_path: Path) -> None:
    studio = FakeStudio()
    label_studio.push(studio, "promo day", tasks(2), INTERFACE)
    returned = label_studio.pull(studio, "promo day", INTERFACE, tmp_path)
    assert (returned.labels, returned.open) == ((), 2)
    kept = (tmp_path / label_studio.RETURNED).read_bytes()
    with pytest.raises(AnnotationError, match="not an export"):
        label_studio.pull(FakeStudio("<html>"), "promo day", INTERFACE, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [label_studio.RETURNED]
    assert (tmp_path / label_studio.RETURNED).read_bytes() == kept


def test_a_real_export_is_read() -> None:
    """Of label-studio 1.23.2, by test_label_studio_server.py: one confirmed, one relabelled, one skipped, one open."""
    returned = queue.from_label_studio(RECORDED.read_text(encoding="utf-8"))
    assert [(label.id, label.text, label.intent, label.order) for label in returned.labels] == [
        ("a", "来杯奶茶少糖", "order_drink", "drink=奶茶 sugar=less"),
        ("b", "别点了🙏", "cancel_order", ""),
    ]
    assert {label.source for label in returned.labels} == {"human"}
    assert returned.open == 2


def test_without_a_token_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABEL_STUDIO_API_KEY", raising=False)
    with pytest.raises(RecipeError, match=r"LABEL_STUDIO_API_KEY|--group label"):
        SdkStudio.connect(LabelStudioTable(url="http://127.0.0.1:1"))


class _Refusing:
    """An SDK client whose every call fails the way the SDK does, with the token in its words."""

    status_code = 401

    def __getattr__(self, name: str) -> _Refusing:
        return self

    def __call__(self, *_: Any, **__: Any) -> Any:
        error = RuntimeError("Authorization: Token secret-token")
        error.status_code = self.status_code  # type: ignore[attr-defined]
        raise error


def test_what_the_sdk_raises_is_said_without_the_token() -> None:
    studio = SdkStudio(_Refusing())
    for ask in (
        lambda: studio.project("promo day", INTERFACE),
        lambda: studio.export(1),
        lambda: studio.add(1, []),
    ):
        with pytest.raises(RecipeError, match="status 401") as told:
            ask()
        assert "secret" not in str(told.value)
