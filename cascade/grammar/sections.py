"""What a stronger sign parts: two names, each with what is said of it after a pause: 两杯奶茶，少冰；一杯果茶，半糖."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from cascade.grammar.entry import ROLE
from cascade.grammar.reading import Reading

_STRONGER, _WEAKER = (";", "。"), (",", "、")
"""Signs between items, and between what is said of one."""
_COUNTS: Final = frozenset({"numeral", "count", "measure"})
_OF_ITEMS: Final = frozenset({"attribute", "part", "each", "other", "among", "rest", *_COUNTS})
_DESCRIBES: Final = frozenset({"attribute", "part"})
_OF_SOME: Final = sum(
    ROLE[name] for name in ("all", "each", "sort", "other", "among", "rest", "again", "falter", "amend")
)
_TWO: Final = 2


def sections(reading: Reading, heads: list[int]) -> tuple[set[int], set[int]]:
    """Pauses within what is said of one name, and the places where another begins: 两杯奶茶，少冰；一杯果茶，半糖.

    A stronger sign parts them only where every one of them is described: in 奶茶；果茶，少冰 it may be said of both.
    """
    entries = [token[0] for token in reading.tokens]
    edges = [-1, *(at for at, entry in enumerate(entries) if entry.form in _STRONGER), len(entries)]
    stretches = [range(first + 1, last) for first, last in pairwise(edges) if last > first + 1]
    if len(stretches) < _TWO or reading.changing:
        return set(), set()
    pauses: set[int] = set()
    for stretch in stretches:
        names = [at for at in stretch if at in heads]
        said = [entries[at] for at in stretch]
        if not names and pauses and not any(entry.kind in _OF_ITEMS for entry in said):
            continue  # 送到公司
        after = [at for at in stretch if names and at > names[0]]
        counted = sum(entry.kind in ("numeral", "count", "measure") for entry in said)
        told = any(entries[at].kind in ("attribute", "part") for at in after)
        if len(names) != 1 or not told or counted > _TWO or any(entry.roles & _OF_SOME for entry in said):
            return set(), set()
        pauses |= {at for at in after if entries[at].form in _WEAKER and at + 1 in stretch}
    return pauses, {stretch[0] for stretch in stretches[1:]}
