"""How plans, calibrations and comparisons look on a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cascade.cli.common import shown
from cascade.planning import Calibration, Campaign, Comparison, Outcome, Plan, Sizing

DIM = "bright_black"


def plans_view(title: str, plans: Sequence[tuple[str, Plan]]) -> RenderableType:
    """One block of rows a server; what was assumed stands below."""
    table = _table(
        "server", "", "hosts", "floor", "p50", "p99", "shed", "hung up", "no answer", "busy", "cost"
    )
    for server, plan in plans:
        for number, (case, outcome, sizing) in enumerate(_rows(plan)):
            table.add_row(
                Text(shown(server)) if number == 0 else Text(),
                case,
                f"{outcome.hosts:,}",
                f"{sizing.floor_peak:,}" if sizing else "",
                _seconds(outcome.p50_s),
                _seconds(outcome.p99_s),
                _share(outcome.shed_share),
                _share(outcome.left_share),
                _share(outcome.unanswered_share),
                _share(outcome.busy_share),
                _cost(outcome),
            )
        table.add_section()
    notes = [] if not plans else list(_notes(plans))
    return Group(Text(shown(title), "bold"), table, *(Text(note, DIM) for note in notes))


def calibration_view(found: Calibration) -> RenderableType:
    """What the run showed of the server."""
    server = found.server
    how = "assumed: this run does not show it" if found.assumed else "read off the run"
    lines = [
        f"{found.requests} requests on {server.slots} slot{'s' * (server.slots > 1)}: "
        f"{_seconds(server.work.mean)} of work each, {_seconds(server.overhead.mean)} before it stands in line",
        f"each companion in service adds {found.beta:.2f} of a request's time ({how})",
        f"each one that comes to stand in line takes {_seconds(server.intake_s)} from those in service",
        f"all slots busy, a host serves {server.capacity_per_s:.3g}/s",
    ]
    return Text("\n".join(lines))


def comparisons_view(comparisons: Sequence[tuple[str, int, Comparison]]) -> RenderableType:
    """Predicted, measured and the error, one row a run."""
    table = _table("run", "slots", "mean", "p99", "all answered after", "after the last arrival")
    for name, slots, came in comparisons:
        predicted, real, error = came.predicted, came.measured, came.errors
        table.add_row(
            Text(shown(name)),
            str(slots),
            _against(predicted.mean_s, real.mean_s, error.mean_s),
            _against(predicted.p99_s, real.p99_s, error.p99_s),
            _against(predicted.drained_s, real.drained_s, error.drained_s),
            _against(predicted.drain_s, real.drain_s, error.drain_s),
        )
    first = "Predicted / measured; the first row is the run it was calibrated on."
    return Group(table, Text(first, DIM))


def _rows(plan: Plan) -> Iterator[tuple[str, Outcome, Sizing | None]]:
    yield "without", plan.without.outcome, plan.without
    yield "with the cascade", plan.with_cascade.outcome, plan.with_cascade
    if plan.provisioned is not None:
        yield "given, without", plan.provisioned[0], None
        yield "given, with", plan.provisioned[1], None


def _notes(plans: Sequence[tuple[str, Plan]]) -> Iterator[str]:
    plan = plans[0][1]
    campaign, target = plan.campaign, plan.campaign.target
    arrivals = campaign.arrivals
    yield (
        f"{arrivals.expected:,.0f} utterances in {arrivals.duration_s / 3600:.3g} h, {arrivals.peak_per_s:,.0f}/s at "
        f"the peak; with the cascade {_share(plan.mix.llm_share)} of them reach the model, without it all."
    )
    yield (
        f"Target: {target.percentile:.4g} of those who need the model have their answer within {target.latency_s:g} s. "
        "All times and shares are theirs. Floor: hosts that could just keep up with the peak."
    )
    yield _crowd_note(campaign)
    outcomes = [outcome for _, each in plans for _, outcome, _ in _rows(each)]
    shortened = max(outcome.shortened for outcome in outcomes)
    yield (
        "Simulated in cells of hosts with a line of their own, with a random share of the arrivals"
        + (f"; stretches of constant rate up to {shortened:.2g} times as short." if shortened > 1 else ".")
    )
    cores = plan.with_cascade.outcome.cores
    yield "Cores for the tiers below the model: " + (
        "unknown." if cores is None else f"{cores:,} at the peak."
    )


def _crowd_note(campaign: Campaign) -> str:
    crowd = campaign.crowd
    if crowd.patience is None:
        return "Nobody hangs up."
    works_on = "" if crowd.hangup_cancels else ", and the server works on for them"
    return (
        f"Users hang up after {crowd.patience.mean:.3g} s on average{works_on}; "
        f"{_share(crowd.repeats)} of those ask again, at most {crowd.max_asks} times in all."
    )


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style=DIM)
    for number, name in enumerate(names):
        table.add_column(name, justify="left" if number == 0 or not name else "right", no_wrap=True)
    return table


def _against(predicted: float, real: float, error: float) -> str:
    return f"{predicted:.2f} / {real:.2f} s {error:+.0%}"


def _seconds(value: float) -> str:
    if not math.isfinite(value):
        return "never"
    return f"{value:.3g} s" if value >= 1 or value == 0 else f"{value * 1000:.3g} ms"


def _share(value: float) -> str:
    return f"{value:.1%}" if value == 0 or value >= 0.001 else "< 0.1%"


def _cost(outcome: Outcome) -> str:
    if outcome.host_cost is None:
        return "unknown"
    return f"{outcome.host_cost.quantize(Decimal('0.01')):,}"
