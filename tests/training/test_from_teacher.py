"""A student that starts from its teacher's layers, cut down."""

import pytest

torch = pytest.importorskip("torch")

from training import model  # noqa: E402
from training.architecture import Architecture  # noqa: E402

TEACHER = Architecture(
    layers=3, width=32, heads=4, head_size=8, feed_forward=64, positions=12, vocabulary=40, intents=3, tags=5
)


def test_the_same_shape_computes_the_same() -> None:
    torch.manual_seed(1)
    teacher = model.TaggingClassifier(TEACHER)
    student = model.from_teacher(teacher, TEACHER, [0, 1, 2])
    teacher.eval()
    student.eval()
    ids = torch.randint(3, 40, (2, 7))
    for ours, theirs in zip(student(ids), teacher(ids), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_a_smaller_shape_keeps_what_weighs_most() -> None:
    torch.manual_seed(2)
    teacher = model.TaggingClassifier(TEACHER)
    small = TEACHER.model_copy(update={"layers": 1, "feed_forward": 16, "heads": 2, "rank": 8})
    student = model.from_teacher(teacher, small, [2])
    norms = teacher.layers[2].wide.weight.norm(dim=1) * teacher.layers[2].narrow.weight.norm(dim=0)
    kept = norms.topk(16).indices.sort().values
    assert torch.equal(student.layers[0].wide.weight, teacher.layers[2].wide.weight[kept])
    assert torch.equal(student.intent.weight, teacher.intent.weight)
    assert student(torch.randint(3, 40, (1, 5)))[1].shape == (1, 5, 5)
