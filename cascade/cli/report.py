"""``cascade report``: what a campaign cost, from the files that sinks kept."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cascade.cli.common import CurrencyOption, PricesOption, command, console, shown
from cascade.errors import ConfigurationError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cascade.reporting import Account
    from cascade.reporting.tables import Table


@command
def report(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="What sinks kept: JSONL, SQLite, Parquet, or folders of costs-*."
        ),
    ],
    *,
    html: Annotated[
        Path | None, typer.Option("--html", dir_okay=False, help="Draw it too, into one HTML file.")
    ] = None,
    title: Annotated[str, typer.Option("--title", help="Of the HTML file.")] = "What it cost",
    orders: Annotated[
        list[str] | None,
        typer.Option("--order-intent", metavar="INTENT", help="Answers that count as orders; repeatable."),
    ] = None,
    prices: PricesOption = None,
    currency: CurrencyOption = "CNY",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the intervals.")] = 0,
    replicates: Annotated[int, typer.Option("--replicates", min=20, help="Behind the intervals.")] = 400,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of tables.")] = False,
) -> None:
    """Say what was spent: per thousand utterances and orders with 95 % intervals, by tier, campaign, rung and intent,
    and what the large model alone would have cost. Files of several processes are added up.
    """
    from cascade.ledger.sinks import read_costs
    from cascade.prices import PriceBook
    from cascade.reporting import account
    from cascade.reporting.account import ORDERS

    book = PriceBook.load(prices) if prices else PriceBook.load()
    found = account(
        read_costs(files),
        book,
        currency=currency,
        order_intents=tuple(orders or ORDERS),
        seed=seed,
        replicates=replicates,
    )
    if html is not None:
        _draw(found, html, title)
    if as_json:
        print(json.dumps(found.to_dict()))
    else:
        console(sys.stdout).print(report_view(found))
    for problem in found.problems[:5]:
        print("cascade:", shown(problem), file=sys.stderr)


def _draw(found: Account, path: Path, title: str) -> None:
    from cascade.reporting.page import page

    text = page(found, title)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error}") from error


def report_view(found: Account) -> RenderableType:
    """The report as tables."""
    from rich.console import Group
    from rich.text import Text

    from cascade.cli.render import DIM
    from cascade.reporting.page import DIMENSIONS
    from cascade.reporting.tables import headline, money_table, notes, part_table, tier_table

    cards = Text()
    for value, name in headline(found):
        cards.append(value, "bold").append(f" {shown(name)}   ", DIM)
    parts = [part_table(found, dimension) for dimension in DIMENSIONS]
    tables = [money_table(found), tier_table(found), *(part for part in parts if part is not None)]
    return Group(
        cards,
        *(view for table in tables for view in (Text(""), table_view(table))),
        Text(""),
        *(Text(shown(note), DIM) for note in notes(found)),
    )


def table_view(table: Table) -> RenderableType:
    """A table of a report on a terminal."""
    from rich.table import Table as RichTable
    from rich.text import Text

    from cascade.cli.render import DIM

    view = RichTable(
        title=Text(table.title, "bold"), title_justify="left", box=None, pad_edge=False, header_style=DIM
    )
    for number, column in enumerate(table.columns):
        view.add_column(column, justify="right" if number else "left")
    for row in table.rows:
        view.add_row(*(Text(shown(cell)) for cell in row))
    return view
