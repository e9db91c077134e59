"""What a report is made of; how it looks as a page or as Markdown is the business of those who show it."""

from __future__ import annotations

from dataclasses import dataclass, field

Legend = tuple[tuple[str, str], ...]
"""Style and words of each thing drawn."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What the figures beside it prove, in two languages."""

    english: str
    chinese: str


@dataclass(frozen=True, slots=True)
class Figure:
    """Drawings side by side that share one legend."""

    drawings: tuple[str, ...]
    caption: str
    legend: Legend = ()
    columns: int = 2
    files: tuple[str, ...] = ()
    """Names of the drawings as files of their own, for where no page can show them."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of words; the first column names them. ``strong`` are the rows that are ours."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    strong: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Note:
    """What must be known to read a figure rightly."""

    text: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[str, ...]


Block = Sentence | Figure | Table | Note | Items


@dataclass(frozen=True, slots=True)
class Section:
    """One question and its answer."""

    key: str
    title: str
    chinese: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """A figure to be seen first."""

    value: str
    english: str
    chinese: str


@dataclass(frozen=True, slots=True)
class Report:
    """All of it."""

    title: str
    chinese: str
    made: str
    cards: tuple[Card, ...]
    sections: tuple[Section, ...]
    sources: Table = field(default_factory=lambda: Table("", (), ()))


def share(value: float | None, digits: int = 1) -> str:
    """A share in per cent; a dash where there is none."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def between(interval: tuple[float, float] | list[float], digits: int = 1) -> str:
    """An interval of shares."""
    return f"{100 * interval[0]:.{digits}f}–{100 * interval[1]:.{digits}f}"
