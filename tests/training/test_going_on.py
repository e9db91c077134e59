"""A challenger that goes on from what the base recipe has learned."""

from pathlib import Path

import pytest
from training_kit import micro

from cascade.features import Vocabulary
from training.recipe import Fit, Recipe, RecipeError
from training.retraining.going_on import challenger_recipe
from training.retraining.recipe import GoingOn


@pytest.fixture
def base(tmp_path: Path) -> Recipe:
    recipe = Recipe.read(micro(tmp_path), tmp_path)
    taught = Fit(epochs=6, rate=0.1, layers=(0,))
    return recipe.model_copy(update={"teacher_fit": taught, "teacher": Path("school"), "encoder": Path("e")})


def kept(base: Recipe) -> None:
    for name in ("school/teacher.safetensors", "work/student.safetensors", "work/vocab.txt"):
        file = base.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x", encoding="utf-8")


def test_without_a_plan_the_base_recipe_trains_the_challenger(base: Recipe) -> None:
    assert challenger_recipe(base, None) is base


def test_it_learns_in_short_steps_from_what_is_kept(base: Recipe) -> None:
    kept(base)
    found = challenger_recipe(base, GoingOn(teacher_epochs=1, student_epochs=2, rate=0.5))
    assert found.teacher_fit is not None
    assert found.student_fit is not None
    assert found.go_on is not None
    assert base.student_fit is not None
    assert (found.teacher_fit.epochs, found.teacher_fit.rate) == (1, 0.05)
    assert (found.student_fit.epochs, found.student_fit.rate) == (2, base.student_fit.rate / 2)
    assert found.go_on.student == base.root / "work" / "student.safetensors"
    assert found.go_on.teacher == base.root / "school" / "teacher.safetensors"


def test_it_says_what_is_missing_and_what_to_train(base: Recipe) -> None:
    kept(base)
    (base.root / "work" / "vocab.txt").unlink()
    with pytest.raises(RecipeError, match=r"vocab\.txt; train micro first"):
        challenger_recipe(base, GoingOn())


def test_a_student_without_a_teacher_cannot_go_on(base: Recipe) -> None:
    with pytest.raises(RecipeError, match="with a teacher"):
        challenger_recipe(base.model_copy(update={"teacher_fit": None}), GoingOn())


def test_known_characters_keep_what_they_mean_and_new_ones_start_unknown(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from training import model
    from training.architecture import Architecture

    before, after = Vocabulary("奶茶杯"), Vocabulary("冰杯奶茶")
    shape = Architecture(
        layers=1,
        width=16,
        heads=2,
        head_size=8,
        feed_forward=32,
        positions=9,
        vocabulary=6,
        intents=2,
        tags=3,
    )
    torch.manual_seed(1)
    taught = model.TaggingClassifier(shape)
    taught.eval()
    path = tmp_path / "taught.safetensors"
    model.save(taught, path)
    wider = shape.model_copy(update={"vocabulary": len(after)})
    more = model.continued(path, wider, before, after)
    more.eval()
    for text in ("奶茶杯", "杯奶", "一冰茶"):
        ours, theirs = more(torch.tensor([after.ids(text)])), taught(torch.tensor([before.ids(text)]))
        for mine, its in zip(ours, theirs, strict=True):
            assert torch.allclose(mine, its, atol=1e-6)
    with pytest.raises(ValueError, match="another shape"):
        model.continued(path, wider.model_copy(update={"layers": 2}), before, after)
