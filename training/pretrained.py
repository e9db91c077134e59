"""A pretrained BERT in a folder, as sentence-transformers keeps it: its list of pieces and its shape."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.recipe import RecipeError


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """What a teacher takes over as it is."""

    layers: int
    width: int
    heads: int
    feed_forward: int
    positions: int
    epsilon: float


def shape(folder: Path) -> EncoderShape:
    """Read ``config.json``. Raises :class:`~training.recipe.RecipeError` for anything but a BERT with safetensors."""
    config = _json(folder / "config.json")
    if not isinstance(config, dict) or config.get("model_type") != "bert":
        raise RecipeError(f"{folder}: not a BERT (model_type in config.json)")
    if not (folder / "model.safetensors").is_file():
        raise RecipeError(f"{folder}: no model.safetensors")
    try:
        return EncoderShape(
            layers=int(config["num_hidden_layers"]),
            width=int(config["hidden_size"]),
            heads=int(config["num_attention_heads"]),
            feed_forward=int(config["intermediate_size"]),
            positions=int(config["max_position_embeddings"]),
            epsilon=float(config.get("layer_norm_eps", 1e-12)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RecipeError(f"{folder}/config.json: {error!r}") from error


def entries(folder: Path) -> Sequence[str]:
    """The encoder's pieces, in the order of its table: ``vocab.txt``, or what ``tokenizer.json`` holds.

    Raises :class:`~training.recipe.RecipeError` where neither is there.
    """
    path = folder / "vocab.txt"
    if path.is_file():
        return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    data = _json(folder / "tokenizer.json")
    try:
        vocabulary: dict[str, int] = data["model"]["vocab"]
        return sorted(vocabulary, key=vocabulary.__getitem__)
    except (KeyError, TypeError) as error:
        raise RecipeError(
            f"{folder}: neither vocab.txt nor a tokenizer.json with a list of pieces"
        ) from error


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RecipeError(f"{path}: cannot be read: {error}") from error
