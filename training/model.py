"""The encoder with two heads in torch: teacher and student are the same module in different sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from cascade.features import CLS, PAD, SPECIAL, UNK, Pieces, Vocabulary
from training import pretrained as pretrained_encoder
from training.architecture import Architecture

_HEADS_DROPOUT = 0.1


class Embedding(nn.Module):
    """Characters and positions; the table may be narrow and projected up."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(shape.vocabulary, shape.rank or shape.width) * 0.02)
        self.project = nn.Linear(shape.rank, shape.width, bias=False) if shape.rank else None
        self.position = nn.Parameter(torch.randn(shape.positions, shape.width) * 0.02)
        self.norm = nn.LayerNorm(shape.width, shape.epsilon)

    def forward(self, ids: Tensor) -> Tensor:
        value = functional.embedding(ids, self.table)
        if self.project is not None:
            value = self.project(value)
        return self.norm(value + self.position[: ids.shape[1]])


class Layer(nn.Module):
    """Self-attention and feed-forward, normalised after each."""

    def __init__(self, shape: Architecture, dropout: float) -> None:
        super().__init__()
        inner = shape.heads * shape.head_size
        self.heads = shape.heads
        self.dropout = nn.Dropout(dropout)
        self.qkv = nn.Linear(shape.width, 3 * inner)
        self.attended = nn.Linear(inner, shape.width)
        self.attended_norm = nn.LayerNorm(shape.width, shape.epsilon)
        self.wide = nn.Linear(shape.width, shape.feed_forward)
        self.narrow = nn.Linear(shape.feed_forward, shape.width)
        self.narrow_norm = nn.LayerNorm(shape.width, shape.epsilon)

    def forward(self, value: Tensor, mask: Tensor) -> Tensor:
        batch, length, _ = value.shape
        query, key, content = self.qkv(value).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, content, attn_mask=mask)
        merged = mixed.transpose(1, 2).reshape(batch, length, -1)
        value = self.attended_norm(value + self.dropout(self.attended(merged)))
        hidden = functional.gelu(self.wide(value))
        return self.narrow_norm(value + self.dropout(self.narrow(hidden)))


class TaggingClassifier(nn.Module):
    """Ids to intent logits ``[batch, intents]`` and tag logits ``[batch, length, tags]``."""

    def __init__(self, shape: Architecture, dropout: float = 0.1) -> None:
        super().__init__()
        self.shape = shape
        self.embed = Embedding(shape)
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in range(shape.layers))
        self.dropout = nn.Dropout(_HEADS_DROPOUT)
        self.intent = nn.Linear(shape.width, shape.intents)
        self.tags = nn.Linear(shape.width, shape.tags)

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        mask = (ids != SPECIAL.index(PAD))[:, None, None, :]
        value = self.embed(ids)
        for _ in range(self.shape.passes):
            for layer in self.layers:
                value = layer(value, mask)
        return self.intent(self.dropout(self.pooled(value, mask))), self.tags(self.dropout(value))

    def pooled(self, value: Tensor, mask: Tensor) -> Tensor:
        """What the intent is told from: ``[batch, width]``."""
        if self.shape.pooling == "first":
            return value[:, 0]
        real = mask[:, 0, 0, :, None].to(value.dtype)
        return (value * real).sum(dim=1) / real.sum(dim=1)

    def arrays(self) -> dict[str, npt.NDArray[np.float32]]:
        """The weights as numpy arrays, by name."""
        return {name: tensor.detach().numpy().copy() for name, tensor in self.state_dict().items()}


