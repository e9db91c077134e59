"""The calibrate stage: the graph that ships, on what the rules pass on of the calibration set's tuning part."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.console import Console

from cascade.errors import InputRejected
from cascade.grammar import OrderGrammar
from cascade.result import Proposal
from cascade.text import Utterance
from cascade.tiers.base import NO_CONTEXT
from cascade.tiers.calibration import Calibration, OrderCalibration, log_odds, softmax
from cascade.tiers.classifier import ClassifierTier, Composition
from cascade.tiers.rules import RulesTier
from training.annotation import Example
from training.calibration import expected_calibration_error, fit_logistic, fit_temperature
from training.certify import sample_of
from training.dataset import Pack
from training.scoring import right
from training.workshop import Workshop

FIRST_GUESS = OrderCalibration(bias=0.0, intent=1.0, slots=0.0)
PRIOR = (0.0, 0.5, 0.5)


@dataclass(frozen=True, slots=True)
class Row:
    """A calibration example that reached the classifier."""

    example: Example
    utterance: Utterance


def calibrate(workshop: Workshop, console: Console) -> None:
    """Put the graph into the bundle folder and write ``calibration.json`` and ``calibration_report.json``."""
    pack = workshop.pack
    folder = pack.bundle.path
    for name in ("model.onnx", "vocab.txt"):
        shutil.copyfile(workshop.file(name, "export"), folder / name)
    answer_model = pack.answers
    grammar = OrderGrammar.from_bundle(pack.bundle, answer_model)
    examples = tuning(workshop)
    rows = passed_on(examples, pack, RulesTier.from_bundle(pack.bundle, grammar, answer_model))
    model = folder.joinpath("model.onnx").read_bytes()
    characters = workshop.encoder()

    def tier_with(calibration: Calibration) -> ClassifierTier:
        return ClassifierTier(
            pack.bundle, grammar, answer_model, model=model, vocabulary=characters, calibration=calibration
        )

    rough = _calibration(pack, 1.0, 1.0, FIRST_GUESS)
    tier = tier_with(rough)
    scores = [tier.scores(row.utterance.text) for row in rows]
    labels = np.array([pack.intents.index(row.example.intent) for row in rows])
    lawful = np.array([row.example.order is not None for row in rows])
    logits = np.array([intents for intents, _ in scores], np.float64)
    temperature = fit_temperature(logits[lawful], labels[lawful])
    heated = _calibration(
        pack, temperature, _tag_temperature(rows, [tags for _, tags in scores], pack), FIRST_GUESS
    )
    tier = tier_with(heated)
    order, orders = _order_curve(rows, tier, pack)
    final = _calibration(pack, temperature, heated.tag_temperature, order)
    (folder / "calibration.json").write_text(_json(final), encoding="utf-8")
    tier = tier_with(final)
    report = {
        "temperature": final.temperature,
        "rows": len(examples),
        "passed_on": len(rows),
        "orders_fitted": orders,
        **_report(rows, tier, pack),
    }
    workshop.write_json("calibration_report.json", report)
    console.print("calibration", {"order": order, **report})


def tuning(workshop: Workshop) -> tuple[Example, ...]:
    """The part of the calibration set that no certificate rests on."""
    return sample_of(workshop).tuning


def passed_on(examples: Sequence[Example], pack: Pack, rules: RulesTier) -> list[Row]:
    """The examples that the rules do not answer: the ones the classifier's confidence is asked about."""
    rows: list[Row] = []
    for example in examples:
        try:
            utterance = pack.normalizer(example.text)
        except InputRejected:
            continue
        outcome = rules.propose(utterance, NO_CONTEXT)
        if not (isinstance(outcome, Proposal) and outcome.complete):
            rows.append(Row(example, utterance))
    return rows


def _calibration(
    pack: Pack, temperature: float, tag_temperature: float, order: OrderCalibration
) -> Calibration:
    return Calibration(
        features=pack.bundle.manifest.features,
        intents=tuple(pack.intents),
        tags=pack.tags,
        temperature=round(temperature, 6),
        tag_temperature=round(tag_temperature, 6),
        order=order,
        order_details=pack.details,
    )


def _tag_temperature(rows: Sequence[Row], scores: Sequence[Any], pack: Pack) -> float:
    logits: list[Any] = []
    labels: list[int] = []
    for row, tags in zip(rows, scores, strict=True):
        sample, _ = pack.sample(row.example)
        for tag, score in zip(sample.tags, tags, strict=True):
            if tag >= 0:
                logits.append(score)
                labels.append(tag)
    return fit_temperature(np.array(logits, np.float64), np.array(labels)) if labels else 1.0


def _order_curve(rows: Sequence[Row], tier: ClassifierTier, pack: Pack) -> tuple[OrderCalibration, int]:
    """The curve over the two confidences of the orders that the tier would call complete."""
    evidence: list[tuple[float, float]] = []
    correct: list[bool] = []
    for row in rows:
        intents, tags = tier.scores(row.utterance.text)
        probabilities = softmax(intents, tier.calibration.temperature)
        best = int(probabilities.argmax())
        intent = tier.calibration.intents[best]
        if not pack.bundle.intents[intent].carries_order:
            continue
        composed = tier.compose(row.utterance, intent, tags)
        if isinstance(composed, Composition) and not composed.verdict.doubtful:
            evidence.append((log_odds(float(probabilities[best])), log_odds(composed.verdict.confidence)))
            correct.append(right(composed.answer, row.example, pack.normalised))
    if not evidence:
        return _curve(*PRIOR), 0
    weights = fit_logistic(np.array(evidence), np.array(correct), prior=PRIOR)
    return _curve(*weights), len(evidence)


def _curve(bias: float, intent: float, slots: float) -> OrderCalibration:
    return OrderCalibration(bias=round(bias, 6), intent=round(intent, 6), slots=round(slots, 6))


def _report(rows: Sequence[Row], tier: ClassifierTier, pack: Pack) -> dict[str, Any]:
    """How good the intents and the whole answers are on the calibration set, at this calibration."""
    confidence: list[float] = []
    correct: list[bool] = []
    hits = lawful = 0
    for row in rows:
        if row.example.order is None:
            continue
        lawful += 1
        probabilities = softmax(tier.scores(row.utterance.text)[0], tier.calibration.temperature)
        hits += int(tier.calibration.intents[int(probabilities.argmax())] == row.example.intent)
        outcome = tier.propose(row.utterance, NO_CONTEXT)
        if isinstance(outcome, Proposal) and outcome.complete and outcome.confidence is not None:
            confidence.append(outcome.confidence)
            correct.append(right(outcome.answer, row.example, pack.normalised))
    return {
        "intent_accuracy": round(hits / max(1, lawful), 4),
        "complete": len(correct),
        "complete_right": round(float(np.mean(correct)), 4) if correct else None,
        "calibration_error": round(expected_calibration_error(np.array(confidence), np.array(correct)), 4),
    }


def _json(calibration: Calibration) -> str:
    data = calibration.model_dump(mode="json")
    data["order_details"] = sorted(data["order_details"])
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"
