"""The section about intents: who understands most, who knows when it does not, whose confidence is true, who sees
what is out of scope. Each figure under the sentence that it proves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.report.blocks import Figure, Legend, Note, Section, Sentence, Table, between, share
from benchmarks.report.plots import Bar, dots, reliability, risk_coverage
from benchmarks.report.styles import SETS, SYSTEMS
from benchmarks.report.svg import HALF, Axis

Result = Mapping[str, Any]
Sentences = tuple[str, str]


def accuracy(found: Result) -> Section:
    """Intents on public sets and the project's own: accuracy, risk, calibration, out-of-scope."""
    sets, titles = found["sets"], found["titles"]
    return Section(
        "accuracy",
        "Who understands most, and who knows when it does not?",
        "谁听得最懂，谁知道自己不懂",
        (
            Sentence(*_places(sets)),
            Figure(
                tuple(_accuracies(name, one["systems"], titles) for name, one in sets.items()),
                "Intent accuracy on the test rows (in scope; the official ones of the public sets), with Wilson intervals of 95 %; ◂ lies left of the axis.",
            ),
            _table(sets, titles),
            Sentence(*_surest(sets, titles)),
            Figure(
                tuple(_risks(name, one["systems"]) for name, one in sets.items()),
                "Selective risk when only the most confident share is answered. A line that starts low and stays low knows when it is right.",
                _legend(sets, titles),
            ),
            *_calibration(sets, titles),
            *_out_of_scope(sets, titles),
            Note(
                "Every system had the same train rows, chose on the same dev rows what its documentation lets it choose, and saw the test rows once. "
                "Encoders: bge-small-zh-v1.5 for Chinese, all-MiniLM-L6-v2 for English, the same for every system that uses one. Test rows that repeat in train "
                "were dropped from train. What counts is the intent that a system takes for the likeliest; whether ours would have answered at its thresholds is the question of the "
                "sections on money and orders. Systems are timed in the speed section only, since these runs shared their machine. "
                + _made(sets)
            ),
        ),
    )


def _made(sets: Result) -> str:
    """Which commits the figures are of: a run adds to what earlier ones measured. And how our transformers were made."""
    points = [
        point for one in sets.values() for curve in one["learning"].values() for point in curve.values()
    ]
    entries = [*(entry for one in sets.values() for entry in one["systems"].values()), *points]
    commits = sorted({entry["measured"]["commit"] for entry in entries})
    days = sorted({entry["measured"]["date"][:10] for entry in entries})
    trained = sorted(
        {
            f"{titles_of(key)}: {entry['tuned']['trained_by']}"
            for one in sets.values()
            for key, entry in one["systems"].items()
            if "trained_by" in entry["tuned"]
        }
    )
    made = f"Figures of commits {', '.join(commits)}, {' to '.join(dict.fromkeys((days[0], days[-1])))}."
    return made + (f" Bundles trained beforehand: {'; '.join(trained)}." if trained else "")


def titles_of(key: str) -> str:
    """A system of ours by the end of its name."""
    return f"ours, {key.removeprefix('cascade_').replace('distilled', 'two layers')}"


def _of(name: str) -> str:
    return SETS[name].split(" (")[0].split("（")[0]


def _ours(systems: Result) -> list[str]:
    return [key for key in systems if key.startswith("cascade")]


def _places(sets: Result) -> Sentences:
    english, chinese = [], []
    for name, one in sets.items():
        systems = one["systems"]
        if not _ours(systems):
            continue
        mine = max(_ours(systems), key=lambda key: systems[key]["accuracy"])
        others = [key for key in systems if key not in _ours(systems)]
        better = sum(systems[key]["accuracy"] > systems[mine]["accuracy"] for key in others)
        reached = share(systems[mine]["accuracy"])
        english.append(f"{_of(name)} {reached} ({titles_of(mine)}), place {better + 1} of {len(others) + 1}")
        chinese.append(f"{_of(name)} {reached}，第 {better + 1}（共 {len(others) + 1}）")
    if not english:
        return ("The project's own systems were not part of this run.", "本次运行未含本项目系统。")
    return (
        "Intent accuracy, the best of ours against all others: " + "; ".join(english) + ".",
        "意图准确率，我们最好的一个对其他所有系统：" + "；".join(chinese) + "。",
    )


