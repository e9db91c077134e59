"""The linear student: its graph computes what numpy does, and what it learns is what the labels say."""

import numpy as np
import pytest
import strategies
from hypothesis import given, settings

from cascade.tiers.graph import Graph
from training.dataset import UNKNOWN_TAG, Sample

pytest.importorskip("onnx")
optimize = pytest.importorskip("scipy.optimize")

from training.linear.fit import LinearModel, LinearPlan, fit, softmax_regression  # noqa: E402
from training.linear.graph import build, quantise  # noqa: E402

TEXTS = ("来杯奶茶", "一杯拿铁", "取消订单", "把单退了", "play a song", "stop the music")
PLAN = LinearPlan(least_texts=1, penalty=0.1, tag_penalty=0.1, steps=60)


def learned(tags: int) -> LinearModel:
    samples = [
        Sample(text, (at // 2,), tuple((place + 1) % tags for place in range(len(text))))
        for at, text in enumerate(TEXTS)
    ]
    return fit(samples, 3, tags, PLAN)


MODELS = {tags: learned(tags) for tags in (1, 3)}


def graph_of(model: LinearModel, *, quantised: bool) -> Graph:
    content = build(model, quantised=quantised, metadata={"features": "ngrams-1", "max_length": "201"})
    return Graph(
        content.SerializeToString(), model.encoder, intents=len(model.bias), tags=len(model.tag_bias)
    )


GRAPHS = {
    (tags, exact): graph_of(MODELS[tags], quantised=not exact) for tags in MODELS for exact in (True, False)
}


@settings(max_examples=60)
@given(strategies.any_text().filter(lambda text: len(text) <= 200))
@pytest.mark.parametrize("tags", [1, 3])
def test_the_graph_computes_what_numpy_does(tags: int, text: str) -> None:
    intents, marks = MODELS[tags].scores(text)
    exact, shipped = GRAPHS[tags, True].scores(text), GRAPHS[tags, False].scores(text)
    assert exact.intents == pytest.approx(intents, abs=1e-4)
    assert shipped.intents == pytest.approx(intents, abs=0.1)
    assert exact.tags.shape == shipped.tags.shape == marks.shape
    assert exact.tags == pytest.approx(marks, abs=1e-4)
    assert shipped.tags == pytest.approx(marks, abs=0.2)


@pytest.mark.parametrize("tags", [1, 3])
def test_what_was_learned_is_told(tags: int) -> None:
    for at, text in enumerate(TEXTS):
        scores = GRAPHS[tags, False].scores(text)
        assert scores.intents.argmax() == at // 2
        if tags > 1:
            assert (scores.tags.argmax(-1) == [(place + 1) % tags for place in range(len(text))]).mean() > 0.9


def test_the_same_samples_give_the_same_bytes() -> None:
    contents = [
        build(learned(3), quantised=True, metadata={"b": "2", "a": "1"}).SerializeToString() for _ in range(2)
    ]
    assert contents[0] == contents[1]


def test_weights_are_those_of_the_least_penalised_loss() -> None:
    """Held against scipy's own minimiser with no gradient of ours."""
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(30, 4))
    rows[:, 2] = 0  # a feature that no row has
    target = np.eye(3, dtype=np.float32)[rng.integers(0, 3, 30)]
    weights, bias = softmax_regression(rows, target, 0.5, 500, lambda step: None)

    def loss(flat: np.ndarray) -> float:
        scores = rows @ flat[:12].reshape(4, 3) + flat[12:]
        logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return float(-(target * logs).sum() + 0.25 * (flat[:12] ** 2).sum())

    best = optimize.minimize(loss, np.zeros(15)).fun
    assert loss(np.concatenate([weights.ravel(), bias])) == pytest.approx(best, abs=1e-3)
    assert not weights[2].any()


def test_soft_shares_and_unsure_samples_spread_the_answer() -> None:
    samples = [Sample("甲乙", (0,), (UNKNOWN_TAG,) * 2), Sample("丙丁", (1,), (UNKNOWN_TAG,) * 2)]
    told = fit(samples, 2, 1, PLAN, shares=np.array([[0.5, 0.5], [0.0, 1.0]], np.float32))
    scores = told.scores("甲乙")[0]
    assert abs(scores[0] - scores[1]) < abs(np.subtract(*told.scores("丙丁")[0]))
    unsure = fit([Sample("甲乙", (0,), (UNKNOWN_TAG,) * 2, sure=False), samples[1]], 2, 1, PLAN)
    assert abs(np.subtract(*unsure.scores("甲乙")[0])) < abs(np.subtract(*unsure.scores("丙丁")[0]))


def test_rows_are_quantised_each_by_its_own_scale() -> None:
    weights = np.array([[100.0, -50.0], [0.01, 0.005], [0.0, 0.0]], np.float32)
    levels, scale = quantise(weights)
    assert np.abs(levels * scale[:, None] - weights).max(axis=1) == pytest.approx(0, abs=0.4)
    assert (np.abs(levels[1] * scale[1] - weights[1]) < 1e-4).all()
