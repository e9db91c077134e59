"""The train stage of a linear student."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from safetensors.numpy import load_file, save_file

from cascade.features import NGrams
from training.dataset import load_splits
from training.linear.fit import LinearModel, LinearPlan, fit
from training.recipe import Linear, RecipeError
from training.workshop import Learned, Workshop

WEIGHTS = "linear.safetensors"


def train(workshop: Workshop, console: Console) -> None:
    """Write ``vocab.txt``, the weights and from how many lines they come."""
    pack, plan = workshop.pack, workshop.recipe.linear or Linear()
    if workshop.recipe.go_on is not None:
        raise RecipeError(f"{workshop.recipe.name}: a linear student is trained anew, it cannot go on")
    wanted = pack.bundle.manifest.features
    if wanted != NGrams.version:
        raise RecipeError(f"a linear student sees {NGrams.version!r}; the manifest says {wanted!r}")
    pairs = [pack.sample(example) for example in load_splits(workshop.recipe, pack).train]
    samples = [sample for sample, _ in pairs]
    lost = [problem for _, problems in pairs for problem in problems]
    console.print(f"{len(samples)} samples, {len(lost)} values without a place in their text")
    console.print(dict(Counter(pack.intents[sample.intents[0]] for sample in samples)))
    model = fit(samples, len(pack.intents), len(pack.tags), LinearPlan(**plan.model_dump()))
    (workshop.folder / "vocab.txt").write_text(str(model.encoder), encoding="utf-8")
    save_file(model.arrays, workshop.folder / WEIGHTS)
    workshop.remember(Learned(lines=len(samples)))


def load(workshop: Workshop) -> LinearModel:
    """The student as it was kept."""
    encoder = workshop.encoder()
    assert isinstance(encoder, NGrams)
    return LinearModel(encoder, **load_file(workshop.file(WEIGHTS, "train")))
