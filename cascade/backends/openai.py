"""OpenAI-compatible servers (vLLM, llama.cpp, SGLang, gateways) behind the chat protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import httpx
from pydantic import BaseModel, Field

from cascade.backends.base import BackendHealth, ChatReply, ChatRequest, ServerLoad
from cascade.backends.http import (
    DEFAULT_DEADLINES,
    NO_POOL_LIMIT,
    Deadlines,
    HttpLink,
    Received,
    unhealthy,
)
from cascade.backends.mapping import foreign_error, status_error
from cascade.backends.server_load import of_metrics
from cascade.errors import BackendError, BackendReplyInvalid, BackendUnavailable

DEFAULT_CONTEXT_TOKENS = 8192
PROBE_TIMEOUT_S = 5.0
_DONE = "[DONE]"


class _Text(BaseModel):
    """A message, or in a stream a piece of one. Servers disagree on where the thinking goes."""

    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(BaseModel):
    message: _Text | None = None
    delta: _Text | None = None
    finish_reason: str | None = None

    @property
    def text(self) -> _Text:
        return self.message or self.delta or _Text()


class _Details(BaseModel):
    cached_tokens: int | None = Field(default=None, ge=0)


class _Usage(BaseModel):
    prompt_tokens: int | None = Field(default=None, ge=0)
    completion_tokens: int | None = Field(default=None, ge=0)
    prompt_tokens_details: _Details | None = None


class _Timings(BaseModel):
    """What llama.cpp's server adds to the protocol."""

    prompt_ms: float | None = Field(default=None, ge=0)
    predicted_ms: float | None = Field(default=None, ge=0)


class _Completion(BaseModel):
    model: str | None = None
    choices: list[_Choice]
    usage: _Usage | None = None
    timings: _Timings | None = None


class _Listed(BaseModel):
    id: str


class _Models(BaseModel):
    data: list[_Listed]


class OpenAIBackend:
    """A model behind ``{base_url}/chat/completions``.

    ``context_tokens`` is the context window that the server was started with, prompt and reply together; ``api_key``
    is sent as a bearer token; ``extra_body`` is merged into every request, for what one kind of server wants (for
    example ``{"chat_template_kwargs": {"enable_thinking": False}}``). ``stream`` has replies sent as they are written,
    for servers that tell no durations (vLLM): the time to the first token and for the others is then seen; the reply is
    the same. The environment is not consulted. ``transport`` replaces the network (an ``httpx`` transport, for tests).
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str,
        api_key: str | None = None,
        context_tokens: int = DEFAULT_CONTEXT_TOKENS,
        extra_body: Mapping[str, Any] | None = None,
        stream: bool = False,
        headers: Mapping[str, str] | None = None,
        deadlines: Deadlines = DEFAULT_DEADLINES,
        transport: Any = None,
    ) -> None:
        self._model = model
        self._context_tokens = context_tokens
        self._extra_body = dict(extra_body or {})
        self._stream: dict[str, Any] = {"stream": stream}
        if stream:
            self._stream["stream_options"] = {"include_usage": True}
        sent = dict(headers or {})
        if api_key is not None:
            sent["Authorization"] = f"Bearer {api_key}"

        def client() -> httpx.AsyncClient:
            return httpx.AsyncClient(
                base_url=base_url, headers=sent, trust_env=False, limits=NO_POOL_LIMIT, transport=transport
            )

        self._link = HttpLink(client, model=model, deadlines=deadlines)
        self._metrics: str | None = _beside(base_url)

    @property
    def model(self) -> str:
        return self._model

    @property
    def context_tokens(self) -> int:
        return self._context_tokens

    async def chat(self, request: ChatRequest) -> ChatReply:
        """Ask once. Raises :class:`~cascade.errors.BackendError` and nothing else."""
        private = [message.content for message in request.messages if message.role == "user"]
        received = await self._link.receive(
            "POST",
            "/chat/completions",
            body=self._body(request),
            timeout_s=request.timeout_s,
            private=private,
        )
        reply = self._reply(received.text, private)
        return _timed(reply, received) if self._stream["stream"] else reply

    async def probe(self) -> BackendHealth:
        """Whether the server answers and has the model, and how full it is where it has a page of metrics; such servers
        tell no version. Never raises."""
        try:
            text = await self._link.send("GET", "/models", timeout_s=PROBE_TIMEOUT_S)
            names = tuple(entry.id for entry in _Models.model_validate_json(text).data)
        except BackendError as error:
            return unhealthy(error)
        except ValueError as error:
            return unhealthy(foreign_error(error, "GET /models"))
        present = self._model in names
        detail = "" if present else f"the server has no model {self._model!r}"
        return BackendHealth(True, present, None, detail, names, await self._load())

    async def _load(self) -> ServerLoad | None:
        """What the page of metrics tells. A server without one is asked for it once."""
        if self._metrics is None:
            return None
        try:
            found = of_metrics(await self._link.send("GET", self._metrics, timeout_s=PROBE_TIMEOUT_S))
        except BackendError as error:
            if error.status is not None:
                self._metrics = None
            return None
        if found is None:
            self._metrics = None
        return found

    async def aclose(self) -> None:
        """Close the connections; a later request opens new ones."""
        await self._link.aclose()

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": message.role, "content": message.content} for message in request.messages],
            **self._stream,
            "max_tokens": request.max_output_tokens,
            "temperature": request.temperature,
            **self._extra_body,
        }
        if request.seed is not None:
            body["seed"] = request.seed
        if request.schema is not None:
            shape = {"name": "answer", "strict": True, "schema": request.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": shape}
        return body

    def _reply(self, text: str, private: list[str]) -> ChatReply:
        parts: list[_Completion] = []
        try:
            for data in _events(text):
                if isinstance(data, dict) and data.get("error"):
                    words = json.dumps(data["error"], ensure_ascii=False)
                    raise status_error(
                        500, words, model=self._model, private=private, where="an error in the reply"
                    )
                parts.append(_Completion.model_validate(data))
        except (ValueError, RecursionError) as error:
            raise foreign_error(error, "POST /chat/completions") from None
        return _folded(parts)


def _is_stream(text: str) -> bool:
    return text.lstrip().startswith(("data:", ":", "event:"))


def _beside(base_url: str) -> str:
    """The page of metrics: it stands beside the API's version and not under it."""
    path = httpx.URL(base_url).path.rstrip("/").removesuffix("/v1")
    return str(httpx.URL(base_url).copy_with(path=f"{path}/metrics", query=None))


