"""One report of all results: an HTML file to look at, and ``RESULTS.md``, both made of the same JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.report.blocks import Card, Report, Section, Table, share
from benchmarks.report.contest import accuracy
from benchmarks.report.drawings import files
from benchmarks.report.gaps import unmeasured
from benchmarks.report.learning import learning
from benchmarks.report.markdown import markdown
from benchmarks.report.money import frontier, promises
from benchmarks.report.page import page
from benchmarks.report.robust import robustness
from benchmarks.report.running import promo, speed
from benchmarks.report.svg import microseconds
from benchmarks.report.understanding import orders

PARTS: Final = ("cost", "thresholds", "orders", "accuracy", "latency", "rivals", "promo", "robustness")
Result = Mapping[str, Any]


class NoResults(RuntimeError):
    """There is nothing to report; the message says what to run."""


def write_report(results: Path, html: Path, text: Path) -> tuple[Path, Path]:
    """Write both files, and the drawings that the text shows beside the page.

    Raises :class:`NoResults` where the folder holds none of the results.
    """
    report = make(read(results))
    html.parent.mkdir(parents=True, exist_ok=True)
    html.write_text(page(report), encoding="utf-8")
    text.write_text(markdown(report), encoding="utf-8")
    for name, drawing in files(report).items():
        (html.parent / name).write_text(drawing, encoding="utf-8")
    return html, text


def read(results: Path) -> dict[str, Result]:
    """The results that are there, by name. Raises :class:`NoResults`."""
    found = {
        name: json.loads((results / f"{name}.json").read_text(encoding="utf-8"))
        for name in PARTS
        if (results / f"{name}.json").is_file()
    }
    if not found:
        raise NoResults(f"{results}: no results there; make some: python -m benchmarks all")
    return found


def make(found: Mapping[str, Result]) -> Report:
    """The report of whatever is there; what is not is listed as such."""
    sections: list[Section] = []
    made = {"cost": frontier, "thresholds": promises, "orders": orders, "accuracy": accuracy}
    sections += [write(found[name]) for name, write in made.items() if name in found]
    if any(one["learning"] for one in found.get("accuracy", {}).get("sets", {}).values()):
        sections.append(learning(found["accuracy"]))
    if "latency" in found:
        sections.append(speed(found["latency"], found.get("rivals")))
    sections += [
        write(found[name])
        for name, write in {"promo": promo, "robustness": robustness}.items()
        if name in found
    ]
    absent = {name: "" for name in PARTS if name not in found}
    sections.append(unmeasured(found.get("accuracy"), absent))
    first = next(iter(found.values()))
    machine = first["machine"]
    return Report(
        title="What intent-cascade does, measured",
        chinese="千问式大促的三级意图级联：每个数字都由一条命令测得",
        made=f"{machine['cores']} shared cores, {machine['processor']}, Python {first['python']}.",
        cards=tuple(_cards(found)),
        sections=tuple(sections),
        sources=_sources(found),
    )


def _cards(found: Mapping[str, Result]) -> list[Card]:
    cards = []
    if "orders" in found:
        whole = found["orders"]["report"]["all"]
        cards.append(
            Card(
                f"{whole['acting_wrong']} / {whole['acting_answered']}",
                "answers that act are wrong, on a test written to be hard",
                "会动真格的回答，错的",
            )
        )
    if "cost" in found:
        shipped, llm = found["cost"]["variants"]["cascade"]["shipped"], found["cost"]["llm_alone"]
        cards.append(
            Card(
                share(shipped["coverage"], 0),
                "of the promo-day mix never reach the large model",
                "大促话语不惊动大模型",
            )
        )
        saved = 1 - shipped["cny_per_thousand"] / llm["cny_per_thousand"]
        cards.append(
            Card(share(saved, 0), "less money than the large model alone, at list prices", "比全走大模型省")
        )
    if "latency" in found:
        systems = found["latency"]["systems"]
        cards.append(
            Card(
                microseconds(systems["grammar"]["median_us"]), "to read an order by the grammar", "语法读一单"
            )
        )
    if "promo" in found:
        day = found["promo"]["day"]
        cards.append(
            Card(
                f"{day['cores_busiest']:.1f}",
                "cores for the busiest hour of thirty million commands",
                "三千万句最忙一小时所需核数",
            )
        )
    if "robustness" in found:
        injected = found["robustness"]["injected"]
        cards.append(
            Card(f"{injected['acted']} / {injected['sent']}", "prompt injections acted on", "提示词注入得逞")
        )
    return cards


def _sources(found: Mapping[str, Result]) -> Table:
    rows = tuple(
        (
            f"benchmarks/results/{name}.json",
            f"python -m benchmarks {name}",
            one["commit"],
            one["date"],
            ", ".join(f"{package} {version}" for package, version in one["packages"].items()),
        )
        for name, one in found.items()
    )
    return Table("", ("result", "command", "commit", "when", "versions"), rows)
