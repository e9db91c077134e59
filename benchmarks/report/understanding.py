"""The sections about understanding: whole orders on the project's own test, intents on public sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.report.blocks import Figure, Legend, Note, Section, Sentence, Table, between, share
from benchmarks.report.plots import Bar, dots, reliability, risk_coverage, stacked
from benchmarks.report.styles import SETS, SYSTEMS
from benchmarks.report.svg import HALF, Axis, Chart, percent, shares

Result = Mapping[str, Any]


def orders(found: Result) -> Section:
    """Whole orders."""
    whole, pairs = found["report"]["all"], found["report"]["minimal_pairs"]
    tiers = found["report"]["by_tier"]
    english = (
        f"Of {whole['utterances']:,} held-out utterances that were written to be hard, {share(whole['coverage'])} are answered without a large model; "
        f"rules answer {tiers['rules']['answered']} of them and err in {tiers['rules']['wrong']}; {whole['acting_wrong']} of {whole['acting_answered']} answers "
        f"that act are wrong ({between(found['acting_wrong_interval'])} %), and of {pairs['pairs']} minimal pairs {share(pairs['right_or_escalated'])} are right or escalated."
    )
    chinese = (
        f"{whole['utterances']:,} 句刻意写难的留出话语，不用大模型答了 {share(whole['coverage'])}；规则答 {tiers['rules']['answered']} 句，错 {tiers['rules']['wrong']} 句；"
        f"会动真格的回答 {whole['acting_answered']} 句错 {whole['acting_wrong']} 句；{pairs['pairs']} 对“一字之差”中 {share(pairs['right_or_escalated'])} 答对或上交。"
    )
    rows = [
        (
            f"{row['chinese']} {row['bucket']}",
            (
                (row["by_rules"] / row["rows"], "rules"),
                ((row["right"] + row["wrong"] - row["by_rules"]) / row["rows"], "ours"),
                (row["escalated"] / row["rows"], "grey"),
            ),
        )
        for row in found["buckets"]
    ]
    words = [f"{row['wrong']} wrong of {row['right'] + row['wrong']}" for row in found["buckets"]]
    curve = risk_coverage(
        {"orders": found["curve"]},
        {"orders": "ours"},
        "Risk of whole orders against coverage, at every threshold",
        high=0.12,
        title="whole orders 整单",
    )
    honest = reliability(
        found["reliability"],
        "ours",
        "Stated confidence of the classifier's answers against the share that is right as a whole",
        title=f"confidence 置信度 (ECE {found['calibration_error']:.3f})",
    )
    return Section(
        "orders",
        "Is the whole order right?",
        "整单对不对",
        (
            Sentence(english, chinese),
            Figure(
                (stacked(rows, "Who answers each part of the promo-day mix, in per cent", words=words),),
                "The promo-day mix, part by part: who answers, in per cent, and how many of the answers are not the whole order that was meant.",
                (("rules", "rules 规则"), ("ours", "classifier 分类器"), ("grey", "escalated 上交大模型")),
            ),
            Figure(
                (curve, honest),
                "Left: every threshold, rules answered first. Right: what the classifier states and what is true, over all answers it would give at any threshold.",
                (("ours", f"{found['bundle']}, rules and classifier"),),
            ),
            _buckets(found),
        ),
    )


def _buckets(found: Result) -> Table:
    rows = tuple(
        (
            f"{row['chinese']} {row['bucket']}",
            str(row["rows"]),
            share((row["right"] + row["wrong"]) / row["rows"], 0),
            str(row["wrong"]),
            between(row["wrong_interval"]),
        )
        for row in found["buckets"]
    )
    return Table("The mix", ("part", "utterances", "coverage", "wrong", "95 % of risk"), rows)


def accuracy(found: Result) -> Section:
    """Intents on public sets: accuracy, risk, calibration, out-of-scope, few labels."""
    sets, titles = found["sets"], found["titles"]
    best = _ranks(sets)
    return Section(
        "accuracy",
        "Who understands most, and who knows when it does not?",
        "谁听得最懂，谁知道自己不懂",
        (
            Sentence(*best),
            Figure(
                tuple(_accuracies(name, one["systems"], titles) for name, one in sets.items()),
                "Intent accuracy on the official test rows (in scope), with Wilson intervals of 95 %.",
            ),
            Figure(
                tuple(_risks(name, one["systems"]) for name, one in sets.items()),
                "Selective risk when only the most confident share is answered. A line that starts low and stays low knows when it is right.",
                _legend(sets, titles),
            ),
            Figure(
                tuple(_reliable(sets, titles)),
                "Stated confidence against what is true on MASSIVE zh-CN, for systems that state a probability; larger dots hold more rows.",
            ),
            _table(sets, titles),
            *_out_of_scope(sets, titles),
            *_few(found),
            Note(
                "Every system had the same train rows, chose on the same dev rows what its documentation lets it choose, and saw the test rows once. "
                "Encoders: bge-small-zh-v1.5 for Chinese, all-MiniLM-L6-v2 for English, the same for every system that uses one. Test rows that repeat in train "
                "were dropped from train. Timings stand in the speed section, since these runs shared their machine."
            ),
        ),
    )


def _ranks(sets: Result) -> tuple[str, str]:
    english, chinese = [], []
    for name, one in sets.items():
        systems = one["systems"]
        ours = [key for key in systems if key.startswith("cascade")]
        if not ours:
            continue
        mine = max(ours, key=lambda key: systems[key]["accuracy"])
        others = [key for key in systems if key not in ours]
        better = sum(systems[key]["accuracy"] > systems[mine]["accuracy"] for key in others)
        surer = sum(systems[key]["aurc"] < min(systems[key]["aurc"] for key in ours) for key in others)
        english.append(
            f"{name}: {share(systems[mine]['accuracy'])}, place {better + 1} of {len(others) + 1} by accuracy and {surer + 1} by AURC"
        )
        chinese.append(
            f"{name} {share(systems[mine]['accuracy'])}，准确率第 {better + 1}、AURC 第 {surer + 1}（共 {len(others) + 1}）"
        )
    if not english:
        return ("The project's own systems were not part of this run.", "本次运行未含本项目系统。")
    return (
        "The better of our students, against all others: " + "; ".join(english) + ".",
        "我们较好的学生模型：" + "；".join(chinese) + "。",
    )


def _accuracies(name: str, systems: Result, titles: Result) -> str:
    ordered = sorted(systems, key=lambda key: -systems[key]["accuracy"])
    low = min(
        (systems[key]["accuracy_interval"][0] for key in ordered if systems[key]["accuracy"] > 0.5),
        default=0.5,
    )
    floor = int(low * 10) / 10
    ticks = tuple(floor + 0.1 * at for at in range(round((1 - floor) * 10) + 1))
    axis = Axis(floor, 1.0, ticks, shown=lambda one: f"{100 * one:.0f}")
    bars = [
        Bar(
            _short(titles[key]),
            max(systems[key]["accuracy"], floor),
            systems[key]["accuracy_interval"][0],
            systems[key]["accuracy_interval"][1],
            SYSTEMS[key].split()[0],
            f"{100 * systems[key]['accuracy']:.1f}",
        )
        for key in ordered
    ]
    return dots(bars, axis, f"Intent accuracy on {name}", width=HALF, title=SETS[name], left=128)


def _short(title: str) -> str:
    return (
        title.replace("intent-cascade, ", "ours: ")
        .replace("the bundle that ships", "shipped")
        .replace("scikit-learn ", "")
        .replace(" student", "")
        .replace("distilled ", "")
        .replace(", same encoder", "")
        .replace("nearest neighbours", "nearest neighbour")
    )


def _risks(name: str, systems: Result) -> str:
    curves = {key: one["curve"] for key, one in systems.items() if one["accuracy"] > 0.4}
    return risk_coverage(curves, SYSTEMS, f"Risk against coverage on {name}", high=0.2, title=SETS[name])


def _legend(sets: Result, titles: Result) -> Legend:
    present = {key for one in sets.values() for key in one["systems"]}
    return tuple((style, _short(titles[key])) for key, style in SYSTEMS.items() if key in present)


def _reliable(sets: Result, titles: Result) -> list[str]:
    systems = sets.get("massive_zh_cn", {}).get("systems", {})
    wanted = [
        key
        for key in ("cascade_linear", "semantic", "frozen_lr", "fast_text")
        if "reliability" in systems.get(key, {})
    ]
    return [
        reliability(
            systems[key]["reliability"],
            SYSTEMS[key].split()[0],
            f"Stated confidence of {titles[key]} against the truth",
            title=f"{_short(titles[key])} (ECE {systems[key]['calibration_error']:.3f})",
        )
        for key in wanted
    ]


def _table(sets: Result, titles: Result) -> Table:
    rows: list[tuple[str, ...]] = []
    strong: set[int] = set()
    for name, one in sets.items():
        for key in sorted(one["systems"], key=lambda key: -one["systems"][key]["accuracy"]):
            row = one["systems"][key]
            if key.startswith("cascade"):
                strong.add(len(rows))
            rows.append(
                (
                    f"{name} · {_short(titles[key])}",
                    share(row["accuracy"]),
                    between(row["accuracy_interval"]),
                    f"{row['aurc']:.4f}",
                    f"{row['aurc_interval'][0]:.4f}–{row['aurc_interval'][1]:.4f}",
                    share(row["coverage_at_risk"]["0.02"], 0),
                    "–" if "calibration_error" not in row else f"{row['calibration_error']:.3f}",
                )
            )
    columns = ("set, system", "accuracy", "95 %", "AURC", "95 %", "answerable at 2 % risk", "ECE")
    return Table(
        "Full train sets (answerable: with hindsight on the test rows)",
        columns,
        tuple(rows),
        frozenset(strong),
    )


def _out_of_scope(sets: Result, titles: Result) -> tuple[Table, ...]:
    rows: list[tuple[str, ...]] = []
    strong: set[int] = set()
    for name, one in sets.items():
        for key, system in one["systems"].items():
            outside = system.get("out_of_scope")
            if outside:
                if key.startswith("cascade"):
                    strong.add(len(rows))
                rows.append(
                    (
                        f"{name} · {_short(titles[key])}",
                        f"{outside['auroc']:.3f}",
                        share(outside["recall"]),
                        between(outside["recall_interval"]),
                        share(outside["precision"]),
                    )
                )
    columns = ("set, system", "AUROC", "called out of scope", "95 %", "precision")
    caption = "Out of scope: how well in and out are told apart by score (AUROC), and how many are named so outright"
    return (Table(caption, columns, tuple(rows), frozenset(strong)),) if rows else ()


def _few(found: Result) -> tuple[Figure | Table, ...]:
    sets = {name: one for name, one in found["sets"].items() if one["learning"]}
    if not sets:
        return ()
    drawings = tuple(_learning(name, one["learning"], found["shots"]) for name, one in sets.items())
    return (
        Figure(
            drawings,
            "Accuracy from few labels an intent, mean over the seeds; SetFit with the steps that its time allowed (in the JSON).",
            _legend_few(sets, found["titles"]),
        ),
    )


def _learning(name: str, learning: Result, shots: list[int]) -> str:
    chart = Chart(
        Axis(4, 130, tuple(shots), "labels an intent 每意图标注数", log=True),
        Axis(0, 1, shares(), "accuracy", shown=percent),
        f"Accuracy against labels an intent on {name}",
        width=HALF,
        height=290,
        top=30,
        title=SETS[name],
    )
    for key, points in sorted(learning.items(), key=lambda item: SYSTEMS[item[0]].startswith("ours")):
        line = sorted((float(at), one["accuracy"]) for at, one in points.items())
        chart.line(line, SYSTEMS[key])
        for at, value in line:
            chart.dot(at, value, SYSTEMS[key].split()[0], radius=3, hint=f"{key}: {value:.1%} with {at:.0f}")
    return chart.svg()


def _legend_few(sets: Result, titles: Result) -> Legend:
    present = {key for one in sets.values() for key in one["learning"]}
    return tuple((style, _short(titles[key])) for key, style in SYSTEMS.items() if key in present)