def _surest(sets: Result, titles: Result) -> Sentences:
    english, chinese = [], []
    for name, one in sets.items():
        systems = one["systems"]
        others = [key for key in systems if key not in _ours(systems)]
        if not _ours(systems) or not others:
            continue
        mine = min(_ours(systems), key=lambda key: systems[key]["aurc"])
        best = min(others, key=lambda key: systems[key]["aurc"])
        told = _apart(systems[mine]["aurc_interval"], systems[best]["aurc_interval"])
        figures = f"{systems[mine]['aurc']:.4f} : {systems[best]['aurc']:.4f} {short(titles[best])}"
        english.append(f"{_of(name)} {figures} ({told[0]})")
        chinese.append(f"{_of(name)} {figures}（{told[1]}）")
    return (
        "Mean risk over all coverages (AURC, smaller is better), the surest of ours against the surest of the others: "
        + "; ".join(english)
        + ".",
        "各覆盖率下的平均风险（AURC，越小越好），我们最稳的对其他最稳的：" + "；".join(chinese) + "。",
    )


def _apart(mine: list[float], other: list[float]) -> Sentences:
    if mine[1] < other[0]:
        return "ours smaller, intervals apart", "我们更小，区间不重叠"
    if other[1] < mine[0]:
        return "the other smaller, intervals apart", "对方更小，区间不重叠"
    return "intervals overlap", "区间重叠"


def _accuracies(name: str, systems: Result, titles: Result) -> str:
    ordered = sorted(systems, key=lambda key: -systems[key]["accuracy"])
    low = min(
        (systems[key]["accuracy_interval"][0] for key in ordered if systems[key]["accuracy"] > 0.5),
        default=0.5,
    )
    floor = int(low * 10) / 10
    ticks = tuple(floor + 0.1 * at for at in range(round((1 - floor) * 10) + 1))
    axis = Axis(floor, 1.0, ticks, "accuracy 准确率, %", shown=lambda one: f"{100 * one:.0f}")
    bars = [
        Bar(
            short(titles[key]),
            max(systems[key]["accuracy"], floor),
            systems[key]["accuracy_interval"][0],
            systems[key]["accuracy_interval"][1],
            SYSTEMS[key].split()[0],
            f"{'◂ ' if systems[key]['accuracy'] < floor else ''}{100 * systems[key]['accuracy']:.1f}",
        )
        for key in ordered
    ]
    return dots(bars, axis, f"Intent accuracy on {name}", width=HALF, title=SETS[name], left=128)


def short(title: str) -> str:
    """A system's name where there is little room."""
    return (
        title.replace("intent-cascade, ", "ours: ")
        .replace("the bundle that ships", "shipped")
        .replace("scikit-learn ", "")
        .replace(" student", "")
        .replace("two-layer transformer", "two layers")
        .replace(", same encoder", "")
        .replace("nearest neighbours", "nearest neighbour")
    )


def _risks(name: str, systems: Result) -> str:
    curves = {key: one["curve"] for key, one in systems.items() if one["accuracy"] > 0.4}
    return risk_coverage(curves, SYSTEMS, f"Risk against coverage on {name}", high=0.2, title=SETS[name])


def _legend(sets: Result, titles: Result) -> Legend:
    present = {key for one in sets.values() for key in one["systems"]}
    return tuple((style, short(titles[key])) for key, style in SYSTEMS.items() if key in present)


def _rows(sets: Result) -> Iterator[tuple[str, str, Result]]:
    for name, one in sets.items():
        for key in sorted(one["systems"], key=lambda key: -one["systems"][key]["accuracy"]):
            yield name, key, one["systems"][key]


def _table(sets: Result, titles: Result) -> Table:
    listed = list(_rows(sets))
    rows = tuple(
        (
            f"{name} · {short(titles[key])}",
            share(row["accuracy"]),
            between(row["accuracy_interval"]),
            f"{row['aurc']:.4f}",
            _between(row["aurc_interval"], 4),
            share(row["coverage_at_risk"]["0.02"], 0),
        )
        for name, key, row in listed
    )
    return Table(
        "Full train sets (AURC over all test rows, those out of scope among them; answerable: with hindsight on the test rows)",
        ("set, system", "accuracy", "95 %", "AURC", "95 %", "answerable at 2 % risk"),
        rows,
        _strong(listed),
    )


def _strong(listed: list[tuple[str, str, Result]]) -> frozenset[int]:
    return frozenset(at for at, (_, key, _) in enumerate(listed) if key.startswith("cascade"))


def _between(interval: list[float], digits: int = 3) -> str:
    return f"{interval[0]:.{digits}f}–{interval[1]:.{digits}f}"


