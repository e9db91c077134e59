"""Pieces of an utterance put together into the items of an order, from left to right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from cascade.grammar.items import (
    Item,
    check,
    differ,
    narrows,
    number_of,
    resolved,
    spread,
    whole_again,
    without_kind,
)
from cascade.grammar.lacking import (
    name_all,
    nameless,
    of_all,
    of_shares,
    only_last_lacks,
    only_last_uncounted,
)
from cascade.grammar.piece import Fields, Piece, Unclear, merge
from cascade.grammar.reading import ALL, AMONG, BREAK, EACH, JOIN, OTHER, REST
from cascade.grammar.shares import divide, divided, rest_of, some_of
from cascade.grammar.spec import GrammarSpec

_APART: Final = frozenset({JOIN, OTHER, REST})


class Assembly:
    """The items so far, and what was said before there were any."""

    def __init__(
        self,
        head: str,
        spreading: frozenset[str],
        spec: GrammarSpec,
        *,
        apart: bool = False,
        shop: bool = False,
        given: bool = False,
        plain: bool = False,
        some: bool = False,
    ) -> None:
        """``head`` is the field of the name, ``spreading`` are those said of one item and perhaps meant for all.

        ``apart`` says that each of several people gets something, ``shop`` that one shop named first may be meant for
        everything, ``given`` that somebody was named to get a share, ``plain`` that nothing is to be added to some,
        ``some`` that one share may stand for itself: 两杯奶茶，一杯加椰果.
        """
        self.head = head
        self.spec = spec
        self.apart = apart
        self.shop = shop
        self.given = given
        self.plain = plain
        self.some = some
        self.clause = 0
        self.leads: frozenset[str] = frozenset()
        """Of the spreading fields, those that stand before everything else: 蜜雪两杯柠檬水一杯奶茶."""
        self.joined = False
        """Whether an item was joined to those before it after a pause: 一杯奶茶，和一杯果茶."""
        self.spreading = spreading
        self.items: list[Item] = []
        self.leading: Fields = {}
        self.everywhere: Fields = {}
        self.sealed = False
        self.promised: Item | None = None
        """How many there will be, where that was said first: 两杯都要热的."""
        self.described = False
        """Whether what was said last is of each."""
        self.continued = False
        """Whether what was said last is of all, and what follows it is too: 都热的，半糖."""
        self.totalled = False
        """Whether it was said how many all items are together."""
        self.scope: Item | None = None
        """The item that a following 都 speaks of: 奶茶都要热的."""

    def add(self, piece: Piece) -> None:
        """Take in the next piece. Raises :class:`~cascade.grammar.piece.Unclear`."""
        if self.scope is not None and piece.link is not ALL:
            raise Unclear("tie", "a name said again for nothing")
        if not self.items and not self.leading and piece.headed:
            self.leads = piece.leads & self.spreading
        self.joined |= piece.link in _APART and piece.clause != self.clause and bool(self.items)
        self.clause = piece.clause
        _BY_LINK[piece.link](self, piece)
        if piece.number is not None or piece.headed or piece.shares:
            self.continued = False
        self.described = piece.link is EACH and piece.number is not None

    def finish(self) -> list[Item]:
        """The items of the whole order, in the order spoken. Raises :class:`~cascade.grammar.piece.Unclear`."""
        if self.scope is not None:
            raise Unclear("tie", "a name said again for nothing")
        if self.promised is not None and not self.promised.subs:
            raise Unclear("tie", "a quantity for all of nothing")
        some = self.some and len(self.items) == 1
        items = [
            one
            for item in self.items
            for one in resolved(item, given=self.given, apart=self.apart, some=some)
        ]
        if not items and (self.leading or self.everywhere):
            items = [Item(None, False, 0)]
        if self.leading and len(items) > 1 and not self.leading.keys() <= self.spreading:
            raise Unclear("tie", "said before several items")
        for item in items:
            merge(item.fields, self.everywhere)
            merge(item.fields, self.leading)
        if not self.totalled:
            items = without_kind(self.spec, items, self.head)
        if self.shop and not self.joined:
            spread(items, self.leads)
        check(self.spec, items, self.head, self.spreading, totalled=self.totalled)
        return items


def _plain(assembly: Assembly, piece: Piece) -> None:
    if _counts_the_row(assembly.items, piece):
        raise Unclear("tie", "how many of the last, or of all")
    if piece.shares:
        _shared(assembly, piece)
    elif piece.headed:
        _named(assembly, piece)
    elif piece.number is not None:
        _counted(assembly, piece)
    else:
        _described(assembly, piece)


def _counts_the_row(items: list[Item], piece: Piece) -> bool:
    """Whether several are counted after the last of names that are joined: 拿铁和美式来两杯 may be one of each."""
    several = bool(piece.shares) or (piece.number or 1) > 1
    if not (piece.late and several and piece.link is JOIN and items):
        return False
    return all(item.headed and item.number is None and item.clause == piece.clause for item in items)


def _shared(assembly: Assembly, piece: Piece) -> None:
    if not piece.headed:
        divide(assembly.items, piece)
    elif assembly.sealed or any(not item.headed for item in assembly.items):
        raise Unclear("tie", "another item after what was said of all")
    else:
        assembly.items.append(divided(piece))


def _named(assembly: Assembly, piece: Piece) -> None:
    items = assembly.items
    if nameless(items) and len(items[0].subs) > 1 and piece.number in (None, items[0].number):
        items[0].headed = True  # 一冷一热，两杯拿铁
        merge(items[0].fields, piece.fields)
        return
    if piece.number is None and not piece.turn and _told_again(assembly, piece):
        return
    if len(items) > 1 and not any(item.headed for item in items):
        if piece.number is not None or not name_all(assembly.items):
            raise Unclear("tie", "a name after parts without one")
        for item in items:
            merge(item.fields, piece.fields)  # 一杯三分糖另一杯七分糖，奶茶
        return
    new = Item(piece.number, True, piece.clause, piece.fields, turn=piece.turn, more=piece.link is not BREAK)
    if len(items) == 1 and not items[0].headed and items[0].number is not None and not items[0].divided:
        if any(not sub.headed for sub in items[0].subs):
            raise Unclear("tie", "a name after parts without one")
        if piece.more and piece.number is not None and items[0].subs and items[0].subs[-1].number is None:
            raise Unclear("tie", "one of those counted, or another")  # 两杯，奶绿，再来一杯果茶
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
    if _another(assembly, piece, same):
        return False
    if len(same) > 1 or not (same[0].number or _one_each(assembly)) or same[0].divided or same[0].subs:
        raise Unclear("tie", "a name that was said before")
    if len(piece.fields) == 1:
        assembly.scope = same[0]
    merge(same[0].fields, piece.fields)
    return True


def _one_each(assembly: Assembly) -> bool:
    """Whether there is one of each name, as many as was said first: 两杯，奶绿和奶青，奶绿热."""
    first = assembly.items[0]
    named = all(sub.headed and sub.number is None for sub in first.subs)
    return named and not first.headed and first.number == len(first.subs)


def _another(assembly: Assembly, piece: Piece, same: list[Item]) -> bool:
    """Whether a name said again is another item: 热奶茶和冰奶茶, 我要大杯奶茶，我弟要小杯奶茶."""
    if not (assembly.apart or piece.link is JOIN) or any(item.number is not None for item in same):
        return False
    return all(differ(item.fields, piece.fields) for item in same)


def _counted(assembly: Assembly, piece: Piece) -> None:
    """A quantity without a name: the first item, the quantity of the name before it, or a share of that."""
    items = assembly.items
    new = Item(piece.number, False, piece.clause, piece.fields, closed=assembly.sealed)
    if not items:
        items.append(new)
        return
    last = items[-1]
    if len(items) == 1 and last.headed and last.number is None and not last.subs and piece.link is BREAK:
        last.number = piece.number
        merge(last.fields, piece.fields)
    elif piece.link is BREAK and only_last_uncounted(items, piece):
        last.number = piece.number  # 奶茶，热，三杯；果茶，冰，三杯
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
    if assembly.described:
        _give_all(items, piece)  # 奶茶果茶各一杯，少冰
        return
    if len(items) > 1 and only_last_lacks(items, piece, assembly.spreading):
        merge(items[-1].fields, piece.fields)
        return
    if assembly.continued and not _lists(piece.fields):
        _give_all(items, piece)
        return
    if len(items) > 1 or len(items[0].subs) > 1 or items[0].divided:
        shop = assembly.shop and not assembly.joined and of_all(items, piece, assembly.spreading)
        if not (shop or of_shares(items, piece)):
            raise Unclear("tie", "said after several items")
        for item in items:
            merge(item.fields, piece.fields)  # 一杯拿铁，一杯美式，瑞幸的
        return
    if not items[0].subs:
        merge(items[0].fields, piece.fields)
    elif items[0].subs[0].number is None or (
        whole_again(items[0]) and not (assembly.apart or assembly.given)
    ):
        merge(items[0].subs[0].fields, piece.fields)
    else:
        raise Unclear("tie", "said after a share")


def _give_all(items: list[Item], piece: Piece) -> None:
    """Say something of every item, and of each share where there are shares of several kinds."""
    for item in items:
        for one in item.subs if len(item.subs) > 1 else (item,):
            merge(one.fields, piece.fields)


def _lists(fields: Fields) -> bool:
    """Whether something is added or left out, which may be meant for one alone."""
    return any(isinstance(value, list) for value in fields.values())


def _of_all(assembly: Assembly, piece: Piece) -> None:
    total = sum(number_of(item) for item in assembly.items)
    if assembly.scope is not None:
        if number_of(assembly.scope) == 1 and len(assembly.items) > 1:
            raise Unclear("tie", "of all, or of the one named again")  # 一杯奶茶一杯果茶是果茶都去冰
        merge(assembly.scope.fields, piece.fields)
        assembly.scope = None
        return
    if not assembly.items and piece.number is not None and piece.fields and not piece.headed:
        assembly.items.append(Item(piece.number, False, piece.clause, piece.fields))
        assembly.promised = assembly.items[0]  # 两杯都要热的，一杯奶茶一杯果茶
        return
    if piece.headed and narrows(assembly.spec, assembly.items, piece.fields, assembly.head):
        piece.headed = False
    if piece.number not in (None, total) or (piece.headed and not name_all(assembly.items)):
        raise Unclear("tie", "a name or a quantity for all")
    assembly.totalled |= piece.number is not None
    if not assembly.items:
        merge(assembly.everywhere, piece.fields)
        return
    _give_all(assembly.items, piece)
    if piece.fields:
        assembly.sealed = True
        assembly.continued = not _lists(piece.fields)


def _for_each(assembly: Assembly, piece: Piece) -> None:
    if piece.number is None and not piece.headed:
        _of_all(assembly, piece)
        return
    items = assembly.items
    if len(items) == 1 and len(items[0].subs) > 1:  # 三杯，奶茶果茶咖啡各一杯
        items = items[0].subs
    if piece.headed or len(items) < 2:
        raise Unclear("tie", "a quantity for each")
    for item in items:
        if item.number is not None or item.subs:
            raise Unclear("tie", "a quantity for each, and one before")
        item.number = piece.number
        merge(item.fields, piece.fields)


def _among(assembly: Assembly, piece: Piece) -> None:
    some_of(assembly.items, piece)


def _remaining(assembly: Assembly, piece: Piece) -> None:
    """另一杯, 剩下的: what was not spoken of yet, and nothing else."""
    if piece.headed and piece.link is OTHER and assembly.items:
        _plain(assembly, piece)
        return
    kept = frozenset({assembly.head, *assembly.spreading})
    rest_of(assembly.items, piece, kept, plain=assembly.plain)


_BY_LINK: Final[Mapping[str, Callable[[Assembly, Piece], None]]] = {
    BREAK: _plain,
    JOIN: _plain,
    ALL: _of_all,
    EACH: _for_each,
    AMONG: _among,
    OTHER: _remaining,
    REST: _remaining,
}
