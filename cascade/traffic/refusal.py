"""Saying no at once, with when to come back."""

from __future__ import annotations

from cascade.errors import BackendOverloaded

_LEAST_S = 0.01


def refusal(reason: str, message: str, retry_after_s: float | None) -> BackendOverloaded:
    """A refusal; ``retry_after_s`` is rounded to hundredths, ``None`` where coming back is no use."""
    back = None if retry_after_s is None else round(max(retry_after_s, _LEAST_S), 2)
    return BackendOverloaded(message, reason=reason, retry_after_s=back)
