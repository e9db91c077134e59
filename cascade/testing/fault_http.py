"""As much of HTTP/1.1 as a server for tests needs, and the ways to break it."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

MAX_HEAD = 64 * 1024


async def read_request(reader: asyncio.StreamReader, ahead: bytes) -> tuple[str, Mapping[str, Any]] | None:
    """Path and JSON body of the next request; ``None`` at the end of the connection."""
    try:
        head = ahead + await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in fields}
    try:
        path = first.split(" ")[1]
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return path, json.loads(body) if body else {}
    except (IndexError, ValueError, asyncio.IncompleteReadError):
        return None


async def send(
    writer: asyncio.StreamWriter,
    status: int,
    body: bytes,
    header: str = "",
    *,
    length: int | None = None,
    drip_s: float = 0.0,
) -> None:
    """A reply; ``length`` is what it promises when that is not the truth."""
    head = (
        f"HTTP/1.1 {status} {_PHRASES.get(status, 'Error')}\r\nContent-Type: application/json; charset=utf-8\r\n"
        f"Content-Length: {len(body) if length is None else length}\r\n{header}\r\n"
    )
    writer.write(head.encode("latin-1"))
    pieces = [body[at : at + 1] for at in range(len(body))] if drip_s else [body]
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        if drip_s:
            await asyncio.sleep(drip_s)


_PHRASES = {200: "OK", 404: "Not Found", 500: "Internal Server Error", 503: "Service Unavailable"}


def reset(writer: asyncio.StreamWriter) -> None:
    """Reset the connection rather than end it."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        with suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
