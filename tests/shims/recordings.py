"""Recorded exchanges of a real Ollama, replayed through a transport. They live beside the checkout, not in it."""

import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

SHARED = Path(os.environ.get("CASCADE_SHARED") or Path(__file__).parents[3] / "shared")
FOLDER = SHARED / "ollama" / "exchanges"
ABSENT = "no recorded exchanges: neither ../shared/ollama beside the checkout nor CASCADE_SHARED holds them"


@dataclass(frozen=True)
class Exchange:
    """One request and what came back: a whole body, chunks, or the error that the client met."""

    method: str
    path: str
    request: Any
    status: int | None
    headers: dict[str, str]
    chunks: tuple[bytes, ...]
    error: tuple[str, str] | None

    @property
    def text(self) -> str:
        return b"".join(self.chunks).decode()

    @property
    def data(self) -> Any:
        """The body as JSON; of a stream, the last object."""
        lines = [line.removeprefix("data: ") for line in self.text.splitlines() if line.strip()]
        return json.loads(next(line for line in reversed(lines) if line != "[DONE]"))

    def transport(self) -> httpx.MockTransport:
        """A transport on which every request meets this exchange."""

        def answer(request: httpx.Request) -> httpx.Response:
            if self.status is None:
                raise self.raised(request)
            return httpx.Response(self.status, headers=self.headers, stream=_Body(self, request))

        return httpx.MockTransport(answer)

    def raised(self, request: httpx.Request) -> httpx.RequestError:
        assert self.error is not None
        kind, text = self.error
        found = getattr(httpx, kind.removeprefix("httpx."))(text, request=request)
        assert isinstance(found, httpx.RequestError)
        return found


class _Body(httpx.AsyncByteStream):
    def __init__(self, exchange: Exchange, request: httpx.Request) -> None:
        self._exchange = exchange
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._exchange.chunks:
            yield chunk
        if self._exchange.error is not None:
            raise self._exchange.raised(self._request)


def names() -> list[str]:
    """Names of the recordings; none when the folder is not there."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load(name: str) -> list[Exchange]:
    recorded = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return [_exchange(entry) for entry in recorded["exchanges"]]


def _exchange(entry: dict[str, Any]) -> Exchange:
    request, response, error = entry["request"], entry.get("response"), entry.get("client_error")
    chunks: tuple[bytes, ...] = ()
    if response is not None:
        pieces = [piece["data"] for piece in response.get("chunks", ())] or [response.get("body") or ""]
        chunks = tuple(piece.encode() for piece in pieces)
    return Exchange(
        request["method"],
        request["path"],
        request.get("body"),
        response["status"] if response else None,
        {} if response is None else {k: v for k, v in response["headers"].items() if k != "content-length"},
        chunks,
        (error["type"], error["text"]) if error else None,
    )
