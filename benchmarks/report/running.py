"""The sections about running it: speed, and the promo day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.report.blocks import Block, Figure, Note, Section, Sentence, Table, share
from benchmarks.report.plots import Bar, dots
from benchmarks.report.styles import SYSTEMS
from benchmarks.report.svg import Axis, Chart, decades, microseconds

Result = Mapping[str, Any]

_TIMED = {
    "floor_exact": ("floor: NFKC + hash look-up", "grey"),
    "exact": ("exact phrase 原句", "ours"),
    "grammar": ("order by the grammar 语法读单", "ours"),
    "floor_onnx": ("floor: bare onnxruntime", "grey"),
    "classifier": ("classifier 分类器", "ours"),
}


def speed(latency: Result, rivals: Result | None) -> Section:
    """Tiers against their floors, growth, threads and processes, rivals."""
    systems = latency["systems"]
    exact, floor = systems["exact"]["median_us"], systems["floor_exact"]["median_us"]
    model, bare = systems["classifier"]["median_us"], systems["floor_onnx"]["median_us"]
    english = (
        f"An exact phrase takes {microseconds(exact)}, {exact / floor:.1f} times a hash look-up; an order read by the grammar "
        f"{microseconds(systems['grammar']['median_us'])}; the classifier {microseconds(model)}, {model / bare:.2f} times the bare onnxruntime call."
    )
    chinese = (
        f"原句 {microseconds(exact)}（查表的 {exact / floor:.1f} 倍），语法读单 {microseconds(systems['grammar']['median_us'])}，"
        f"分类器 {microseconds(model)}（裸 onnxruntime 的 {model / bare:.2f} 倍）。"
    )
    bars = [
        Bar(words, row["median_us"], row["median_us"], row["p99_us"], style, microseconds(row["median_us"]))
        for name, (words, style) in _TIMED.items()
        for row in [systems[name]]
    ]
    blocks: list[Block] = [
        Sentence(english, chinese),
        Figure(
            (dots(bars, _log_axis(1, 1e4), "Latency of each tier against the floor beneath it"),),
            f"One utterance at a time, median (dot) to 99th percentile (line), over {latency['rounds']} rounds in fresh processes; logarithmic.",
            (
                ("ours", "intent-cascade, result object and ledger included"),
                ("grey", "physical floor 物理下限"),
            ),
        ),
        _growth(systems),
    ]
    if rivals is not None:
        blocks += [_rivals(rivals), _rivals_table(rivals)]
    return Section("speed", "How fast, and against what floor?", "有多快，离物理下限多远", tuple(blocks))


def _log_axis(low: float, high: float) -> Axis:
    return Axis(low, high, decades(low, high), log=True, shown=microseconds)


def _growth(systems: Result) -> Table:
    def ratio(more: str, less: str) -> str:
        return f"{systems[more]['median_us'] / systems[less]['median_us']:.2f} ×"

    rows = [
        ("10,000 phrases against 10", ratio("phrases_10000", "phrases_10")),
        ("2,000 patterns against 10", ratio("patterns_2000", "patterns_10")),
    ]
    if "intents_200" in systems:
        rows.append(("200 intents against 14", ratio("intents_200", "intents_14")))
    rows += [
        (
            f"text of {chars} characters that nobody answers",
            microseconds(systems[f"length_{chars}"]["median_us"]),
        )
        for chars in (10, 50, 100, 190)
        if f"length_{chars}" in systems
    ]
    for name, words in (
        ("batch_rules", "grammar, in batches of 256"),
        ("batch_classifier", "classifier, in batches of 256"),
    ):
        if name in systems:
            rows.append((words, f"{microseconds(systems[name]['median_us'])} each"))
    for kind in ("threads", "processes"):
        told = [
            f"{number}: {systems[f'{kind}_{number}']['per_s']:,.0f}"
            for number in (1, 2, 4)
            if f"{kind}_{number}" in systems
        ]
        if told:
            rows.append((f"utterances a second by {kind}", ", ".join(told)))
    first = systems["first_answer"]
    rows += [
        ("import cascade, beyond the interpreter", f"{systems['import_cascade']['import_ms']:.0f} ms"),
        ("import and load of the bundle", f"{first['import_and_load_ms']:.0f} ms"),
        (
            "first answer after load: rules, classifier",
            f"{first['first_rules_answer_ms']:.1f} ms, {first['first_classifier_answer_ms']:.1f} ms",
        ),
        ("resident memory, all loaded", f"{systems['memory']['rss_mb']:.0f} MB"),
    ]
    return Table("Growth, load, start and memory", ("what", "measured"), tuple(rows))


def _rivals(rivals: Result) -> Figure:
    systems, titles = rivals["systems"], rivals["titles"]
    bars = [
        Bar(
            titles[name],
            row["single_median_us"],
            row["single_median_us"],
            row["single_p99_us"],
            SYSTEMS[name].split()[0],
            microseconds(row["single_median_us"]),
        )
        for name, row in sorted(systems.items(), key=lambda item: item[1]["single_median_us"])
    ]
    return Figure(
        (dots(bars, _log_axis(1, 1e5), "Latency of one utterance by system"),),
        f"Everybody's latency for one utterance on {rivals['set']} ({rivals['shots']} labels an intent), same cores, same run. Most give an intent alone; "
        "none gives an order.",
    )


def _rivals_table(rivals: Result) -> Table:
    systems, titles = rivals["systems"], rivals["titles"]
    order = sorted(systems, key=lambda name: systems[name]["single_median_us"])
    rows = tuple(
        (
            titles[name],
            microseconds(systems[name]["single_median_us"]),
            microseconds(systems[name]["single_p99_us"]),
            microseconds(systems[name]["batch_us"]),
        )
        for name in order
    )
    strong = frozenset(at for at, name in enumerate(order) if name.startswith("cascade"))
    return Table(
        f"Everybody's time for one utterance of {rivals['set']}",
        ("system", "median", "p99", "in a batch of 512, each"),
        rows,
        strong,
    )


def promo(found: Result) -> Section:
    """The replay and the day it scales to."""
    runs = {run["system"]: run for run in found["runs"]}
    day = found["day"]
    with_it, without = runs["cascade"], runs["bare"]
    english = (
        f"Before the same crowd, {found['times']:g} times what the model server was measured to serve, {share(with_it['in_time'])} of the commands are answered within {found['deadline_s']:g} s "
        f"with the cascade, {share(runs['gated']['in_time'])} with the traffic layer alone and {share(without['in_time'])} with neither. The whole day's thirty million commands take "
        f"{day['core_hours']:.1f} core-hours in rules and classifier: {day['cores_busiest']:.1f} cores in the busiest hour."
    )
    chinese = (
        f"来量是模型服务能力的 {found['times']:g} 倍时，{found['deadline_s']:g} 秒内答完的：有级联 {share(with_it['in_time'])}，只有流量层 {share(runs['gated']['in_time'])}，都没有 {share(without['in_time'])}。"
        f"全天三千万句在规则和分类器上共需 {day['core_hours']:.1f} 核时，最忙一小时 {day['cores_busiest']:.1f} 核。"
    )
    return Section(
        "promo",
        "The promo day in small",
        "缩小的大促日",
        (
            Sentence(english, chinese),
            Figure(
                tuple(_timeline(run, found["seconds"]) for run in found["runs"]),
                f"Commands by the second they arrived in, and what became of them by their deadline of {found['deadline_s']:g} s. Arrivals are as bursty as "
                f"Azure's trace (variance {with_it['dispersion']:.1f} times the mean). Each system on a fresh server whose capacity was measured just before.",
                (
                    ("ours", "rules and classifier 规则与分类器"),
                    ("r2", "large model in time 大模型按时"),
                    ("lost", "late, refused or given up 迟到或被拒"),
                ),
                columns=1,
            ),
            _runs_table(found),
            _hosts_table(day),
            Note(
                "The machine was shared: where the capacity column differs between runs, somebody else had the cores, to the disadvantage of that run. "
                f"The mix is an assumption (data/README.md): of its {day['texts']:,} rows in the certification set, whose labels are not looked at here, {share(day['escalated'])} reach the model "
                "at the thresholds that ship (the shares under money are those of the test set). Money and hosts "
                f"are arithmetic on it: {day['output_tokens']} output tokens a call, and published peaks of an 8-billion-parameter model on one A100 (Red Hat, August 2025), "
                f"not measured here. The busiest hour holds {share(found['day']['busiest_per_s'] * 3600 / found['day']['commands'], 0)} of the day, as orders did on 6 February 2026."
            ),
        ),
    )


_CALLED = {
    "bare": "everything to the model 全走模型",
    "gated": "traffic layer alone 只有流量层",
    "cascade": "cascade 级联",
}


def _timeline(run: Result, seconds: float) -> str:
    top = max(row["arrived"] for row in run["timeline"])
    most = max(4, top)
    chart = Chart(
        Axis(
            0, seconds, tuple(seconds * at / 3 for at in range(4)), "seconds", shown=lambda one: f"{one:.0f}"
        ),
        Axis(
            0,
            most,
            tuple(round(most * at / 4, 1) for at in range(5)),
            "commands a second",
            shown=lambda one: f"{one:.0f}",
        ),
        f"Commands by second and what became of them: {_CALLED[run['system']]}",
        height=170,
        top=30,
        title=f"{_CALLED[run['system']]}: {100 * run['in_time']:.0f} %",
    )
    for row in run["timeline"]:
        low = 0.0
        for part, style in (("lower", "ours"), ("llm", "r2"), ("lost", "lost")):
            if row[part]:
                hint = f"second {row['at']:.0f}: {row[part]:.0f}"
                chart.box((row["at"] + 0.08, low), (row["at"] + 0.92, low + row[part]), style, hint)
                low += row[part]
    return chart.svg()


def _runs_table(found: Result) -> Table:
    rows = tuple(
        (
            _CALLED[run["system"]],
            f"{run['capacity_per_s']:.2f}/s",
            f"{run['offered_per_s']:.1f}/s",
            share(run["in_time"]),
            f"{run['p50_s']:.2f} s",
            f"{run['p99_s']:.2f} s",
            f"{run['calls']:,}",
            f"{run['tokens']:,}",
        )
        for run in found["runs"]
    )
    columns = ("system", "capacity", "offered", "in time", "p50", "p99", "calls", "tokens")
    strong = next(at for at, run in enumerate(found["runs"]) if run["system"] == "cascade")
    return Table("The replays", columns, rows, frozenset({strong}))


def _hosts_table(day: Result) -> Table:
    rows = tuple(
        (
            host["name"],
            f"{host['without']:,.0f}",
            f"{host['with']:,.0f}",
            f"{host['without'] / host['with']:.1f} ×",
        )
        for host in day["hosts"]
    )
    return Table(
        f"Hosts implied for the busiest hour ({day['busiest_per_s']:,.0f} commands a second)",
        ("server", "without the cascade", "with it", "fewer"),
        rows,
    )
