"""A campaign written down: TOML that says who comes, what serves them, and what is good enough.

The one that ships, ``promo-2026-02-06``, is the day this library was built for.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cascade.errors import ConfigurationError
from cascade.planning.arrivals import Arrivals, Curve, read_trace
from cascade.planning.calibration import calibrate
from cascade.planning.campaign import Campaign, Rates, Target
from cascade.planning.crowd import Admission, Crowd
from cascade.planning.distributions import Constant, Lognormal
from cascade.planning.runs import read_run
from cascade.planning.servers import Server, Slowdown

PROMO_DAY = "promo-2026-02-06"
_SHIPPED = {PROMO_DAY: Path(__file__).with_name("promo_2026_02_06.toml")}

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Price = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ArrivalsSpec(_Record):
    """One of three, and a number to scale it to."""

    totals: tuple[tuple[Positive, Positive], ...] = ()
    """Running totals: (hours since the start, requests so far)."""
    segments: tuple[tuple[Positive, Seconds], ...] = ()
    """(seconds, rate per second)."""
    trace: str | None = None
    """A file of moments, CSV or JSONL; relative to the scenario."""
    scale_to: Positive | None = None
    """Requests in all, with the shape kept; a trace becomes a curve by the minute."""

    @model_validator(mode="after")
    def _one(self) -> ArrivalsSpec:
        if sum(map(bool, (self.totals, self.segments, self.trace))) != 1:
            raise ValueError("give one of totals, segments and trace")
        return self

    def build(self, folder: Path) -> Arrivals:
        """The arrivals that this describes."""
        if self.trace is not None:
            trace = read_trace(folder / self.trace)
            return trace if self.scale_to is None else trace.curve().scaled(self.scale_to)
        curve = Curve.from_totals(self.totals) if self.totals else Curve(self.segments)
        return curve if self.scale_to is None else curve.scaled(self.scale_to)


class ServerSpec(_Record):
    """A server: read off a recorded run, or by what somebody published of it."""

    name: str
    slots: Annotated[int, Field(ge=1)]
    run: str | None = None
    """A recorded run in JSONL, relative to the scenario, and the slots it was recorded with."""
    run_slots: Annotated[int, Field(ge=1)] | None = None
    peak_tokens_per_s: Positive | None = None
    """Output of the whole host under load; with ``output_tokens`` for one request."""
    output_tokens: Positive | None = None
    alone_tokens_per_s: Positive | None = None
    """Output for one request alone. Left out, it is the peak: the hosts come out right, light load looks too quick."""
    host_hour: Price | None = None

    @model_validator(mode="after")
    def _one(self) -> ServerSpec:
        measured = self.run is not None and self.run_slots is not None
        published = self.peak_tokens_per_s is not None and self.output_tokens is not None
        if measured == published:
            raise ValueError("give run and run_slots, or peak_tokens_per_s and output_tokens")
        return self

    def build(self, folder: Path) -> Server:
        """The server that this describes."""
        if self.run is not None and self.run_slots is not None:
            return calibrate(read_run(folder / self.run), slots=self.run_slots).with_slots(self.slots)
        assert self.peak_tokens_per_s is not None
        assert self.output_tokens is not None
        alone = self.alone_tokens_per_s or self.peak_tokens_per_s
        work = Constant(self.output_tokens / alone)
        return Server(self.slots, work, Slowdown.capped(alone, self.peak_tokens_per_s, self.slots))


class CrowdSpec(_Record):
    """What users do while they wait; without patience they wait for ever."""

    patience_p50_s: Positive | None = None
    patience_p99_s: Positive | None = None
    repeats: Annotated[float, Field(ge=0, le=1)] = 0.0
    pause_s: Seconds = 1.0
    max_asks: Annotated[int, Field(ge=1)] = 10
    hangup_cancels: bool = True

    def build(self) -> Crowd:
        """The crowd that this describes."""
        patience = None
        if self.patience_p50_s is not None:
            patience = Lognormal.through(self.patience_p50_s, self.patience_p99_s or self.patience_p50_s)
        return Crowd(patience, self.repeats, Constant(self.pause_s), self.max_asks, self.hangup_cancels)


class TargetSpec(_Record):
    """``percentile`` of those who need the model are answered within ``latency_s``."""

    percentile: Annotated[float, Field(gt=0, lt=1)]
    latency_s: Positive


class AdmissionSpec(_Record):
    """Bounds of the line; left out, there are none."""

    queue_per_host: Annotated[int, Field(ge=0)] | None = None
    max_wait_s: Seconds | None = None


class Scenario(_Record):
    """A campaign on paper. Shares of the tiers are no part of it: they are measured, and given to the plan."""

    title: str
    arrivals: ArrivalsSpec
    target: TargetSpec
    servers: Annotated[tuple[ServerSpec, ...], Field(min_length=1)]
    crowd: CrowdSpec = CrowdSpec()
    admission: AdmissionSpec = AdmissionSpec()
    calls: Positive = 1.0
    """Model calls that an utterance makes which reaches the model."""
    core_load: Annotated[float, Field(gt=0, le=1)] = 0.5
    core_hour: Price | None = None

    def campaigns(self, folder: Path) -> tuple[NamedCampaign, ...]:
        """One campaign a server; files are looked up from ``folder``.

        Raises :class:`~cascade.errors.ConfigurationError` for what cannot be read or built.
        """
        arrivals, crowd = self.arrivals.build(folder), self.crowd.build()
        admission = Admission(self.admission.queue_per_host, self.admission.max_wait_s)
        target = Target(self.target.percentile, self.target.latency_s)
        return tuple(
            NamedCampaign(
                spec.name,
                Campaign(
                    arrivals,
                    spec.build(folder),
                    target,
                    crowd,
                    admission,
                    Rates(spec.host_hour, self.core_hour),
                    self.calls,
                    self.core_load,
                ),
            )
            for spec in self.servers
        )


@dataclass(frozen=True, slots=True)
class NamedCampaign:
    """A campaign and the name of the server it is planned on."""

    server: str
    campaign: Campaign


def read_scenario(name: str | os.PathLike[str] = PROMO_DAY) -> tuple[Scenario, Path]:
    """A scenario by path, or by the name of one that ships, and the folder its files are looked up from.

    Raises :class:`~cascade.errors.ConfigurationError` when it cannot be read or does not validate.
    """
    path = _SHIPPED.get(os.fspath(name), Path(name))
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return Scenario.model_validate(data), path.parent
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"scenario {path}: {where}: {first['msg']}") from error
    except (OSError, ValueError) as error:  # a TOML and a Unicode error are both ValueErrors
        raise ConfigurationError(f"scenario {path}: {error}") from error
