"""Shares that were said in one word, 一冰一热, put to the item that they are shares of."""

from __future__ import annotations

from cascade.grammar.composer import Piece, Unclear
from cascade.grammar.items import Item


def divided(piece: Piece) -> Item:
    """The item of a piece with shares.

    Raises :class:`~cascade.grammar.composer.Unclear` where they are not all of it.
    """
    total = sum(number for number, _ in piece.shares)
    if piece.number not in (None, total):
        raise Unclear("tie", f"the shares do not add up to {piece.number}")
    item = Item(total, piece.headed, piece.clause, piece.fields)
    item.subs = [Item(number, False, piece.clause, fields) for number, fields in piece.shares]
    return item


def divide(items: list[Item], piece: Piece) -> None:
    """Shares without a name are those of the one item they add up to: 一杯美式，两杯拿铁，一冰一热.

    Raises :class:`~cascade.grammar.composer.Unclear` where that may be another.
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
