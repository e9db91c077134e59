"""The export stage: the student as a quantised graph, and how far it is from the torch model, measured and stored."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch
from rich.console import Console

from cascade import features
from cascade.features import Vocabulary
from training import graph, model
from training.dataset import load_splits
from training.parity import FLOAT_TOLERANCE, PARITY_TEXTS, SAMPLES, ParityError
from training.workshop import Workshop


def session(content: bytes) -> Any:
    """An onnxruntime session as the runtime makes it: one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def export(workshop: Workshop, console: Console) -> None:
    """Write ``model.onnx`` and ``parity.json``. Raises :class:`ParityError` when the graph is not the student."""
    shape = workshop.architecture()
    student = model.load(shape, workshop.file("student.safetensors", "train"))
    characters = workshop.vocabulary()
    properties = {"features": features.VERSION, "max_length": str(shape.positions)}
    weights = student.arrays()
    plain = graph.build(weights, shape, quantised=False, metadata=properties).SerializeToString()
    shipped = graph.build(weights, shape, quantised=True, metadata=properties).SerializeToString()
    (workshop.folder / "model.onnx").write_bytes(shipped)
    splits = load_splits(workshop.recipe, workshop.pack)
    texts = [workshop.pack.normalised(example.text) for example in splits.calibration]
    stride = max(1, len(texts) // PARITY_TEXTS)
    parity = _parity(student, session(plain), session(shipped), characters, texts[::stride])
    parity["bytes"] = len(shipped)
    console.print("parity", parity)
    kept = [workshop.pack.normalised(example.text) for example in splits.train]
    samples = _samples(student, characters, kept[:: max(1, len(kept) // SAMPLES)])
    workshop.write_json("parity.json", {**parity, "samples": samples})
    if parity["float_difference"] > FLOAT_TOLERANCE:
        raise ParityError(f"torch and onnxruntime differ by {parity['float_difference']}")


def _parity(
    student: model.TaggingClassifier, plain: Any, shipped: Any, characters: Vocabulary, texts: list[str]
) -> dict[str, float]:
    float_gap, int_gap, same_intent, same_tags, tags = 0.0, 0.0, 0, 0, 0
    for text in texts:
        ids = characters.batch(text)
        with torch.no_grad():
            trained = [output.numpy() for output in student(torch.from_numpy(ids))]
        exact, quantised = plain.run(None, {"ids": ids}), shipped.run(None, {"ids": ids})
        float_gap = max(float_gap, _gap(trained, exact))
        int_gap = max(int_gap, _gap(trained, quantised))
        same_intent += int(trained[0].argmax() == quantised[0].argmax())
        same_tags += int((trained[1].argmax(-1) == quantised[1].argmax(-1)).sum())
        tags += ids.size
    return {
        "texts": len(texts),
        "float_difference": round(float_gap, 7),
        "quantised_difference": round(int_gap, 4),
        "same_intent": round(same_intent / len(texts), 4),
        "same_tag": round(same_tags / tags, 4),
    }


def _samples(
    student: model.TaggingClassifier, characters: Vocabulary, texts: list[str]
) -> list[dict[str, Any]]:
    with torch.no_grad():
        scores = [student(torch.from_numpy(characters.batch(text)))[0][0].tolist() for text in texts]
    return [
        {"text": text, "intent": [round(score, 3) for score in row]}
        for text, row in zip(texts, scores, strict=True)
    ]


def _gap(left: list[npt.NDArray[np.float32]], right: list[npt.NDArray[np.float32]]) -> float:
    return max(float(np.abs(a - b).max()) for a, b in zip(left, right, strict=True))
