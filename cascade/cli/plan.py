"""``cascade plan``: hosts, waiting and cost of a campaign, with the cascade and without."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cascade.cli.common import command, console
from cascade.errors import ConfigurationError

if TYPE_CHECKING:
    from cascade.planning import Calibration, Comparison, Mix, NamedCampaign, Plan

_MOST_SEED = 2**32 - 1
_MOST_HOSTS = 10**9
_MOST_SLOTS = 10_000


ScenarioArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="SCENARIO", help="A campaign in TOML; without it the one that ships, promo-2026-02-06."
    ),
]
ShareOption = Annotated[
    list[str] | None,
    typer.Option("--share", metavar="TIER=SHARE", help="What a tier answers, 0 to 1; once for each tier."),
]
LedgerOption = Annotated[
    Path | None,
    typer.Option(
        "--ledger",
        exists=True,
        dir_okay=False,
        help="The shares as a ledger's snapshot (JSON) measured them.",
    ),
]
CalibrateOption = Annotated[
    str | None,
    typer.Option(
        "--calibrate",
        metavar="RUN.jsonl[:SLOTS]",
        help="Take the server from a recorded run of it, and say how well it is predicted. One slot if not given.",
    ),
]
AgainstOption = Annotated[
    list[str] | None,
    typer.Option(
        "--against", metavar="RUN.jsonl[:SLOTS]", help="Another recorded run to predict; may be repeated."
    ),
]
HostsOption = Annotated[
    float | None,
    typer.Option(
        "--hosts",
        min=0,
        max=_MOST_HOSTS,
        help="What happens on so many; below 1, a share of what it takes without the cascade.",
    ),
]
PriceOption = Annotated[
    str | None, typer.Option("--price", metavar="MONEY", help="Of a model host for an hour.")
]
CorePriceOption = Annotated[
    str | None, typer.Option("--core-price", metavar="MONEY", help="Of a processor core for an hour.")
]


@command
def plan(
    scenario: ScenarioArgument = None,
    *,
    share: ShareOption = None,
    ledger: LedgerOption = None,
    calibrate: CalibrateOption = None,
    against: AgainstOption = None,
    hosts: HostsOption = None,
    price: PriceOption = None,
    core_price: CorePriceOption = None,
    seed: Annotated[int, typer.Option("--seed", min=0, max=_MOST_SEED, help="Of the simulation.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """How many hosts a campaign takes, who waits how long, and what it costs, with the cascade and without."""
    from cascade.cli.plan_views import plans_view
    from cascade.planning import PROMO_DAY

    mix = _mix(share or [], ledger)
    if mix is None and calibrate is None:
        raise ConfigurationError(
            "what the tiers answer is not known", hint="measure it and give --ledger, or --share TIER=SHARE"
        )
    told: dict[str, Any] = {}
    server = None
    if calibrate is not None:
        server, comparisons = _calibrated(calibrate, against or [])
        told |= _calibration_dict(server, comparisons)
        if not as_json:
            _show_calibration(server, comparisons)
    elif against:
        raise ConfigurationError("--against takes a server to predict with", hint="give --calibrate")
    if mix is not None:
        title, campaigns = _campaigns(scenario or PROMO_DAY, server)
        campaigns = _priced(campaigns, _money(price), _money(core_price))
        with console(sys.stderr).status("simulating"):
            plans = list(_planned(campaigns, mix, hosts, seed))
        told |= {"title": title, "llm_share": mix.llm_share, "plans": [_plan_dict(*each) for each in plans]}
        if not as_json:
            console(sys.stdout).print(plans_view(title, plans))
    if as_json:
        print(json.dumps(told, ensure_ascii=False))


def _calibrated(spec: str, against: Sequence[str]) -> tuple[Calibration, list[tuple[str, int, Comparison]]]:
    from cascade.planning import calibrate, compare, read_run

    path, slots = _run(spec)
    found = calibrate(read_run(path), slots=slots)
    others = [_run(text) for text in (spec, *against)]
    return found, [(path.name, slots, compare(found, read_run(path), slots=slots)) for path, slots in others]


def _show_calibration(found: Calibration, comparisons: Sequence[tuple[str, int, Comparison]]) -> None:
    from cascade.cli.plan_views import calibration_view, comparisons_view

    out = console(sys.stdout)
    out.print(calibration_view(found))
    out.print(comparisons_view(comparisons))


def _calibration_dict(
    found: Calibration, comparisons: Sequence[tuple[str, int, Comparison]]
) -> dict[str, Any]:
    return {
        "calibration": {
            "requests": found.requests,
            "slots": found.server.slots,
            "work_mean_s": found.server.work.mean,
            "overhead_s": found.server.overhead.mean,
            "intake_s": found.server.intake_s,
            "slowdown_per_companion": found.beta,
            "slowdown_assumed": found.assumed,
            "capacity_per_s": found.server.capacity_per_s,
        },
        "comparisons": [
            {
                "run": name,
                "slots": slots,
                "predicted": asdict(came.predicted),
                "measured": asdict(came.measured),
                "errors": _plain(asdict(came.errors)),
            }
            for name, slots, came in comparisons
        ],
    }


def _planned(
    campaigns: Sequence[NamedCampaign], mix: Mix, hosts: float | None, seed: int
) -> Iterator[tuple[str, Plan]]:
    from cascade.planning import plan as find

    given = hosts if hosts is None or 0 < hosts < 1 else round(hosts)
    for named in campaigns:
        yield named.server, find(named.campaign, mix, seed=seed, provisioned=given)


def _campaigns(name: str, calibrated: Calibration | None) -> tuple[str, list[NamedCampaign]]:
    """The scenario's title and campaigns; on the calibrated server alone, where there is one."""
    from cascade.planning import NamedCampaign, read_scenario

    scenario, folder = read_scenario(name)
    campaigns = list(scenario.campaigns(folder))
    if calibrated is None:
        return scenario.title, campaigns
    campaign = campaigns[0].campaign
    rates = replace(campaign.rates, host_hour=None)  # the price was another server's
    return scenario.title, [
        NamedCampaign("calibrated", replace(campaign, server=calibrated.server, rates=rates))
    ]


