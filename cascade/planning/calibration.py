"""From a recorded run to a server that can be simulated.

Between the start and the end of each request the numbers in service are known (:mod:`~cascade.planning.occupancy`), and
from them how fast it went, up to two unknowns: by how much requests in service slow each other, and by how much those
that come to stand in line disturb the ones in service (their prompts are taken in by the same processor). Both are
chosen so that the work that is left over varies least, once the tokens are accounted for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from cascade.errors import ConfigurationError
from cascade.planning.distributions import Constant, Empirical, Floats
from cascade.planning.occupancy import Occupancy, occupancy
from cascade.planning.runs import RecordedRun
from cascade.planning.servers import Server, Slowdown

MIN_SPREAD = 0.15
"""Spread (standard deviation of the logarithm) of the numbers in service below which no slowdown can be read off."""
MIN_QUEUED = 10
"""Requests that must have stood in line before their disturbance is read off."""
SHARED = 1.0
"""Slowdown where none can be read off: one processor shared by all. Also the largest: batching does not lose."""

_BETAS = np.linspace(0.0, SHARED, 101)
_NO_INFORMATION = 1e-9
_LEAST_WORK = 0.05  # of what is usual: noise must not make work vanish


@dataclass(frozen=True, slots=True)
class TokenRates:
    """Seconds of work by tokens, and the ratio of what was measured to that."""

    fixed_s: float
    input_s: float
    output_s: float
    noise: Empirical

    def work_s(self, tokens_in: Floats, tokens_out: Floats, rng: np.random.Generator) -> Floats:
        """Work of requests of so many tokens, with noise drawn from ``rng``."""
        usual = self.fixed_s + self.input_s * tokens_in + self.output_s * tokens_out
        return np.asarray(usual * self.noise.sample(rng, len(usual)))


@dataclass(frozen=True, slots=True)
class Calibration:
    """A server as one run showed it.

    ``beta`` is its slowdown per companion: ``1 + beta * (n - 1)`` with ``n`` in service. ``assumed`` says that the run
    did not show it (one slot, or always as many in service) and that a processor shared by all was assumed.
    ``rates`` is ``None`` when tokens were not told. ``requests`` is the number of answered ones behind it.
    """

    server: Server
    beta: float
    assumed: bool
    rates: TokenRates | None
    requests: int

    def with_slots(self, slots: int) -> Server:
        """The same server with another number of slots."""
        old = self.server
        return Server(slots, old.work, old.slowdown, old.overhead, old.intake_s)


@dataclass(frozen=True, slots=True)
class _Fit:
    beta: float
    intake_s: float
    coefficients: Floats
    work: Floats
    """Seconds of each request, alone and undisturbed."""
    spread: float


def calibrate(run: RecordedRun, *, slots: int) -> Calibration:
    """Fit a server to a run that was recorded with ``slots`` requests at once (``OLLAMA_NUM_PARALLEL``).

    A server that batches without such a bound has as many slots as there ever were requests in flight.
    Raises :class:`~cascade.errors.ConfigurationError` for fewer than two answered requests.
    """
    if len(run.sent_s) < 2 or slots < 1:
        raise ConfigurationError("a calibration takes two answered requests and a slot at the least")
    overhead_s = _overhead(run)
    seen = occupancy(run, slots=slots, overhead_s=overhead_s)
    design, told = _design(run)
    assumed = bool(np.std(np.log(seen.company)) < MIN_SPREAD)
    betas: Sequence[float] = [SHARED] if assumed else _BETAS.tolist()
    fit = min((_fit(beta, seen, design) for beta in betas), key=lambda candidate: candidate.spread)
    server = Server(
        slots, Empirical.of(fit.work), Slowdown.linear(fit.beta), Constant(overhead_s), fit.intake_s
    )
    return Calibration(server, fit.beta, assumed, _rates(fit, design) if told else None, len(fit.work))


def _overhead(run: RecordedRun) -> float:
    """Seconds before a request stands in line: what the server calls loading, where it says so."""
    known = run.load_s[np.isfinite(run.load_s)]
    return float(known.mean()) if len(known) else 0.0


def _design(run: RecordedRun) -> tuple[Floats, bool]:
    """What work is explained by: a constant, and the tokens where every request told them."""
    columns = np.stack([np.ones(len(run.sent_s)), run.tokens_in, run.tokens_out], axis=1)
    told = bool(np.all(np.isfinite(columns)))
    return (columns if told else columns[:, :1]), told


def _fit(beta: float, seen: Occupancy, design: Floats) -> _Fit:
    """Coefficients, disturbance and left-over spread at a given slowdown."""
    paces = 1 / np.asarray(Slowdown.linear(beta).table(seen.exposure_s.shape[1])[1:])
    work = np.asarray(seen.exposure_s @ paces, dtype=float)
    coefficients = _non_negative(design, work)
    usual = design @ coefficients
    intake_s = 0.0
    if len(seen.queued_s) >= MIN_QUEUED:
        # counted over the time a request was to take: over the time it took, the slow would look disturbed
        slowdown = np.maximum(seen.duration_s / work, 1.0)
        joined = seen.joined(usual * slowdown) / slowdown
        intake_s = _disturbance(design, joined, work)
        if intake_s:
            work = np.maximum(work - intake_s * joined, _LEAST_WORK * work)
            coefficients = _non_negative(design, work)
            usual = design @ coefficients
    return _Fit(beta, intake_s, coefficients, work, float(np.std(work - usual) / work.mean()))


def _disturbance(design: Floats, joined: Floats, work: Floats) -> float:
    """Seconds that each newcomer in line takes from those in service; 0 where it is within two standard errors of 0."""
    comers, rest = (values - design @ np.linalg.lstsq(design, values)[0] for values in (joined, work))
    information, freedom = float(comers @ comers), len(work) - design.shape[1] - 1
    if information < _NO_INFORMATION or freedom < 1:
        return 0.0
    taken_s = float(comers @ rest) / information
    unexplained = rest - taken_s * comers
    error_s = math.sqrt(float(unexplained @ unexplained) / freedom / information)
    return taken_s if taken_s > 2 * error_s else 0.0


def _non_negative(columns: Floats, values: Floats) -> Floats:
    """Least squares without what would come out negative: more tokens never take less."""
    kept = list(range(columns.shape[1]))
    solve = partial(np.linalg.lstsq, b=values, rcond=None)
    found = solve(columns)[0]
    while kept and np.any(found < 0):
        kept = [index for index, value in zip(kept, found, strict=True) if value > 0]
        found = solve(columns[:, kept])[0]
    coefficients = np.zeros(columns.shape[1])
    coefficients[kept] = found
    return coefficients


def _rates(fit: _Fit, design: Floats) -> TokenRates:
    fixed_s, input_s, output_s = (float(value) for value in fit.coefficients)
    usual = np.maximum(design @ fit.coefficients, _LEAST_WORK * fit.work.mean())
    return TokenRates(fixed_s, input_s, output_s, Empirical.of(fit.work / usual))
