"""The calibrate stage: the graph that ships, on the part of the dev rows that no certificate rests on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cascade.answers import IntentAnswer
from cascade.bundle import seal
from cascade.tiers.calibration import FILE, AnswerCalibration, Curve
from cascade.tiers.intents import IntentTier
from training.calibration import expected_calibration_error, fit_logistic, fit_temperature
from training.labelled import bundle
from training.labelled.rows import Row
from training.labelled.samples import tagged
from training.labelled.workshop import LabelledWorkshop
from training.recipe import RecipeError

EVIDENCE = (("intent", 1.0), ("gap", 0.0), ("energy", 0.0), ("nearness", 0.0), ("known", 0.0), ("slots", 0.5))
"""What the confidence of an answer is made from, and how much each weighs before any data."""
SAID_OUTSIDE = (("intent", 1.0), ("gap", 0.0))
"""The same for answers that something is out of scope: likeness to what was learned speaks against them."""
_AS_IT_IS = Curve(bias=0.0, weights={"intent": 1.0})


@dataclass(frozen=True, slots=True)
class Weighed:
    """An answer, what spoke for it, and whether it was right."""

    intent: str
    evidence: Mapping[str, float]
    correct: bool


def calibrate(workshop: LabelledWorkshop) -> None:
    """Make the bundle with its ``calibration.json``; write ``calibration_report.json``."""
    bundle.make(workshop)
    rows = workshop.tuning
    if not rows:
        raise RecipeError("no dev rows are left for calibration: give more, or a larger tuning_share")
    tier = _tier(workshop, _calibration(workshop, 1.0, 1.0))
    scores = [tier.raw(row.text) for row in rows]
    labels = np.array([workshop.sets.intents.index(row.intent) for row in rows])
    temperature = fit_temperature(np.array([one.intents for one in scores], np.float64), labels)
    tag_temperature = _tag_temperature(rows, [one.tags for one in scores], workshop)
    heated = _calibration(workshop, temperature, tag_temperature)
    weighed = weigh(rows, _tier(workshop, heated), workshop)
    final = heated.model_copy(update=_curves(weighed, heated.out_of_scope_intent))
    content = json.dumps(final.model_dump(mode="json"), ensure_ascii=False, indent=2)
    (workshop.bundle / FILE).write_text(content + "\n", encoding="utf-8")
    seal(workshop.bundle)
    report = {"rows": len(rows), "temperature": final.temperature, **_report(weighed, final)}
    workshop.write_json("calibration_report.json", report)
    workshop.console.print("calibration", {"answer": final.answer, **report})


def _tier(workshop: LabelledWorkshop, calibration: AnswerCalibration) -> IntentTier:
    return IntentTier(
        IntentAnswer,
        model=(workshop.bundle / "model.onnx").read_bytes(),
        encoder=workshop.encoder,
        calibration=calibration,
    )


def _calibration(workshop: LabelledWorkshop, temperature: float, tag_temperature: float) -> AnswerCalibration:
    outside = workshop.recipe.data.out_of_scope
    return AnswerCalibration(
        features=workshop.recipe.feature_version,
        intents=tuple(workshop.names[label] for label in workshop.sets.intents),
        tags=workshop.sets.tags,
        temperature=round(temperature, 6),
        tag_temperature=round(tag_temperature, 6),
        answer=_AS_IT_IS,
        out_of_scope_intent=workshop.names[outside] if outside is not None else None,
    )


def _tag_temperature(rows: Sequence[Row], scores: Sequence[Any], workshop: LabelledWorkshop) -> float:
    tags = workshop.sets.tags
    known = {tag: number for number, tag in enumerate(tags)}
    labels = [
        known.get(tag, 0) for row in rows for tag in tagged(workshop.encoder.places(row.text), row.slots)
    ]
    if len(tags) < 2 or not labels:
        return 1.0
    return fit_temperature(np.concatenate(scores).astype(np.float64), np.array(labels))


def weigh(rows: Sequence[Row], tier: IntentTier, workshop: LabelledWorkshop) -> list[Weighed]:
    """What the tier would answer to each row."""
    found: list[Weighed] = []
    for row in rows:
        reading = tier.read(row.text)
        intent = tier.calibration.intents[int(reading.intents.argmax())]
        said = Counter((name, row.text[slice(*place)]) for name, place in reading.slots)
        meant = Counter((slot.name, slot.value) for slot in row.slots)
        found.append(
            Weighed(intent, reading.evidence, intent == workshop.names[row.intent] and said == meant)
        )
    return found


def _curves(weighed: Sequence[Weighed], outside: str | None) -> dict[str, Curve]:
    inside = [one for one in weighed if one.intent != outside]
    curves = {"answer": curve(inside, EVIDENCE)}
    if outside is not None:
        curves["out_of_scope"] = curve([one for one in weighed if one.intent == outside], SAID_OUTSIDE)
    return curves


def curve(weighed: Sequence[Weighed], evidence: Sequence[tuple[str, float]]) -> Curve:
    """The curve over the evidence that says anything about these answers."""
    rows = np.array([[one.evidence[name] for name, _ in evidence] for one in weighed], np.float64)
    kept = [at for at in range(len(evidence)) if len(rows) and np.ptp(rows[:, at]) > 0] or [0]
    prior = [0.0, *(evidence[at][1] for at in kept)]
    correct = np.array([one.correct for one in weighed], bool)
    weights = fit_logistic(rows[:, kept], correct, prior=prior) if len(rows) else prior
    bias, *others = (round(weight, 6) for weight in weights)
    return Curve(
        bias=bias, weights={evidence[at][0]: weight for at, weight in zip(kept, others, strict=True)}
    )


def _report(weighed: Sequence[Weighed], calibration: AnswerCalibration) -> dict[str, Any]:
    """How good the answers are on these rows, at this calibration."""
    outside = calibration.out_of_scope_intent
    curves = {True: calibration.out_of_scope or calibration.answer, False: calibration.answer}
    confidence = [curves[one.intent == outside].confidence(one.intent, one.evidence) for one in weighed]
    correct = np.array([one.correct for one in weighed])
    return {
        "right": round(float(correct.mean()), 4),
        "calibration_error": round(expected_calibration_error(np.array(confidence), correct), 4),
    }
