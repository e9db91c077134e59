"""The items of an order as far as they are known, and what makes a finished row of them unclear.

An order is wrong as soon as one item of it may be another, or none: whatever leaves that open is refused here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from cascade.grammar.piece import Fields, Unclear, merge
from cascade.grammar.spec import GrammarSpec


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
    turn: bool = False
    """Whether it is said to be somebody else's than those before it."""
    more: bool = False
    """Whether it is ordered in addition to those before it: 再来三杯美式."""
    closed: bool = False
    """Whether everything before it was spoken of as a whole, so that it is of them: 两杯奶茶两个都热一个加珍珠."""

    def copy(self, number: int | None) -> Item:
        fields = {
            name: list(value) if isinstance(value, list) else value for name, value in self.fields.items()
        }
        return Item(number, self.headed, self.clause, fields)


def number_of(item: Item) -> int:
    """How many an item is; one where that was not said."""
    return 1 if item.number is None else item.number


def differ(fields: Fields, other: Fields) -> bool:
    """Whether one thing was said of both and is not the same."""
    return any(fields[name] != value for name, value in other.items() if name in fields)


def resolved(item: Item, *, given: bool, apart: bool, some: bool = False) -> list[Item]:
    """An item, or what it was spelled out as; the shares must add up.

    ``given`` says that people were named for the shares, ``apart`` that each of several people gets something, ``some``
    that nobody begins anew before a share.
    """
    subs = item.subs
    if not subs:
        return [item]
    alike = given and len(subs) > 1 and not any(sub.headed or sub.fields != subs[0].fields for sub in subs)
    if alike and sum(map(number_of, subs)) == item.number:
        merge(item.fields, subs[0].fields)
        return [item]  # 两杯奶茶，一杯给我一杯给我妈，都少糖
    alone = len(subs) == 1 and bool(subs[0].fields) and number_of(subs[0]) < number_of(item)
    if alone and (subs[0].closed or (some and not (given or apart) and _adds(item, subs[0]))):
        share, rest = item.copy(subs[0].number), item.copy(number_of(item) - number_of(subs[0]))
        merge(share.fields, subs[0].fields)
        return [share, rest]
    if len(subs) == 1 and (apart or given or not whole_again(item)):
        if not subs[0].headed or subs[0].number is not None:
            raise Unclear("tie", "one share of several")
        subs[0].number = item.number
    if trails(subs):
        raise Unclear("tie", "said of the last share, or of all")
    for sub in subs:
        merge(sub.fields, item.fields)
    if sum(number_of(sub) for sub in subs) != item.number:
        raise Unclear("tie", f"the shares do not add up to {item.number}")
    return subs


def trails(shares: list[Item]) -> bool:
    """Whether what is said last of a row of shares may be of all: 少糖 in 两杯奶茶一杯热的一杯冰的少糖.

    It is of the last in 一杯热的一杯少糖冰的, in 一杯热的，一杯冰的少糖, and where nothing else tells that one from
    another: 一杯热的一杯热的少糖.
    """
    *others, last = shares
    if not others or any(share.headed or share.clause != last.clause for share in shares):
        return False
    shared, told = others[0].fields.keys(), [*last.fields]
    if not shared or len(told) <= len(shared) or {*told[: len(shared)]} != shared:
        return False
    return all(share.fields.keys() == shared and differ(share.fields, last.fields) for share in others)


def _adds(item: Item, share: Item) -> bool:
    """Whether a share differs from the rest in what is added or left out, and the rest has a name and nothing more."""
    parts = all(isinstance(value, list) for value in share.fields.values())
    return parts and not share.headed and item.headed and len(item.fields) == 1


def whole_again(item: Item) -> bool:
    """Whether how many there are was said once by itself, and again with the name: 三杯，三杯美式."""
    if len(item.subs) != 1 or item.headed or item.fields:
        return False
    again = item.subs[0]
    return again.headed and again.number == item.number and number_of(again) > 1 and not again.more


def spread(items: list[Item], names: frozenset[str]) -> None:
    """Give every item what was said once before all, where all are counted or none is: 蜜雪两杯柠檬水，一杯奶茶."""
    for name in names:
        said = [item.fields[name] for item in items if name in item.fields]
        uncounted = {item.number is None for item in items}
        if len(said) == 1 and all(item.headed for item in items) and len(uncounted) == 1:
            for item in items:
                item.fields[name] = said[0]


