"""A student whose text goes through its layers more than once: the graph computes it, in no more bytes."""

from typing import Any

import numpy as np
import onnxruntime
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from training import graph, model  # noqa: E402
from training.architecture import Architecture  # noqa: E402

ONCE = Architecture(
    layers=2, width=32, heads=4, head_size=8, feed_forward=64, positions=12, vocabulary=40, intents=3, tags=5
)
TWICE = ONCE.model_copy(update={"passes": 2})


def scores(student: Any) -> tuple[list[Any], list[Any], int]:
    ids = np.random.default_rng(3).integers(3, 40, (1, 9))
    content = graph.build(student.arrays(), student.shape, quantised=False, metadata={})
    session = onnxruntime.InferenceSession(content.SerializeToString(), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        trained = [output.numpy() for output in student(torch.from_numpy(ids))]
    return trained, session.run(None, {"ids": ids}), len(content.graph.initializer)


def test_the_graph_goes_through_the_layers_as_often_as_the_model() -> None:
    torch.manual_seed(4)
    twice = model.TaggingClassifier(TWICE)
    once = model.TaggingClassifier(ONCE)
    once.load_state_dict(twice.state_dict())
    twice.eval()
    once.eval()
    trained, exported, weights = scores(twice)
    for ours, theirs in zip(trained, exported, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    plain, _, weights_once = scores(once)
    assert np.abs(plain[0] - trained[0]).max() > 1e-3
    assert weights == weights_once
