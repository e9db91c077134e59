"""The train stage: vocabulary, teacher, student."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from cascade.features import Vocabulary
from cascade.orders import OrderIntent
from training import fit, model, negatives
from training.architecture import Architecture
from training.augment import Augmenter
from training.dataset import UNKNOWN_TAG, Pack, Sample, Unaligned, load_splits
from training.earlier import Earlier
from training.lexicon import Lexicon
from training.recipe import Distillation, Fit, Recipe
from training.workshop import Learned, Workshop

GB2312_ROWS = range(0xB0, 0xD8)


@dataclass(frozen=True, slots=True)
class Material:
    """What a model learns from."""

    lines: int
    """How many of the samples are labelled lines; the others are negatives."""
    samples: tuple[Sample, ...]
    unaligned: tuple[Unaligned, ...]


def material(recipe: Recipe, pack: Pack) -> Material:
    """The train part as samples, and the negatives that the recipe names."""
    samples: list[Sample] = []
    unaligned: list[Unaligned] = []
    for example in load_splits(recipe, pack).train:
        sample, problems = pack.sample(example)
        samples.append(sample)
        unaligned += problems
    lines = len(samples)
    if recipe.negatives is not None:
        folder = recipe.path(recipe.negatives.folder)
        source = recipe.negatives.model_copy(update={"folder": folder})
        for raw, intents in negatives.read(source, recipe.seed):
            text = pack.normalised(raw)
            numbers = tuple(pack.intents.index(intent) for intent in intents)
            samples.append(Sample(text, numbers, (UNKNOWN_TAG,) * len(text)))
    return Material(lines, tuple(samples), tuple(unaligned))


def vocabulary(texts: Iterable[str], pack: Pack, common: bool) -> Vocabulary:
    """The characters of the texts and of the lexicon, and the common ones that no text uses."""
    used = set(pack.lexicon.characters).union(*texts)
    if common:
        used |= set(common_characters())
    return Vocabulary(sorted(char for char in used if char.isprintable()))


def common_characters() -> Sequence[str]:
    """The 3,755 characters of GB 2312 level 1, by pronunciation the most used of Chinese."""
    cells = (bytes((row, cell)) for row in GB2312_ROWS for cell in range(0xA1, 0xFF))
    return [char for raw in cells if (char := raw.decode("gb2312", errors="ignore"))]


def train(workshop: Workshop, console: Console) -> None:
    """Write ``vocab.txt``, ``teacher.safetensors`` where the recipe has one, ``student.safetensors`` with its shape,
    and what it learned from. Where the recipe goes on from a bundle, that one's student teaches and starts.
    """
    recipe, pack = workshop.recipe, workshop.pack
    fit.deterministic(recipe.seed, recipe.threads)
    learned = material(recipe, pack)
    console.print(
        f"{len(learned.samples)} samples, {len(learned.unaligned)} values without a place in their text"
    )
    console.print(dict(Counter(pack.intents[sample.intents[0]] for sample in learned.samples)))
    characters = vocabulary((sample.text for sample in learned.samples), pack, recipe.common_characters)
    (workshop.folder / "vocab.txt").write_text(str(characters), encoding="utf-8")
    shape = recipe.transformer[0].architecture(
        vocabulary=len(characters),
        intents=len(pack.intents),
        tags=len(pack.tags),
        positions=pack.bundle.manifest.max_chars + 1,
    )
    if recipe.go_on is None:
        course = _anew(workshop, learned, characters, shape, console)
    else:
        course = _gone_on(recipe, recipe.path(recipe.go_on), characters, shape)
    _fit(
        workshop,
        course.student,
        learned,
        characters,
        course.plan,
        console=console,
        name="student",
        teacher=course.teacher,
        distillation=course.distillation,
    )
    model.save(course.student, workshop.folder / "student.safetensors")
    workshop.remember(Learned(lines=learned.lines, before=course.before))
    workshop.write_json("student.json", shape.model_dump(mode="json"))


@dataclass(frozen=True, slots=True)
class _Course:
    """How the student starts, how it learns, and whom it listens to."""

    student: model.TaggingClassifier
    plan: Fit
    teacher: model.TaggingClassifier | None
    distillation: Distillation
    before: str | None = None
    """SHA-256 of the graph that is gone on from."""


def _anew(
    workshop: Workshop, learned: Material, characters: Vocabulary, shape: Architecture, console: Console
) -> _Course:
    recipe, plan = workshop.recipe, workshop.recipe.transformer[1]
    teacher = _teacher(workshop, learned, characters, shape, console)
    return _Course(_start(recipe, plan, shape, characters, teacher), plan, teacher, recipe.distillation)


def _gone_on(recipe: Recipe, bundle: Path, characters: Vocabulary, shape: Architecture) -> _Course:
    """Short steps from a bundle's student, which teaches as it was."""
    before, usual, going = Earlier.read(bundle), recipe.transformer[1], recipe.going_on
    return _Course(
        student=before.student(shape, characters, usual.dropout),
        plan=usual.model_copy(update={"epochs": going.epochs, "rate": usual.rate * going.rate}),
        teacher=before.student(shape, characters, usual.dropout).eval(),
        distillation=Distillation(weight=going.weight, where_right=True),
        before=before.digest,
    )


