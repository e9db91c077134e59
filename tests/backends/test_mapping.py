"""Foreign errors and bad statuses, one by one: what each becomes and whether another try can help."""

import asyncio
import json
import socket
import ssl
from email.utils import formatdate

import anyio
import httpx
import ollama
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.backends.mapping import FOREIGN, MAX_QUOTED_CHARS, foreign_error, retry_after, status_error
from cascade.errors import (
    BackendError,
    BackendRejected,
    BackendReplyInvalid,
    BackendTimeout,
    BackendUnavailable,
)

SECRET = "送到幸福路18号,电话13800138000"


def wrapped(outer: Exception, inner: Exception) -> Exception:
    """``outer`` as a library raises it for ``inner``."""
    outer.__cause__ = inner
    return outer


def validation_error() -> pydantic.ValidationError:
    try:
        pydantic.TypeAdapter(int).validate_python(SECRET)
    except pydantic.ValidationError as error:
        return error
    raise AssertionError


REQUEST = httpx.Request("POST", "http://127.0.0.1/api/chat")

ARRIVED: list[tuple[Exception, type[BackendError], bool]] = [
    (httpx.ReadTimeout(SECRET), BackendTimeout, True),
    (httpx.WriteTimeout(SECRET), BackendTimeout, True),
    (httpx.ReadError(SECRET), BackendUnavailable, True),
    (httpx.WriteError(SECRET), BackendUnavailable, True),
    (httpx.CloseError(SECRET), BackendUnavailable, True),
    (httpx.RemoteProtocolError(SECRET), BackendUnavailable, True),
    (httpx.ProxyError(SECRET), BackendUnavailable, True),
    (httpx.LocalProtocolError(SECRET), BackendRejected, False),
    (httpx.TooManyRedirects(SECRET), BackendRejected, False),
    (httpx.DecodingError(SECRET), BackendReplyInvalid, False),
    (httpx.StreamClosed(), BackendUnavailable, False),
    (httpx.HTTPStatusError(SECRET, request=REQUEST, response=httpx.Response(500)), BackendUnavailable, True),
    (ConnectionResetError(SECRET), BackendUnavailable, True),
    (ConnectionError(SECRET), BackendUnavailable, True),
    (BrokenPipeError(SECRET), BackendUnavailable, True),
    (TimeoutError(SECRET), BackendTimeout, True),
    (socket.gaierror(SECRET), BackendUnavailable, True),
    (ssl.SSLError(SECRET), BackendUnavailable, True),
    (OSError(SECRET), BackendUnavailable, True),
    (json.JSONDecodeError(SECRET, SECRET, 0), BackendReplyInvalid, False),
    (UnicodeDecodeError("utf-8", SECRET.encode(), 0, 1, SECRET), BackendReplyInvalid, False),
    (validation_error(), BackendReplyInvalid, False),
    (RecursionError(SECRET), BackendReplyInvalid, False),
    (anyio.ClosedResourceError(SECRET), BackendUnavailable, False),
    (anyio.BrokenResourceError(SECRET), BackendUnavailable, False),
    (asyncio.IncompleteReadError(SECRET.encode(), 99), BackendUnavailable, False),
    (RuntimeError(SECRET), BackendUnavailable, False),
    (ZeroDivisionError(SECRET), BackendUnavailable, False),
    (ollama.RequestError(SECRET), BackendUnavailable, False),
    (ollama.ResponseError("unexpected EOF", 500), BackendUnavailable, True),
    (ollama.ResponseError("server busy", 503), BackendUnavailable, True),
    (ollama.ResponseError("an error was encountered: unexpected EOF"), BackendUnavailable, True),
    (ollama.ResponseError("invalid JSON schema in format", 500), BackendRejected, False),
    (ollama.ResponseError("model 'm' not found", 404), BackendRejected, False),
]

NEVER_SENT: list[tuple[Exception, type[BackendError], bool]] = [
    (httpx.ConnectError(SECRET), BackendUnavailable, True),
    (httpx.ConnectTimeout(SECRET), BackendUnavailable, True),
    (httpx.PoolTimeout(SECRET), BackendTimeout, True),
    (httpx.UnsupportedProtocol(SECRET), BackendRejected, False),
    (httpx.InvalidURL(SECRET), BackendRejected, False),
    (UnicodeEncodeError("utf-8", SECRET, 0, 1, SECRET), BackendRejected, False),
    (ssl.SSLCertVerificationError(SECRET), BackendUnavailable, False),
    (
        wrapped(httpx.ConnectError(SECRET), wrapped(OSError(SECRET), ssl.SSLCertVerificationError(SECRET))),
        BackendUnavailable,
        False,
    ),
]


def kind_of(value: object) -> str:
    return value.__name__ if isinstance(value, type) else type(value).__name__


@pytest.mark.parametrize(("foreign", "kind", "retryable"), ARRIVED, ids=kind_of)
def test_a_foreign_error_becomes_ours(foreign: Exception, kind: type[BackendError], retryable: bool) -> None:
    ours = foreign_error(foreign, "POST /api/chat")
    assert type(ours) is kind
    assert ours.retryable is retryable
    assert ours.calls == 1
    assert "幸福路" not in str(ours)


