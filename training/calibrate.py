"""The calibrate stage: the graph that ships, on what the rules pass on of the calibration set's tuning part."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.console import Console

from cascade.errors import InputRejected
from cascade.grammar import OrderGrammar
from cascade.result import Proposal
from cascade.text import Utterance
from cascade.tiers.base import NO_CONTEXT
from cascade.tiers.calibration import Calibration, Curve, softmax
from cascade.tiers.classifier import ClassifierTier
from cascade.tiers.rules import RulesTier
from training.annotation import Example
from training.calibration import expected_calibration_error, fit_logistic, fit_temperature
from training.certify import sample_of
from training.dataset import Pack
from training.scoring import right
from training.workshop import Workshop

ORDER_EVIDENCE = (
    ("intent", 0.5),
    ("gap", 0.0),
    ("slots", 0.5),
    ("chatter", 0.0),
    ("unguarded", 0.0),
    ("covered", 0.0),
    ("alone", 0.0),
    ("closed", 0.0),
    ("undropped", 0.0),
    ("edges", 0.0),
)
"""What the confidence of an order is made from, and how much each weighs before any data."""
PLAIN_EVIDENCE = (("intent", 1.0), ("gap", 0.0), ("energy", 0.0), ("known", 0.0), ("unguarded", 0.0))
FIRST_GUESS = Curve(bias=0.0, weights={"intent": 1.0})


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

    tier = tier_with(_calibration(pack, 1.0, 1.0))
    scores = [tier.scores(row.utterance.text) for row in rows]
    labels = np.array([pack.intents.index(row.example.intent) for row in rows])
    lawful = np.array([row.example.order is not None for row in rows])
    logits = np.array([intents for intents, _ in scores], np.float64)
    temperature = fit_temperature(logits[lawful], labels[lawful])
    heated = _calibration(pack, temperature, _tag_temperature(rows, [tags for _, tags in scores], pack))
    weighed = weigh(rows, tier_with(heated), pack)
    final = heated.model_copy(
        update={
            "order": curve([one for one in weighed if one.carries_order], ORDER_EVIDENCE),
            "plain": curve([one for one in weighed if not one.carries_order], PLAIN_EVIDENCE),
        }
    )
    (folder / "calibration.json").write_text(_json(final), encoding="utf-8")
    tier = tier_with(final)
    report = {
        "temperature": final.temperature,
        "rows": len(examples),
        "passed_on": len(rows),
        "orders_fitted": sum(one.carries_order for one in weighed),
        **_report(rows, tier, pack),
    }
    workshop.write_json("calibration_report.json", report)
    console.print("calibration", {"order": final.order, "plain": final.plain, **report})


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


@dataclass(frozen=True, slots=True)
class Weighed:
    """A complete proposal, what spoke for it, and whether it was right."""

    intent: str
    carries_order: bool
    evidence: Mapping[str, float]
    correct: bool


def weigh(rows: Sequence[Row], tier: ClassifierTier, pack: Pack) -> list[Weighed]:
    """What the tier would answer, were every confidence enough."""
    found: list[Weighed] = []
    for row in rows:
        outcome, evidence = tier.weighed(row.utterance)
        if isinstance(outcome, Proposal) and outcome.complete:
            carries = pack.bundle.intents[outcome.intent].carries_order
            correct = right(outcome.answer, row.example, pack.normalised)
            found.append(Weighed(outcome.intent, carries, evidence, correct))
    return found


def curve(weighed: Sequence[Weighed], evidence: Sequence[tuple[str, float]]) -> Curve:
    """The curve over the evidence, and what each intent adds to it."""
    names = [name for name, _ in evidence]
    intents = sorted({one.intent for one in weighed})
    prior = [0.0, *(weight for _, weight in evidence), *(0.0 for _ in intents)]
    weights = prior
    if weighed:
        rows = [
            [one.evidence.get(name, 0.0) for name in names] + [one.intent == intent for intent in intents]
            for one in weighed
        ]
        correct = np.array([one.correct for one in weighed])
        weights = fit_logistic(np.array(rows, np.float64), correct, prior=prior, signed=len(intents))
    bias, *others = (round(weight, 6) for weight in weights)
    return Curve(
        bias=bias,
        weights=dict(zip(names, others, strict=False)),
        intents=dict(zip(intents, others[len(names) :], strict=True)),
    )


def _calibration(pack: Pack, temperature: float, tag_temperature: float) -> Calibration:
    return Calibration(
        features=pack.bundle.manifest.features,
        intents=tuple(pack.intents),
        tags=pack.tags,
        temperature=round(temperature, 6),
        tag_temperature=round(tag_temperature, 6),
        order=FIRST_GUESS,
        plain=FIRST_GUESS,
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
