"""The package stage: the model's files in the bundle folder, and a card that says what they are worth."""

from __future__ import annotations

import hashlib
import shutil
from typing import Any

from rich.console import Console

from cascade.bundle import Bundle, seal
from cascade.certificate import Certificate
from training.dataset import load_splits
from training.evaluate import percent
from training.workshop import Workshop

CARD = "MODEL_CARD.md"

_TEMPLATE = """\
# Model card: {bundle}

A small transformer over characters for Chinese tea orders: it tells which of {intents} intents an utterance has and
marks, character by character, what belongs to an order. It never writes an order: the grammar puts it together. A name,
a level, a size or a number must be found by both; what is kept as spoken is taken as marked.

## What it is

| | |
|---|---|
| recipe | `{recipe}`, seed {seed} |
| shape | {layers}, width {width}, {heads} heads, feed-forward {feed_forward}, character table of width {rank} |
| vocabulary | {vocabulary} characters |
| graph | ONNX, int8 weights (seven bits used), {megabytes:.2f} MB, sha256 `{digest}` |
| starts from | {origin} |
| features | {features} |

## Data

Hand-written Chinese utterances, see `data/README.md`: {train} to learn from, {calibration} to calibrate with and to
develop against, {certified} for the certificate, {test} held out. Utterances that stand in two sets, also nearly
(character bigrams, Jaccard {jaccard:g}), were dropped from the train and calibration parts.
{negatives}

## Figures

Measured by `python -m training evaluate` on the held-out test, rules and classifier as shipped, no large model.

| | promo-day mix | all of test |
|---|---|---|
{figures}

Minimal pairs ({pairs}): {safe} right or escalated, {both} with both sides right. Expected calibration error of
the answers with a confidence: {error}.{outside}

Calibration (temperature {temperature:.3f}, on {tuned} utterances that the rules pass on, none of them in the
certified sample): intent accuracy {accuracy} there.

Parity with the trained network on {parity_texts} texts: largest difference of a score {float_gap:.1e}
unquantised, {int_gap} quantised; the same intent on {same_intent}, the same tag on {same_tag}.
{certificate}
## Limits

- Written utterances of one trade in one language, by few authors: a promo day's traffic is another
  distribution. Calibrate and certify again on labelled logs before the confidence is trusted there.
- Addresses, times and wishes in open words are filled as the model marks them; where the edges of one are not certain
  the order goes to the large model.
- It takes {positions} characters at most and abstains on more.
"""


def package(workshop: Workshop, console: Console) -> None:
    """Copy the model, write its card from the figures of the other stages, and seal the bundle."""
    put(workshop, card(workshop), console)


def put(workshop: Workshop, text: str, console: Console) -> None:
    """Copy the model and its card, and seal the bundle."""
    folder = workshop.pack.bundle.path
    for name in ("model.onnx", "vocab.txt"):
        shutil.copyfile(workshop.file(name, "export"), folder / name)
    (folder / CARD).write_text(text, encoding="utf-8")
    shutil.copyfile(workshop.file("parity.json", "export"), folder / "parity.json")
    manifest = seal(folder)
    console.print(f"sealed {manifest.name}@{manifest.version}")


