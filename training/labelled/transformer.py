"""Teaching transformers on labelled rows: teachers one by one, then the student that hears them together."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import Progress

from cascade.features import Pieces, Vocabulary
from training import fit, model, pretrained
from training.architecture import Architecture
from training.dataset import Sample
from training.labelled.advised import Advised, keep, kept
from training.labelled.samples import samples, vocabulary
from training.labelled.workshop import LabelledWorkshop
from training.linear.fit import LinearModel, LinearPlan
from training.linear.fit import fit as fit_linear
from training.recipe import Fit, RecipeError, StudentShape
from training.remembering import Remembering
from training.splice import Splicer


def train_transformer(workshop: LabelledWorkshop, known: Vocabulary | Pieces) -> None:
    """Write the student's weights, its shape and its list of characters or pieces."""
    school = _School.open(workshop, known)
    student = school.student()
    model.save(student, workshop.folder / "student.safetensors")
    workshop.write_json("student.json", student.shape.model_dump(mode="json"))
    (workshop.folder / "vocab.txt").write_text(str(known), encoding="utf-8")


def teachers_shares(workshop: LabelledWorkshop, known: Vocabulary | Pieces) -> Any:
    """What the teachers say of each train row: float32 ``[rows, intents]``."""
    school = _School.open(workshop, known)
    teacher = school.heard(school.teachers())
    assert teacher is not None
    with torch.no_grad():
        rows = [teacher(torch.tensor([known.ids(one.text)]))[0][0].softmax(-1) for one in school.learned]
    return np.stack([row.numpy() for row in rows])


def teachers_accuracy(workshop: LabelledWorkshop) -> float:
    """Share of the held-out rows whose intent the recipe's teachers tell together, unquantised."""
    known = vocabulary(workshop.recipe, [row.text for row in workshop.sets.train])
    school = _School.open(workshop, known)
    teacher = school.heard(school.teachers())
    assert teacher is not None
    told = samples(workshop.sets.test, workshop.sets, known)
    with torch.no_grad():
        hits = [
            int(teacher(torch.tensor([known.ids(one.text)]))[0].argmax()) == one.intents[0] for one in told
        ]
    return sum(hits) / len(hits)


