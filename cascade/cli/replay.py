"""``cascade replay``: what another policy would have answered and cost, from a decision log."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cascade.cli.common import BundleOption, CurrencyOption, PricesOption, command, console
from cascade.errors import ConfigurationError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cascade.observe.bootstrap import Comparison, Figure
    from cascade.observe.decision_log import DecisionReader
    from cascade.observe.replay import ReplayReport
    from cascade.prices import Currency


@command
def replay(
    logs: Annotated[list[Path], typer.Argument(metavar="LOG...", help="Decision logs: files or folders.")],
    *,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="PATH=VALUE",
            help="A threshold of the policy: default.confidence=0.9, intents.order_drink.margin=0.1; repeatable.",
        ),
    ] = None,
    bundle: BundleOption = None,
    prices: PricesOption = None,
    currency: CurrencyOption = "CNY",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the intervals.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
) -> None:
    """Decide a logged day again by other thresholds: what is answered, by whom, at what cost, with 95 % intervals."""
    from cascade.bundle import DEFAULT, Bundle
    from cascade.observe.decision_log import read_decisions
    from cascade.observe.replay import replay as run
    from cascade.observe.settings import policies
    from cascade.prices import PriceBook

    book = PriceBook.load(prices) if prices else PriceBook.load()
    opened = Bundle.open(bundle or DEFAULT)
    policy_at = policies(opened, dict(map(_setting, settings or ())))
    decisions = read_decisions(logs)
    audits = read_decisions(logs, kinds=["audit"])
    report = run(
        decisions, policy_at, audits=audits, charge=lambda cost: book.charge(cost, currency), seed=seed
    )
    if as_json:
        print(json.dumps({**report.to_dict(), "currency": currency, "skipped_lines": decisions.skipped}))
    else:
        console(sys.stdout).print(replay_view(report, currency))
    _tell_problems(decisions)


def _setting(given: str) -> tuple[str, float]:
    path, equals, value = given.partition("=")
    try:
        return path.strip(), float(value) if equals else float("nan")
    except ValueError:
        raise ConfigurationError(f"--set {given}: not PATH=NUMBER") from None


def _tell_problems(decisions: DecisionReader) -> None:
    for problem in decisions.problems[:5]:
        print(f"cascade: {problem.file}:{problem.line}: {problem.reason}", file=sys.stderr)
    if decisions.skipped:
        print(f"cascade: {decisions.skipped} lines were passed over", file=sys.stderr)


def replay_view(report: ReplayReport, currency: Currency) -> RenderableType:
    """The report as a table."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from cascade.cli.render import DIM

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for name in ("logged", "replayed", "difference"):
        table.add_column(name, justify="right")
    per_thousand = f"{currency} per 1,000"
    rows: list[tuple[str, str, float, str]] = [("answered", "coverage", 100, "%")]
    rows += [(f"  by {name[9:]}", name, 100, "%") for name in report.measures if name.startswith("answered_")]
    rows += [
        ("asked a server", "asked", 100, "%"),
        ("latency, mean ms", "latency_s", 1e3, ""),
        ("input tokens per 1,000", "input_tokens", 1e3, ""),
        ("output tokens per 1,000", "output_tokens", 1e3, ""),
        (per_thousand, "money", 1e3, ""),
    ]
    for label, name, scale, unit in rows:
        table.add_row(label, *_cells(report.measures[name], scale, unit))
    if report.disagreement.logged.value is not None:
        table.add_row("not borne out by audits", *_cells(report.disagreement, 100, "%"))
    notes = [f"{report.decisions:,.0f} decisions, told by {report.lines:,} lines"]
    if report.imputed.value:
        notes.append(
            f"estimated from those that went further: {_cell(report.imputed, 100, '%')} of the replayed decisions"
        )
    if report.contradicted.value is not None:
        notes.append(
            f"answered earlier, with another answer than the later tier gave: {_cell(report.contradicted, 100, '%')}"
        )
    notes += [
        f"{name.replace('_', ' ')} unknown in {_cell(figure, 100, '%')} of those logged, taken to be like the others"
        for name, figure in report.unknown.items()
        if figure.value and report.measures[name].logged.value is not None
    ]
    return Group(table, Text(""), *(Text(note, DIM) for note in notes))


def _cells(comparison: Comparison, scale: float, unit: str) -> list[str]:
    return [
        _cell(comparison.logged, scale, unit),
        _cell(comparison.other, scale, unit),
        _cell(comparison.difference, scale, unit, signed=True),
    ]


def _cell(figure: Figure, scale: float, unit: str, *, signed: bool = False) -> str:
    if figure.value is None:
        return "unknown"
    value = f"{'+' if signed and figure.value > 0 else ''}{_number(figure.value * scale)}{unit}"
    if figure.low is None or figure.high is None:
        return value
    return f"{value} ({_number(figure.low * scale)} to {_number(figure.high * scale)})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
