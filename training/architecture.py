"""The shape of a student: how many layers, how wide, how many outputs."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Architecture(BaseModel):
    """A transformer encoder over characters with an intent head and a tag head (post-norm, as BERT)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    layers: int = Field(ge=1, le=12)
    passes: int = Field(default=1, ge=1, le=4)
    """How often the text goes through all layers: more of them cost time and no bytes (ALBERT: Lan et al., 2020)."""
    width: int = Field(ge=16)
    heads: int = Field(ge=1)
    head_size: int = Field(ge=8)
    feed_forward: int = Field(ge=16)
    """Width between the two halves of the feed-forward part."""
    rank: int = Field(default=0, ge=0)
    """Width of the character table, projected up to ``width``; 0 for a table as wide as the rest."""
    positions: int = Field(ge=8)
    """Longest input, the leading ``[CLS]`` included."""
    vocabulary: int = Field(ge=4)
    intents: int = Field(ge=2)
    tags: int = Field(ge=1)
    epsilon: float = 1e-12
    pooling: Literal["first", "mean"] = "first"
    """What the intent is told from: the leading ``[CLS]``, or the mean of all rows."""
