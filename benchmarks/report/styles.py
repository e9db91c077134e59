"""Which system is drawn how: ours in one strong colour, the others apart from each other."""

from __future__ import annotations

from typing import Final

SYSTEMS: Final = {
    "cascade_shipped": "ours dashdot",
    "cascade_linear": "ours",
    "cascade_transformer": "ours dashed",
    "cascade_distilled": "ours dotted",
    "frozen_lr": "r1",
    "tfidf_svc": "r2",
    "tfidf_lr": "r3",
    "nearest": "r4",
    "semantic": "r5",
    "fast_text": "r6",
    "desk": "r7",
    "micro": "r8",
    "distil": "r9",
    "set_fit": "r10",
}
"""Style by name of a system."""
SETS: Final = {
    "massive_zh_cn": "MASSIVE zh-CN（60 意图）",
    "clinc150": "CLINC150 (150 intents + out of scope)",
    "banking77": "Banking77 (77 intents)",
    "tea_order_zh": "奶茶点单 tea_order_zh（14 意图）",
}
"""How sets are called."""
TIERS: Final = {"cascade": "ours", "rules": "r3", "classifier": "r2", "llm": "r5"}