def narrows(spec: GrammarSpec, items: list[Item], fields: Fields, head: str) -> bool:
    """Give the one item of a kind the name of its sort, where that was said of all: 三杯咖啡，都要拿铁."""
    exact = str(fields[head])
    if len(items) != 1 or not items[0].headed or any(sub.headed for sub in items[0].subs):
        return False
    name = str(items[0].fields.get(head))
    sort = name in spec.generic and exact != name and exact.endswith((name, *spec.kinds.get(name, ())))
    if sort:
        items[0].fields[head] = fields[head]
    return sort


def without_kind(spec: GrammarSpec, items: list[Item], head: str) -> list[Item]:
    """Without a first item that only says what the others are, and how many: 六杯咖啡，三杯拿铁三杯美式."""
    if len(items) < 3 or not all(item.headed and item.number is not None for item in items):
        return items
    first, *others = items
    endings = spec.kinds.get(str(first.fields.get(head)), ())
    of_kind = all(str(item.fields.get(head)).endswith(endings) for item in others) if endings else False
    plain = first.fields.keys() == {head} and all(item.fields[head] != first.fields[head] for item in others)
    return others if of_kind and plain and first.number == sum(map(number_of, others)) else items


def check(
    spec: GrammarSpec, items: list[Item], head: str, spreading: frozenset[str], *, totalled: bool
) -> None:
    """Hold the items of an order against each other. Raises :class:`~cascade.grammar.piece.Unclear`.

    ``totalled`` says that how many they are together was said, and is right.
    """
    for name in spreading:
        if 0 < sum(name in item.fields for item in items) < len(items):
            raise Unclear("tie", f"{name} of some items may be meant for all")
    _check_kind(spec, items, head)
    _check_bare(items)
    _check_named(items, head)
    _check_repeated(spec, items, head, totalled=totalled)


def _check_kind(spec: GrammarSpec, items: list[Item], head: str) -> None:
    """点个咖啡，生椰拿铁，一杯美式: the first may only say what the others are."""
    first, *others = items or [Item(None, False, 0)]
    if any(item.turn for item in others):
        return  # 我要咖啡，她要拿铁
    endings = spec.kinds.get(str(first.fields.get(head)), ())
    sorts = bool(endings) and all(str(item.fields.get(head)).endswith(endings) for item in others)
    if sorts and others and first.fields.keys() == {head} and number_of(first) == 1:
        raise Unclear("tie", f"{first.fields[head]} may be what the others are")


def _check_bare(items: list[Item]) -> None:
    """两杯奶茶和果茶: one fruit tea or two?"""
    several = False
    for item in items:
        if item.number is None and several:
            raise Unclear("tie", "a name without a quantity after several of another")
        several = several or number_of(item) > 1


def _check_named(items: list[Item], head: str) -> None:
    """奶茶来一杯，要珍珠奶茶: the second name, without a quantity, may only say which tea."""
    for at, other in enumerate(items):
        for item in items[:at]:
            name, exact = item.fields.get(head), other.fields.get(head)
            if other.turn or (name == exact and differ(item.fields, other.fields)):
                continue  # 我要珍珠奶茶她要奶茶, 热奶茶和冰奶茶
            open_ = other.number is None or (name == exact and item.number is None)
            if open_ and name and exact and str(exact) in str(name):
                raise Unclear("tie", f"{exact} may be the {name} before it")  # 冬瓜茶和古早味红茶，红茶半糖
    for item, other in pairwise(items):
        name, exact = item.fields.get(head), other.fields.get(head)
        bare = item.number is not None and len(item.fields) == 1 and other.number is None and not other.turn
        if bare and name and exact and exact != name and str(exact).endswith(str(name)):
            raise Unclear("tie", f"{exact} may be the {name} before it")


def _check_repeated(spec: GrammarSpec, items: list[Item], head: str, *, totalled: bool) -> None:
    """An item said twice may be one, and an item as large as all that follow together may be their sum."""
    for at, item in enumerate(items):
        following = items[at + 1 :]
        if any(item.fields == other.fields for other in following):  # 奶茶一杯，欸奶茶也三杯
            raise Unclear("tie", "the same item twice")
        summed = len(following) > 1 and number_of(item) == sum(map(number_of, following))
        if summed and not totalled and _may_sum(spec, item, following, head):
            raise Unclear("tie", "an item or the sum of those after it")


def _may_sum(spec: GrammarSpec, item: Item, others: list[Item], head: str) -> bool:
    """Whether a name may stand for those after it: 奶茶 for 珍珠奶茶, and no 拿铁 for 果茶."""
    name = item.fields.get(head)
    if any(differ({**item.fields, head: None}, {**other.fields, head: None}) for other in others):
        return False  # 热奶茶两杯，冰奶茶一杯，温奶茶一杯
    return (
        not name or name in spec.generic or all(str(name) in str(other.fields.get(head)) for other in others)
    )
