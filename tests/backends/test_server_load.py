"""What servers tell of their memory, cache and line; what they do not tell stays unknown, and breaks no probe."""

from contextlib import suppress
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.backends.base import BackendHealth, ServerLoad
from cascade.backends.ollama import OllamaBackend
from cascade.backends.openai import OpenAIBackend
from cascade.backends.server_load import of_metrics, of_ollama

VLLM = """# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="Qwen/Qwen3-8B"} 12.0
vllm:num_requests_running{engine="1",model_name="Qwen/Qwen3-8B"} 9.0
vllm:num_requests_waiting{engine="0",model_name="Qwen/Qwen3-8B"} 3.0
vllm:num_requests_waiting{engine="1",model_name="Qwen/Qwen3-8B"} 0.0
# HELP vllm:kv_cache_usage_perc KV-cache usage. 1 means 100 percent usage.
vllm:kv_cache_usage_perc{engine="0",model_name="Qwen/Qwen3-8B"} 0.62
vllm:kv_cache_usage_perc{engine="1",model_name="Qwen/Qwen3-8B"} 0.25
vllm:time_to_first_token_seconds_bucket{le="0.001",model_name="Qwen/Qwen3-8B"} 0.0
python_info{implementation="CPython"} 1.0
"""


class Server:
    """A server with some pages, which remembers what it was asked for."""

    def __init__(self, **pages: Any) -> None:
        self.pages = {name.replace("_", "/"): page for name, page in pages.items()}
        self.asked: list[str] = []

    def transport(self) -> httpx.MockTransport:
        def answer(request: httpx.Request) -> httpx.Response:
            path = request.url.path.strip("/")
            self.asked.append(path)
            page = self.pages.get(path)
            if page is None:
                return httpx.Response(404)
            return (
                httpx.Response(200, json=page) if isinstance(page, dict) else httpx.Response(200, text=page)
            )

        return httpx.MockTransport(answer)


def vllm(page: str | None, base_url: str = "http://gpu-1:8000/v1") -> tuple[OpenAIBackend, Server]:
    server = Server(v1_models={"data": [{"id": "m"}]}, metrics=page)
    return OpenAIBackend("m", base_url=base_url, transport=server.transport()), server


async def test_vllm_tells_cache_and_requests_of_all_its_engines() -> None:
    backend, server = vllm(VLLM)
    health = await backend.probe()
    assert health.load == ServerLoad(cache_share=0.62, running=21, waiting=3)
    assert server.asked == ["v1/models", "metrics"]
    await backend.aclose()


@pytest.mark.parametrize("page", [None, "", "python_info 1.0", "<html>sign in</html>"])
async def test_a_server_without_such_a_page_is_well_and_is_asked_for_it_once(page: str | None) -> None:
    backend, server = vllm(page)
    for _ in range(3):
        health = await backend.probe()
        assert (health.reachable, health.model_present, health.load) == (True, True, None)
    assert server.asked.count("metrics") == 1
    await backend.aclose()


async def test_the_page_stands_beside_the_version_of_the_api() -> None:
    server = Server(proxy_v1_models={"data": [{"id": "m"}]}, proxy_metrics="llamacpp:requests_deferred 4")
    backend = OpenAIBackend("m", base_url="http://h/proxy/v1/", transport=server.transport())
    assert (await backend.probe()).load == ServerLoad(waiting=4)
    await backend.aclose()


@pytest.mark.parametrize(
    ("models", "load"),
    [
        ([], ServerLoad(gpu_bytes=0, host_bytes=0)),
        ([{"size": 10, "size_vram": 10}, {"size": 7, "size_vram": 3}], ServerLoad(13, 4)),
        ([{"size": 10}], ServerLoad()),
        ([{"size_vram": 10}], ServerLoad(gpu_bytes=10)),
        ([{"size": 5, "size_vram": 10}], ServerLoad(gpu_bytes=10)),
    ],
)
async def test_ollama_tells_what_its_models_hold(models: list[dict[str, int]], load: ServerLoad) -> None:
    server = Server(api_version={"version": "0.24.0"}, api_tags={"models": []}, api_ps={"models": models})
    backend = OllamaBackend("m", transport=server.transport())
    assert (await backend.probe()).load == load
    await backend.aclose()


@pytest.mark.parametrize("page", [None, {"error": "no"}, "[]", {"models": [{"size": -1}]}])
async def test_an_ollama_that_tells_nothing_is_well(page: Any) -> None:
    server = Server(api_version={"version": "0.1.0"}, api_tags={"models": []}, api_ps=page)
    backend = OllamaBackend("m", transport=server.transport())
    health: BackendHealth = await backend.probe()
    assert (health.reachable, health.load) == (True, None)
    await backend.aclose()


@pytest.mark.parametrize(
    ("page", "load"),
    [
        ("vllm:gpu_cache_usage_perc 0.5", ServerLoad(cache_share=0.5)),
        ('sglang:token_usage{a="}"} 0.25 1700000000000', ServerLoad(cache_share=0.25)),
        ("llamacpp:kv_cache_usage_ratio 7", ServerLoad()),
        ("vllm:num_requests_running NaN", None),
        ("vllm:num_requests_running -1", None),
        ("vllm:num_requests_running", None),
        ("vllm:num_requests_running +Inf", None),
    ],
)
def test_a_page_is_believed_where_it_makes_sense(page: str, load: ServerLoad | None) -> None:
    assert of_metrics(page) == load


@given(st.text())
def test_no_page_breaks_the_reading(text: str) -> None:
    of_metrics(text)
    of_metrics(f"vllm:num_requests_running{text}")
    with suppress(ValueError):
        of_ollama(text)
