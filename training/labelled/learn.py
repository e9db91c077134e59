"""The train stage: a linear student, or a transformer with or without an encoder and teachers."""

from __future__ import annotations

from typing import Any

from training.labelled.samples import samples, vocabulary
from training.labelled.workshop import LabelledWorkshop
from training.linear.fit import LinearModel, LinearPlan
from training.linear.fit import fit as fit_linear
from training.linear.fit import vocabulary as known_ngrams


def train(workshop: LabelledWorkshop) -> None:
    """Write ``vocab.txt``, ``student.safetensors`` and, for a transformer, ``student.json``."""
    sets, recipe = workshop.sets, workshop.recipe
    workshop.console.print(
        f"{len(sets.train)} rows to learn from, {len(sets.intents)} intents, {len(sets.slots)} slots"
    )
    if recipe.student == "linear":
        _linear(workshop)
    else:
        from training.labelled.transformer import train_transformer

        train_transformer(workshop, vocabulary(recipe, [row.text for row in sets.train]))


def _linear(workshop: LabelledWorkshop) -> None:
    sets, recipe = workshop.sets, workshop.recipe
    marking = len(sets.tags) > 1
    texts = [row.text for row in sets.train]
    learned = samples(sets.train, sets, known_ngrams(texts, 1, marking=marking))
    shares: Any = None
    if recipe.teacher is not None:
        from training.labelled.transformer import teachers_shares

        shares = teachers_shares(workshop, vocabulary(recipe, texts))
    plan = LinearPlan(**recipe.linear.model_dump())
    with workshop.console.status("learning") as status:
        model = fit_linear(
            learned,
            len(sets.intents),
            len(sets.tags),
            plan,
            shares=shares,
            progress=lambda part, step: status.update(f"{part}: step {step} of at most {plan.steps}"),
        )
    (workshop.folder / "vocab.txt").write_text(str(model.encoder), encoding="utf-8")
    save(model, workshop)


def save(model: LinearModel, workshop: LabelledWorkshop) -> None:
    """Keep the weights (safetensors)."""
    from safetensors.numpy import save_file

    save_file(model.arrays, workshop.folder / "student.safetensors")


def load(workshop: LabelledWorkshop) -> LinearModel:
    """The linear student as it was kept."""
    from safetensors.numpy import load_file

    from cascade.features import NGrams

    encoder = workshop.encoder
    assert isinstance(encoder, NGrams)
    return LinearModel(encoder, **load_file(workshop.file("student.safetensors", "train")))
