"""Shares put to the item that they are shares of: 一冰一热, 其中一杯去冰, 另一杯热的."""

from __future__ import annotations

from cascade.grammar.items import Item, number_of
from cascade.grammar.piece import Piece, Unclear, merge
from cascade.grammar.reading import OTHER


def divided(piece: Piece) -> Item:
    """The item of a piece with shares.

    Raises :class:`~cascade.grammar.piece.Unclear` where they are not all of it.
    """
    total = sum(number for number, _ in piece.shares)
    if piece.number not in (None, total):
        raise Unclear("tie", f"the shares do not add up to {piece.number}")
    item = Item(total, piece.headed, piece.clause, piece.fields)
    item.subs = [Item(number, False, piece.clause, fields) for number, fields in piece.shares]
    return item


def divide(items: list[Item], piece: Piece) -> None:
    """Shares without a name are those of the one item they add up to: 一杯美式，两杯拿铁，一冰一热.

    Raises :class:`~cascade.grammar.piece.Unclear` where that may be another.
    """
    shares = divided(piece)
    if not items:
        items.append(shares)
        return
    last = items[-1]
    if last.subs or last.divided:
        raise Unclear("tie", "shares of what")
    if last.number is None and len(items) == 1 and last.headed:
        last.number = shares.number
    others = [item.number or 1 for item in items[:-1]]
    if last.number != shares.number or any(number > 1 for number in others):
        raise Unclear("tie", "shares of which")
    last.fields.update({name: value for name, value in piece.fields.items() if name not in last.fields})
    last.subs = shares.subs


def some_of(items: list[Item], piece: Piece) -> None:
    """其中一杯去冰: the rest keeps what was said. Raises :class:`~cascade.grammar.piece.Unclear`."""
    last = items[-1] if items else None
    if (
        last is None
        or piece.headed
        or piece.number is None
        or last.subs
        or last.divided
        or last.number is None
    ):
        raise Unclear("tie", "some of what")
    if piece.number >= last.number or not piece.fields or (len(items) > 1 and piece.clause != last.clause):
        raise Unclear("tie", "some of which")
    some = last.copy(piece.number)
    merge(some.fields, piece.fields)
    last.number -= piece.number
    last.divided = True
    items.insert(len(items) - 1, some)


def _second(items: list[Item], piece: Piece, kept: frozenset[str]) -> bool:
    """Whether one is told from another of the same: 奶茶一杯少糖，另一杯半糖."""
    last = items[-1]
    alone = len(items) == 1 and not last.subs and not last.divided
    told = bool(piece.fields and last.fields.keys() - kept)
    return alone and told and piece.link is OTHER and last.number == piece.number == 1


def rest_of(items: list[Item], piece: Piece, kept: frozenset[str], *, plain: bool) -> None:
    """What was not spoken of yet: 另一杯, 剩下的. ``kept`` are the fields that another of the same has too, and
    ``plain`` says that nothing is to be added to some. Raises :class:`~cascade.grammar.piece.Unclear`.
    """
    last = items[-1] if items else None
    described = piece.fields or (plain and piece.number is not None)  # 另外两杯什么都不加
    if last is None or last.number is None or piece.headed or not described:
        raise Unclear("tie", "the rest of what")
    if _second(items, piece, kept):
        fields = {name: value for name, value in last.fields.items() if name in kept}
        merge(fields, piece.fields)
        items.append(Item(piece.number, last.headed, piece.clause, fields))
        return
    left = last.number - sum(number_of(sub) for sub in last.subs)
    if (
        not (last.divided or last.subs)
        or (piece.number if piece.number is not None else left) != left
        or left < 1
    ):
        raise Unclear("tie", "how many are left")
    if last.divided:
        merge(last.fields, piece.fields)
    else:
        last.subs.append(Item(left, False, piece.clause, piece.fields))