def card(workshop: Workshop) -> str:
    """The text of the model card. Raises :class:`~training.recipe.RecipeError` when a stage has not run."""
    recipe, pack = workshop.recipe, workshop.pack
    shape = workshop.architecture()
    parity = workshop.read_json("parity.json", "export")
    calibrated = workshop.read_json("calibration_report.json", "calibrate")
    evaluation = workshop.read_json("evaluation.json", "evaluate")
    splits = load_splits(recipe, pack)
    model = workshop.file("model.onnx", "export").read_bytes()
    pairs = evaluation["minimal_pairs"]
    return _TEMPLATE.format(
        bundle=pack.bundle.id,
        intents=len(pack.intents),
        recipe=recipe.name,
        seed=recipe.seed,
        **shape.model_dump(include={"width", "heads", "feed_forward", "vocabulary"}),
        layers=f"{shape.layers} layers"
        + (f", gone through {shape.passes} times" if shape.passes > 1 else ""),
        rank=shape.rank or shape.width,
        positions=shape.positions - 1,
        megabytes=len(model) / 1e6,
        digest=hashlib.sha256(model).hexdigest(),
        origin=_origin(workshop),
        features=pack.bundle.manifest.features,
        train=workshop.learned.lines,
        calibration=len(splits.calibration),
        test=len(splits.test),
        certified=len(splits.certified),
        jaccard=recipe.leakage.jaccard,
        negatives=_negatives(workshop),
        figures=figures_table(evaluation),
        pairs=pairs["pairs"],
        safe=percent(pairs["right_or_escalated"]),
        both=percent(pairs["both_right"]),
        error=evaluation["calibration_error"],
        outside=_outside(evaluation["out_of_scope_held"]),
        certificate=_certificate(pack.bundle),
        temperature=calibrated["temperature"],
        tuned=calibrated["passed_on"],
        accuracy=percent(calibrated["intent_accuracy"]),
        parity_texts=parity["texts"],
        float_gap=parity["float_difference"],
        int_gap=parity["quantised_difference"],
        same_intent=percent(parity["same_intent"]),
        same_tag=percent(parity["same_tag"]),
    )


def _origin(workshop: Workshop) -> str:
    recipe, before = workshop.recipe, workshop.learned.before
    if before is not None:
        return (
            f"the student of an earlier bundle, graph `{before}`, listened to where it contradicts no label; "
            f"further epochs: {recipe.going_on.epochs}"
        )
    plan = recipe.transformer[1]
    if recipe.encoder is None or not plan.layers:
        return "nothing: fresh weights"
    layers = ", ".join(map(str, plan.layers))
    taught = ", distilled from that encoder fine-tuned" if recipe.teacher_fit else ""
    return f"layers {layers} of `{recipe.encoder.name}`{taught}"


def _outside(found: dict[str, Any] | None) -> str:
    if found is None:
        return ""
    return (
        f"\nOut of scope: {percent(found['held'])} of {found['out_of_scope']} utterances held back where "
        f"{percent(found['coverage'])} of the others is let through."
    )


def _certificate(bundle: Bundle) -> str:
    """What the certificate says of groups of intents; nothing for a bundle without one."""
    certificate = Certificate.from_bundle(bundle)
    if certificate is None:
        return ""
    rows = [
        "",
        "## What is shown",
        "",
        f"On {certificate.rows} utterances ({certificate.population}), rules and classifier together:",
        "",
        "| answers as | error at most | shown | threshold | answered | of them wrong |",
        "|---|---|---|---|---|---|",
    ]
    for one in certificate.statements:
        limit = "-" if one.threshold is None else f"{one.threshold:g}"
        rows.append(
            f"| {', '.join(one.intents)} | {one.epsilon:.1%} at delta {one.delta:g} | "
            f"{'yes' if one.certified else 'no'} | {limit} | {one.n} | {one.errors} |"
        )
    return "\n".join(rows) + "\n"


def _negatives(workshop: Workshop) -> str:
    negatives = workshop.recipe.negatives
    if negatives is None:
        return ""
    counts = negatives.model_dump(exclude={"folder"})
    return (
        "Negatives from public sets, at most: "
        + ", ".join(f"{name} {count}" for name, count in counts.items())
        + "."
    )


def figures_table(evaluation: dict[str, Any]) -> str:
    mix, everything = evaluation["promo_mix"], evaluation["all"]
    rows = [("utterances", str(mix["utterances"]), str(everything["utterances"]))]
    for name, key in (
        ("answered without the large model", "coverage"),
        ("wrong among the answered, as whole orders", "selective_risk"),
        ("exact among the orders answered", "orders_exact"),
        ("wrong among the acting answers", "acting_risk"),
    ):
        rows.append((name, percent(mix[key]), percent(everything[key])))
    return "\n".join(f"| {name} | {left} | {right} |" for name, left, right in rows)
