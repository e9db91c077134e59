"""The student as an ONNX graph, written node by node: small, portable, the same bytes for the same weights.

    ids int64 [batch, length]  ->  intent float32 [batch, intents],  tags float32 [batch, length, tags]

Utterances of one batch have the same length: the graph has no padding and no mask. Weights are int8 by column and
activations are quantised as they come. Weights keep to seven bits: without VNNI the usual kernels add two products
of unsigned and signed bytes in sixteen bits, which eight-bit weights overflow, and a calibrated confidence must not
depend on the processor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from training.architecture import Architecture

OPSET = 20
IR_VERSION = 10
WEIGHT_LEVELS = 63

Weights = Mapping[str, npt.NDArray[np.float32]]


@dataclass(slots=True)
class _Graph:
    weights: Weights
    quantised: bool
    nodes: list[Any] = field(default_factory=list)
    initialisers: list[Any] = field(default_factory=list)

    def node(self, op: str, inputs: list[str], outputs: int = 1, domain: str = "", **attributes: Any) -> Any:
        names = [f"v{len(self.nodes)}_{index}" for index in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def constant(self, name: str, array: npt.NDArray[Any]) -> str:
        if all(existing.name != name for existing in self.initialisers):
            self.initialisers.append(numpy_helper.from_array(array.copy(order="C"), name))
        return name

    def linear(self, value: str, name: str) -> str:
        """``value @ weight.T + bias`` of a torch linear layer."""
        weight = self.weights[f"{name}.weight"].T
        if self.quantised:
            value = self._integer_product(value, weight, name)
        else:
            value = self.node("MatMul", [value, self.constant(f"{name}.weight", weight)])
        bias = self.weights.get(f"{name}.bias")
        return value if bias is None else self.node("Add", [value, self.constant(f"{name}.bias", bias)])

    def _integer_product(self, value: str, weight: npt.NDArray[np.float32], name: str) -> str:
        levels, scale = quantise(weight)
        integers, value_scale, zero = self.node("DynamicQuantizeLinear", [value], 3)
        product = self.node(
            "MatMulInteger",
            [
                integers,
                self.constant(f"{name}.levels", levels),
                zero,
                self.constant(f"{name}.zero", np.zeros(scale.shape, np.int8)),
            ],
        )
        rescale = self.node("Mul", [value_scale, self.constant(f"{name}.scale", scale)])
        return str(self.node("Mul", [self.node("Cast", [product], to=TensorProto.FLOAT), rescale]))

    def rows(self, ids: str, name: str) -> str:
        """Rows of a table, one an id."""
        table = self.weights[name]
        if not self.quantised:
            return str(self.node("Gather", [self.constant(name, table), ids]))
        levels, scale = quantise(table, top=127)
        rows = self.node("Gather", [self.constant(f"{name}.levels", levels), ids])
        floats = self.node("Cast", [rows], to=TensorProto.FLOAT)
        return str(self.node("Mul", [floats, self.constant(f"{name}.scale", scale)]))

    def norm(self, value: str, name: str, epsilon: float) -> str:
        parameters = [
            self.constant(f"{name}.{part}", self.weights[f"{name}.{part}"]) for part in ("weight", "bias")
        ]
        return str(self.node("LayerNormalization", [value, *parameters], axis=-1, epsilon=epsilon))


def quantise(
    weight: npt.NDArray[np.float32], top: int = WEIGHT_LEVELS
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """``weight`` as integers in ``-top..top`` and the scale of each column."""
    scale = np.maximum(np.abs(weight).max(axis=0), 1e-8).astype(np.float32) / np.float32(top)
    return np.clip(np.rint(weight / scale), -top, top).astype(np.int8), scale


def weights(model: bytes) -> dict[str, npt.NDArray[np.float32]]:
    """The weights of a graph that :func:`build` has quantised, as near as their levels keep them."""
    kept = {one.name: numpy_helper.to_array(one) for one in onnx.load_from_string(model).graph.initializer}
    found = {name: array for name, array in kept.items() if name.endswith((".weight", ".bias", ".position"))}
    for name in (name.removesuffix(".levels") for name in kept if name.endswith(".levels")):
        values = kept[f"{name}.levels"].astype(np.float32) * kept[f"{name}.scale"]
        is_linear = f"{name}.zero" in kept
        found[f"{name}.weight" if is_linear else name] = values.T if is_linear else values
    return found


def build(weights: Weights, shape: Architecture, *, quantised: bool, metadata: Mapping[str, str]) -> Any:
    """The ONNX model of a student's weights (a torch state dict as numpy arrays)."""
    graph = _Graph(weights, quantised)
    value = _embedded(graph, shape)
    for index in list(range(shape.layers)) * shape.passes:
        value = _layer(graph, value, f"layers.{index}", shape)
    graph.nodes.append(
        helper.make_node("Identity", [graph.linear(_pooled(graph, value, shape), "intent")], ["intent"])
    )
    graph.nodes.append(helper.make_node("Identity", [graph.linear(value, "tags")], ["tags"]))
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "intent_and_tags",
            [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "length"])],
            [
                helper.make_tensor_value_info("intent", TensorProto.FLOAT, ["batch", shape.intents]),
                helper.make_tensor_value_info("tags", TensorProto.FLOAT, ["batch", "length", shape.tags]),
            ],
            graph.initialisers,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name="intent-cascade",
    )
    model.ir_version = IR_VERSION
    helper.set_model_props(model, dict(sorted(metadata.items())))
    onnx.checker.check_model(model)
    return model


