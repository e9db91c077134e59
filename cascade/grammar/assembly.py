"""Pieces of an utterance put together into the items of an order, from left to right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from cascade.grammar.composer import Fields, Piece, Unclear, merge
from cascade.grammar.reading import ALL, AMONG, BREAK, EACH, JOIN, OTHER, REST


@dataclass(slots=True)
class Item:
    """An item so far. ``number`` is ``None`` until a quantity is said."""

    number: int | None
    headed: bool
    clause: int
    fields: Fields = field(default_factory=dict)
    divided: bool = False
    """Whether 其中 has split some of it off: ``number`` is what is left."""
    subs: list[Item] = field(default_factory=list)
    """What the item is made of, where that was spelled out: 两杯，一杯半糖一杯全糖."""

    def copy(self, number: int | None) -> Item:
        fields = {
            name: list(value) if isinstance(value, list) else value for name, value in self.fields.items()
        }
        return Item(number, self.headed, self.clause, fields)


class Assembly:
    """The items so far, and what was said before there were any."""

    def __init__(self, head: str, spreading: frozenset[str]) -> None:
        """``head`` is the field of the name, ``spreading`` are those said of one item and perhaps meant for all."""
        self.head = head
        self.spreading = spreading
        self.items: list[Item] = []
        self.leading: Fields = {}
        self.everywhere: Fields = {}
        self.sealed = False
        self.scope: Item | None = None
        """The item that a following 都 speaks of: 奶茶都要热的."""

    def add(self, piece: Piece) -> None:
        """Take in the next piece. Raises :class:`~cascade.grammar.composer.Unclear`."""
        if self.scope is not None and piece.link is not ALL:
            raise Unclear("tie", "a name said again for nothing")
        _BY_LINK[piece.link](self, piece)

    def finish(self) -> list[Item]:
        """The items of the whole order, in the order spoken. Raises :class:`~cascade.grammar.composer.Unclear`."""
        if self.scope is not None:
            raise Unclear("tie", "a name said again for nothing")
        items = [one for item in self.items for one in _resolved(item)]
        if not items and (self.leading or self.everywhere):
            items = [Item(None, False, 0)]
        if self.leading and len(items) > 1 and not self.leading.keys() <= self.spreading:
            raise Unclear("tie", "said before several items")
        for item in items:
            merge(item.fields, self.everywhere)
            merge(item.fields, self.leading)
        self._check_spreading(items)
        _check_bare(items)
        _check_named(items, self.head)
        _check_repeated(items)
        return items

    def _check_spreading(self, items: list[Item]) -> None:
        for name in self.spreading:
            if 0 < sum(name in item.fields for item in items) < len(items):
                raise Unclear("tie", f"{name} of some items may be meant for all")


def _plain(assembly: Assembly, piece: Piece) -> None:
    if piece.headed:
        _named(assembly, piece)
    elif piece.number is not None:
        _counted(assembly, piece)
    else:
        _described(assembly, piece)


def _named(assembly: Assembly, piece: Piece) -> None:
    items = assembly.items
    if piece.number is None and _told_again(assembly, piece):
        return
    new = Item(piece.number, True, piece.clause, piece.fields)
    if len(items) == 1 and not items[0].headed and items[0].number is not None and not items[0].divided:
        if any(not sub.headed for sub in items[0].subs):
            raise Unclear("tie", "a name after parts without one")
        items[0].subs.append(new)
        return
    if assembly.sealed:
        raise Unclear("tie", "another item after what was said of all")
    items.append(new)


def _told_again(assembly: Assembly, piece: Piece) -> bool:
    """一杯奶茶，一杯咖啡，奶茶热: a name said before, now without a quantity, is that item and no other."""
    same = [
        one
        for item in assembly.items
        for one in (item, *item.subs)
        if one.fields.get(assembly.head) == piece.fields[assembly.head]
    ]
    if not same:
        return False
    if len(same) > 1 or same[0].number is None or same[0].divided or same[0].subs:
        raise Unclear("tie", "a name that was said before")
    if len(piece.fields) == 1:
        assembly.scope = same[0]
    merge(same[0].fields, piece.fields)
    return True


def _counted(assembly: Assembly, piece: Piece) -> None:
    """A quantity without a name: the first item, the quantity of the name before it, or a share of that."""
    items = assembly.items
    new = Item(piece.number, False, piece.clause, piece.fields)
    if not items:
        items.append(new)
        return
    last = items[-1]
    if len(items) == 1 and last.headed and last.number is None and not last.subs and piece.link is BREAK:
        last.number = piece.number
        merge(last.fields, piece.fields)
    elif piece.link is JOIN and not last.subs:
        raise Unclear("tie", "another quantity without a name")
    elif last.number is not None and last.number > 1 and not last.divided:
        if any(sub.headed for sub in last.subs):
            raise Unclear("tie", "a share without a name after named ones")
        last.subs.append(new)
    else:
        raise Unclear("tie", "a quantity without a name")


def _described(assembly: Assembly, piece: Piece) -> None:
    items = assembly.items
    if not items:
        merge(assembly.leading, piece.fields)
        return
    if len(items) > 1 or len(items[0].subs) > 1 or items[0].divided:
        raise Unclear("tie", "said after several items")
    if not items[0].subs:
        merge(items[0].fields, piece.fields)
    elif items[0].subs[0].number is None:
        merge(items[0].subs[0].fields, piece.fields)
    else:
        raise Unclear("tie", "said after a share")


def _of_all(assembly: Assembly, piece: Piece) -> None:
    total = sum(_number(item) for item in assembly.items)
    if assembly.scope is not None:
        merge(assembly.scope.fields, piece.fields)
        assembly.scope = None
        return
    if piece.headed or (piece.number is not None and piece.number != total):
        raise Unclear("tie", "a name or a quantity for all")
    if not assembly.items:
        merge(assembly.everywhere, piece.fields)
        return
    for item in assembly.items:
        for one in item.subs or (item,):
            merge(one.fields, piece.fields)
    if piece.fields:
        assembly.sealed = True


def _for_each(assembly: Assembly, piece: Piece) -> None:
    if piece.number is None and not piece.headed:
        _of_all(assembly, piece)
        return
    if piece.headed or piece.fields or len(assembly.items) < 2:
        raise Unclear("tie", "a quantity for each")
    for item in assembly.items:
        if item.number is not None or item.subs:
            raise Unclear("tie", "a quantity for each, and one before")
        item.number = piece.number


def _among(assembly: Assembly, piece: Piece) -> None:
    """其中一杯去冰: the rest keeps what was said."""
    last = assembly.items[-1] if assembly.items else None
    if (
        last is None
        or piece.headed
        or piece.number is None
        or last.subs
        or last.divided
        or last.number is None
    ):
        raise Unclear("tie", "some of what")
    if (
        piece.number >= last.number
        or not piece.fields
        or (len(assembly.items) > 1 and piece.clause != last.clause)
    ):
        raise Unclear("tie", "some of which")
    some = last.copy(piece.number)
    merge(some.fields, piece.fields)
    last.number -= piece.number
    last.divided = True
    assembly.items.insert(len(assembly.items) - 1, some)


def _remaining(assembly: Assembly, piece: Piece) -> None:
    """另一杯, 剩下的: what was not spoken of yet, and nothing else."""
    if piece.headed and piece.link is OTHER and assembly.items:
        _plain(assembly, piece)
        return
    last = assembly.items[-1] if assembly.items else None
    if last is None or last.number is None or piece.headed or not piece.fields:
        raise Unclear("tie", "the rest of what")
    left = last.number - sum(_number(sub) for sub in last.subs)
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


def _number(item: Item) -> int:
    return 1 if item.number is None else item.number


def _resolved(item: Item) -> list[Item]:
    """An item, or what it was spelled out as; the shares must add up."""
    subs = item.subs
    if not subs:
        return [item]
    if len(subs) == 1:
        if not subs[0].headed or subs[0].number is not None:
            raise Unclear("tie", "one share of several")
        subs[0].number = item.number
    for sub in subs:
        merge(sub.fields, item.fields)
    if sum(_number(sub) for sub in subs) != item.number:
        raise Unclear("tie", f"the shares do not add up to {item.number}")
    return subs


def _check_bare(items: list[Item]) -> None:
    """两杯奶茶和果茶: one fruit tea or two?"""
    several = False
    for item in items:
        if item.number is None and several:
            raise Unclear("tie", "a name without a quantity after several of another")
        several = several or _number(item) > 1


def _check_named(items: list[Item], head: str) -> None:
    """奶茶来一杯，要珍珠奶茶: the second name, without a quantity, may only say which tea."""
    for at, other in enumerate(items):
        for item in items[:at]:
            name, exact = item.fields.get(head), other.fields.get(head)
            open_ = other.number is None or (name == exact and item.number is None)
            if open_ and name and exact and str(exact) in str(name):
                raise Unclear("tie", f"{exact} may be the {name} before it")  # 冬瓜茶和古早味红茶，红茶半糖
    for item, other in pairwise(items):
        name, exact = item.fields.get(head), other.fields.get(head)
        bare = item.number is not None and len(item.fields) == 1 and other.number is None
        if bare and name and exact and exact != name and str(exact).endswith(str(name)):
            raise Unclear("tie", f"{exact} may be the {name} before it")


def _check_repeated(items: list[Item]) -> None:
    """An item said twice may be one, and an item as large as all that follow together may be their sum."""
    for at, item in enumerate(items):
        following = items[at + 1 :]
        if any(item.fields == other.fields for other in following):  # 奶茶一杯，欸奶茶也三杯
            raise Unclear("tie", "the same item twice")
        if len(following) > 1 and _number(item) == sum(map(_number, following)):
            raise Unclear("tie", "an item or the sum of those after it")


_BY_LINK: Final[Mapping[str, Callable[[Assembly, Piece], None]]] = {
    BREAK: _plain,
    JOIN: _plain,
    ALL: _of_all,
    EACH: _for_each,
    AMONG: _among,
    OTHER: _remaining,
    REST: _remaining,
}
