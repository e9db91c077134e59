"""What an order or a change says of a value and does not let stand, or says of something else than it would change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from cascade.grammar import Parse
from cascade.grammar.entry import ROLE, Token
from cascade.tiers.guarding import Place
from cascade.tiers.surroundings import clauses

_ADDS: Final = ROLE["add"]
_REMOVES: Final = ROLE["remove"] | ROLE["reject"] | ROLE["removed"] | ROLE["undo"]
_BARE: Final = frozenset({"final", "perfective", "separator", "filler", "asking", "tag", "aside"})
_COUNTS: Final = ROLE["counted"] | ROLE["numeral"] | ROLE["measure"]
_VALUES: Final = frozenset({"head", "attribute", "part"})
_DENIES: Final = "negation"
_DONE: Final = ("了", "掉")
_WANTS: Final = ROLE["carrier"] | ROLE["desire"] | ROLE["wants"] | ROLE["add"]
_ONCE: Final = ("一下", "下", "一下吧")
_SILENT: Final = frozenset({"final", "separator", "filler", "aside", "tag"})


def unsaid(parse: Parse) -> Iterator[Place]:
    """Clauses that name nothing and unsay the one before: 去冰，不去了, 不加珍珠，加了吧, not 珍珠，去掉."""
    for before, clause in pairwise(clauses(parse)):
        then = _direction(clause, parse)
        if then and not any(_says(token) for token in clause) and _said(before, parse) == -then:
            yield clause[0][1], clause[-1][2]


def _says(token: Token) -> bool:
    entry = token[0]
    acts = bool(entry.roles & (_ADDS | _REMOVES | ROLE["amend"]))
    return not (acts or entry.kind in _BARE or entry.kind == "guard")


def _direction(clause: Sequence[Token], parse: Parse) -> int:
    """1 where a clause adds, -1 where it takes out or denies, 0 where it does neither."""
    if not any(entry.roles & (_ADDS | _REMOVES) for entry, _, _ in clause):
        return 0
    denied = {guard.start for guard in parse.guards if guard.reason == _DENIES}
    if any(start in denied for _, start, _ in clause):
        return -1
    return -1 if any(entry.roles & _REMOVES and not entry.roles & _ADDS for entry, _, _ in clause) else 1


def _said(clause: Sequence[Token], parse: Parse) -> int:
    """The same of a clause that names something; a value that is named is wanted."""
    kinds = {entry.kind for entry, _, _ in clause}
    if "part" in kinds:
        return _direction(clause, parse)
    return int("attribute" in kinds)


def ordered_too(parse: Parse) -> bool:
    """Whether one more is ordered beside what is said of an order that exists: 再来一杯奶茶，刚才那杯改少糖."""
    ordering, pointing = set(), set()
    for at, clause in enumerate(clauses(parse)):
        for (one, _, _), (other, _, _) in pairwise(clause):
            if one.roles & ROLE["again"] and other.roles & _COUNTS:
                ordering.add(at)
        if any(entry.kind == "reference" and not entry.roles & ROLE["statement"] for entry, _, _ in clause):
            pointing.add(at)
    return any(one != other for one in ordering for other in pointing)


def in_one_cup(parse: Parse, items: str) -> bool:
    """Whether portions of parts are counted, and each was taken for a cup: 一份珍珠一份椰果，奶青."""
    portions = 0
    for (one, _, _), (other, _, _) in pairwise(parse.tokens):
        portions += one.roles & ROLE["portion"] > 0 and other.kind == "part"
    names = sum(entry.kind == "head" for entry, _, _ in parse.tokens)
    return portions > 1 and names == 1 and len(getattr(parse.answer, items, ())) > 1


def emptied(parse: Parse) -> bool:
    """Whether it is said what changes, and not what becomes of it: 把少糖改了, 奶茶换一下, 改掉少糖, not 少糖，改."""
    for clause in clauses(parse):
        words = [token for token in clause if token[0].kind not in ("of", "separator", *_SILENT)]
        if len(words) > 2 and words[-1][0].roles & ROLE["statement"] and words[-2][0].kind in _VALUES:
            stated = words[0][0].roles & ROLE["object"] and all(_points(token) for token in words[1:-2])
            if stated and not _said_again(parse, words[-2]):
                return True  # 把那杯少糖改一下
        changing = [at for at, (entry, _, _) in enumerate(clause) if entry.roles & ROLE["change"]]
        if not changing or changing[-1] == 0:
            continue
        at = changing[-1]
        rest = [token for token in clause[at + 1 :] if token[0].kind not in _SILENT]
        done = rest and (
            all(parse.text.startswith(_DONE, start) for _, start, _ in rest)
            or (parse.text[rest[0][1] : rest[-1][2]] in _ONCE and not _asks(clause[:at]))
        )
        object_ = any(entry.roles & ROLE["object"] for entry, _, _ in clause[:at])
        if clause[at - 1][0].kind in _VALUES and (done or (object_ and not rest)):
            return not _said_again(parse, clause[at - 1])
    return False


def _asks(clause: Sequence[Token]) -> bool:
    """Whether a value is asked for: 要草莓奶昔换一下."""
    return any(entry.roles & _WANTS for entry, _, _ in clause)


def _points(token: Token) -> bool:
    return token[0].kind == "reference"


def _said_again(parse: Parse, token: Token) -> bool:
    """Whether another value of the same slot is named."""
    slot = token[0].slot
    return any(entry.slot == slot and start != token[1] for entry, start, _ in parse.tokens)


def kept_though_gone(parse: Parse, items: str) -> Iterator[Place]:
    """Values that are to be something else and stay: 改掉少糖, 换掉珍珠."""
    for (one, _, end), (named, start, stop) in zip(parse.tokens, parse.tokens[2:], strict=False):
        if not one.roles & ROLE["change"] or end + 1 != start or not parse.text.startswith(_DONE, end):
            continue
        slot = named.slot
        if slot is not None and any(
            _has(item, slot.field, named.value) for item in getattr(parse.answer, items)
        ):
            yield start, stop


def exchanged(parse: Parse, items: str, arrows: Sequence[str]) -> Iterator[Place]:
    """Parts that become others, and stay: 布丁→椰果 with both added."""
    for (one, start, _), (_, first, last), (other, _, end) in zip(
        parse.tokens, parse.tokens[1:], parse.tokens[2:], strict=False
    ):
        if one.kind != "part" or other.kind != "part" or parse.text[first:last] not in arrows:
            continue
        slot = one.slot
        if slot is not None and any(
            _has(item, slot.field, one.value) for item in getattr(parse.answer, items)
        ):
            yield start, end


def _has(item: object, field: str, value: str) -> bool:
    found = getattr(item, field, None)
    return found == value or (isinstance(found, tuple) and value in found)


def likened(parse: Parse) -> Iterator[Place]:
    """What is said to be like something that is named: 和果茶一样少糖, not 奶茶果茶一样一杯."""
    for (one, _, _), (other, start, end), (after, _, _) in zip(
        parse.tokens, parse.tokens[1:], parse.tokens[2:], strict=False
    ):
        alike = other.roles & ROLE["sort"] and one.kind in ("head", "attribute", "part", "reference")
        if alike and after.kind == "attribute":
            yield start, end


def portioned(parse: Parse) -> Iterator[Place]:
    """A number of a change that measures a part: 加珍珠两份 makes no two cups of it."""
    parts = {start for entry, start, _ in parse.tokens if entry.kind == "part"}
    for (one, _, _), (other, start, _), (after, _, end) in zip(
        parse.tokens, parse.tokens[1:], parse.tokens[2:], strict=False
    ):
        counted = one.kind == "part" and other.kind == "numeral" and after.roles & ROLE["portion"]
        if counted and end not in parts:  # 再加一份红豆一份椰果
            yield start, end


def taken_off(parse: Parse) -> Iterator[Place]:
    """So many cups that are taken off an order: 去两杯 leaves not two of them."""
    for clause in clauses(parse):
        words = [token for token in clause if token[0].kind != "reference"]
        kinds = [entry.kind for entry, _, _ in words[1:3]]
        if kinds == ["numeral", "measure"] and words[0][0].roles & ROLE["toward"]:
            yield words[0][1], words[2][2]