def _pooled(graph: _Graph, value: str, shape: Architecture) -> str:
    if shape.pooling == "mean":
        rows = graph.constant("rows", np.array([1], np.int64))
        return str(graph.node("ReduceMean", [value, rows], keepdims=0))
    return str(graph.node("Gather", [value, graph.constant("first", np.array(0, np.int64))], axis=1))


def _embedded(graph: _Graph, shape: Architecture) -> str:
    value = graph.rows("ids", "embed.table")
    if shape.rank:
        value = graph.linear(value, "embed.project")
    length = graph.node("Shape", ["ids"], start=1, end=2)
    zero = graph.constant("zero", np.array([0], np.int64))
    positions = graph.constant("embed.position", graph.weights["embed.position"])
    value = graph.node("Add", [value, graph.node("Slice", [positions, zero, length, zero])])
    return graph.norm(value, "embed.norm", shape.epsilon)


def _layer(graph: _Graph, value: str, name: str, shape: Architecture) -> str:
    attended = graph.linear(_attention(graph, graph.linear(value, f"{name}.qkv"), shape), f"{name}.attended")
    value = graph.norm(graph.node("Add", [value, attended]), f"{name}.attended_norm", shape.epsilon)
    hidden = graph.node("Gelu", [graph.linear(value, f"{name}.wide")], approximate="none")
    narrow = graph.linear(hidden, f"{name}.narrow")
    return graph.norm(graph.node("Add", [value, narrow]), f"{name}.narrow_norm", shape.epsilon)


def _attention(graph: _Graph, qkv: str, shape: Architecture) -> str:
    heads, size = shape.heads, shape.head_size
    split = graph.constant("heads", np.array([0, 0, 3, heads, size], np.int64))
    parts = graph.node("Transpose", [graph.node("Reshape", [qkv, split])], perm=[2, 0, 3, 1, 4])
    query, key, value = (
        graph.node("Gather", [parts, graph.constant(f"part{index}", np.array(index, np.int64))], axis=0)
        for index in range(3)
    )
    scores = graph.node("MatMul", [query, graph.node("Transpose", [key], perm=[0, 1, 3, 2])])
    scaled = graph.node("Mul", [scores, graph.constant("root", np.array(size**-0.5, np.float32))])
    mixed = graph.node("MatMul", [graph.node("Softmax", [scaled], axis=-1), value])
    merged = graph.constant("merged", np.array([0, 0, heads * size], np.int64))
    return str(graph.node("Reshape", [graph.node("Transpose", [mixed], perm=[0, 2, 1, 3]), merged]))
