"""The package stage of a linear student: its card says what the model is worth."""

from __future__ import annotations

import hashlib

from rich.console import Console

from training.dataset import load_splits
from training.evaluate import percent
from training.package import figures_table, put
from training.recipe import Linear
from training.workshop import Workshop

_TEMPLATE = """\
# Model card: {bundle}

A linear student: n-grams for the intent ({intents} of them), a window of characters for what belongs to an order. It
never writes an answer: the answer comes from the bundle's grammar, and the model's marks must agree with it about
every character before an acting intent is answered.

| | |
|---|---|
| recipe | `{recipe}`, seed {seed} |
| features | {features}, {ngrams} n-grams known |
| graph | ONNX, int8 weights by row, {megabytes:.2f} MB, sha256 `{digest}` |
| penalties | {plan.penalty:g} for intents, {plan.tag_penalty:g} for tags |
| data | {train} to learn from, {calibration} to calibrate with, {certified} for the certificate, {test} held out |

## Figures

Measured by `python -m training evaluate` on the held-out test, rules and classifier, no large model.

| | lines marked mix= | all of test |
|---|---|---|
{figures}

Calibration (temperature {temperature:.3f}, on {tuned} utterances that the rules pass on): intent accuracy {accuracy}
there. Parity with what was trained on {texts} texts: largest difference of a score {float_gap:.1e} unquantised,
{int_gap} quantised; the same intent on {same_intent}.

What is shown, and how many more labels it takes where nothing is: `certificate.json`.
"""


def package(workshop: Workshop, console: Console) -> None:
    """Copy the model, write its card from the figures of the other stages, and seal the bundle."""
    put(workshop, card(workshop), console)


def card(workshop: Workshop) -> str:
    """The text of the model card. Raises :class:`~training.recipe.RecipeError` when a stage has not run."""
    recipe, pack = workshop.recipe, workshop.pack
    parity = workshop.read_json("parity.json", "export")
    calibrated = workshop.read_json("calibration_report.json", "calibrate")
    splits = load_splits(recipe, pack)
    model = workshop.file("model.onnx", "export").read_bytes()
    return _TEMPLATE.format(
        bundle=pack.bundle.id,
        intents=len(pack.intents),
        recipe=recipe.name,
        seed=recipe.seed,
        features=pack.bundle.manifest.features,
        ngrams=len(workshop.encoder()) - 1,
        megabytes=len(model) / 1e6,
        digest=hashlib.sha256(model).hexdigest(),
        plan=recipe.linear or Linear(),
        train=workshop.learned.lines,
        calibration=len(splits.calibration),
        certified="a part of these" if recipe.sets.certified is None else "a set of their own",
        test=len(splits.test),
        figures=figures_table(workshop.read_json("evaluation.json", "evaluate")),
        temperature=calibrated["temperature"],
        tuned=calibrated["passed_on"],
        accuracy=percent(calibrated["intent_accuracy"]),
        texts=parity["texts"],
        float_gap=parity["float_difference"],
        int_gap=parity["quantised_difference"],
        same_intent=percent(parity["same_intent"]),
    )
