"""The linear student as an ONNX graph, written node by node.

    ids int64 [1, n-grams], windows int64 [1, length, views]  ->  intent [1, intents], tags [1, length, tags]

Weights are int8 by row: a row's scale is folded into how much its n-gram counts. A model without tags has no
``windows``, and one row of one tag.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from training.graph import IR_VERSION, OPSET
from training.linear.fit import LinearModel

_LEVELS = 127


def quantise(weights: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """``weights`` as integers and the scale of each row."""
    scale = np.maximum(np.abs(weights).max(axis=1), 1e-8).astype(np.float32) / np.float32(_LEVELS)
    return np.clip(np.rint(weights / scale[:, None]), -_LEVELS, _LEVELS).astype(np.int8), scale


def build(model: LinearModel, *, quantised: bool, metadata: Mapping[str, str]) -> Any:
    """The ONNX model of a linear student."""
    parts = _Parts(quantised)
    parts.intents(model)
    inputs = [helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "ngrams"])]
    if model.encoder.marking:
        parts.tags(model)
        inputs.append(helper.make_tensor_value_info("windows", TensorProto.INT64, [1, "length", "views"]))
    else:
        parts.node("Identity", [parts.constant("no_tags", np.zeros((1, 1, 1), np.float32))], "tags")
    made = helper.make_model(
        helper.make_graph(
            parts.nodes,
            "linear_intent_and_tags",
            inputs,
            [
                helper.make_tensor_value_info("intent", TensorProto.FLOAT, [1, len(model.bias)]),
                helper.make_tensor_value_info("tags", TensorProto.FLOAT, [1, "rows", len(model.tag_bias)]),
            ],
            parts.initialisers,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name="intent-cascade",
    )
    made.ir_version = IR_VERSION
    helper.set_model_props(made, dict(sorted(metadata.items())))
    onnx.checker.check_model(made)
    return made


class _Parts:
    def __init__(self, quantised: bool) -> None:
        self.quantised = quantised
        self.nodes: list[Any] = []
        self.initialisers: list[Any] = []

    def constant(self, name: str, array: npt.NDArray[Any]) -> str:
        self.initialisers.append(numpy_helper.from_array(array.copy(order="C"), name))
        return name

    def node(self, op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def rows(self, ids: str, weights: npt.NDArray[np.float32], name: str) -> tuple[str, str | None]:
        """Rows of a table, and their scales where they are integers."""
        if not self.quantised:
            return self.node("Gather", [self.constant(name, weights), ids], f"{name}_rows"), None
        levels, scale = quantise(weights)
        found = self.node("Gather", [self.constant(name, levels), ids], f"{name}_levels")
        rows = self.node("Cast", [found], f"{name}_rows", to=TensorProto.FLOAT)
        return rows, self.node("Gather", [self.constant(f"{name}_scale", scale), ids], f"{name}_scales")

    def intents(self, model: LinearModel) -> None:
        rows, scales = self.rows("ids", model.weights, "weights")
        rarity = self.node("Gather", [self.constant("rarity", model.rarity), "ids"], "rarities")
        last = self.constant("last", np.array([-1], np.int64))
        length = self.node("ReduceL2", [rarity, last], "length")
        values = self.node("Div", [rarity, length], "values")
        if scales is not None:
            values = self.node("Mul", [values, scales], "scaled")
        middle = self.constant("middle", np.array([1], np.int64))
        product = self.node("MatMul", [self.node("Unsqueeze", [values, middle], "row"), rows], "product")
        self.node(
            "Add",
            [self.node("Squeeze", [product, middle], "sums"), self.constant("bias", model.bias)],
            "intent",
        )

    def tags(self, model: LinearModel) -> None:
        rows, scales = self.rows("windows", model.tag_weights, "tag_weights")
        if scales is not None:
            place = self.constant("beside", np.array([3], np.int64))
            rows = self.node(
                "Mul", [rows, self.node("Unsqueeze", [scales, place], "tag_scales")], "tag_scaled"
            )
        views = self.constant("views", np.array([2], np.int64))
        total = self.node("ReduceSum", [rows, views], "tag_sums", keepdims=0)
        self.node("Add", [total, self.constant("tag_bias", model.tag_bias)], "tags")
