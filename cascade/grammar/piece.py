"""What marks are cut into: a quantity, a name and what is said of them; and fields of an item, filled one by one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cascade.grammar.entry import Vague
from cascade.grammar.reading import OMIT, PART

Fields = dict[str, Any]
"""Fields of one item as the answer model takes them; parts are lists."""


class Unclear(Exception):
    """The marks make no one order; ``reason`` is ``tie`` or ``conflict``."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(slots=True)
class Piece:
    """A quantity, a head and what is said of them, as far as any of it is there."""

    link: str
    clause: int
    number: int | None = None
    headed: bool = False
    fields: Fields = field(default_factory=dict)
    shares: list[tuple[int, Fields]] = field(default_factory=list)
    """What it is made of, where that was said in one word: 一冰一热."""
    leads: frozenset[str] = frozenset()
    """Fields that were said before its quantity and its name."""
    between: frozenset[str] = frozenset()
    """Fields that were said after its name and before its quantity."""
    late: bool = False
    """Whether it is counted after its name: 奶茶两杯."""
    turn: bool = False
    """Whether somebody else says what is theirs, which is no item before it."""
    more: bool = False
    """Whether it is said to come in addition to what stands before it: 再来一杯."""


def put(fields: Fields, kind: str, name: str, value: Any) -> None:
    """Add what one mark says. Raises :class:`Unclear` when something else was said before."""
    if kind is PART or kind is OMIT:
        values = fields.setdefault(name, [])
        if value not in values:
            values.append(value)
    elif (said := fields.setdefault(name, value)) is value or (said == value and isinstance(value, Vague)):
        return
    elif said == value or (isinstance(said, Vague) and value in said.exact):
        fields[name] = value
    elif not (isinstance(value, Vague) and said in value.exact):
        raise Unclear("conflict", f"two values for {name}: {said} and {value}")


def merge(into: Fields, other: Fields) -> None:
    """Add all that ``other`` says. Raises as :func:`put` does."""
    for name, value in other.items():
        if isinstance(value, list):
            for one in value:
                put(into, PART, name, one)
        else:
            put(into, "", name, value)