def save(model: TaggingClassifier, path: Path) -> None:
    """Write the weights (safetensors)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, path)


def load(shape: Architecture, path: Path) -> TaggingClassifier:
    """A model with the weights of a file."""
    model = TaggingClassifier(shape)
    model.load_state_dict(load_file(path))
    model.eval()
    return model


def from_encoder(
    folder: Path,
    shape: Architecture,
    vocabulary: Vocabulary | Pieces,
    layers: list[int],
    dropout: float = 0.1,
) -> TaggingClassifier:
    """A model that starts from ``layers`` of a pretrained BERT, with the part of its vocabulary that is used.

    Where ``shape`` is smaller than the encoder, the character table is factorised, and the attention heads and
    feed-forward units with the largest weights are kept.
    """
    pretrained = load_file(folder / "model.safetensors")
    model = TaggingClassifier(shape, dropout)
    with torch.no_grad():
        _start_embedding(model.embed, pretrained, _rows(folder, vocabulary))
        for layer, source in zip(model.layers, layers, strict=True):
            assert isinstance(layer, Layer)
            _start_layer(layer, pretrained, f"encoder.layer.{source}.", shape)
    return model


def from_teacher(
    teacher: TaggingClassifier, shape: Architecture, layers: list[int], dropout: float = 0.1
) -> TaggingClassifier:
    """A model that starts from ``layers`` of a teacher with the same vocabulary and heads, cut down as
    :func:`from_encoder` does.
    """
    model = TaggingClassifier(shape, dropout)
    with torch.no_grad():
        _factorise(model.embed, teacher.embed.table.detach())
        model.embed.position.copy_(teacher.embed.position)
        model.embed.norm.load_state_dict(teacher.embed.norm.state_dict())
        for layer, number in zip(model.layers, layers, strict=True):
            source = teacher.layers[number]
            assert isinstance(layer, Layer)
            assert isinstance(source, Layer)
            _cut_down(layer, source, shape)
        model.intent.load_state_dict(teacher.intent.state_dict())
        model.tags.load_state_dict(teacher.tags.state_dict())
    return model


def _cut_down(layer: Layer, source: Layer, shape: Architecture) -> None:
    size = shape.head_size
    strength = source.attended.weight.norm(dim=0).view(-1, size).norm(dim=1)
    heads = strength.topk(shape.heads).indices.sort().values
    kept = (heads[:, None] * size + torch.arange(size)).flatten()
    inner = source.attended.weight.shape[1]
    rows = torch.cat([kept + part * inner for part in range(3)])
    _copy(layer.qkv, source.qkv.weight[rows], source.qkv.bias[rows])
    _copy(layer.attended, source.attended.weight[:, kept], source.attended.bias)
    strength = source.wide.weight.norm(dim=1) * source.narrow.weight.norm(dim=0)
    units = strength.topk(shape.feed_forward).indices.sort().values
    _copy(layer.wide, source.wide.weight[units], source.wide.bias[units])
    _copy(layer.narrow, source.narrow.weight[:, units], source.narrow.bias)
    layer.attended_norm.load_state_dict(source.attended_norm.state_dict())
    layer.narrow_norm.load_state_dict(source.narrow_norm.state_dict())


def _factorise(embed: Embedding, table: Tensor) -> None:
    """Put a character table into an embedding, as a product of two narrow ones where the embedding is narrow."""
    if embed.project is None:
        embed.table.copy_(table)
        return
    left, values, right = torch.linalg.svd(table, full_matrices=False)
    rank = embed.project.weight.shape[1]
    root = values[:rank].sqrt()
    embed.table.copy_(left[:, :rank] * root)
    embed.project.weight.copy_((root[:, None] * right[:rank]).T)


def _rows(folder: Path, vocabulary: Vocabulary | Pieces) -> list[int]:
    numbers = {entry: number for number, entry in enumerate(pretrained_encoder.entries(folder))}
    special = [numbers[entry] for entry in (PAD, UNK, CLS)]
    return special + [numbers.get(entry, numbers[UNK]) for entry in vocabulary.entries]


def _start_embedding(embed: Embedding, pretrained: dict[str, Tensor], rows: list[int]) -> None:
    _factorise(embed, pretrained["embeddings.word_embeddings.weight"][rows])
    positions = pretrained["embeddings.position_embeddings.weight"][: embed.position.shape[0]]
    embed.position.copy_(positions + pretrained["embeddings.token_type_embeddings.weight"][0])
    embed.norm.weight.copy_(pretrained["embeddings.LayerNorm.weight"])
    embed.norm.bias.copy_(pretrained["embeddings.LayerNorm.bias"])


def _start_layer(layer: Layer, pretrained: dict[str, Tensor], prefix: str, shape: Architecture) -> None:
    parts = [_pair(pretrained, f"{prefix}attention.self.{part}") for part in ("query", "key", "value")]
    out_weight, out_bias = _pair(pretrained, f"{prefix}attention.output.dense")
    strength = out_weight.norm(dim=0).view(-1, shape.head_size).norm(dim=1)
    heads = strength.topk(shape.heads).indices.sort().values
    kept = (heads[:, None] * shape.head_size + torch.arange(shape.head_size)).flatten()
    layer.qkv.weight.copy_(torch.cat([weight[kept] for weight, _ in parts]))
    layer.qkv.bias.copy_(torch.cat([bias[kept] for _, bias in parts]))
    _copy(layer.attended, out_weight[:, kept], out_bias)
    wide, wide_bias = _pair(pretrained, f"{prefix}intermediate.dense")
    narrow, narrow_bias = _pair(pretrained, f"{prefix}output.dense")
    units = (wide.norm(dim=1) * narrow.norm(dim=0)).topk(shape.feed_forward).indices.sort().values
    _copy(layer.wide, wide[units], wide_bias[units])
    _copy(layer.narrow, narrow[:, units], narrow_bias)
    for norm, name in ((layer.attended_norm, "attention.output"), (layer.narrow_norm, "output")):
        _copy(norm, *_pair(pretrained, f"{prefix}{name}.LayerNorm"))


class Together(nn.Module):
    """Several models as one: the logarithms of the mean of their probabilities."""

    def __init__(self, models: Sequence[nn.Module]) -> None:
        super().__init__()
        self.models = nn.ModuleList(models)

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        intents, tags = zip(*(model(ids) for model in self.models), strict=True)
        return _mean_logs(intents), _mean_logs(tags)


def _mean_logs(scores: Sequence[Tensor]) -> Tensor:
    logs = torch.stack([functional.log_softmax(one.float(), dim=-1) for one in scores])
    return torch.logsumexp(logs, dim=0) - math.log(len(scores))


def _pair(pretrained: dict[str, Tensor], name: str) -> tuple[Tensor, Tensor]:
    return pretrained[f"{name}.weight"], pretrained[f"{name}.bias"]


def _copy(module: Any, weight: Tensor, bias: Tensor) -> None:
    module.weight.copy_(weight)
    module.bias.copy_(bias)
