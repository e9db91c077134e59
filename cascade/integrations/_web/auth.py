"""The bearer key of the service."""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest

from pydantic import SecretStr
from starlette.requests import Request

from cascade.integrations._web.problems import Problem


class Door:
    """Lets in who sends the key; everybody where there is none. Keeps the key's hash only."""

    def __init__(self, key: SecretStr | None) -> None:
        self._digest = None if key is None else sha256(key.get_secret_value().encode("ascii")).digest()

    @property
    def locked(self) -> bool:
        """Whether a key is asked for."""
        return self._digest is not None

    def check(self, request: Request) -> None:
        """Raise :class:`Problem` for a request without the key."""
        if self._digest is None:
            return
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        # Hashes are compared: of equal length, in constant time, whatever was sent.
        digest = sha256(given.strip().encode("utf-8", "replace")).digest()
        if not compare_digest(digest, self._digest) or scheme.lower() != "bearer":
            raise Problem(
                401,
                "unauthorized",
                "send the key as Authorization: Bearer KEY",
                headers={"WWW-Authenticate": 'Bearer realm="cascade"'},
            )
