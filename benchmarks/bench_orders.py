"""How often is the whole order right on the project's own test, and what is wrong when it is not?

The held-out test (``data/test``), the bundle that ships, rules and classifier, no large model: order-level
exact match, minimal pairs, each part of the promo-day mix, and what every threshold would have given.
Thresholds are not chosen here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks import figures as numbers
from benchmarks.harness import write
from benchmarks.options import Options
from benchmarks.own import judged, pack, splits, variant
from training.evaluate import figures
from training.judging import Judged

CHINESE = {
    "bare_order": "裸下单",
    "detailed_order": "带规格",
    "rich_order": "自由要求",
    "multi_order": "多杯",
    "coupon_order": "用券下单",
    "modify": "改单",
    "cancel": "取消",
    "claim": "领券",
    "query": "询问",
    "support": "客服",
    "recommend": "推荐",
    "invite": "邀请",
    "chitchat": "闲聊",
    "dialogue": "应答",
    "out_of_scope": "无关",
    "hostile": "恶意",
}


def run(options: Options) -> int:
    """Measure, print the table, write ``orders.json``."""
    from rich.console import Console

    from training.evaluate import table

    examples = splits().test
    shipped = judged(variant(("rules", "classifier")), examples)
    loose = judged(variant(("rules", "classifier"), guarded=False), examples)
    report = figures(shipped)
    report["minimal_pairs"].pop("wrong_pairs")
    result = {
        "bundle": pack().bundle.id,
        "report": report,
        "acting_wrong_interval": numbers.wilson(
            report["all"]["acting_wrong"], report["all"]["acting_answered"]
        ),
        "buckets": _buckets(shipped),
        "pairs_interval": _pairs_interval(shipped),
        **_every_threshold(loose),
    }
    Console().print(table(figures(shipped)))
    print(write(options.out, "orders", result))
    return 0


def _buckets(found: Sequence[Judged]) -> list[dict[str, Any]]:
    by_bucket: defaultdict[str, list[Judged]] = defaultdict(list)
    for one in found:
        if bucket := one.example.tag("mix"):
            by_bucket[bucket].append(one)
    rows = []
    for name, part in by_bucket.items():
        answered = [one for one in part if one.answered]
        right = sum(one.correct for one in answered)
        rows.append(
            {
                "bucket": name,
                "chinese": CHINESE.get(name, name),
                "rows": len(part),
                "right": right,
                "wrong": len(answered) - right,
                "escalated": len(part) - len(answered),
                "by_rules": sum(one.tier == "rules" for one in answered),
                "wrong_interval": numbers.wilson(len(answered) - right, len(answered)),
            }
        )
    return sorted(rows, key=lambda row: -row["rows"])


def _pairs_interval(found: Sequence[Judged]) -> tuple[float, float]:
    sides: defaultdict[str, list[bool]] = defaultdict(list)
    for one in found:
        if name := one.example.tag("pair"):
            sides[name].append(one.wrong)
    return numbers.wilson(sum(not any(wrong) for wrong in sides.values()), len(sides))


def _every_threshold(found: Sequence[Judged]) -> dict[str, Any]:
    """Risk and coverage of whole orders over all thresholds; a rule's answer is the surest there is."""
    sure = np.array(
        [1.0 if one.confidence is None else one.confidence if one.answered else -1.0 for one in found]
    )
    sure[[not one.answered for one in found]] = -1.0
    right = np.array([one.correct for one in found])
    proposed = sure >= 0
    stated = np.array([one.answered and one.confidence is not None for one in found])
    risks = numbers.risks(sure, right)[: int(proposed.sum())]
    places = np.unique(np.linspace(1, len(risks), numbers.CURVE_POINTS).astype(int)) - 1
    return {
        "curve": [(round((int(at) + 1) / len(sure), 4), round(float(risks[at]), 5)) for at in places],
        "proposed": int(proposed.sum()) / len(sure),
        "reliability": numbers.reliability(sure[stated], right[stated]),
        "calibration_error": numbers.calibration_error(sure[stated], right[stated]),
        "stated": int(stated.sum()),
    }
