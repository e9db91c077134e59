"""How certain the ends of a marked wish are, by what the model says of its characters and what the grammar knows."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from grammar.kit import grammar, said

from cascade.grammar.hearing import Heard
from cascade.tiers.edges import Edges
from cascade.tiers.tagging import Tagging

FIELD = "preferences"


@cache
def edges() -> Edges:
    return Edges(grammar().spec, grammar().lexicon)


def certainty(text: str, piece: str, likely: dict[str, float]) -> float:
    """Of a marked piece, where its characters are likely to be of the field but those named, and no others are."""
    utterance = said(text)
    start = utterance.text.index(piece)
    mark = Heard(start, start + len(piece), FIELD)
    chances = [0.99 if mark.start <= at < mark.end else 0.01 for at in range(len(utterance.text))]
    for sign, chance in likely.items():
        chances[utterance.text.index(sign)] = chance
    tags = np.array([[1 - chance, chance] for chance in chances], np.float32)
    parse = grammar().hear(utterance, "order_drink", [mark]).parse
    return edges().certainty(Tagging(tags, (FIELD,), (0,)), mark, 0, parse)


@pytest.mark.parametrize(
    ("text", "piece", "likely"),
    [
        ("来杯十全大补的奶茶", "十全大补的", {"的": 0.5}),
        ("来杯十全大补的奶茶", "十全大补", {"的": 0.15}),
        ("奶茶一杯，要带盖密封", "要带盖密封", {"要": 0.5}),
        ("奶茶一杯，要带盖密封", "带盖密封", {"要": 0.15}),
        ("奶茶一杯，环保袋就行", "环保袋就行", {"行": 0.5}),
        ("奶茶一杯到了打电话", "到了打电话", {"到": 0.5, "话": 0.5}),
        ("奶茶一杯我来例假了", "来例假", {"来": 0.5, "了": 0.15}),
        ("奶茶一杯，快点送", "快点送", {"送": 0.5}),
    ],
)
def test_ends_that_change_nothing_need_not_be_certain(
    text: str, piece: str, likely: dict[str, float]
) -> None:
    assert certainty(text, piece, likely) > 0.98


@pytest.mark.parametrize(
    ("text", "piece", "likely", "least"),
    [
        ("来杯十全大补奶茶", "十全大补", {"十": 0.6}, 0.6),
        ("来杯十全大补奶茶", "十全大补", {"补": 0.7}, 0.7),
        ("奶茶一杯别摇匀啊", "别摇匀", {"杯": 0.15}, 0.85),
        ("奶茶一杯加急一下", "加急", {"加": 0.6}, 0.6),
        ("奶茶一杯不含咖啡因呢", "含咖啡因", {"不": 0.15}, 0.85),
    ],
)
def test_other_ends_are_as_certain_as_the_model(
    text: str, piece: str, likely: dict[str, float], least: float
) -> None:
    assert certainty(text, piece, likely) == pytest.approx(least, abs=1e-4)
