"""By which names a service may be called, where no key tells friends from strangers.

A page of any site can have its own name lead to this machine once it is loaded (DNS rebinding): for the browser what it
then asks here is a visit to its own home, which it may read. It cannot hide that name, which stands in ``Host``.

Starlette's ``TrustedHostMiddleware`` is not used: it knows names, not all of 127.0.0.0/8, and refuses in plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address

from starlette.types import ASGIApp, Receive, Scope, Send

from cascade.integrations._web.problems import Problem

REMEMBERED = 64

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,254})(:[0-9]{1,5})?")
_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")


class KnownHosts:
    """Refuses requests that are addressed to none of ``names``, as :func:`plain` writes them, nor to this machine's
    own: ``localhost``, names under it, and the loopback addresses. For ASGI."""

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self._app = app
        self._names = frozenset(names)
        self._answered: set[bytes] = set()
        """Headers that were found good: nearly all requests bring one of a few, and reading one takes microseconds."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or refuse."""
        if scope["type"] != "http" or self._knows(scope):
            await self._app(scope, receive, send)
            return
        detail = "the service does not go by this name: start it with --host-name NAME, or with a key"
        await Problem(421, "wrong_host", detail).response()(scope, receive, send)

    def _knows(self, scope: Scope) -> bool:
        said = [value for name, value in scope["headers"] if name == b"host"]
        if len(said) != 1:
            return False
        if said[0] in self._answered:
            return True
        good = self._is_own(said[0].decode("latin-1"))
        if good and len(self._answered) < REMEMBERED:
            self._answered.add(said[0])
        return good

    def _is_own(self, header: str) -> bool:
        found = _HOST.fullmatch(header)
        if found is None:
            return False
        try:
            name = plain(found[1])
        except ValueError:
            return False
        return name in self._names or _is_loopback(name)


def plain(host: str) -> str:
    """A name or an address in the one way of writing it that is compared. Raises ``ValueError`` for anything else."""
    try:
        return str(ip_address(host.removeprefix("[").removesuffix("]")))
    except ValueError:
        pass
    try:
        name = host.removesuffix(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        name = ""
    if len(name) > 253 or not _NAME.fullmatch(name):
        raise ValueError(f"{host!r} is no host name or address; it is written without scheme and port")
    return name


def _is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True  # no name server is asked for these (RFC 6761)
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
