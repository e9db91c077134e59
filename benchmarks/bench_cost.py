"""What do risk, coverage and money look like for the cascade, and for each of its tiers alone?

Every threshold of each variant on the project's own test. What is not answered goes to the large model, whose
price is the book's and whose accuracy and tokens are assumptions, stated in the result and varied there: no
large model is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from benchmarks.harness import write
from benchmarks.options import Options
from benchmarks.own import judged, pack, splits, variant
from cascade.bundle import Bundle
from cascade.orders import OrderIntent
from cascade.prices import SHIPPED, PriceBook
from cascade.result import Cost
from cascade.tiers.llm_prompt import Prompt
from training.judging import Judged

VARIANTS: Final = {
    "cascade": ("rules", "classifier"),
    "rules": ("rules",),
    "classifier": ("classifier",),
}
ACCURACIES: Final = (0.85, 0.92, 0.98)
"""Assumed shares of whole orders that the large model gets right; the middle one is drawn, the others are its band."""
CHARS_PER_TOKEN: Final = 1.6
"""Assumed: Chinese characters a token of a Qwen-like tokenizer."""
OUTPUT_TOKENS: Final = 60
"""Assumed, as in the plan of 6 February 2026."""
MODEL: Final = "qwen-plus"
THRESHOLDS: Final = (0.0, *np.round(np.linspace(0.3, 0.9, 13), 3).tolist(), 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.985,
                     0.99, 0.995, 0.998, 0.999)  # fmt: skip


def run(options: Options) -> int:
    """Measure, print, write ``cost.json``."""
    examples = [example for example in splits().test if example.tag("mix")]
    call = _call(pack().bundle)
    found = {}
    for name, tiers in VARIANTS.items():
        loose = judged(variant(tiers, guarded=False), examples)
        shipped = judged(variant(tiers), examples)
        found[name] = {
            "points": [
                {"threshold": float(at), **_point(loose, float(at), call["cny"])} for at in THRESHOLDS
            ],
            "shipped": _point(shipped, 0.0, call["cny"]),
        }
        print(name, found[name]["shipped"])
    everything = _ends(0, 0, len(examples), call["cny"])
    result = {
        "rows": len(examples),
        "variants": found,
        "llm_alone": everything,
        "assumed": {
            "accuracies": ACCURACIES,
            "chars_per_token": CHARS_PER_TOKEN,
            "output_tokens": OUTPUT_TOKENS,
            "model": MODEL,
        },
        "call": call,
    }
    print(write(options.out, "cost", result))
    return 0


def _call(bundle: Bundle) -> dict[str, Any]:
    """One call to the large model: the prompt as it is, counted by the assumption, at the book's list price."""
    prompt = Prompt.from_bundle(bundle, OrderIntent)
    text = "".join(message.content for message in prompt.messages("帮我点一杯少糖少冰适合减脂的奶茶"))
    tokens = round(len(text) / CHARS_PER_TOKEN)
    book = PriceBook.load(SHIPPED)
    cost = Cost(calls=1, input_tokens=tokens, output_tokens=OUTPUT_TOKENS, model=MODEL)
    cny = book.charge(cost, "CNY", "list")
    assert cny is not None
    return {
        "prompt_chars": len(text),
        "input_tokens": tokens,
        "output_tokens": OUTPUT_TOKENS,
        "cny": float(cny),
        "book": str(book.date),
    }


def _point(found: Sequence[Judged], threshold: float, cny: float) -> dict[str, Any]:
    given = [one for one in found if one.answered and (one.confidence is None or one.confidence >= threshold)]
    wrong = sum(one.wrong for one in given)
    acting = [one for one in given if one.acting]
    return {
        **_ends(len(given), wrong, len(found), cny),
        "acting_answered": len(acting),
        "acting_wrong": sum(one.wrong for one in acting),
    }


def _ends(answered: int, wrong: int, rows: int, cny: float) -> dict[str, Any]:
    """Shares, money per thousand, and the error end to end under each assumed accuracy."""
    rest = 1 - answered / rows
    return {
        "coverage": answered / rows,
        "risk": wrong / answered if answered else None,
        "wrong": wrong,
        "answered": answered,
        "cny_per_thousand": 1000 * rest * cny,
        "error_end_to_end": [wrong / rows + rest * (1 - accuracy) for accuracy in ACCURACIES],
    }
