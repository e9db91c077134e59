"""The certified sample is a fourth set: nothing of it is learned from or calibrated with."""

from __future__ import annotations

from pathlib import Path

from cascade.bundle import Bundle
from training.dataset import Pack, load_splits
from training.recipe import Recipe

ROOT = Path(__file__).parents[2]


def test_train_and_calibration_give_way_to_the_certified_rows() -> None:
    recipe = Recipe.read(ROOT / "training" / "recipes" / "tiny.toml", ROOT)
    pack = Pack.open(Bundle.open(recipe.path(recipe.bundle)))
    splits = load_splits(recipe, pack)
    assert len(splits.certified) > 2000
    theirs = {_key(pack.normalised(one.text)) for one in splits.certified}
    for kept in (splits.train, splits.calibration):
        assert not theirs & {_key(pack.normalised(one.text)) for one in kept}
    assert any(one.kept.file.startswith("certification/") for one in splits.collisions)


def _key(text: str) -> str:
    return "".join(filter(str.isalnum, text)) or text
