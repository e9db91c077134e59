"""A teacher that is asked about a text once, however often its student hears it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cascade.features import PAD, SPECIAL

_PAD = SPECIAL.index(PAD)


class Remembering(nn.Module):
    """Wraps a teacher in evaluation, whose answer to a text never changes.

    A student that hears every text as it is, epoch after epoch, would have it computed anew each time: with three
    teachers that is the larger part of a distillation. Answers take 4 bytes a score: some kilobytes a text.
    """

    def __init__(self, teacher: nn.Module) -> None:
        super().__init__()
        self._teacher = teacher
        self._told: dict[tuple[int, ...], tuple[Tensor, Tensor]] = {}

    @torch.no_grad()
    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Intents ``[batch, intents]`` and tags ``[batch, length, tags]``, zero where ``ids`` is padding."""
        texts = [tuple(number for number in row if number != _PAD) for row in ids.tolist()]
        unasked = [row for row, text in enumerate(texts) if text not in self._told]
        if unasked:
            intents, tags = self._teacher(ids[unasked])
            for row, intent, marks in zip(unasked, intents, tags, strict=True):
                # copies: a view would keep the whole batch that it was computed in
                self._told[texts[row]] = intent.clone(), marks[: len(texts[row])].clone()
        told = [self._told[text] for text in texts]
        marks = told[0][1].new_zeros(*ids.shape, told[0][1].shape[-1])
        for row, (_, known) in enumerate(told):
            marks[row, : len(known)] = known
        return torch.stack([intent for intent, _ in told]), marks
