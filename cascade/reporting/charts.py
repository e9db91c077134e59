"""The drawings of a report: inline SVG whose words stay text, so that Chinese names need no font here.

Needs the ``report`` extra.
"""

from __future__ import annotations

import io
import logging
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from cascade.errors import MissingExtra
from cascade.ledger.snapshot import Dimension
from cascade.ledger.units import duration
from cascade.prices import SYMBOLS
from cascade.reporting.account import Account
from cascade.reporting.sums import Measure

NOBODY = "nobody"
NAMELESS = "(none)"
COLOURS = ("#2a7f9e", "#e0a030", "#b5473c", "#6b8e4e", "#7a5c99", "#8a8a8a")
GREY = "#c9c9c9"
LIGHT = (GREY, COLOURS[1])
"""White words could not be read on these."""
PERCENTILES = (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99))

_FONTS = ("PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "sans-serif")
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "cascade",
    "font.family": list(_FONTS),
    "font.size": 10,
    "text.parse_math": False,  # a name may hold a dollar sign
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "ytick.left": False,
}
_NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
_ROW = 0.34
_WIDTH = 9.0


def bars(account: Account, dimension: Dimension) -> str | None:
    """Who answered, for each value of a dimension: stacked shares; ``None`` where there is only one, unnamed."""
    parts = _answered(account, dimension)
    return None if list(parts) in ([], [NAMELESS]) else _stacked(list(parts), parts, _tiers(account))


def shares(account: Account) -> str:
    """Who answered, of all utterances."""
    return _stacked(["all"], {"all": _of_all(account)}, _tiers(account))


def money(account: Account, measures: Mapping[Measure, str]) -> str | None:
    """With the cascade and without it, per thousand utterances, for measures (and their names) that are known."""
    known = {
        name: account.money[measure]
        for measure, name in measures.items()
        if account.money[measure].per_thousand.value is not None
    }
    if not known:
        return None
    symbol = SYMBOLS[account.snapshot.currency]
    rows: list[tuple[str, Any, str]] = []
    for name, figures in known.items():
        rows.append((f"{name}: with the cascade", figures.per_thousand, COLOURS[0]))
        rows.append((f"{name}: all to the large model", figures.all_llm_per_thousand, GREY))

    def beside(axes: Any, value: float, at: int, text: str) -> None:
        axes.annotate(text, (value, at), xytext=(6, 0), textcoords="offset points", va="center")

    def draw(axes: Any) -> None:
        for at, (_, figure, colour) in enumerate(rows):
            if figure.value is None:
                beside(axes, 0, at, "unknown")
                continue
            axes.barh(at, figure.value, color=colour, height=0.62)
            end = figure.value
            if figure.low is not None:
                low, high = figure.value - figure.low, figure.high - figure.value
                axes.errorbar(figure.value, at, xerr=[[low], [high]], color="#333333", capsize=3, lw=1)
                end = figure.high
            beside(axes, end, at, f"{symbol}{figure.value:.3g}")
        axes.set_xlabel(f"{symbol} per 1,000 utterances, with 95 % intervals")
        axes.margins(x=0.15)

    return _drawn([name for name, _, _ in rows], draw)


def latencies(account: Account) -> str:
    """Percentiles of each tier's turns and of whole utterances, on a logarithmic axis."""
    sketches = {name: tier.latency for name, tier in account.snapshot.tiers.items()}
    sketches["whole utterances"] = account.snapshot.latency

    def draw(axes: Any) -> None:
        for at, sketch in enumerate(sketches.values()):
            marks = [(name, max(1.0, sketch.quantile(share) or 0)) for name, share in PERCENTILES]
            axes.plot([value for _, value in marks], [at] * len(marks), color=GREY, lw=3, zorder=1)
            for (name, value), colour in zip(marks, COLOURS, strict=False):
                label = name if at == 0 else None
                axes.scatter(value, at, color=colour, s=36, zorder=2, label=label)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: duration(value))
        axes.xaxis.set_minor_formatter(lambda *_: "")
        axes.legend(ncols=4, loc="lower left", bbox_to_anchor=(0, 1), frameon=False)

    return _drawn(list(sketches), draw, top=0.35)


def _stacked(names: Sequence[str], parts: Mapping[str, Mapping[str, int]], tiers: Sequence[str]) -> str:
    colours = dict(zip(tiers, COLOURS, strict=False)) | {NOBODY: GREY}

    def draw(axes: Any) -> None:
        for at, name in enumerate(names):
            left, whole = 0.0, sum(parts[name].values())
            for tier in (*tiers, NOBODY):
                share = 100 * parts[name].get(tier, 0) / whole if whole else 0.0
                axes.barh(at, share, left=left, color=colours.get(tier, GREY), height=0.62)
                if share >= 6:
                    colour = "#222222" if colours.get(tier, GREY) in LIGHT else "white"
                    axes.text(left + share / 2, at, f"{share:.1f}", ha="center", va="center", color=colour)
                left += share
        for tier in (*tiers, NOBODY):
            axes.barh(0, 0, color=colours.get(tier, GREY), label=tier)
        axes.set_xlim(0, 100)
        axes.set_xlabel("% of utterances, by the tier that answered")
        axes.legend(ncols=len(tiers) + 1, loc="lower left", bbox_to_anchor=(0, 1), frameon=False)

    return _drawn([_shown(name, parts[name]) for name in names], draw, top=0.35)


def _shown(name: str, parts: Mapping[str, int]) -> str:
    return f"{name}  ({sum(parts.values()):,})"


def _tiers(account: Account) -> list[str]:
    return list(account.snapshot.tiers)


def _of_all(account: Account) -> dict[str, int]:
    parts = account.snapshot.by("tier")
    return {tier or NOBODY: part.requests for tier, part in parts.items() if part.requests}


def _answered(account: Account, dimension: Dimension) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (name, tier), number in account.snapshot.answered_by(dimension).items():
        found.setdefault(name or NAMELESS, {})[tier or NOBODY] = number
    return dict(sorted(found.items(), key=lambda item: -sum(item[1].values()))[:12])


def _drawn(labels: Sequence[str], draw: Callable[[Any], None], top: float = 0.1) -> str:
    """One SVG with a row a label; widths are ours, since the reader's fonts are not here to be measured."""
    with _quiet_matplotlib() as (figure_class, canvas_class, context):
        left = 0.2 + max(map(_width, labels)) * 0.085
        height = top + _ROW * len(labels) + 0.55
        with context(_STYLE):
            figure = figure_class(figsize=(_WIDTH, height))
            canvas_class(figure)
            axes = figure.add_axes(
                (left / _WIDTH, 0.5 / height, 1 - (left + 0.2) / _WIDTH, _ROW * len(labels) / height)
            )
            draw(axes)
            axes.set_yticks(range(len(labels)), labels)
            axes.set_ylim(len(labels) - 0.5, -0.5)
            out = io.StringIO()
            figure.savefig(out, format="svg", transparent=True, metadata=_NO_METADATA)
    text = out.getvalue()
    return text[text.index("<svg") :]


def _width(text: str) -> int:
    """In halves of a square, as terminals count."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


@contextmanager
def _quiet_matplotlib() -> Iterator[tuple[Any, Any, Any]]:
    """What drawing needs, without a word about the glyphs that this machine's fonts lack: no glyph is drawn here.

    Raises :class:`~cascade.errors.MissingExtra` when matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtra("matplotlib", "report") from None
    fonts = logging.getLogger("matplotlib.font_manager")
    level = fonts.level
    fonts.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph")
            yield Figure, FigureCanvasSVG, rc_context
    finally:
        fonts.setLevel(level)
