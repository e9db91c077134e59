"""Second tries: which error deserves one, after how long, and whether there is budget for it."""

from __future__ import annotations

from random import Random

from cascade.errors import BackendError, BackendOverloaded
from cascade.traffic.spec import RetrySpec

_HOST_STATUSES = frozenset({401, 403, 404, 405})


class RetryBudget:
    """A share of the requests may be tried again; a storm of failures must not become a storm of retries."""

    def __init__(self, spec: RetrySpec) -> None:
        self._ratio = spec.budget_ratio
        self._burst = float(spec.budget_burst)
        self._saved = self._burst

    @property
    def saved(self) -> float:
        """How many retries there is budget for now."""
        return self._saved

    def earn(self) -> None:
        """A request came in."""
        self._saved = min(self._burst, self._saved + self._ratio)

    def spend(self) -> bool:
        """Take one retry from the budget; false when there is none."""
        if self._saved < 1.0:
            return False
        self._saved -= 1.0
        return True


def host_is_wrong(error: BackendError) -> bool:
    """Whether this one host cannot serve what another may: the model is missing there, or it refuses us."""
    return not error.retryable and error.status in _HOST_STATUSES


def worth_retrying(error: BackendError, hosts_left: bool) -> bool:
    """Whether the same request may succeed later or elsewhere; ``hosts_left`` is whether there is an untried
    host.
    """
    if isinstance(error, BackendOverloaded):
        return False
    return error.retryable or (hosts_left and host_is_wrong(error))


def backoff_s(spec: RetrySpec, attempt: int, error: BackendError, random: Random, elsewhere: bool) -> float:
    """Seconds to wait before try ``attempt`` (2 for the first retry).

    Full jitter under an exponential cap; what the server asked for is the least, unless the next try goes
    ``elsewhere``.
    """
    jittered = random.uniform(0.0, min(spec.max_s, spec.base_s * 2.0 ** min(attempt - 2, 30)))
    if elsewhere or error.retry_after_s is None:
        return jittered
    return error.retry_after_s + jittered
