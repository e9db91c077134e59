"""What a chat server's failure means: every foreign exception and every bad reply, as one of our errors.

Two tables. :data:`FOREIGN` says what an exception of the transport or of a parser becomes. :data:`CAUSES` says what a
server's own words mean: a 500 that names the schema will be a 500 for ever, a 500 whose model runner died is worth
another try. Where the words say nothing, the status decides.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx
from pydantic import ValidationError

from cascade.errors import (
    BackendError,
    BackendRejected,
    BackendReplyInvalid,
    BackendTimeout,
    BackendUnavailable,
)

MAX_QUOTED_CHARS = 200
_PRIVATE_WINDOW = 6
_MAX_RETRY_AFTER_S = 86_400.0


@dataclass(frozen=True, slots=True)
class ForeignRule:
    """An exception that is not ours, and what it becomes."""

    foreign: type[Exception]
    error: type[BackendError]
    message: str
    retryable: bool | None = None
    sent: bool = True
    """Whether a server may have got the request: one that got none has spent nothing."""


FOREIGN: tuple[ForeignRule, ...] = (
    ForeignRule(httpx.PoolTimeout, BackendTimeout, "no connection became free in time", sent=False),
    ForeignRule(httpx.ConnectTimeout, BackendUnavailable, "no connection in time", sent=False),
    ForeignRule(httpx.TimeoutException, BackendTimeout, "no reply in time"),
    ForeignRule(httpx.UnsupportedProtocol, BackendRejected, "the address is not http or https", sent=False),
    ForeignRule(httpx.LocalProtocolError, BackendRejected, "the request cannot be sent as HTTP"),
    ForeignRule(httpx.TooManyRedirects, BackendRejected, "the server redirects in circles"),
    ForeignRule(httpx.InvalidURL, BackendRejected, "the address is not a URL", sent=False),
    ForeignRule(httpx.DecodingError, BackendReplyInvalid, "the reply's encoding is broken"),
    ForeignRule(httpx.RemoteProtocolError, BackendUnavailable, "the server broke off"),
    ForeignRule(httpx.ProxyError, BackendUnavailable, "the proxy refused"),
    ForeignRule(httpx.ConnectError, BackendUnavailable, "no connection", sent=False),
    ForeignRule(httpx.NetworkError, BackendUnavailable, "the connection broke"),
    ForeignRule(httpx.HTTPError, BackendUnavailable, "the exchange failed"),
    ForeignRule(json.JSONDecodeError, BackendReplyInvalid, "the reply is not JSON"),
    ForeignRule(UnicodeDecodeError, BackendReplyInvalid, "the reply is not UTF-8"),
    ForeignRule(
        UnicodeEncodeError, BackendRejected, "the request holds text that is not Unicode", sent=False
    ),
    ForeignRule(ValidationError, BackendReplyInvalid, "the reply has not the shape of this API"),
    ForeignRule(RecursionError, BackendReplyInvalid, "the reply is nested without end"),
    ForeignRule(
        ssl.SSLCertVerificationError,
        BackendUnavailable,
        "the certificate is not trusted",
        retryable=False,
        sent=False,
    ),
    ForeignRule(TimeoutError, BackendTimeout, "no reply in time"),
    ForeignRule(OSError, BackendUnavailable, "the connection failed"),
    ForeignRule(Exception, BackendUnavailable, "the exchange failed", retryable=False),
)
"""First match wins; the last row catches whatever a library invents next, and promises nothing of it."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Words of a server that tell what is wrong; ``low`` and ``high`` bound the statuses they are believed in."""

    words: str
    low: int
    high: int
    error: type[BackendError]
    message: str
    retryable: bool
    hint: str = ""


_ADVICE_SCHEMA = "the server cannot use the schema that was sent"
_SMALLER = "shorten the prompt or open the backend with a larger context"

CAUSES: tuple[Cause, ...] = (
    Cause(
        "context length", 400, 599, BackendRejected, "the prompt is longer than the context", False, _SMALLER
    ),
    Cause(
        "context size", 400, 599, BackendRejected, "the prompt is longer than the context", False, _SMALLER
    ),
    Cause(
        "does not support thinking",
        400,
        599,
        BackendRejected,
        "the model cannot think",
        False,
        "leave think out",
    ),
    Cause("insufficient_quota", 400, 499, BackendRejected, "the account's quota is used up", False),
    Cause("invalid format", 400, 599, BackendRejected, _ADVICE_SCHEMA, False),
    Cause("invalid json schema", 400, 599, BackendRejected, _ADVICE_SCHEMA, False),
    Cause("json schema conversion", 400, 599, BackendRejected, _ADVICE_SCHEMA, False),
    Cause("failed to parse grammar", 400, 599, BackendRejected, _ADVICE_SCHEMA, False),
    Cause("must be of type", 400, 599, BackendRejected, "an option has the wrong type", False),
    Cause(
        "more system memory",
        500,
        599,
        BackendUnavailable,
        "the model does not fit the server's memory",
        False,
    ),
    Cause(
        "unexpectedly stopped",
        500,
        599,
        BackendUnavailable,
        "the model runner died and is started again",
        True,
    ),
    Cause("unexpected eof", 500, 599, BackendUnavailable, "the model runner died in mid-reply", True),
    Cause("server busy", 400, 599, BackendUnavailable, "the server's queue is full", True),
    Cause("loading model", 400, 599, BackendUnavailable, "the model is still being loaded", True),
)
"""First match wins. ``unexpected EOF`` is a dead runner in a 500 and our own broken request in a 400."""


