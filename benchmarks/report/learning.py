"""The section about few labels: a curve a system, a drawing a set, the same figures as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from benchmarks.report.blocks import Figure, Note, Section, Sentence, Table, share
from benchmarks.report.contest import short, titles_of
from benchmarks.report.styles import SETS, SYSTEMS
from benchmarks.report.svg import WIDE, Axis, Chart, percent, spread, width_of

Result = Mapping[str, Any]
LABEL: Final = 13.0
"""Pixels between the feet of two names, at least."""
DRAWN: Final = 0.35
"""A system that never gets so far stands in the table only: it would press the others together."""


def learning(found: Result) -> Section:
    """What each system learns from few labels."""
    sets = {name: one for name, one in found["sets"].items() if one["learning"]}
    return Section(
        "learning",
        "How much does each learn from few labels?",
        "标注很少时，各能学到多少",
        (
            Sentence(*_proves(sets, found["titles"])),
            Figure(
                tuple(_drawing(name, _drawn(one["learning"]), found["titles"]) for name, one in sets.items()),
                "Intent accuracy (in scope) by labels an intent, logarithmic; the point is the mean of the draws, the whisker reaches from the lowest to the highest of them."
                + _left_out(sets, found["titles"]),
                columns=1,
                files=tuple(f"learning-{name}" for name in sets),
            ),
            *(_table(name, one, found) for name, one in sets.items()),
            Note(
                "Labels are drawn by seed, the same for every system; dev and test are the full ones, so what a system may choose on dev it chooses on all of dev. "
                f"In brackets the lowest and the highest draw, where there are two; SetFit and most systems at 100 labels were drawn once. {_set_fit(sets)}"
            ),
        ),
    )


def _proves(sets: Result, titles: Result) -> tuple[str, str]:
    english, chinese = [], []
    for name, one in sets.items():
        for shots in ("5", "100"):
            at = {
                key: points[shots]["accuracy"] for key, points in one["learning"].items() if shots in points
            }
            mine = [key for key in at if key.startswith("cascade")]
            if not mine or len(at) < 2:
                continue
            best = max(at, key=lambda key: at[key])
            own = max(mine, key=lambda key: at[key])
            place = 1 + sum(value > at[own] for value in at.values())
            where = SETS[name].split(" (")[0].split("（")[0]
            figures = f"{share(at[own])}"
            rival = "" if best == own else f", {short(titles[best])} {share(at[best])}"
            english.append(
                f"{where}, {shots} labels: {titles_of(own)} {figures}{rival}, place {place} of {len(at)}"
            )
            chinese.append(
                f"{where} {shots} 条：我们 {figures}{rival.replace(', ', '，')}，第 {place}（共 {len(at)}）"
            )
    if not english:
        return "The project's own systems were not part of this run.", "本次运行未含本项目系统。"
    return "With few labels an intent: " + "; ".join(english) + ".", "每意图标注很少时：" + "；".join(
        chinese
    ) + "。"


def _drawn(curves: Result) -> Result:
    return {
        key: points
        for key, points in curves.items()
        if max(one["accuracy"] for one in points.values()) >= DRAWN
    }


def _left_out(sets: Result, titles: Result) -> str:
    out = [
        f"{short(titles[key])} on {name}"
        for name, one in sets.items()
        for key in one["learning"]
        if key not in _drawn(one["learning"])
    ]
    return f" In the tables only, far below: {', '.join(out)}." if out else ""


def _drawing(name: str, curves: Result, titles: Result) -> str:
    shots = sorted({int(at) for points in curves.values() for at in points})
    lows = [min(point["seeds"]) for points in curves.values() for point in points.values()]
    floor = int(min(lows) * 10) / 10
    names = {key: f"{short(titles[key])} {100 * _last(points)[1]:.1f}" for key, points in curves.items()}
    chart = Chart(
        Axis(
            min(shots) * 0.85,
            max(shots) * 1.08,
            tuple(map(float, shots)),
            "labels an intent 每意图标注数",
            log=True,
        ),
        Axis(
            floor,
            1,
            tuple(floor + at / 10 for at in range(round((1 - floor) * 10) + 1)),
            "accuracy 准确率",
            shown=percent,
        ),
        f"Accuracy against labels an intent on {name}",
        width=WIDE,
        height=360,
        right=34 + max(width_of(words, 11.5) for words in names.values()),
        top=30,
        title=SETS[name],
    )
    for key, points in sorted(curves.items(), key=lambda item: SYSTEMS[item[0]].startswith("ours")):
        _curve(chart, key, points)
    _name(chart, curves, names)
    return chart.svg()


def _last(points: Result) -> tuple[float, float]:
    at = max(points, key=int)
    return float(at), points[at]["accuracy"]


def _curve(chart: Chart, key: str, points: Result) -> None:
    style = SYSTEMS[key].split()[0]
    line = sorted((float(at), one) for at, one in points.items())
    chart.line([(at, one["accuracy"]) for at, one in line], SYSTEMS[key])
    for at, one in line:
        low, high = min(one["seeds"]), max(one["seeds"])
        if high > low:
            chart.whisker((at, low), (at, high), style)
        hint = f"{key}: {one['accuracy']:.1%} with {at:.0f}, {len(one['seeds'])} draws"
        chart.dot(at, one["accuracy"], style, radius=3, hint=hint)


def _name(chart: Chart, curves: Result, names: Mapping[str, str]) -> None:
    """Every name in the right margin, as near as may be to the end of its line, led to by a thin line."""
    ends = {key: chart.at(*_last(points)) for key, points in curves.items()}
    order = sorted(ends, key=lambda key: ends[key][1])
    places = spread([ends[key][1] for key in order], LABEL, chart.top, chart.height - chart.bottom)
    for key, place in zip(order, places, strict=True):
        chart.name_end(ends[key], place, names[key], SYSTEMS[key].split()[0])


def _table(name: str, one: Result, found: Result) -> Table:
    shots: Sequence[str] = [str(number) for number in found["shots"]]
    curves, full = one["learning"], one["systems"]
    keys = sorted(curves, key=lambda key: -_last(curves[key])[1])
    rows = tuple(
        (
            short(found["titles"][key]),
            *(_cell(curves[key].get(at)) for at in shots),
            share(full[key]["accuracy"]) if key in full else "–",
        )
        for key in keys
    )
    strong = frozenset(at for at, key in enumerate(keys) if key.startswith("cascade"))
    every = f"all ({one['train'] / one['intents']:,.0f} on the mean)"
    return Table(f"{SETS[name]}: accuracy by labels an intent", ("system", *shots, every), rows, strong)


def _cell(point: Result | None) -> str:
    if point is None:
        return "–"
    seeds = point["seeds"]
    shown = share(point["accuracy"])
    return shown if len(seeds) < 2 else f"{shown} ({100 * min(seeds):.1f}–{100 * max(seeds):.1f})"


def _set_fit(sets: Result) -> str:
    """How far SetFit got within its time, and what the full set would take it."""
    told = []
    for name, one in sets.items():
        for shots, point in one["learning"].get("set_fit", {}).items():
            tuned = point["tuned"]
            told.append(
                f"{tuned['steps']:,} of {tuned['steps_of_an_epoch']:,} steps on {name} at {shots} labels"
            )
            if shots == max(one["learning"]["set_fit"], key=int) and "processor_s_a_step" in tuned:
                steps = one["train"] * 2 * tuned["num_iterations"] // 16
                hours = steps * tuned["processor_s_a_step"] / 3600
                told.append(
                    f"all rows of it would take {steps:,} steps, {hours:,.0f} processor hours at the measured pace: not run"
                )
    return f"SetFit, one draw, with the processor time that it was given: {'; '.join(told)}." if told else ""
