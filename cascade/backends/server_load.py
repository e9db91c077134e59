"""What servers tell of their own load beside their answers: Ollama's ``/api/ps``, and the Prometheus page of vLLM,
SGLang and llama.cpp. What a server does not tell is ``None``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

from pydantic import BaseModel, Field

from cascade.backends.base import ServerLoad

_Pick = Callable[[Iterable[float]], float]

_PAGE_NAMES: dict[str, tuple[str, _Pick]] = {
    # several engines on one host: requests add up, the fullest cache is the one that hurts
    "vllm:kv_cache_usage_perc": ("cache_share", max),
    "vllm:gpu_cache_usage_perc": ("cache_share", max),  # vLLM before 0.10
    "vllm:num_requests_running": ("running", math.fsum),
    "vllm:num_requests_waiting": ("waiting", math.fsum),
    "sglang:token_usage": ("cache_share", max),
    "sglang:num_running_reqs": ("running", math.fsum),
    "sglang:num_queue_reqs": ("waiting", math.fsum),
    "llamacpp:kv_cache_usage_ratio": ("cache_share", max),  # dropped by later builds
    "llamacpp:requests_processing": ("running", math.fsum),
    "llamacpp:requests_deferred": ("waiting", math.fsum),
}


class _Resident(BaseModel):
    size: int | None = Field(default=None, ge=0)
    size_vram: int | None = Field(default=None, ge=0)


class _Running(BaseModel):
    models: list[_Resident]


def of_ollama(text: str) -> ServerLoad:
    """Memory of all models that an Ollama holds, out of the reply of ``/api/ps``.

    Raises ``ValueError`` when it is no such reply.
    """
    models = _Running.model_validate_json(text).models
    on_gpu, whole = (_sum(getattr(model, name) for model in models) for name in ("size_vram", "size"))
    rest = None if on_gpu is None or whole is None or on_gpu > whole else whole - on_gpu
    return ServerLoad(gpu_bytes=on_gpu, host_bytes=rest)


def of_metrics(text: str) -> ServerLoad | None:
    """Cache and requests, out of a Prometheus page; ``None`` when none of the known names is on it."""
    seen: dict[str, list[float]] = {}
    for name, value in _values(text):
        if name in _PAGE_NAMES:
            seen.setdefault(name, []).append(value)
    told = {_PAGE_NAMES[name][0]: _PAGE_NAMES[name][1](values) for name, values in seen.items()}
    if not told:
        return None
    share, running, waiting = (told.get(name) for name in ("cache_share", "running", "waiting"))
    return ServerLoad(
        cache_share=share if share is not None and share <= 1 else None,
        running=None if running is None else round(running),
        waiting=None if waiting is None else round(waiting),
    )


def _values(text: str) -> Iterator[tuple[str, float]]:
    """Names and values of a page, labels and timestamps left out; what is no finite number of at least 0 is skipped."""
    for line in text.split("\n"):
        if line.startswith("#"):
            continue
        name, brace, rest = line.partition("{")
        if brace:
            rest = rest.rpartition("}")[2]
        else:
            name, _, rest = line.partition(" ")
        try:
            value = float(rest.split()[0])
        except (ValueError, IndexError):
            continue
        if math.isfinite(value) and value >= 0:
            yield name, value


def _sum(counts: Iterable[int | None]) -> int | None:
    total = 0
    for count in counts:
        if count is None:
            return None
        total += count
    return total