@pytest.mark.parametrize(("foreign", "kind", "retryable"), NEVER_SENT, ids=kind_of)
def test_what_never_reached_a_server_counts_as_no_call(
    foreign: Exception, kind: type[BackendError], retryable: bool
) -> None:
    ours = foreign_error(foreign, "POST /api/chat")
    assert type(ours) is kind
    assert ours.retryable is retryable
    assert ours.calls == 0
    assert "幸福路" not in str(ours)


def every_subclass(kind: type[Exception]) -> set[type[Exception]]:
    return {kind}.union(*(every_subclass(child) for child in kind.__subclasses__()))


def test_every_error_httpx_can_raise_for_a_request_has_a_row_of_its_own_kind() -> None:
    catch_all = FOREIGN[-1].foreign
    for kind in every_subclass(httpx.RequestError):
        row = next(rule for rule in FOREIGN if issubclass(kind, rule.foreign))
        assert row.foreign is not catch_all, kind


def test_the_last_row_catches_everything() -> None:
    assert FOREIGN[-1].foreign is Exception
    assert FOREIGN[-1].retryable is False


def test_our_own_error_passes_unchanged() -> None:
    ours = BackendTimeout("late")
    assert foreign_error(ours, "asking") is ours


STATUSES: list[tuple[int, str, type[BackendError], bool]] = [
    (301, "", BackendRejected, False),
    (400, "bad", BackendRejected, False),
    (400, '{"error":"unexpected EOF"}', BackendRejected, False),
    (400, "the input length exceeds the context length", BackendRejected, False),
    (400, "the request exceeds the available context size", BackendRejected, False),
    (401, "", BackendRejected, False),
    (403, "", BackendRejected, False),
    (404, '{"error":"model \'m\' not found"}', BackendRejected, False),
    (404, "404 page not found", BackendRejected, False),
    (405, "", BackendRejected, False),
    (408, "", BackendTimeout, True),
    (413, "", BackendRejected, False),
    (422, "", BackendRejected, False),
    (425, "", BackendUnavailable, True),
    (429, "slow down", BackendUnavailable, True),
    (429, '{"error":{"code":"insufficient_quota"}}', BackendRejected, False),
    (500, "", BackendUnavailable, True),
    (500, "Internal Server Error", BackendUnavailable, True),
    (500, "invalid JSON schema in format", BackendRejected, False),
    (500, 'invalid format: "5"; expected "json" or a valid JSON Schema object', BackendRejected, False),
    (500, 'option "temperature" must be of type float32', BackendRejected, False),
    (400, "JSON schema conversion failed: unrecognized schema", BackendRejected, False),
    (400, "failed to parse grammar", BackendRejected, False),
    (500, "an error was encountered while running the model: unexpected EOF", BackendUnavailable, True),
    (500, "model runner has unexpectedly stopped", BackendUnavailable, True),
    (500, "model requires more system memory (9 GiB) than is available (4 GiB)", BackendUnavailable, False),
    (501, "", BackendRejected, False),
    (502, "<html>Bad Gateway</html>", BackendUnavailable, True),
    (503, "server busy, please try again.  maximum pending requests exceeded", BackendUnavailable, True),
    (503, '{"error":{"message":"Loading model","code":503}}', BackendUnavailable, True),
    (504, "", BackendTimeout, True),
    (505, "", BackendRejected, False),
    (524, "", BackendUnavailable, True),
]


@pytest.mark.parametrize(("status", "text", "kind", "retryable"), STATUSES)
def test_a_status_is_judged_by_its_words(
    status: int, text: str, kind: type[BackendError], retryable: bool
) -> None:
    error = status_error(status, text, model="m", pull="ollama pull m", retry_after_s=2.5)
    assert type(error) is kind
    assert error.retryable is retryable
    assert error.status == status
    assert ("ollama pull m" in error.hint) is ("model 'm' not found" in text)


def test_the_servers_words_are_quoted_short_and_without_what_the_user_said() -> None:
    assert "no such option" in str(status_error(400, '{"error":"no such option"}', model="m"))
    assert len(str(status_error(400, "x" * 10_000, model="m"))) < MAX_QUOTED_CHARS + 50
    echo = status_error(400, f"cannot parse {SECRET!r}", model="m", private=[SECRET])
    assert "幸福路" not in str(echo)
    assert "left out" in str(echo)


@given(st.text(min_size=6, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_no_piece_of_a_users_words_comes_back(secret: str, before: str, after: str) -> None:
    error = status_error(400, before + secret + after, model="m", private=[secret])
    told = str(error).removeprefix("HTTP 400")
    assert all(
        secret[at : at + 6] not in told for at in range(len(secret) - 5) if secret[at : at + 6].strip()
    )


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("\u0663", None),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("9" * 400, 86_400.0),
        (formatdate(1_000_090, usegmt=True), 90.0),
        (formatdate(999_000, usegmt=True), 0.0),
        ("Mon, 99 Nov 2026 99:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, lambda: 1_000_000.0) == seconds


@given(st.text(max_size=40))
def test_retry_after_never_raises(header: str) -> None:
    found = retry_after(header, lambda: 0.0)
    assert found is None or 0 <= found <= 86_400
