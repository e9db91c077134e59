"""Ollama behind the chat protocol: an honest request, a typed reply, the time it stood in line there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

import httpx
import ollama
from pydantic import BaseModel

from cascade.backends.base import BackendHealth, ChatReply, ChatRequest, ServerLoad
from cascade.backends.http import DEFAULT_DEADLINES, NO_POOL_LIMIT, Deadlines, HttpLink, unhealthy
from cascade.backends.mapping import foreign_error, status_error
from cascade.backends.server_load import of_ollama
from cascade.errors import BackendError, BackendRejected, BackendUnavailable

DEFAULT_HOST = "http://127.0.0.1:11434"
DEFAULT_NUM_CTX = 8192
PROBE_TIMEOUT_S = 5.0

_ShapeT = TypeVar("_ShapeT", bound=BaseModel)


class _Client(ollama.AsyncClient):
    """The package's client. Its ``chat`` has no ``truncate`` and drops ``Retry-After``, so requests go below it."""

    @property
    def http(self) -> httpx.AsyncClient:
        client: httpx.AsyncClient = self._client
        return client


class _Version(BaseModel):
    version: str


class OllamaBackend:
    """A model served by Ollama.

    ``num_ctx`` is the context window that every request asks for, prompt and reply together; ``think`` is sent as it is
    (``False`` keeps a thinking model from thinking, ``None`` leaves the field out); ``keep_alive`` is Ollama's own. The
    environment is not consulted for the host or for proxies; ``OLLAMA_API_KEY`` is, by the ``ollama`` package.
    ``transport`` replaces the network (an ``httpx`` transport, for tests).
    """

    def __init__(
        self,
        model: str,
        *,
        host: str = DEFAULT_HOST,
        num_ctx: int = DEFAULT_NUM_CTX,
        think: bool | str | None = False,
        keep_alive: float | str | None = None,
        headers: Mapping[str, str] | None = None,
        deadlines: Deadlines = DEFAULT_DEADLINES,
        transport: Any = None,
    ) -> None:
        self._model = model
        self._num_ctx = num_ctx
        self._extras = {
            name: value for name, value in (("think", think), ("keep_alive", keep_alive)) if value is not None
        }

        def client() -> httpx.AsyncClient:
            return _Client(
                host=host,
                headers=headers,
                follow_redirects=False,  # a redirect would carry the customer's words to another host
                trust_env=False,
                limits=NO_POOL_LIMIT,
                transport=transport,
            ).http

        self._link = HttpLink(client, model=model, deadlines=deadlines, pull_hint=f"ollama pull {model}")

    @property
    def model(self) -> str:
        return self._model

    @property
    def context_tokens(self) -> int:
        return self._num_ctx

    async def chat(self, request: ChatRequest) -> ChatReply:
        """Ask once. Raises :class:`~cascade.errors.BackendError` and nothing else."""
        private = [message.content for message in request.messages if message.role == "user"]
        text = await self._link.send(
            "POST", "/api/chat", body=self._body(request), timeout_s=request.timeout_s, private=private
        )
        return self._reply(text, private)

    async def probe(self) -> BackendHealth:
        """Whether the server answers, its version, whether it has the model, what memory it uses. Never raises."""
        try:
            version = await self._get("/api/version", _Version)
            listed = await self._get("/api/tags", ollama.ListResponse)
        except BackendError as error:
            return unhealthy(error)
        names = tuple(entry.model for entry in listed.models if entry.model)
        wanted = self._model if ":" in self._model else f"{self._model}:latest"
        present = wanted in names
        detail = "" if present else f"ollama pull {self._model}"
        return BackendHealth(True, present, version.version, detail, names, await self._load())

    async def _load(self) -> ServerLoad | None:
        """What ``/api/ps`` tells; a server that does not know it is well all the same."""
        try:
            return of_ollama(await self._link.send("GET", "/api/ps", timeout_s=PROBE_TIMEOUT_S))
        except (BackendError, ValueError):
            return None

    async def aclose(self) -> None:
        """Close the connections; a later request opens new ones."""
        await self._link.aclose()

    async def _get(self, path: str, shape: type[_ShapeT]) -> _ShapeT:
        text = await self._link.send("GET", path, timeout_s=PROBE_TIMEOUT_S)
        try:
            return shape.model_validate_json(text)
        except ValueError as error:
            raise foreign_error(error, f"GET {path}") from None

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        options: dict[str, Any] = {
            "num_ctx": self._num_ctx,
            "num_predict": request.max_output_tokens,
            "temperature": request.temperature,
        }
        if request.seed is not None:
            options["seed"] = request.seed
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": message.role, "content": message.content} for message in request.messages],
            "stream": False,
            "truncate": False,  # without it a prompt that is too long is cut in silence
            "options": options,
            **self._extras,
        }
        if request.schema is not None:
            body["format"] = request.schema
        return body

    def _reply(self, text: str, private: list[str]) -> ChatReply:
        try:
            parts = _parts(text)
            for part in parts:
                if isinstance(part, dict) and part.get("error"):
                    raise status_error(
                        500,
                        str(part["error"]),
                        model=self._model,
                        private=private,
                        where="an error in the reply",
                    )
            answers = [ollama.ChatResponse.model_validate(part) for part in parts]
        except (ValueError, RecursionError) as error:
            raise foreign_error(error, "POST /api/chat") from None
        last = answers[-1]
        if last.done is False:
            raise BackendUnavailable("POST /api/chat: the server broke off in mid-reply")
        # No prompt has 0 tokens: a server that says so has read it from its cache and not counted it.
        input_tokens = _counted(last.prompt_eval_count) or None
        if input_tokens is not None and input_tokens >= self._num_ctx:
            raise BackendRejected(
                f"the server cut the prompt to its context of {self._num_ctx} tokens",
                hint="it does not know truncate=false: open the backend with a larger num_ctx",
            )
        return ChatReply(
            content="".join(answer.message.content or "" for answer in answers),
            thinking="".join(answer.message.thinking or "" for answer in answers),
            finish_reason=last.done_reason,
            model=last.model,
            input_tokens=input_tokens,
            output_tokens=_counted(last.eval_count),
            queued_ns=_queued_ns(last),
            prompt_ns=_counted(last.prompt_eval_duration),
            output_ns=_counted(last.eval_duration),
        )


def _parts(text: str) -> list[Any]:
    """The JSON of a reply: one object, or, from a gateway that streams all the same, one on each line."""
    try:
        return [json.loads(text)]
    except json.JSONDecodeError:
        parts = [json.loads(line) for line in text.split("\n") if line.strip()]
        if len(parts) < 2:
            raise
        return parts


def _counted(value: int | None) -> int | None:
    return value if value is not None and value >= 0 else None


def _queued_ns(reply: ollama.ChatResponse) -> int | None:
    """What is left of the total when loading, reading and writing are taken away; ``None`` when one is not told.

    An upper bound: what the server does between these and accounts to none of them is in it as well.
    """
    parts = (reply.load_duration, reply.prompt_eval_duration, reply.eval_duration)
    if reply.total_duration is None or any(part is None for part in parts):
        return None
    return max(0, reply.total_duration - sum(part for part in parts if part is not None))
