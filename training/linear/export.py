"""The export stage of a linear student: the graph that ships, and how far it is from what was trained."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
from rich.console import Console

from training.dataset import load_splits
from training.linear import graph
from training.linear.learn import load
from training.parity import FLOAT_TOLERANCE, PARITY_TEXTS, SAMPLES, ParityError
from training.workshop import Workshop


def export(workshop: Workshop, console: Console) -> None:
    """Write ``model.onnx`` and ``parity.json``. Raises :class:`ParityError` when the graph is not the student."""
    pack, model = workshop.pack, load(workshop)
    properties = {
        "features": model.encoder.version,
        "max_length": str(pack.bundle.manifest.max_chars + 1),
    }
    plain, shipped = (
        graph.build(model, quantised=quantised, metadata=properties).SerializeToString()
        for quantised in (False, True)
    )
    (workshop.folder / "model.onnx").write_bytes(shipped)
    splits = load_splits(workshop.recipe, pack)
    texts = [pack.normalised(example.text) for example in splits.calibration][:PARITY_TEXTS]
    gaps = [_gaps(model, _run(plain, model, text), _run(shipped, model, text), text) for text in texts]
    parity = {
        "texts": len(texts),
        "float_difference": round(max(gap[0] for gap in gaps), 7),
        "quantised_difference": round(max(gap[1] for gap in gaps), 4),
        "same_intent": round(float(np.mean([gap[2] for gap in gaps])), 4),
        "same_tag": round(float(np.mean([gap[3] for gap in gaps])), 4),
        "bytes": len(shipped),
    }
    console.print("parity", parity)
    kept = [pack.normalised(example.text) for example in splits.train]
    samples = [
        {"text": text, "intent": [round(float(score), 3) for score in model.scores(text)[0]]}
        for text in kept[:: max(1, len(kept) // SAMPLES)]
    ]
    workshop.write_json("parity.json", {**parity, "samples": samples})
    if parity["float_difference"] > FLOAT_TOLERANCE:
        raise ParityError(f"numpy and onnxruntime differ by {parity['float_difference']}")


def _run(content: bytes, model: Any, text: str) -> tuple[Any, Any]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    intents, tags = session.run(["intent", "tags"], model.encoder.feeds(text))
    return intents[0], tags[0, 1:]


def _gaps(
    model: Any, plain: tuple[Any, Any], shipped: tuple[Any, Any], text: str
) -> tuple[float, float, bool, float]:
    """Largest difference unquantised and quantised, whether the intent is the same, share of tags that are."""
    trained = model.scores(text)
    exact, rounded = (
        max(float(np.abs(ours - its).max()) for ours, its in zip(trained, run, strict=True))
        for run in (plain, shipped)
    )
    same = bool(trained[0].argmax() == shipped[0].argmax())
    return exact, rounded, same, float((trained[1].argmax(-1) == shipped[1].argmax(-1)).mean())
