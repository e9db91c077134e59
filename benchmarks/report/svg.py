"""Drawing: inline SVG without any library. Colours are the page's, so that a drawing turns dark with it; words stay text."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final, Literal

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]

WIDE: Final = 760
HALF: Final = 372


def number(value: float) -> str:
    """A coordinate, short."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def width_of(text: str, size: float = 12.0) -> float:
    """About how wide a text is in pixels: Chinese is square, Latin a good half of that."""
    return sum(size if unicodedata.east_asian_width(char) in "WF" else 0.56 * size for char in text)


@dataclass(frozen=True, slots=True)
class Axis:
    """From values to pixels."""

    low: float
    high: float
    ticks: tuple[float, ...]
    label: str = ""
    log: bool = False
    shown: Callable[[float], str] = "{:g}".format

    def place(self, value: float) -> float:
        """Between 0 and 1 along the axis; clipped."""
        if self.log:
            value, low, high = (math.log10(max(one, 1e-12)) for one in (value, self.low, self.high))
        else:
            low, high = self.low, self.high
        return min(1.0, max(0.0, (value - low) / (high - low)))


@dataclass
class Chart:
    """A frame with two axes, drawn into from the back to the front."""

    x: Axis
    y: Axis
    alt: str
    width: int = WIDE
    height: int = 320
    left: float = 58
    right: float = 16
    top: float = 14
    bottom: float = 46
    title: str = ""
    parts: list[str] = field(default_factory=list)

    def at(self, x: float, y: float) -> Point:
        """A point in pixels."""
        across = self.width - self.left - self.right
        down = self.height - self.top - self.bottom
        return self.left + self.x.place(x) * across, self.top + (1 - self.y.place(y)) * down

    def line(self, points: Sequence[Point], style: str) -> None:
        """A line through points."""
        places = [self.at(*point) for point in points]
        path = " ".join(f"{number(x)},{number(y)}" for x, y in places)
        self.parts.append(f'<polyline class="line {style}" points="{path}"/>')

    def band(self, low: Sequence[Point], high: Sequence[Point], style: str) -> None:
        """The area between two lines."""
        places = [self.at(*point) for point in [*low, *reversed(high)]]
        path = " ".join(f"{number(x)},{number(y)}" for x, y in places)
        self.parts.append(f'<polygon class="band {style}" points="{path}"/>')

    def dot(self, x: float, y: float, style: str, *, radius: float = 4.5, hint: str = "") -> None:
        """A point; ``hint`` is what the pointer is told."""
        across, down = self.at(x, y)
        title = f"<title>{escape(hint)}</title>" if hint else ""
        self.parts.append(
            f'<circle class="dot {style}" cx="{number(across)}" cy="{number(down)}" r="{radius:g}">{title}</circle>'
        )

    def whisker(self, low: Point, high: Point, style: str) -> None:
        """A thin line between two points: an interval."""
        (x1, y1), (x2, y2) = self.at(*low), self.at(*high)
        self.parts.append(
            f'<line class="whisker {style}" x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}"/>'
        )

    def rule(self, low: Point, high: Point, words: str = "") -> None:
        """A dashed reference line, named at its end."""
        (x1, y1), (x2, y2) = self.at(*low), self.at(*high)
        self.parts.append(
            f'<line class="rule" x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}"/>'
        )
        if words:
            self.word(high[0], high[1], words, anchor="end", dx=-4, dy=-5, style="muted")

    def box(self, low: Point, high: Point, style: str, hint: str = "") -> None:
        """A filled rectangle between two corners."""
        (x1, y1), (x2, y2) = self.at(*low), self.at(*high)
        title = f"<title>{escape(hint)}</title>" if hint else ""
        self.parts.append(
            f'<rect class="bar {style}" x="{number(min(x1, x2))}" y="{number(min(y1, y2))}" '
            f'width="{number(abs(x2 - x1))}" height="{number(abs(y2 - y1))}">{title}</rect>'
        )

    def word(
        self,
        x: float,
        y: float,
        text: str,
        *,
        anchor: Anchor = "start",
        dx: float = 0,
        dy: float = 4,
        style: str = "",
    ) -> None:
        """Text at a point, moved by ``dx`` and ``dy`` pixels."""
        across, down = self.at(x, y)
        self.parts.append(
            f'<text class="word {style}" x="{number(across + dx)}" y="{number(down + dy)}" '
            f'text-anchor="{anchor}">{escape(text)}</text>'
        )

    def name_end(self, end: Point, down: float, text: str, style: str) -> None:
        """A name in the right margin at ``down`` pixels, led to from where its line ends (in pixels)."""
        margin = self.width - self.right
        path = f"{number(end[0] + 4)},{number(end[1])} {number(margin + 10)},{number(end[1])} {number(margin + 22)},{number(down)}"
        self.parts.append(f'<polyline class="leader {style}" points="{path}"/>')
        self.parts.append(
            f'<text class="word value {style}" x="{number(margin + 26)}" y="{number(down + 4)}">{escape(text)}</text>'
        )

    def svg(self) -> str:
        """The drawing."""
        title = (
            f'<text class="title" x="{number(self.left)}" y="{number(self.top - 10)}">{escape(self.title)}</text>'
            if self.title
            else ""
        )
        return (
            f'<svg viewBox="0 0 {self.width} {self.height}" role="img" aria-label="{escape(self.alt)}" '
            f'style="max-width:{self.width}px">{title}{self._grid()}{"".join(self.parts)}</svg>'
        )

    def _grid(self) -> str:
        parts = []
        bottom, left = self.height - self.bottom, self.left
        for tick in self.x.ticks:
            x = self.at(tick, self.y.low)[0]
            parts.append(
                f'<line class="grid" x1="{number(x)}" y1="{number(self.top)}" x2="{number(x)}" y2="{number(bottom)}"/>'
                f'<text class="tick" x="{number(x)}" y="{number(bottom + 16)}" text-anchor="middle">'
                f"{escape(self.x.shown(tick))}</text>"
            )
        for tick in self.y.ticks:
            y = self.at(self.x.low, tick)[1]
            parts.append(
                f'<line class="grid" x1="{number(left)}" y1="{number(y)}" x2="{number(self.width - self.right)}" '
                f'y2="{number(y)}"/><text class="tick" x="{number(left - 7)}" y="{number(y + 4)}" text-anchor="end">'
                f"{escape(self.y.shown(tick))}</text>"
            )
        middle = (left + self.width - self.right) / 2
        if self.x.label:
            parts.append(
                f'<text class="label" x="{number(middle)}" y="{self.height - 8}" text-anchor="middle">'
                f"{escape(self.x.label)}</text>"
            )
        if self.y.label:
            down = (self.top + bottom) / 2
            parts.append(
                f'<text class="label" transform="translate(14 {number(down)}) rotate(-90)" text-anchor="middle">'
                f"{escape(self.y.label)}</text>"
            )
        return "".join(parts)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places in the order of ``wanted`` (ascending), ``gap`` apart at least, near where they are wanted; within the
    bounds, where there is room for all.
    """
    places: list[float] = []
    for at in wanted:
        places.append(max(at, places[-1] + gap if places else low))
    end = high
    for index in range(len(places) - 1, -1, -1):
        places[index] = min(places[index], end)
        end = places[index] - gap
    return places


def shares(high: float = 1.0, count: int = 5) -> tuple[float, ...]:
    """Evenly spread ticks from 0."""
    return tuple(high * at / count for at in range(count + 1))


def decades(low: float, high: float) -> tuple[float, ...]:
    """Powers of ten within two bounds."""
    return tuple(10.0**power for power in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1))


def percent(value: float) -> str:
    """A share as people write it."""
    return f"{100 * value:.0f} %" if value == 0 or value >= 0.095 else f"{100 * value:g} %"


def microseconds(value: float) -> str:
    """A duration given in microseconds, in its unit."""
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g} µs"
