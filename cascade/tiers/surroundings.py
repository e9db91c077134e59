"""What stands around a word of an order, and what an answer says: questions that the judge asks of both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from cascade.grammar import Parse
from cascade.grammar.entry import ROLE, Entry, Token
from cascade.grammar.hearing import Heard
from cascade.tiers.commanding import BREAKS
from cascade.tiers.guarding import CARRIERS, Place

ORDERING: Final = CARRIERS | {"numeral", "measure", "portion"}
"""Kinds of words that come before the name of what is ordered."""
_BETWEEN: Final = frozenset({"of", "reference", "filler"})
_SAYS: Final = ROLE["add"] | ROLE["remove"] | ROLE["reject"]
_OWNERS: Final = ROLE["owner"] | ROLE["person"]
_ASKS: Final = ROLE["carrier"] | ROLE["opener"] | ROLE["polite"] | ROLE["desire"] | ROLE["again"]
_BECOMES: Final = ROLE["change"] | ROLE["add"] | ROLE["again"] | ROLE["carrier"]
_VALUES: Final = ("head", "attribute", "part", "place", "heard")
VALUED: Final = (*_VALUES, "value", "measure")
"""Kinds of words that end what something becomes: 大杯, 自取, 两杯."""
_STATED: Final = (*_VALUES, "value", "numeral", "count")
LEADS: Final = ROLE["change"] | ROLE["add"] | ROLE["carrier"] | ROLE["again"]
"""Words that lead to what something becomes."""
_TOLD: Final = ROLE["change"] | ROLE["add"]
_INTRODUCES: Final = ":"
NOTHING: Final = Entry("", "end")


def ordered_after(tokens: Sequence[Token], end: int) -> bool:
    """Whether a word that orders stands right after a place."""
    return any(start == end and entry.kind in CARRIERS for entry, start, _ in tokens)


def only_named(parse: Parse, names: Sequence[str], items: str) -> bool:
    """Whether a name is all that is said and something strange stands beside it: 还没做吧，那杯绿妍."""
    told = parse.answer.model_dump(exclude_defaults=True, exclude={"intent"}) if parse.answer else {}
    if set(told) != {items} or any(set(item) - set(names) for item in told[items]) or not parse.uncovered:
        return False
    if parse.exchanged:
        return False  # 不是美式是拿铁，帮我改过来
    acts = (
        ROLE["carrier"] | ROLE["change"] | ROLE["again"] | ROLE["desire"] | ROLE["numeral"] | ROLE["measure"]
    )
    return not any(entry.roles & acts for entry, _, _ in parse.tokens)


def told_of(parse: Parse) -> bool:
    """Whether a change is told as what was done: 改成少糖了, 加珍珠了, 地址改到公司了, 把我的少冰改成了多冰."""
    words = [entry for entry, start, _ in parse.tokens if start not in parse.superseded]
    if len(words) < 2:
        return False
    changed = any(entry.roles & _TOLD for entry in words[:-2])
    if changed and words[-1].kind == "perfective" and words[-2].kind in _VALUES:
        return True
    done = [
        at for at in range(1, len(words) - 1) if words[at - 1].roles & ROLE["change"] and _done(words, at)
    ]
    return bool(done) and not any(entry.roles & ROLE["change"] for entry in words[done[-1] :])


def by_mistake(parse: Parse, words: tuple[str, ...]) -> Iterator[Place]:
    """Values that came by mistake and that no other one replaces: 点成热的了, not 点成热的了，改冰的."""
    for at, (entry, start, end) in enumerate(parse.tokens):
        if entry.kind not in _STATED or start in parse.superseded:
            continue
        if parse.text.endswith(words, 0, start) and _over(parse.tokens, at):
            yield start, end


def gone(parse: Parse, names: Sequence[str], perfective: tuple[str, ...]) -> Iterator[Place]:
    """A place at the end that something was sent to: 两杯奶茶送三号楼了."""
    text = parse.text.rstrip(BREAKS)
    for name in names:
        where = str(_at(parse.answer, name) or "") if parse.answer is not None else ""
        if where and text.endswith(tuple(where + word for word in perfective)):
            yield len(text) - len(where) - 1, len(text)


def _over(tokens: Sequence[Token], at: int) -> bool:
    """Whether what a word begins is over and done: 两杯了."""
    following = [entry for entry, _, _ in tokens[at + 1 : at + 3]]
    if following and following[0].kind == "measure":
        following = following[1:]
    return bool(following) and following[0].kind == "perfective"


def _done(words: Sequence[Entry], at: int) -> bool:
    """Whether 了 stands between what changes and what it became: 改成了多冰."""
    return words[at].kind == "perfective" and words[at + 1].kind in _VALUES


def counted_of(parse: Parse, name: str, items: str) -> bool:
    """Whether all that a change says of its items is how many there are: 刚点的六杯，改成分三个袋子装."""
    said = parse.answer.model_dump(exclude_defaults=True).get(items, ()) if parse.answer else ()
    counted = any(
        a.kind == "reference" and b.kind == "numeral"
        for (a, _, end), (b, start, _) in pairwise(parse.tokens)
        if end == start
    )
    return counted and bool(said) and all(set(item) == {name} for item in said) and not _counts_again(parse)


def _counts_again(parse: Parse) -> bool:
    """Whether it says twice how many cups: 那单六杯改三杯."""
    pairs = pairwise(entry for entry, _, _ in parse.tokens)
    return sum(a.kind == "numeral" and b.roles & ROLE["counted"] > 0 for a, b in pairs) > 1


def named_idly(parse: Parse, names: Sequence[str], items: str) -> bool:
    """Whether something is named that nothing becomes, beside what does: 换个果茶，奶茶上礼拜喝顶了."""
    said = parse.answer.model_dump(exclude_defaults=True).get(items, ()) if parse.answer else ()
    bare = sum(set(item) <= set(names) for item in said)
    acts = sum(bool(entry.roles & _BECOMES) for entry, _, _ in parse.tokens)
    return len(said) > 1 and bare > 0 and bool(parse.uncovered) and acts < len(said)


def pointed_number(parse: Parse) -> Iterator[Place]:
    """The only number of a change, where it says of which cups: 刚下的三杯都抵券, not 那单三杯就够."""
    counted = [at for at, (entry, start, _) in enumerate(parse.tokens) if _counts(entry, start, parse)]
    for at in counted if len(counted) == 1 else ():
        points = beside(parse.tokens, at)[0].kind == "reference"
        measure = beside(parse.tokens, at)[1]
        after = beside(parse.tokens, at + 1)[1] if measure.kind == "measure" else NOTHING
        if points and after.kind not in ("end", "separator", "final"):
            yield parse.tokens[at][1:]


def _counts(entry: Entry, start: int, parse: Parse) -> bool:
    return entry.kind in ("numeral", "count") and start not in parse.superseded


def changed_and_ordered(parse: Parse) -> bool:
    """Whether something is changed and one more ordered: 改成少糖，再来一杯果茶, not 换成无糖的再来一杯."""
    change = again = named = False
    for entry, _, _ in parse.tokens:
        if again and entry.kind == "head" and not named:
            return True
        named |= entry.kind == "head"
        again |= change and bool(entry.roles & ROLE["again"])
        change |= bool(entry.roles & ROLE["change"])
    return False


def passed_over(parse: Parse) -> frozenset[Place]:
    """Where a change holds words that another value replaces: 你听成少冰了."""
    places: list[Place] = []
    for _, start, end in parse.tokens:
        if start not in parse.superseded:
            continue
        joined = places and places[-1][1] == start
        places[-1:] = [(places[-1][0], end)] if joined else [*places[-1:], (start, end)]
    return frozenset(places)


def taken_away(parse: Parse) -> Iterator[Place]:
    """Places of values that are said and then not wanted: 少糖不要了. A part is left out that way, a value is not."""
    for at, (entry, start, end) in enumerate(parse.tokens[:-1]):
        if entry.kind == "attribute" and beside(parse.tokens, at)[1].roles & ROLE["remove"]:
            following = beside(parse.tokens, at + 1)[1]
            if following is NOTHING or following.kind in ("perfective", "final", "separator"):
                yield start, end


def pointed_at(tokens: Sequence[Token], start: int) -> bool:
    """Whether a word that points at a cup stands right before a place; 我改主意了 and 改一下 point at none."""
    return any(
        end == start and entry.kind == "reference" and not entry.roles & ROLE["statement"]
        for entry, _, end in tokens
    )


def beside(tokens: Sequence[Token], at: int) -> tuple[Entry, Entry]:
    """The words right before and right after a word, with nothing between."""
    start, end = tokens[at][1:]
    before = tokens[at - 1] if at else None
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    return (
        before[0] if before is not None and before[2] == start else NOTHING,
        after[0] if after is not None and after[1] == end else NOTHING,
    )


def counting(parse: Parse) -> Iterator[Place]:
    """Places of numerals and measure words, which may also be all that is left of a numeral misspelt."""
    for entry, start, end in parse.tokens:
        if entry.kind in ("numeral", "measure"):
            yield start, end


def counted_right_before(parse: Parse, start: int) -> bool:
    """Whether a number stands right before a place: 两 before 大杯."""
    return any(end == start and entry.kind == "numeral" for entry, _, end in parse.tokens)


def counted_by_name(parse: Parse) -> bool:
    """Whether each of several names has a bare number right after it: 热拿铁4，冰美式3."""
    heads = [at for at, (entry, _, _) in enumerate(parse.tokens) if entry.kind == "head"]
    if len(heads) < 2 or any(beside(parse.tokens, at)[1].kind != "numeral" for at in heads):
        return False
    return not any(beside(parse.tokens, at + 1)[1].kind in ("measure", "unit", "hour") for at in heads)


def describing(parse: Parse) -> Iterator[Place]:
    """Places from a word that orders to the name it orders: what stands there says which, 来只奶茶, 来杯好喝的奶茶."""
    opened: int | None = None
    for entry, start, end in parse.tokens:
        if entry.kind in ORDERING:
            opened = end
        elif entry.kind == "separator":
            opened = None
        elif entry.kind == "head" and opened is not None:
            yield opened, start
            opened = None


def runs(best: npt.NDArray[np.intp], explained: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int, int]]:
    """Runs of unexplained characters of one field, and its number."""
    start = 0
    for end in range(1, len(best) + 1):
        if end < len(best) and best[end] == best[start] and explained[end] == explained[start]:
            continue
        if best[start] >= 0 and not explained[start]:
            yield start, end, int(best[start])
        start = end


def filled(answer: BaseModel, name: str, items: str) -> bool:
    """Whether the answer says something in a field, its own or one of an item's."""
    first, *rest = name.split(".")
    if first not in type(answer).model_fields:
        return any(said(item, name) for item in getattr(answer, items, ()))
    if rest:
        part = getattr(answer, first)
        return part is not None and said(part, ".".join(rest))
    return said(answer, first)


