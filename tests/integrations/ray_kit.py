"""What the worker processes of a Ray cluster load; they import it by name."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cascade.backends.base import ChatReply, ChatRequest
from cascade.bundle import DEFAULT, Bundle
from cascade.config import Cascade
from cascade.engine import Engine
from cascade.policy import PolicySpec, Threshold, ThresholdPolicy
from cascade.testing import FakeBackend

SURE = Threshold(confidence=1.0, margin=0.0)
"""More than the classifier ever has: all that the rules pass on reaches the model."""

DEATH = "死神"
FATAL = f"帮我预约明天下午三点的牙医，谢谢{DEATH}"
"""Whoever asks the model about this is killed, the first time in all."""

SAID: list[str | None] = [
    "千问，帮我点杯奶茶",
    "来两杯少糖去冰的珍珠奶茶",
    "取消订单",
    "讲个笑话",
    "量子计算机的原理是什么，用三句话讲清楚",
    "",
    None,
]


@dataclass(frozen=True)
class Mortal:
    """A cascade whose process dies by SIGKILL, once in all, in the middle of a batch; never without a tombstone."""

    tombstone: Path | None = None

    def __call__(self) -> Engine[Any]:
        bundle = Bundle.open(DEFAULT)
        unsure = PolicySpec(default=SURE, acting=SURE)
        policy = ThresholdPolicy(unsure, {intent.name: intent.acting for intent in bundle.manifest.intents})
        return Cascade.load(bundle, llm=FakeBackend(self._reply, model="qwen-plus"), policy=policy)

    def _reply(self, request: ChatRequest) -> ChatReply:
        asked = request.messages[-1].content
        if self.tombstone is not None and DEATH in asked and not self.tombstone.exists():
            self.tombstone.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return ChatReply(
            '{"intent":"out_of_scope"}',
            finish_reason="stop",
            model="qwen-plus",
            input_tokens=len(asked),
            cached_tokens=0,
            output_tokens=7,
        )
