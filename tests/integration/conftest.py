"""The real model, started once for all integration tests; where it is absent they are skipped, except in CI."""

import os
from collections.abc import Iterator

import pytest
from shims import ollama_shim

from cascade.testing import SMALL_MODEL, small_model, small_model_missing


@pytest.fixture(scope="session")
def llama_url() -> Iterator[str]:
    """Address of a real llama.cpp server."""
    reason = small_model_missing()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(f"the real model must run in CI: {reason}")
    if reason:
        pytest.skip(reason)
    with small_model() as address:
        yield address


@pytest.fixture(scope="session")
def ollama_url(llama_url: str) -> Iterator[str]:
    """Address of the Ollama shim in front of it."""
    with ollama_shim.running(llama_url, SMALL_MODEL) as address:
        yield address
