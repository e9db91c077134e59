"""When two questions are the same question."""

from __future__ import annotations

import hashlib
import json

from cascade.backends.base import ChatRequest


def fingerprint(request: ChatRequest, model: str) -> str:
    """A hash of everything that decides the answer: bundle, model, schema, every message, and the sampling.

    Two requests share it only when a server would be sent the same bytes; likeness counts for nothing.
    """
    said = [
        request.scope,
        model,
        [[message.role, message.content] for message in request.messages],
        request.schema,
        request.max_output_tokens,
        request.temperature,
        request.seed,
    ]
    text = json.dumps(said, ensure_ascii=True, sort_keys=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
