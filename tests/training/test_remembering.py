"""A teacher that is asked once: the same answers, whatever a text stands beside."""

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from cascade.features import PAD, SPECIAL  # noqa: E402
from training import model  # noqa: E402
from training.architecture import Architecture  # noqa: E402
from training.remembering import Remembering  # noqa: E402

SHAPE = Architecture(
    layers=1, width=32, heads=4, head_size=8, feed_forward=64, positions=12, vocabulary=40, intents=3, tags=5
)


def padded(*texts: list[int]) -> Any:
    length = max(map(len, texts))
    return torch.tensor([text + [SPECIAL.index(PAD)] * (length - len(text)) for text in texts])


def test_an_answer_is_the_teachers_own_and_is_asked_for_once() -> None:
    torch.manual_seed(5)
    teacher = model.TaggingClassifier(SHAPE).eval()
    asked: list[int] = []
    teacher.register_forward_pre_hook(lambda _, given: asked.append(len(given[0])))
    remembering = Remembering(teacher)
    short, long, other = [2, 5, 6], [2, 7, 8, 9, 10], [2, 11]
    first = remembering(padded(short, long))
    again = remembering(padded(other, long, short, short))
    assert sum(asked) == 3
    for told, rows in ((first, padded(short, long)), (again, padded(other, long, short, short))):
        intents, tags = teacher(rows)
        torch.testing.assert_close(told[0], intents)
        real = rows != SPECIAL.index(PAD)
        torch.testing.assert_close(told[1][real], tags[real])
        assert not told[1][~real].any()
