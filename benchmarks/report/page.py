"""The report as one HTML file: nothing from elsewhere, light and dark, fit for paper."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Final

from benchmarks.report.blocks import Block, Figure, Items, Note, Report, Section, Sentence, Table

STYLE: Final = Path(__file__).with_name("page.css")


def page(report: Report) -> str:
    """The document."""
    body = "\n".join(_body(report))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(report.title)}</title>\n<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _body(report: Report) -> Iterator[str]:
    yield f'<header><p class="kicker">intent-cascade</p><h1>{escape(report.title)}</h1>'
    yield f'<p class="zh lead" lang="zh-CN">{escape(report.chinese)}</p><p class="made">{escape(report.made)}</p>'
    cards = "".join(
        f"<li><b>{escape(card.value)}</b><span>{escape(card.english)}</span>"
        f'<span lang="zh-CN">{escape(card.chinese)}</span></li>'
        for card in report.cards
    )
    yield f'<ul class="cards">{cards}</ul>'
    links = "".join(
        f'<li><a href="#{section.key}">{escape(section.title)}</a></li>' for section in report.sections
    )
    yield f'<nav aria-label="Contents"><ol>{links}</ol></nav></header><main>'
    for number, section in enumerate(report.sections, 1):
        yield from _section(number, section)
    yield f"</main><footer><h2>Where the figures come from</h2>{_table(report.sources)}</footer>"


def _section(number: int, section: Section) -> Iterator[str]:
    yield f'<section id="{section.key}" aria-labelledby="{section.key}-title">'
    yield (
        f'<h2 id="{section.key}-title"><span class="number">{number}</span> {escape(section.title)} '
        f'<span class="zh" lang="zh-CN">{escape(section.chinese)}</span></h2>'
    )
    yield from (_block(block) for block in section.blocks)
    yield "</section>"


def _block(block: Block) -> str:
    if isinstance(block, Sentence):
        return (
            f'<div class="proves"><p>{escape(block.english)}</p>'
            f'<p class="zh" lang="zh-CN">{escape(block.chinese)}</p></div>'
        )
    if isinstance(block, Figure):
        return _figure(block)
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Note):
        return f'<p class="note">{escape(block.text)}</p>'
    assert isinstance(block, Items)
    return "<ul class='items'>" + "".join(f"<li>{escape(item)}</li>" for item in block.items) + "</ul>"


def _figure(figure: Figure) -> str:
    legend = "".join(
        f'<li><svg viewBox="0 0 26 12" aria-hidden="true">{_swatch(style)}</svg>{escape(words)}</li>'
        for style, words in figure.legend
    )
    shown = f'<ul class="legend">{legend}</ul>' if legend else ""
    kind = "drawings" if len(figure.drawings) > 1 and figure.columns > 1 else "drawing"
    return (
        f'<figure>{shown}<div class="{kind}">{"".join(figure.drawings)}</div>'
        f"<figcaption>{escape(figure.caption)}</figcaption></figure>"
    )


def _swatch(style: str) -> str:
    if "ring" in style:
        return f'<circle class="dot {style}" cx="13" cy="6" r="4.5"/>'
    return f'<line class="line swatch {style}" x1="2" y1="6" x2="24" y2="6"/>'


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in table.columns)
    rows = "".join(
        f"<tr{' class=strong' if at in table.strong else ''}>"
        f'<th scope="row">{escape(row[0])}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in row[1:])}</tr>'
        for at, row in enumerate(table.rows)
    )
    words = escape(table.caption)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{words or "sources"}"><table><caption>{words}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
