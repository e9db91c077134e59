"""One HTML file that holds the whole report: tables, drawings, style, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from cascade.ledger.snapshot import Dimension
from cascade.reporting.account import Account
from cascade.reporting.charts import bars, latencies, money, shares
from cascade.reporting.sums import Measure
from cascade.reporting.tables import Table, headline, money_table, notes, part_table, tier_table

DIMENSIONS: tuple[Dimension, ...] = ("campaign", "rung", "intent", "purpose")
_DRAWN: Mapping[Measure, str] = {"list": "list price", "host": "own hosts"}

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif;
       color: #222; background: #fff; max-width: 62rem; margin: 2rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
.when, .notes { color: #666; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: .8rem;
         margin: 1.4rem 0; padding: 0; list-style: none; }
.cards li { background: #f4f6f7; border-radius: .5rem; padding: .7rem .9rem; }
.cards b { display: block; font-size: 1.3rem; }
.cards span { color: #555; font-size: .85rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: right; padding: .3rem .5rem; border-bottom: 1px solid #e4e4e4; }
th { color: #555; font-weight: 600; }
th:first-child, td:first-child { text-align: left; }
td { font-variant-numeric: tabular-nums; }
svg { width: 100%; height: auto; }
.wide { overflow-x: auto; }
@media (prefers-color-scheme: dark) {
  body { color: #ddd; background: #16191c; }
  .when, .notes, .cards span, th { color: #a8a8a8; }
  .cards li { background: #22272b; }
  th, td { border-bottom-color: #343a40; }
  svg { filter: invert(1) hue-rotate(180deg); } /* drawn dark on nothing: light on nothing, in the same hues */
}
"""


def page(account: Account, title: str) -> str:
    """The report as one HTML document. Raises :class:`~cascade.errors.MissingExtra` without matplotlib."""
    parts = "\n".join(_body(account, title))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{escape(title)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n{parts}\n</body>\n</html>\n"
    )


def _body(account: Account, title: str) -> Iterator[str]:
    yield f"<h1>{escape(title)}</h1>"
    files = f"{account.files} file{'s' * (account.files != 1)}, {account.runs} run{'s' * (account.runs != 1)}"
    yield f'<p class="when">{account.began:%Y-%m-%d %H:%M:%S} to {account.ended:%Y-%m-%d %H:%M:%S} UTC, {files}</p>'
    cards = "".join(
        f"<li><b>{escape(value)}</b><span>{escape(name)}</span></li>" for value, name in headline(account)
    )
    yield f'<ul class="cards">{cards}</ul>'
    yield "<h2>Who answered</h2>"
    yield shares(account)
    drawn = money(account, _DRAWN)
    if drawn is not None:
        yield "<h2>With the cascade and without it</h2>"
        yield drawn
    yield _table(money_table(account))
    yield "<h2>How long it took</h2>"
    yield latencies(account)
    yield _table(tier_table(account))
    for dimension in DIMENSIONS:
        table = part_table(account, dimension)
        if table is None:
            continue
        yield _table(table)
        drawn = bars(account, dimension) if dimension != "purpose" else None
        if drawn is not None:
            yield drawn
    yield "<h2>To be known before these figures are used</h2>"
    yield f'<ul class="notes">{"".join(f"<li>{escape(note)}</li>" for note in notes(account))}</ul>'


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows)
    return f'<h2>{escape(table.title)}</h2><div class="wide"><table><tr>{head}</tr>{rows}</table></div>'
