"""What the items so far still lack, so that a piece said later can only be of them.

The name in 一杯半糖，一杯无糖，都是奶茶 is that of both, 冰的 in 一杯奶茶，热的，一杯果茶，冰的 is of the last alone.
"""

from __future__ import annotations

from cascade.grammar.items import Item, number_of, trails
from cascade.grammar.piece import Piece


def nameless(items: list[Item]) -> bool:
    """Whether there is one item, spelled out as shares, and no name yet: 一冷一热."""
    return len(items) == 1 and not items[0].headed and all(not sub.headed for sub in items[0].subs)


def name_all(items: list[Item]) -> bool:
    """Give one name to all items, where none has one: 一杯半糖，一杯无糖，都是奶茶."""
    parts = [part for item in items for part in item.subs or (item,)]
    if not parts or any(part.headed for part in (*items, *parts)) or any(p.number is None for p in parts):
        return False
    if trails(parts):
        return False  # 一杯半糖一杯全糖去冰，都是奶茶
    for part in (*items, *parts):
        part.headed = True
    return True


def only_last_uncounted(items: list[Item], piece: Piece) -> bool:
    """Whether a quantity is that of the last item, the only one without: 奶茶，热，三杯；果茶，冰，三杯.

    One that all items make together may be their sum.
    """
    *others, last = items
    total = sum(number_of(item) for item in items)
    counted = bool(others) and all(item.headed and item.number is not None for item in others)
    whole = not any(item.subs or item.divided for item in items)
    return counted and whole and last.headed and last.number is None and piece.number != total


def only_last_lacks(items: list[Item], piece: Piece, spreading: frozenset[str]) -> bool:
    """一杯奶茶，热的，一杯果茶，冰的: what every item before the last has already is said of the last alone."""
    *others, last = items
    names = piece.fields.keys()
    if any(isinstance(value, list) for value in piece.fields.values()) or names & spreading:
        return False
    if any(item.subs or item.divided for item in items) or names & last.fields.keys():
        return False
    return bool(names) and all(names <= item.fields.keys() for item in others)


def of_all(items: list[Item], piece: Piece, spreading: frozenset[str]) -> bool:
    """一杯拿铁，一杯美式，瑞幸的: a shop said by itself after names that have none is that of all."""
    names = piece.fields.keys()
    parts = [part for item in items for part in (item, *item.subs)]
    named = all(item.headed or (item.subs and all(sub.headed for sub in item.subs)) for item in items)
    return (
        named and bool(names) and names <= spreading and not any(names & part.fields.keys() for part in parts)
    )


def of_shares(items: list[Item], piece: Piece) -> bool:
    """六杯奶茶，三杯热三杯冰，半糖: what none of the shares of one name has, said by itself after a row of them.

    In 两杯奶茶，一杯热的，一杯冰的，半糖 it may be the last one's.
    """
    subs = items[0].subs
    if len(items) > 1 or len(subs) < 2 or items[0].divided or not items[0].headed:
        return False
    if any(sub.headed or sub.clause != subs[0].clause or sub.clause == piece.clause for sub in subs):
        return False
    names = piece.fields.keys()
    alike = all(sub.fields.keys() == subs[0].fields.keys() for sub in subs)
    new = not any(names & part.fields.keys() for part in (items[0], *subs))
    return alike and new and not any(isinstance(value, list) for value in piece.fields.values())
