"""The console: a page of HTML, CSS and JavaScript that ships as it is, and asks nothing of any other place."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_HOME = "index.html"

Page = Callable[[Request], Awaitable[Response]]


def pages(*, locked: bool) -> Mapping[str, Page]:
    """A handler for each file of the console, by path; they are read once, here. ``locked`` tells the page whether a
    key is asked for."""
    door = json.dumps({"locked": locked}).encode()
    found = {"/console/door.json": _page(door, "application/json", f'"{locked}"')}
    for entry in sorted((files("cascade.integrations._web") / "static").iterdir(), key=lambda one: one.name):
        content = entry.read_bytes()
        tag = f'"{sha256(content).hexdigest()[:16]}"'
        kind = _TYPES[entry.name.rpartition(".")[2]]
        path = "/" if entry.name == _HOME else f"/console/{entry.name}"
        found[path] = _page(content, f"{kind}; charset=utf-8", tag)
    return found


def _page(content: bytes, media_type: str, tag: str) -> Page:
    headers = {**_HEADERS, "ETag": tag, "Content-Type": media_type}

    async def page(request: Request) -> Response:
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag, **_HEADERS})
        return Response(content, headers=headers)

    return page