@dataclass(frozen=True)
class _School:
    """What all models of one recipe are taught with."""

    workshop: LabelledWorkshop
    known: Vocabulary | Pieces
    learned: list[Sample]

    @classmethod
    def open(cls, workshop: LabelledWorkshop, known: Vocabulary | Pieces) -> _School:
        fit.deterministic(workshop.recipe.seed, workshop.recipe.threads)
        return cls(workshop, known, samples(workshop.sets.train, workshop.sets, known))

    def shape(self, size: StudentShape) -> Architecture:
        """Encoders of words are pretrained on the mean of their rows, those of characters on the first."""
        sets = self.workshop.sets
        shape = size.architecture(
            vocabulary=len(self.known),
            intents=len(sets.intents),
            tags=len(sets.tags),
            positions=self.workshop.recipe.max_chars + 1,
        )
        return shape.model_copy(update={"pooling": "mean" if isinstance(self.known, Pieces) else "first"})

    def student(self) -> model.TaggingClassifier:
        """The model that ships: taught now, or the first of the teachers."""
        recipe, teachers = self.workshop.recipe, self.teachers()
        plan, size = recipe.student_fit, recipe.student
        if plan is None or not isinstance(size, StudentShape):
            assert teachers is not None  # the recipe was checked
            first = teachers.models[0]
            assert isinstance(first, model.TaggingClassifier)
            return first
        heard = self.heard(teachers)
        torch.manual_seed(recipe.seed)
        student = self.start(plan, self.shape(size), teachers)
        remembering = None if heard is None else Remembering(heard)
        self.teach(student, plan, name="student", seed=recipe.seed, teacher=remembering)
        return student

    def heard(self, teachers: model.Together | None) -> torch.nn.Module | None:
        """Whom a student listens to: the teachers, and the n-grams beside them where the recipe wants it."""
        teaching = self.workshop.recipe.teacher
        if teachers is None or teaching is None or not teaching.ngrams:
            return teachers
        assert isinstance(self.known, Vocabulary)  # the recipe was checked
        return Advised(teachers, self._ngrams(), teaching.ngrams, self.known)

    def _ngrams(self) -> LinearModel:
        """The linear student that learns of the labels; taken from the teachers' folder if it was kept there."""
        recipe, console = self.workshop.recipe, self.workshop.console
        plan = LinearPlan(**recipe.linear.model_dump())
        mark = {"plan": repr(plan), "samples": self._digest(repr(self.learned))}
        path = self._folder / "teacher-ngrams.safetensors"
        found = kept(path, mark)
        if found is None:
            console.print("teaching the n-grams")
            found = fit_linear(self.learned, len(self.workshop.sets.intents), 1, plan)
            keep(found, path, mark)
        return found

    def teachers(self) -> model.Together | None:
        """The recipe's teachers as one, each taken from its folder where it was taught the same there."""
        recipe = self.workshop.recipe
        if recipe.teacher is None or recipe.encoder is None:
            return None
        whole = pretrained.shape(recipe.path(recipe.encoder))
        plan = recipe.teacher.fit
        plan = plan.model_copy(update={"layers": plan.layers or tuple(range(whole.layers))})
        size = StudentShape(
            layers=len(plan.layers),
            width=whole.width,
            heads=whole.heads,
            head_size=whole.width // whole.heads,
            feed_forward=whole.feed_forward,
        )
        shape = self.shape(size).model_copy(update={"epsilon": whole.epsilon})
        together = model.Together([self._teacher(plan, shape, seed) for seed in recipe.teacher.seeds])
        together.eval()
        return together

    def _teacher(self, plan: Fit, shape: Architecture, seed: int) -> model.TaggingClassifier:
        console, folder = self.workshop.console, self._folder
        mark = self._fingerprint(plan, seed)
        path, note = folder / f"teacher-{seed}.safetensors", folder / f"teacher-{seed}.json"
        if path.is_file() and note.is_file() and json.loads(note.read_text(encoding="utf-8")) == mark:
            console.print(f"teacher {seed} was taught the same before: taken from {folder}")
            return model.load(shape, path)
        torch.manual_seed(seed)
        teacher = self.start(plan, shape)
        self.teach(teacher, plan, name=f"teacher {seed}", seed=seed)
        model.save(teacher, path)
        note.write_text(json.dumps(mark) + "\n", encoding="utf-8")
        return teacher

    @property
    def _folder(self) -> Path:
        """Where teachers are kept."""
        recipe = self.workshop.recipe
        assert recipe.teacher is not None
        folder = recipe.path(recipe.teacher.folder) if recipe.teacher.folder else self.workshop.folder
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @staticmethod
    def _digest(text: str) -> str:
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def _fingerprint(self, plan: Fit, seed: int) -> dict[str, str]:
        """What a teacher's weights depend on."""
        recipe = self.workshop.recipe
        assert recipe.encoder is not None
        with (recipe.path(recipe.encoder) / "model.safetensors").open("rb") as stream:
            encoder = hashlib.file_digest(stream, "sha256").hexdigest()
        parts = {
            "plan": f"{seed} {recipe.threads} {recipe.max_chars} {plan!r}",
            "samples": repr(self.learned),
            "vocabulary": str(self.known),
        }
        return {**{name: self._digest(part) for name, part in parts.items()}, "encoder": encoder}

    def start(
        self, plan: Fit, shape: Architecture, teacher: model.Together | None = None
    ) -> model.TaggingClassifier:
        """A model before its first step: fresh, or layers of the encoder, or those of the first teacher.

        Raises :class:`~training.recipe.RecipeError` where it is no part of the encoder.
        """
        if plan.start == "teacher" and teacher is not None:
            first = teacher.models[0]
            assert isinstance(first, model.TaggingClassifier)
            if not set(plan.layers) <= set(range(first.shape.layers)):
                raise RecipeError("student_fit starts from layers that the teacher does not have")
            return model.from_teacher(first, shape, list(plan.layers), plan.dropout)
        encoder = self.workshop.recipe.encoder
        if encoder is None or not plan.layers:
            return model.TaggingClassifier(shape, plan.dropout)
        folder = self.workshop.recipe.path(encoder)
        whole = pretrained.shape(folder)
        if max(plan.layers) >= whole.layers:
            raise RecipeError(f"{encoder} has {whole.layers} layers, counted from 0")
        if shape.width != whole.width or shape.head_size * whole.heads != whole.width:
            raise RecipeError(
                f"what starts from {encoder} has its width ({whole.width}) and the size of its heads"
            )
        larger = (shape.heads, shape.feed_forward, shape.positions)
        if any(
            ours > its
            for ours, its in zip(larger, (whole.heads, whole.feed_forward, whole.positions), strict=True)
        ):
            raise RecipeError(f"what starts from {encoder} cannot be larger than it")
        return model.from_encoder(folder, shape, self.known, list(plan.layers), plan.dropout)

    def teach(
        self,
        learner: model.TaggingClassifier,
        plan: Fit,
        *,
        name: str,
        seed: int,
        teacher: torch.nn.Module | None = None,
    ) -> None:
        """Teach in place, telling how far it is."""
        console = self.workshop.console
        fit.announce(plan, console)
        with Progress(console=console, disable=not console.is_terminal) as bar:
            task = bar.add_task(name, total=None)

            def told(step: int, steps: int, loss: float) -> None:
                bar.update(task, completed=step, total=steps, description=f"{name} {loss:.3f}")
                if not console.is_terminal and step % max(1, steps // plan.epochs) == 0:
                    console.print(f"{name}: step {step} of {steps}, loss {loss:.3f}")

            fit.fit(
                learner,
                self.learned,
                self.known,
                plan,
                seed=seed,
                variant=_as_it_is if teacher is None else self._variant(),
                teacher=teacher,
                distillation=self.workshop.recipe.distillation if teacher is not None else None,
                progress=told,
            )

    def _variant(self) -> fit.Variant:
        """What a student hears in place of a sample."""
        if not self.workshop.recipe.distillation.spliced:
            return (
                _as_it_is  # and nothing is drawn: a recipe without it comes to the hashes that it always had
            )
        return Splicer(
            self.learned,
            len(self.workshop.sets.intents),
            self.workshop.recipe.distillation.spliced,
            by_words=isinstance(self.known, Pieces),
            otherwise=_as_it_is,
        )


def _as_it_is(sample: Sample, rng: random.Random) -> Sample:
    return sample
