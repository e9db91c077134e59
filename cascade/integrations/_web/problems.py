"""Errors as ``application/problem+json`` (RFC 9457).

Their ``type`` is ``about:blank`` and their ``title`` the status's own phrase, as the RFC wants it then; ``code`` tells
kinds apart for programs. Nothing of the request is repeated in them.
"""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from cascade.errors import CascadeClosed

logger = logging.getLogger("cascade")

Code = Literal[
    "bad_json",
    "bad_header",
    "unauthorized",
    "wrong_host",
    "not_found",
    "method_not_allowed",
    "body_too_slow",
    "no_model",
    "no_log",
    "body_too_large",
    "unsupported_media_type",
    "invalid_body",
    "internal",
    "busy",
    "closing",
    "not_written",
    "worker_gone",
    "other",
]

MEDIA_TYPE = "application/problem+json"
CLIENT_GONE = 499
"""Never seen by anybody but access logs: the client is not there any more."""

Handler = Callable[[Request], Awaitable[Response]]


class Fault(BaseModel):
    """One thing that is wrong with a body."""

    at: str = Field(description="Where, dots between names.", examples=["texts.3"])
    message: str


class ProblemModel(BaseModel):
    """A problem as it is sent."""

    type: str = "about:blank"
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str
    code: Code
    errors: list[Fault] = Field(default=[], description="For invalid_body: what is wrong where.")


class Problem(Exception):
    """Ends a request with an error that the client is told."""

    def __init__(
        self,
        status: int,
        code: Code,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code: Code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The problem as a response."""
        body = {
            "type": "about:blank",
            "title": _phrase(self.status),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.errors:
            body["errors"] = list(self.errors)
        content = json.dumps(body, ensure_ascii=False)
        return Response(content, self.status, self.headers, media_type=MEDIA_TYPE)


def invalid(error: ValidationError) -> Problem:
    """A body that is no JSON, or JSON of another shape."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    if found[0]["type"] == "json_invalid":
        return Problem(400, "bad_json", found[0]["msg"])
    errors = [{"at": ".".join(map(str, one["loc"])) or "body", "message": one["msg"]} for one in found[:20]]
    return Problem(422, "invalid_body", "the body is not what is asked for", errors=errors)


def answering(handler: Handler) -> Handler:
    """A handler whose errors are told as problems, and which is quiet when nobody listens any more."""

    @functools.wraps(handler)
    async def wrapped(request: Request) -> Response:
        try:
            return await handler(request)
        except Problem as problem:
            return problem.response()
        except ClientDisconnect:
            return Response(status_code=CLIENT_GONE)
        except CascadeClosed:
            return Problem(503, "closing", "the service is closing", headers={"Retry-After": "1"}).response()
        except Exception:
            logger.exception("a request failed")
            return Problem(500, "internal", "the service failed; its log says why").response()

    return wrapped


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems of an endpoint, for OpenAPI."""
    return {
        status: {
            "model": ProblemModel,
            "description": _phrase(status),
            "content": {MEDIA_TYPE: {"example": _example(status)}},
        }
        for status in statuses
    }


_EXAMPLES: Mapping[int, tuple[Code, str]] = {
    400: ("bad_json", "Invalid JSON: EOF while parsing an object at line 1 column 9"),
    401: ("unauthorized", "send the key as Authorization: Bearer KEY"),
    404: ("not_found", "no such item in the label queue: labelled, skipped, or pushed out by newer ones"),
    408: ("body_too_slow", "the body did not arrive in time"),
    409: ("no_model", "there is no large model, and so no rung"),
    413: ("body_too_large", "a body has at most 262144 bytes"),
    415: ("unsupported_media_type", "send Content-Type: application/json"),
    421: (
        "wrong_host",
        "the service does not go by this name: start it with --host-name NAME, or with a key",
    ),
    422: ("invalid_body", "the body is not what is asked for"),
    500: ("internal", "the service failed; its log says why"),
    503: ("busy", "as many requests as the process takes are under way"),
}


def _example(status: int) -> dict[str, Any]:
    code, detail = _EXAMPLES[status]
    return {
        "type": "about:blank",
        "title": _phrase(status),
        "status": status,
        "detail": detail,
        "code": code,
    }


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase
