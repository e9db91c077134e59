"""Drawings as files of their own: the page's styles put in, light or dark as the reader's system is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from benchmarks.report.blocks import Figure, Report
from benchmarks.report.page import STYLE

FONT: Final = (
    "svg { font-family: 'Noto Sans', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif; }"
)
_DRAWN: Final = (
    "svg ",
    ".grid",
    ".line",
    ".whisker",
    ".leader",
    ".dot",
    ".bar",
    ".band",
    ".ours",
    ".r1",
    ".r6",
)


def files(report: Report) -> dict[str, str]:
    """SVG documents by file name."""
    return {
        f"{name}.svg": alone(drawing)
        for section in report.sections
        for block in section.blocks
        if isinstance(block, Figure)
        for name, drawing in zip(block.files, block.drawings, strict=False)
    }


def alone(drawing: str) -> str:
    """A drawing that needs no page: its colours, and paper beneath it."""
    style = f"<style>{FONT} {' '.join(_rules())}</style>"
    paper = '<rect width="100%" height="100%" fill="var(--paper)"/>'
    head, rest = drawing.split(">", 1)
    return f'{head} xmlns="http://www.w3.org/2000/svg">{style}{paper}{rest}\n'


def _rules() -> Iterator[str]:
    """What of the page's sheet is about colours and drawings; its rules stand one or more a line, none over lines but
    the sheets of colours.
    """
    sheet = STYLE.read_text(encoding="utf-8")
    light = re.search(r"^:root \{.*?^\}", sheet, re.DOTALL | re.MULTILINE)
    dark = re.search(r"^@media \(prefers-color-scheme: dark\) \{\n.*?^\}", sheet, re.DOTALL | re.MULTILINE)
    assert light is not None
    assert dark is not None
    for found in (light, dark):
        yield " ".join(found.group().split())
    yield from (line for line in sheet.splitlines() if line.startswith(_DRAWN))
