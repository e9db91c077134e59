"""From what a model said to an answer: found in the text, parsed strictly, validated always."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from cascade.backends.base import ChatReply

MAX_REPLY_CHARS = 64_000
MAX_CANDIDATES = 64
"""Places in a text where an object is looked for."""

CUT = "length"

_AMBIGUOUS = "the reply holds more than one answer"
_CUT_OFF = "the reply was cut off before its end: answer on one line, without spaces"

AnswerT = TypeVar("AnswerT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Reading(Generic[AnswerT]):
    """The answer a reply holds, or what is wrong with the reply.

    ``complaint`` is for the model and may quote it; ``problem`` says the same in words that are safe to log.
    """

    answer: AnswerT | None
    problem: str = ""
    complaint: str = ""


def read_reply(reply: ChatReply, answer_model: type[AnswerT]) -> Reading[AnswerT]:
    """Look for one valid answer in ``content`` and then in ``thinking``.

    Prose and code fences around it are tolerated as long as a single answer is found. A reply that was cut is
    read only when its text is one whole object: the end of a cut prose may have held another.
    """
    first_wrong: Reading[AnswerT] | None = None
    texts: tuple[object, ...] = (
        reply.content,
        reply.thinking,
    )  # of a caller's own backend, perhaps not even text
    for text in texts:
        if not isinstance(text, str) or not text.strip():
            continue
        reading = _read(text, answer_model, cut=reply.finish_reason == CUT)
        if reading.answer is not None or reading.problem in (_AMBIGUOUS, _CUT_OFF):
            return reading  # what was cut off or said twice is not settled by a draft in the thinking
        first_wrong = first_wrong or reading
    if first_wrong is not None:
        return first_wrong
    return _wrong("the reply is empty")


def _read(text: str, answer_model: type[AnswerT], *, cut: bool) -> Reading[AnswerT]:
    if len(text) > MAX_REPLY_CHARS:
        return _wrong("the reply is too long")
    found: list[AnswerT] = []
    wrong: Reading[AnswerT] | None = None
    for data in _whole(text) if cut else _objects(text):
        reading = _validated(data, answer_model)
        if reading.answer is None:
            wrong = wrong or reading
        elif reading.answer not in found:
            found.append(reading.answer)
    if len(found) == 1:
        return Reading(found[0])
    if found:
        return _wrong(_AMBIGUOUS)
    if cut:
        return _wrong(_CUT_OFF)
    return wrong or _wrong("the reply holds no JSON object")


def _whole(text: str) -> Iterator[dict[str, Any]]:
    """The object that is the whole text, if it is one."""
    start = text.find("{")
    if text[:start].strip():
        return
    for data, end in _decoded(text, start):
        if not text[end:].strip():
            yield data


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """The outermost JSON objects of a text, at most :data:`MAX_CANDIDATES` tries."""
    start = text.find("{")
    for _ in range(MAX_CANDIDATES):
        if start < 0:
            return
        end = start + 1
        for data, after in _decoded(text, start):
            end = after
            yield data
        start = text.find("{", end)


def _decoded(text: str, start: int) -> Iterator[tuple[dict[str, Any], int]]:
    try:
        data, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError, IndexError):
        return
    yield data, end


def _validated(data: dict[str, Any], answer_model: type[AnswerT]) -> Reading[AnswerT]:
    try:
        # As JSON and strictly: true is no quantity, "2" is no number, 1.0 is no count.
        answer = answer_model.model_validate_json(json.dumps(_without_empty_objects(data)), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the object"
        return Reading(None, f"the answer breaks its schema ({first['type']})", f"{where}: {first['msg']}")
    except (ValueError, RecursionError):
        return _wrong("the answer cannot be read")
    return Reading(answer)


def _without_empty_objects(value: Any) -> Any:
    """An object in which nothing is said is how a model held to a schema says null."""
    if isinstance(value, list):
        return [_without_empty_objects(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _null_if_empty(_without_empty_objects(member)) for name, member in value.items()}


def _null_if_empty(value: Any) -> Any:
    if isinstance(value, dict) and value and all(member in (None, []) for member in value.values()):
        return None
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("a key stands twice")  # which of two quantities was meant?
    return data


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)


def _wrong(problem: str) -> Reading[AnswerT]:
    return Reading(None, problem, problem)
