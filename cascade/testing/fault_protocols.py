"""How Ollama and OpenAI-compatible servers word what they say, good and bad; held to recordings of the real
ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Protocol = Literal["ollama", "openai"]

OTHER_SHAPE = {"reasoning": "the customer may want a drink", "conclusion": "unclear"}
"""What a model writes when its schema was ignored: JSON, and not the one that was asked for."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a model said, what the server tells of the tokens, input and output, and what was truly spent.

    Counts of ``None`` are left out of the reply.
    """

    content: str
    thinking: str = ""
    cut: bool = False
    told: tuple[int | None, int | None] = (0, 0)
    spent: tuple[int, int] = (0, 0)
    queued_ns: int = 0
    worked_ns: int = 0


def protocol_of(path: str) -> Protocol:
    """Which API a path belongs to."""
    return "openai" if path.startswith("/v1/") else "ollama"


def asks_for_thinking_off(protocol: Protocol, body: Mapping[str, Any]) -> bool:
    """Whether the request turns a thinking model's thinking off."""
    if protocol == "ollama":
        return body.get("think") is False
    template = body.get("chat_template_kwargs")
    return isinstance(template, Mapping) and template.get("enable_thinking") is False


def chat_reply(protocol: Protocol, model: str, said: Said) -> dict[str, Any]:
    """The body of a good reply."""
    return _ollama_reply(model, said) if protocol == "ollama" else _openai_reply(model, said)


def error_reply(protocol: Protocol, message: str, status: int) -> dict[str, Any]:
    """The body of a refusal."""
    if protocol == "ollama":
        return {"error": message}
    return {"error": {"message": message, "type": "api_error", "param": None, "code": status}}


def listing(path: str, model: str) -> dict[str, Any] | None:
    """The body of a probe: version and models; ``None`` for a path that no server has."""
    if path == "/api/version":
        return {"version": "0.24.0"}
    if path == "/api/tags":
        return {"models": [{"name": model, "model": model, "size": 1, "digest": "0" * 64, "details": {}}]}
    if path == "/v1/models":
        return {"object": "list", "data": [{"id": model, "object": "model", "owned_by": "library"}]}
    return None


def compact(data: Mapping[str, Any]) -> bytes:
    """JSON as servers send it."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _ollama_reply(model: str, said: Said) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": said.content}
    if said.thinking:
        message["thinking"] = said.thinking
    reply: dict[str, Any] = {
        "model": model,
        "created_at": "2026-11-22T05:00:00.000000000Z",
        "message": message,
        "done": True,
        "done_reason": "length" if said.cut else "stop",
        "total_duration": said.queued_ns + said.worked_ns,
        "load_duration": 0,
        "prompt_eval_duration": said.worked_ns // 4,
        "eval_duration": said.worked_ns - said.worked_ns // 4,
    }
    told_in, told_out = said.told
    if told_in is not None:
        reply["prompt_eval_count"] = told_in
    if told_out is not None:
        reply["eval_count"] = told_out
    return reply


def _openai_reply(model: str, said: Said) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": said.content or None}
    if said.thinking:
        message["reasoning_content"] = said.thinking
    finish = "length" if said.cut else "stop"
    reply: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1795323600,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
    }
    told_in, told_out = said.told
    if told_in is not None and told_out is not None:
        reply["usage"] = {
            "prompt_tokens": told_in,
            "completion_tokens": told_out,
            "total_tokens": told_in + told_out,
        }
    return reply
