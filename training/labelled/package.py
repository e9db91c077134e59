"""The package stage: a card that says what the bundle is worth, and the seal."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from cascade.bundle import Bundle, seal
from cascade.certificate import Certificate
from training.evaluate import percent
from training.labelled.workshop import LabelledWorkshop
from training.package import CARD

_TEMPLATE = """\
# Model card: {bundle}

Tells which of {intents} intents an utterance has, and marks {slots}. Made by `python -m training all` from a recipe for
labelled rows.

| | |
|---|---|
| recipe | `{recipe}`, seed {seed} |
| student | {student} |
| starts from | {origin} |
| features | `{features}`, {vocabulary} rows |
| graph | ONNX, int8 weights, {megabytes:.2f} MB, sha256 `{digest}` |
| rows | {train} to learn from, {dev} for calibration, {test} held out; {dropped} gave way to another set |

## Figures

On the held-out rows, by `python -m training evaluate`, through the bundle as it is loaded:

| | |
|---|---|
| intent right | {accuracy} |
| all slots right | {slots_right} |
| answered at the policy's thresholds | {coverage} |
| wrong among them | {wrong} |
| expected calibration error | {error} |
| median time, this machine | {median} us |

Out of scope: {outside}

Certified: {certified}

Parity with the trained weights on {parity_texts} texts: largest difference of a score {float_gap:.1e} unquantised,
{int_gap} quantised; the same intent on {same_intent}.

## Limits

- What it was shown is what it knows: another population, or next season's, needs labels, calibration and a certificate
  of its own.
- Slots are pieces of the utterance as spoken; nothing is looked up or converted.
"""


def package(workshop: LabelledWorkshop) -> None:
    """Write the card from the figures of the other stages, and seal the bundle."""
    (workshop.bundle / CARD).write_text(card(workshop), encoding="utf-8")
    manifest = seal(workshop.bundle)
    workshop.console.print(f"sealed {manifest.name}@{manifest.version}: {workshop.bundle}")


def card(workshop: LabelledWorkshop) -> str:
    """The text of the card. Raises :class:`~training.recipe.RecipeError` when a stage has not run."""
    recipe, sets = workshop.recipe, workshop.sets
    parity = workshop.read_json("parity.json", "export")
    found = workshop.read_json("evaluation.json", "evaluate")
    model = workshop.file("model.onnx", "export").read_bytes()
    policy = found["at_the_policy"]
    bundle = Bundle.open(workshop.bundle)
    return _TEMPLATE.format(
        bundle=bundle.id,
        intents=len(sets.intents),
        slots=", ".join(sets.slots) or "no slots",
        recipe=recipe.name,
        seed=recipe.seed,
        student=_student(workshop),
        origin=_origin(workshop),
        features=recipe.feature_version,
        vocabulary=len(workshop.encoder),
        megabytes=len(model) / 1e6,
        digest=hashlib.sha256(model).hexdigest(),
        train=len(sets.train),
        dev=len(sets.dev),
        test=len(sets.test),
        dropped=sets.dropped,
        accuracy=percent(found["intent_accuracy"]),
        slots_right=percent(found["slots_right"]),
        coverage=percent(policy["coverage"]),
        wrong=percent(policy["wrong"]),
        error=percent(found["calibration_error"]),
        median=found["latency_us"]["median"],
        outside=_outside(found["scope"]),
        certified=_certified(workshop.bundle),
        parity_texts=parity["texts"],
        float_gap=parity["float_difference"],
        int_gap=parity["quantised_difference"],
        same_intent=percent(parity["same_intent"]),
    )


def _student(workshop: LabelledWorkshop) -> str:
    student = workshop.recipe.student
    if student == "linear":
        return "linear, over hashed n-grams"
    if student == "teacher":
        return "transformer, all of the encoder's layers"
    size = f"{student.layers} layers, width {student.width}, {student.heads} heads"
    return f"transformer, {size}, feed-forward {student.feed_forward}"


def _origin(workshop: LabelledWorkshop) -> str:
    recipe = workshop.recipe
    plan = recipe.student_fit
    if recipe.student == "teacher" and recipe.encoder is not None:
        return f"`{recipe.encoder.name}`, fine-tuned"
    start = "nothing: fresh weights"
    if recipe.encoder is not None and plan is not None and plan.layers:
        start = f"layers {', '.join(map(str, plan.layers))} of `{recipe.encoder.name}`"
    if recipe.teacher is None or recipe.encoder is None:
        return start
    return f"{start}; hears {len(recipe.teacher.seeds)} teacher(s) made of `{recipe.encoder.name}`"


def _outside(scope: dict[str, Any]) -> str:
    if not scope["out_of_scope_rows"]:
        return "the held-out rows have none, so nothing was measured."
    told = [
        f"{percent(row['out_of_scope_held'])} held back where {percent(row['coverage'])} of the others is answered"
        for row in scope["at"]
    ]
    return f"{scope['out_of_scope_rows']} rows; {'; '.join(told)}."


def _certified(folder: Path) -> str:
    certificate = Certificate.from_bundle(Bundle.open(folder))
    if certificate is None:
        return "nothing yet."
    told = [
        f"at most {percent(one.epsilon)} wrong among the answers of {len(one.intents)} intents (delta {one.delta:g})"
        for one in certificate.statements
        if one.certified
    ]
    missing = [one for one in certificate.statements if not one.certified]
    more = "; `certificate.json` says what is missing for the others" if told and missing else ""
    return ("; ".join(told) or "nothing; `certificate.json` says what is missing") + more + "."
