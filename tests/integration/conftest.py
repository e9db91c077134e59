"""The real model, started once for all integration tests; where it is absent they are skipped, except in CI."""

import os
from collections.abc import Iterator

import pytest
from shims import llama_server, ollama_shim


@pytest.fixture(scope="session")
def llama_url() -> Iterator[str]:
    """Address of a real llama.cpp server."""
    reason = llama_server.missing()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(f"the real model must run in CI: {reason}")
    if reason:
        pytest.skip(reason)
    with llama_server.running() as address:
        yield address


@pytest.fixture(scope="session")
def ollama_url(llama_url: str) -> Iterator[str]:
    """Address of the Ollama shim in front of it."""
    with ollama_shim.running(llama_url, llama_server.MODEL) as address:
        yield address
