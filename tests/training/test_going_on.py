"""A student that goes on from the one that a bundle ships."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
from training_kit import micro

from cascade.features import Vocabulary
from training.__main__ import main
from training.architecture import Architecture
from training.dataset import UNKNOWN_TAG
from training.recipe import Distillation, RecipeError

for library in ("torch", "onnx", "safetensors"):
    pytest.importorskip(library)

import torch  # noqa: E402

from training import fit, graph, model  # noqa: E402
from training.earlier import Earlier  # noqa: E402

SHAPE = Architecture(
    layers=1,
    width=16,
    heads=2,
    head_size=8,
    feed_forward=32,
    rank=8,
    positions=9,
    vocabulary=7,
    intents=2,
    tags=3,
)


def shipped(shape: Architecture) -> bytes:
    torch.manual_seed(1)
    weights = model.TaggingClassifier(shape).arrays()
    content: bytes = graph.build(weights, shape, quantised=True, metadata={}).SerializeToString()
    return content


@pytest.mark.parametrize("rank", [0, 8])
def test_a_graph_read_back_and_built_again_keeps_every_level(rank: int) -> None:
    shape = SHAPE.model_copy(update={"rank": rank, "layers": 2})
    first = shipped(shape)
    second = graph.build(graph.weights(first), shape, quantised=True, metadata={}).SerializeToString()
    for ours, theirs in zip(graph.weights(second).values(), graph.weights(first).values(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_known_characters_keep_what_they_mean_and_new_ones_start_unknown() -> None:
    before, after = Vocabulary("奶茶杯"), Vocabulary("冰杯奶茶")
    earlier = Earlier(shipped(SHAPE.model_copy(update={"vocabulary": len(before)})), before)
    taught = earlier.student(SHAPE.model_copy(update={"vocabulary": len(before)}), before, 0.1).eval()
    more = earlier.student(SHAPE.model_copy(update={"vocabulary": len(after)}), after, 0.1).eval()
    for text in ("奶茶杯", "杯奶", "一冰茶"):
        ours, theirs = more(torch.tensor([after.ids(text)])), taught(torch.tensor([before.ids(text)]))
        for mine, its in zip(ours, theirs, strict=True):
            assert torch.allclose(mine, its, atol=1e-6)


def test_what_cannot_be_gone_on_from_is_told(tmp_path: Path) -> None:
    earlier = Earlier(shipped(SHAPE), Vocabulary("奶茶杯冰"))
    with pytest.raises(RecipeError, match="shape"):
        earlier.student(SHAPE.model_copy(update={"layers": 2}), earlier.characters, 0.1)
    with pytest.raises(RecipeError, match="shape"):
        Earlier(b"no graph", earlier.characters).student(SHAPE, earlier.characters, 0.1)
    with pytest.raises(RecipeError, match="no student"):
        Earlier.read(tmp_path)


def test_it_is_listened_to_where_it_does_not_contradict_a_label() -> None:
    ids = torch.tensor([[1, 4, 5], [1, 5, 0]])
    told = (torch.tensor([[5.0, 0.0], [5.0, 0.0]]), torch.zeros(2, 3, 3))
    told[1][:, :, 0] = 5.0
    plan = Distillation(where_right=True)

    def loss(allowed: list[list[float]], tags: list[list[int]]) -> float:
        batch = fit.Batch(ids, torch.tensor(allowed), torch.zeros(2), torch.tensor(tags))
        return float(fit.teacher_loss((torch.zeros(2, 2), torch.zeros(2, 3, 3)), told, batch, plan))

    unknown = UNKNOWN_TAG
    everything = loss([[1, 0], [1, 1]], [[unknown, 0, unknown], [unknown, 0, unknown]])
    one_less = loss([[1, 0], [0, 1]], [[unknown, 0, unknown], [unknown, 2, unknown]])
    assert everything == pytest.approx(
        one_less
    )  # each is a mean over what is heard, and all that is heard is alike
    only_tags = loss([[0, 1], [0, 1]], [[unknown, 0, 0], [unknown, 0, unknown]])
    assert 0 < only_tags < everything
    assert loss([[0, 1], [0, 1]], [[unknown, 1, 1], [unknown, 2, unknown]]) == 0


def test_going_on_makes_the_same_bundle_again_and_says_whence(tmp_path: Path) -> None:
    path = micro(tmp_path / "first")
    assert main(["all", str(path), "--root", str(path.parent)]) == 0
    before = path.parent / "models" / "tea"
    graphs = []
    for name in ("once", "again"):
        path = micro(tmp_path / name)
        assert main(["all", str(path), "--root", str(path.parent), "--go-on", str(before)]) == 0
        bundle = path.parent / "models" / "tea"
        graphs.append((bundle / "model.onnx").read_bytes())
    assert graphs[0] == graphs[1] != (before / "model.onnx").read_bytes()
    digest = hashlib.sha256((before / "model.onnx").read_bytes()).hexdigest()
    assert digest in (bundle / "MODEL_CARD.md").read_text("utf-8")


@pytest.mark.parametrize("stage", ["export", "history"])
def test_only_training_goes_on(tmp_path: Path, stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = micro(tmp_path / "pack")
    with pytest.raises(SystemExit):
        main([stage, str(path), "--go-on", str(path.parent / "models" / "tea")])
    assert "--go-on is for" in capsys.readouterr().err


def test_a_linear_student_is_trained_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = micro(tmp_path / "pack")
    text = path.read_text("utf-8")
    path.write_text(text[: text.index("[student]")] + "[linear]\n", "utf-8")
    before = shutil.copytree(path.parent / "models" / "tea", tmp_path / "before")
    assert main(["train", str(path), "--root", str(path.parent), "--go-on", str(before)]) == 1
    assert "cannot go on" in capsys.readouterr().out
