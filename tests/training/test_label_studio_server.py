"""The round trip through a real Label Studio: its package, its server, its SDK, its own export.

Needs the packages ``label-studio`` and ``label-studio-sdk``; they pin versions that the library does not, so they are
tried in an environment of their own. ``LABEL_STUDIO_EXPORT=FILE`` keeps what the server exported: the recording in
``tests/training/recorded/`` was made so.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sdk = pytest.importorskip("label_studio_sdk")
httpx = pytest.importorskip("httpx")
from training.annotation import AnnotationError  # noqa: E402
from training.recipe import RecipeError  # noqa: E402
from training.retraining import label_studio, queue  # noqa: E402
from training.retraining.queue import Item  # noqa: E402

BINARY = shutil.which("label-studio") or shutil.which("label-studio", path=str(Path(sys.executable).parent))
EMAIL, PASSWORD = "amy@example.org", "promo-day-2026"
STARTS_WITHIN_S = 600
INTENTS = ["order_drink", "cancel_order", "chitchat"]
INTERFACE = queue.labelling_config(INTENTS)
TITLE = "promo day"
ITEMS = [
    Item(id="a", text="来杯奶茶少糖", reason="uncertain", weight=1, times=3, suggested_intent="order_drink",
         suggested_order="drink=奶茶 sugar=less"),
    Item(id="b", text="别点了🙏", reason="escalated", weight=2, times=1),
    Item(id="c", text="=1+1 \"<b>", reason="control", weight=1, times=1, suggested_intent="chitchat"),
    Item(id="d", text="还没人看过", reason="control", weight=1, times=1),
]  # fmt: skip

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]  # the SDK's own warnings


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    """A client of a server of the test's own, and the server's address."""
    if BINARY is None:
        pytest.skip("label-studio is not installed")
    home = tmp_path_factory.mktemp("label_studio")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [BINARY, "start", "--no-browser", "--port", str(port), "--internal-host", "127.0.0.1"]
    command += ["--username", EMAIL, "--password", PASSWORD]
    environment = {
        **os.environ,
        "LABEL_STUDIO_BASE_DATA_DIR": str(home),
        "COLLECT_ANALYTICS": "0",
        "SENTRY_DSN": "",
    }
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        token = _token(address)
        yield sdk.LabelStudio(base_url=address, api_key=token), address
    finally:
        process.terminate()
        process.wait(timeout=30)


def _token(address: str) -> str:
    """A personal access token, the way a person gets one: sign in, then ask for it."""
    with httpx.Client(base_url=address, timeout=30) as browser:
        for _ in range(STARTS_WITHIN_S):
            try:
                page = browser.get("/user/login/").text
                break
            except httpx.TransportError:
                time.sleep(1)
        else:
            raise RuntimeError("label-studio did not start")
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert found is not None
        form = {"csrfmiddlewaretoken": found[1], "email": EMAIL, "password": PASSWORD}
        assert browser.post("/user/login/", data=form).status_code == 302, "the password is not taken"
        asked = browser.post("/api/token/", headers={"X-CSRFToken": browser.cookies["csrftoken"]})
        return str(asked.raise_for_status().json()["token"])


def _annotate(client: Any, project: int) -> None:
    """What two people and a hurry do: confirm the guess, say something else, skip."""
    tasks = {task.data["id"]: task.id for task in client.tasks.list(project=project, fields="all")}
    confirmed = [
        _region("intent", "choices", {"choices": ["order_drink"]}),
        _region("order", "textarea", {"text": ["drink=奶茶 sugar=less"]}),
    ]
    client.annotations.create(id=tasks["a"], result=confirmed, lead_time=2.5)
    client.annotations.create(
        id=tasks["b"], result=[_region("intent", "choices", {"choices": ["cancel_order"]})]
    )
    client.annotations.create(id=tasks["c"], result=[], was_cancelled=True)


def _region(name: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "from_name": name, "to_name": "text", "type": kind, "value": value}


def test_the_queue_goes_there_and_labels_come_back(client: tuple[Any, str], tmp_path: Path) -> None:
    server = label_studio.SdkStudio(client[0])
    tasks = queue.to_label_studio(ITEMS, "tea@1")

    first = label_studio.push(server, TITLE, tasks, INTERFACE)
    assert (first.added, first.known) == (4, 0)
    again = label_studio.push(server, TITLE, tasks, INTERFACE)
    assert (again.project, again.added, again.known) == (first.project, 0, 4)

    _annotate(client[0], first.project)
    returned = label_studio.pull(server, TITLE, INTERFACE, tmp_path / "human")

    assert [(label.id, label.text, label.intent, label.order) for label in returned.labels] == [
        ("a", "来杯奶茶少糖", "order_drink", "drink=奶茶 sugar=less"),
        ("b", "别点了🙏", "cancel_order", ""),
    ]
    assert returned.open == 2
    exported = (tmp_path / "human" / label_studio.RETURNED).read_text(encoding="utf-8")
    assert queue.from_label_studio(exported) == returned
    if keep := os.environ.get("LABEL_STUDIO_EXPORT"):
        Path(keep).write_text(
            json.dumps(json.loads(exported), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )


def test_a_wrong_token_is_said_without_the_token(client: tuple[Any, str]) -> None:
    stranger = label_studio.SdkStudio(sdk.LabelStudio(base_url=client[1], api_key="not-a-token"))
    with pytest.raises(RecipeError, match="did not do what was asked") as told:
        stranger.project(TITLE, INTERFACE)
    assert "not-a-token" not in str(told.value)
    assert not isinstance(told.value, AnnotationError)
