"""The kinds of drawing that the report repeats: named rows with intervals, stacked rows, lines by coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.report.svg import HALF, WIDE, Axis, Chart, percent, shares, width_of

ROW = 24


@dataclass(frozen=True, slots=True)
class Bar:
    """A named row with a value and its interval."""

    name: str
    value: float
    low: float
    high: float
    style: str
    words: str = ""


def dots(
    bars: Sequence[Bar],
    axis: Axis,
    alt: str,
    *,
    width: int = WIDE,
    title: str = "",
    left: float | None = None,
    mark: float | None = None,
) -> str:
    """A row a name: the value as a point, its interval as a whisker, the words at the right edge; a line at ``mark``."""
    names = left if left is not None else 18 + max(width_of(bar.name) for bar in bars)
    chart = _rows([bar.name for bar in bars], axis, alt, width, title, left=names, right=64)
    if mark is not None:
        chart.rule((mark, 0), (mark, len(bars)))
    for at, bar in enumerate(bars):
        y = len(bars) - at - 0.5
        chart.whisker((bar.low, y), (bar.high, y), bar.style)
        chart.dot(bar.value, y, bar.style, hint=f"{bar.name}: {bar.words or axis.shown(bar.value)}")
        if bar.words:
            chart.word(axis.high, y, bar.words, dx=8, style=f"value {bar.style}")
    return chart.svg()


def stacked(
    rows: Sequence[tuple[str, Sequence[tuple[float, str]]]],
    alt: str,
    *,
    width: int = WIDE,
    words: Sequence[str] = (),
    title: str = "",
) -> str:
    """A row a name: shares of a whole, side by side."""
    axis = Axis(0, 1, shares(), shown=percent)
    left = 18 + max(width_of(name) for name, _ in rows)
    right = 16 + max((width_of(word, 11) for word in words), default=0) + (8 if words else 0)
    chart = _rows([name for name, _ in rows], axis, alt, width, title, left=left, right=right)
    for at, (name, parts) in enumerate(rows):
        y, begin = len(rows) - at - 0.5, 0.0
        for part, style in parts:
            if part > 0:
                chart.box((begin, y - 0.34), (begin + part, y + 0.34), style, hint=f"{name}: {part:.1%}")
            if part >= 0.07:
                chart.word(
                    begin + part / 2, y, f"{100 * part:.0f}", anchor="middle", style=f"inside on-{style}"
                )
            begin += part
        if words:
            chart.word(1, y, words[at], dx=8, style="value")
    return chart.svg()


def risk_coverage(
    curves: Mapping[str, Sequence[Sequence[float]]],
    styles: Mapping[str, str],
    alt: str,
    *,
    high: float,
    title: str,
    width: int = HALF,
) -> str:
    """Risk against coverage, one line a system; ours drawn last, above the others."""
    ticks = tuple(high * at / 4 for at in range(5))
    chart = Chart(
        Axis(0, 1, shares(), "coverage", shown=percent),
        Axis(0, high, ticks, "selective risk", shown=percent),
        alt,
        width=width,
        height=290,
        top=30,
        title=title,
    )
    for name, points in sorted(curves.items(), key=lambda item: styles[item[0]].startswith("ours")):
        chart.line([(x, y) for x, y in points if x >= 0.03 and y <= high], styles[name])
    return chart.svg()


def reliability(
    bins: Sequence[Mapping[str, Any]], style: str, alt: str, *, title: str, width: int = HALF
) -> str:
    """Stated against real, with intervals; the diagonal is honest."""
    chart = Chart(
        Axis(0, 1, shares(), "stated confidence", shown=percent),
        Axis(0, 1, shares(), "really right", shown=percent),
        alt,
        width=width,
        height=290,
        top=30,
        title=title,
    )
    chart.rule((0, 0), (1, 1))
    for one in bins:
        chart.whisker((one["stated"], one["low"]), (one["stated"], one["high"]), style)
        size = 2.5 + 4 * min(1.0, one["rows"] / max(b["rows"] for b in bins)) ** 0.5
        chart.dot(
            one["stated"],
            one["real"],
            style,
            radius=size,
            hint=f"{one['rows']} rows: stated {one['stated']:.2f}, right {one['real']:.2f}",
        )
    return chart.svg()


def _rows(
    names: Sequence[str], axis: Axis, alt: str, width: int, title: str, *, left: float, right: float
) -> Chart:
    top = 30 if title else 8
    chart = Chart(
        axis,
        Axis(0, len(names), ()),
        alt,
        width=width,
        height=round(top + ROW * len(names) + (44 if axis.label else 28)),
        left=left,
        right=right,
        top=top,
        bottom=44 if axis.label else 28,
        title=title,
    )
    for at, name in enumerate(names):
        chart.word(axis.low, len(names) - at - 0.5, name, anchor="end", dx=-10, style="name")
    return chart