def _calibration(sets: Result, titles: Result) -> Iterator[Sentence | Figure | Table]:
    listed = [one for one in _rows(sets) if "calibration_error" in one[2]]
    mine = [one for one in listed if one[1].startswith("cascade")]
    if not mine:
        return
    english, chinese = [], []
    for name, key, row in mine:
        others = [one for one in listed if one[0] == name and not one[1].startswith("cascade")]
        place = 1 + sum(one[2]["calibration_error"] < row["calibration_error"] for one in others)
        figure = f"{_of(name)} {row['calibration_error']:.3f}"
        english.append(f"{figure} ({titles_of(key)}; place {place} of {len(others) + 1})")
        chinese.append(f"{figure}（第 {place}，共 {len(others) + 1}）")
    yield Sentence(
        "What is stated and what is true differ on the mean (expected calibration error, each of ours against those of the others "
        "that state a probability) by: " + "; ".join(english) + ".",
        "自报置信度与事实的平均差（期望校准误差）：" + "；".join(chinese) + "。",
    )
    yield Figure(
        tuple(_reliable(sets, titles)),
        "Stated confidence against what is true on MASSIVE zh-CN, for systems that state a probability; larger dots hold more rows.",
    )
    rows = tuple(
        (
            f"{name} · {short(titles[key])}",
            f"{row['calibration_error']:.3f}",
            _between(row["calibration_interval"]) if "calibration_interval" in row else "–",
        )
        for name, key, row in listed
    )
    yield Table(
        "Expected calibration error, ten bins, bootstrap intervals (they lie a little high); a system that is wrong and never sure is calibrated too",
        ("set, system", "ECE", "95 %"),
        rows,
        _strong(listed),
    )


def _reliable(sets: Result, titles: Result) -> list[str]:
    systems = sets.get("massive_zh_cn", {}).get("systems", {})
    wanted = [
        key
        for key in ("cascade_transformer", "cascade_linear", "semantic", "frozen_lr", "fast_text", "tfidf_lr")
        if "reliability" in systems.get(key, {})
    ]
    return [
        reliability(
            systems[key]["reliability"],
            SYSTEMS[key].split()[0],
            f"Stated confidence of {titles[key]} against the truth",
            title=f"{short(titles[key])} (ECE {systems[key]['calibration_error']:.3f})",
        )
        for key in wanted[: len(wanted) // 2 * 2]
    ]


def _out_of_scope(sets: Result, titles: Result) -> Iterator[Sentence | Table]:
    listed = [one for one in _rows(sets) if one[2].get("out_of_scope")]
    if not listed:
        return
    english, chinese = [], []
    for name in dict.fromkeys(name for name, _, _ in listed):
        there = [(key, row["out_of_scope"]) for of, key, row in listed if of == name]
        mine = [one for one in there if one[0].startswith("cascade")]
        others = [one for one in there if not one[0].startswith("cascade")]
        if not mine or not others:
            continue
        best, rival = (max(side, key=lambda one: one[1]["auroc"]) for side in (mine, others))
        figures = f"{_of(name)} {best[1]['auroc']:.3f} : {rival[1]['auroc']:.3f} {short(titles[rival[0]])}"
        named = f"{share(best[1]['recall'])} : {share(rival[1]['recall'])}"
        english.append(f"{figures}, named so outright {named}")
        chinese.append(f"{figures}，直接判为范围外 {named}")
    if english:
        yield Sentence(
            "Out of scope, told apart by score (AUROC), the best of ours against the best of the others: "
            + "; ".join(english)
            + ".",
            "范围外话语按分数分辨（AUROC），我们最好的对其他最好的：" + "；".join(chinese) + "。",
        )
    rows = tuple(
        (
            f"{name} · {short(titles[key])}",
            f"{row['out_of_scope']['auroc']:.3f}",
            _between(row["out_of_scope"]["auroc_interval"])
            if "auroc_interval" in row["out_of_scope"]
            else "–",
            share(row["out_of_scope"]["recall"]),
            between(row["out_of_scope"]["recall_interval"]),
            share(row["out_of_scope"]["precision"]),
        )
        for name, key, row in listed
    )
    yield Table(
        "Out of scope: how well in and out are told apart by score (AUROC), and how many are named so outright",
        ("set, system", "AUROC", "95 %", "called out of scope", "95 %", "precision"),
        rows,
        _strong(listed),
    )
