"""From the text a user writes to a chat backend: ``ollama:qwen3:8b``, ``openai:MODEL@http://host:8000/v1``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cascade.backends.base import ChatBackend
from cascade.errors import ConfigurationError

FORMS = "ollama:MODEL, ollama:MODEL@http://host:11434?num_ctx=8192 or openai:MODEL@http://host:8000/v1"
MIN_CONTEXT = 256
MAX_CONTEXT = 10_000_000

_THINK: Mapping[str, bool | str | None] = {
    "true": True,
    "false": False,
    "none": None,
    **{level: level for level in ("low", "medium", "high")},
}


def open_backend(spec: str) -> ChatBackend:
    """A backend for ``spec``; opens no connection.

    ``KIND:MODEL[@URL][?OPTION=VALUE&...]``. Options of ``ollama``: ``num_ctx``, ``think`` (``true``, ``false``, a
    level, or ``none`` to leave it out), ``keep_alive``. Of ``openai``, which needs the URL: ``context_tokens``,
    ``think`` (``true`` or ``false``, sent as a chat template's ``enable_thinking``). Keys and headers are given to the
    backend classes, never written into a spec.

    Raises :class:`~cascade.errors.ConfigurationError`.
    """
    kind, separator, rest = spec.strip().partition(":")
    if not separator or kind not in ("ollama", "openai"):
        raise _nonsense(spec, "it names no kind of server")
    model, url, options = _split(spec, rest)
    if not model or any(char.isspace() or not char.isprintable() for char in model):
        raise _nonsense(spec, "it names no model")
    return _ollama(spec, model, url, options) if kind == "ollama" else _openai(spec, model, url, options)


def _split(spec: str, rest: str) -> tuple[str, str | None, dict[str, str]]:
    rest, _, query = rest.partition("?")
    at = max(rest.find("@http://"), rest.find("@https://"))
    model, url = (rest, None) if at < 0 else (rest[:at], rest[at + 1 :])
    if url is not None:
        _check_url(spec, url)
    elif "@" in model or "://" in model:
        raise _nonsense(spec, "the address after @ begins with http:// or https://")
    try:
        pairs = parse_qsl(query, strict_parsing=True) if query else []
    except ValueError:
        raise _nonsense(spec, "options are written ?name=value&name=value") from None
    if len(dict(pairs)) != len(pairs):
        raise _nonsense(spec, "an option stands twice")
    return model, url, dict(pairs)


def _check_url(spec: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _nonsense(spec, "its address is not a URL") from None
    if not parts.hostname or port == 0 or any(char.isspace() for char in url):
        raise _nonsense(spec, "its address is not a URL")
    if "@" in parts.netloc:
        raise ConfigurationError(
            "a backend's address carries a password",
            hint="pass headers or api_key to the backend class instead",
        )
    if parts.fragment:
        raise _nonsense(spec, "its address has a fragment")


def _ollama(spec: str, model: str, url: str | None, options: dict[str, str]) -> ChatBackend:
    from cascade.backends.ollama import OllamaBackend

    given: dict[str, Any] = {}
    if url is not None:
        given["host"] = url
    for name, value in options.items():
        if name == "num_ctx":
            given[name] = _context(spec, value)
        elif name == "think":
            given[name] = _one_of(spec, name, value, _THINK)
        elif name == "keep_alive":
            given[name] = value
        else:
            raise _nonsense(spec, f"ollama has no option {name!r}")
    return OllamaBackend(model, **given)


def _openai(spec: str, model: str, url: str | None, options: dict[str, str]) -> ChatBackend:
    from cascade.backends.openai import OpenAIBackend

    if url is None:
        raise _nonsense(spec, "an OpenAI-compatible server needs its address")
    given: dict[str, Any] = {}
    for name, value in options.items():
        if name == "context_tokens":
            given[name] = _context(spec, value)
        elif name == "stream":
            given[name] = _one_of(spec, name, value, {"true": True, "false": False})
        elif name == "think":
            thinking = _one_of(spec, name, value, {"true": True, "false": False})
            given["extra_body"] = {"chat_template_kwargs": {"enable_thinking": thinking}}
        else:
            raise _nonsense(spec, f"openai has no option {name!r}")
    return OpenAIBackend(model, base_url=url, **given)


def _context(spec: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 9):
        raise _nonsense(spec, "a context is a number of tokens")
    tokens = int(value)
    if not MIN_CONTEXT <= tokens <= MAX_CONTEXT:
        raise _nonsense(spec, f"a context has {MIN_CONTEXT} to {MAX_CONTEXT} tokens")
    return tokens


def _one_of(spec: str, name: str, value: str, legal: Mapping[str, bool | str | None]) -> bool | str | None:
    if value not in legal:
        raise _nonsense(spec, f"{name} is one of {', '.join(legal)}")
    return legal[value]


def _nonsense(spec: str, why: str) -> ConfigurationError:
    shown = spec if len(spec) <= 80 else spec[:77] + "..."
    return ConfigurationError(f"no chat backend {shown!r}: {why}", hint=f"write {FORMS}")
