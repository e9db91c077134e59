"""A challenger that goes on from what the base recipe has learned, in a fraction of the time."""

from __future__ import annotations

from training.recipe import Fit, GoOn, Recipe, RecipeError
from training.retraining.recipe import GoingOn


def challenger_recipe(base: Recipe, plan: GoingOn | None) -> Recipe:
    """The training recipe as it is, or in short steps from what it has left in its work folder.

    Raises :class:`~training.recipe.RecipeError` where it has left nothing.
    """
    if plan is None:
        return base
    if base.student_fit is None or base.teacher_fit is None:
        raise RecipeError(f"{base.name}: only a student with a teacher can go on")
    work = base.path(base.work)
    kept = GoOn(
        teacher=(base.path(base.teacher) if base.teacher is not None else work) / "teacher.safetensors",
        student=work / "student.safetensors",
        vocabulary=work / "vocab.txt",
    )
    if missing := [str(file) for file in kept.model_dump().values() if not file.is_file()]:
        raise RecipeError(f"nothing to go on from: {', '.join(missing)}; train {base.name} first")

    def shorter(fit: Fit, epochs: int) -> Fit:
        return fit.model_copy(update={"epochs": epochs, "rate": fit.rate * plan.rate})

    return base.model_copy(
        update={
            "go_on": kept,
            "teacher_fit": shorter(base.teacher_fit, plan.teacher_epochs),
            "student_fit": shorter(base.student_fit, plan.student_epochs),
        }
    )
