"""The labelling queue to a Label Studio server and what people said back, through its HTTP API.

The same as carrying ``queue.json`` there and the JSON export back by hand; both ways may be mixed. Sending twice adds
nothing twice: a task is known by the id of its utterance.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from training.recipe import RecipeError
from training.retraining import queue

_T = TypeVar("_T")

RETURNED: Final = "label_studio.json"
"""The file in ``labels/human/`` that a pull writes anew each time."""

CHUNK: Final = 500
"""Tasks of one request: a queue of a hundred thousand is no single upload."""


class LabelStudioTable(BaseModel):
    """``[label_studio]`` of a retraining recipe."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(pattern=r"^https?://")
    project: str = Field(default="intent-cascade", min_length=3, max_length=50)
    """Title of the project; it is made when there is none."""
    key_env: str = "LABEL_STUDIO_API_KEY"
    """Environment variable that holds the access token, so that it stands in no file."""


class Studio(Protocol):
    """What is asked of a labelling server."""

    def project(self, title: str, interface: str) -> int:
        """Number of the project with this title, made with this labelling interface when there is none."""

    def known(self, project: int) -> set[str]:
        """The ``id`` of every task's data."""

    def add(self, project: int, tasks: Sequence[dict[str, Any]]) -> None:
        """Import tasks."""

    def export(self, project: int) -> str:
        """All tasks with their annotations, in the server's JSON export format."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did."""

    project: int
    added: int
    known: int
    """Tasks that the server had already."""


def push(studio: Studio, title: str, tasks: str, interface: str) -> Pushed:
    """Send the tasks of a ``queue.json`` that the project does not have yet."""
    project = studio.project(title, interface)
    known = studio.known(project)
    sent: list[dict[str, Any]] = json.loads(tasks)
    fresh = [task for task in sent if task["data"]["id"] not in known]
    for start in range(0, len(fresh), CHUNK):
        studio.add(project, fresh[start : start + CHUNK])
    return Pushed(project, len(fresh), len(sent) - len(fresh))


def pull(studio: Studio, title: str, interface: str, folder: Path) -> queue.Returned:
    """Fetch the project's export into ``folder`` and say what is in it.

    The file is replaced whole, and only by an export that can be read.
    Raises :class:`~training.annotation.AnnotationError` for one that cannot.
    """
    exported = studio.export(studio.project(title, interface))
    returned = queue.from_label_studio(exported)
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f".{RETURNED}.new"
    fresh.write_text(exported, encoding="utf-8")
    fresh.replace(folder / RETURNED)
    return returned


class SdkStudio:
    """A server, by ``label-studio-sdk``. Its exceptions leave as :class:`~training.recipe.RecipeError`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @classmethod
    def connect(cls, table: LabelStudioTable) -> SdkStudio:
        """A client for the recipe's server. Raises :class:`~training.recipe.RecipeError` without SDK or token."""
        try:
            sdk = import_module("label_studio_sdk")
        except ModuleNotFoundError as error:
            raise RecipeError(
                f"talking to Label Studio needs {error.name}; install the group: pip install --group label"
            ) from error
        key = os.environ.get(table.key_env, "")
        if not key:
            raise RecipeError(
                f"the environment variable {table.key_env} holds no access token for {table.url}"
            )
        return cls(sdk.LabelStudio(base_url=table.url, api_key=key))

    def project(self, title: str, interface: str) -> int:
        def find() -> int:
            for project in self._client.projects.list():
                if project.title == title:
                    return int(project.id)
            made = self._client.projects.create(
                title=title, label_config=interface, show_collab_predictions=True
            )
            return int(made.id)

        return _told(find)

    def known(self, project: int) -> set[str]:
        return {str(task["data"].get("id", "")) for task in json.loads(self.export(project))}

    def add(self, project: int, tasks: Sequence[dict[str, Any]]) -> None:
        _told(lambda: self._client.projects.import_tasks(id=project, request=list(tasks)))

    def export(self, project: int) -> str:
        # The default export holds annotated tasks only; a push must also know those nobody has opened.
        def download() -> str:
            chunks = self._client.projects.exports.download_sync(
                id=project, export_type="JSON", download_all_tasks=True
            )
            return b"".join(chunks).decode("utf-8")

        return _told(download)


def _told(ask: Callable[[], _T]) -> _T:
    """What a call gives; whatever it raises is said as one error of ours, without the token."""
    try:
        return ask()
    except RecipeError:
        raise
    except Exception as error:  # the SDK's errors and those of its HTTP client share no base
        status = getattr(error, "status_code", None)
        what = f"status {status}" if status is not None else type(error).__name__
        raise RecipeError(f"Label Studio did not do what was asked: {what}") from error


def overview(pushed: Pushed | queue.Returned) -> str:
    """One line for people."""
    if isinstance(pushed, Pushed):
        return f"project {pushed.project}: {pushed.added} tasks added, {pushed.known} were there"
    people: Collection[str] = {label.by for label in pushed.labels}
    return f"{len(pushed.labels)} labels by {len(people)} people; {pushed.open} tasks still open"