def _events(text: str) -> Iterator[Any]:
    """The JSON of a reply: one object, or, from a gateway that streams all the same, its server-sent events."""
    if not _is_stream(text):
        yield json.loads(text)
        return
    for line in text.split("\n"):
        data = line.removeprefix("data:").strip() if line.startswith("data:") else ""
        if data == _DONE:
            return
        if data:
            yield json.loads(data)


def _timed(reply: ChatReply, received: Received) -> ChatReply:
    """The reply with what was seen of its stream; what the server itself says of its writing counts more."""
    first_ns, last_ns = _first_token_ns(received), received.arrivals[-1][1] if received.arrivals else None
    if first_ns is None or last_ns is None or last_ns <= first_ns:
        return reply
    written_ns = last_ns - first_ns if reply.output_ns is None else reply.output_ns
    return replace(reply, first_token_ns=first_ns, output_ns=written_ns)


def _first_token_ns(received: Received) -> int | None:
    """When the first event that holds a word had come; ``None`` for a reply that came whole."""
    if not _is_stream(received.text):
        return None
    size = 0
    for line in received.text.split("\n"):
        size += len(line.encode("utf-8"))
        if line.startswith("data:") and any(map(_has_words, _events(line))):
            return received.by(size)
        size += 1
    return None


def _has_words(event: Any) -> bool:
    texts = [choice.text for choice in _Completion.model_validate(event).choices]
    return any(text.content or text.reasoning_content or text.reasoning for text in texts)


def _folded(parts: list[_Completion]) -> ChatReply:
    choices = [part.choices[0] for part in parts if part.choices]
    if not choices:
        raise BackendReplyInvalid("POST /chat/completions: the reply holds no choice")
    if choices[0].message is None and not any(choice.finish_reason for choice in choices):
        raise BackendUnavailable("POST /chat/completions: the server broke off in mid-reply")
    usage = next((part.usage for part in reversed(parts) if part.usage), None) or _Usage()
    timings = next((part.timings for part in reversed(parts) if part.timings), None) or _Timings()
    texts = [choice.text for choice in choices]
    return ChatReply(
        content="".join(text.content or "" for text in texts),
        thinking="".join(text.reasoning_content or text.reasoning or "" for text in texts),
        finish_reason=next(
            (choice.finish_reason for choice in reversed(choices) if choice.finish_reason), None
        ),
        model=next((part.model for part in parts if part.model), None),
        input_tokens=usage.prompt_tokens or None,
        cached_tokens=usage.prompt_tokens_details.cached_tokens if usage.prompt_tokens_details else None,
        output_tokens=usage.completion_tokens,
        prompt_ns=_ns(timings.prompt_ms),
        output_ns=_ns(timings.predicted_ms),
    )


def _ns(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else round(milliseconds * 1e6)