def foreign_error(
    error: Exception, doing: str, *, model: str = "", private: Iterable[str] = ()
) -> BackendError:
    """The library's error for a foreign one; ``doing`` says what was under way.

    An exception that carries a status (``ollama.ResponseError`` and its like, out of a caller's own backend) is judged
    by its status and words; of any other only the type is told, for its text may quote the user.
    """
    if isinstance(error, BackendError):
        return error
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        words = str(getattr(error, "error", ""))
        return status_error(status if status >= 100 else 500, words, model=model, private=private)
    certificate = _untrusted(error)
    rule = next(rule for rule in FOREIGN if isinstance(certificate or error, rule.foreign))
    ours = rule.error(f"{doing}: {rule.message} ({type(error).__name__})", retryable=rule.retryable)
    if not rule.sent:
        ours.calls = 0
    return ours


def status_error(
    status: int,
    text: str,
    *,
    model: str,
    pull: str = "",
    retry_after_s: float | None = None,
    private: Iterable[str] = (),
    where: str = "",
) -> BackendError:
    """What an HTTP status and the server's words mean.

    ``pull`` is advice for a missing model, ``private`` the texts of users that must not reach a log: words of the
    server that repeat a piece of them are left out of the message. ``where`` replaces the status in the message.
    """
    where = where or f"HTTP {status}"
    words = text.lower()
    said = _quoted(text, private)
    if status == 404 and "model" in words:
        return BackendRejected(
            f"the server has no model {model!r}", retryable=False, status=status, hint=pull
        )
    for cause in CAUSES:
        if cause.words in words and cause.low <= status <= cause.high:
            return cause.error(
                f"{where}: {cause.message}",
                retryable=cause.retryable,
                status=status,
                retry_after_s=retry_after_s,
                hint=cause.hint,
            )
    kind, retryable, hint = _by_status(status)
    return kind(f"{where}{said}", retryable=retryable, status=status, retry_after_s=retry_after_s, hint=hint)


def retry_after(value: str | None, now: Callable[[], float]) -> float | None:
    """A ``Retry-After`` header in seconds from now, at most a day; ``None`` when absent or unreadable.

    ``now`` is the wall clock in seconds since the epoch, asked only for a header that gives a date.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _MAX_RETRY_AFTER_S)
    try:
        seconds = parsedate_to_datetime(text).timestamp() - now()
    except (ValueError, OverflowError, OSError):
        return None
    return min(max(seconds, 0.0), _MAX_RETRY_AFTER_S)


def _by_status(status: int) -> tuple[type[BackendError], bool, str]:
    if status in (401, 403):
        return (
            BackendRejected,
            False,
            "the server refuses this caller: check the key, the host name and allowed origins",
        )
    if status in (404, 405):
        return BackendRejected, False, "is this the right address and the right kind of server?"
    if status in (408, 504):
        return BackendTimeout, True, ""
    if status in (425, 429, 500, 502, 503) or 520 <= status <= 527:
        return BackendUnavailable, True, ""
    return BackendRejected, False, ""


def _untrusted(error: BaseException) -> ssl.SSLCertVerificationError | None:
    """The refused certificate behind a failed connection, wherever a library has wrapped it."""
    seen: BaseException | None = error
    for _ in range(8):
        if seen is None or isinstance(seen, ssl.SSLCertVerificationError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def _quoted(text: str, private: Iterable[str]) -> str:
    line = " ".join(_message(text).split())
    if not line:
        return ""
    if any(_repeats(line, " ".join(secret.split())) for secret in private):
        return ": the server's words repeat the request and are left out"
    return f": {line[:MAX_QUOTED_CHARS]}"


def _message(text: str) -> str:
    """The sentence inside ``{"error": ...}`` or ``{"error": {"message": ...}}``, as servers wrap it."""
    try:
        error = json.loads(text)["error"]
        return str(error["message"] if isinstance(error, dict) else error)
    except (ValueError, LookupError, TypeError, RecursionError):
        return text


def _repeats(text: str, secret: str) -> bool:
    if len(secret) <= _PRIVATE_WINDOW:
        return bool(secret) and secret in text
    return any(secret[at : at + _PRIVATE_WINDOW] in text for at in range(len(secret) - _PRIVATE_WINDOW + 1))
