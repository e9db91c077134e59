"""What a user may write as a chat backend, and that everything else is refused with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.backends.base import ChatBackend
from cascade.backends.ollama import OllamaBackend
from cascade.backends.openai import OpenAIBackend
from cascade.backends.resolve import open_backend
from cascade.errors import ConfigurationError


@pytest.mark.parametrize(
    ("spec", "kind", "model", "context"),
    [
        ("ollama:qwen3:8b", OllamaBackend, "qwen3:8b", 8192),
        (" ollama:qwen3 ", OllamaBackend, "qwen3", 8192),
        ("ollama:hf.co/a/b-GGUF:Q4_K_M@http://10.0.0.7:11434", OllamaBackend, "hf.co/a/b-GGUF:Q4_K_M", 8192),
        ("ollama:qwen3:8b@https://gpu.example/ollama?num_ctx=16384", OllamaBackend, "qwen3:8b", 16384),
        ("ollama:qwen3:8b?num_ctx=4096&think=none&keep_alive=5m", OllamaBackend, "qwen3:8b", 4096),
        ("openai:Qwen/Qwen3-8B@http://host:8000/v1", OpenAIBackend, "Qwen/Qwen3-8B", 8192),
        ("openai:m@http://[::1]:8000/v1?context_tokens=32768&think=false", OpenAIBackend, "m", 32768),
    ],
)
def test_specs_that_name_a_backend(spec: str, kind: type, model: str, context: int) -> None:
    backend = open_backend(spec)
    assert type(backend) is kind
    assert isinstance(backend, ChatBackend)
    assert (backend.model, backend.context_tokens) == (model, context)


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "qwen3:8b",
        "ollama",
        "ollama:",
        "ollama:@http://host:11434",
        "gemini:pro",
        "OLLAMA:qwen3",
        "ollama:qwen3:8b@host:11434",
        "ollama:qwen3:8b@ftp://host",
        "ollama:http://host:11434",
        "ollama:two words",
        "ollama:qwen3@http://",
        "ollama:qwen3@http://host:99999",
        "ollama:qwen3@http://host:0",
        "ollama:qwen3@http://ho st:1",
        "ollama:qwen3@http://[::1",
        "ollama:qwen3@http://host:1#part",
        "ollama:qwen3?num_ctx=lots",
        "ollama:qwen3?num_ctx=16",
        "ollama:qwen3?num_ctx=99999999999999",
        "ollama:qwen3?num_ctx=4096&num_ctx=8192",
        "ollama:qwen3?think=maybe",
        "ollama:qwen3?colour=red",
        "ollama:qwen3?nonsense",
        "openai:m",
        "openai:m@http://host:8000/v1?num_ctx=4096",
        "openai:m@http://host:8000/v1?think=high",
    ],
)
def test_nonsense_is_refused_with_what_to_write(spec: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_backend(spec)
    assert "ollama:MODEL" in caught.value.hint


def test_a_password_in_a_spec_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_backend("openai:m@http://user:hunter2@host/v1")
    assert "hunter2" not in str(caught.value)


@given(st.text(max_size=60) | st.text(max_size=40).map(lambda tail: f"ollama:m@http://h?{tail}"))
def test_any_text_names_a_backend_or_is_refused(spec: str) -> None:
    try:
        backend = open_backend(spec)
    except ConfigurationError:
        return
    assert backend.model