def _teacher(
    workshop: Workshop, learned: Material, characters: Vocabulary, student: Architecture, console: Console
) -> model.TaggingClassifier | None:
    """The fine-tuned encoder: taken from its folder when it was taught the same there, else taught now."""
    recipe, plan = workshop.recipe, workshop.recipe.teacher_fit
    if plan is None:
        return None
    shape = _teacher_shape(student, plan)
    fingerprint = _fingerprint(recipe, plan, learned, characters, workshop.pack.lexicon)
    folder = recipe.path(recipe.teacher) if recipe.teacher is not None else workshop.folder
    path, note = folder / "teacher.safetensors", folder / "teacher.json"
    if path.is_file() and note.is_file() and json.loads(note.read_text(encoding="utf-8")) == fingerprint:
        console.print("the teacher was taught the same before: taken from the work folder")
        return model.load(shape, path)
    teacher = _start(recipe, plan, shape, characters)
    _fit(workshop, teacher, learned, characters, plan, console=console, name="teacher")
    model.save(teacher, path)
    note.write_text(json.dumps(fingerprint, indent=2) + "\n", encoding="utf-8")
    return teacher


def _fingerprint(
    recipe: Recipe, plan: Fit, learned: Material, characters: Vocabulary, lexicon: Lexicon
) -> dict[str, str]:
    """What the teacher's weights depend on; the generator draws names from the lexicon."""
    parts = {
        "plan": f"{recipe.seed} {recipe.threads} {plan!r} {recipe.augmentation!r}",
        "samples": repr(learned.samples),
        "vocabulary": str(characters),
        "lexicon": repr(lexicon.slots),
    }
    return {name: hashlib.sha256(part.encode()).hexdigest() for name, part in parts.items()}


def _teacher_shape(student: Architecture, plan: Fit) -> Architecture:
    """The encoder's own shape, with the student's vocabulary and outputs."""
    return student.model_copy(
        update={
            "layers": len(plan.layers),
            "passes": 1,
            "width": 512,
            "heads": 8,
            "head_size": 64,
            "feed_forward": 2048,
            "rank": 0,
        }
    )


def _start(
    recipe: Recipe,
    plan: Fit,
    shape: Architecture,
    characters: Vocabulary,
    teacher: model.TaggingClassifier | None = None,
) -> model.TaggingClassifier:
    if plan.start == "teacher" and teacher is not None:
        return model.from_teacher(teacher, shape, list(plan.layers), plan.dropout)
    if recipe.encoder is None or not plan.layers:
        return model.TaggingClassifier(shape, plan.dropout)
    return model.from_encoder(recipe.path(recipe.encoder), shape, characters, list(plan.layers))


def _as_it_is(sample: Sample, rng: random.Random) -> Sample:
    return sample


def _fit(
    workshop: Workshop,
    learner: model.TaggingClassifier,
    learned: Material,
    characters: Vocabulary,
    plan: Fit,
    *,
    console: Console,
    name: str,
    teacher: model.TaggingClassifier | None = None,
    distillation: Distillation | None = None,
) -> None:
    pack = workshop.pack
    # what is said in other ways, and which slips are harmless, is known of the tea trade alone
    teas = pack.answers is OrderIntent
    variant = Augmenter(pack.lexicon, workshop.recipe.augmentation) if teas else _as_it_is
    fit.announce(plan, console)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=None)

        def told(step: int, steps: int, loss: float) -> None:
            bar.update(task, completed=step, total=steps, description=f"{name} {loss:.3f}")
            if not console.is_terminal and step % max(1, steps // plan.epochs) == 0:
                console.print(f"{name}: step {step} of {steps}, loss {loss:.3f}")

        loss = fit.fit(
            learner,
            learned.samples,
            characters,
            plan,
            seed=workshop.recipe.seed,
            variant=variant,
            teacher=teacher,
            distillation=distillation,
            progress=told,
        )
    console.print(f"{name}: mean loss of the last epoch {loss:.4f}")