def _priced(
    campaigns: Sequence[NamedCampaign], host: Decimal | None, core: Decimal | None
) -> list[NamedCampaign]:
    priced = []
    for named in campaigns:
        old = named.campaign.rates
        rates = replace(
            old,
            host_hour=old.host_hour if host is None else host,
            core_hour=old.core_hour if core is None else core,
        )
        priced.append(replace(named, campaign=replace(named.campaign, rates=rates)))
    return priced


def _mix(shares: Sequence[str], ledger: Path | None) -> Mix | None:
    from cascade.planning import Mix, read_mix

    if ledger is not None:
        if shares:
            raise ConfigurationError("shares come from --ledger or from --share, not from both")
        return read_mix(ledger)
    if not shares:
        return None
    found: dict[str, float] = {}
    for text in shares:
        name, _, value = text.partition("=")
        try:
            found[name] = float(value)
        except ValueError as error:
            raise ConfigurationError(f"--share {text}: write it as rules=0.7") from error
    return Mix.from_shares(found)


def _run(spec: str) -> tuple[Path, int]:
    """A run's file and its slots; without a number, the one slot that an Ollama has by default."""
    path, colon, slots = spec.rpartition(":")
    if not colon or not slots.isdecimal():
        return Path(spec), 1
    if not path or not 0 < int(slots) <= _MOST_SLOTS:
        raise ConfigurationError(
            f"{spec}: write a run as FILE.jsonl:SLOTS, with 1 to {_MOST_SLOTS:,} slots of its server"
        )
    return Path(path), int(slots)


def _money(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ConfigurationError(f"{text} is no price") from error


def _plan_dict(server: str, found: Plan) -> dict[str, Any]:
    given = found.provisioned
    return {
        "server": server,
        "target": asdict(found.campaign.target),
        "without": _plain(asdict(found.without)),
        "with_cascade": _plain(asdict(found.with_cascade)),
        "provisioned": None
        if given is None
        else {"without": _plain(asdict(given[0])), "with_cascade": _plain(asdict(given[1]))},
    }


def _plain(value: Any) -> Any:
    """JSON-able: money as text, never answered (infinite) as null."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return None if isinstance(value, float) and not math.isfinite(value) else value
