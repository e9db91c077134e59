"""What a request says: its body within limits, its deadline, its caller, its idempotency key."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import Request

from cascade.integrations._web.problems import Problem, invalid
from cascade.integrations._web.spec import ServeSpec

DEADLINE = "Cascade-Deadline"
CALLER = "Cascade-Caller"
IDEMPOTENCY = "Idempotency-Key"
MAX_NAME = 255

_SECONDS = re.compile(r"[0-9]{1,7}(\.[0-9]{1,9})?")  # of our own source; the text is short and ASCII
_VISIBLE = re.compile(r"[!-~]([ -~]*[!-~])?")

_BodyT = TypeVar("_BodyT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Terms:
    """How a request wants to be served."""

    deadline_s: float
    caller: str | None
    idempotency_key: str | None


def terms(request: Request, spec: ServeSpec) -> Terms:
    """The terms in the headers. Raises :class:`Problem` for what cannot be read."""
    headers = request.headers
    deadline = headers.get(DEADLINE)
    return Terms(
        spec.deadline_s if deadline is None else min(_seconds(deadline), spec.max_deadline_s),
        _name(headers.get(CALLER), CALLER),
        _name(headers.get(IDEMPOTENCY), IDEMPOTENCY),
    )


async def body_of(request: Request, model: TypeAdapter[_BodyT], spec: ServeSpec) -> _BodyT:
    """The body as what it must be. Raises :class:`Problem`."""
    _check_type(request)
    raw = await _read(request, spec)
    try:
        return model.validate_json(raw)
    except ValidationError as error:
        raise invalid(error) from None


async def _read(request: Request, spec: ServeSpec) -> bytes:
    limit = spec.max_body_bytes
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(spec.body_timeout_s):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise _too_large(limit)
                chunks.append(chunk)
    except TimeoutError:
        raise Problem(408, "body_too_slow", "the body did not arrive in time") from None
    return b"".join(chunks)


def _too_large(limit: int) -> Problem:
    # The rest is not read: the connection is of no more use.
    return Problem(
        413, "body_too_large", f"a body has at most {limit} bytes", headers={"Connection": "close"}
    )


def _check_type(request: Request) -> None:
    """JSON only: a form could be sent here by any page that the operator's browser visits; for JSON it has to ask."""
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if kind.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        raise Problem(415, "unsupported_media_type", "send Content-Type: application/json")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "unsupported_media_type", "send the body without Content-Encoding")


def _seconds(text: str) -> float:
    value = float(text) if _SECONDS.fullmatch(text) else 0.0
    if value <= 0:
        raise Problem(400, "bad_header", f"{DEADLINE} is a number of seconds above 0, such as 2.5")
    return value


def _name(text: str | None, header: str) -> str | None:
    if text is not None and (len(text) > MAX_NAME or not _VISIBLE.fullmatch(text)):
        raise Problem(400, "bad_header", f"{header} is 1 to {MAX_NAME} printable ASCII characters")
    return text
