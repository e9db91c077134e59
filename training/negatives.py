"""Texts of public sets that order nothing, read from a folder that the recipe names.

Each set is ``<folder>/<name>/<split>.jsonl`` with ``text`` and ``intent`` a line. What would be an order, a
recommendation or small talk by this pack's own labels is left out: another guide labelled these texts.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

from training.recipe import Negatives, RecipeError

_DRINKS = re.compile(r"奶茶|果茶|咖啡|拿铁|美式|饮料|饮品|喝|星巴克|瑞幸|喜茶|外卖|优惠|订单|客服")
_TALK = re.compile(
    r"^(?:你好|您好|好的|好吧|好|嗯|行|可以|谢谢|谢|再见|拜拜|是的|对|不用|没有|ok)", re.IGNORECASE
)
_NEAR_TALK = re.compile(r"^(?:general_|iot_coffee|takeaway_query)")


def read(negatives: Negatives, seed: int) -> list[tuple[str, tuple[str, ...]]]:
    """Texts and the intents each may have. Raises :class:`~training.recipe.RecipeError` where a file is missing."""
    picked: list[tuple[str, tuple[str, ...]]] = []
    for name, split, count, intents in (
        ("massive_zh_cn", "train", negatives.massive, ("out_of_scope",)),
        ("crosswoz", "dev", negatives.crosswoz, ("out_of_scope",)),
        ("chatterbot_zh", "train", negatives.chatterbot, ("chitchat", "out_of_scope")),
    ):
        if count:
            texts = sorted(set(_texts(negatives.folder / name / f"{split}.jsonl")))
            random.Random(f"{seed}/{name}").shuffle(texts)
            picked += [(text, intents) for text in texts[:count]]
    return picked


def _texts(path: Path) -> Iterator[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise RecipeError(
            f"{path}: cannot be read ({error.strerror}); put the public set there, or drop it from [negatives]"
        ) from error
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            text, intent = row["text"], row["intent"]
        except (ValueError, KeyError, TypeError) as error:
            raise RecipeError(f"{path}:{number}: not a JSON object with text and intent") from error
        if len(text) >= 3 and not (_DRINKS.search(text) or _TALK.search(text) or _NEAR_TALK.search(intent)):
            yield text