def said(record: BaseModel, name: str) -> bool:
    """Whether a record has a field and something else in it than where nothing is said."""
    described = type(record).model_fields.get(name)
    return described is not None and getattr(record, name) != described.get_default(call_default_factory=True)


def holds(answer: BaseModel, name: str, value: str, items: str) -> bool:
    """Whether the answer has a value in a field, its own or one of an item's."""
    records = (answer, *getattr(answer, items, ()))
    return any(str(_at(record, name)) == value for record in records)


def _at(record: object, name: str) -> object:
    for part in name.split("."):
        record = getattr(record, part, None)
    return record


def valued(parse: Parse, mark: Heard) -> str:
    """What a marked stretch names, or its words where that is kept as spoken; empty where it names nothing."""
    return next(
        (
            entry.value or parse.text[start:end]
            for entry, start, end in parse.tokens
            if mark.start <= start and end <= mark.end and entry.slot is not None
        ),
        "",
    )


def claimed(parse: Parse) -> Iterator[Place]:
    """Places of words that nothing explains and that say whose what follows is: 我的少糖."""
    for at, (entry, start, end) in enumerate(parse.tokens):
        if not entry.roles & _OWNERS or not any(a <= start and end <= b for a, b in parse.uncovered):
            continue
        following = at + 1
        while following < len(parse.tokens) and parse.tokens[following][0].kind in _BETWEEN:
            following += 1
        said = parse.tokens[following][0] if following < len(parse.tokens) else NOTHING
        if said.kind == "attribute" or said.roles & _SAYS:
            yield start, end


