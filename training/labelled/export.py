"""The export stage: the student as a quantised graph, and how far it is from what was trained, measured and kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from training.labelled import learn
from training.labelled.workshop import LabelledWorkshop
from training.linear import graph as linear_graph
from training.parity import FLOAT_TOLERANCE, PARITY_TEXTS, SAMPLES, ParityError

Floats = npt.NDArray[np.float32]
Trained = Callable[[str], tuple[Floats, Floats]]
"""Scores of a normalised text as the training library computes them: ``[intents]``, ``[places, tags]``."""


def export(workshop: LabelledWorkshop) -> None:
    """Write ``model.onnx`` and ``parity.json``. Raises :class:`ParityError` when the graph is not the student."""
    plain, shipped, trained = _graphs(workshop)
    (workshop.folder / "model.onnx").write_bytes(shipped)
    texts = _spread([row.text for row in workshop.sets.dev], PARITY_TEXTS)
    parity = compare(workshop, trained, plain, shipped, texts)
    workshop.console.print("parity", parity)
    samples = [
        {"text": text, "intent": [round(float(score), 3) for score in trained(text)[0]]}
        for text in _spread([row.text for row in workshop.sets.train], SAMPLES)
    ]
    workshop.write_json("parity.json", {**parity, "samples": samples})
    if parity["float_difference"] > FLOAT_TOLERANCE:
        raise ParityError(f"what was trained and onnxruntime differ by {parity['float_difference']}")


def _graphs(workshop: LabelledWorkshop) -> tuple[bytes, bytes, Trained]:
    """The graph unquantised and as it ships, and what both are held against."""
    recipe = workshop.recipe
    properties = {"features": recipe.feature_version, "max_length": str(recipe.max_chars + 1)}
    if recipe.student == "linear":
        linear = learn.load(workshop)
        plain, shipped = (
            linear_graph.build(linear, quantised=quantised, metadata=properties)
            for quantised in (False, True)
        )
        return plain.SerializeToString(), shipped.SerializeToString(), linear.scores
    import torch

    from training import graph, model
    from training.architecture import Architecture

    shape = Architecture.model_validate(workshop.read_json("student.json", "train"))
    student = model.load(shape, workshop.file("student.safetensors", "train"))
    encoder = workshop.encoder

    def trained(text: str) -> tuple[Floats, Floats]:
        with torch.no_grad():
            intents, tags = student(torch.tensor([encoder.ids(text)]))
        return intents[0].numpy(), tags[0, 1:].numpy()

    weights = student.arrays()
    plain, shipped = (
        graph.build(weights, shape, quantised=quantised, metadata=properties) for quantised in (False, True)
    )
    return plain.SerializeToString(), shipped.SerializeToString(), trained


def compare(
    workshop: LabelledWorkshop, trained: Trained, plain: bytes, shipped: bytes, texts: Sequence[str]
) -> dict[str, Any]:
    """Differences of scores and answers over some texts."""
    float_gap, int_gap, same_intent, same_tags, tags = 0.0, 0.0, 0, 0, 0
    run_plain, run_shipped = _runner(workshop, plain), _runner(workshop, shipped)
    for text in texts:
        taught, exact, quantised = trained(text), run_plain(text), run_shipped(text)
        float_gap = max(float_gap, _gap(taught, exact))
        int_gap = max(int_gap, _gap(taught, quantised))
        same_intent += int(taught[0].argmax() == quantised[0].argmax())
        same_tags += int((taught[1].argmax(-1) == quantised[1].argmax(-1)).sum())
        tags += len(taught[1])
    return {
        "texts": len(texts),
        "float_difference": round(float_gap, 7),
        "quantised_difference": round(int_gap, 4),
        "same_intent": round(same_intent / len(texts), 4),
        "same_tag": round(same_tags / tags, 4) if tags else None,
        "bytes": len(shipped),
    }


def _runner(workshop: LabelledWorkshop, content: bytes) -> Trained:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def run(text: str) -> tuple[Floats, Floats]:
        intents, tags = session.run(["intent", "tags"], workshop.encoder.feeds(text))
        return intents[0], tags[0, 1:]

    return run


def _gap(left: tuple[Floats, Floats], right: tuple[Floats, Floats]) -> float:
    return max(
        float(np.abs(ours - its).max()) if ours.size else 0.0 for ours, its in zip(left, right, strict=True)
    )


def _spread(texts: Sequence[str], count: int) -> list[str]:
    """About so many texts from all over the list."""
    return list(texts[:: max(1, len(texts) // count)])
