"""Spliced texts: parts of two, for which the teacher alone has an answer."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.dataset import Sample
from training.recipe import Recipe, RecipeError
from training.splice import Splicer

TEXTS = st.lists(st.text("点杯奶茶去冰少糖 ab", min_size=1).filter(str.strip), min_size=1, max_size=5)


def samples(texts: list[str]) -> list[Sample]:
    return [Sample(text.strip(), (1,), (0,) * len(text.strip())) for text in texts]


def splicer(learned: list[Sample], share: float, by_words: bool = False) -> Splicer:
    return Splicer(learned, 3, share, by_words=by_words, otherwise=lambda sample, rng: sample)


@given(TEXTS, st.integers(), st.booleans())
def test_a_spliced_text_is_made_of_the_others_and_says_nothing_of_its_label(
    texts: list[str], seed: int, by_words: bool
) -> None:
    learned = samples(texts)
    rng = random.Random(seed)
    made = splicer(learned, 0.999999, by_words)(learned[0], rng)
    assert made.text
    assert set(made.text) <= set(" ".join(sample.text for sample in learned)) | {" "}
    assert len(made.text) <= max(len(sample.text) for sample in learned)
    assert (made.intents, made.tags) == ((0, 1, 2), ())


@given(TEXTS, st.integers())
def test_without_a_share_every_sample_is_said_otherwise(texts: list[str], seed: int) -> None:
    learned = samples(texts)
    assert splicer(learned, 0.0)(learned[0], random.Random(seed)) is learned[0]


def test_words_are_not_cut() -> None:
    learned = samples(["turn off the light", "what is my balance"])
    words = {word for sample in learned for word in sample.text.split()}
    made = splicer(learned, 0.999999, by_words=True)
    rng = random.Random(1)
    texts = [made(learned[0], rng).text for _ in range(50)]
    assert {word for text in texts for word in text.split()} == words
    assert len(set(texts)) > 10


def test_a_pack_whose_generator_says_texts_anew_does_not_splice_them(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    recipe = (root / "training/recipes/tiny.toml").read_text(encoding="utf-8")
    (tmp_path / "tiny.toml").write_text(recipe + "\n[distillation]\nspliced = 0.3\n", encoding="utf-8")
    with pytest.raises(RecipeError, match="labelled rows"):
        Recipe.read(tmp_path / "tiny.toml", root)
