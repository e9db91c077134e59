"""Every exception that leaves the library, in one tree.

    CascadeError
    ├── InputRejected            the utterance is empty, too long or not text
    ├── BundleError              a model bundle cannot be used
    │   ├── BundleNotFound       no bundle of that name or at that path
    │   ├── BundleCorrupt        a file is missing, altered or malformed (carries file and line)
    │   └── BundleIncompatible   made for another format or feature version
    ├── ConfigurationError       the caller asked for something that cannot be built
    │   └── MissingExtra         an optional package is not installed (carries the install command)
    ├── BackendError             a chat model did not give a usable reply
    │   ├── BackendUnavailable   refused, reset, restarting, 5xx that passes
    │   ├── BackendTimeout       no reply before the deadline
    │   ├── BackendRejected      the server says the request itself is wrong (model missing, too long, 4xx)
    │   ├── BackendReplyInvalid  a reply that is not the JSON that was asked for
    │   └── BackendOverloaded    refused here, before a server was asked (carries the reason and when to come back)
    └── CascadeClosed            the cascade was used after ``close``

``Cascade.classify`` raises none of the first two families for what a user typed or a server did: the
:class:`~cascade.result.Result` says so instead. Foreign exceptions are mapped where they arise; a test enumerates
them.
"""

from __future__ import annotations


class CascadeError(Exception):
    """Base of every error of this library.

    ``tier`` names the tier it arose in, ``retryable`` says whether the same request may succeed later, and ``hint``
    tells the reader what to do about it; all three are safe to log and carry no user text.
    """

    retryable: bool = False

    def __init__(
        self, message: str, *, tier: str | None = None, retryable: bool | None = None, hint: str = ""
    ) -> None:
        super().__init__(message)
        self.tier = tier
        self.hint = hint
        if retryable is not None:
            self.retryable = retryable

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message} ({self.hint})" if self.hint else message


class InputRejected(CascadeError):
    """The utterance cannot be classified; ``reason`` is ``not_text``, ``empty`` or ``too_long``."""

    def __init__(self, message: str, *, reason: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class BundleError(CascadeError):
    """A model bundle cannot be used; ``file`` and ``line`` (1-based) point at the cause where there is one."""

    def __init__(
        self, message: str, *, file: str | None = None, line: int | None = None, hint: str = ""
    ) -> None:
        where = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(where + message, hint=hint)
        self.file = file
        self.line = line


class BundleNotFound(BundleError):
    """No bundle of that name or at that path."""


class BundleCorrupt(BundleError):
    """A file of the bundle is missing, altered or malformed."""


class BundleIncompatible(BundleError):
    """The bundle was made for another format or feature version than this library reads."""


class ConfigurationError(CascadeError):
    """The caller asked for something that cannot be built."""


class MissingExtra(ConfigurationError):
    """An optional package is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package} is not installed", hint=f"install it with: pip install 'intent-cascade[{extra}]'"
        )


class BackendError(CascadeError):
    """A chat model did not give a usable reply.

    ``status`` is the HTTP status where there was one; ``retry_after_s`` is the server's own wish, in seconds.
    ``calls`` is how many calls servers were sent before it was given up.
    """

    calls: int = 1

    def __init__(
        self,
        message: str,
        *,
        retryable: bool | None = None,
        status: int | None = None,
        retry_after_s: float | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, tier="llm", retryable=retryable, hint=hint)
        self.status = status
        self.retry_after_s = retry_after_s


class BackendUnavailable(BackendError):
    """The server refused, dropped or could not serve the request for now."""

    retryable = True


class BackendTimeout(BackendError):
    """No reply before the deadline."""

    retryable = True


class BackendRejected(BackendError):
    """The server says that the request itself is wrong; sending it again cannot help."""


class BackendReplyInvalid(BackendError):
    """The server replied with something other than the JSON that was asked for."""


class BackendOverloaded(BackendError):
    """The question was refused here, before a server was asked, to keep the servers usable for others.

    ``reason`` is one word: ``queue_full``, ``deadline`` (it could not be met), ``shed`` (made room for a more urgent
    one), ``rung_amber``, ``rung_red``, ``llm_free``, ``caller_budget``, ``token_budget``, ``money_budget``,
    ``senseless`` (gibberish or padding) or ``closing``.
    ``retry_after_s`` says when to come back, ``None`` when coming back is no use.
    """

    retryable = True
    calls = 0

    def __init__(
        self, message: str, *, reason: str, retry_after_s: float | None = None, hint: str = ""
    ) -> None:
        super().__init__(message, retryable=retry_after_s is not None, retry_after_s=retry_after_s, hint=hint)
        self.reason = reason


class CascadeClosed(CascadeError):
    """The cascade was used after ``close``."""