def awaited(parse: Parse, words: tuple[str, ...]) -> Iterator[Place]:
    """Clauses that begin with what is awaited and ask for something: 等雨停给我来杯拿铁."""
    for clause in clauses(parse):
        start = clause[0][1]
        asks = any(entry.roles & _ASKS for entry, begin, _ in clause if begin > start)
        if asks and parse.text.startswith(words, start):
            yield start, clause[-1][2]


def spent_by(parse: Parse) -> Iterator[Place]:
    """Somebody who begins a clause, and spends a flag right after it: 我妈用学生券点杯奶茶 may only tell."""
    for clause in clauses(parse):
        (who, start, _), (spends, _, end) = clause[0], clause[min(1, len(clause) - 1)]
        pays = spends.kind == "flag" or spends.roles & (ROLE["spend"] | ROLE["swap"])
        if who.roles & ROLE["person"] and pays and any(entry.kind == "flag" for entry, _, _ in clause):
            yield start, end


def paid_before(parse: Parse) -> Iterator[Place]:
    """A flag that says how an order was paid that exists: 用券点的奶茶换成果茶."""
    for at, (entry, start, end) in enumerate(parse.tokens):
        rest = [word for word, _, _ in parse.tokens[at + 1 : at + 3]]
        if rest and rest[0].roles & ROLE["carrier"]:
            rest = rest[1:]
        if entry.kind == "flag" and rest and rest[0].kind == "of":
            yield start, end


def introduced(parse: Parse) -> Iterator[Place]:
    """What introduces words that ask, and nothing explains: 弹幕刷屏:来杯奶茶, not 点单:来杯奶茶."""
    found = list(clauses(parse))
    for clause, following in pairwise(found):
        end = clause[-1][2]
        if parse.text[end - 1 : end] != _INTRODUCES or any(one.roles & _ASKS for one, _, _ in clause):
            continue
        strange = any(one.kind == "unknown" or one.roles & ROLE["person"] for one, _, _ in clause)
        if strange and any(one.roles & _ASKS for one, _, _ in following):
            yield clause[0][1], end


def clauses(parse: Parse) -> Iterator[list[Token]]:
    """The words up to each sign, with the sign."""
    clause: list[Token] = []
    for token in parse.tokens:
        clause.append(token)
        if token[0].roles & ROLE["separator"]:
            yield clause
            clause = []
    if clause:
        yield clause
