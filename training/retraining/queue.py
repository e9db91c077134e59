"""The labelling queue on its way out and back: Label Studio's JSON, or a CSV for any spreadsheet.

Out goes what the cascade took the utterance for, as a suggestion; back comes what a person says. The order is written
in the notation of ``data/ANNOTATION.md``, in a text field.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import quoteattr

from pydantic import BaseModel, ConfigDict, Field

from training.annotation import AnnotationError
from training.retraining.labels import Label

COLUMNS = (
    "id",
    "text",
    "intent",
    "order",
    "suggested_intent",
    "suggested_order",
    "reason",
    "times",
    "annotator",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
"""A spreadsheet runs a cell that begins with one of these; the crowd writes what it likes."""


class Item(BaseModel):
    """An utterance that is worth a person's time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    """SHA-256 of the normalised text, shortened: the same utterance has the same id in every queue."""
    text: str
    reason: str
    """Why it was chosen, which is the stratum it was drawn from."""
    weight: float = Field(ge=0)
    """Decisions of its stratum that it stands for."""
    times: int = Field(ge=1)
    """How often it, and what is nearly the same, was said."""
    suggested_intent: str = ""
    suggested_order: str = ""


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back: labels, and how many tasks nobody has answered yet."""

    labels: tuple[Label, ...]
    open: int


def labelling_config(intents: Sequence[str]) -> str:
    """The labelling interface for Label Studio's project settings."""
    choices = "\n".join(f"    <Choice value={quoteattr(intent)}/>" for intent in intents)
    return f"""<View>
  <Text name="text" value="$text"/>
  <Choices name="intent" toName="text" choice="single" required="true" showInline="true">
{choices}
  </Choices>
  <TextArea name="order" toName="text" maxSubmissions="1" editable="true"
            placeholder="drink=... n=2 sugar=less | ... ; coupon addr=..."/>
  <Text name="reason" value="$reason"/>
</View>
"""


def to_label_studio(items: Iterable[Item], model: str) -> str:
    """Tasks to import, with the cascade's own guess as the prediction of ``model``."""
    tasks = [
        {
            "data": {"id": item.id, "text": item.text, "reason": item.reason, "times": item.times},
            "predictions": [{"model_version": model, "result": list(_guess(item))}]
            if item.suggested_intent
            else [],
        }
        for item in items
    ]
    return json.dumps(tasks, ensure_ascii=False, indent=1) + "\n"


def _guess(item: Item) -> Iterator[dict[str, Any]]:
    yield _region("intent", "choices", {"choices": [item.suggested_intent]})
    if item.suggested_order:
        yield _region("order", "textarea", {"text": [item.suggested_order]})


def _region(name: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "from_name": name, "to_name": "text", "type": kind, "value": value}


def from_label_studio(text: str) -> Returned:
    """The labels of an export in Label Studio's JSON format; skipped tasks and drafts count as open.

    Raises :class:`~training.annotation.AnnotationError` for anything else.
    """
    try:
        tasks = json.loads(text)
        if not isinstance(tasks, list):
            raise AnnotationError("not an export of Label Studio: no list of tasks")
        found: list[Label] = []
        still_open = 0
        for task in tasks:
            labels = list(_of_task(task))
            still_open += not labels
            found += labels
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise AnnotationError(f"not an export of Label Studio: {type(error).__name__}: {error}") from error
    return Returned(tuple(found), still_open)


def _of_task(task: Mapping[str, Any]) -> Iterator[Label]:
    for annotation in task.get("annotations", ()):
        if annotation.get("was_cancelled"):
            continue
        said = {region["from_name"]: region["value"] for region in annotation["result"]}
        if "intent" not in said:
            continue
        order = " ".join(said.get("order", {}).get("text", ()))
        who = annotation.get("completed_by")
        yield _label(
            task["data"],
            said["intent"]["choices"][0],
            order,
            who.get("email") if isinstance(who, dict) else who,
        )


def _label(data: Mapping[str, Any], intent: str, order: str, by: object) -> Label:
    return Label(
        id=str(data.get("id", "")),
        text=str(data["text"]),
        intent=intent.strip(),
        order=order.strip(),
        source="human",
        by=str(by or "unknown"),
    )


def to_csv(items: Iterable[Item]) -> str:
    """A sheet with empty columns ``intent``, ``order`` and ``annotator`` to fill in."""
    out = io.StringIO()
    sheet = csv.DictWriter(out, COLUMNS, extrasaction="ignore", lineterminator="\n", quoting=csv.QUOTE_ALL)
    sheet.writeheader()
    for item in items:
        sheet.writerow({name: _guarded(value) for name, value in item.model_dump().items()})
    return "\ufeff" + out.getvalue()  # the mark tells spreadsheets that it is UTF-8


def from_csv(text: str) -> Returned:
    """The labels of a sheet (also of Label Studio's CSV export); rows without an intent are open.

    Raises :class:`~training.annotation.AnnotationError` where the columns ``text`` and ``intent`` are not there.
    """
    sheet = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    if not {"text", "intent"} <= set(sheet.fieldnames or ()):
        raise AnnotationError("the sheet has no columns 'text' and 'intent'")
    found: list[Label] = []
    still_open = 0
    for row in sheet:
        cells = {name: _unguarded(value) for name, value in row.items() if name and isinstance(value, str)}
        if cells.get("intent", "").strip() and cells.get("text"):
            found.append(_label(cells, cells["intent"], cells.get("order", ""), cells.get("annotator")))
        else:
            still_open += 1
    return Returned(tuple(found), still_open)


def _guarded(value: object) -> object:
    return "'" + value if isinstance(value, str) and value.startswith(_FORMULA) else value


def _unguarded(value: str) -> str:
    return value[1:] if value.startswith("'") and value[1:].startswith(_FORMULA) else value
