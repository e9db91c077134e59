"""Encoders and n-grams as one teacher: a product of what both say, kept and taken again."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("scipy")
pytest.importorskip("safetensors")

from cascade.features import PAD, SPECIAL, Vocabulary  # noqa: E402
from training import model  # noqa: E402
from training.architecture import Architecture  # noqa: E402
from training.dataset import Sample  # noqa: E402
from training.labelled.advised import Advised, keep, kept  # noqa: E402
from training.linear.fit import LinearModel, LinearPlan, fit  # noqa: E402

KNOWN = Vocabulary(sorted(set("点杯奶茶取消订单来一退掉")))
SHAPE = Architecture(
    layers=1,
    width=32,
    heads=4,
    head_size=8,
    feed_forward=64,
    positions=12,
    vocabulary=len(KNOWN),
    intents=2,
    tags=1,
)
PLAN = LinearPlan(least_texts=1, penalty=0.05, tag_penalty=0.05, steps=20)


def ngrams() -> LinearModel:
    said = [("点杯奶茶", 0), ("来一杯奶茶", 0), ("取消订单", 1), ("退掉订单", 1)]
    return fit([Sample(text, (intent,), (0,) * len(text)) for text, intent in said], 2, 1, PLAN)


def test_what_is_said_is_the_product_of_both() -> None:
    torch.manual_seed(6)
    encoders, linear = model.TaggingClassifier(SHAPE).eval(), ngrams()
    text = "取消奶茶X"  # a character that neither knows is no other one
    ids = torch.tensor([KNOWN.ids(text), [*KNOWN.ids("点杯奶茶"), SPECIAL.index(PAD)]])
    intents, tags = Advised(encoders, linear, 0.5, KNOWN)(ids)
    own, marks = encoders(ids)
    for row, said in enumerate((text, "点杯奶茶")):
        scores = linear.scores(said)[0]
        product = own[row].softmax(-1).detach().numpy() * (np.exp(scores) / np.exp(scores).sum()) ** 0.5
        np.testing.assert_allclose(intents[row].softmax(-1), product / product.sum(), atol=1e-5)
    torch.testing.assert_close(tags, marks)


def test_what_was_kept_is_taken_again_if_it_depends_on_the_same(tmp_path: Path) -> None:
    path, linear = tmp_path / "ngrams.safetensors", ngrams()
    assert kept(path, {"plan": "a"}) is None
    keep(linear, path, {"plan": "a"})
    again = kept(path, {"plan": "a"})
    assert again is not None
    np.testing.assert_array_equal(again.scores("点杯奶茶")[0], linear.scores("点杯奶茶")[0])
    assert kept(path, {"plan": "b"}) is None
