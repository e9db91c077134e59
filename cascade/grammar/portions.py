"""Whether a portion of something is a drink of its own, or goes into a cup: 再来一份芋圆, 一杯拿铁两份浓缩."""

from __future__ import annotations

from cascade.grammar.entry import ROLE
from cascade.grammar.reading import Reading


def beside_cups(reading: Reading, place: int) -> bool:
    """Whether portions are counted where cups were counted before."""
    counts = [
        entry.roles & ROLE["portion"] for entry, _, _ in reading.tokens[:place] if entry.kind == "measure"
    ]
    counted = len(counts) > 1 and reading.at(place - 1)[0].kind == "measure"
    return counted and bool(counts[-1]) and not counts[0] and not again(reading, place)


def again(reading: Reading, place: int) -> bool:
    """Whether a portion is ordered in addition: 再来一份."""
    at = place - 1
    portion = reading.at(at)[0].roles & ROLE["portion"]
    while at >= 0 and reading.at(at)[0].roles & (ROLE["portion"] | ROLE["numeral"]):
        at -= 1
    return bool(portion and reading.at(at)[0].roles & ROLE["again"])
